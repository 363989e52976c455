//! What a product does when the possession check of its session has a final result. How, is in the file of the product.

use handset_protocol::UnixMillis;

use crate::Phone;
use crate::identities::identity::IdentityChange;
use crate::products::state::ProductState;
use crate::session::state::Possession;

/// The final result of a possession check, for the product of its session.
pub(crate) struct Settled<'a> {
    pub(crate) possession: &'a Possession,
    pub(crate) project: &'a str,
    pub(crate) phone: &'a Phone,
    pub(crate) at: UnixMillis,
}

impl ProductState {
    /// The product's own reaction to a final result. `Some`: the change of the identity of the session's number.
    pub(crate) fn on_settled(&mut self, settled: &Settled<'_>) -> Option<IdentityChange> {
        match self {
            Self::Identity | Self::Prefill(_) => None,
            Self::VerifiedUsers(state) => state.on_settled(settled),
            Self::Unify(state) => state.on_settled(settled),
        }
    }
}
