//! `section!` defines a table of the settings file, each setting in one place. Which settings exist is in the sections.

use std::num::{IntErrorKind, ParseIntError};
use std::str::FromStr;

use super::ConfigError;

pub(crate) const NETWORK: &str = "Network";
pub(crate) const ENCRYPTION: &str = "Encryption";
pub(crate) const RULES: &str = "Rules of the backend";
pub(crate) const FILES: &str = "Files and logs";

/// A table of settings.
pub(crate) trait Section {
    /// The key and the minimum of the first number that is below its minimum.
    fn below_minimum(&self) -> Option<(&'static str, u32)>;
}

/// Defines a [`Section`]. The name of a field is its key, the first paragraph of its comment its text in the reference,
/// `#[arg]` its flag, and `=` its default. The file's reader, the reference and, with `#[derive(clap::Args)]`, the flags
/// follow. The id of a flag is the path of its key, for example `otp.seconds`.
macro_rules! section {
    (
        $(#[$about:meta])*
        pub struct $section:ident {
            $($(#[$attribute:meta])* $name:ident: $type:ty = $default:expr $(, at least $minimum:literal)?;)*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct $section {
            $($(#[$attribute])* $(#[schemars(range(min = $minimum))])? pub $name: $type,)*
        }

        impl Default for $section {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl $crate::config::section::Section for $section {
            fn below_minimum(&self) -> Option<(&'static str, u32)> {
                $($(if self.$name < $minimum {
                    return Some((stringify!($name), $minimum));
                })?)*
                None
            }
        }
    };
}
pub(crate) use section;

/// Parses the number of a flag.
///
/// # Errors
/// The text is no whole number, or too large a one.
pub(crate) fn parse_number<T: FromStr<Err = ParseIntError>>(text: &str) -> Result<T, ConfigError> {
    text.parse().map_err(|error: T::Err| {
        let why = match error.kind() {
            IntErrorKind::PosOverflow => "is too large",
            _ => "must be a whole number, for example 7",
        };
        ConfigError(why.to_owned())
    })
}
