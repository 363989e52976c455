//! Identities: one per number, their keys and pages, and changes of their numbers.

use std::sync::Arc;

use handset_protocol::UnixMillis;

use super::deliveries::{delivery, pending};
use super::fixtures::PROJECT;
use crate::{IdentityKey, IdentityPage, IdentityWrite, RowChange, Store, Version, Versioned};
use handset_sandbox_domain::{Device, DeviceBinding, Identity, NewEnrollment, Phone};

pub(super) async fn check<S: Store>(new: impl Fn() -> S) {
    an_identity_is_found_by_every_key(&new()).await;
    a_deleted_identity_is_found_by_none(&new()).await;
    a_write_with_another_version_changes_nothing(&new()).await;
    deliveries_are_enqueued_with_their_identity(&new()).await;
    two_identities_are_written_at_once(&new()).await;
    a_number_is_taken_once(Arc::new(new())).await;
    enrolled_identities_are_listed_page_by_page(&new()).await;
    all_identities_can_be_deleted(&new()).await;
    identities_of_projects_are_kept_apart(&new()).await;
    no_concurrent_enrollment_is_lost(Arc::new(new())).await;
}

pub(super) fn number(last: u32) -> Phone {
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

pub(super) fn binding(last: u32, device: &str) -> DeviceBinding {
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

pub(super) fn identity_write(phone: &Phone, version: Option<Version>, identity: RowChange<Identity>) -> IdentityWrite {
    IdentityWrite { project: PROJECT.to_owned(), phone: phone.clone(), version, identity }
}

async fn find(store: &impl Store, project: &str, key: IdentityKey<'_>) -> Option<Identity> {
    store.identities().get(project, key).await.unwrap().map(|row| (*row.value).clone())
}

/// Reads the identity of a number, decides and writes until a write has no lost race.
async fn update(
    store: &impl Store,
    project: &str,
    phone: &Phone,
    decide: impl Fn(Option<&Identity>) -> RowChange<Identity>,
) {
    loop {
        let before = store.identities().get(project, IdentityKey::Number(phone)).await.unwrap();
        let change = decide(before.as_ref().map(|row| &*row.value));
        let write = identity_write(phone, before.map(|row| row.version), change);
        let write = IdentityWrite { project: project.to_owned(), ..write };
        if store.identities().write(vec![write], vec![]).await.unwrap() {
            return;
        }
    }
}

pub(super) async fn write_identity(store: &impl Store, identity: &Identity) {
    update(store, &identity.project, &identity.phone, |_| RowChange::Put(identity.clone())).await;
}

pub(super) async fn delete(store: &impl Store, project: &str, phone: &Phone) {
    update(store, project, phone, |_| RowChange::Delete).await;
}

pub(super) fn in_project(project: &str) -> Identity {
    Identity { id: format!("identity-of-{project}"), project: project.to_owned(), ..enrolled(1, 5) }
}

async fn names(store: &impl Store, after: Option<(i64, &str)>, limit: usize, with_inactive: bool) -> Vec<String> {
    let after = after.map(|(since, id)| (UnixMillis::new(since), id));
    let page = IdentityPage { project: PROJECT, after, limit, with_inactive };
    store.identities().list(page).await.unwrap().into_iter().map(|identity| identity.id).collect()
}

async fn an_identity_is_found_by_every_key(store: &impl Store) {
    let mut identity = enrolled(1, 5);
    write_identity(store, &identity).await;
    for device in ["one", "two"] {
        identity = Identity::bind(Some(&identity), &binding(1, device));
        write_identity(store, &identity).await;
    }
    assert!(matches!(&identity.devices[..], [Device { revoked_at: Some(_), .. }, Device { revoked_at: None, .. }]));
    let written_otherwise = Phone::parse(&"+15005550001".into()).unwrap();
    for key in [
        IdentityKey::Number(&identity.phone),
        IdentityKey::Number(&written_otherwise),
        IdentityKey::Id("identity-1"),
        IdentityKey::Device("one"),
        IdentityKey::Device("two"),
    ] {
        assert_eq!(find(store, PROJECT, key).await.as_ref(), Some(&identity), "{key:?}");
    }
    for key in [
        IdentityKey::Number(&number(2)),
        IdentityKey::Id("one"),
        IdentityKey::Id("15005550001"),
        IdentityKey::Device("identity-1"),
    ] {
        assert_eq!(find(store, PROJECT, key).await, None, "{key:?}");
    }
}

async fn a_deleted_identity_is_found_by_none(store: &impl Store) {
    let identity = Identity::bind(Some(&enrolled(1, 5)), &binding(1, "one"));
    write_identity(store, &identity).await;
    delete(store, PROJECT, &identity.phone).await;
    for key in [IdentityKey::Number(&identity.phone), IdentityKey::Id("identity-1"), IdentityKey::Device("one")] {
        assert_eq!(find(store, PROJECT, key).await, None, "{key:?}");
    }
    assert_eq!(names(store, None, 9, true).await, [""; 0]);
}

async fn a_write_with_another_version_changes_nothing(store: &impl Store) {
    let phone = number(1);
    let read = async || store.identities().get(PROJECT, IdentityKey::Number(&phone)).await.unwrap();
    let mut old = vec![None];
    for customer in ["one", "two", "three"] {
        let mut identity = enrolled(1, 5);
        identity.enrollment.as_mut().unwrap().client_customer_id = Some(customer.to_owned());
        write_identity(store, &identity).await;
        old.push(read().await.map(|row| row.version));
        if customer == "one" {
            delete(store, PROJECT, &phone).await;
        }
    }
    let current = old.pop().unwrap();
    for version in old {
        assert_ne!(version, current);
        for change in [RowChange::Keep, RowChange::Put(enrolled(1, 9)), RowChange::Delete] {
            let rows = vec![
                identity_write(&number(2), None, RowChange::Put(enrolled(2, 9))),
                identity_write(&phone, version, change.clone()),
            ];
            let written = store.identities().write(rows, vec![delivery(PROJECT, "lost")]).await.unwrap();
            assert!(!written, "{version:?} {change:?}");
        }
    }
    let Versioned { value, version } = read().await.unwrap();
    assert_eq!(
        (value.enrollment.as_ref().unwrap().client_customer_id.as_deref(), Some(version)),
        (Some("three"), current)
    );
    assert_eq!(find(store, PROJECT, IdentityKey::Number(&number(2))).await, None, "all rows or none");
    assert_eq!(pending(store).await, []);
    let keep = identity_write(&phone, current, RowChange::Keep);
    assert!(store.identities().write(vec![keep], vec![]).await.unwrap());
    assert_eq!(read().await.map(|row| row.version), current, "a kept row keeps its version");
}

async fn deliveries_are_enqueued_with_their_identity(store: &impl Store) {
    let identity = enrolled(1, 5);
    let write = identity_write(&identity.phone, None, RowChange::Put(identity.clone()));
    let [one, two, three] = ["one", "two", "three"].map(|name| delivery(PROJECT, name));
    assert!(store.identities().write(vec![write], vec![one.clone(), two.clone()]).await.unwrap());
    assert!(store.identities().write(vec![], vec![three.clone()]).await.unwrap(), "or without one");
    assert_eq!(find(store, PROJECT, IdentityKey::Id("identity-1")).await, Some(identity));
    let waiting = pending(store).await;
    assert_eq!(waiting.iter().map(|entry| &entry.delivery).collect::<Vec<_>>(), [&one, &two, &three]);
    assert!(waiting.is_sorted_by(|a, b| a.sequence < b.sequence));
}

/// Moves an identity to another number if that number is free, and enqueues a delivery. Returns whether it moved.
async fn change_number(store: &impl Store, from: u32, to: u32) -> bool {
    let (from, to) = (number(from), number(to));
    loop {
        let old = store.identities().get(PROJECT, IdentityKey::Number(&from)).await.unwrap();
        let other = store.identities().get(PROJECT, IdentityKey::Number(&to)).await.unwrap();
        let (Some(old), None) = (old, other) else { return false };
        let moved = Identity { phone: to.clone(), ..(*old.value).clone() };
        let rows = vec![
            identity_write(&from, Some(old.version), RowChange::Delete),
            identity_write(&to, None, RowChange::Put(moved)),
        ];
        if store.identities().write(rows, vec![delivery(PROJECT, &old.value.id)]).await.unwrap() {
            return true;
        }
    }
}

async fn two_identities_are_written_at_once(store: &impl Store) {
    let identity = Identity::bind(Some(&enrolled(1, 5)), &binding(1, "one"));
    write_identity(store, &identity).await;
    write_identity(store, &enrolled(3, 7)).await;
    assert!(change_number(store, 1, 2).await);
    let moved = Identity { phone: number(2), ..identity };
    for key in [IdentityKey::Number(&moved.phone), IdentityKey::Id("identity-1"), IdentityKey::Device("one")] {
        assert_eq!(find(store, PROJECT, key).await.as_ref(), Some(&moved), "{key:?}");
    }
    assert_eq!(find(store, PROJECT, IdentityKey::Number(&number(1))).await, None);
    assert_eq!(names(store, None, 9, true).await, ["identity-1", "identity-3"]);
    let waiting = pending(store).await;
    assert_eq!((waiting.len(), waiting[0].delivery.id()), (1, "identity-1"));
    assert!(!change_number(store, 3, 2).await, "the number is taken");
    assert!(!change_number(store, 1, 4).await, "no identity has the old number");
    assert_eq!(pending(store).await, waiting);
    // Two identities exchange their numbers in one write.
    let read = async |last| store.identities().get(PROJECT, IdentityKey::Number(&number(last))).await.unwrap().unwrap();
    let (one, other) = (read(2).await, read(3).await);
    let with_phone = |identity: &Identity, last| RowChange::Put(Identity { phone: number(last), ..identity.clone() });
    let rows = vec![
        identity_write(&number(2), Some(one.version), with_phone(&other.value, 2)),
        identity_write(&number(3), Some(other.version), with_phone(&one.value, 3)),
    ];
    assert!(store.identities().write(rows, vec![]).await.unwrap());
    for (id, last) in [("identity-1", 3), ("identity-3", 2)] {
        let found = find(store, PROJECT, IdentityKey::Id(id)).await.unwrap();
        assert!(found.phone.is_same(&number(last)), "{id}");
        assert_eq!(find(store, PROJECT, IdentityKey::Number(&number(last))).await, Some(found));
    }
    assert_eq!(names(store, None, 9, true).await, ["identity-1", "identity-3"]);
}

/// The first writer gets the number, and no identity is lost.
async fn a_number_is_taken_once(store: Arc<impl Store>) {
    for last in 0..16 {
        write_identity(&*store, &enrolled(last, i64::from(last))).await;
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
    assert_eq!((moved, pending(&*store).await.len()), (4, 4), "each number once");
    let mut all = names(&*store, None, 99, true).await;
    all.sort();
    let mut expected: Vec<_> = (0..16).map(|last| format!("identity-{last}")).collect();
    expected.sort();
    assert_eq!(all, expected);
}

async fn enrolled_identities_are_listed_page_by_page(store: &impl Store) {
    for (last, at) in [(3, 10), (1, 20), (2, 20), (4, 30)] {
        write_identity(store, &enrolled(last, at)).await;
    }
    write_identity(store, &Identity::bind(None, &binding(9, "not enrolled"))).await;
    write_identity(store, &enrolled(1, 20).set_active(false).unwrap()).await;
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
    delete(store, PROJECT, &deleted).await;
    assert_eq!(
        names(store, Some((20, "identity-2")), 9, true).await,
        ["identity-4"],
        "the last identity of the previous page may be deleted"
    );
}

async fn all_identities_can_be_deleted(store: &impl Store) {
    write_identity(store, &enrolled(1, 5)).await;
    write_identity(store, &Identity::bind(None, &binding(2, "one"))).await;
    store.settings().delete_project(PROJECT).await.unwrap();
    assert_eq!(names(store, None, 9, true).await, [""; 0]);
    for key in [IdentityKey::Number(&number(1)), IdentityKey::Id("identity-1"), IdentityKey::Device("one")] {
        assert_eq!(find(store, PROJECT, key).await, None, "{key:?}");
    }
}

async fn identities_of_projects_are_kept_apart(store: &impl Store) {
    let own = Identity::bind(Some(&enrolled(1, 5)), &binding(1, "one"));
    let with =
        DeviceBinding { project: "other".to_owned(), identity_id: "of another".to_owned(), ..binding(1, "another") };
    let other = Identity { enrollment: own.enrollment.clone(), ..Identity::bind(None, &with) };
    for identity in [&own, &other] {
        write_identity(store, identity).await;
    }
    let names = [("default", &own, "identity-1", "one"), ("other", &other, "of another", "another")];
    let listed = async |project| {
        store.identities().list(IdentityPage { project, after: None, limit: 9, with_inactive: true }).await.unwrap()
    };
    for (project, identity, id, device) in names {
        for key in [IdentityKey::Number(&own.phone), IdentityKey::Id(id), IdentityKey::Device(device)] {
            assert_eq!(find(store, project, key).await.as_ref(), Some(identity), "{project} {key:?}");
        }
        assert_eq!(listed(project).await, std::slice::from_ref(identity));
    }
    for key in [IdentityKey::Id("of another"), IdentityKey::Device("another")] {
        assert_eq!(find(store, PROJECT, key).await, None, "{key:?}");
    }
    store.settings().delete_project(PROJECT).await.unwrap();
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
                        let bind = |old: Option<&Identity>| RowChange::Put(Identity::bind(old, &with));
                        update(&*store, PROJECT, &with.phone, bind).await;
                    }
                });
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    let identity = find(&*store, PROJECT, IdentityKey::Number(&number(1))).await.unwrap();
    assert!(identity.id.starts_with("of-"));
    assert_eq!(identity.devices.len(), 8 * 25);
    assert_eq!(identity.devices.iter().filter(|device| device.revoked_at.is_none()).count(), 1);
}
