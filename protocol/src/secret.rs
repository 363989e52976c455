//! [`Secret`], the type of secret texts. Each message says for itself which of its members are secret.

use crate::wire::{Json, Wire};

/// A text that must not reach a log, an event, an error or storage: an authToken, a phone number, a code, an SSN.
///
/// It has no `Display`, and its `Debug` prints a placeholder. Code reads the text through [`expose`](Secret::expose)
/// alone, which is easy to find in a review. On the wire it is a plain text.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(description = ""))]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the wire and for comparisons only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl Wire for Secret {
    fn read<J: Json>(value: &J) -> Option<Self> {
        value.text().map(Self)
    }

    fn write(&self, out: &mut String) {
        self.0.write(out);
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_holds_no_part_of_the_text() {
        let printed = format!("{:?} {:?}", Secret::new("2001004009"), Some(Secret::new("1234")));
        assert_eq!(printed, "[secret] Some([secret])");
    }

    #[test]
    fn travels_as_the_plain_text() {
        assert_eq!(serde_json::to_string(&Secret::new("1234")).unwrap(), "\"1234\"");
        assert_eq!(serde_json::from_str::<Secret>("\"1234\"").unwrap(), Secret::new("1234"));
    }
}
