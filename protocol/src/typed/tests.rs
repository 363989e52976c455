//! Tests of the normalization, and of its tables against Unicode's own.

use proptest::prelude::*;
use regex_syntax::hir::{Class as Set, HirKind};

use super::*;

#[test]
fn a_code_is_read_as_it_was_meant() {
    for (typed, meant) in [
        ("1234", "1234"),
        ("1234 ", "1234"),
        (" 12 34\n", "1234"),
        ("12\u{a0}34\u{200b}", "1234"),
        ("\u{feff}\u{2066}123\u{ad}456\u{2069}", "123456"),
        ("１２３４", "1234"),
        ("١٢٣٤", "1234"),
        ("१२३४", "1234"),
        ("\u{1d7d9}\u{1d7e4}\u{1d7ef}\u{1d7fa}", "1234"),
        ("\u{116db}\u{116dc}", "12"),
        ("123-456", "123456"),
        ("123–456.", "123456"),
        ("(1234)", "1234"),
        ("0012", "0012"),
        ("“1234”", "1234"),
        ("#1234,", "1234"),
        ("[12_34]:", "1234"),
        ("1\u{fe0f}\u{20e3}2\u{fe0f}\u{20e3}", "12"),
        ("G-123456", "G-123456"),
        ("ab.Cd 12", "ab.Cd12"),
        ("12x", "12x"),
        ("½", "½"),
        ("", ""),
        (" \t\u{200e}", ""),
        (" - ", ""),
    ] {
        assert_eq!(code(typed), meant, "{typed:?}");
    }
}

#[test]
fn a_number_is_read_as_it_was_meant() {
    for (typed, meant) in [
        ("2001001693", "2001001693"),
        ("(200) 100-1693", "2001001693"),
        ("200-100-1693", "2001001693"),
        ("1 (200) 100‑1693", "12001001693"),
        ("+1 200.100.1693", "+12001001693"),
        ("200/100/1693", "2001001693"),
        ("00447968900002", "+447968900002"),
        ("00 44 7968 900002", "+447968900002"),
        ("tel:+1-200-100-1693;ext=5", "+12001001693"),
        ("TEL:2001001693", "2001001693"),
        (" tel:+44 (0)7968 900002;phone-context=+44 ", "+447968900002"),
        ("+1\u{a0}200\u{202f}100\u{2007}1693", "+12001001693"),
        ("\u{202a}+1 200\u{2010}100\u{2212}1693\u{202c}", "+12001001693"),
        ("\u{200e}＋１ ２００ １００ １６９３", "+12001001693"),
        ("（２００）１００－１６９３", "2001001693"),
        ("+٤٤ ٧٩٦٨ ٩٠٠٠٠٢", "+447968900002"),
        ("+44 (0)7968 900002", "+447968900002"),
        ("+44 ( 0 ) 7968 900002", "+447968900002"),
        ("(+44) (0) 7968-900002", "+447968900002"),
        ("0044 (0) 7968 900002", "+447968900002"),
        ("+44（０）7968 900002", "+447968900002"),
        ("", ""),
        ("\u{a0}\u{200e} ", ""),
        ("()", ""),
    ] {
        assert_eq!(number(typed), meant, "{typed:?}");
    }
}

#[test]
fn nothing_is_guessed() {
    for (typed, kept) in [
        ("011 44 7968 900002", "011447968900002"),
        ("07968 900002", "07968900002"),
        ("(0)7968 900002", "07968900002"),
        ("+1 200 (0)100 1693", "+120001001693"),
        ("(010) 2000", "0102000"),
        ("447968900002", "447968900002"),
        ("1-800-FLOWERS", "1800FLOWERS"),
        ("200 100 1693 x5", "2001001693x5"),
        ("+1 200 100 1693;ext=5", "+12001001693;ext=5"),
        ("++44", "++44"),
        ("4+4", "4+4"),
        ("*#06#", "*#06#"),
        ("telephone", "telephone"),
    ] {
        assert_eq!(number(typed), kept, "{typed:?}");
    }
}

#[test]
fn the_tables_are_those_of_unicode() {
    let unicode = |set| -> String {
        match regex_syntax::parse(set).unwrap().into_kind() {
            HirKind::Class(Set::Unicode(set)) => set.iter().flat_map(|range| range.start()..=range.end()).collect(),
            other => panic!("{other:?} is no set of characters"),
        }
    };
    let [mut digits, mut blanks, mut separators] = [const { String::new() }; 3];
    for character in '\0'..=char::MAX {
        match class(character) {
            Class::Digit(_) => digits.push(character),
            Class::Blank => blanks.push(character),
            Class::Separator => separators.push(character),
            Class::Other => {}
        }
    }
    assert_eq!((digits.chars().count(), digits), (760, unicode(r"\p{Nd}")));
    assert_eq!(blanks, unicode(r"[\p{White_Space}\p{Cf}\x{20e3}\x{fe0f}]"));
    assert_eq!(separators, unicode(r"[\p{Dash}()./·•・（）．／]"));
}

#[test]
fn a_digit_has_the_value_of_its_place_behind_the_zero() {
    for zero in ['0', '０', '٠', '०', '\u{116da}', '\u{1d7ce}', '\u{1d7f6}', '\u{1fbf0}'] {
        for value in 0..10 {
            let digit = char::from_u32(u32::from(zero) + value).unwrap();
            assert_eq!(code(&digit.to_string()), value.to_string(), "{digit}");
        }
    }
}

/// Texts of the characters that matter, and texts of any characters.
fn typed() -> impl Strategy<Value = String> {
    prop_oneof![r"(tel:|TEL:|[()+＋0０1٤. ;a\-\u{200e}]){0,12}", r"\PC{0,12}", any::<String>()]
}

proptest! {
    #[test]
    fn what_was_read_reads_the_same_again(typed in typed()) {
        prop_assert_eq!(code(&code(&typed)), code(&typed));
        prop_assert_eq!(number(&number(&typed)), number(&typed));
    }

    #[test]
    fn a_code_of_digits_alone_is_kept(digits in "[0-9]{0,12}") {
        prop_assert_eq!(code(&digits), digits);
    }
}
