//! The state of each product in a session. No rules: they are in the files of the products.

use handset_protocol::{Secret, UnixMillis};
use serde::{Deserialize, Serialize};

use crate::Product;

/// The product of a session, with its own state, which is boxed: most sessions have none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ProductState {
    /// Prove Identity.
    Identity,
    /// Pre-Fill.
    Prefill(Box<Challenge>),
    /// Verified Users, first generation.
    VerifiedUsers(Box<VerifiedUsersState>),
    /// Unify.
    Unify(Box<UnifyState>),
}

impl ProductState {
    /// The product.
    pub fn product(&self) -> Product {
        match self {
            Self::Identity => Product::Identity,
            Self::Prefill(_) => Product::Prefill,
            Self::VerifiedUsers(_) => Product::VerifiedUsers,
            Self::Unify(_) => Product::Unify,
        }
    }
}

/// The details that the person has to know before Pre-Fill discloses the record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Nine digits or the last four.
    pub ssn: Option<Secret>,
    /// `YYYY-MM-DD`, `YYYY-MM` or `MM-DD`.
    pub dob: Option<Secret>,
}

impl Challenge {
    /// Whether both details are missing.
    pub fn is_missing(&self) -> bool {
        self.ssn.is_none() && self.dob.is_none()
    }
}

/// State of Verified Users, first generation: the name to compare with the number's owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedUsersState {
    /// Given name.
    pub first_name: Secret,
    /// Family name.
    pub last_name: Secret,
    /// The relying party's id of the customer.
    pub client_customer_id: Option<String>,
    /// A fresh id of the identity after a success, which is unused if the number already has one.
    pub identity_id: String,
}

/// State of Unify: the device to be bound to the number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnifyState {
    /// Whether the new device replaces a bound one.
    pub rebind: bool,
    /// Whether the evaluation includes the number's reputation.
    pub check_reputation: bool,
    /// The relying party's id of the request.
    pub client_request_id: Option<String>,
    /// A fresh id of the number's owner, which is unused if the number already has an identity.
    pub identity_id: String,
    /// A fresh id of the device, which is unused if a bound device stays.
    pub device_id: String,
    /// Whether Unify Bind has bound the device: the relying party verified possession itself.
    pub is_bound: bool,
    /// Time at which the session bound the device, or found a bound device and kept it.
    #[serde(default)]
    pub bound_at: Option<UnixMillis>,
}
