//! A message to a user: recipient, channel, purpose and origin. Its text is in `texts`.

use handset_protocol::{Secret, UnixMillis};
use serde::{Deserialize, Serialize};

use crate::{Channel, Contact};

/// An SMS or an e-mail. The sandbox never sends one; it stores it in the message list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Recipient's number or e-mail address.
    pub to: Secret,
    /// SMS or e-mail.
    pub channel: Channel,
    /// Purpose, with the code or the link.
    pub purpose: MessagePurpose,
    /// Text.
    pub text: Secret,
    /// Project of the origin.
    pub project: String,
    /// What has sent it.
    pub origin: MessageOrigin,
    /// Time of sending.
    pub sent_at: UnixMillis,
    /// Expiry of the code or the link.
    pub expires_at: UnixMillis,
}

/// Purpose of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MessagePurpose {
    /// A one-time code.
    Otp(Secret),
    /// A link: an Instant Link, or that of a handoff.
    Link(Secret),
}

/// What has sent a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MessageOrigin {
    /// A session.
    Session {
        /// See [`Session::auth_id`](crate::Session::auth_id).
        auth_id: String,
    },
    /// A journey.
    Journey {
        /// The application.
        app_id: String,
        /// The transaction.
        transaction_id: String,
    },
}

impl Message {
    /// The recipient. `None`: `to` is no contact of the channel.
    pub fn recipient(&self) -> Option<Contact> {
        Contact::parse(self.channel, &self.to)
    }
}
