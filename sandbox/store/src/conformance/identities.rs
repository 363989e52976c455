//! Identities: one per number, their lookups and pages, and changes of their numbers.

use std::sync::Arc;

use handset_protocol::UnixMillis;

use super::fixtures::PROJECT;
use crate::{IdentityLookup, IdentityPage, Store};
use handset_sandbox_domain::{Device, DeviceBinding, Effect, Identity, NewEnrollment, Phone};

pub(super) async fn check<S: Store>(new: impl Fn() -> S) {
    an_identity_is_found_by_every_name(&new()).await;
    a_deleted_identity_is_found_by_none(&new()).await;
    effects_of_an_identity_go_to_the_outbox(&new()).await;
    an_entry_of_the_outbox_is_applied_once(&new()).await;
    two_tasks_apply_each_entry_once(Arc::new(new())).await;
    two_identities_are_written_at_once(&new()).await;
    a_number_is_taken_once(Arc::new(new())).await;
    enrolled_identities_are_listed_page_by_page(&new()).await;
    all_identities_can_be_deleted(&new()).await;
    identities_of_projects_are_kept_apart(&new()).await;
    no_concurrent_enrollment_is_lost(Arc::new(new())).await;
}

fn number(last: u32) -> Phone {
    Phone::parse(&format!("500555{last:04}").into()).unwrap()
}

fn enrolled(last: u32, at: i64) -> Identity {
    let identity_id = format!("identity-{last}");
    let client_customer_id = Some("customer".to_owned());
    let (project, phone) = (PROJECT.to_owned(), number(last));
    Identity::enroll(
        None,
        &NewEnrollment { project, phone, at: UnixMillis::new(at), identity_id, client_customer_id, device_id: None },
    )
}

fn binding(last: u32, device: &str) -> DeviceBinding {
    let (project, phone, identity_id) = (PROJECT.to_owned(), number(last), format!("identity-{last}"));
    DeviceBinding {
        project,
        phone,
        at: UnixMillis::new(1),
        identity_id,
        device_id: Some(device.to_owned()),
        replaces: true,
    }
}

pub(super) async fn put(store: &impl Store, identity: &Identity) {
    store.update_identity(&identity.project, &identity.phone, &|_| (Some(identity.clone()), Vec::new())).await.unwrap();
}

pub(super) fn in_project(project: &str) -> Identity {
    Identity { id: format!("identity-of-{project}"), project: project.to_owned(), ..enrolled(1, 5) }
}

async fn names(store: &impl Store, after: Option<(i64, &str)>, limit: usize, with_inactive: bool) -> Vec<String> {
    let after = after.map(|(since, id)| (UnixMillis::new(since), id));
    let page = IdentityPage { project: PROJECT, after, limit, with_inactive };
    store.identities(page).await.unwrap().into_iter().map(|identity| identity.id).collect()
}

async fn an_identity_is_found_by_every_name(store: &impl Store) {
    let mut identity = enrolled(1, 5);
    put(store, &identity).await;
    for device in ["one", "two"] {
        identity = Identity::bind(Some(&identity), &binding(1, device));
        put(store, &identity).await;
    }
    assert!(matches!(&identity.devices[..], [Device { revoked_at: Some(_), .. }, Device { revoked_at: None, .. }]));
    let written_otherwise = Phone::parse(&"+15005550001".into()).unwrap();
    for lookup in [
        IdentityLookup::Number(&identity.phone),
        IdentityLookup::Number(&written_otherwise),
        IdentityLookup::Id("identity-1"),
        IdentityLookup::Device("one"),
        IdentityLookup::Device("two"),
    ] {
        assert_eq!(store.identity(PROJECT, lookup).await.unwrap().as_ref(), Some(&identity), "{lookup:?}");
    }
    for lookup in [
        IdentityLookup::Number(&number(2)),
        IdentityLookup::Id("one"),
        IdentityLookup::Id("15005550001"),
        IdentityLookup::Device("identity-1"),
    ] {
        assert_eq!(store.identity(PROJECT, lookup).await.unwrap(), None, "{lookup:?}");
    }
}

