//! What a definition of a member holds: its check, the wording of an error, and what a JSON Schema says about it. The
//! members themselves are in `fields`. No JSON here: the server renders the schema.

use crate::Refusal;

/// The definition of a member of a message, or of a query parameter.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The name on the wire.
    pub name: &'static str,
    /// The type, with its limits.
    pub kind: FieldKind,
    /// Examples of valid texts.
    pub examples: &'static [&'static str],
    /// What documentation says instead of the wording of an error.
    pub about: Option<&'static str>,
}

/// The type of a member.
#[derive(Clone, Copy, Debug)]
pub enum FieldKind {
    /// A text of some format.
    Text(TextFormat),
    /// One of a few texts.
    OneOf {
        /// The texts.
        values: fn() -> Vec<&'static str>,
        /// The quotation mark around each text in an error.
        quote: &'static str,
    },
    /// A whole number in a range.
    Number {
        /// What the number is, in an error.
        noun: &'static str,
        /// The smallest number. `None`: any, negative ones too.
        min: Option<u64>,
        /// The greatest number.
        max: Option<u64>,
        /// The number if the member is absent.
        default: Option<u64>,
    },
    /// One of a few numbers.
    OneNumberOf(&'static [u64]),
    /// A boolean.
    Flag {
        /// The value if the member is absent.
        default: Option<bool>,
    },
    /// A list of any values of one type.
    List {
        /// The type of the items, in the plural.
        of: &'static str,
        /// The smallest length.
        min: Option<usize>,
        /// The greatest length.
        max: Option<usize>,
    },
    /// An object.
    Object,
}

/// The format of a text.
#[derive(Clone, Copy, Debug)]
pub struct TextFormat {
    /// The format in words, for an error. `{max}` stands for `max_chars`.
    pub expected: &'static str,
    /// A regular expression that valid texts match.
    pub pattern: Option<&'static str>,
    /// The formats of JSON Schema; a valid text has one of them.
    pub formats: &'static [&'static str],
    /// The greatest length, in characters.
    pub max_chars: Option<usize>,
    /// The check, beside that of the length.
    pub is_valid: fn(&str) -> bool,
    /// Whether the documentation leaves out some texts that pass the check.
    pub is_documented_in_part: bool,
}

impl TextFormat {
    /// Any text.
    pub const ANY: Self = Self {
        expected: "a string",
        pattern: None,
        formats: &[],
        max_chars: None,
        is_valid: |_| true,
        is_documented_in_part: false,
    };
    /// A text that is not blank. The refusal of a blank one calls it missing.
    pub const NOT_BLANK: Self = Self { pattern: Some(r"\S"), is_valid: |text| !text.trim().is_empty(), ..Self::ANY };

    fn accepts(&self, text: &str) -> bool {
        self.max_chars.is_none_or(|max| text.chars().count() <= max) && (self.is_valid)(text)
    }
}

impl Field {
    /// A member of that type, without examples.
    pub const fn new(name: &'static str, kind: FieldKind) -> Self {
        Self { name, kind, examples: &[], about: None }
    }

    /// A text of that format.
    pub const fn text(name: &'static str, format: TextFormat, examples: &'static [&'static str]) -> Self {
        Self { examples, ..Self::new(name, FieldKind::Text(format)) }
    }

    /// A boolean that is false if absent.
    pub const fn flag(name: &'static str) -> Self {
        Self::new(name, FieldKind::Flag { default: Some(false) })
    }

    /// A whole number of that range.
    pub const fn number(name: &'static str, noun: &'static str, min: u64, max: u64) -> Self {
        Self::new(name, FieldKind::Number { noun, min: Some(min), max: Some(max), default: None })
    }

    /// A whole number from `min` up.
    pub const fn number_from(name: &'static str, noun: &'static str, min: u64) -> Self {
        Self::new(name, FieldKind::Number { noun, min: Some(min), max: None, default: None })
    }

    /// The same definition of a member with another name.
    pub const fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// What the member must be, in words.
    pub fn expected(&self) -> String {
        match self.kind {
            FieldKind::Text(TextFormat { expected, max_chars: Some(max), .. }) => {
                expected.replace("{max}", &max.to_string())
            }
            FieldKind::Text(TextFormat { expected, .. }) => expected.to_owned(),
            FieldKind::OneOf { values, quote } => {
                in_words(values().into_iter().map(|value| format!("{quote}{value}{quote}")))
            }
            FieldKind::Number { noun, min, max: Some(max), .. } => format!("{noun}, {} to {max}", min.unwrap_or(0)),
            FieldKind::Number { noun, min: Some(min @ 1..), .. } => format!("{noun}, at least {min}"),
            FieldKind::Number { noun, .. } => noun.to_owned(),
            FieldKind::OneNumberOf(values) => in_words(values.iter().map(u64::to_string)),
            FieldKind::Flag { .. } => "true or false".to_owned(),
            FieldKind::List { of, min: Some(min), max: Some(max) } => format!("a list of {min} to {max} {of}"),
            FieldKind::List { of, max: Some(max), .. } => format!("a list of at most {max} {of}"),
            FieldKind::List { of, .. } => format!("a list of {of}"),
            FieldKind::Object => "an object".to_owned(),
        }
    }

    /// Whether the check of a text accepts it.
    pub fn accepts(&self, text: &str) -> bool {
        match self.kind {
            FieldKind::Text(format) => format.accepts(text),
            FieldKind::OneOf { values, .. } => values().contains(&text),
            _ => false,
        }
    }

    /// Whether the check of a number accepts it.
    pub fn accepts_number(&self, number: u64) -> bool {
        match self.kind {
            FieldKind::Number { min, max, .. } => {
                min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max)
            }
            FieldKind::OneNumberOf(values) => values.contains(&number),
            _ => false,
        }
    }

