//! Percent coding against the crate percent-encoding, and base64 against the crate base64: the input is read as a text of
//! either, and as a value to encode.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use handset::flow::fuzz_exports::{base64_decode, percent_decode, percent_encode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// All but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let encoded = percent_encode(text);
    assert_eq!(encoded, utf8_percent_encode(text, RESERVED).to_string());
    assert_eq!(percent_decode::<serde_json::Value>(&encoded).as_deref(), Some(text));
    assert_eq!(percent_decode::<serde_json::Value>(text), reference(text), "{text}");
    assert_eq!(base64_decode(text), base64_reference(text), "{text}");
}

/// A plus is a space. Unlike the crate, an incomplete escape is refused: a value that was cut off is not used.
fn reference(text: &str) -> Option<String> {
    let is_hex = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_hexdigit);
    let is_whole = text.match_indices('%').all(|(at, _)| is_hex(at + 1) && is_hex(at + 2));
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    is_whole.then(|| decoded.into_owned())
}

/// Both alphabets, even mixed. Unlike the crate by default, any number of `=` at the end is accepted, and so are bits
/// behind the last byte: issuers of tokens differ, and a signature is never checked here.
pub(crate) fn base64_reference(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone);
    let text = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
    GeneralPurpose::new(&URL_SAFE, config).decode(text).ok()
}
