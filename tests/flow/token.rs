//! The authToken: the checks before the first request.

use handset::flow::Kind;
use proptest::prelude::*;
use serde_json::json;

use crate::harness::{NUMBER, TestFlow, WALL_START, block_on, json, number, rejects};

/// The kind of failure that a flow with this token ends with, before any request.
async fn refused(bench: TestFlow) -> Kind {
    let end = bench.run().await;
    assert!(end.paths().is_empty() && end.calls().is_empty() && end.world.sockets.borrow().is_empty());
    end.rejection().kind
}

#[tokio::test(start_paused = true)]
async fn a_first_step_of_done_runs_auth_finish_without_a_request() {
    let end = TestFlow::new("done").run().await;
    end.is_done();
    assert_eq!((end.paths(), end.finishes()), (vec![], vec![None]));
}

#[tokio::test(start_paused = true)]
async fn an_empty_first_step_ends_the_flow_without_a_request() {
    let end = TestFlow::new("").run().await;
    end.is_row("ended");
    assert!(end.paths().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_no_token_is_refused() {
    for text in ["", "a.b.c", "e30.e30.c2ln", "no token at all"] {
        let mut bench = TestFlow::otp();
        bench.token_text = Some(text.to_owned());
        assert_eq!(refused(bench).await, Kind::TokenInvalid, "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_lacks_a_claim_of_the_flow_is_refused() {
    for claim in ["id", "endp", "next", "subs"] {
        let mut bench = TestFlow::otp();
        bench.token.0["auth"].as_object_mut().unwrap().remove(claim);
        assert_eq!(refused(bench).await, Kind::TokenInvalid, "{claim}");
    }
}

#[tokio::test(start_paused = true)]
async fn claims_of_other_steps_do_not_matter() {
    let mut bench = TestFlow::new("done");
    bench.token.set("/auth/subs/dev", json!({"auths": {"pasv": {"cdt": true, "uvlvl": "req"}}, "sgnls": {"fptrr": 5}}));
    bench.token.set("/auth/subs/usr", json!({"auths": {"ppb": {"endp": "https://e.com"}}}));
    bench
        .token
        .set("/auth/subs/mob", json!({"auths": {"pasv": {}, "inst": {}, "inln": {"tme": true, "amnrp": false}}}));
    bench.run().await.is_done();
}

#[tokio::test(start_paused = true)]
async fn subjects_may_be_an_empty_object() {
    let mut bench = TestFlow::otp();
    bench.token.set("/auth/subs", json!({}));
    bench.page.otp_start.then(rejects("no"));
    bench.world.on("/v1/client/mobile/otp/error", json(json!({"next": "done"})));
    assert_eq!(bench.run().await.calls(), ["otp_start(needed)"]);
}

#[tokio::test(start_paused = true)]
async fn a_known_number_is_not_needed() {
    let mut bench = TestFlow::otp();
    bench.token.number_known();
    bench.page.otp_start.then(rejects("no"));
    bench.world.on("/v1/client/mobile/otp/error", json(json!({"next": "done"})));
    assert_eq!(bench.run().await.calls(), ["otp_start(known)"]);

    let mut bench = TestFlow::link();
    bench.token.number_known();
    bench.page.link_start.then(rejects("no"));
    bench.world.every_socket(crate::harness::opens());
    bench.world.on("/v1/client/mobile/instantlink/error", json(json!({"next": "done"})));
    assert_eq!(bench.run().await.calls(), ["link_start(known)"]);
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_tried_for_ten_minutes() {
    for (past_s, accepted) in [(-900, true), (0, true), (600, true), (601, false)] {
        let mut bench = TestFlow::new("done");
        let exp = WALL_START / 1000 - past_s;
        bench.token.set("/exp", json!(exp)).set("/iat", json!(exp - 900));
        if accepted {
            bench.run().await.is_done();
        } else {
            assert_eq!(refused(bench).await, Kind::TokenExpired);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn only_https_and_loopback_origins_are_spoken_to() {
    for (origin, accepted) in [
        ("https://api.example.com", true),
        ("http://localhost:8787", true),
        ("http://127.0.0.1:8787", true),
        ("http://api.example.com", false),
        ("http://localhost.example.com", false),
        ("https://api.example.com/path", false),
    ] {
        let mut bench = TestFlow::new("done");
        bench.token.set("/auth/endp", json!(origin));
        if accepted {
            bench.run().await.is_done();
        } else {
            assert_eq!(refused(bench).await, Kind::OriginRefused, "{origin}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_of_origins_replaces_the_rule() {
    for (origin, accepted) in [("https://api.example.com", true), ("https://other.example.com", false)] {
        let mut bench = TestFlow::new("done");
        bench.config.allowed_origins = Some(vec!["https://api.example.com".to_owned()]);
        bench.token.set("/auth/endp", json!(origin));
        if accepted {
            bench.run().await.is_done();
        } else {
            assert_eq!(refused(bench).await, Kind::OriginRefused);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_request_goes_to_the_tokens_backend_with_the_token_and_a_version() {
    // The harness checks URL, token and version of every request and socket; this flow has all kinds of them.
    let bench = TestFlow::link_sent();
    bench.world.socket(crate::harness::closes()).on("/v1/client/status", json(json!({"next": "mobile/otp"})));
    bench.page.otp_start.then(number(NUMBER)).then(rejects("no"));
    bench.world.on("/v1/client/mobile/otp/start", json(json!({"data": {}})));
    bench.world.on("/v1/client/mobile/otp/error", json(json!({"next": ""})));
    let end = bench.run().await;
    assert_eq!(end.paths(), ["status", "mobile/otp/start", "mobile/otp/error"]);
    assert_eq!(end.world.sockets.borrow().len(), 1);
}

fn time() -> impl Strategy<Value = i64> {
    prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), -1..=1_i64]
}

proptest! {
    #[test]
    fn no_text_makes_the_module_panic(text in "\\PC{0,3}|\\PC{20,60}|[.a-z]{20,40}") {
        block_on(async {
            let mut bench = TestFlow::new("x");
            bench.token_text = Some(text);
            bench.run().await.rejection();
        });
    }

    #[test]
    fn no_payload_makes_the_module_panic(payload in any::<Vec<u8>>()) {
        use base64ct::{Base64UrlUnpadded, Encoding};
        block_on(async {
            let mut bench = TestFlow::new("x");
            bench.token_text = Some(format!("e30.{}.c2ln", Base64UrlUnpadded::encode_string(&payload)));
            bench.run().await.rejection();
        });
    }

    #[test]
    fn no_time_claim_makes_the_module_panic(exp in time(), iat in time()) {
        block_on(async {
            let mut bench = TestFlow::new("done");
            bench.token.set("/exp", json!(exp)).set("/iat", json!(iat));
            let end = bench.run().await;
            let expired = exp != 0 && i128::from(WALL_START / 1000) - i128::from(exp) > 600;
            assert_eq!(end.kind(), expired.then_some(Kind::TokenExpired));
        });
    }
}
