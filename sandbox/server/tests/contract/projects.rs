//! Projects: each one has its own sessions, messages, identities, clock, faults and rate.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::event_stream::EventStream;
use crate::support::socket::TestSocket;
use crate::support::{BEGIN, PHONE, StartedSession, TARGET, TestSandbox};

const STATUS: &str = "/v1/client/status";

/// A session of a project, at the link step.
async fn link(bench: &TestSandbox, project: &str) -> StartedSession {
    let body = json!({"flowType": "desktop", "phoneNumber": PHONE, "finalTargetUrl": TARGET});
    let reply = bench.call(&format!("/v3/start?project={project}"), body).await.json();
    StartedSession {
        auth_token: reply["authToken"].as_str().unwrap().into(),
        correlation_id: reply["correlationId"].as_str().unwrap().to_owned(),
    }
}

async fn send_link(bench: &TestSandbox, started: &StartedSession) {
    bench.page(started, "mobile/instantlink/start", json!({})).await;
}

async fn messages(bench: &TestSandbox, project: &str) -> Vec<Value> {
    bench.get(&format!("/sandbox/messages?project={project}")).await.json().as_array().unwrap().clone()
}

async fn session_status(bench: &TestSandbox, started: &StartedSession, project: &str) -> u16 {
    bench.get(&format!("/sandbox/sessions/{}?project={project}", started.correlation_id)).await.status.as_u16()
}

async fn post(bench: &TestSandbox, path: &str, project: &str, body: Value) -> Value {
    let answer = bench.post(&format!("/sandbox/{path}?project={project}"), None, &body.to_string()).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    if answer.text.is_empty() { Value::Null } else { answer.json() }
}

#[tokio::test(start_paused = true)]
async fn are_named_by_a_header_or_in_the_query() {
    let bench = TestSandbox::new().await;
    let started = link(&bench, "a").await;
    let path = format!("/sandbox/sessions/{}", started.correlation_id);
    assert_eq!(bench.get_with(&path, &[("handset-project", "a")]).await.status, 200);
    assert_eq!(bench.get_with(&format!("{path}?project=a"), &[("handset-project", "a")]).await.status, 200);
    assert_eq!(bench.get_with(&format!("{path}?project=%61"), &[]).await.status, 200);
    assert_eq!(bench.get(&path).await.status, 404);
    let started = bench.link(true).await;
    assert_eq!(session_status(&bench, &started, "default").await, 200);
    assert_eq!(session_status(&bench, &started, "a").await, 404);
}

#[tokio::test(start_paused = true)]
async fn are_refused_by_name() {
    let bench = TestSandbox::new().await;
    let shape = "must be 1 to 64 letters, digits, - or _";
    let long = "x".repeat(65);
    for name in ["", "a%20b", "%C3%A4", "a/b", &long] {
        for path in ["/sandbox/messages", "/sandbox/messages/stream", "/sandbox/faults", "/sandbox/sessions/x"] {
            let answer = bench.get(&format!("{path}?project={name}")).await;
            answer.refused(400, 8001, &format!("query 'project' {shape}"));
        }
        for path in ["/v3/start", "/v3/validate", "/demo/start", "/sandbox/reset", "/token"] {
            let uri = format!("{path}?project={name}");
            let request = axum::http::Request::post(uri).header("host", "localhost");
            let request = request.header(
                "content-type",
                if path == "/token" { "application/x-www-form-urlencoded" } else { "application/json" },
            );
            let answer = bench.send(request.body("{}".into()).unwrap()).await;
            let message = format!("query 'project' {shape}");
            match path {
                "/token" => answer.token_refused(400, 8001, "invalid_request", &message),
                _ => answer.refused(400, 8001, &message),
            }
        }
    }
    for name in ["", "a b", "ä", &long] {
        let answer = bench.get_with("/sandbox/messages", &[("handset-project", name)]).await;
        answer.refused(400, 8001, &format!("header 'Handset-Project' {shape}"));
    }
    let answer = bench.get_with("/sandbox/messages?project=a", &[("handset-project", "b")]).await;
    answer.refused(400, 8001, "header 'Handset-Project' and query 'project' must agree");
}

#[tokio::test(start_paused = true)]
async fn keep_their_messages_apart() {
    let bench = TestSandbox::new().await;
    let sessions = [link(&bench, "a").await, link(&bench, "b").await];
    let mut stream = EventStream::open(&bench, "/sandbox/messages/stream?project=b", None).await;
    let begin = tokio::time::Instant::now();
    let poll = async {
        let found = bench.get("/sandbox/messages?project=b&wait=30").await.json();
        (found.as_array().unwrap().len(), begin.elapsed().as_secs())
    };
    let (polled, ()) = tokio::join!(poll, async {
        for started in &sessions {
            tokio::time::sleep(Duration::from_secs(5)).await;
            send_link(&bench, started).await;
        }
    });
    assert_eq!(polled, (1, 10));
    let (a, b) = (messages(&bench, "a").await, messages(&bench, "b").await);
    assert_eq!((a.len(), b.len(), bench.messages().await.len()), (1, 1, 0));
    assert_eq!(stream.next().await.unwrap().1, b[0]);
    assert_ne!(a[0]["authId"], b[0]["authId"]);
}

