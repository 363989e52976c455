//! A JSON codec for the messages of this crate, small enough for a page to load.
//!
//! The sandbox uses serde (feature `serde`), whose derived code and error texts would cost a page more than this whole
//! codec. So the macro `message!` defines a message once and writes both: serde's derives, and an implementation of
//! [`Wire`]. A page parses a text with its own `JSON.parse`, behind the trait [`Json`]; the writer is below. Property
//! tests and a fuzz target compare the two. No message is in here.

mod json;

pub use json::{Json, whole};

/// Reads a whole text; `None` when it is not the JSON of a `T`.
pub fn from_json<J: Json, T: Wire>(text: &str) -> Option<T> {
    T::read(&J::parse(text)?)
}

/// Writes a message.
pub fn to_json<T: Wire>(message: &T) -> String {
    let mut out = String::new();
    message.write(&mut out);
    out
}

/// A value of a message, or a message.
pub trait Wire: Sized {
    /// Reads a value; `None` when it is of another kind.
    fn read<J: Json>(value: &J) -> Option<Self>;
    /// Appends the value.
    fn write(&self, out: &mut String);
    /// Whether an object leaves out a member with this value.
    fn is_absent(&self) -> bool {
        false
    }
}

impl Wire for String {
    fn read<J: Json>(value: &J) -> Option<Self> {
        value.text()
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
    fn read<J: Json>(value: &J) -> Option<Self> {
        value.truth()
    }

    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl Wire for i64 {
    fn read<J: Json>(value: &J) -> Option<Self> {
        value.integer()
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
    fn read<J: Json>(value: &J) -> Option<Self> {
        value.integer()?.try_into().ok()
    }

    fn write(&self, out: &mut String) {
        i64::from(*self).write(out);
    }
}

impl<T: Wire> Wire for Option<T> {
    fn read<J: Json>(value: &J) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::read(value).map(Some) }
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

/// Reads a member that may be missing.
pub(crate) fn read_member<J: Json, T: Wire + Default>(object: &J, name: &str) -> Option<T> {
    match object.member(name) {
        Some(value) => T::read(&value),
        None => Some(T::default()),
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
/// `required` members must be there, `nullable` ones are null when empty, `optional` ones are left out. So are `unread`
/// ones, which no page reads: without serde they do not exist.
macro_rules! message {
    ($(#[$meta:meta])* $name:ident {
        $(required { $($(#[$rm:meta])* $rf:ident: $rt:ty = $rn:literal,)* })?
        $(nullable { $($(#[$nm:meta])* $nf:ident: $nt:ty = $nn:literal,)* })?
        $(optional { $($(#[$om:meta])* $of:ident: $ot:ty = $on:literal,)* })?
        $(unread { $($(#[$um:meta])* $uf:ident: $ut:ty = $un:literal,)* })?
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
            $($($(#[$um])*
                #[cfg(feature = "serde")]
                #[serde(rename = $un, default, skip_serializing_if = "crate::wire::Wire::is_absent")]
                pub $uf: $ut,)*)?
        }

        impl $crate::wire::Wire for $name {
            fn read<J: $crate::wire::Json>(value: &J) -> Option<Self> {
                if !value.is_object() {
                    return None;
                }
                Some(Self {
                    $($($rf: $crate::wire::Wire::read(&value.member($rn)?)?,)*)?
                    $($($nf: $crate::wire::read_member(value, $nn)?,)*)?
                    $($($of: $crate::wire::read_member(value, $on)?,)*)?
                    $($(#[cfg(feature = "serde")] $uf: $crate::wire::read_member(value, $un)?,)*)?
                })
            }

            fn write(&self, out: &mut String) {
                out.push('{');
                $($($crate::wire::member(out, $rn, &self.$rf);)*)?
                $($($crate::wire::member(out, $nn, &self.$nf);)*)?
                $($(if !$crate::wire::Wire::is_absent(&self.$of) { $crate::wire::member(out, $on, &self.$of); })*)?
                $($(#[cfg(feature = "serde")] if !$crate::wire::Wire::is_absent(&self.$uf) { $crate::wire::member(out, $un, &self.$uf); })*)?
                out.push('}');
            }
        }
    };
}
pub(crate) use message;

#[cfg(test)]
mod tests;
