//! The command line: how the flags override the settings file, and the flags that are no settings. The flags of the settings
//! are in `config`.

use std::error::Error;
use std::ffi::OsString;
use std::mem::take;
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, Command, FromArgMatches};

use crate::config::{AllowedHost, Config, FILES, LogFormat, NETWORK, settings_flags};

const ABOUT: &str = "\
A local backend that plays the whole vendor side of phone sign-in.
Nothing leaves this machine: an SMS is an entry in a list, at /sandbox/messages.";

const AFTER: &str = "\
Prints one line with its address to stdout once it listens. SIGTERM and Ctrl-C stop it.
Logs go to stderr, filtered by RUST_LOG. Credentials are public: sandbox / sandbox-secret.
Manual: docs/sandbox.md. Settings file: docs/sandbox-config.md.";

/// The command line.
#[derive(Debug)]
pub struct Flags {
    process: ProcessFlags,
    settings: ArgMatches,
}

/// The flags that are no settings.
#[derive(Debug, Args)]
struct ProcessFlags {
    /// File that receives the port once listening; removed at exit
    // The help lists it after --trust-proxy, before --rate-limit, the fifth setting.
    #[arg(long, value_name = "PATH", help_heading = NETWORK, display_order = 4)]
    port_file: Option<PathBuf>,
    /// Settings file (TOML); flags override it
    #[arg(long, value_name = "FILE", help_heading = FILES, display_order = 0)]
    config: Option<PathBuf>,
    /// Print the reference of the settings file as Markdown and exit
    #[arg(long, help_heading = FILES)]
    config_reference: bool,
}

impl Flags {
    /// The command line of this process. Help, version and a wrong flag end the process.
    pub fn parse() -> Self {
        Self::from_arguments(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    pub(crate) fn command() -> Command {
        let command = settings_flags(Command::new("handset-sandbox").version(env!("CARGO_PKG_VERSION")));
        ProcessFlags::augment_args(command).about(ABOUT).long_about(None).after_help(AFTER)
    }

    /// The command line of these arguments; the first is the name of the program.
    ///
    /// # Errors
    /// A flag is unknown or invalid, or requests the help or the version.
    pub(crate) fn from_arguments(
        arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> Result<Self, clap::Error> {
        let mut settings = Self::command().try_get_matches_from(arguments)?;
        Ok(Self { process: ProcessFlags::from_arg_matches_mut(&mut settings)?, settings })
    }

    /// Whether the reference of the settings file is requested.
    pub fn config_reference(&self) -> bool {
        self.process.config_reference
    }

    /// The file that receives the port.
    pub fn port_file(&self) -> Option<&Path> {
        self.process.port_file.as_deref()
    }

    /// The log format by the flags alone.
    pub fn log_format(&self) -> LogFormat {
        self.over(Config::default()).unwrap_or_default().log_format
    }

    /// The settings: defaults, overridden by the settings file, overridden by these flags.
    ///
    /// # Errors
    /// The settings file cannot be read, or a setting is invalid; the text names it.
    pub fn config(&self) -> Result<Config, Box<dyn Error>> {
        let of_file = match &self.process.config {
            Some(file) => {
                let named = |error: &dyn std::fmt::Display| format!("--config {}: {error}", file.display());
                let text = std::fs::read_to_string(file).map_err(|error| named(&error))?;
                Config::from_toml(&text).map_err(|error| named(&error))?
            }
            None => Config::default(),
        };
        let config = self.over(of_file)?;
        config.check()?;
        Ok(config)
    }

    /// These flags over other settings. The flags of TLS replace its settings as a whole.
    pub(crate) fn over(&self, mut config: Config) -> Result<Config, clap::Error> {
        let (allow_hosts, tls) = (take(&mut config.allow_hosts), take(&mut config.tls));
        config.update_from_arg_matches(&self.settings)?;
        config.allow_hosts.retain(AllowedHost::is_named);
        if config.allow_hosts.is_empty() {
            config.allow_hosts = allow_hosts;
        }
        if !config.tls.is_on() {
            config.tls = tls;
        }
        Ok(config)
    }
}
