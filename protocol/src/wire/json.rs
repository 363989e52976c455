//! A parsed JSON text, as the messages read it. Parsing itself is the platform's: `JSON.parse` in a page, serde_json on a
//! server.

/// A value of a parsed JSON text.
pub trait Json: Sized {
    /// Parses a whole text; `None` when it is no JSON.
    fn parse(text: &str) -> Option<Self>;
    /// The JSON text of the member of that name in the JSON text of an object: whatever it is, and not as it stood there, but
    /// as the platform writes it. `None` where there is none.
    fn member_text(object: &str, name: &str) -> Option<String>;
    /// The text of these bytes; `None` where they are not UTF-8.
    fn utf8(bytes: &[u8]) -> Option<String>;
    /// Whether this is an object. An array is none.
    fn is_object(&self) -> bool;
    /// Whether this is `null`.
    fn is_null(&self) -> bool;
    /// The object's own member of that name, the last of several; `None` where it has none.
    fn member(&self, name: &str) -> Option<Self>;
    /// A string.
    fn text(&self) -> Option<String>;
    /// `true` or `false`.
    fn truth(&self) -> Option<bool>;
    /// A number that is whole, however it is written (`1.0` is, as JavaScript reads it), and in the range of `i64`.
    /// Exact up to 2^53; beyond, a page has the nearest number that JavaScript has.
    fn integer(&self) -> Option<i64>;
}

/// The whole number in a floating-point number; `None` for a fraction, and out of the range of `i64`.
pub fn whole(number: f64) -> Option<i64> {
    let integer = number as i64;
    (integer as f64 == number).then_some(integer)
}

#[cfg(feature = "serde")]
impl Json for serde_json::Value {
    fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    fn member_text(object: &str, name: &str) -> Option<String> {
        Some(Self::parse(object)?.get(name)?.to_string())
    }

    fn utf8(bytes: &[u8]) -> Option<String> {
        String::from_utf8(bytes.to_vec()).ok()
    }

    fn is_object(&self) -> bool {
        self.is_object()
    }

    fn is_null(&self) -> bool {
        self.is_null()
    }

    fn member(&self, name: &str) -> Option<Self> {
        self.get(name).cloned()
    }

    fn text(&self) -> Option<String> {
        self.as_str().map(str::to_owned)
    }

    fn truth(&self) -> Option<bool> {
        self.as_bool()
    }

    fn integer(&self) -> Option<i64> {
        self.as_i64().or_else(|| whole(self.as_f64().filter(|_| !self.is_u64())?))
    }
}
