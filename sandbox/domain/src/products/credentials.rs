//! The built-in credentials and their products. No tokens: the server issues them.

use handset_protocol::Secret;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::Refusal;

/// A product, as the scope of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Product {
    /// Every product; `/v3/start` opens a session of Prove Identity.
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

impl Product {
    /// Whether a session of the product reads or changes the identity of its number.
    pub fn uses_identities(self) -> bool {
        matches!(self, Self::VerifiedUsers | Self::Unify)
    }
}

/// A relying party's credential. All are public: the sandbox holds nothing of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credential {
    /// `client_id`.
    pub client_id: &'static str,
    /// Scope.
    pub product: Product,
}

/// Every built-in credential.
const CREDENTIALS: [Credential; 6] = [
    Credential { client_id: "sandbox", product: Product::All },
    Credential { client_id: "sandbox-identity", product: Product::Identity },
    Credential { client_id: "sandbox-prefill", product: Product::Prefill },
    Credential { client_id: "sandbox-verified-users", product: Product::VerifiedUsers },
    Credential { client_id: "sandbox-unify", product: Product::Unify },
    Credential { client_id: "sandbox-identity-manager", product: Product::IdentityManager },
];

impl Credential {
    /// The secret of every built-in credential.
    pub const SECRET: &str = "sandbox-secret";

    /// Every built-in credential.
    pub fn all() -> [Self; 6] {
        CREDENTIALS
    }

    /// The credential with that `client_id`.
    pub fn find(client_id: &str) -> Option<Self> {
        CREDENTIALS.into_iter().find(|credential| credential.client_id == client_id)
    }

    /// The credential with that `client_id`, if the secret is correct. Compares in constant time.
    pub fn authenticate(client_id: &str, secret: &Secret) -> Option<Self> {
        let is_correct: bool = secret.expose().as_bytes().ct_eq(Self::SECRET.as_bytes()).into();
        Self::find(client_id).filter(|_| is_correct)
    }

    /// Checks that the credential covers one of the products.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`]: it covers none of them.
    pub fn authorize(self, products: &[Product]) -> Result<(), Refusal> {
        let is_covered = self.product == Product::All || products.contains(&self.product);
        if is_covered { Ok(()) } else { Err(Refusal::NotAllowed) }
    }

    /// The product of a session from `/v3/start`. `None`: the credential may not call it.
    pub fn start_product(self) -> Option<Product> {
        match self.product {
            Product::All | Product::Identity => Some(Product::Identity),
            Product::Prefill => Some(Product::Prefill),
            _ => None,
        }
    }
}
