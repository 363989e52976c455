//! Reading a settings file never panics, agrees with the crate toml about the grammar and about plain values, and no error
//! repeats a secret. In the input, `@` and `$` stand for two secrets, so that no mutation damages them.

use handset_sandbox::Config;
use toml::{Table, Value};

/// One that is plain, and one with quotes.
const SECRETS: [(char, &str); 2] = [('@', "whsec_Xq7Zk9Wv2Jp4Bn6M"), ('$', "whsec_Hd3'Rf8Tc5\"Gy1Ls")];
/// What secrets begin with; errors name the prefix.
const PREFIX: &str = "whsec_";
/// So many characters in a row of a secret are a leak.
const LEAK: usize = 4;

pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let text = SECRETS.iter().fold(text.to_owned(), |text, (mark, secret)| text.replace(*mark, secret));
    let table = text.parse::<Table>();
    match Config::from_toml(&text) {
        Ok(config) => {
            let table = table.expect("what is read is TOML");
            check_values(&config, &table);
            is_discreet(&format!("{:?}", config.webhook), &text);
            // With this key, the check reads the file that it names.
            if config.webhook.ca.is_none()
                && let Err(error) = config.check()
                && config.www.is_none()
            {
                is_discreet(&error.to_string(), &text);
            }
        }
        Err(error) => {
            let error = error.to_string();
            assert!(!error.is_empty() && error.lines().count() == 1 && error.len() < 400, "{text}: {error}");
            is_discreet(&error, &text);
        }
    }
}

fn is_discreet(said: &str, text: &str) {
    for (_, secret) in SECRETS {
        let secret = secret.strip_prefix(PREFIX).unwrap();
        let leaks =
            (0..=secret.len() - LEAK).filter_map(|at| secret.get(at..at + LEAK)).any(|part| said.contains(part));
        assert!(!leaks, "{text}: {said}");
    }
}

/// The settings that are taken over as they are written.
fn check_values(config: &Config, table: &Table) {
    let number =
        |path: &str, default: u32| i64::from(default) == value(table, path).map_or(i64::from(default), integer);
    assert!(number("otp.seconds", config.otp.seconds));
    assert!(number("otp.resend_pause_seconds", config.otp.resend_pause_seconds));
    assert!(number("otp.tries_per_number", config.otp.tries_per_number));
    assert!(number("sms.per_session", config.sms.per_session));
    assert!(number("instant_link.seconds", config.instant_link.seconds));
    assert!(number("limits.head_bytes", config.limits.head_bytes));
    assert!(number("limits.sockets", config.limits.sockets));
    assert!(number("webhook.timeout_seconds", config.webhook.timeout_seconds));
    assert_eq!(value(table, "webhook.secret").is_some(), config.webhook.secret.is_some());
    assert_eq!(value(table, "strict_test_users").and_then(Value::as_bool).unwrap_or(false), config.strict_test_users);
    let chaos = value(table, "chaos").map(|value| integer(value).cast_unsigned());
    assert_eq!(chaos, config.chaos_seed);
    let path = |path: &str| value(table, path).and_then(Value::as_str).map(Into::into);
    assert_eq!((path("www"), path("data")), (config.www.clone(), config.data.clone()));
}

fn value<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        Some((outer, rest)) => value(table.get(outer)?.as_table()?, rest),
        None => table.get(path),
    }
}

fn integer(value: &Value) -> i64 {
    value.as_integer().expect("an integer")
}
