//! The timeline of a session, which is the source of a sequence diagram.

use std::time::Duration;

use axum::extract::ws::Message;
use handset_sandbox::{Config, OtpConfig};
use serde_json::{Value, json};

use crate::support::event_stream::EventStream;
use crate::support::socket::TestSocket;
use crate::support::{BEGIN, OTHER_PHONE, PHONE, StartedSession, TestSandbox, state, wrong};

fn stream_of(started: &StartedSession) -> String {
    format!("/sandbox/sessions/{}/stream", started.correlation_id)
}

/// The outcomes of the replies so far but that of Start.
async fn outcomes(bench: &TestSandbox, started: &StartedSession) -> Vec<String> {
    let lines = bench.timeline_lines(started, 2).await;
    lines.iter().filter_map(|line| line.strip_prefix("backend>client ")).map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn records_an_otp_flow_message_by_message() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    bench.page(&started, "mobile/otp/start", json!({})).await;
    let code = bench.code().await;
    bench.page(&started, "mobile/otp/finish", json!({"otp": wrong(&code)})).await;
    bench.pass_ms(1500).await;
    bench.page(&started, "mobile/otp/finish", json!({"otp": code})).await;
    bench.validated(&started).await;
    bench.call("/v3/complete", json!({"correlationId": started.correlation_id, "individual": {"ssn": "0000"}})).await;
    let lines = bench.timeline_lines(&started, 0).await;
    let expected = [
        "server>backend start",
        "backend>server start accepted",
        "client>backend otp_start",
        "backend>phone sms_code",
        "backend>client otp_start accepted",
        "client>backend otp_finish",
        "backend>client otp_finish wrong_code",
        "client>backend otp_finish",
        "backend>client otp_finish passed",
        "server>backend validate",
        "backend>server validate passed",
        "server>backend complete",
        "backend>server complete failed",
    ];
    assert_eq!(lines, expected);
    let session = bench.session(&started).await;
    assert_eq!(
        session["timeline"][0],
        json!({"id": 1, "at": BEGIN, "from": "server", "to": "backend", "kind": "start"})
    );
    assert_eq!((&session["timeline"][8]["id"], &session["timeline"][8]["at"]), (&json!(9), &json!(BEGIN + 1500)));
}

#[tokio::test(start_paused = true)]
async fn records_a_link_flow_with_its_sockets() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    let mut socket = TestSocket::open(&bench, &started);
    assert!(socket.is_quiet().await);
    bench.page(&started, "mobile/instantlink/start", json!({"isMobile": false})).await;
    socket.send(Message::text("ping"));
    assert_eq!(socket.next_but_pings().await, Some(Message::text("pong")));
    bench.page(&started, "status", json!({})).await;
    bench.get(&bench.link_path().await).await;
    socket.outcome().await;
    let expected = [
        "client>backend socket_open",
        "backend>client socket_open accepted",
        "client>backend link_start",
        "backend>phone sms_link",
        "backend>client link_start accepted",
        "client>backend socket_ping",
        "backend>client socket_pong",
        "client>backend status_polled",
        "backend>client status_polled pending",
        "phone>backend link_opened",
        "backend>phone link_opened passed",
        "backend>client socket_done passed",
    ];
    assert_eq!(bench.timeline_lines(&started, 2).await, expected);
}

