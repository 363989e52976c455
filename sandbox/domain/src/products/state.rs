use handset_protocol::{Secret, UnixMillis};
use serde::{Deserialize, Serialize};

use crate::Product;

/// Which product a session is of, and what that product wants to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ProductState {
    /// Prove Identity.
    Identity,
    /// Pre-Fill.
    Prefill(Challenge),
    /// Verified Users, first generation.
    VerifiedUsers(VerifiedUsersState),
    /// Unify.
    Unify(UnifyState),
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

/// What the person has to know before Pre-Fill gives out their record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Nine digits, or the last four.
    pub ssn: Option<Secret>,
    /// Whole, year and month, or month and day.
    pub dob: Option<Secret>,
}

impl Challenge {
    /// Whether nothing was said.
    pub fn is_missing(&self) -> bool {
        self.ssn.is_none() && self.dob.is_none()
    }
}

/// Whether a number is that of a person of this name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedUsersState {
    /// Given name.
    pub first_name: Secret,
    /// Family name.
    pub last_name: Secret,
    /// The relying party's own name of the customer.
    pub client_customer_id: Option<String>,
    /// A fresh id for the identity that a success enrolls, unless the number has one.
    pub identity_id: String,
}

/// A device that is to be bound to a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnifyState {
    /// Whether what is bound is replaced.
    pub rebind: bool,
    /// Whether the number's repute is looked at.
    pub check_reputation: bool,
    /// The relying party's own name of the request.
    pub client_request_id: Option<String>,
    /// A fresh id for the number's owner, unless the number has one.
    pub identity_id: String,
    /// A fresh id for the device, unless one stays bound.
    pub device_id: String,
    /// Whether this session has bound it on the relying party's word.
    pub is_bound: bool,
    /// When this session has bound it, or found one bound and left it.
    #[serde(default)]
    pub bound_at: Option<UnixMillis>,
}
