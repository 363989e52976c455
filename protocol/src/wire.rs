//! A JSON codec for the messages of this crate, small enough for a page to load.
//!
//! The sandbox uses serde (feature `serde`), whose derived code and error texts would cost a page more than this whole
//! codec. So the macro `message!` defines a message once and writes both: serde's derives, and an implementation of
//! [`Wire`] with the reader and writer below. Property tests and a fuzz target compare the two. No message is in here.

/// Deepest nesting that the reader accepts; the contract needs five.
const DEPTH: u32 = 64;

/// Reads a whole text; `None` when it is not the JSON of a `T`.
pub fn from_json<T: Wire>(text: &str) -> Option<T> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = T::read(&mut reader)?;
    (reader.peek().is_none()).then_some(value)
}

/// Writes a message.
pub fn to_json<T: Wire>(message: &T) -> String {
    let mut out = String::new();
    message.write(&mut out);
    out
}

/// The JSON text of a member of an object: of the last one with this name. `None` where there is none, and for a text that
/// is not the JSON of an object.
///
/// For the JSON of others, whose members have types of their own: a member that nobody asks for may have any.
pub fn member_text<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let mut found = None;
    let mut reader = Reader { text: object, at: 0, depth: 0 };
    reader.object(&mut |other, reader| {
        let value = reader.value_text()?;
        if other == name {
            found = Some(value);
        }
        Some(())
    })?;
    found.filter(|_| reader.peek().is_none())
}

/// A value of a message, or a message.
pub trait Wire: Sized {
    /// Reads one value; `None` when the text has another kind of value there.
    fn read(reader: &mut Reader<'_>) -> Option<Self>;
    /// Appends the value.
    fn write(&self, out: &mut String);
    /// Whether an object leaves out a member with this value.
    fn is_absent(&self) -> bool {
        false
    }
}

/// A JSON text, and the position of the next value in it.
#[derive(Debug)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.peek()?;
        self.text.get(self.at..)?.starts_with(word).then(|| self.at += word.len())
    }

    /// Members or elements up to `close`, separated by commas.
    fn list(&mut self, close: u8, item: &mut dyn FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.at += 1;
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        if self.peek()? != close {
            loop {
                item(self)?;
                if self.peek()? == close {
                    break;
                }
                self.take(b',')?;
            }
        }
        self.at += 1;
        self.depth -= 1;
        Some(())
    }

    /// Reads an object, handing each member's name to `member`, which reads its value.
    pub fn object(&mut self, member: &mut dyn FnMut(&str, &mut Self) -> Option<()>) -> Option<()> {
        if self.peek()? != b'{' {
            return None;
        }
        self.list(b'}', &mut |reader| {
            let name = reader.string()?;
            reader.take(b':')?;
            member(&name, reader)
        })
    }

    /// Reads any value and discards it.
    pub fn skip(&mut self) -> Option<()> {
        match self.peek()? {
            b'{' => self.object(&mut |_, reader| reader.skip()),
            b'[' => self.list(b']', &mut |reader| reader.skip()),
            b'"' => self.string().map(drop),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.number().map(drop),
        }
    }

    /// The text of any value.
    fn value_text(&mut self) -> Option<&'a str> {
        self.peek()?;
        let start = self.at;
        self.skip()?;
        self.text.get(start..self.at)
    }

    /// The text of a number. `None` when there is no number by JSON's grammar.
    fn number(&mut self) -> Option<&str> {
        self.peek()?;
        let start = self.at;
        self.at += usize::from(self.byte() == Some(b'-'));
        let leading_zero = self.byte() == Some(b'0');
        let digits = self.digits();
        let mut valid = digits > 0 && !(leading_zero && digits > 1);
        if self.byte() == Some(b'.') {
            self.at += 1;
            valid &= self.digits() > 0;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            valid &= self.digits() > 0;
        }
        self.text.get(start..self.at).filter(|_| valid)
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn string(&mut self) -> Option<String> {
        self.take(b'"')?;
        let mut out = String::new();
        loop {
            let start = self.at;
            while self.byte().is_some_and(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            out.push_str(self.text.get(start..self.at)?);
            let end = self.byte()?;
            self.at += 1;
            match end {
                b'"' => return Some(out),
                b'\\' => out.push(self.escape()?),
                _ => return None,
            }
        }
    }

    /// The character of an escape, behind its backslash. `None` for half a surrogate pair: it is no character.
    fn escape(&mut self) -> Option<char> {
        let byte = self.byte()?;
        self.at += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.unit()?;
                if unit & 0xFC00 != 0xD800 {
                    return char::from_u32(unit);
                }
                if self.text.get(self.at..self.at + 2)? != "\\u" {
                    return None;
                }
                self.at += 2;
                let low = self.unit()?;
                if low & 0xFC00 != 0xDC00 {
                    return None;
                }
                return char::from_u32(0x10000 + ((unit & 0x3FF) << 10) + (low & 0x3FF));
            }
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit << 4 | char::from(self.byte()?).to_digit(16)?;
            self.at += 1;
        }
        Some(unit)
    }
}

