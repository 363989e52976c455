//! Parsed JSON, by the page's `JSON.parse`.

use handset_protocol::wire::{Json, whole};
use wasm_bindgen::JsValue;

use super::{device::get, host};

/// A value of a parsed text. `js/host.js` leaves no array in it, and no object with a prototype.
pub(crate) struct ParsedJson(JsValue);

impl Json for ParsedJson {
    fn parse(text: &str) -> Option<Self> {
        defined(host::parse_json(text))
    }

    fn member_text(object: &str, name: &str) -> Option<String> {
        host::member_text(object, name)
    }

    fn utf8(bytes: &[u8]) -> Option<String> {
        host::utf8(bytes)
    }

    fn is_object(&self) -> bool {
        self.0.is_object()
    }

    fn is_null(&self) -> bool {
        self.0.is_null()
    }

    fn member(&self, name: &str) -> Option<Self> {
        defined(get(&self.0, name))
    }

    fn text(&self) -> Option<String> {
        self.0.as_string()
    }

    fn truth(&self) -> Option<bool> {
        self.0.as_bool()
    }

    fn integer(&self) -> Option<i64> {
        whole(self.0.as_f64()?)
    }
}

fn defined(value: JsValue) -> Option<ParsedJson> {
    (!value.is_undefined()).then_some(ParsedJson(value))
}

#[cfg(test)]
mod tests {
    use handset_protocol::{
        client::{Data, Reply},
        wire::{Json, from_json},
    };
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::ParsedJson;

    fn read(text: &str) -> Option<Reply> {
        from_json::<ParsedJson, Reply>(text)
    }

    fn reply(change: impl FnOnce(&mut Reply)) -> Option<Reply> {
        let mut reply = Reply::default();
        change(&mut reply);
        Some(reply)
    }

    #[wasm_bindgen_test]
    fn members_are_read_by_their_kinds() {
        let text = r#" {"next":"a\u00e9\ud83d\ude00","data":{"code":-5,"attemptsLeft":2,"later":[1,{"x":null}]},"error":null} "#;
        let data = Data { code: Some(-5), attempts_left: Some(2), ..Data::default() };
        let expected = reply(|reply| (reply.next, reply.data) = (Some("aé😀".into()), Some(data)));
        assert_eq!(read(text), expected);
        assert_eq!(read(r#"{"next":"a","next":"b"}"#), reply(|reply| reply.next = Some("b".into())));
        for text in ["{}", r#"{"__proto__":{"next":"done"}}"#, r#"{"x":[[]],"next":null}"#] {
            assert_eq!(read(text), reply(|_| ()), "{text}");
        }
        for text in [
            "",
            "null",
            "[]",
            "\"\"",
            "1",
            "{",
            "{}}",
            "{\"next\":1}",
            "{\"next\":[]}",
            "{\"next\":{}}",
            "{\"data\":[]}",
            "{\"data\":1}",
            "{\"data\":{\"code\":[]}}",
            "{\"data\":{\"code\":\"1\"}}",
            "{\"data\":{\"code\":true}}",
            "{\"error\":{\"message\":null}}",
            "\u{feff}{}",
            "{'next':\"a\"}",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[wasm_bindgen_test]
    fn the_text_of_a_member_is_its_json() {
        let text = r#" {"a": [1, {"b": "\u00e9"}], "a2": "x", "n": null} "#;
        let member = |name| ParsedJson::member_text(text, name);
        assert_eq!(member("a").as_deref(), Some(r#"[1,{"b":"é"}]"#));
        assert_eq!(member("a2").as_deref(), Some("\"x\""));
        assert_eq!(member("n").as_deref(), Some("null"));
        assert_eq!((member("b"), member("toString")), (None, None));
        for text in ["", "null", "[1]", "{", "1"] {
            assert_eq!(ParsedJson::member_text(text, "a"), None, "{text}");
        }
    }

    #[wasm_bindgen_test]
    fn bytes_that_are_not_utf_8_are_no_text() {
        for text in ["", "a", "\u{feff}\u{e9}\u{1F600}", "\0\u{10ffff}"] {
            assert_eq!(ParsedJson::utf8(text.as_bytes()).as_deref(), Some(text));
        }
        for bytes in [&b"\xff"[..], b"\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"a\xf4\x90\x80\x80"] {
            assert_eq!(ParsedJson::utf8(bytes), None, "{bytes:?}");
        }
    }

    #[wasm_bindgen_test]
    fn a_number_is_an_integer_where_it_is_whole_and_fits() {
        for (text, integer) in [
            ("0", 0),
            ("-0", 0),
            ("1.0", 1),
            ("1e3", 1_000),
            ("-1700000000000", -1_700_000_000_000),
            ("9007199254740991", 9_007_199_254_740_991),
            // The nearest number that JavaScript has.
            ("9007199254740993", 9_007_199_254_740_992),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ] {
            let text = format!("{{\"serverTime\":{text}}}");
            assert_eq!(read(&text), reply(|reply| reply.server_time = Some(integer)), "{text}");
        }
        for text in ["0.5", "1e19", "-1e300", "1e999", "01", "1.", "+1", "0x1", "NaN"] {
            assert_eq!(read(&format!("{{\"serverTime\":{text}}}")), None, "{text}");
        }
        for text in ["-1", "4294967296", "2.5"] {
            assert_eq!(read(&format!("{{\"data\":{{\"attemptsLeft\":{text}}}}}")), None, "{text}");
        }
    }

    #[wasm_bindgen_test]
    fn a_member_that_the_page_added_to_all_objects_is_none_of_a_message() {
        js_sys::eval("Object.prototype.next = 'done'; Object.prototype.error = {}").unwrap();
        let (empty, data) = (read("{}"), read(r#"{"data":{}}"#));
        js_sys::eval("delete Object.prototype.next; delete Object.prototype.error").unwrap();
        assert_eq!(empty, reply(|_| ()));
        assert_eq!(data, reply(|reply| reply.data = Some(Data::default())));
    }

    #[wasm_bindgen_test]
    fn a_parse_that_throws_reads_nothing() {
        js_sys::eval("globalThis.parse = JSON.parse; JSON.parse = () => { throw 1 }").unwrap();
        let read = read("{}");
        js_sys::eval("JSON.parse = parse").unwrap();
        assert_eq!(read, None);
    }

    #[wasm_bindgen_test]
    fn deep_nesting_does_not_trap() {
        let nested = |depth: usize| format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(read(&nested(60)), reply(|_| ()));
        let _ = read(&nested(1_000_000));
        assert_eq!(read(&"[".repeat(1_000_000)), None);
    }
}
