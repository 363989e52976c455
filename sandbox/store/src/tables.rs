//! What a store holds, in memory, and what can be written to it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::{KEPT_DELIVERIES, KEPT_MESSAGES, Outgoing};
use handset_sandbox_domain::{Delivery, Effect, Guesses, Identity, Message, Session, Settled};

/// Every session, and all else that is kept.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// Who reads one shares it, and copies it only to change it.
    pub(super) sessions: HashMap<String, Row<Arc<Session>>>,
    pub(super) by_correlation_id: HashMap<String, String>,
    pub(super) by_link_token: HashMap<String, String>,
    /// Soonest first.
    pub(super) by_end: BTreeSet<(i64, String)>,
    pub(super) identities: BTreeMap<Owner, Row<Arc<Identity>>>,
    pub(super) by_identity_id: HashMap<String, Owner>,
    pub(super) by_device: HashMap<String, Owner>,
    /// Those that are enrolled: project, since when, and id.
    pub(super) enrolled: BTreeMap<(String, i64, String), Owner>,
    /// At whose codes was guessed.
    pub(super) guesses: BTreeMap<Owner, Row<Guesses>>,
    /// By the last guess, the oldest first.
    guesses_by_last: BTreeSet<(i64, Owner)>,
    /// But for what goes to webhooks, which may wait there for long.
    pub(super) outbox: BTreeMap<u64, Outgoing>,
    /// That, with its subject.
    pub(super) undelivered: BTreeMap<u64, (String, Delivery)>,
    /// What went there, by project.
    pub(super) settled: BTreeMap<String, BTreeMap<u64, Settled>>,
    /// By project.
    pub(super) messages: BTreeMap<String, BTreeMap<u64, Message>>,
    /// By project and name; those of the sandbox itself are of [`NO_PROJECT`].
    pub(super) facts: BTreeMap<(String, String), Vec<u8>>,
    /// The last one that was given out.
    pub(super) sequence: u64,
    /// Never given out again, so that what went and came back is not taken for what was read.
    revision: u64,
}

/// Whose identity it is: the project, and the digits of the number.
pub(super) type Owner = (String, String);

/// No project has this name.
pub(super) const NO_PROJECT: &str = "";

#[derive(Debug)]
pub(super) struct Row<T> {
    pub(super) value: T,
    pub(super) revision: u64,
}

/// One write: whole, or not at all.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) what: What,
    /// What goes to the outbox with it; [`Write::number`] gives their sequence.
    pub(super) outgoing: Vec<Outgoing>,
}

#[derive(Debug)]
pub(super) enum What {
    /// A session, if it is still as it was read.
    Session {
        auth_id: String,
        /// That of the session which was read.
        revision: Option<u64>,
        /// `None`: it stays as it is.
        after: Option<Option<Arc<Session>>>,
        /// The guesses at its number, if those are still as they were read, too.
        counted: Option<Counted>,
    },
    /// The identities of numbers, likewise: all of them, or none.
    Identities {
        rows: Vec<Swap>,
        /// The entry of the outbox that it carries out, if that still waits.
        entry: Option<u64>,
    },
    /// Guesses are forgotten where the last was before, in ms since the epoch.
    ForgetGuesses(i64),
    /// Nothing of a project is kept but its sessions.
    ForgetProject(String),
    /// An entry of the outbox was carried out.
    Delivered(u64),
    /// A delivery leaves the outbox, if it still waits there.
    Tried {
        sequence: u64,
        /// It is over.
        settled: Option<Over>,
    },
    /// A fact of a project.
    Fact { project: String, name: String, value: Vec<u8> },
}

/// A delivery that is over.
#[derive(Debug)]
pub(super) struct Over {
    /// Grows with every one. [`Write::number`] gives it.
    pub(super) id: u64,
    pub(super) project: String,
    pub(super) settled: Settled,
}

/// The identity of a number.
#[derive(Debug)]
pub(super) struct Swap {
    pub(super) owner: Owner,
    /// That of the identity which was read.
    pub(super) revision: Option<u64>,
    /// `None`: it stays as it is.
    pub(super) after: Option<Option<Arc<Identity>>>,
}

/// The guesses at a number.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) owner: Owner,
    /// That of the guesses which were read.
    pub(super) revision: Option<u64>,
    /// `None`: they stay as they are.
    pub(super) after: Option<Guesses>,
}

/// What a write compares.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum Compared {
    Session(String),
    Identity(Owner),
    Guesses(Owner),
    Delivery(u64),
}

impl Write {
    /// A write that nothing follows.
    pub(super) fn of(what: What) -> Self {
        Self { what, outgoing: Vec::new() }
    }

    /// Gives out sequences.
    pub(super) fn number(&mut self, last: &mut u64) {
        let entries = self.outgoing.iter_mut().map(|entry| &mut entry.sequence);
        let settled = match &mut self.what {
            What::Tried { settled, .. } => settled.as_mut().map(|over| &mut over.id),
            _ => None,
        };
        for number in entries.chain(settled) {
            *last += 1;
            *number = *last;
        }
    }

