//! The error of a call. Its HTTP form is in `http`.

use handset_sandbox_domain::Refusal;
use handset_sandbox_store::StoreError;

/// A refusal of the rules, or a failure of the store.
#[derive(Debug)]
pub(crate) enum AppError {
    /// The rules refuse the call.
    Refused(Refusal),
    /// The store failed; the write that failed left no trace.
    Store(StoreError),
}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
