//! One write of a session, its attempts, its identity, its timeline and its messages: all of it or nothing.

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{FailedAttempts, Identity, MessageKind, Phone, Session, SessionPolicy};

use super::fixtures::{PROJECT, attempts_of, event, get, nothing, read, sent, session, sms, write_of};
use super::identities::{binding, identity_write, number, write_identity};
use super::timeline::timeline;
use crate::{AttemptsWrite, IdentityKey, IdentityWrite, RowChange, SessionWrite, Store};

pub(super) async fn check<S: Store>(new: impl Fn() -> S) {
    a_write_changes_every_row_at_once(&new()).await;
    a_lost_race_for_any_row_changes_none(&new()).await;
    a_row_that_is_kept_is_compared(&new()).await;
    a_write_without_a_session_writes_the_rest(&new()).await;
}

fn phone() -> Phone {
    number(1)
}

/// A write of every kind of row, by a caller that has read the store.
async fn decide(store: &impl Store, device: &str) -> SessionWrite {
    let phone = phone();
    let before = read(store, "auth-a").await;
    let attempts = store.attempts().get(PROJECT, &phone).await.unwrap();
    let identity = store.identities().get(PROJECT, IdentityKey::Number(&phone)).await.unwrap();
    let mut counted = attempts.as_ref().map(|row| (*row.value).clone()).unwrap_or_default();
    counted.record(&SessionPolicy::default(), UnixMillis::new(7));
    let bound = Identity::bind(identity.as_ref().map(|row| &*row.value), &binding(1, device));
    let sms_sent = before.as_ref().map_or(0, |session| session.value.sms_sent) + 1;
    let next = Session { sms_sent, ..session("a") };
    SessionWrite {
        attempts: Some(attempts_of(&phone, attempts.as_ref(), counted)),
        identity: Some(identity_write(&phone, identity.map(|row| row.version), RowChange::Put(bound))),
        timeline: vec![event(MessageKind::OtpStart)],
        messages: vec![sms(&next, 7)],
        ..write_of("auth-a", before.map(|session| session.version), RowChange::Put(next))
    }
}

/// Number of writes, as each row tells it.
async fn writes(store: &impl Store) -> [usize; 5] {
    let session = get(store, "auth-a").await;
    let attempts = store.attempts().get(PROJECT, &phone()).await.unwrap();
    let identity = store.identities().get(PROJECT, IdentityKey::Number(&phone())).await.unwrap();
    [
        session.map_or(0, |session| session.sms_sent as usize),
        attempts.map_or(0, |attempts| attempts.value.count()),
        identity.map_or(0, |identity| identity.value.devices.len()),
        timeline(store, "auth-a").await.map_or(0, |events| events.len()),
        sent(store, PROJECT).await.len(),
    ]
}

async fn a_write_changes_every_row_at_once(store: &impl Store) {
    for count in 1..=3 {
        let write = decide(store, &format!("device-{count}")).await;
        assert!(store.sessions().write(write).await.unwrap());
        assert_eq!(writes(store).await, [count; 5]);
    }
    let found = store.identities().get(PROJECT, IdentityKey::Device("device-2")).await.unwrap();
    assert_eq!(found.unwrap().value.id, "identity-1");
}

/// The row that another write changes.
#[derive(Clone, Copy, Debug)]
enum ChangedRow {
    Session,
    Attempts,
    Identity,
}

/// Writes one row.
async fn change(store: &impl Store, row: ChangedRow, device: &str) {
    let all = decide(store, device).await;
    let version = read(store, "auth-b").await.map(|row| row.version);
    let of_another = write_of("auth-b", version, RowChange::Keep);
    let write = match row {
        ChangedRow::Session => {
            SessionWrite { attempts: None, identity: None, timeline: vec![], messages: vec![], ..all }
        }
        ChangedRow::Attempts => SessionWrite { attempts: all.attempts, ..of_another },
        ChangedRow::Identity => SessionWrite { identity: all.identity, ..of_another },
    };
    assert!(store.sessions().write(write).await.unwrap(), "{row:?}");
}

/// A decision that leaves the attempts and the identity as they are depends on them nevertheless.
async fn a_row_that_is_kept_is_compared(store: &impl Store) {
    let keep = |write: SessionWrite| SessionWrite {
        attempts: write.attempts.map(|row| AttemptsWrite { attempts: RowChange::Keep, ..row }),
        identity: write.identity.map(|row| IdentityWrite { identity: RowChange::Keep, ..row }),
        ..write
    };
    for (round, row) in [ChangedRow::Attempts, ChangedRow::Identity, ChangedRow::Session].into_iter().enumerate() {
        let write = keep(decide(store, "late").await);
        change(store, row, &format!("other-{round}")).await;
        let after = writes(store).await;
        assert!(!store.sessions().write(write).await.unwrap(), "{row:?}");
        assert_eq!(writes(store).await, after, "{row:?}: nothing has changed");
        let again = keep(decide(store, "late").await);
        assert!(store.sessions().write(again).await.unwrap(), "{row:?}");
        let [_, attempts, devices, ..] = writes(store).await;
        assert_eq!([attempts, devices], after[1..3], "{row:?}: they are kept");
    }
}

async fn a_lost_race_for_any_row_changes_none(store: &impl Store) {
    // First of rows that did not exist, then of rows that did.
    for round in 0..2 {
        for row in [ChangedRow::Session, ChangedRow::Attempts, ChangedRow::Identity] {
            let write = decide(store, &format!("late-{round}-{row:?}")).await;
            let before = writes(store).await;
            change(store, row, &format!("other-{round}-{row:?}")).await;
            let after = writes(store).await;
            let changed: Vec<_> = (0..5).filter(|row| before[*row] != after[*row]).collect();
            assert_eq!(changed, [row as usize]);
            assert!(!store.sessions().write(write).await.unwrap(), "{round} {row:?}");
            assert_eq!(writes(store).await, after, "{round} {row:?}: nothing has changed");
        }
        assert!(store.sessions().write(decide(store, &format!("all-{round}")).await).await.unwrap());
    }
}

async fn a_write_without_a_session_writes_the_rest(store: &impl Store) {
    let attempts = {
        let mut attempts = FailedAttempts::default();
        attempts.record_sms(&SessionPolicy::default(), UnixMillis::new(7));
        attempts_of(&phone(), None, attempts)
    };
    let write = SessionWrite {
        auth_id: "auth-a".to_owned(),
        attempts: Some(attempts),
        messages: vec![sms(&session("a"), 7)],
        timeline: vec![event(MessageKind::OtpStart)],
        ..nothing()
    };
    assert!(store.sessions().write(write).await.unwrap());
    assert!(store.attempts().get(PROJECT, &phone()).await.unwrap().is_some());
    assert_eq!(writes(store).await, [0, 0, 0, 0, 1]);
    write_identity(store, &Identity::bind(None, &binding(1, "one"))).await;
    assert_eq!(writes(store).await, [0, 0, 1, 0, 1]);
}
