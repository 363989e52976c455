//! Normalizes codes and phone numbers that people type or paste. Whether one is valid is for the backend to judge.
//!
//! Pure and small, since a page loads it. It guesses nothing: it adds no country code, and keeps text that it does not
//! understand.

use crate::text::split_once;

/// Normalizes a one-time code: removes white space and invisible characters, and writes digits of any script in ASCII.
/// Separators go only from a code that is otherwise all digits: `123-456` becomes `123456`, and `G-12` stays.
pub fn code(text: &str) -> String {
    let (mut kept, mut digits) = (String::new(), String::new());
    for character in text.chars() {
        let class = match character {
            // Punctuation around a code in a message.
            '"' | '\'' | '“' | '”' | '‘' | '’' | '«' | '»' | ',' | ':' | '#' | '*' | '_' | '[' | ']' => {
                Class::Separator
            }
            _ => class(character),
        };
        match class {
            Class::Blank => {}
            Class::Separator => kept.push(character),
            Class::Digit(digit) => {
                kept.push(digit);
                digits.push(digit);
            }
            Class::Other => {
                kept.push(character);
                // A code that is not all digits keeps its separators.
                digits.push(character);
            }
        }
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits } else { kept }
}

/// Normalizes a phone number to `+` and digits, or digits alone, without separators. It understands `00` for `+`, a
/// `(0)` behind the country code, which callers from abroad do not dial, and `tel:` links, whose parameters it drops.
pub fn number(text: &str) -> String {
    let mut kept = String::new();
    let mut opened = 0;
    for character in text.chars() {
        match character {
            '(' | '（' => opened = kept.len(),
            ')' | '）' => {
                if let Some((country, "0")) = kept.split_at_checked(opened)
                    && is_country(country)
                {
                    kept.truncate(opened);
                }
            }
            '＋' | '﹢' => kept.push('+'),
            other => match class(other) {
                Class::Blank | Class::Separator => {}
                Class::Digit(digit) => kept.push(digit),
                Class::Other => kept.push(other),
            },
        }
    }
    let number = without_link(&kept);
    match number.strip_prefix("00") {
        Some(rest) => {
            let mut number = String::from("+");
            number.push_str(rest);
            number
        }
        None => number.to_owned(),
    }
}

/// The number in a `tel:` link, or the text itself.
fn without_link(mut text: &str) -> &str {
    while let Some((scheme, rest)) = text.split_at_checked(4)
        && scheme.eq_ignore_ascii_case("tel:")
    {
        text = split_once(rest, b';').map_or(rest, |(number, _)| number);
    }
    text
}

/// Whether the text is a country code alone: `+` or `00`, and one to three digits.
fn is_country(text: &str) -> bool {
    let text = without_link(text);
    let code = text.strip_prefix('+').or_else(|| text.strip_prefix("00")).unwrap_or_default();
    matches!(code.len(), 1..=3) && code.bytes().all(|byte| byte.is_ascii_digit())
}

/// The class of a character in a code or a number.
enum Class {
    /// A decimal digit of any script, as its ASCII digit.
    Digit(char),
    /// White space or an invisible character, for example a direction mark or a byte order mark.
    Blank,
    /// Punctuation between groups of digits.
    Separator,
    Other,
}

fn class(character: char) -> Class {
    if let Some(at) = place(character, DIGITS) {
        return Class::Digit(char::from(b'0' + (at % 10) as u8));
    }
    // Tag characters lie too far from the rest for the table. The last two turn a digit into a keycap emoji.
    if matches!(character, '\u{e0001}' | '\u{e0020}'..='\u{e007f}' | '\u{20e3}' | '\u{fe0f}')
        || place(character, BLANKS).is_some()
    {
        return Class::Blank;
    }
    if place(character, SEPARATORS).is_some() { Class::Separator } else { Class::Other }
}

/// Runs of characters. Each is its distance from the end of the previous run, in two bytes, and its length.
type Runs = [[u8; 3]];

/// The position of a character in its run, from 0. `None` when it is in no run.
fn place(character: char, runs: &Runs) -> Option<u32> {
    let character = u32::from(character);
    let mut end = 0;
    for &[low, high, length] in runs {
        let begin = end + u32::from(u16::from_le_bytes([low, high]));
        end = begin + u32::from(length);
        if character < end {
            return character.checked_sub(begin);
        }
    }
    None
}

/// Packs runs into a third of the bytes that they would take as characters.
#[allow(clippy::indexing_slicing, reason = "runs at compile time only")]
const fn packed<const N: usize>(runs: [(char, u8); N]) -> [[u8; 3]; N] {
    let mut packed = [[0; 3]; N];
    let (mut end, mut at) = (0, 0);
    while at < N {
        let (begin, length) = (runs[at].0 as u32, runs[at].1 as u32);
        let gap = begin - end;
        assert!(gap <= u16::MAX as u32, "runs lie too far apart");
        packed[at] = [gap as u8, (gap >> 8) as u8, length as u8];
        end = begin + length;
        at += 1;
    }
    packed
}

