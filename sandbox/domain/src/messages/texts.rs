//! The texts of messages. No messages and no decisions.

use std::time::Duration;

use crate::{Channel, CodePurpose};

/// Allowed length of the run of `#` in an SMS text.
const RUN: std::ops::RangeInclusive<usize> = 4..=6;

/// Length of the code, from the run of `#` in a text. `None`: the text does not have exactly one run of four to six
/// `#`.
pub(crate) fn code_length(template: &str) -> Option<usize> {
    let length = template.matches('#').count();
    (RUN.contains(&length) && template.contains(&"#".repeat(length))).then_some(length)
}

/// The text of an SMS with a code. The last line has the format of origin-bound one-time codes, for autofill in
/// browsers.
pub(crate) fn code_text(template: Option<&str>, code: &str, host: &str, lifetime: Duration) -> String {
    let text = match template {
        Some(template) => fill(template, code),
        None => format!("Your code is {code}. It is good for {}.", in_words(lifetime)),
    };
    origin_bound(&text, host, code)
}

/// The text of an SMS with a link.
pub(crate) fn link_text(template: Option<&str>, url: &str, lifetime: Duration) -> String {
    match template {
        Some(template) => fill(template, url),
        None => format!("Open this link to sign in: {url} It is good once, for {}.", in_words(lifetime)),
    }
}

/// The text of a message with the code of a journey. `host` is that of the page that asks for the code, if it is known. An
/// e-mail has no line for it, because origin-bound codes are a format of SMS.
pub(crate) fn journey_code_text(
    channel: Channel,
    purpose: CodePurpose,
    code: &str,
    host: Option<&str>,
    lifetime: Duration,
) -> String {
    let goal = match (purpose, channel) {
        (CodePurpose::Handoff, _) => "go on on this device",
        (CodePurpose::Resume, _) => "continue your application",
        (CodePurpose::Module, Channel::Mobile) => "confirm your phone number",
        (CodePurpose::Module, Channel::Email) => "confirm your e-mail address",
    };
    let text = format!("Your code to {goal} is {code}. It is good for {}.", in_words(lifetime));
    match (channel, host) {
        (Channel::Mobile, Some(host)) => origin_bound(&text, host, code),
        (Channel::Mobile, None) => text,
        (Channel::Email, _) => format!("{text}\n\n{NOT_YOU}"),
    }
}

/// The text of a message with the link of a handoff, which continues a journey on another device.
pub(crate) fn handoff_text(channel: Channel, url: &str, lifetime: Duration) -> String {
    let lifetime = in_words(lifetime);
    match channel {
        Channel::Mobile => {
            format!(
                "Open this link to continue your application on this device: {url} It is good once, for {lifetime}."
            )
        }
        Channel::Email => format!(
            "Open this link on the device on which you want to continue your application:\n\n{url}\n\n\
             It is good once, for {lifetime}. {NOT_YOU}"
        ),
    }
}

/// The last sentence of an e-mail.
const NOT_YOU: &str = "If you did not ask for this e-mail, ignore it.";

/// A text with the line that binds its code to the host.
fn origin_bound(text: &str, host: &str, code: &str) -> String {
    format!("{text}\n\n@{host} #{code}")
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
    fn the_text_of_a_code_ends_in_the_line_for_browsers() {
        let text = code_text(Some("Use ##### here"), "12345", "shop.test", Duration::from_secs(120));
        assert_eq!(text, "Use 12345 here\n\n@shop.test #12345");
        let text = code_text(None, "1234", "localhost", Duration::from_secs(120));
        assert_eq!(text, "Your code is 1234. It is good for 2 minutes.\n\n@localhost #1234");
    }

    #[test]
    fn a_link_replaces_the_hashes() {
        assert_eq!(link_text(Some("Go: ####!"), "http://l.test/1", Duration::from_secs(180)), "Go: http://l.test/1!");
        let text = link_text(None, "http://l.test/1", Duration::from_secs(45));
        assert_eq!(text, "Open this link to sign in: http://l.test/1 It is good once, for 45 seconds.");
    }

    #[test]
    fn the_code_of_a_journey_says_what_it_is_for() {
        let (resume, module, lifetime) = (CodePurpose::Resume, CodePurpose::Module, Duration::from_secs(300));
        let text = |channel, purpose, host| journey_code_text(channel, purpose, "123456789", host, lifetime);
        assert_eq!(
            text(Channel::Mobile, resume, Some("shop.test")),
            "Your code to continue your application is 123456789. It is good for 5 minutes.\n\n@shop.test #123456789"
        );
        assert_eq!(
            text(Channel::Mobile, module, None),
            "Your code to confirm your phone number is 123456789. It is good for 5 minutes."
        );
        for host in [Some("shop.test"), None] {
            assert_eq!(
                text(Channel::Email, module, host),
                "Your code to confirm your e-mail address is 123456789. It is good for 5 minutes.\n\n\
                 If you did not ask for this e-mail, ignore it.",
                "an e-mail is not bound to a host"
            );
        }
    }

    #[test]
    fn a_handoff_is_a_link_by_sms_and_by_email() {
        let text = |channel| handoff_text(channel, "http://l.test/1", Duration::from_secs(600));
        assert_eq!(
            text(Channel::Mobile),
            "Open this link to continue your application on this device: http://l.test/1 It is good once, for 10 minutes."
        );
        assert_eq!(
            text(Channel::Email),
            "Open this link on the device on which you want to continue your application:\n\nhttp://l.test/1\n\n\
             It is good once, for 10 minutes. If you did not ask for this e-mail, ignore it."
        );
    }
}
