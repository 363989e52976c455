//! The claims of an authToken.
//!
//! The browser decodes the payload and never verifies the signature. Whoever mints one keeps every claim free of
//! `>`, `?`, `~` and DEL: with ASCII claims only those bring a `-` or `_` into the payload segment, which some clients
//! feed to `atob` as it is.

use serde::{Deserialize, Serialize};

use crate::client::Empty;

/// The whole payload.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    /// Request id.
    #[serde(default)]
    pub rid: String,
    /// When it was issued, in s since the epoch.
    #[serde(default)]
    pub iat: i64,
    /// When it expires, in s since the epoch.
    #[serde(default)]
    pub exp: i64,
    /// What the flow needs.
    pub auth: Auth,
}

/// What the flow needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Auth {
    /// authId, handed to AuthFinishStep.
    pub id: String,
    /// Namespace: the key under which a device registration is stored. Not empty.
    #[serde(default)]
    pub ans: String,
    /// Origin of the backend: scheme, lower-case host, port unless it is the default. No path, no slash.
    pub endp: String,
    /// Challenge that a device key signs.
    #[serde(default)]
    pub chlg: String,
    /// Name of the first step.
    pub next: String,
    /// What each subject can do. An object, even if empty.
    pub subs: Subjects,
}

/// What each subject can do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Subjects {
    /// The phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mob: Option<Mobile>,
}

/// The phone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mobile {
    /// The ways to prove it.
    pub auths: MobileAuths,
}

/// The ways to prove a phone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MobileAuths {
    /// SMS one-time code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp: Option<NumberKnown>,
    /// Instant Link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inln: Option<NumberKnown>,
    /// Mobile Auth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inst: Option<Empty>,
}

/// Whether the server has the phone number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NumberKnown {
    /// True: the server has it, so the page's start step gets `phoneNumberNeeded = false`.
    #[serde(default)]
    pub mnp: bool,
}