async fn a_deleted_identity_is_found_by_none(store: &impl Store) {
    let identity = Identity::bind(Some(&enrolled(1, 5)), &binding(1, "one"));
    put(store, &identity).await;
    store.update_identity(PROJECT, &identity.phone, &|_| (None, Vec::new())).await.unwrap();
    for lookup in
        [IdentityLookup::Number(&identity.phone), IdentityLookup::Id("identity-1"), IdentityLookup::Device("one")]
    {
        assert_eq!(store.identity(PROJECT, lookup).await.unwrap(), None, "{lookup:?}");
    }
    assert_eq!(names(store, None, 9, true).await, [""; 0]);
}

async fn effects_of_an_identity_go_to_the_outbox(store: &impl Store) {
    let identity = enrolled(1, 5);
    let bind = Effect::Bind(binding(1, "one"));
    let effects =
        store.update_identity(PROJECT, &identity.phone, &|old| (old.cloned(), vec![bind.clone()])).await.unwrap();
    assert_eq!(effects, std::slice::from_ref(&bind));
    store.update_identity(PROJECT, &identity.phone, &|_| (Some(identity.clone()), vec![bind.clone()])).await.unwrap();
    let waiting = store.outbox().await.unwrap();
    assert_eq!(waiting.iter().map(|entry| &entry.effect).collect::<Vec<_>>(), [&bind, &bind]);
    assert_eq!(waiting[1].subject, "identity-1");
    assert!(waiting[0].sequence < waiting[1].sequence);
}

/// Writes an entry into the outbox. Returns its sequence.
async fn enqueue(store: &impl Store, device: &str) -> u64 {
    let bind = Effect::Bind(binding(1, device));
    store.update("nobody", &|_| (None, vec![bind.clone()])).await.unwrap();
    store.outbox().await.unwrap().last().unwrap().sequence
}

async fn an_entry_of_the_outbox_is_applied_once(store: &impl Store) {
    let (first, second) = (enqueue(store, "one").await, enqueue(store, "two").await);
    let identity = enrolled(1, 5);
    store
        .apply_outbox_entry(first, PROJECT, &identity.phone, &|_| (Some(identity.clone()), vec![Effect::WakeWatchers]))
        .await
        .unwrap();
    let waiting = store.outbox().await.unwrap();
    assert_eq!(waiting[0].sequence, second, "the applied entry is removed");
    assert_eq!(
        (waiting.len(), &waiting[1].effect),
        (2, &Effect::WakeWatchers),
        "its effects are entries of the outbox"
    );
    store.update_identity(PROJECT, &identity.phone, &|_| (None, Vec::new())).await.unwrap();
    store
        .apply_outbox_entry(first, PROJECT, &identity.phone, &|_| (Some(identity.clone()), vec![Effect::WakeWatchers]))
        .await
        .unwrap();
    assert_eq!(
        store.identity(PROJECT, IdentityLookup::Id("identity-1")).await.unwrap(),
        None,
        "a deleted identity is not created again"
    );
    assert_eq!(store.outbox().await.unwrap(), waiting);
    store.apply_outbox_entry(second, PROJECT, &identity.phone, &|old| (old.cloned(), Vec::new())).await.unwrap();
    assert_eq!(store.outbox().await.unwrap(), waiting[1..], "the entry is removed even without a change");
}

async fn two_tasks_apply_each_entry_once(store: Arc<impl Store>) {
    let mut entries = Vec::new();
    for entry in 0..50 {
        entries.push(enqueue(&*store, &format!("device-{entry}")).await);
    }
    let workers: Vec<_> = (0..4)
        .map(|worker| {
            let (store, entries, handle) = (store.clone(), entries.clone(), tokio::runtime::Handle::current());
            std::thread::spawn(move || {
                handle.block_on(async {
                    for entry in entries {
                        let with = binding(1, &format!("device-{entry}-{worker}"));
                        let bind = |old: Option<&Identity>| (Some(Identity::bind(old, &with)), Vec::new());
                        store.apply_outbox_entry(entry, PROJECT, &with.phone, &bind).await.unwrap();
                    }
                });
            })
        })
        .collect();
    for worker in workers {
        worker.join().unwrap();
    }
    let identity = store.identity(PROJECT, IdentityLookup::Number(&number(1))).await.unwrap().unwrap();
    let bound: Vec<_> =
        identity.devices.iter().map(|device| device.id.rsplit_once('-').unwrap().0.to_owned()).collect();
    assert_eq!(bound, entries.iter().map(|entry| format!("device-{entry}")).collect::<Vec<_>>());
    assert_eq!(store.outbox().await.unwrap(), []);
}

