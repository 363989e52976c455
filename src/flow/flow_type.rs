//! The flow type of a browser, mobile or desktop, from its own hints. No browser is asked in here.

/// A browser's hints about its device.
#[derive(Clone, Debug, Default)]
pub struct DeviceHints {
    /// `navigator.userAgent`.
    pub user_agent: String,
    /// `navigator.userAgentData.mobile`, in a browser with client hints.
    pub client_hint_mobile: Option<bool>,
    /// `navigator.platform`.
    pub platform: String,
    /// `navigator.maxTouchPoints`.
    pub max_touch_points: u32,
}

const MARKS: &[&str] = &["mobi", "android", "webos", "iphone", "ipad", "blackberry", "opera mini"];

/// Whether the user agent names a mobile browser. The rule is that of the vendor's client: an iPad with the user agent
/// of a Mac counts as a desktop.
pub fn is_mobile_web(user_agent: &str) -> bool {
    // A search over bytes: the standard library's text search would add 2 kB to the module.
    let text = user_agent.as_bytes();
    MARKS.iter().any(|mark| text.windows(mark.len()).any(|part| part.eq_ignore_ascii_case(mark.as_bytes())))
}

/// `"mobile"` or `"desktop"`, as `POST /v3/start` takes it. Beyond [`is_mobile_web`], client hints count, and so does
/// an iPad with the user agent of a Mac (no Mac has more than one touch point).
pub fn flow_type(hints: &DeviceHints) -> &'static str {
    let ipad = hints.platform == "MacIntel" && hints.max_touch_points > 1;
    if hints.client_hint_mobile == Some(true) || ipad || is_mobile_web(&hints.user_agent) {
        "mobile"
    } else {
        "desktop"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148";
    const MAC: &str =
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15";
    const LINUX: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36";

    fn hints(user_agent: &str) -> DeviceHints {
        DeviceHints { user_agent: user_agent.into(), ..DeviceHints::default() }
    }

    #[test]
    fn each_mark_counts_in_any_case() {
        for mark in ["Mobi", "Android", "webOS", "iPhone", "iPad", "BlackBerry", "Opera Mini"] {
            assert!(is_mobile_web(mark), "{mark}");
            assert!(is_mobile_web(&mark.to_uppercase()), "{mark}");
        }
        assert!(!is_mobile_web(MAC) && !is_mobile_web(LINUX) && !is_mobile_web(""));
    }

    #[test]
    fn flow_type_follows_the_user_agent() {
        assert_eq!(flow_type(&hints(IPHONE)), "mobile");
        assert_eq!(flow_type(&hints(MAC)), "desktop");
        assert_eq!(flow_type(&hints(LINUX)), "desktop");
    }

    #[test]
    fn an_ipad_that_calls_itself_a_mac_is_mobile() {
        let ipad = DeviceHints { platform: "MacIntel".into(), max_touch_points: 5, ..hints(MAC) };
        assert_eq!(flow_type(&ipad), "mobile");
        assert!(!is_mobile_web(&ipad.user_agent), "the compatible rule stays as it is");
    }

    #[test]
    fn client_hints_count() {
        assert_eq!(flow_type(&DeviceHints { client_hint_mobile: Some(true), ..hints(LINUX) }), "mobile");
        assert_eq!(flow_type(&DeviceHints { client_hint_mobile: Some(false), ..hints(LINUX) }), "desktop");
    }
}
