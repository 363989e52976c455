use std::time::Duration;

use handset_protocol::{Secret, UnixMillis};
use serde::{Deserialize, Serialize};

/// An SMS. No SMS leaves the machine: the shell shows it in the message list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The number.
    pub to: Secret,
    /// What it carries.
    pub purpose: MessagePurpose,
    /// The whole text.
    pub text: Secret,
    /// The project of its session.
    pub project: String,
    /// The session that it belongs to, by its name towards the page.
    pub auth_id: String,
    /// When it was sent.
    pub sent_at: UnixMillis,
    /// From when on what it carries is no longer good.
    pub expires_at: UnixMillis,
}

/// What an SMS carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MessagePurpose {
    /// A one-time code.
    Otp(Secret),
    /// An Instant Link.
    Link(Secret),
}

/// Shortest and longest run of `#` in an SMS text.
const RUN: std::ops::RangeInclusive<usize> = 4..=6;

/// The length of the code that a text asks for. `None`: the text does not hold exactly one run of four to six `#`.
pub(crate) fn code_length(template: &str) -> Option<usize> {
    let length = template.matches('#').count();
    (RUN.contains(&length) && template.contains(&"#".repeat(length))).then_some(length)
}

/// The SMS with a code. The last line names the page and the code in the form that browsers fill in by themselves.
pub(crate) fn code_text(template: Option<&str>, code: &str, host: &str, lifetime: Duration) -> String {
    let text = match template {
        Some(template) => fill(template, code),
        None => format!("Your code is {code}. It is good for {}.", in_words(lifetime)),
    };
    format!("{text}\n\n@{host} #{code}")
}

/// The SMS with a link.
pub(crate) fn link_text(template: Option<&str>, url: &str, lifetime: Duration) -> String {
    match template {
        Some(template) => fill(template, url),
        None => format!("Open this link to sign in: {url} It is good once, for {}.", in_words(lifetime)),
    }
}

fn fill(template: &str, value: &str) -> String {
    match code_length(template) {
        Some(length) => template.replacen(&"#".repeat(length), value, 1),
        None => template.to_owned(),
    }
}

fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 60, seconds % 60) {
        (1, 0) => "1 minute".to_owned(),
        (minutes, 0) if minutes > 0 => format!("{minutes} minutes"),
        _ => format!("{seconds} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_hashes_is_the_length_of_the_code() {
        let cases = [("####", Some(4)), ("a ##### b", Some(5)), ("######", Some(6)), ("###", None), ("#######", None)];
        for (template, length) in cases {
            assert_eq!(code_length(template), length, "{template}");
        }
        assert_eq!((code_length("no place"), code_length("#### and #")), (None, None));
    }

    #[test]
    fn a_code_ends_in_the_line_that_browsers_read() {
        let text = code_text(Some("Use ##### here"), "12345", "shop.test", Duration::from_secs(120));
        assert_eq!(text, "Use 12345 here\n\n@shop.test #12345");
        let text = code_text(None, "1234", "localhost", Duration::from_secs(120));
        assert_eq!(text, "Your code is 1234. It is good for 2 minutes.\n\n@localhost #1234");
    }

    #[test]
    fn a_link_takes_the_place_of_the_hashes() {
        assert_eq!(link_text(Some("Go: ####!"), "http://l.test/1", Duration::from_secs(180)), "Go: http://l.test/1!");
        let text = link_text(None, "http://l.test/1", Duration::from_secs(45));
        assert_eq!(text, "Open this link to sign in: http://l.test/1 It is good once, for 45 seconds.");
    }
}
