//! Projects keep test runs apart that share one sandbox.

use serde_json::{Value, json};

use crate::running::{LOGS, SandboxProcess};

const TESTS: usize = 8;
const ROUNDS: usize = 5;
/// The same in every test.
const PHONE: &str = "5005550006";
const FINISH: &str = "/v1/client/mobile/otp/finish";

/// One of the tests: it moves the clock, breaks what the others use, and clears everything.
async fn test(running: &SandboxProcess, number: usize) {
    let of_project = |path: &str| format!("{path}?project=test-{number}");
    let post = async |path: &str, body: Value| running.post(&of_project(path), "", body).await;
    let get = async |path: &str| -> Value {
        serde_json::from_str(&running.send("GET", &of_project(path), &[], "").await.1).unwrap()
    };
    let advance_seconds = number * 300;
    for round in 0..ROUNDS {
        let begin = post("/sandbox/clock", json!({"advanceSeconds": 0})).await["now"].as_u64().unwrap();
        let moved = post("/sandbox/clock", json!({"advanceSeconds": advance_seconds})).await["now"].as_u64().unwrap();
        let seconds = (moved - begin) / 1000;
        assert!(seconds >= advance_seconds as u64 && seconds < advance_seconds as u64 + 300, "{number}: {seconds} s");
        let has_fault = number % 2 == 1;
        if has_fault {
            post("/sandbox/faults", json!({"faults": [{"path": FINISH, "kind": "status", "status": 503}]})).await;
        }
        let started = post("/demo/start", json!({"flowType": "mobile", "phoneNumber": PHONE})).await;
        let token = started["authToken"].as_str().unwrap();
        LOGS.secret("token", token);
        running.post("/v1/client/mobile/otp/start", token, json!({})).await;
        let messages = get("/sandbox/messages").await;
        assert_eq!(messages.as_array().unwrap().len(), 1, "{number}: in round {round}");
        let otp = json!({"otp": messages[0]["code"]}).to_string();
        let bearer = [("authorization", &*format!("Bearer {token}"))];
        let status = if has_fault { " 503 " } else { " 200 " };
        assert!(running.send("POST", FINISH, &bearer, &otp).await.0.contains(status), "{number}: {status}");
        let verified = post("/demo/verify", json!({"correlationId": started["correlationId"]})).await;
        assert_eq!(verified["success"], !has_fault, "{number}");
        let (reset, _) = running.send("POST", &of_project("/sandbox/reset"), &[], "{}").await;
        assert!(reset.contains(" 204 "), "{reset}");
        assert_eq!(get("/sandbox/messages").await, json!([]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tests_side_by_side_do_not_see_each_other() {
    let running = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
    futures_util::future::join_all((0..TESTS).map(|number| test(&running, number))).await;
    assert!(running.messages().await.is_empty(), "the default project");
}
