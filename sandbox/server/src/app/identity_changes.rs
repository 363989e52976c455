//! The change of identities: read, decide, write, and again after a lost race. The calls are in their own files.

use handset_sandbox_domain::{Delivery, Identity, Phone};
use handset_sandbox_store::{IdentityKey, IdentityWrite, RowChange, StoreError, Versioned};

use super::Services;

/// What a change of identities decides.
pub(super) struct IdentityDecision<const N: usize, R> {
    rows: [RowChange<Identity>; N],
    /// A delivery to be enqueued with the change.
    delivery: Option<Delivery>,
    /// The result for the caller.
    result: R,
}

impl<const N: usize, R> IdentityDecision<N, R> {
    /// A change without a delivery.
    pub(super) fn of(rows: [RowChange<Identity>; N], result: R) -> Self {
        Self { rows, delivery: None, result }
    }

    /// The change with a delivery.
    pub(super) fn with_delivery(self, delivery: Option<Delivery>) -> Self {
        Self { delivery, ..self }
    }
}

impl Services {
    /// Changes a project's identities of different numbers, all or none. `decide` gets the present ones, and is called again
    /// after a lost race.
    pub(super) async fn update_identities<const N: usize, R>(
        &self,
        project: &str,
        phones: [&Phone; N],
        decide: impl Fn([Option<&Identity>; N]) -> IdentityDecision<N, R>,
    ) -> Result<R, StoreError> {
        loop {
            let mut read: [Option<Versioned<Identity>>; N] = std::array::from_fn(|_| None);
            for (row, phone) in read.iter_mut().zip(phones) {
                *row = self.store.identities().get(project, IdentityKey::Number(phone)).await?;
            }
            let IdentityDecision { rows, delivery, result } =
                decide(read.each_ref().map(|row| row.as_ref().map(|row| &*row.value)));
            let write = |((phone, read), identity): ((&Phone, &Option<Versioned<Identity>>), _)| IdentityWrite {
                project: project.to_owned(),
                phone: phone.clone(),
                version: read.as_ref().map(|row| row.version),
                identity,
            };
            let writes: Vec<_> = phones.into_iter().zip(&read).zip(rows).map(write).collect();
            let is_unchanged = writes.iter().all(|write| write.identity == RowChange::Keep);
            if is_unchanged && delivery.is_none() {
                return Ok(result);
            }
            if self.store.identities().write(writes, delivery.into_iter().collect()).await? {
                return Ok(result);
            }
        }
    }
}
