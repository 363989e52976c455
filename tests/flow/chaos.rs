//! Properties: with arbitrary backends, pages and clocks, a flow settles.

use handset::flow::{LinkRetry, OtpEntry};
use handset_protocol::Secret;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{
    CODE, NUMBER, ScriptedAnswer, ScriptedStep, SocketScript, TestFlow, block_on, change_link_number, change_number,
    closes, code, hang, json, lost, never, no_number, number, opens, raw, rejects, resend, resend_link, status,
};

fn next() -> impl Strategy<Value = Value> {
    const STEPS: &[&str] =
        &["done", "", "mobile/otp", "mobile/instantlink", "user/docv", "scan/message", "device/passive"];
    prop_oneof![
        4 => proptest::sample::select(STEPS).prop_map(Into::into),
        1 => Just(Value::Null),
        1 => any_json(),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "\\PC{0,8}".prop_map(Into::into),
    ];
    let name = prop_oneof!["\\PC{0,4}", "next|data|error|code|message|expiresAt|serverTime"];
    leaf.prop_recursive(3, 12, 3, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
            proptest::collection::btree_map(name.clone(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn member(name: &'static str, value: impl Strategy<Value = Value>) -> impl Strategy<Value = (&'static str, Value)> {
    value.prop_map(move |value| (name, value))
}

/// Replies, most of them possible ones.
fn reply() -> impl Strategy<Value = Value> {
    let error = (any::<i64>(), "\\PC{0,8}").prop_map(|(code, message)| json!({"code": code, "message": message}));
    let data = prop_oneof![
        Just(json!({})),
        (any::<i64>(), "\\PC{0,8}").prop_map(|(code, message)| json!({"code": code, "message": message})),
    ];
    let time = || prop_oneof![any::<i64>(), 0..400_000_i64].prop_map(Value::from);
    let members = proptest::collection::vec(
        prop_oneof![
            4 => member("next", next()),
            1 => member("error", prop_oneof![error, any_json()]),
            1 => member("data", prop_oneof![data, any_json()]),
            1 => member("serverTime", time()),
            1 => member("expiresAt", time()),
            1 => member("resendAt", time()),
        ],
        0..4,
    );
    prop_oneof![
        8 => members.prop_map(|members| members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        1 => any_json(),
    ]
}

/// Every answer takes time, as on a real network. Otherwise a page that answers at once could loop for ever in one
/// moment.
fn answer() -> impl Strategy<Value = ScriptedAnswer> {
    let what = prop_oneof![
        8 => reply().prop_map(json),
        1 => "\\PC{0,12}".prop_map(|text| raw(&text)),
        1 => proptest::sample::select(&[301_u16, 400, 401, 404, 429, 500, 503][..]).prop_map(status),
        1 => Just(lost()),
        1 => Just(hang()),
    ];
    (what, 1..30_000_u64).prop_map(|(what, ms)| what.after(ms))
}

fn socket() -> impl Strategy<Value = SocketScript> {
    let told = (reply(), 0..200_000_u64).prop_map(|(reply, at)| opens().says(at, &reply.to_string()));
    prop_oneof![
        told,
        ("\\PC{0,12}", 0..200_000_u64).prop_map(|(text, at)| opens().says(at, &text)),
        (0..200_000_u64).prop_map(|at| opens().closes(at)),
        Just(closes()),
        Just(SocketScript::hangs()),
        proptest::option::of(0..40_000_u64).prop_map(|pong| opens().pongs(pong)),
    ]
}

/// One call of a page step, as data that proptest can print.
#[derive(Clone, Debug)]
enum DrawnAction {
    Answers(u8, u64),
    Rejects(String),
    Never,
}

fn does() -> impl Strategy<Value = DrawnAction> {
    prop_oneof![
        8 => (0..3_u8, 1..150_000_u64).prop_map(|(which, after)| DrawnAction::Answers(which, after)),
        1 => "\\PC{0,12}".prop_map(DrawnAction::Rejects),
        1 => Just(DrawnAction::Never),
    ]
}

fn scripted<T>(does: &DrawnAction, answers: impl Fn(u8) -> ScriptedStep<T>) -> ScriptedStep<T> {
    match does {
        DrawnAction::Answers(which, after) => answers(*which).after(*after),
        DrawnAction::Rejects(text) => rejects(text),
        DrawnAction::Never => never(),
    }
}

fn a_number(which: u8) -> ScriptedStep<Option<Secret>> {
    if which == 0 { no_number() } else { number(NUMBER) }
}

fn an_entry(which: u8) -> ScriptedStep<OtpEntry> {
    [code(CODE), resend(), change_number()].into_iter().nth(which.into()).unwrap()
}

fn a_retry(which: u8) -> ScriptedStep<LinkRetry> {
    if which == 0 { resend_link() } else { change_link_number() }
}

/// A change to the machine: when, whether its clock is set or it sleeps or wakes, and by how many ms.
fn happening() -> impl Strategy<Value = (u64, u8, i64)> {
    (0..900_000_u64, 0..3_u8, -1_200_000..1_200_000_i64)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_024, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_the_flow_settles_within_the_tokens_lifetime(
        first in proptest::sample::select(&["mobile/otp", "mobile/instantlink", "user/docv"][..]),
        (retry, mobile_web, own_ms) in (any::<bool>(), any::<bool>(), proptest::option::of(1..600_000_u32)),
        answers in proptest::collection::vec(answer(), 0..24),
        sockets in proptest::collection::vec(socket(), 0..8),
        pages in proptest::collection::vec(does(), 0..24),
        happenings in proptest::collection::vec(happening(), 0..6),
        stopped_at in proptest::option::weighted(0.2, 0..120_usize),
    ) {
        block_on(async {
            let mut bench = TestFlow::new(first);
            (bench.config.has_link_retry, bench.config.mobile_web) = (retry, mobile_web);
            (bench.config.otp_ms, bench.config.link_ms) = (own_ms, own_ms);
            bench.page.patient.set(true);
            for does in &pages {
                bench.page.otp_start.then(scripted(does, a_number));
                bench.page.otp_finish.then(scripted(does, an_entry));
                bench.page.link_start.then(scripted(does, a_number));
                bench.page.link_retry.then(scripted(does, a_retry));
            }
            for answer in answers {
                bench.world.on("*", answer);
            }
            for socket in sockets {
                bench.world.socket(socket);
            }
            bench.world.always("*", hang()).every_socket(closes());
            for (at, what, ms) in happenings {
                bench.at(at, move |world| match what {
                    0 => world.jump(ms),
                    1 => world.sleep(ms),
                    _ => world.wake(),
                });
            }
            if let Some(wait) = stopped_at {
                bench.stop_at_wait(wait);
            }
            // The harness checks the invariants, of stopped flows too.
            let end = bench.run().await;
            assert!(end.at <= 900_000, "settled at {}", end.at);
        });
    }
}
