//! Contacts of a journey's user: a phone number or an e-mail address. No messages and no limits.

use email_address::EmailAddress;
use handset_protocol::Secret;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

use crate::Phone;

/// The way to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Channel {
    /// SMS.
    Mobile,
    /// E-mail.
    Email,
}

impl Channel {
    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// An e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// As it was given.
    given: Secret,
    /// In lower case, for comparisons.
    normalized: Secret,
}

impl Email {
    /// What an address looks like.
    pub const SHAPE: &str = "an e-mail address, for example ada@example.com";

    /// Parses an address. `None`: it is none.
    pub fn parse(given: &Secret) -> Option<Self> {
        let text = given.expose().trim();
        let options = email_address::Options::default().without_display_text().without_domain_literal();
        EmailAddress::parse_with_options(text, options).ok()?;
        Some(Self { given: text.into(), normalized: text.to_lowercase().into() })
    }

    /// The address as it was given.
    pub fn given(&self) -> &Secret {
        &self.given
    }
}

/// A contact of a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Contact {
    /// A phone number.
    Mobile(Phone),
    /// An e-mail address.
    Email(Email),
}

impl Contact {
    /// Parses a contact of a channel. `None`: it is none.
    pub fn parse(channel: Channel, given: &Secret) -> Option<Self> {
        match channel {
            Channel::Mobile => Phone::parse(given).map(Self::Mobile),
            Channel::Email => Email::parse(given).map(Self::Email),
        }
    }

    /// The way to the contact.
    pub fn channel(&self) -> Channel {
        match self {
            Self::Mobile(_) => Channel::Mobile,
            Self::Email(_) => Channel::Email,
        }
    }

    /// The contact as it was given.
    pub fn given(&self) -> &Secret {
        match self {
            Self::Mobile(phone) => phone.given(),
            Self::Email(email) => email.given(),
        }
    }

    /// The normalized contact with its channel: the same for every notation of one contact. A secret.
    pub fn key(&self) -> Secret {
        match self {
            Self::Mobile(phone) => format!("mobile:{}", phone.digits()).into(),
            Self::Email(email) => format!("email:{}", email.normalized.expose()).into(),
        }
    }

    /// Enough of the contact for its owner to recognize it: the last two digits, or the first letter and the domain.
    pub fn masked(&self) -> String {
        match self {
            Self::Mobile(phone) => {
                let digits = phone.digits();
                let last: String = digits.chars().skip(digits.chars().count().saturating_sub(2)).collect();
                format!("{}{last}", "*".repeat(digits.chars().count().saturating_sub(2)))
            }
            Self::Email(email) => {
                let (local, domain) = email.given.expose().rsplit_once('@').unwrap_or_default();
                let first: String = local.chars().take(1).collect();
                format!("{first}***@{domain}")
            }
        }
    }
}

impl PartialEq for Contact {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Contact {}