/// Moves an identity to another number if that number is free. Returns whether it moved.
async fn change_number(store: &impl Store, from: u32, to: u32) -> bool {
    let to = number(to);
    let decide = |[old, other]: [Option<&Identity>; 2]| match (old, other) {
        (Some(old), None) => ([None, Some(Identity { phone: to.clone(), ..old.clone() })], vec![Effect::WakeWatchers]),
        _ => ([old.cloned(), other.cloned()], Vec::new()),
    };
    !store.update_identities(PROJECT, [&number(from), &to], &decide).await.unwrap().is_empty()
}

async fn two_identities_are_written_at_once(store: &impl Store) {
    let identity = Identity::bind(Some(&enrolled(1, 5)), &binding(1, "one"));
    put(store, &identity).await;
    put(store, &enrolled(3, 7)).await;
    assert!(change_number(store, 1, 2).await);
    let moved = Identity { phone: number(2), ..identity };
    for lookup in
        [IdentityLookup::Number(&moved.phone), IdentityLookup::Id("identity-1"), IdentityLookup::Device("one")]
    {
        assert_eq!(store.identity(PROJECT, lookup).await.unwrap().as_ref(), Some(&moved), "{lookup:?}");
    }
    assert_eq!(store.identity(PROJECT, IdentityLookup::Number(&number(1))).await.unwrap(), None);
    assert_eq!(names(store, None, 9, true).await, ["identity-1", "identity-3"]);
    let waiting = store.outbox().await.unwrap();
    assert_eq!((waiting.len(), waiting[0].subject.as_str()), (1, "identity-1"));
    assert!(!change_number(store, 3, 2).await, "the number is taken");
    assert!(!change_number(store, 1, 4).await, "no identity has the old number");
    assert_eq!(store.outbox().await.unwrap(), waiting);
    // Two identities exchange their numbers in one write.
    let swap = |[one, other]: [Option<&Identity>; 2]| {
        let (one, other) = (one.unwrap().clone(), other.unwrap().clone());
        let (first, second) = (other.phone.clone(), one.phone.clone());
        ([Some(Identity { phone: second, ..other }), Some(Identity { phone: first, ..one })], Vec::new())
    };
    store.update_identities(PROJECT, [&number(2), &number(3)], &swap).await.unwrap();
    for (id, last) in [("identity-1", 3), ("identity-3", 2)] {
        let found = store.identity(PROJECT, IdentityLookup::Id(id)).await.unwrap().unwrap();
        assert!(found.phone.is_same(&number(last)), "{id}");
        assert_eq!(store.identity(PROJECT, IdentityLookup::Number(&number(last))).await.unwrap(), Some(found));
    }
    assert_eq!(names(store, None, 9, true).await, ["identity-1", "identity-3"]);
}

/// The first writer gets the number, and no identity is lost.
async fn a_number_is_taken_once(store: Arc<impl Store>) {
    for last in 0..16 {
        put(&*store, &enrolled(last, i64::from(last))).await;
    }
    let movers: Vec<_> = (0..4)
        .map(|mover| {
            let (store, handle) = (store.clone(), tokio::runtime::Handle::current());
            std::thread::spawn(move || {
                handle.block_on(async {
                    let mut moved = 0;
                    for turn in 0..4 {
                        moved += usize::from(change_number(&*store, mover * 4 + turn, 100 + turn).await);
                    }
                    moved
                })
            })
        })
        .collect();
    let moved: usize = movers.into_iter().map(|mover| mover.join().unwrap()).sum();
    assert_eq!((moved, store.outbox().await.unwrap().len()), (4, 4), "each number once");
    let mut all = names(&*store, None, 99, true).await;
    all.sort();
    let mut expected: Vec<_> = (0..16).map(|last| format!("identity-{last}")).collect();
    expected.sort();
    assert_eq!(all, expected);
}