    /// What it compares before it writes: two writes of the same cannot be decided together.
    pub(super) fn compared(&self) -> Vec<Compared> {
        match &self.what {
            What::Session { auth_id, counted, .. } => {
                // Who leaves them as they are may as well have come before who changes them.
                let changed = counted.iter().filter(|counted| counted.after.is_some());
                let counted = changed.map(|counted| Compared::Guesses(counted.owner.clone()));
                std::iter::once(Compared::Session(auth_id.clone())).chain(counted).collect()
            }
            What::Identities { rows, .. } => rows.iter().map(|row| Compared::Identity(row.owner.clone())).collect(),
            What::Tried { sequence, .. } => vec![Compared::Delivery(*sequence)],
            _ => Vec::new(),
        }
    }

    /// Whether it changes what others compare, so that no other can be decided together with it.
    pub(super) fn stands_alone(&self) -> bool {
        matches!(self.what, What::ForgetProject(_) | What::ForgetGuesses(_))
    }
}

impl Tables {
    /// Whether what it compares is still as it was read.
    pub(super) fn expects(&self, write: &Write) -> bool {
        match &write.what {
            What::Session { auth_id, revision, counted, .. } => {
                let of_guesses = |owner| self.guesses.get(owner).map(|row| row.revision);
                self.sessions.get(auth_id).map(|row| row.revision) == *revision
                    && counted.as_ref().is_none_or(|counted| of_guesses(&counted.owner) == counted.revision)
            }
            What::Identities { rows, entry } => {
                let is_as_read = |row: &Swap| self.identities.get(&row.owner).map(|row| row.revision) == row.revision;
                rows.iter().all(is_as_read) && entry.is_none_or(|sequence| self.outbox.contains_key(&sequence))
            }
            What::Tried { sequence, .. } => self.undelivered.contains_key(sequence),
            _ => true,
        }
    }

    /// Carries out a write that was numbered. Returns the ids of the messages that made room.
    pub(super) fn apply(&mut self, write: Write) -> Vec<u64> {
        match write.what {
            What::Session { auth_id, after, counted, .. } => {
                if let Some(after) = after {
                    self.put_session(&auth_id, after);
                }
                if let Some(Counted { owner, after: Some(after), .. }) = counted {
                    self.put_guesses(owner, Some(after));
                }
            }
            What::ForgetGuesses(before) => self.forget_guesses(before),
            What::Identities { rows, entry } => {
                let changed: Vec<_> = rows.into_iter().filter_map(|row| Some((row.owner, row.after?))).collect();
                // One may take the names of the other: what was there goes first.
                for (owner, _) in &changed {
                    self.put_identity(owner, None);
                }
                for (owner, after) in changed {
                    self.put_identity(&owner, after);
                }
                if let Some(sequence) = entry {
                    self.outbox.remove(&sequence);
                }
            }
            What::ForgetProject(project) => self.forget_project(&project),
            What::Delivered(sequence) => drop(self.outbox.remove(&sequence)),
            What::Tried { sequence, settled } => {
                self.undelivered.remove(&sequence);
                if let Some(Over { id, project, settled }) = settled {
                    self.put_settled(id, project, settled);
                }
            }
            What::Fact { project, name, value } => self.put_fact(project, name, value),
        }
        let mut gone = Vec::new();
        for entry in write.outgoing {
            self.sequence = self.sequence.max(entry.sequence);
            if let Effect::Send(message) = &entry.effect {
                gone.extend(self.put_message(entry.sequence, message.clone()));
            }
            self.put_outgoing(entry);
        }
        gone
    }

    pub(super) fn put_session(&mut self, auth_id: &str, session: Option<Arc<Session>>) {
        let revision = self.next_revision();
        if let (Some(row), Some(session)) = (self.sessions.get_mut(auth_id), &session)
            && has_same_names(&row.value, session)
        {
            *row = Row { value: session.clone(), revision };
            return;
        }
        if let Some(Row { value: old, .. }) = self.sessions.remove(auth_id) {
            self.by_end.remove(&(old.expires_at, auth_id.to_owned()));
            self.by_correlation_id.remove(&old.correlation_id);
            for link in &old.links {
                self.by_link_token.remove(link.token.expose());
            }
        }
        if let Some(session) = session {
            self.by_end.insert((session.expires_at, auth_id.to_owned()));
            self.by_correlation_id.insert(session.correlation_id.clone(), auth_id.to_owned());
            for link in &session.links {
                self.by_link_token.insert(link.token.expose().to_owned(), auth_id.to_owned());
            }
            self.sessions.insert(auth_id.to_owned(), Row { value: session, revision });
        }
    }

