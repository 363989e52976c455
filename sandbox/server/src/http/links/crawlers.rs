//! Who may be a machine that looks at a link, to show a preview or to search it, by its user agent.
//!
//! Nobody can be sure of it. What is taken for one is asked to press a button, so a person who is mistaken for a machine
//! loses a moment; a machine that is not recognised spends the link.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

/// The list, as it is kept by others.
const LIST: &str = include_str!("crawlers/patterns.txt");

/// What the list lacks: fetchers of previews, and whatever calls itself a machine. Lower case.
const MORE: &str = r"(?x) google-messages | kakaotalk-scrap | line-poker | ms-office | microsoft\ office
    | bots?[/;)\ ,] | bots?$ | crawler | spider | preview | scraper | \bfetcher";

/// Applications of the list whose own browsers have their name in a user agent that is otherwise a browser's. What
/// fetches previews for them has the name alone.
const APPS: [&str; 2] = ["WhatsApp", "Viber"];

static PATTERNS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| LIST.lines().filter(|line| !line.starts_with('#')).collect());

/// One that cannot be read would be none: a test holds that all can.
static CRAWLERS: LazyLock<RegexSet> = LazyLock::new(|| RegexSet::new(&*PATTERNS).unwrap_or_default());

static MORE_CRAWLERS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(MORE).ok());

/// Whether it is of a crawler, or might be. Who says nothing is taken for a person: tests do so.
pub(crate) fn may_be(agent: &str) -> bool {
    let lower = agent.to_ascii_lowercase();
    // A kind of phone whose name ends like one.
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