    /// Whether the check of a list accepts its length.
    pub fn accepts_length(&self, length: usize) -> bool {
        match self.kind {
            FieldKind::List { min, max, .. } => {
                min.is_none_or(|min| length >= min) && max.is_none_or(|max| length <= max)
            }
            _ => false,
        }
    }

    /// The refusal of an invalid value.
    pub fn refusal(&self) -> Refusal {
        self.refusal_at(self.name)
    }

    /// The refusal of an invalid value at that place in the message.
    pub fn refusal_at(&self, place: &str) -> Refusal {
        Refusal::shape(place, &self.expected())
    }

    /// Checks a text. An absent one is valid.
    pub(crate) fn check(&self, text: Option<&str>) -> Result<(), Refusal> {
        self.check_at(self.name, text)
    }

    /// Checks a text at that place in the message.
    pub(crate) fn check_at(&self, place: &str, text: Option<&str>) -> Result<(), Refusal> {
        if text.is_none_or(|text| self.accepts(text)) { Ok(()) } else { Err(self.refusal_at(place)) }
    }
}

/// What the value at that place of a message must be, in words, by the definitions of the message's members. A member
/// without a definition is a text.
pub fn expected_at(fields: &[Field], place: &str) -> String {
    let last = place.rsplit('.').next().unwrap_or(place);
    let (name, is_item) = match last.split_once('[') {
        Some((name, _)) => (name, true),
        None => (last, false),
    };
    match fields.iter().find(|field| field.name == name).map(|field| (field, field.kind)) {
        Some((_, FieldKind::List { of: STRINGS, .. })) if is_item => "a string".to_owned(),
        _ if is_item => "an object".to_owned(),
        Some((field, _)) => field.expected(),
        None => TextFormat::ANY.expected.to_owned(),
    }
}

/// Items of a list, in the plural.
pub const STRINGS: &str = "strings";
/// Items of a list, in the plural.
pub const OBJECTS: &str = "objects";

/// `a, b or c`.
fn in_words(values: impl Iterator<Item = String>) -> String {
    let values: Vec<String> = values.collect();
    match values.as_slice() {
        [but_last @ .., last] if !but_last.is_empty() => format!("{} or {last}", but_last.join(", ")),
        all => all.join(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: Field = Field::number("limit", "a whole number", 1, 1000);

    #[test]
    fn a_wording_has_the_numbers_of_the_check() {
        let list = |min, max| Field::new("items", FieldKind::List { of: OBJECTS, min, max }).expected();
        let one_of = |values, quote| Field::new("kind", FieldKind::OneOf { values, quote }).expected();
        assert_eq!(RANGE.expected(), "a whole number, 1 to 1000");
        assert_eq!(Field::number_from("count", "a whole number", 1).expected(), "a whole number, at least 1");
        assert_eq!(Field::number_from("wait", "seconds", 0).expected(), "seconds");
        assert_eq!(list(Some(1), Some(100)), "a list of 1 to 100 objects");
        assert_eq!(list(None, Some(50)), "a list of at most 50 objects");
        assert_eq!(list(None, None), "a list of objects");
        assert_eq!(one_of(|| vec!["a", "b", "c"], "'"), "'a', 'b' or 'c'");
        assert_eq!(one_of(|| vec!["a"], ""), "a");
        let text = TextFormat { expected: "a text of at most {max} characters", max_chars: Some(3), ..TextFormat::ANY };
        assert_eq!(Field::text("text", text, &[]).expected(), "a text of at most 3 characters");
    }

    #[test]
    fn a_place_is_described_by_its_last_member() {
        let fields = [RANGE, Field::new("mails", FieldKind::List { of: STRINGS, min: None, max: None })];
        for (place, expected) in [
            ("limit", "a whole number, 1 to 1000"),
            ("query[2].limit", "a whole number, 1 to 1000"),
            ("mails", "a list of strings"),
            ("mails[1]", "a string"),
            ("others[1]", "an object"),
            ("other", "a string"),
        ] {
            assert_eq!(expected_at(&fields, place), expected, "{place}");
        }
    }
}
