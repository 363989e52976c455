//! Percent coding of single values in URLs. No parser of whole URLs: what a token names as its backend is judged in
//! `token`.

use handset_protocol::{text::split_once, wire::Json};

/// Appends `value`, percent-encoded but for RFC 3986's unreserved characters.
pub(super) fn push_encoded(url: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            url.push(char::from(byte));
        } else {
            url.push('%');
            for nibble in [byte >> 4, byte & 15] {
                url.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
    }
}

/// Decodes a value of a query, in which a plus stands for a space; `None` for an incomplete escape, and for bytes that
/// are not UTF-8.
pub(crate) fn decode<J: Json>(value: &str) -> Option<String> {
    let mut bytes = value.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut nibble = || char::from(bytes.next()?).to_digit(16);
                (nibble()? << 4 | nibble()?) as u8
            }
            byte => byte,
        });
    }
    J::utf8(&out)
}

/// The value of the first parameter with this name in a URL's query, as it stands there.
pub(crate) fn parameter<'a>(url: &'a str, name: &str) -> Option<&'a str> {
    let (_, mut rest) = split_once(without_fragment(url), b'?')?;
    loop {
        let (pair, others) = split_once(rest, b'&').unwrap_or((rest, ""));
        match split_once(pair, b'=') {
            Some((key, value)) if key == name => return Some(value),
            _ if others.is_empty() => return None,
            _ => rest = others,
        }
    }
}

/// The URL up to its fragment.
pub(crate) fn without_fragment(url: &str) -> &str {
    split_once(url, b'#').map_or(url, |(url, _)| url)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// All but RFC 3986's unreserved characters.
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

    fn encode(value: &str) -> String {
        let mut url = String::new();
        push_encoded(&mut url, value);
        url
    }

    proptest! {
        #[test]
        fn a_value_is_encoded_as_the_percent_encoding_crate_does(value in any::<String>()) {
            prop_assert_eq!(encode(&value), utf8_percent_encode(&value, RESERVED).to_string());
        }

        #[test]
        fn a_parameter_is_read_as_the_url_crate_does(
            query in "([?&=#a]|vfp|vfp=|%2B|%C3%BC|[+]|\\PC){0,12}", name in "a|vfp",
        ) {
            let url = format!("https://e.example/{}", query);
            // A key without a value is none here, and the keys that are asked for hold no escape.
            let expected = url::Url::parse(&url).ok().and_then(|parsed| {
                let pairs = parsed.query()?.split('&').filter(|pair| pair.contains('='));
                let mut pairs = pairs.filter_map(|pair| url::form_urlencoded::parse(pair.as_bytes()).next());
                pairs.find(|(key, _)| *key == name.as_str()).map(|(_, value)| value.into_owned())
            });
            let found = parameter(&url, &name).map(decode::<Value>);
            if let (Some(Some(found)), Some(expected)) = (&found, &expected) {
                prop_assert_eq!(found, expected);
            }
            prop_assert_eq!(found.is_some(), expected.is_some(), "{}", &url);
        }

        #[test]
        fn no_url_makes_the_reader_panic(url in any::<String>(), name in any::<String>()) {
            let _ = parameter(&url, &name).map(decode::<Value>);
        }

        #[test]
        fn an_encoded_value_decodes_to_itself(value in any::<String>()) {
            prop_assert_eq!(decode::<Value>(&encode(&value)), Some(value));
        }

        #[test]
        fn whole_escapes_are_decoded_as_the_percent_encoding_crate_does(
            value in "([a-z+ü]|%[0-9a-fA-F]{2}|%C3%[89AB][0-9A-F]){0,16}",
        ) {
            let spaced = value.replace('+', " ");
            let expected = percent_decode_str(&spaced).decode_utf8().ok().map(|text| text.into_owned());
            prop_assert_eq!(decode::<Value>(&value), expected);
        }
    }

    #[test]
    fn an_incomplete_escape_has_no_value() {
        for value in ["%", "a%", "%4", "%4g", "%g1", "%%41", "%+1", "%4ü"] {
            assert_eq!(decode::<Value>(value), None, "{value}");
        }
    }
}
