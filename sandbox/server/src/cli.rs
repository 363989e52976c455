//! The command line: flags, their help, and how they override the settings file.

use std::error::Error;
use std::num::{IntErrorKind, ParseIntError};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Parser;

use crate::config::{Config, ConfigError, HostEntry, ListenAddress, LogFormat, Origin, RateLimit, Storage, Tls};

const RULES: &str = "Rules of the backend";
const NETWORK: &str = "Network";
const ENCRYPTION: &str = "Encryption";
const FILES: &str = "Files and logs";

/// The environment variable with the same meaning as the flag; commas separate names.
const ALLOW_HOST: &str = "HANDSET_SANDBOX_ALLOW_HOST";

const ABOUT: &str = "\
A local backend that plays the whole vendor side of phone sign-in.
Nothing leaves this machine: an SMS is an entry in a list, at /sandbox/messages.";

const AFTER: &str = "\
Prints one line with its address to stdout once it listens. SIGTERM and Ctrl-C stop it.
Logs go to stderr, filtered by RUST_LOG. Credentials are public: sandbox / sandbox-secret.
Manual: docs/sandbox.md. Settings file: docs/sandbox-config.md.";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "handset-sandbox", version, about = ABOUT, long_about = None, after_help = AFTER)]
pub struct Flags {
    /// Address and port to listen on; port 0 picks a free one [default: 127.0.0.1:8787]
    #[arg(long, value_name = "IP:PORT", help_heading = NETWORK)]
    listen: Option<ListenAddress>,
    /// Origin that browsers use; required beyond loopback [default: that of --listen]
    #[arg(long, value_name = "URL", help_heading = NETWORK)]
    origin: Option<Origin>,
    /// Additional host name to answer to, e.g. a container's; repeatable
    #[arg(long, value_name = "NAME", env = ALLOW_HOST, value_delimiter = ',', hide_env = true, help_heading = NETWORK)]
    allow_host: Vec<HostEntry>,
    /// File that receives the port once listening; removed at exit
    #[arg(long, value_name = "PATH", help_heading = NETWORK)]
    port_file: Option<PathBuf>,
    /// Requests per second and credential, or 'off' [default: 25]
    #[arg(long, value_name = "NUMBER", help_heading = NETWORK)]
    rate_limit: Option<RateLimit>,
    /// Serve https with a certificate of a local CA, kept in the data folder
    #[arg(long, help_heading = ENCRYPTION)]
    tls_self_signed: bool,
    /// Serve https with this certificate chain (PEM)
    #[arg(long, value_name = "FILE", help_heading = ENCRYPTION)]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", help_heading = ENCRYPTION)]
    tls_key: Option<PathBuf>,
    /// Accept only test users and behaviour numbers
    #[arg(long, help_heading = RULES)]
    strict_test_users: bool,
    /// Lifetime of a code in seconds [default: 120]
    #[arg(long, value_name = "NUMBER", value_parser = parse_number::<u32>, help_heading = RULES)]
    otp_seconds: Option<u32>,
    /// Lifetime of a link in seconds [default: 180]
    #[arg(long, value_name = "NUMBER", value_parser = parse_number::<u32>, help_heading = RULES)]
    link_seconds: Option<u32>,
    /// Inject network faults into page requests, reproducibly from this seed
    #[arg(long, value_name = "SEED", value_parser = parse_number::<u64>, help_heading = RULES)]
    chaos: Option<u64>,
    /// Settings file (TOML); flags override it
    #[arg(long, value_name = "FILE", help_heading = FILES)]
    config: Option<PathBuf>,
    /// Storage: 'memory' or 'sqlite:PATH' [default: memory]
    #[arg(long, value_name = "STORE", help_heading = FILES)]
    store: Option<Storage>,
    /// Data folder, holds the local CA [default: handset-sandbox in the user's data folder]
    #[arg(long, value_name = "DIR", help_heading = FILES)]
    data: Option<PathBuf>,
    /// Folder of the demo page [default: the built-in page]
    #[arg(long, value_name = "DIR", help_heading = FILES)]
    www: Option<PathBuf>,
    /// Log format: 'text' or 'json' [default: text]
    #[arg(long, value_name = "FORMAT", value_enum, hide_possible_values = true, help_heading = FILES)]
    log_format: Option<LogFormat>,
    /// Print the reference of the settings file as Markdown and exit
    #[arg(long, help_heading = FILES)]
    pub config_reference: bool,
}

fn parse_number<T: FromStr<Err = ParseIntError>>(text: &str) -> Result<T, ConfigError> {
    text.parse().map_err(|error: T::Err| {
        let why = match error.kind() {
            IntErrorKind::PosOverflow => "is too large",
            _ => "must be a whole number, for example 7",
        };
        ConfigError(why.to_owned())
    })
}

impl Flags {
    /// The file that receives the port.
    pub fn port_file(&self) -> Option<&Path> {
        self.port_file.as_deref()
    }

    /// The log format, if a flag sets one.
    pub fn log_format(&self) -> Option<LogFormat> {
        self.log_format
    }

    /// The settings: defaults, overridden by the settings file, overridden by these flags.
    ///
    /// # Errors
    /// The settings file cannot be read, or a setting is invalid; the text names it.
    pub fn config(self) -> Result<Config, Box<dyn Error>> {
        let mut config = match &self.config {
            Some(file) => {
                let named = |error: &dyn std::fmt::Display| format!("--config {}: {error}", file.display());
                let text = std::fs::read_to_string(file).map_err(|error| named(&error))?;
                Config::from_toml(&text).map_err(|error| named(&error))?
            }
            None => Config::default(),
        };
        config.listen = self.listen.map_or(config.listen, |address| address.0);
        config.origin = self.origin.or(config.origin);
        let allow_hosts = HostEntry::named(self.allow_host);
        if !allow_hosts.is_empty() {
            config.allow_hosts = allow_hosts;
        }
        config.www = self.www.or(config.www);
        config.store = self.store.unwrap_or(config.store);
        config.strict_test_users |= self.strict_test_users;
        config.otp_seconds = self.otp_seconds.unwrap_or(config.otp_seconds);
        config.link_seconds = self.link_seconds.unwrap_or(config.link_seconds);
        config.rate_limit = self.rate_limit.map_or(config.rate_limit, |limit| limit.0);
        config.chaos_seed = self.chaos.or(config.chaos_seed);
        if self.tls_self_signed || self.tls_cert.is_some() || self.tls_key.is_some() {
            config.tls = Tls::of(self.tls_self_signed, self.tls_cert, self.tls_key)?;
        }
        config.data = self.data.or(config.data);
        config.log_format = self.log_format.unwrap_or(config.log_format);
        config.check()?;
        Ok(config)
    }
}
