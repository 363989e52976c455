//! Values that name or hold a file of one device, which another device could not read: they are saved as URLs instead.

use base64ct::{Base64, Base64Url, Encoding};

/// Shortest text that is looked into for an encoded file, in bytes.
const SHORTEST: usize = 1024;
/// The part of an encoded file that is decoded. A multiple of four.
const DECODED: usize = 64;

/// Whether a text is a local path, a URL that only this device can resolve, or an encoded file.
pub fn is_local_file(text: &str) -> bool {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme.trim_start().to_ascii_lowercase());
    let is_local_url = scheme.is_some_and(|scheme| matches!(scheme.as_str(), "data" | "blob" | "file" | "content"));
    is_local_url || is_absolute_path(text) || is_encoded_file(text)
}

/// `/a/b`, `C:\a`, `C:/a`, `\\server\a`.
fn is_absolute_path(text: &str) -> bool {
    let mut bytes = text.bytes();
    match (bytes.next(), bytes.next(), bytes.next()) {
        (Some(b'/'), Some(next), _) => next != b'/',
        (Some(b'\\'), Some(b'\\'), _) => true,
        (Some(drive), Some(b':'), Some(b'\\' | b'/')) => drive.is_ascii_alphabetic(),
        _ => false,
    }
}

/// Base64, with or without line breaks and padding, of a file whose first bytes are known.
fn is_encoded_file(text: &str) -> bool {
    if text.len() <= SHORTEST {
        return false;
    }
    let start: String = text.chars().filter(|letter| !letter.is_ascii_whitespace()).take(DECODED).collect();
    let decoded = Base64::decode_vec(&start).or_else(|_| Base64Url::decode_vec(&start));
    decoded.is_ok_and(|bytes| infer::get(&bytes).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_urls_and_paths_are_found() {
        for text in [
            "data:image/png;base64,iVBORw0KGgo=",
            "DATA:text/plain,a",
            " blob:https://a.test/1",
            "file:///etc/passwd",
            "content://media/1",
            "/storage/emulated/0/a.jpg",
            "C:\\Users\\a.png",
            "d:/a.png",
            "\\\\server\\share",
        ] {
            assert!(is_local_file(text), "{text}");
        }
        for text in ["https://a.test/1.png", "http://a.test", "//cdn.test/a.png", "/", "", "a/b", "data", "x:y", "a: b"]
        {
            assert!(!is_local_file(text), "{text}");
        }
    }

    #[test]
    fn a_long_text_that_decodes_to_a_known_file_is_found() {
        let encoded = |magic: &[u8], length: usize| Base64::encode_string(&[magic, &vec![7; length]].concat());
        let known: [&[u8]; 4] = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"%PDF-1.7", b"RIFF\x10\0\0\0WEBPVP8 "];
        for magic in known {
            assert!(is_local_file(&encoded(magic, 2000)), "{magic:?}");
            // A JPEG begins with `/9j/`, and so looks like a path, however short it is.
            assert_eq!(is_local_file(&encoded(magic, 100)), magic[0] == 0xff, "short: {magic:?}");
            let whole = encoded(magic, 2000);
            let lines: Vec<_> = whole.as_bytes().chunks(20).map(String::from_utf8_lossy).collect();
            assert!(is_local_file(&lines.join("\n")), "{magic:?}");
        }
        assert!(!is_local_file(&encoded(b"no known file", 2000)));
        assert!(!is_local_file(&"a long text of words ".repeat(100)));
    }
}
