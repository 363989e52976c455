//! Tests of the settings: over every definition, over the file, and over the checks. Tests of single values are beside the
//! values.

use std::collections::BTreeSet;

use clap::ArgAction;
use handset_sandbox_domain::{CarrierState, MobileAuthFlows, StartReplyShape};

use super::reference::{is_table, members, schema, title};
use super::*;
use crate::Flags;

/// Values of every type. Each setting accepts at least one that is not its default.
const VALUES: [&str; 11] = [
    "7",
    "true",
    "json",
    "data",
    "[::1]:7",
    "http://a.test",
    "sqlite:a",
    "whsec_0123456789abcdef",
    "always",
    "wifi",
    "10.0.0.0/8",
];

/// The paths of all settings, and their minimum if it is not 0.
fn definitions() -> Vec<(String, Option<u64>)> {
    let schema = schema();
    let minimum =
        |setting: &serde_json::Value| setting.get("minimum").and_then(|least| least.as_u64()).filter(|n| *n > 0);
    let mut all = Vec::new();
    for (name, setting) in members(&schema) {
        if is_table(setting) {
            all.extend(members(setting).iter().map(|(key, setting)| (format!("{name}.{key}"), minimum(setting))));
        } else {
            all.push((name.clone(), minimum(setting)));
        }
    }
    all
}

/// A value that the setting accepts, and the settings by a file that holds nothing else.
fn sample(path: &str) -> (&'static str, Config) {
    let in_toml = |value: &str| [value.to_owned(), format!("'{value}'"), format!("['{value}']")];
    VALUES
        .into_iter()
        .flat_map(|value| in_toml(value).map(|toml| (value, format!("{path} = {toml}"))))
        .filter_map(|(value, line)| Some((value, diagnostics::read(&line).ok()?)))
        .find(|(_, config)| *config != Config::default())
        .unwrap_or_else(|| panic!("no value sets '{path}'"))
}

#[test]
fn every_setting_of_the_reference_is_read_from_the_file_to_a_place_of_its_own() {
    let definitions = definitions();
    let configs: BTreeSet<_> = definitions.iter().map(|(path, _)| format!("{:?}", sample(path).1)).collect();
    assert_eq!(configs.len(), definitions.len());
    let reference = config_reference();
    assert_eq!(reference.lines().filter(|line| line.starts_with("| `")).count(), definitions.len());
}

#[test]
fn every_flag_sets_what_its_key_in_the_file_sets_and_comes_before_it() {
    let command = settings_flags(clap::Command::new("sandbox"));
    assert!(command.get_arguments().count() > 0);
    for argument in command.get_arguments() {
        let path = argument.get_id().as_str();
        let (value, of_file) = sample(path);
        let flag = format!("--{}", argument.get_long().unwrap());
        let is_switch = argument.get_num_args().is_some_and(|values| !values.takes_values());
        let given = if is_switch { flag } else { format!("{flag}={value}") };
        assert!(matches!(argument.get_action(), ArgAction::Set | ArgAction::Append));
        let flags = Flags::from_arguments(["sandbox", &given]).unwrap();
        assert_eq!(flags.over(Config::default()).unwrap(), of_file, "{given}");
        assert_eq!(flags.over(of_file.clone()).unwrap(), of_file, "{given}");
        // A flag that is not given leaves the file's value.
        assert_eq!(Flags::from_arguments(["sandbox"]).unwrap().over(of_file.clone()).unwrap(), of_file, "{given}");
    }
}

#[test]
fn the_flags_of_tls_replace_its_table_as_a_whole() {
    let of_file = Config::from_toml("[tls]\ncert = 'cert.pem'\nkey = 'key.pem'").unwrap();
    let flags = Flags::from_arguments(["sandbox", "--tls-self-signed"]).unwrap();
    assert_eq!(flags.over(of_file).unwrap().tls.certificate(), Ok(Tls::SelfSigned));
}

#[test]
fn every_minimum_is_checked() {
    let bounded: Vec<_> = definitions().into_iter().filter_map(|(path, minimum)| Some((path, minimum?))).collect();
    assert!(!bounded.is_empty());
    for (path, minimum) in bounded {
        let config = Config::from_toml(&format!("{path} = {}", minimum - 1)).unwrap();
        assert_eq!(config.check().unwrap_err().to_string(), format!("{} must be at least {minimum}", title(&path)));
        let config = Config::from_toml(&format!("{path} = {minimum}")).unwrap();
        assert_eq!(config.check(), Ok(()), "{path}");
    }
}