    pub(super) fn put_identity(&mut self, owner: &Owner, identity: Option<Arc<Identity>>) {
        if let Some(Row { value: old, .. }) = self.identities.remove(owner) {
            self.by_identity_id.remove(&old.id);
            for device in &old.devices {
                self.by_device.remove(&device.id);
            }
            if let Some(enrollment) = &old.enrollment {
                self.enrolled.remove(&(old.project.clone(), enrollment.since, old.id.clone()));
            }
        }
        if let Some(identity) = identity {
            self.by_identity_id.insert(identity.id.clone(), owner.clone());
            for device in &identity.devices {
                self.by_device.insert(device.id.clone(), owner.clone());
            }
            if let Some(enrollment) = &identity.enrollment {
                let key = (identity.project.clone(), enrollment.since, identity.id.clone());
                self.enrolled.insert(key, owner.clone());
            }
            let revision = self.next_revision();
            self.identities.insert(owner.clone(), Row { value: identity, revision });
        }
    }

    fn forget_project(&mut self, project: &str) {
        let from = (project.to_owned(), String::new());
        let of_project = self.identities.range(from..).take_while(|((name, _), _)| name == project);
        let owners: Vec<_> = of_project.map(|(owner, _)| owner.clone()).collect();
        for owner in owners {
            self.put_identity(&owner, None);
        }
        let of_project = self.guesses.keys().filter(|(name, _)| name == project);
        let owners: Vec<_> = of_project.cloned().collect();
        for owner in owners {
            self.put_guesses(owner, None);
        }
        self.messages.remove(project);
        self.undelivered.retain(|_, (_, delivery)| delivery.project != project);
        self.settled.remove(project);
        self.facts.retain(|(name, _), _| name != project);
    }

    /// Those of which anything is kept.
    pub(super) fn projects(&self) -> BTreeSet<&str> {
        let of_sessions = self.sessions.values().map(|row| row.value.project.as_str());
        let of_identities = self.identities.keys().map(|(project, _)| project.as_str());
        let of_guesses = self.guesses.keys().map(|(project, _)| project.as_str());
        let of_messages = self.messages.keys().map(String::as_str);
        let of_deliveries = self.undelivered.values().map(|(_, delivery)| delivery.project.as_str());
        let of_deliveries = of_deliveries.chain(self.settled.keys().map(String::as_str));
        let of_facts = self.facts.keys().map(|(project, _)| project.as_str());
        let all = of_sessions.chain(of_identities).chain(of_guesses).chain(of_messages);
        all.chain(of_deliveries).chain(of_facts).filter(|project| *project != NO_PROJECT).collect()
    }

    pub(super) fn put_guesses(&mut self, owner: Owner, guesses: Option<Guesses>) {
        if let Some(last) = self.guesses.remove(&owner).and_then(|old| old.value.last()) {
            self.guesses_by_last.remove(&(last, owner.clone()));
        }
        if let Some((guesses, last)) = guesses.and_then(|guesses| guesses.last().map(|last| (guesses, last))) {
            self.guesses_by_last.insert((last, owner.clone()));
            let revision = self.next_revision();
            self.guesses.insert(owner, Row { value: guesses, revision });
        }
    }

    /// Whether there are guesses to forget.
    pub(super) fn has_guesses_before(&self, ms: i64) -> bool {
        self.guesses_by_last.first().is_some_and(|(last, _)| *last < ms)
    }

    fn forget_guesses(&mut self, before: i64) {
        while self.has_guesses_before(before) {
            if let Some((_, owner)) = self.guesses_by_last.pop_first() {
                self.guesses.remove(&owner);
            }
        }
    }

    pub(super) fn put_outgoing(&mut self, entry: Outgoing) {
        match entry.effect {
            Effect::Tell(delivery) => drop(self.undelivered.insert(entry.sequence, (entry.subject, *delivery))),
            _ => drop(self.outbox.insert(entry.sequence, entry)),
        }
    }

    pub(super) fn put_settled(&mut self, id: u64, project: String, settled: Settled) {
        self.sequence = self.sequence.max(id);
        let of_project = self.settled.entry(project).or_default();
        of_project.insert(id, settled);
        if of_project.len() > KEPT_DELIVERIES {
            of_project.pop_first();
        }
    }

    /// Returns the id of the message that made room for it.
    pub(super) fn put_message(&mut self, id: u64, message: Message) -> Option<u64> {
        let messages = self.messages.entry(message.project.clone()).or_default();
        messages.insert(id, message);
        if messages.len() <= KEPT_MESSAGES {
            return None;
        }
        messages.pop_first().map(|(id, _)| id)
    }

    pub(super) fn put_fact(&mut self, project: String, name: String, value: Vec<u8>) {
        self.facts.insert((project, name), value);
    }

    fn next_revision(&mut self) -> u64 {
        self.revision += 1;
        self.revision
    }
}

/// Whether what a session is found by, and sorted by, stays as it is. So it is with most writes.
fn has_same_names(old: &Session, new: &Session) -> bool {
    let same_links = || old.links.iter().map(|link| &link.token).eq(new.links.iter().map(|link| &link.token));
    old.expires_at == new.expires_at && old.correlation_id == new.correlation_id && same_links()
}