#[tokio::test(start_paused = true)]
async fn names_every_outcome_of_a_request() {
    let bench = TestSandbox::with(Config {
        otp: OtpConfig { resend_pause_seconds: 30, ..OtpConfig::default() },
        ..Config::default()
    })
    .await;
    let started = bench.start(json!({"flowType": "mobile", "allowOTPRetry": true})).await;
    let page = async |path: &str, body: Value| bench.page(&started, path, body).await;
    page("mobile/otp/start", json!({"mobileNumber": "12"})).await;
    page("mobile/otp/finish", json!({"otp": "1"})).await;
    page("mobile/otp/start", json!({"mobileNumber": PHONE})).await;
    page("mobile/otp/start", json!({})).await;
    page("mobile/instantlink/start", json!({})).await;
    let code = wrong(&bench.code().await);
    for _ in 0..3 {
        page("mobile/otp/finish", json!({"otp": code})).await;
    }
    page("mobile/otp/start", json!({})).await;
    page("mobile/otp/error", json!({"message": "x"})).await;
    page("status", json!({})).await;
    let expected = [
        "otp_start number_refused",
        "otp_finish refused",
        "otp_start accepted",
        "otp_start too_early",
        "link_start refused",
        "otp_finish wrong_code",
        "otp_finish wrong_code",
        "otp_finish attempts_exhausted",
        "otp_start failed",
        "error_reported failed",
        "status_polled failed",
    ];
    assert_eq!(outcomes(&bench, &started).await, expected);

    let started = bench.start(json!({"flowType": "mobile", "phoneNumber": "5550000000"})).await;
    bench.page(&started, "mobile/instant/start", json!({"implementation": "fetch"})).await;
    bench.page(&started, "mobile/instant/finish", json!({"vfp": "x"})).await;
    bench.page(&started, "mobile/otp/start", json!({})).await;
    bench.pass_ms(120_000).await;
    bench.page(&started, "mobile/otp/finish", json!({"otp": "1234"})).await;
    bench.validated(&started).await;
    bench.validate(&started).await;
    let expected =
        ["instant_start accepted", "instant_finish fell_back_to_otp", "otp_start accepted", "otp_finish code_expired"];
    assert_eq!(outcomes(&bench, &started).await, expected);
    let lines = bench.timeline_lines(&started, 0).await;
    assert!(
        lines.ends_with(
            &[
                "server>backend validate",
                "backend>server validate failed",
                "server>backend validate",
                "backend>server validate refused"
            ]
            .map(str::to_owned)
        )
    );

    let started = bench.start(json!({"flowType": "mobile"})).await;
    for number in [PHONE, OTHER_PHONE, "5005550008", "5005550009"] {
        bench.page(&started, "mobile/otp/start", json!({"mobileNumber": number})).await;
    }
    bench.page(&started, "mobile/otp/error", json!({"message": "x"})).await;
    assert_eq!(outcomes(&bench, &started).await[3..], ["otp_start too_many_numbers", "error_reported failed"]);
}

#[tokio::test(start_paused = true)]
async fn names_every_end_of_a_socket() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    let last = async || bench.timeline_lines(&started, 2).await.pop().unwrap();

    let socket = TestSocket::open(&bench, &started);
    socket.send(Message::Close(None));
    socket.left().await;
    assert_eq!(last().await, "client>backend socket_closed");

    TestSocket::open(&bench, &started).left().await;
    assert_eq!(last().await, "client>backend socket_closed dropped");

    let socket = TestSocket::open(&bench, &started);
    socket.send(Message::binary("ping"));
    socket.closed_with().await;
    assert_eq!(last().await, "backend>client socket_closed bad_frame");

    TestSocket::open(&bench, &started).closed_with().await;
    assert_eq!(last().await, "backend>client socket_closed idle_timeout");

    let mut socket = TestSocket::open(&bench, &started);
    assert!(socket.is_quiet().await);
    bench.page(&started, "mobile/instantlink/error", json!({"message": "x"})).await;
    socket.outcome().await;
    assert_eq!(last().await, "backend>client socket_done failed");

    let started = bench.link(true).await;
    let mut socket = TestSocket::open(&bench, &started);
    assert!(socket.is_quiet().await);
    bench.state.shut_down().await;
    socket.closed_with().await;
    assert_eq!(bench.timeline_lines(&started, 2).await.pop().unwrap(), "backend>client socket_closed going_away");
}

#[tokio::test(start_paused = true)]
async fn names_the_outcome_of_a_link() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    let mut links = Vec::new();
    for _ in 0..2 {
        bench.page(&started, "mobile/instantlink/start", json!({})).await;
        links.push(bench.link_path().await);
    }
    for link in [&links[0], &links[1], &links[1]] {
        bench.get(link).await;
    }
    let late = bench.link(true).await;
    bench.page(&late, "mobile/instantlink/start", json!({})).await;
    bench.pass_ms(180_000).await;
    bench.get(&bench.link_path().await).await;
    let opened = async |started| {
        let lines = bench.timeline_lines(started, 0).await;
        lines
            .iter()
            .filter_map(|line| line.strip_prefix("backend>phone link_opened "))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(opened(&started).await, ["link_replaced", "passed", "link_used"]);
    assert_eq!(opened(&late).await, ["link_expired"]);
}

