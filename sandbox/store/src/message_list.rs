//! The messages of a project in memory, with their index by recipient. No storage.

use std::collections::{HashMap, VecDeque};

use handset_protocol::Secret;
use handset_sandbox_domain::{Contact, Message, MessageOrigin};

use crate::{MAX_MESSAGES, StoredMessage, TransactionId};

/// The newest messages of a project, oldest first.
#[derive(Debug, Default)]
pub(crate) struct MessageList {
    /// In ascending order of their ids.
    messages: VecDeque<StoredMessage>,
    /// Ids by [`Contact::key`] of the recipient.
    by_recipient: HashMap<Secret, VecDeque<u64>>,
}

impl MessageList {
    /// Appends a message with an id greater than all earlier ones. Returns the id of the message that was evicted.
    pub(crate) fn push(&mut self, id: u64, message: Message) -> Option<u64> {
        if let Some(recipient) = message.recipient() {
            self.by_recipient.entry(recipient.key()).or_default().push_back(id);
        }
        self.messages.push_back(StoredMessage { id, message });
        if self.messages.len() <= MAX_MESSAGES {
            return None;
        }
        let evicted = self.messages.pop_front()?;
        if let Some(recipient) = evicted.message.recipient().map(|recipient| recipient.key())
            && let Some(ids) = self.by_recipient.get_mut(&recipient)
        {
            ids.pop_front();
            if ids.is_empty() {
                self.by_recipient.remove(&recipient);
            }
        }
        Some(evicted.id)
    }

    /// The messages with a greater id, oldest first: those to a contact, or all.
    pub(crate) fn after(&self, id: u64, to: Option<&Contact>) -> Vec<StoredMessage> {
        match to {
            None => self.messages.range(self.position_after(id)..).cloned().collect(),
            Some(contact) => {
                let ids = self.by_recipient.get(&contact.key()).into_iter().flatten();
                let ids = ids.rev().take_while(|own| **own > id);
                let mut found: Vec<_> = ids.filter_map(|id| self.get(*id)).cloned().collect();
                found.reverse();
                found
            }
        }
    }

    /// The ids of the messages of a transaction, ascending.
    pub(crate) fn ids_of(&self, id: &TransactionId) -> Vec<u64> {
        let is_own = |stored: &&StoredMessage| match &stored.message.origin {
            MessageOrigin::Journey { app_id, transaction_id } => {
                *app_id == id.app_id && *transaction_id == id.transaction_id
            }
            MessageOrigin::Session { .. } => false,
        };
        self.messages.iter().filter(is_own).map(|stored| stored.id).collect()
    }

    /// Removes messages, whose ids are ascending.
    pub(crate) fn remove(&mut self, ids: &[u64]) {
        let is_removed = |id: &u64| ids.binary_search(id).is_ok();
        self.messages.retain(|stored| !is_removed(&stored.id));
        self.by_recipient.retain(|_, own| {
            own.retain(|id| !is_removed(id));
            !own.is_empty()
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Every id, ascending.
    #[cfg(feature = "sqlite")]
    pub(crate) fn ids(&self) -> impl Iterator<Item = u64> {
        self.messages.iter().map(|stored| stored.id)
    }

    fn position_after(&self, id: u64) -> usize {
        self.messages.partition_point(|stored| stored.id <= id)
    }

    fn get(&self, id: u64) -> Option<&StoredMessage> {
        let position = self.messages.binary_search_by_key(&id, |stored| stored.id).ok()?;
        self.messages.get(position)
    }
}