#[tokio::test(start_paused = true)]
async fn keep_their_clocks_apart() {
    let bench = TestSandbox::new().await;
    let sessions = [link(&bench, "a").await, link(&bench, "b").await];
    let mut sockets = sessions.each_ref().map(|started| TestSocket::open(&bench, started));
    for started in &sessions {
        send_link(&bench, started).await;
    }
    let now = post(&bench, "clock", "a", json!({"advanceSeconds": 190})).await;
    assert_eq!(now, json!({"now": BEGIN + 190_000}));
    assert!(sockets[1].is_quiet().await);
    let [a, mut b] = sockets;
    assert_eq!(a.outcome().await["error"]["message"], "the link has expired");
    let opened = async |project: &str| {
        let url = messages(&bench, project).await[0]["url"].as_str().unwrap().to_owned();
        bench.get(url.strip_prefix("http://127.0.0.1:8787").unwrap()).await.status.as_u16()
    };
    assert_eq!((opened("a").await, opened("b").await), (410, 303));
    assert_eq!(b.next_but_pings().await, Some(axum::extract::ws::Message::text(r#"{"next":"done"}"#)));
    assert_eq!(post(&bench, "clock", "b", json!({"advanceSeconds": 0})).await, json!({"now": BEGIN}));

    let started = link(&bench, "a").await;
    let reply = bench.page_with_times(&started, "status", json!({})).await;
    assert_eq!(reply["serverTime"], json!(BEGIN + 190_000));
    post(&bench, "clock", "a", json!({"advanceSeconds": 3410})).await;
    let start = async |project: &str| {
        let uri = format!("/v3/start?project={project}");
        bench.call(&uri, json!({"flowType": "mobile"})).await.status.as_u16()
    };
    assert_eq!((start("a").await, start("b").await), (401, 200), "access tokens age where they are used");
}

#[tokio::test(start_paused = true)]
async fn keep_their_faults_apart() {
    let bench = TestSandbox::new().await;
    let (a, b) = (link(&bench, "a").await, link(&bench, "b").await);
    let mut sockets = [&a, &b].map(|started| TestSocket::open(&bench, started));
    for socket in &mut sockets {
        assert!(socket.is_quiet().await);
    }
    let fault = |path: &str, kind: &str| json!({"path": path, "kind": kind});
    post(&bench, "faults", "a", json!({"faults": [fault("/v1/client/*", "drop"), fault("/v3/*", "drop")]})).await;
    assert_eq!(sockets[0].next().await, None);
    assert!(sockets[1].is_quiet().await && !sockets[1].is_over());
    assert!(bench.try_page(&a, "status", json!({})).await.is_none());
    assert_eq!(bench.page(&b, "status", json!({})).await, json!({"next": ""}));
    let demo = async |project: &str| {
        let uri = format!("/demo/start?project={project}");
        bench.post(&uri, None, r#"{"flowType":"mobile"}"#).await.status.as_u16()
    };
    assert_eq!((demo("a").await, demo("b").await), (502, 200));
    let listed = bench.get("/sandbox/faults?project=b").await.json();
    assert_eq!(listed, json!({"faults": []}));
    assert_eq!(bench.get(STATUS).await.status, 401, "a request of no session is no project's");
}

#[tokio::test(start_paused = true)]
async fn keep_their_sessions_apart() {
    let bench = TestSandbox::new().await;
    let started = link(&bench, "a").await;
    for (project, status) in [("a", 200), ("b", 404), ("default", 404)] {
        assert_eq!(session_status(&bench, &started, project).await, status);
    }
    let stream = format!("/sandbox/sessions/{}/stream", started.correlation_id);
    bench.get(&stream).await.refused(404, 8008, "field 'correlationId' is unknown, malformed or expired");
    assert_eq!(EventStream::open(&bench, &format!("{stream}?project=a"), None).await.next().await.unwrap().0, "1");
    bench.validate(&started).await.refused(400, 8008, "field 'correlationId' is unknown, malformed or expired");
    let id = json!({"correlationId": started.correlation_id});
    assert_eq!(bench.call("/v3/validate?project=a", id).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn keep_their_identities_apart() {
    let bench = TestSandbox::new().await;
    let call = async |path: &str, project: &str, body: Value| {
        let answer = bench.call(&format!("{path}?project={project}"), body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    };
    let get = async |path: &str, project: &str| {
        bench.request_as("sandbox", "GET", &format!("{path}?project={project}"), None).await
    };
    let enroll = async |project| call("/v3/identity", project, json!({"phoneNumber": PHONE})).await["proveId"].clone();
    let (a, b) = (enroll("a").await, enroll("b").await);
    assert_ne!(a, b, "one number, an owner in each");
    let path = format!("/v3/identity/{}", a.as_str().unwrap());
    assert_eq!((get(&path, "a").await.status, get(&path, "b").await.status.as_u16()), (200.try_into().unwrap(), 404));

    let verify = json!({"verificationType": "humanAssurance", "phoneNumber": PHONE});
    assert_eq!(call("/v3/verify", "b", verify).await["proveId"], b, "without a session");
    let unify = async |project: &str| {
        let reply = call("/v3/unify", project, json!({"phoneNumber": PHONE, "possessionType": "mobile"})).await;
        let id = reply["correlationId"].as_str().unwrap().to_owned();
        let started =
            StartedSession { auth_token: reply["authToken"].as_str().unwrap().into(), correlation_id: id.clone() };
        bench.page(&started, "mobile/otp/start", json!({})).await;
        let code = messages(&bench, project).await[0]["code"].clone();
        bench.page(&started, "mobile/otp/finish", json!({"otp": code})).await;
        let status = call("/v3/unify-status", project, json!({"correlationId": id})).await;
        (status["proveId"].clone(), status["deviceId"].clone())
    };
    let (in_a, in_b) = (unify("a").await, unify("b").await);
    assert_eq!((&in_a.0, &in_b.0), (&a, &b));
    assert_ne!(in_a.1, in_b.1);
    let revoke =
        async |project| call("/v3/device/revoke", project, json!({"deviceId": in_a.1})).await["success"].clone();
    assert_eq!((revoke("b").await, revoke("a").await), (json!(false), json!(true)));

    post(&bench, "reset", "a", json!({})).await;
    let listed = async |project| get("/v3/identity", project).await.json()["results"].as_array().unwrap().len();
    assert_eq!((listed("a").await, listed("b").await, listed("default").await), (0, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn keep_their_rates_apart() {
    let bench = TestSandbox::new().await;
    let passed = async |project: &str| {
        let mut passed = 0;
        let uri = format!("/v3/start?project={project}");
        while bench.call(&uri, json!({"flowType": "mobile"})).await.status == 200 {
            passed += 1;
        }
        passed
    };
    assert_eq!((passed("a").await, passed("b").await), (25, 25));
}

#[tokio::test(start_paused = true)]
async fn are_reset_alone() {
    let bench = TestSandbox::new().await;
    let (a, b) = (link(&bench, "a").await, link(&bench, "b").await);
    for (project, started) in [("a", &a), ("b", &b)] {
        post(&bench, "clock", project, json!({"advanceSeconds": 60})).await;
        post(&bench, "faults", project, json!({"faults": [{"path": "/nothing", "kind": "drop"}]})).await;
        send_link(&bench, started).await;
    }
    let mut sockets = [&a, &b].map(|started| TestSocket::open(&bench, started));
    for socket in &mut sockets {
        assert!(socket.is_quiet().await);
    }
    post(&bench, "reset", "a", json!({})).await;
    let seen = async |project: &str| {
        let faults = bench.get(&format!("/sandbox/faults?project={project}")).await.json();
        let now = post(&bench, "clock", project, json!({"advanceSeconds": 0})).await;
        (
            messages(&bench, project).await.len(),
            faults["faults"].as_array().unwrap().len(),
            now["now"].as_i64().unwrap(),
        )
    };
    assert_eq!(seen("a").await, (0, 0, BEGIN));
    assert_eq!(seen("b").await, (1, 1, BEGIN + 60_000));
    assert_eq!((session_status(&bench, &a, "a").await, session_status(&bench, &b, "b").await), (404, 200));
    let [a, mut b] = sockets;
    assert_eq!(a.closed_with().await, 1001);
    assert!(b.is_quiet().await && !b.is_over());
}

#[tokio::test(start_paused = true)]
async fn share_access_tokens() {
    let bench = TestSandbox::new().await;
    let form = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret";
    let request =
        axum::http::Request::post("/token?project=a").header("content-type", "application/x-www-form-urlencoded");
    let token = bench.send(request.body(form.into()).unwrap()).await.json()["access_token"].as_str().unwrap().into();
    for project in ["a", "b", "default"] {
        let answer =
            bench.post(&format!("/v3/start?project={project}"), Some(&token), r#"{"flowType":"mobile"}"#).await;
        assert_eq!(answer.status, 200, "{project}");
    }
}

#[tokio::test(start_paused = true)]
async fn are_passed_on_by_the_demo_backend() {
    let bench = TestSandbox::new().await;
    let demo = async |path: &str, body: Value| {
        bench.post(&format!("/demo/{path}?project=a"), None, &body.to_string()).await.json()
    };
    let reply = demo("start", json!({"flowType": "desktop", "phoneNumber": PHONE})).await;
    let id = reply["correlationId"].as_str().unwrap().to_owned();
    let started =
        StartedSession { auth_token: reply["authToken"].as_str().unwrap().into(), correlation_id: id.clone() };
    assert_eq!(session_status(&bench, &started, "a").await, 200);
    send_link(&bench, &started).await;
    let url = messages(&bench, "a").await[0]["url"].as_str().unwrap().to_owned();
    let opened = bench.get(url.strip_prefix("http://127.0.0.1:8787").unwrap()).await;
    let target = opened.header("location");
    assert!(target.starts_with("http://127.0.0.1:8787/linked.html?project=a&authId="), "{target}");
    assert_eq!(demo("verify", json!({"correlationId": id})).await["success"], true);
    let individual = json!({"firstName": "Nobody", "lastName": "Nobody"});
    assert_eq!(demo("complete", json!({"correlationId": id, "individual": individual})).await["success"], false);
}

#[tokio::test(start_paused = true)]
async fn are_deleted_when_idle() {
    let bench = TestSandbox::new().await;
    post(&bench, "clock", "idle", json!({"advanceSeconds": 1800})).await;
    post(&bench, "clock", "followed", json!({"advanceSeconds": 1800})).await;
    let idle = link(&bench, "idle").await;
    let _follower = EventStream::open(&bench, "/sandbox/messages/stream?project=followed", None).await;
    bench.pass_ms(3_600_000).await;
    assert_eq!(session_status(&bench, &idle, "new").await, 404, "another begins");
    assert_eq!(session_status(&bench, &idle, "idle").await, 404);
    let now =
        async |project| post(&bench, "clock", project, json!({"advanceSeconds": 0})).await["now"].as_i64().unwrap();
    assert_eq!(now("idle").await, BEGIN + 3_600_000, "it has begun anew");
    assert_eq!(now("followed").await, BEGIN + 5_400_000);
}

/// How many there may be, and one more.
const TOO_MANY: usize = 1001;

#[tokio::test(start_paused = true)]
async fn begin_with_an_authorized_call() {
    let bench = TestSandbox::new().await;
    let token = json!("grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret");
    let calls = [
        ("/v3/identity", 401, ["authorization", "Bearer x"], json!(null)),
        ("/v3/start", 401, ["x-none", ""], json!({"flowType": "mobile"})),
        ("/sandbox/messages", 403, ["origin", "https://evil.test"], json!(null)),
        ("/demo/start", 403, ["sec-fetch-site", "cross-site"], json!({})),
        ("/token", 200, ["origin", "https://evil.test"], token),
        ("/v1/client/status", 401, ["x-none", ""], json!({})),
    ];
    for (path, status, [name, value], body) in calls {
        for number in 0..TOO_MANY {
            let uri = format!("{path}?project={}-{number}", path.replace('/', "-"));
            let request = axum::http::Request::builder().uri(uri).header("host", "localhost").header(name, value);
            let request = match &body {
                Value::Null => request.body("".into()),
                Value::String(form) => {
                    let request = request.header("content-type", "application/x-www-form-urlencoded");
                    request.method("POST").body(form.clone().into())
                }
                body => {
                    let request = request.header("content-type", "application/json");
                    request.method("POST").body(body.to_string().into())
                }
            };
            assert_eq!(bench.send(request.unwrap()).await.status, status, "{path}");
        }
        assert_eq!(bench.get("/sandbox/faults?project=mine").await.status, 200, "there is still room after {path}");
    }
}

#[tokio::test(start_paused = true)]
async fn are_not_evicted_while_in_use() {
    let bench = TestSandbox::new().await;
    let mine = link(&bench, "mine").await;
    let begin = async |name: String| bench.get(&format!("/sandbox/faults?project={name}")).await;
    for number in 0..TOO_MANY {
        let answer = begin(format!("p{number}")).await;
        // This one and the default are there.
        if number < TOO_MANY - 3 {
            assert_eq!(answer.status, 200, "{number}");
        } else {
            answer.refused(503, 503, "too many projects are in use");
        }
    }
    let refused = bench.call("/v3/start?project=other", json!({"flowType": "mobile"})).await;
    refused.refused(503, 503, "too many projects are in use");
    let id = json!({"correlationId": mine.correlation_id});
    assert_eq!(bench.call("/v3/validate?project=mine", id).await.status, 200);
    assert_eq!(begin("p0".to_owned()).await.status, 200, "it is there");
    bench.pass_ms(3_600_000).await;
    assert_eq!(begin("other".to_owned()).await.status, 200);
    assert_eq!(session_status(&bench, &mine, "mine").await, 404, "idle for an hour");
}
