//! Base64. The crates for it would add 1 kB to the module; the tests compare with one of them.

/// Decodes base64 of either alphabet, padded or not: issuers of tokens differ. `None` for any other text.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    let mut digits = text.as_bytes();
    while let [rest @ .., b'='] = digits {
        digits = rest;
    }
    for &digit in digits {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    // One digit alone holds no byte.
    (held < 6).then_some(bytes)
}

/// Appends bytes in the ordinary alphabet, padded.
pub(crate) fn push_encoded(text: &mut String, bytes: &[u8]) {
    for chunk in bytes.chunks(3) {
        let mut bits = chunk.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte)) << (24 - 8 * chunk.len());
        for at in 0..4 {
            let digit = (bits >> 18 & 63) as u8;
            bits <<= 6;
            text.push(char::from(match digit {
                _ if at > chunk.len() => b'=',
                0..=25 => digit + b'A',
                26..=51 => digit - 26 + b'a',
                52..=61 => digit - 52 + b'0',
                62 => b'+',
                _ => b'/',
            }));
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use base64::Engine;
    use base64::alphabet::{STANDARD, URL_SAFE};
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    use base64ct::{Base64, Base64Unpadded, Base64Url, Base64UrlUnpadded, Encoding};
    use proptest::prelude::*;

    use super::decode;

    #[test]
    fn both_alphabets_are_decoded_with_and_without_padding() {
        for length in 0..130_usize {
            let bytes: Vec<u8> = (0..length).map(|i| (i * 151 + length * 31) as u8).collect();
            for text in [
                Base64::encode_string(&bytes),
                Base64Unpadded::encode_string(&bytes),
                Base64Url::encode_string(&bytes),
                Base64UrlUnpadded::encode_string(&bytes),
            ] {
                assert_eq!(decode(&text).as_ref(), Some(&bytes), "{text}");
            }
        }
    }

    /// Reads what the crate base64 refuses by default: bits behind the last byte.
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);

    proptest! {
        #[test]
        fn what_the_base64_crate_writes_is_read(bytes: Vec<u8>, is_padded: bool) {
            let config = LENIENT.with_encode_padding(is_padded);
            for alphabet in [&STANDARD, &URL_SAFE] {
                let text = GeneralPurpose::new(alphabet, config).encode(&bytes);
                prop_assert_eq!(decode(&text), Some(bytes.clone()), "{}", &text);
            }
        }

        #[test]
        fn bytes_are_encoded_as_the_base64_crate_does(bytes: Vec<u8>) {
            let mut text = String::new();
            super::push_encoded(&mut text, &bytes);
            prop_assert_eq!(text, Base64::encode_string(&bytes));
        }

        /// But for three kinds of text that are read here alone: of both alphabets, with more `=` than are needed, and with
        /// fewer. Issuers of tokens differ, and nothing is compared by its encoded form.
        #[test]
        fn any_text_is_read_as_the_base64_crate_does(text in "[A-Za-z0-9+/_=-]{0,6}[A-Za-z0-9+/_=. é-]{0,6}={0,3}") {
            let bare = text.trim_end_matches('=');
            let (standard, url_safe) = (GeneralPurpose::new(&STANDARD, LENIENT), GeneralPurpose::new(&URL_SAFE, LENIENT));
            let one_alphabet = bare.replace('-', "+").replace('_', "/");
            prop_assert_eq!(decode(&text), standard.decode(&one_alphabet).ok(), "{}", &text);
            for engine in [standard, url_safe] {
                if let Ok(bytes) = engine.decode(&text) {
                    prop_assert_eq!(decode(&text), Some(bytes), "{}", &text);
                }
            }
        }
    }

    #[test]
    fn other_texts_have_no_value() {
        for text in ["A", "AAAAA", "AA=A", "A A", "AA\n", "é", "AA.A", "%41"] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }
}