#[tokio::test(start_paused = true)]
async fn records_expiry() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    bench.page(&started, "mobile/instantlink/start", json!({})).await;
    bench.pass_ms(190_000).await;
    bench.page(&started, "status", json!({})).await;
    let expected =
        ["backend>backend expired link_expired", "client>backend status_polled", "backend>client status_polled failed"];
    assert_eq!(bench.timeline_lines(&started, 5).await, expected);
}

#[tokio::test(start_paused = true)]
async fn holds_no_secret() {
    let bench = TestSandbox::new().await;
    let otp = bench.otp(true).await;
    bench.page(&otp, "mobile/otp/start", json!({})).await;
    let code = bench.code().await;
    bench.page(&otp, "mobile/otp/finish", json!({"otp": code})).await;
    bench.validated(&otp).await;
    let individual = json!({"firstName": "Nobodysname", "ssn": "987654321"});
    bench.call("/v3/complete", json!({"correlationId": otp.correlation_id, "individual": individual})).await;
    let link = bench.link(true).await;
    bench.page(&link, "mobile/instantlink/start", json!({})).await;
    let path = bench.link_path().await;
    bench.get(&path).await;
    let secrets = [PHONE, &format!("\"{code}\""), "Nobodysname", "987654321", path.trim_start_matches("/l/")];
    for started in [&otp, &link] {
        let timeline = bench.session(started).await["timeline"].to_string();
        for secret in secrets.into_iter().chain([started.auth_token.expose()]) {
            assert!(!timeline.contains(secret), "{secret}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn streams_every_event_as_it_comes() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    let mut events = EventStream::open(&bench, &stream_of(&started), None).await;
    let mut streamed = Vec::new();
    for _ in 0..2 {
        streamed.push(events.next().await.unwrap());
    }
    let begin = tokio::time::Instant::now();
    let send = async {
        tokio::time::sleep(Duration::from_secs(4)).await;
        bench.page(&started, "mobile/otp/start", json!({})).await;
    };
    let read = async {
        for _ in 0..3 {
            streamed.push(events.next().await.unwrap());
        }
        assert_eq!(begin.elapsed().as_secs(), 4);
    };
    tokio::join!(send, read);
    let (ids, moments): (Vec<_>, Vec<_>) = streamed.into_iter().unzip();
    assert_eq!(ids, ["1", "2", "3", "4", "5"]);
    assert_eq!(json!(moments), bench.session(&started).await["timeline"]);
}

#[tokio::test(start_paused = true)]
async fn continues_after_a_reconnect() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    bench.page(&started, "mobile/otp/start", json!({})).await;
    for (last, next) in [(None, "1"), (Some("0"), "1"), (Some("3"), "4"), (Some("none"), "1")] {
        assert_eq!(EventStream::open(&bench, &stream_of(&started), last).await.next().await.unwrap().0, next);
    }
    let mut events = EventStream::open(&bench, &stream_of(&started), Some("5")).await;
    let (event, ()) = tokio::join!(events.next(), async {
        bench.page(&started, "status", json!({})).await;
    });
    assert_eq!(event.unwrap().0, "6", "it waits for what is new");
}

#[tokio::test(start_paused = true)]
async fn ends_its_stream_with_the_session_or_the_sandbox() {
    let bench = TestSandbox::on(state(Config::default())).await;
    for end in ["reset", "shut down"] {
        let started = bench.otp(true).await;
        let mut events = EventStream::open(&bench, &stream_of(&started), Some("2")).await;
        let (event, ()) = tokio::join!(events.next(), async {
            if end == "reset" {
                bench.post("/sandbox/reset", None, "").await;
            } else {
                bench.state.shut_down().await;
            }
        });
        assert_eq!(event, None, "{end}");
    }
}

#[tokio::test(start_paused = true)]
async fn is_not_found_for_an_unknown_session() {
    let bench = TestSandbox::new().await;
    let answer = bench.get("/sandbox/sessions/x/stream").await;
    answer.refused(404, 8008, "field 'correlationId' is unknown, malformed or expired");
}