#[test]
fn settings_that_cannot_work_are_refused_by_name() {
    let beyond = Config { listen: "0.0.0.0:8787".parse().unwrap(), ..Config::default() };
    let otp = OtpConfig::default();
    let sms = SmsConfig { number_window_seconds: 0, ..SmsConfig::default() };
    let instant_link = InstantLinkConfig { seconds: 0, ..InstantLinkConfig::default() };
    let webhook = WebhookConfig::default();
    let tls = TlsConfig { self_signed: true, ..TlsConfig::default() };
    let self_signed = tls.clone();
    let limits = Limits { body_seconds: 0, ..Limits::default() };
    let carrier = |listen: &str, origin: Option<&str>| CarrierConfig {
        listen: listen.parse().unwrap(),
        origin: origin.map(|origin| origin.parse().unwrap()),
    };
    let cases = [
        (Config { otp: OtpConfig { seconds: 0, ..otp.clone() }, ..Config::default() }, "otp.seconds"),
        (
            Config { otp: OtpConfig { number_window_seconds: 0, ..otp }, ..Config::default() },
            "otp.number_window_seconds",
        ),
        (Config { sms, ..Config::default() }, "sms.number_window_seconds"),
        (Config { instant_link, ..Config::default() }, "instant_link.seconds"),
        (
            Config { webhook: WebhookConfig { timeout_seconds: 0, ..webhook.clone() }, ..Config::default() },
            "webhook.timeout_seconds",
        ),
        (
            Config { webhook: WebhookConfig { ca: Some("/no/such/file".into()), ..webhook }, ..Config::default() },
            "webhook.ca",
        ),
        (Config { www: Some("/no/such/folder".into()), ..Config::default() }, "www"),
        (Config { workflows: Some("/no/such/folder".into()), ..Config::default() }, "workflows"),
        (beyond.clone(), "origin"),
        (Config { tls, origin: Some("http://shop.test".parse().unwrap()), ..Config::default() }, "origin"),
        (Config { limits, ..Config::default() }, "limits.body_seconds"),
        (Config { carrier: carrier("0.0.0.0:0", None), ..Config::default() }, "carrier.origin"),
        (
            Config {
                carrier: carrier("127.0.0.1:0", Some("http://carrier.test")),
                tls: self_signed,
                ..Config::default()
            },
            "carrier.origin",
        ),
        (
            Config {
                carrier: carrier("127.0.0.1:0", Some("https://shop.test")),
                origin: Some("https://shop.test".parse().unwrap()),
                ..Config::default()
            },
            "carrier.origin",
        ),
    ];
    for (config, name) in cases {
        assert!(config.check().unwrap_err().to_string().starts_with(&format!("'{name}'")));
    }
    let named = Config { origin: Some("https://shop.test".parse().unwrap()), ..beyond };
    assert_eq!(named.check(), Ok(()));
}

