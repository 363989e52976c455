//! Messages, settings, and the data of a project.

use super::fixtures::{PROJECT, delete, put, sent, session, sms};
use crate::{MAX_MESSAGES, MessageFilter, Store};
use handset_sandbox_domain::{Channel, Contact, Message, MessageOrigin, Session};

pub(super) async fn check<S: Store>(new: impl Fn() -> S) {
    messages_are_there_from_the_write_on(&new()).await;
    messages_are_filtered(&new()).await;
    an_email_is_found_by_its_address(&new()).await;
    the_newest_messages_of_each_project_are_kept(&new()).await;
    ids_continue_after_messages_are_deleted(&new()).await;
    a_setting_has_its_last_value(&new()).await;
    a_project_is_listed_by_any_of_its_rows(&new()).await;
    deleting_a_project_leaves_the_others(&new()).await;
}

fn of(project: &str) -> Session {
    Session { project: project.to_owned(), ..session(project) }
}

async fn send_in(store: &impl Store, project: &str, sent_at: i64) {
    let session = of(project);
    super::fixtures::send(store, &session, &[sms(&session, sent_at)]).await;
}

async fn send(store: &impl Store, sent_at: i64) {
    send_in(store, PROJECT, sent_at).await;
}

async fn times_by(store: &impl Store, filter: MessageFilter<'_>) -> Vec<i64> {
    let messages = store.messages().list(filter).await.unwrap();
    messages.into_iter().map(|sent| sent.message.sent_at.as_millis()).collect()
}

async fn times_in(store: &impl Store, project: &str, since: u64) -> Vec<i64> {
    times_by(store, MessageFilter { project, since, to: None }).await
}

async fn times(store: &impl Store, since: u64) -> Vec<i64> {
    times_in(store, PROJECT, since).await
}

async fn messages_are_there_from_the_write_on(store: &impl Store) {
    put(store, &of(PROJECT)).await;
    assert_eq!(sent(store, PROJECT).await, []);
    let messages = [7, 8, 9].map(|at| sms(&of(PROJECT), at));
    super::fixtures::send(store, &of(PROJECT), &messages).await;
    let stored = sent(store, PROJECT).await;
    assert_eq!(stored.iter().map(|stored| stored.message.clone()).collect::<Vec<_>>(), messages);
    assert!(stored[0].id > 0 && stored.is_sorted_by(|a, b| a.id < b.id), "{stored:?}");
    delete(store, &of(PROJECT).auth_id).await;
    assert_eq!(sent(store, PROJECT).await, stored, "messages stay after their session");
}

async fn messages_are_filtered(store: &impl Store) {
    for at in 1..=5 {
        let session = of(PROJECT);
        let to = ["2005550006", "+12005550007", "12005550006"][usize::try_from(at).unwrap() % 3].into();
        super::fixtures::send(store, &session, &[Message { to, ..sms(&session, at) }]).await;
        send_in(store, "other", at + 10).await;
    }
    assert_eq!(times(store, 0).await, [1, 2, 3, 4, 5], "oldest first");
    assert_eq!(times_in(store, "other", 0).await, [11, 12, 13, 14, 15]);
    assert_eq!(times_in(store, "none", 0).await, [0; 0]);
    let stored = sent(store, PROJECT).await;
    for (to, expected) in
        [("2005550006", &[2, 3, 5][..]), ("+12005550006", &[2, 3, 5]), ("2005550007", &[1, 4]), ("2005550008", &[])]
    {
        let contact = Contact::parse(Channel::Mobile, &to.into()).unwrap();
        let filter = MessageFilter { project: PROJECT, since: 0, to: Some(&contact) };
        assert_eq!(times_by(store, filter).await, expected, "{to}: in any notation");
        let since = stored[1].id;
        let later: Vec<_> = expected.iter().copied().filter(|at| *at > 2).collect();
        assert_eq!(times_by(store, MessageFilter { since, ..filter }).await, later, "{to}");
        assert_eq!(times_by(store, MessageFilter { project: "other", ..filter }).await, [0; 0], "{to}");
    }
    assert_eq!(times(store, stored[2].id).await, [4, 5], "only those after the id");
    assert_eq!(times(store, u64::MAX).await, [0; 0]);
}

