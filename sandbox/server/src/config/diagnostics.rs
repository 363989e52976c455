//! Errors of a settings file: they name the place and the key, and never repeat the value, which may be a secret.

use serde_json::Value;
use toml::Deserializer;
use toml::de::Error;

use super::reference::{WHOLE_NUMBER, is_table, kind, setting, title};
use super::{Config, ConfigError};

/// Reads the file over the defaults.
///
/// # Errors
/// The text is no TOML, or a key or value is invalid.
pub(crate) fn read(text: &str) -> Result<Config, ConfigError> {
    // Messages of the parser are about the grammar and repeat nothing of the text.
    let settings = Deserializer::parse(text).map_err(|error| render(text, &error, error.message()))?;
    serde_path_to_error::deserialize(settings).map_err(|error| {
        let path = error.path().to_string();
        let error = error.inner();
        render(text, error, &describe(&path, error.message()))
    })
}

/// The message with line and column.
fn render(text: &str, error: &Error, what: &str) -> ConfigError {
    ConfigError(match error.span() {
        Some(span) => format!("{}: {what}", line_and_column(text, span.start)),
        None => what.to_owned(),
    })
}

/// The line and the column of an offset in a text.
pub(crate) fn line_and_column(text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}")
}

/// The message for the value at `path`. `said` comes from serde or from a [`ConfigError`]; serde's may repeat the value.
fn describe(path: &str, said: &str) -> String {
    if said.starts_with('\'') {
        return said.to_owned();
    }
    if let Some((name, known)) = said.strip_prefix("unknown field `").and_then(|rest| rest.rsplit_once("`, expected "))
    {
        let name = if is_name(name) { name } else { "…" };
        return format!("unknown field `{name}`, expected {known}");
    }
    match setting(path) {
        Some(setting) => format!("{} must be {}", title(path), expected(path, &setting)),
        None => "invalid value".to_owned(),
    }
}