impl Wire for String {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.string()
    }

    fn write(&self, out: &mut String) {
        out.push('"');
        for c in self.chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                '\0'..='\x1f' => {
                    out.push_str("\\u00");
                    out.extend(
                        [c as u32 >> 4, c as u32 & 15].map(|nibble| char::from_digit(nibble, 16).unwrap_or('0')),
                    );
                }
                c => out.push(c),
            }
        }
        out.push('"');
    }
}

impl Wire for bool {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        if reader.peek()? == b't' { reader.word("true").map(|()| true) } else { reader.word("false").map(|()| false) }
    }

    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl Wire for i64 {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.number()?.parse().ok()
    }

    fn write(&self, out: &mut String) {
        push_decimal(out, *self);
    }
}

/// Writes an integer. The standard library's formatting would add 0.8 kB to a page.
pub fn push_decimal(out: &mut String, value: i64) {
    if value < 0 {
        out.push('-');
    }
    // `i64::MIN` has no positive counterpart in `i64`.
    let value = value.unsigned_abs();
    if let Ok(tens @ 1..) = i64::try_from(value / 10) {
        push_decimal(out, tens);
    }
    out.push(char::from(b'0' + (value % 10) as u8));
}

impl Wire for u32 {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        i64::read(reader)?.try_into().ok()
    }

    fn write(&self, out: &mut String) {
        i64::from(*self).write(out);
    }
}

impl<T: Wire> Wire for Option<T> {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        if reader.peek()? == b'n' {
            return reader.word("null").map(|()| None);
        }
        T::read(reader).map(Some)
    }

    fn write(&self, out: &mut String) {
        match self {
            Some(value) => value.write(out),
            None => out.push_str("null"),
        }
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

/// Appends a member to the open object at the end of `out`.
pub(crate) fn member<T: Wire>(out: &mut String, name: &str, value: &T) {
    if !out.ends_with('{') {
        out.push(',');
    }
    out.push('"');
    out.push_str(name);
    out.push_str("\":");
    value.write(out);
}

/// Defines a message: a struct, serde's derives for the sandbox, and [`Wire`] for the page.
///
/// `required` members must be there, `nullable` ones are null when empty, `optional` ones are left out.
macro_rules! message {
    ($(#[$meta:meta])* $name:ident {
        $(required { $($(#[$rm:meta])* $rf:ident: $rt:ty = $rn:literal,)* })?
        $(nullable { $($(#[$nm:meta])* $nf:ident: $nt:ty = $nn:literal,)* })?
        $(optional { $($(#[$om:meta])* $of:ident: $ot:ty = $on:literal,)* })?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub struct $name {
            $($($(#[$rm])* #[cfg_attr(feature = "serde", serde(rename = $rn))] pub $rf: $rt,)*)?
            $($($(#[$nm])* #[cfg_attr(feature = "serde", serde(rename = $nn, default))] pub $nf: $nt,)*)?
            $($($(#[$om])*
                #[cfg_attr(
                    feature = "serde",
                    serde(rename = $on, default, skip_serializing_if = "crate::wire::Wire::is_absent")
                )]
                pub $of: $ot,)*)?
        }

        impl $crate::wire::Wire for $name {
            #[allow(unused_mut, unused_variables)]
            fn read(reader: &mut $crate::wire::Reader<'_>) -> Option<Self> {
                let mut message = Self::default();
                $($(let mut $rf = false;)*)?
                reader.object(&mut |name, reader| {
                    match name {
                        $($($rn => (message.$rf, $rf) = ($crate::wire::Wire::read(reader)?, true),)*)?
                        $($($nn => message.$nf = $crate::wire::Wire::read(reader)?,)*)?
                        $($($on => message.$of = $crate::wire::Wire::read(reader)?,)*)?
                        _ => reader.skip()?,
                    }
                    Some(())
                })?;
                $($(if !$rf { return None; })*)?
                Some(message)
            }

            fn write(&self, out: &mut String) {
                out.push('{');
                $($($crate::wire::member(out, $rn, &self.$rf);)*)?
                $($($crate::wire::member(out, $nn, &self.$nf);)*)?
                $($(if !$crate::wire::Wire::is_absent(&self.$of) { $crate::wire::member(out, $on, &self.$of); })*)?
                out.push('}');
            }
        }
    };
}
pub(crate) use message;

#[cfg(test)]
mod tests;
