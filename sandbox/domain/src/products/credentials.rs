use handset_protocol::Secret;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::Refusal;

/// What a credential is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Product {
    /// Every product; `/v3/start` then means Identity.
    All,
    /// Prove Identity.
    Identity,
    /// Pre-Fill.
    Prefill,
    /// Verified Users.
    VerifiedUsers,
    /// Unify.
    Unify,
    /// Identity Manager.
    IdentityManager,
}

/// A relying party's credential. All are public knowledge: the sandbox guards nothing of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credential {
    /// `client_id`.
    pub client_id: &'static str,
    /// What it is for.
    pub product: Product,
}

/// Every credential that the sandbox ships.
const CREDENTIALS: [Credential; 6] = [
    Credential { client_id: "sandbox", product: Product::All },
    Credential { client_id: "sandbox-identity", product: Product::Identity },
    Credential { client_id: "sandbox-prefill", product: Product::Prefill },
    Credential { client_id: "sandbox-verified-users", product: Product::VerifiedUsers },
    Credential { client_id: "sandbox-unify", product: Product::Unify },
    Credential { client_id: "sandbox-identity-manager", product: Product::IdentityManager },
];

impl Credential {
    /// The secret of every shipped credential.
    pub const SECRET: &str = "sandbox-secret";

    /// Every one that the sandbox ships.
    pub fn all() -> [Self; 6] {
        CREDENTIALS
    }

    /// The credential of that name.
    pub fn find(client_id: &str) -> Option<Self> {
        CREDENTIALS.into_iter().find(|credential| credential.client_id == client_id)
    }

    /// The credential of that name, if the secret is its own.
    pub fn authenticate(client_id: &str, secret: &Secret) -> Option<Self> {
        let right: bool = secret.expose().as_bytes().ct_eq(Self::SECRET.as_bytes()).into();
        Self::find(client_id).filter(|_| right)
    }

    /// Refuses a call that is of none of its products.
    pub fn authorize(self, products: &[Product]) -> Result<(), Refusal> {
        let is_served = self.product == Product::All || products.contains(&self.product);
        if is_served { Ok(()) } else { Err(Refusal::NotAllowed) }
    }

    /// As which product `/v3/start` and what follows are meant. `None`: it may not call them.
    pub fn start_product(self) -> Option<Product> {
        match self.product {
            Product::All | Product::Identity => Some(Product::Identity),
            Product::Prefill => Some(Product::Prefill),
            _ => None,
        }
    }
}