/// Whether the text looks like a key, known or not.
fn is_name(name: &str) -> bool {
    name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn expected(path: &str, setting: &Value) -> String {
    if is_table(setting) {
        return format!("a table: [{path}]");
    }
    match kind(setting).as_str() {
        WHOLE_NUMBER => {
            let is_short = setting.get("format").is_some_and(|format| format == "uint32");
            let most = if is_short { i64::from(u32::MAX) } else { i64::MAX };
            format!("a {WHOLE_NUMBER} from 0 to {most}")
        }
        kind => kind.replace('`', ""),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::Config;

    fn complaint(text: &str) -> String {
        Config::from_toml(text).unwrap_err().to_string()
    }

    #[test]
    fn a_wrong_value_is_told_by_line_name_flag_and_what_it_must_be() {
        for (text, told) in [
            (
                "listen = 'localhost:8787'",
                "line 1, column 10: 'listen' (--listen) must be an IP address and a port, for example 127",
            ),
            ("\nlisten = 8787", "line 2, column 10: 'listen' (--listen) must be "),
            ("otp = 3", "line 1, column 7: 'otp' must be a table: [otp]"),
            ("\n[otp]\nseconds = 'x'", "line 3, column 11: 'otp.seconds' (--otp-seconds) must be a whole number"),
            ("otp.seconds = 1.5", "'otp.seconds' (--otp-seconds) must be a whole number"),
            ("otp.seconds = 5000000000", "'otp.seconds' (--otp-seconds) must be a whole number from 0 to 4294967295"),
            ("otp.seconds = -1", "'otp.seconds' (--otp-seconds) must be a whole number from 0"),
            ("chaos = 'x'", "'chaos' (--chaos) must be a whole number"),
            ("rate_limit = 'x'", "'rate_limit' (--rate-limit) must be requests per second, or 'off'"),
            ("rate_limit = []", "'rate_limit' (--rate-limit) must be requests per second, or 'off'"),
            ("log_format = 'xml'", "'log_format' (--log-format) must be \"text\" or \"json\""),
            ("instant_link.start_reply = 'x'", "'instant_link.start_reply' must be \"auto\", \"data\" or \"empty\""),
            ("strict_test_users = 1", "'strict_test_users' (--strict-test-users) must be true or false"),
            ("store = 'postgres:x'", "line 1, column 9: 'store' (--store) must be"),
            ("store = 1", "'store' (--store) must be "),
            ("origin = 1", "'origin' (--origin) must be "),
            ("allow_hosts = 'sandbox'", "'allow_hosts' (--allow-host) must be a list of strings"),
            ("allow_hosts = ['sandbox:1']", "'allow_hosts' (--allow-host) must be a host name or an IP address"),
            ("trust_proxies = ['x']", "'trust_proxies' (--trust-proxy) must be an IP address or a network"),
            ("trust_proxies = '::1'", "'trust_proxies' (--trust-proxy) must be a list of strings"),
            ("www = 1", "'www' (--www) must be a string"),
            ("limits.sockets = 'x'", "'limits.sockets' must be a whole number"),
            ("webhook.timeout_seconds = 'x'", "'webhook.timeout_seconds' must be a whole number"),
        ] {
            let said = complaint(text);
            assert!(said.contains(told), "{text}: {said}");
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }

    #[test]
    fn what_is_no_toml_is_told_by_its_place() {
        for (text, told) in [
            ("a = 1\nwww = www/dist", "line 2, column 7: "),
            ("[otp", "line 1, column 5: "),
            ("www = 'ä' 'b'", "line 1, column 11: "),
            ("[otp]\nseconds = 1\nseconds = 2", "line 3, column 1: duplicate key"),
        ] {
            assert!(complaint(text).starts_with(told), "{text}: {}", complaint(text));
        }
    }

    const SECRETS: [&str; 3] = ["whsec_0123'56789\"bcdefgh", "secretpath77", "56789"];

    fn is_discreet(text: &str) {
        if let Err(error) = Config::from_toml(text) {
            let said = error.to_string();
            for secret in SECRETS {
                assert!(!said.contains(secret), "{text}: {said}");
            }
        }
    }

    #[test]
    fn no_complaint_shows_a_url_or_a_secret() {
        for text in [
            "url = http://h.test/secretpath77",
            "url = 'http://h.test/secretpath77",
            "url = 'http://h.test/secretpath77' x",
            "url = 'ftp://h.test/secretpath77'",
            "uri = 'http://h.test/secretpath77'",
            "'http://h.test/secretpath77' = 1",
            "timeout_seconds = 'http://h.test/secretpath77'",
            "timeout_seconds = 'http://h.test/secretpath77, expected secretpath77'",
            "secret = whsec_0123'56789\"bcdefgh",
            "secret = \"whsec_0123'56789\"bcdefgh\"",
            "whsec_0123-56789 = 1",
            "secret = 56789",
            "secret = ['secretpath77']",
            "url = 'http://h.test/secretpath77'\nurl = 'http://h.test/secretpath77'",
        ] {
            let text = format!("[webhook]\n{text}");
            complaint(&text);
            is_discreet(&text);
        }
        let misplaced = "webhook = 'http://h.test/secretpath77'";
        assert_eq!(complaint(misplaced), "line 1, column 11: 'webhook' must be a table: [webhook]");
        for name in ["listen", "origin", "store", "rate_limit", "log_format", "chaos", "instant_link.start_reply"] {
            // A folder may be called whatever it is called.
            complaint(&format!("{name} = 'http://h.test/secretpath77'"));
            is_discreet(&format!("{name} = 'http://h.test/secretpath77'"));
        }
    }

    proptest! {
        /// A slip of the hand somewhere in a file that holds secrets.
        #[test]
        fn nor_does_one_about_any_slip(at in any::<prop::sample::Index>(), length in 0..3_usize, typed in "[ -~\n]{0,2}") {
            let mut text = "otp.seconds = 1\n[webhook]\nurl = \"http://h.test/secretpath77\"\n\
                secret = 'whsec_0123456789abcdefgh'\ntimeout_seconds = 5\n".replace("456789", "'56789\\\"");
            let start = at.index(text.len());
            text.replace_range(start..(start + length).min(text.len()), &typed);
            is_discreet(&text);
        }
    }
}
