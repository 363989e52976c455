//! A visit of Mobile Auth: the secret in its URL, its lifetime, and how the carrier behaves in it. The value that it returns is
//! in the possession check; what the carrier answers is in `steps::carrier`.

use std::time::Duration;

use handset_protocol::{Secret, UnixMillis};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::CarrierBehaviour;

/// A visit of Mobile Auth, from its start request on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CarrierVisit {
    /// The secret in the URL.
    pub token: Secret,
    /// Behaviour of the carrier.
    pub behaviour: CarrierBehaviour,
    /// Whether the page visits the URL as an image, and so gets no value.
    pub is_pixel: bool,
    /// Whether the image was loaded, which is then the result of the visit.
    pub is_image_loaded: bool,
    /// Expiry of the URL and of its value.
    pub expires_at: UnixMillis,
}

impl CarrierVisit {
    /// Lifetime of a visit, longer than a client waits for it.
    pub const LIFETIME: Duration = Duration::from_secs(60);

    /// A visit that starts now.
    pub fn new(token: Secret, behaviour: CarrierBehaviour, is_pixel: bool, now: UnixMillis) -> Self {
        Self { token, behaviour, is_pixel, is_image_loaded: false, expires_at: now + Self::LIFETIME }
    }

    /// Whether the URL with that secret leads to this visit.
    pub fn has_token(&self, token: &Secret) -> bool {
        bool::from(self.token.expose().as_bytes().ct_eq(token.expose().as_bytes()))
    }
}
