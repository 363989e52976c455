//! Timelines: their ids, their limit, and appending beside writes of the session.

use std::sync::Arc;

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{MessageKind, Outcome, Session, TimelineEvent};
use tokio::task::JoinSet;

use super::fixtures::{count_once, delete, event, get, put, read, session, update, write_of};
use crate::{MAX_TIMELINE_EVENTS, RowChange, SessionWrite, Store};

pub(super) async fn check<S: Store>(new: impl Fn() -> S) {
    events_get_their_ids_in_order(&new()).await;
    a_timeline_belongs_to_its_session(&new()).await;
    an_appended_event_is_no_change_of_the_session(&new()).await;
    the_newest_events_are_kept(&new()).await;
    no_event_of_concurrent_writers_is_lost(Arc::new(new())).await;
    no_event_is_appended_to_a_deleted_session(Arc::new(new())).await;
}

pub(super) async fn timeline(store: &impl Store, auth_id: &str) -> Option<Vec<TimelineEvent>> {
    store.sessions().timeline(auth_id, 0).await.unwrap()
}

pub(super) async fn record(store: &impl Store, auth_id: &str, at: i64, count: usize) {
    let events = vec![event(MessageKind::SocketPing); count];
    store.sessions().record(auth_id, UnixMillis::new(at), &events).await.unwrap();
}

pub(super) fn ids(events: &[TimelineEvent]) -> Vec<u32> {
    events.iter().map(|event| event.id).collect()
}

async fn events_get_their_ids_in_order(store: &impl Store) {
    put(store, &session("a")).await;
    assert_eq!(timeline(store, "auth-a").await, Some(vec![]));
    let reply = event(MessageKind::LinkStart);
    let reply = handset_sandbox_domain::NewTimelineEvent { outcome: Some(Outcome::Accepted), ..reply };
    let both = vec![event(MessageKind::LinkStart), reply];
    for change in [RowChange::Keep, RowChange::Put(session("a"))] {
        let version = read(store, "auth-a").await.map(|session| session.version);
        let at = UnixMillis::new(7);
        let write = SessionWrite { timeline: both.clone(), at, ..write_of("auth-a", version, change) };
        assert!(store.sessions().write(write).await.unwrap());
    }
    record(store, "auth-a", 8, 1).await;
    let all = timeline(store, "auth-a").await.unwrap();
    let (seven, eight) = (UnixMillis::new(7), UnixMillis::new(8));
    let expected = [both[0], both[1], both[0], both[1]].into_iter().map(|event| (seven, event));
    let expected = expected.chain([(eight, event(MessageKind::SocketPing))]);
    assert_eq!(all, (1..).zip(expected).map(|(id, (at, event))| event.recorded(id, at)).collect::<Vec<_>>());
    for (after, expected) in [(0, &all[..]), (3, &all[3..]), (5, &[]), (99, &[]), (u32::MAX, &[])] {
        assert_eq!(store.sessions().timeline("auth-a", after).await.unwrap().unwrap(), expected, "{after}");
    }
    record(store, "auth-a", 9, 0).await;
    assert_eq!(timeline(store, "auth-a").await.unwrap(), all);
}

async fn a_timeline_belongs_to_its_session(store: &impl Store) {
    let with_event =
        |change| SessionWrite { timeline: vec![event(MessageKind::Start)], ..write_of("auth-a", None, change) };
    assert!(store.sessions().write(with_event(RowChange::Keep)).await.unwrap());
    record(store, "auth-a", 7, 1).await;
    assert_eq!(timeline(store, "auth-a").await, None, "without a session events are dropped");
    assert!(store.sessions().write(with_event(RowChange::Put(session("a")))).await.unwrap());
    put(store, &session("b")).await;
    record(store, "auth-b", 7, 3).await;
    let timelines = async || (timeline(store, "auth-a").await, timeline(store, "auth-b").await);
    let (a, b) = timelines().await;
    assert_eq!((a.map(|all| ids(&all)), b.map(|all| ids(&all))), (Some(vec![1]), Some(vec![1, 2, 3])));
    let version = read(store, "auth-b").await.map(|session| session.version);
    let last = vec![event(MessageKind::Expired)];
    let write = SessionWrite { timeline: last, ..write_of("auth-b", version, RowChange::Delete) };
    assert!(store.sessions().write(write).await.unwrap());
    assert_eq!(timelines().await.1, None, "it is deleted with its session");
    put(store, &session("b")).await;
    assert_eq!(timelines().await.1, Some(vec![]), "another session begins with an empty timeline");
    record(store, "auth-b", 7, 1).await;
    let (a, b) = timelines().await;
    assert_eq!((a.map(|all| ids(&all)), b.map(|all| ids(&all))), (Some(vec![1]), Some(vec![1])));
}

