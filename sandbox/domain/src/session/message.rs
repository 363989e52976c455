//! The SMS of a session: the messages and their texts. No limits, which are in `failed_attempts`.

use std::time::Duration;

use handset_protocol::{Secret, UnixMillis};
use serde::{Deserialize, Serialize};

/// An SMS. The sandbox never sends one; it stores it in the message list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Recipient's number.
    pub to: Secret,
    /// Purpose, with the code or the link.
    pub purpose: MessagePurpose,
    /// Text.
    pub text: Secret,
    /// Project of the session.
    pub project: String,
    /// The session, see [`Session::auth_id`](crate::Session::auth_id).
    pub auth_id: String,
    /// Time of sending.
    pub sent_at: UnixMillis,
    /// Expiry of the code or the link.
    pub expires_at: UnixMillis,
}

/// Purpose of an SMS.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MessagePurpose {
    /// A one-time code.
    Otp(Secret),
    /// An Instant Link.
    Link(Secret),
}

/// Allowed length of the run of `#` in an SMS text.
const RUN: std::ops::RangeInclusive<usize> = 4..=6;

/// Length of the code, from the run of `#` in a text. `None`: the text does not have exactly one run of four to six
/// `#`.
pub(crate) fn code_length(template: &str) -> Option<usize> {
    let length = template.matches('#').count();
    (RUN.contains(&length) && template.contains(&"#".repeat(length))).then_some(length)
}

/// The text of an SMS with a code. The last line has the format of origin-bound one-time codes, for autofill in
/// browsers.
pub(crate) fn code_text(template: Option<&str>, code: &str, host: &str, lifetime: Duration) -> String {
    let text = match template {
        Some(template) => fill(template, code),
        None => format!("Your code is {code}. It is good for {}.", in_words(lifetime)),
    };
    format!("{text}\n\n@{host} #{code}")
}

/// The text of an SMS with a link.
pub(crate) fn link_text(template: Option<&str>, url: &str, lifetime: Duration) -> String {
    match template {
        Some(template) => fill(template, url),
        None => format!("Open this link to sign in: {url} It is good once, for {}.", in_words(lifetime)),
    }
}

fn fill(template: &str, value: &str) -> String {
    match code_length(template) {
        Some(length) => template.replacen(&"#".repeat(length), value, 1),
        None => template.to_owned(),
    }
}

fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 60, seconds % 60) {
        (1, 0) => "1 minute".to_owned(),
        (minutes, 0) if minutes > 0 => format!("{minutes} minutes"),
        _ => format!("{seconds} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_hashes_is_the_length_of_the_code() {
        let cases = [("####", Some(4)), ("a ##### b", Some(5)), ("######", Some(6)), ("###", None), ("#######", None)];
        for (template, length) in cases {
            assert_eq!(code_length(template), length, "{template}");
        }
        assert_eq!((code_length("no place"), code_length("#### and #")), (None, None));
    }

    #[test]
    fn the_text_of_a_code_ends_in_the_line_for_browsers() {
        let text = code_text(Some("Use ##### here"), "12345", "shop.test", Duration::from_secs(120));
        assert_eq!(text, "Use 12345 here\n\n@shop.test #12345");
        let text = code_text(None, "1234", "localhost", Duration::from_secs(120));
        assert_eq!(text, "Your code is 1234. It is good for 2 minutes.\n\n@localhost #1234");
    }

    #[test]
    fn a_link_replaces_the_hashes() {
        assert_eq!(link_text(Some("Go: ####!"), "http://l.test/1", Duration::from_secs(180)), "Go: http://l.test/1!");
        let text = link_text(None, "http://l.test/1", Duration::from_secs(45));
        assert_eq!(text, "Open this link to sign in: http://l.test/1 It is good once, for 45 seconds.");
    }
}
