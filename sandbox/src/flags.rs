use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Parser;

use crate::config::{Config, Origin, RateLimit};

/// A local backend that plays the whole vendor side of phone sign-in. Nothing leaves this machine.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Flags {
    /// Where to listen; port 0 takes any that is free [default: 127.0.0.1:8787]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Origin that browsers see; required when listening beyond loopback [default: http:// and the address]
    #[arg(long, value_name = "URL")]
    origin: Option<Origin>,
    /// File to write the port to, when listening; removed at the end
    #[arg(long, value_name = "PATH")]
    port_file: Option<PathBuf>,
    /// Folder of the demo page [default: the page that was built in]
    #[arg(long, value_name = "DIR")]
    www: Option<PathBuf>,
    /// Settings as TOML; flags come before the file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Serve test users only: any other number is refused
    #[arg(long)]
    strict_test_users: bool,
    /// How long a code is good, in seconds [default: 120]
    #[arg(long, value_name = "SECONDS")]
    otp_seconds: Option<u32>,
    /// How long a link is good, in seconds [default: 180]
    #[arg(long, value_name = "SECONDS")]
    link_seconds: Option<u32>,
    /// Requests a second and credential, or 'off' [default: 25]
    #[arg(long, value_name = "NUMBER")]
    rate_limit: Option<RateLimit>,
    /// Break what the page's authenticator sends, by the plan of this seed, a whole number
    #[arg(long, value_name = "SEED")]
    chaos: Option<u64>,
}

impl Flags {
    /// Where to write the port.
    pub fn port_file(&self) -> Option<&Path> {
        self.port_file.as_deref()
    }

    /// The settings: these flags over the file that they name, over the defaults.
    pub fn config(self) -> Result<Config, Box<dyn Error>> {
        let mut config = match &self.config {
            Some(file) => {
                let named = |error: &dyn std::fmt::Display| format!("--config {}: {error}", file.display());
                let text = std::fs::read_to_string(file).map_err(|error| named(&error))?;
                Config::from_toml(&text).map_err(|error| named(&error))?
            }
            None => Config::default(),
        };
        config.listen = self.listen.unwrap_or(config.listen);
        config.origin = self.origin.or(config.origin);
        config.www = self.www.or(config.www);
        config.strict_test_users |= self.strict_test_users;
        config.otp_seconds = self.otp_seconds.unwrap_or(config.otp_seconds);
        config.link_seconds = self.link_seconds.unwrap_or(config.link_seconds);
        config.rate_limit = self.rate_limit.map_or(config.rate_limit, |limit| limit.0);
        config.chaos_seed = self.chaos.or(config.chaos_seed);
        config.check()?;
        Ok(config)
    }
}