async fn an_email_is_found_by_its_address(store: &impl Store) {
    let (session, origin) = (of(PROJECT), MessageOrigin::Journey { app_id: "a".into(), transaction_id: "t".into() });
    for (at, to) in [(1, "Ada@shop.test"), (2, "bob@shop.test"), (3, "ada@SHOP.test")] {
        let email = Message { to: to.into(), channel: Channel::Email, origin: origin.clone(), ..sms(&session, at) };
        super::fixtures::send(store, &session, &[email, sms(&session, at + 10)]).await;
    }
    for (to, expected) in [("ada@shop.test", &[1, 3][..]), ("BOB@shop.test", &[2]), ("a@shop.test", &[])] {
        let contact = Contact::parse(Channel::Email, &to.into()).unwrap();
        let filter = MessageFilter { project: PROJECT, since: 0, to: Some(&contact) };
        assert_eq!(times_by(store, filter).await, expected, "{to}: in any case");
    }
    let stored = sent(store, PROJECT).await;
    assert_eq!((stored.len(), &stored[0].message.origin), (6, &origin));
}

async fn the_newest_messages_of_each_project_are_kept(store: &impl Store) {
    send_in(store, "other", 7).await;
    let session = of(PROJECT);
    let all = i64::try_from(MAX_MESSAGES).unwrap() + 500;
    let messages: Vec<_> = (0..all).map(|at| sms(&session, at)).collect();
    super::fixtures::send(store, &session, &messages).await;
    assert!(times(store, 0).await.into_iter().eq(500..all));
    let contact = messages[0].recipient().unwrap();
    let to_number = MessageFilter { project: PROJECT, since: 0, to: Some(&contact) };
    assert!(times_by(store, to_number).await.into_iter().eq(500..all));
    assert_eq!(times_in(store, "other", 0).await, [7]);
}

async fn ids_continue_after_messages_are_deleted(store: &impl Store) {
    send(store, 1).await;
    let first = sent(store, PROJECT).await[0].id;
    store.settings().delete_project(PROJECT).await.unwrap();
    assert_eq!(times(store, 0).await, [0; 0]);
    send(store, 2).await;
    assert_eq!(times(store, first).await, [2]);
    assert!(sent(store, PROJECT).await[0].id > first);
}

async fn a_setting_has_its_last_value(store: &impl Store) {
    for project in [None, Some(PROJECT), Some("other")] {
        assert_eq!(store.settings().get(project, "a").await.unwrap(), None, "{project:?}");
        for value in [&b"one"[..], &[0, 255], b""] {
            store.settings().set(project, "a", value).await.unwrap();
            assert_eq!(store.settings().get(project, "a").await.unwrap().as_deref(), Some(value));
        }
        assert_eq!(store.settings().get(project, "b").await.unwrap(), None);
    }
}

async fn a_project_is_listed_by_any_of_its_rows(store: &impl Store) {
    store.settings().set(None, "a", b"of the sandbox itself").await.unwrap();
    assert_eq!(store.settings().projects().await.unwrap(), [""; 0]);
    put(store, &of("of-a-session")).await;
    super::identities::write_identity(store, &super::identities::in_project("of-an-identity")).await;
    send_in(store, "of-a-message", 1).await;
    delete(store, "auth-of-a-message").await;
    store.settings().set(Some("of-a-setting"), "a", b"one").await.unwrap();
    let all = ["of-a-message", "of-a-session", "of-a-setting", "of-an-identity"];
    assert_eq!(store.settings().projects().await.unwrap(), all);
    for project in all {
        store.settings().delete_project(project).await.unwrap();
    }
    assert_eq!(store.settings().projects().await.unwrap(), ["of-a-session"], "sessions end one by one");
}

async fn deleting_a_project_leaves_the_others(store: &impl Store) {
    store.settings().set(None, "a", b"one").await.unwrap();
    for project in [PROJECT, "other"] {
        send_in(store, project, 1).await;
        store.settings().set(Some(project), "a", b"one").await.unwrap();
    }
    store.settings().delete_project(PROJECT).await.unwrap();
    assert_eq!((times(store, 0).await, times_in(store, "other", 0).await), (vec![], vec![1]));
    assert_eq!(store.settings().get(Some(PROJECT), "a").await.unwrap(), None);
    for project in [None, Some("other")] {
        assert_eq!(store.settings().get(project, "a").await.unwrap().as_deref(), Some(&b"one"[..]), "{project:?}");
    }
}
