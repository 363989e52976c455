//! Phone numbers: their notation is stable, and neither separators nor the script of the digits change a number. The input
//! is a text; the bytes behind a NUL say where separators are put into it.

use handset_protocol::typed;
use handset_sandbox_domain::Phone;

/// Characters that mean nothing in a number. Parentheses do: `(0)` is left out.
const SEPARATORS: [char; 12] =
    [' ', '-', '.', '/', '\t', '\u{a0}', '\u{2011}', '\u{2013}', '\u{202a}', '\u{202c}', '\u{200b}', '\u{feff}'];

pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (text, places) = text.split_once('\0').unwrap_or((text, ""));
    let normal = typed::number(text);
    assert_eq!(typed::number(&normal), normal, "normal twice: {text:?}");
    assert_eq!(typed::number(&separated(text, places)), normal, "with separators: {text:?}");
    assert_eq!(typed::number(&fullwidth(text)), normal, "in other digits: {text:?}");
    let code = typed::code(text);
    assert_eq!(typed::code(&code), code, "a code, normal twice: {text:?}");
    assert_eq!(typed::code(&fullwidth(text)), code, "a code in other digits: {text:?}");

    let Some(phone) = Phone::parse(&text.into()) else {
        assert_eq!(Phone::parse(&normal.as_str().into()), None, "only with separators: {text:?}");
        return;
    };
    let (given, digits) = (phone.given().expose(), phone.digits());
    assert_eq!(given, normal);
    assert_eq!(Phone::parse(phone.given()).as_ref(), Some(&phone), "parsed twice: {text:?}");
    assert!(digits.bytes().all(|byte| byte.is_ascii_digit()) && (7..=15).contains(&digits.len()), "{text:?}");
    assert!(!digits.starts_with('0') && (!digits.starts_with('1') || digits.len() == 11), "{text:?}");
    let international = Phone::parse(&format!("+{digits}").into()).expect("the number in full");
    assert!(phone.is_same(&international) && phone.is_written(given), "{text:?}");
    assert!(phone.is_written(international.given().expose()), "{text:?}");
    assert_eq!(phone.country(), international.country());
    if let Some(national) = digits.strip_prefix('1') {
        assert!(phone.is_written(national) && phone.is_written(digits), "{text:?}");
    }
    assert!(!format!("{phone:?}").contains(digits), "a number is never printed");
}

fn separated(text: &str, places: &str) -> String {
    let mut out = String::new();
    let mut places = places.bytes().cycle();
    for character in text.chars() {
        if let Some(place) = places.next()
            && let Some(separator) = SEPARATORS.get(usize::from(place % 32))
        {
            out.push(*separator);
        }
        out.push(character);
    }
    out
}

fn fullwidth(text: &str) -> String {
    let wide = |c: char| c.to_digit(10).and_then(|digit| char::from_u32(0xff10 + digit)).unwrap_or(c);
    text.chars().map(wide).collect()
}
