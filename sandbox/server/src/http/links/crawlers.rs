//! Recognition of crawlers and preview fetchers by their user agent.
//!
//! It is a guess. A recognised agent gets a page with a button, so a person who is mistaken for a crawler loses a moment; an
//! unrecognised crawler uses up the link.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

/// The third-party list.
const LIST: &str = include_str!("crawlers/patterns.txt");

/// Additions to the list: preview fetchers, and agents that call themselves a bot. Lower case.
const MORE: &str = r"(?x) google-messages | kakaotalk-scrap | line-poker | ms-office | microsoft\ office
    | bots?[/;)\ ,] | bots?$ | crawler | spider | preview | scraper | \bfetcher";

/// Apps of the list whose in-app browsers add the app's name to a browser's user agent. Their preview fetchers send the name
/// alone.
const APPS: [&str; 2] = ["WhatsApp", "Viber"];

static PATTERNS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| LIST.lines().filter(|line| !line.starts_with('#')).collect());

/// An invalid pattern would empty the set; a test holds that all are valid.
static CRAWLERS: LazyLock<RegexSet> = LazyLock::new(|| RegexSet::new(&*PATTERNS).unwrap_or_default());

static MORE_CRAWLERS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(MORE).ok());

/// Whether the user agent may be a crawler. An empty one counts as a person, since tests send none.
pub(crate) fn may_be(agent: &str) -> bool {
    let lower = agent.to_ascii_lowercase();
    // A phone brand whose name ends in "bot".
    let lower = lower.replace("cubot", "");
    if MORE_CRAWLERS.as_ref().is_some_and(|more| more.is_match(&lower)) {
        return true;
    }
    let is_phone = agent.starts_with("Mozilla/5.0 (") && agent.contains("AppleWebKit/") && agent.contains("Mobile");
    let of_app = |index: usize| PATTERNS.get(index).is_some_and(|pattern| APPS.contains(pattern));
    CRAWLERS.matches(agent).into_iter().any(|index| !(is_phone && of_app(index)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_can_be_read() {
        let set = RegexSet::new(&*PATTERNS).unwrap();
        assert!(set.len() > 1000, "{}", set.len());
        assert!(Regex::new(MORE).is_ok());
        for app in APPS {
            assert!(PATTERNS.contains(&app), "{app}: the list has changed");
        }
    }
}
