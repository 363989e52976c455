//! A settings file over the defaults, and the checks of settings that were read.

use super::reference::title;
use super::section::Section;
use super::{Config, ConfigError, diagnostics, read_webhook_ca};

impl Config {
    /// Reads a TOML file's text over the defaults. Every key is optional; an unknown one is refused by name.
    ///
    /// # Errors
    /// The text is no TOML, or a key, a value or a pair of values is invalid.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let config = diagnostics::read(text)?;
        config.check_pairs()?;
        Ok(config)
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// A setting is invalid; the text names it.
    pub fn check(&self) -> Result<(), ConfigError> {
        let wrong = |text: &str| Err(ConfigError(text.to_owned()));
        let sections: [(&str, &dyn Section); 9] = [
            ("otp", &self.otp),
            ("sms", &self.sms),
            ("instant_link", &self.instant_link),
            ("journeys", &self.journeys),
            ("mobile_auth", &self.mobile_auth),
            ("carrier", &self.carrier),
            ("tls", &self.tls),
            ("limits", &self.limits),
            ("webhook", &self.webhook),
        ];
        for (table, section) in sections {
            if let Some((key, minimum)) = section.below_minimum() {
                let name = title(&format!("{table}.{key}"));
                return Err(ConfigError(format!("{name} must be at least {minimum}")));
            }
        }
        if let Some(ca) = &self.webhook.ca {
            read_webhook_ca(ca)?;
        }
        if self.listens_beyond_loopback() && self.origin.is_none() {
            return wrong("'origin' (--origin) is required when listening beyond loopback");
        }
        if let Some(www) = self.www.as_ref().filter(|www| !www.is_dir()) {
            return Err(ConfigError(format!("'www' (--www) must be a folder: {}", www.display())));
        }
        if let Some(workflows) = self.workflows.as_ref().filter(|workflows| !workflows.is_dir()) {
            return Err(ConfigError(format!("'workflows' (--workflows) must be a folder: {}", workflows.display())));
        }
        if self.tls.is_on() && self.origin.as_ref().is_some_and(|origin| origin.scheme() != "https") {
            return wrong("'origin' (--origin) must be https:// when the port serves https");
        }
        if !self.carrier.listen.ip().is_loopback() && self.carrier.origin.is_none() {
            return wrong("'carrier.origin' (--carrier-origin) is required when the carrier listens beyond loopback");
        }
        if self.tls.is_on() && self.carrier.origin.as_ref().is_some_and(|origin| origin.scheme() != "https") {
            return wrong("'carrier.origin' (--carrier-origin) must be https:// when the port serves https");
        }
        if self.carrier.origin.is_some() && self.carrier.origin == self.origin {
            return wrong("'carrier.origin' (--carrier-origin) must be another origin than 'origin' (--origin)");
        }
        self.check_pairs()
    }

    /// Checks the settings that go together.
    fn check_pairs(&self) -> Result<(), ConfigError> {
        self.tls.certificate()?;
        self.webhook.check()
    }
}