async fn enrolled_identities_are_listed_page_by_page(store: &impl Store) {
    for (last, at) in [(3, 10), (1, 20), (2, 20), (4, 30)] {
        put(store, &enrolled(last, at)).await;
    }
    put(store, &Identity::bind(None, &binding(9, "not enrolled"))).await;
    put(store, &enrolled(1, 20).set_active(false).unwrap()).await;
    let all = ["identity-3", "identity-1", "identity-2", "identity-4"];
    assert_eq!(names(store, None, 9, true).await, all, "by time, then by id");
    assert_eq!(names(store, None, 2, true).await, all[..2]);
    assert_eq!(names(store, Some((20, "identity-1")), 9, true).await, all[2..]);
    assert_eq!(
        names(store, Some((10, "identity-3")), 1, false).await,
        ["identity-2"],
        "a page skips inactive identities and is still full"
    );
    assert_eq!(names(store, Some((30, "identity-4")), 9, true).await, [""; 0]);
    let deleted = enrolled(2, 20).phone;
    store.update_identity(PROJECT, &deleted, &|_| (None, Vec::new())).await.unwrap();
    assert_eq!(
        names(store, Some((20, "identity-2")), 9, true).await,
        ["identity-4"],
        "the last identity of the previous page may be deleted"
    );
}

async fn all_identities_can_be_deleted(store: &impl Store) {
    put(store, &enrolled(1, 5)).await;
    put(store, &Identity::bind(None, &binding(2, "one"))).await;
    store.delete_project(PROJECT).await.unwrap();
    assert_eq!(names(store, None, 9, true).await, [""; 0]);
    for lookup in [IdentityLookup::Number(&number(1)), IdentityLookup::Id("identity-1"), IdentityLookup::Device("one")]
    {
        assert_eq!(store.identity(PROJECT, lookup).await.unwrap(), None, "{lookup:?}");
    }
}

async fn identities_of_projects_are_kept_apart(store: &impl Store) {
    let own = Identity::bind(Some(&enrolled(1, 5)), &binding(1, "one"));
    let with =
        DeviceBinding { project: "other".to_owned(), identity_id: "of another".to_owned(), ..binding(1, "another") };
    let other = Identity { enrollment: own.enrollment.clone(), ..Identity::bind(None, &with) };
    for identity in [&own, &other] {
        put(store, identity).await;
    }
    let names = [("default", &own, "identity-1", "one"), ("other", &other, "of another", "another")];
    let listed = async |project| {
        store.identities(IdentityPage { project, after: None, limit: 9, with_inactive: true }).await.unwrap()
    };
    for (project, identity, id, device) in names {
        for lookup in [IdentityLookup::Number(&own.phone), IdentityLookup::Id(id), IdentityLookup::Device(device)] {
            assert_eq!(store.identity(project, lookup).await.unwrap().as_ref(), Some(identity), "{project} {lookup:?}");
        }
        assert_eq!(listed(project).await, std::slice::from_ref(identity));
    }
    for lookup in [IdentityLookup::Id("of another"), IdentityLookup::Device("another")] {
        assert_eq!(store.identity(PROJECT, lookup).await.unwrap(), None, "{lookup:?}");
    }
    store.delete_project(PROJECT).await.unwrap();
    assert_eq!((listed(PROJECT).await, listed("other").await), (vec![], vec![other]));
}

/// The first enrollment determines the id, and no device is lost.
async fn no_concurrent_enrollment_is_lost(store: Arc<impl Store>) {
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (store, handle) = (store.clone(), tokio::runtime::Handle::current());
            std::thread::spawn(move || {
                handle.block_on(async {
                    for count in 0..25 {
                        let mut with = binding(1, &format!("device-{writer}-{count}"));
                        with.identity_id = format!("of-{writer}");
                        store
                            .update_identity(PROJECT, &with.phone, &|old| (Some(Identity::bind(old, &with)), vec![]))
                            .await
                            .unwrap();
                    }
                });
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    let identity = store.identity(PROJECT, IdentityLookup::Number(&number(1))).await.unwrap().unwrap();
    assert!(identity.id.starts_with("of-"));
    assert_eq!(identity.devices.len(), 8 * 25);
    assert_eq!(identity.devices.iter().filter(|device| device.revoked_at.is_none()).count(), 1);
}