/// Decimal digits (`\p{Nd}` of Unicode 16). A run begins with a zero; each ten are one script or style.
const DIGITS: &Runs = &packed([
    ('0', 10),
    ('\u{660}', 10),
    ('\u{6f0}', 10),
    ('\u{7c0}', 10),
    ('\u{966}', 10),
    ('\u{9e6}', 10),
    ('\u{a66}', 10),
    ('\u{ae6}', 10),
    ('\u{b66}', 10),
    ('\u{be6}', 10),
    ('\u{c66}', 10),
    ('\u{ce6}', 10),
    ('\u{d66}', 10),
    ('\u{de6}', 10),
    ('\u{e50}', 10),
    ('\u{ed0}', 10),
    ('\u{f20}', 10),
    ('\u{1040}', 10),
    ('\u{1090}', 10),
    ('\u{17e0}', 10),
    ('\u{1810}', 10),
    ('\u{1946}', 10),
    ('\u{19d0}', 10),
    ('\u{1a80}', 10),
    ('\u{1a90}', 10),
    ('\u{1b50}', 10),
    ('\u{1bb0}', 10),
    ('\u{1c40}', 10),
    ('\u{1c50}', 10),
    ('\u{a620}', 10),
    ('\u{a8d0}', 10),
    ('\u{a900}', 10),
    ('\u{a9d0}', 10),
    ('\u{a9f0}', 10),
    ('\u{aa50}', 10),
    ('\u{abf0}', 10),
    ('\u{ff10}', 10),
    ('\u{104a0}', 10),
    ('\u{10d30}', 10),
    ('\u{10d40}', 10),
    ('\u{11066}', 10),
    ('\u{110f0}', 10),
    ('\u{11136}', 10),
    ('\u{111d0}', 10),
    ('\u{112f0}', 10),
    ('\u{11450}', 10),
    ('\u{114d0}', 10),
    ('\u{11650}', 10),
    ('\u{116c0}', 10),
    ('\u{116d0}', 20),
    ('\u{11730}', 10),
    ('\u{118e0}', 10),
    ('\u{11950}', 10),
    ('\u{11bf0}', 10),
    ('\u{11c50}', 10),
    ('\u{11d50}', 10),
    ('\u{11da0}', 10),
    ('\u{11f50}', 10),
    ('\u{16130}', 10),
    ('\u{16a60}', 10),
    ('\u{16ac0}', 10),
    ('\u{16b50}', 10),
    ('\u{16d70}', 10),
    ('\u{1ccf0}', 10),
    ('\u{1d7ce}', 50),
    ('\u{1e140}', 10),
    ('\u{1e2f0}', 10),
    ('\u{1e4f0}', 10),
    ('\u{1e5f1}', 10),
    ('\u{1e950}', 10),
    ('\u{1fbf0}', 10),
]);

/// White space and format characters (`\p{White_Space}`, `\p{Cf}`).
const BLANKS: &Runs = &packed([
    ('\t', 5),
    (' ', 1),
    ('\u{85}', 1),
    ('\u{a0}', 1),
    ('\u{ad}', 1),
    ('\u{600}', 6),
    ('\u{61c}', 1),
    ('\u{6dd}', 1),
    ('\u{70f}', 1),
    ('\u{890}', 2),
    ('\u{8e2}', 1),
    ('\u{1680}', 1),
    ('\u{180e}', 1),
    ('\u{2000}', 16),
    ('\u{2028}', 8),
    ('\u{205f}', 6),
    ('\u{2066}', 10),
    ('\u{3000}', 1),
    ('\u{feff}', 1),
    ('\u{fff9}', 3),
    ('\u{110bd}', 1),
    ('\u{110cd}', 1),
    ('\u{13430}', 16),
    ('\u{1bca0}', 4),
    ('\u{1d173}', 8),
]);

/// Every dash (`\p{Dash}`), parentheses, stops, slashes and dots in the middle.
const SEPARATORS: &Runs = &packed([
    ('(', 2),
    ('-', 3),
    ('\u{b7}', 1),
    ('\u{58a}', 1),
    ('\u{5be}', 1),
    ('\u{1400}', 1),
    ('\u{1806}', 1),
    ('\u{2010}', 6),
    ('\u{2022}', 1),
    ('\u{2053}', 1),
    ('\u{207b}', 1),
    ('\u{208b}', 1),
    ('\u{2212}', 1),
    ('\u{2e17}', 1),
    ('\u{2e1a}', 1),
    ('\u{2e3a}', 2),
    ('\u{2e40}', 1),
    ('\u{2e5d}', 1),
    ('\u{301c}', 1),
    ('\u{3030}', 1),
    ('\u{30a0}', 1),
    ('\u{30fb}', 1),
    ('\u{fe31}', 2),
    ('\u{fe58}', 1),
    ('\u{fe63}', 1),
    ('\u{ff08}', 2),
    ('\u{ff0d}', 3),
    ('\u{10d6e}', 1),
    ('\u{10ead}', 1),
]);

#[cfg(test)]
mod tests;
