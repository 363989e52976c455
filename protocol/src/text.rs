//! Searches in texts. Those of the standard library take any pattern, for 0.6 kB of a page.

/// The text before and behind the first `separator`, an ASCII character; `None` where there is none.
pub fn split_once(text: &str, separator: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == separator)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::split_once;

    proptest! {
        #[test]
        fn a_text_is_split_as_the_standard_library_splits_it(text in "[a=é📱]{0,8}") {
            prop_assert_eq!(split_once(&text, b'='), text.split_once('='));
        }
    }
}