#[test]
fn a_file_sets_every_key() {
    let text = r#"
        listen = "[::1]:0"
        origin = "https://shop.test"
        allow_hosts = ["sandbox", " 10.0.0.1 ", ""]
        trust_proxies = ["10.0.0.0/8", "::1"]
        www = "somewhere"
        workflows = "elsewhere"
        store = "sqlite:some/file"
        strict_test_users = true
        rate_limit = "off"
        chaos = 7
        data = "kept"
        log_format = "json"
        [otp]
        seconds = 60
        resend_pause_seconds = 30
        tries_per_number = 5
        number_window_seconds = 3600
        [sms]
        per_session = 3
        per_number = 7
        number_window_seconds = 1800
        [instant_link]
        seconds = 300
        start_reply = "data"
        [journeys]
        state_days = 7
        code_seconds = 60
        tries = 3
        lock_seconds = 120
        resend_pause_seconds = 0
        codes_per_day = 5
        [mobile_auth]
        flows = "always"
        carrier = "wifi"
        [carrier]
        listen = "[::1]:7"
        origin = "https://carrier.test"
        [tls]
        cert = "cert.pem"
        key = "key.pem"
        [limits]
        head_seconds = 1
        head_bytes = 2
        body_seconds = 3
        write_seconds = 4
        connections = 5
        sockets = 6
        [webhook]
        url = "http://receiver.test/hook"
        secret = "whsec_0123456789abcdef"
        timeout_seconds = 7
        ca = "ca.pem"
    "#;
    let expected = Config {
        listen: "[::1]:0".parse().unwrap(),
        origin: Some("https://shop.test".parse().unwrap()),
        allow_hosts: vec!["sandbox".parse().unwrap(), "10.0.0.1".parse().unwrap()],
        trust_proxies: vec!["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()],
        www: Some("somewhere".into()),
        workflows: Some("elsewhere".into()),
        store: Storage::Sqlite("some/file".into()),
        strict_test_users: true,
        rate_limit: 0,
        chaos_seed: Some(7),
        data: Some("kept".into()),
        log_format: LogFormat::Json,
        otp: OtpConfig { seconds: 60, resend_pause_seconds: 30, tries_per_number: 5, number_window_seconds: 3600 },
        sms: SmsConfig { per_session: 3, per_number: 7, number_window_seconds: 1800 },
        instant_link: InstantLinkConfig { seconds: 300, start_reply: StartReplyShape::Data },
        journeys: JourneysConfig {
            state_days: 7,
            code_seconds: 60,
            tries: 3,
            lock_seconds: 120,
            resend_pause_seconds: 0,
            codes_per_day: 5,
        },
        mobile_auth: MobileAuthConfig { flows: MobileAuthFlows::Always, carrier: CarrierState::Wifi },
        carrier: CarrierConfig {
            listen: "[::1]:7".parse().unwrap(),
            origin: Some("https://carrier.test".parse().unwrap()),
        },
        tls: TlsConfig { self_signed: false, cert: Some("cert.pem".into()), key: Some("key.pem".into()) },
        limits: Limits {
            head_seconds: 1,
            head_bytes: 2,
            body_seconds: 3,
            write_seconds: 4,
            connections: 5,
            sockets: 6,
        },
        webhook: WebhookConfig {
            url: Some("http://receiver.test/hook".parse().unwrap()),
            secret: Some("whsec_0123456789abcdef".parse().unwrap()),
            timeout_seconds: 7,
            ca: Some("ca.pem".into()),
        },
    };
    assert_eq!(Config::from_toml(text).unwrap(), expected);
    assert_eq!(Config::from_toml("").unwrap(), Config::default());
    let tls = Config::from_toml("tls.self_signed = true").unwrap().tls;
    assert_eq!(tls.certificate(), Ok(Tls::SelfSigned));
    assert_eq!(expected.tls.certificate(), Ok(Tls::Files { cert: "cert.pem".into(), key: "key.pem".into() }));
}

#[test]
fn a_certificate_and_its_key_come_together_and_alone() {
    for text in ["cert = 'a'", "key = 'a'", "self_signed = true\ncert = 'a'\nkey = 'b'"] {
        let error = Config::from_toml(&format!("[tls]\n{text}")).unwrap_err().to_string();
        assert!(error.starts_with("'tls.cert' (--tls-cert) and 'tls.key' (--tls-key)"), "{text}: {error}");
    }
}

#[test]
fn a_webhook_has_a_url_and_a_secret_which_no_complaint_shows() {
    for text in [
        "url = 'http://a.test'",
        "secret = 'whsec_0123456789abcdef'",
        "secret = 'whsec_0123456789abcdef' x",
        "timeout_seconds = 'whsec_0123456789abcdef'",
        "url = 'whsec_0123456789abcdef'",
    ] {
        let error = Config::from_toml(&format!("[webhook]\n{text}")).unwrap_err().to_string();
        assert!(!error.contains("0123456789"), "{error}");
    }
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    for (text, key) in [
        ("colour = 1", "colour"),
        ("[otp]\nsecond = 1", "second"),
        ("[instant_link]\nx = 1", "x"),
        ("[limits]\ny = 1", "y"),
        ("[journeys]\nc = 1", "c"),
        ("[webhook]\nz = 1", "z"),
        ("[mobile_auth]\na = 1", "a"),
        ("[carrier]\nb = 1", "b"),
    ] {
        let error = Config::from_toml(text).unwrap_err().to_string();
        assert!(error.contains(&format!("unknown field `{key}`")), "{error}");
    }
}
