//! Phone numbers: parsing, notation and comparison. No owners.

use handset_protocol::{Secret, typed};
use serde::{Deserialize, Serialize};

/// A phone number: `+`, country code, number. `+1` is optional for the US and Canada.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    given: Secret,
    digits: Secret,
}

impl Phone {
    /// The expected format, for a refusal.
    pub const SHAPE: &str = "a phone number: ten digits for the US and Canada, else + and the country code";

    /// Parses a number in the notation of people and their contact lists. `None`: not a phone number.
    pub fn parse(given: &Secret) -> Option<Self> {
        let given = typed::number(given.expose());
        let (country, rest) = parts(&given)?;
        let is_number = rest.bytes().all(|byte| byte.is_ascii_digit());
        let digits = format!("{country}{rest}").into();
        is_number.then(|| Self { given: given.into(), digits })
    }

    /// The number in its original notation, without separators.
    pub fn given(&self) -> &Secret {
        &self.given
    }

    /// Country code and number, without `+`: equal for every notation of the same number.
    pub fn digits(&self) -> &str {
        self.digits.expose()
    }

    /// The two-letter code of the country, if the sandbox knows it.
    pub fn country(&self) -> Option<&'static str> {
        const KNOWN: [(&str, &str); 8] = [
            ("1", "US"),
            ("33", "FR"),
            ("34", "ES"),
            ("39", "IT"),
            ("44", "GB"),
            ("49", "DE"),
            ("61", "AU"),
            ("91", "IN"),
        ];
        KNOWN.into_iter().find(|(code, _)| self.digits().starts_with(code)).map(|(_, country)| country)
    }

    /// Whether that string is the same number in any notation.
    pub fn is_written(&self, text: &str) -> bool {
        // Equal to digits, so the rest needs no check for digits.
        parts(text).is_some_and(|(country, rest)| self.digits().strip_prefix(country) == Some(rest))
    }

    /// Whether both are the same number in any notation.
    pub fn is_same(&self, other: &Self) -> bool {
        self.digits == other.digits
    }
}

/// The omitted country code, and the part that has to be digits. `None`: the string does not have the length of a number.
fn parts(text: &str) -> Option<(&'static str, &str)> {
    match (text.strip_prefix('+'), text.len()) {
        // No country code begins with 0, and 1 is followed by ten digits.
        (Some(rest), 8..=16) if !rest.starts_with('0') && (!rest.starts_with('1') || rest.len() == 11) => {
            Some(("", rest))
        }
        (None, 10) => Some(("1", text)),
        (None, 11) if text.starts_with('1') => Some(("", text)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_with_and_without_its_country_code() {
        let parse = |text: &str| Phone::parse(&text.into()).unwrap();
        for text in ["2001004009", "12001004009", "+12001004009"] {
            assert_eq!(parse(text).digits(), "12001004009", "{text}");
            assert_eq!(parse(text).given().expose(), text);
            assert!(parse("2001004009").is_written(text) && !parse("2001004010").is_written(text), "{text}");
        }
        assert!(parse("2001004009").is_same(&parse("+12001004009")));
        for text in ["+447968900002", "+4479689", "+447968900002999", "+79001234567"] {
            assert_eq!(parse(text).digits(), &text[1..]);
        }
    }

    #[test]
    fn the_notation_of_contact_lists_is_accepted() {
        for (text, given) in [
            ("(200) 100-4009", "2001004009"),
            ("200-100-4009", "2001004009"),
            ("1 200 100 4009", "12001004009"),
            ("+1 200.100.4009", "+12001004009"),
            ("0012001004009", "+12001004009"),
            ("tel:+1-200-100-4009;ext=5", "+12001004009"),
            ("\u{202a}+1\u{a0}200\u{2011}100\u{2011}4009\u{202c}", "+12001004009"),
            ("２００１００４００９", "2001004009"),
        ] {
            let phone = Phone::parse(&text.into()).unwrap();
            assert_eq!((phone.digits(), phone.given().expose()), ("12001004009", given), "{text}");
        }
        assert_eq!(Phone::parse(&"+44 (0)7968 900002".into()).unwrap().digits(), "447968900002");
    }

    #[test]
    fn other_strings_are_not_numbers() {
        for text in [
            "",
            "+",
            "12345",
            "447968900002",
            "+1234567890123456",
            "+120010040",
            "+1200100400",
            "+120010040099",
            "+12001004009999",
            "+0123456789",
            "+447968",
            "01144796890",
            "07968900002",
            "1-800-FLOWERS",
            "hello there",
            "+12001004009;ext=5",
        ] {
            assert_eq!(Phone::parse(&text.into()), None, "{text}");
            assert!(!Phone::parse(&"+4479689000".into()).unwrap().is_written(text), "{text}");
        }
    }
}
