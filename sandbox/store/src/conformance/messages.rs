//! Messages, settings, and the data of a project.

use super::fixtures::{PROJECT, put, session, sms};
use crate::{MAX_MESSAGES, Store};
use handset_sandbox_domain::{Effect, Session};

pub(super) async fn check<S: Store>(new: impl Fn() -> S) {
    a_message_is_there_from_the_write_on(&new()).await;
    messages_are_filtered(&new()).await;
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
    let effects = vec![sms(&session, sent_at)];
    store.update(&session.auth_id, &|_| (Some(session.clone()), effects.clone())).await.unwrap();
}

async fn send(store: &impl Store, sent_at: i64) {
    send_in(store, PROJECT, sent_at).await;
}

async fn times_in(store: &impl Store, project: &str, since: u64) -> Vec<i64> {
    let messages = store.messages(project, since, &|_| true).await.unwrap();
    messages.into_iter().map(|sent| sent.message.sent_at.as_millis()).collect()
}

async fn times(store: &impl Store, since: u64) -> Vec<i64> {
    times_in(store, PROJECT, since).await
}

async fn a_message_is_there_from_the_write_on(store: &impl Store) {
    put(store, &of(PROJECT)).await;
    assert_eq!(store.messages(PROJECT, 0, &|_| true).await.unwrap(), []);
    send(store, 7).await;
    let sent = store.messages(PROJECT, 0, &|_| true).await.unwrap();
    let waiting = store.outbox().await.unwrap();
    assert_eq!((sent.len(), sent[0].id), (1, waiting[0].sequence));
    assert_eq!(Effect::SendMessage(sent[0].message.clone()), sms(&of(PROJECT), 7));
    store.complete_outbox_entry(sent[0].id).await.unwrap();
    assert_eq!(
        store.messages(PROJECT, 0, &|_| true).await.unwrap(),
        sent,
        "the message stays after its entry is completed"
    );
}

async fn messages_are_filtered(store: &impl Store) {
    for at in 1..=5 {
        send(store, at).await;
        send_in(store, "other", at + 10).await;
    }
    assert_eq!(times(store, 0).await, [1, 2, 3, 4, 5], "oldest first");
    assert_eq!(times_in(store, "other", 0).await, [11, 12, 13, 14, 15]);
    assert_eq!(times_in(store, "none", 0).await, [0; 0]);
    let odd = store.messages(PROJECT, 0, &|message| message.sent_at.as_millis() % 2 == 1).await.unwrap();
    assert_eq!(odd.iter().map(|sent| sent.message.sent_at.as_millis()).collect::<Vec<_>>(), [1, 3, 5]);
    assert_eq!(times(store, odd[1].id).await, [4, 5], "only those after the id");
    assert_eq!(times(store, u64::MAX).await, [0; 0]);
}

async fn the_newest_messages_of_each_project_are_kept(store: &impl Store) {
    send_in(store, "other", 7).await;
    let session = of(PROJECT);
    let all = i64::try_from(MAX_MESSAGES).unwrap() + 500;
    let effects: Vec<_> = (0..all).map(|at| sms(&session, at)).collect();
    store.update(&session.auth_id, &|_| (Some(session.clone()), effects.clone())).await.unwrap();
    assert!(times(store, 0).await.into_iter().eq(500..all));
    assert_eq!(times_in(store, "other", 0).await, [7]);
}

async fn ids_continue_after_messages_are_deleted(store: &impl Store) {
    send(store, 1).await;
    let first = store.messages(PROJECT, 0, &|_| true).await.unwrap()[0].id;
    store.delete_project(PROJECT).await.unwrap();
    assert_eq!(times(store, 0).await, [0; 0]);
    send(store, 2).await;
    assert_eq!(times(store, first).await, [2]);
}

async fn a_setting_has_its_last_value(store: &impl Store) {
    for project in [None, Some(PROJECT), Some("other")] {
        assert_eq!(store.setting(project, "a").await.unwrap(), None, "{project:?}");
        for value in [&b"one"[..], &[0, 255], b""] {
            store.set_setting(project, "a", value).await.unwrap();
            assert_eq!(store.setting(project, "a").await.unwrap().as_deref(), Some(value));
        }
        assert_eq!(store.setting(project, "b").await.unwrap(), None);
    }
}

async fn a_project_is_listed_by_any_of_its_rows(store: &impl Store) {
    store.set_setting(None, "a", b"of the sandbox itself").await.unwrap();
    assert_eq!(store.projects().await.unwrap(), [""; 0]);
    put(store, &of("of-a-session")).await;
    super::identities::put(store, &super::identities::in_project("of-an-identity")).await;
    send_in(store, "of-a-message", 1).await;
    store.update("auth-of-a-message", &|_| (None, vec![])).await.unwrap();
    store.set_setting(Some("of-a-setting"), "a", b"one").await.unwrap();
    let all = ["of-a-message", "of-a-session", "of-a-setting", "of-an-identity"];
    assert_eq!(store.projects().await.unwrap(), all);
    for project in all {
        store.delete_project(project).await.unwrap();
    }
    assert_eq!(store.projects().await.unwrap(), ["of-a-session"], "sessions end one by one");
}

async fn deleting_a_project_leaves_the_others(store: &impl Store) {
    store.set_setting(None, "a", b"one").await.unwrap();
    for project in [PROJECT, "other"] {
        send_in(store, project, 1).await;
        store.set_setting(Some(project), "a", b"one").await.unwrap();
    }
    store.delete_project(PROJECT).await.unwrap();
    assert_eq!((times(store, 0).await, times_in(store, "other", 0).await), (vec![], vec![1]));
    assert_eq!(store.setting(Some(PROJECT), "a").await.unwrap(), None);
    for project in [None, Some("other")] {
        assert_eq!(store.setting(project, "a").await.unwrap().as_deref(), Some(&b"one"[..]), "{project:?}");
    }
}