async fn an_appended_event_is_no_change_of_the_session(store: &impl Store) {
    put(store, &session("a")).await;
    let before = read(store, "auth-a").await.unwrap().version;
    record(store, "auth-a", 7, 2).await;
    assert_eq!(read(store, "auth-a").await.unwrap().version, before);
    let write = write_of("auth-a", Some(before), RowChange::Put(session("a")));
    assert!(store.sessions().write(write).await.unwrap(), "it does not make others decide again");
    assert_eq!(timeline(store, "auth-a").await.unwrap().len(), 2);
}

async fn the_newest_events_are_kept(store: &impl Store) {
    put(store, &session("a")).await;
    let max = u32::try_from(MAX_TIMELINE_EVENTS).unwrap();
    record(store, "auth-a", 0, MAX_TIMELINE_EVENTS).await;
    assert_eq!(ids(&timeline(store, "auth-a").await.unwrap()), (1..=max).collect::<Vec<_>>());
    record(store, "auth-a", 1, 1).await;
    record(store, "auth-a", 2, 4).await;
    let all = timeline(store, "auth-a").await.unwrap();
    assert_eq!(ids(&all), (6..=max + 5).collect::<Vec<_>>(), "ids keep counting");
    assert_eq!(all.last().unwrap().at, UnixMillis::new(2));
    assert_eq!(ids(&store.sessions().timeline("auth-a", 3).await.unwrap().unwrap())[0], 6);
    record(store, "auth-a", 3, MAX_TIMELINE_EVENTS + 10).await;
    let all = timeline(store, "auth-a").await.unwrap();
    assert_eq!((all.len(), all[0].id), (MAX_TIMELINE_EVENTS, max + 16), "even if one call appends more");
    assert!(all.iter().all(|event| event.at == UnixMillis::new(3)));
}

async fn no_event_of_concurrent_writers_is_lost(store: Arc<impl Store>) {
    put(&*store, &session("a")).await;
    let mut tasks = JoinSet::new();
    for task in 0..32 {
        let store = store.clone();
        tasks.spawn(async move {
            for _ in 0..6 {
                match task % 2 {
                    0 => record(&*store, "auth-a", 7, 2).await,
                    _ => count_once(&*store, "auth-a", &[]).await,
                }
            }
        });
    }
    tasks.join_all().await;
    let all = timeline(&*store, "auth-a").await.unwrap();
    assert_eq!(ids(&all), (1..=16 * 6 * 3).collect::<Vec<_>>());
    let of = |kind| all.iter().filter(|event| event.kind == kind).count();
    assert_eq!((of(MessageKind::SocketPing), of(MessageKind::StatusPolled)), (16 * 6 * 2, 16 * 6));
    assert_eq!(get(&*store, "auth-a").await.unwrap().sms_sent, 16 * 6);
    let pairs = all.iter().filter(|event| event.kind == MessageKind::SocketPing).collect::<Vec<_>>();
    assert!(pairs.chunks(2).all(|pair| pair[0].id + 1 == pair[1].id), "the events of one call are consecutive");
}

async fn no_event_is_appended_to_a_deleted_session(store: Arc<impl Store>) {
    let mut tasks = JoinSet::new();
    for task in 0..32 {
        let store = store.clone();
        tasks.spawn(async move {
            for turn in 0..8 {
                match (task + turn) % 4 {
                    0 => delete(&*store, "auth-a").await,
                    1 => put(&*store, &session("a")).await,
                    2 => record(&*store, "auth-a", 7, 1).await,
                    _ => {
                        let keep = |_: Option<&Session>| SessionWrite {
                            timeline: vec![event(MessageKind::StatusPolled)],
                            ..super::fixtures::nothing()
                        };
                        let _ = update(&*store, "auth-a", keep).await;
                    }
                }
            }
        });
    }
    tasks.join_all().await;
    if let Some(all) = timeline(&*store, "auth-a").await {
        assert_eq!(ids(&all), (1..=u32::try_from(all.len()).unwrap()).collect::<Vec<_>>());
    }
    delete(&*store, "auth-a").await;
    put(&*store, &session("a")).await;
    assert_eq!(timeline(&*store, "auth-a").await, Some(vec![]));
}
