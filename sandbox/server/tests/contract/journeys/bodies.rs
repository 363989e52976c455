//! Bodies that are not as expected: the error names the member and what it must be.

use std::io::Write;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use super::{CHECK, CallingPage, GET, HANDOFF, PUT, REDEEM, asked, sandbox};
use crate::journeys_server::{failed, result};

#[tokio::test(start_paused = true)]
async fn a_body_that_is_no_json_object_is_refused() {
    let bench = sandbox().await;
    let mut page = CallingPage::new(&bench, asked()).await;
    page.get().await;
    for (body, error) in [
        ("x", "the body is not JSON"),
        ("[]", "the body must be a JSON object"),
        ("1", "the body must be a JSON object"),
    ] {
        for path in [GET, PUT, CHECK, HANDOFF, REDEEM] {
            failed(&page.post(path, body).await, 400, error, "invalid_request_body", json!({}));
        }
    }
    let typed = Request::post(GET).header("content-type", "text/plain");
    let error = "header 'Content-Type' must be application/json";
    failed(&page.send(typed, Body::from("{}")).await, 400, error, "invalid_request_body", json!({}));
    let packed = Request::post(GET).header("content-type", "application/json").header("content-encoding", "br");
    let error = "header 'Content-Encoding' must be gzip, deflate or absent";
    failed(&page.send(packed, Body::from("{}")).await, 400, error, "invalid_request_body", json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_member_of_another_shape_is_named_with_its_shape() {
    let bench = sandbox().await;
    let mut page = CallingPage::new(&bench, asked()).await;
    page.get().await;
    let put = |modules: Value| json!({"revision": 0, "modules": modules});
    let phone = |change: Value| put(json!({"phone": change}));
    let modules = "an object of at most 100 members with names of 1 to 128 visible ASCII characters";
    let variables = "an object of at most 200 members with names of 1 to 128 characters";
    let many = |count: usize| -> Value {
        (0..count).map(|n| (n.to_string(), json!(n))).collect::<serde_json::Map<_, _>>().into()
    };
    for (path, body, member, expected) in [
        (GET, json!({"inputs": []}), "inputs", "an object"),
        (GET, json!({"inputs": {"a": "x".repeat(16 * 1024)}}), "inputs", "an object of at most 16384 bytes"),
        (GET, json!({"inputs": {}, "workflowVersion": 1}), "workflowVersion", "a text of 1 to 64 characters"),
        (GET, json!({"inputs": {}, "workflowVersion": ""}), "workflowVersion", "a text of 1 to 64 characters"),
        (GET, json!({"inputs": {}, "takeOver": "yes"}), "takeOver", "true or false"),
        (PUT, json!({"revision": "0", "modules": {}}), "revision", "a whole number, at least 0"),
        (PUT, json!({"revision": -1, "modules": {}}), "revision", "a whole number, at least 0"),
        (PUT, put(json!([])), "modules", "an object"),
        (PUT, put(many(101)), "modules", modules),
        (PUT, put(json!({"a b": {}})), "modules", modules),
        (PUT, put(json!({"phone": 1})), "modules.phone", "an object"),
        (PUT, put(json!({"phone": null})), "modules.phone", "an object"),
        (
            PUT,
            put(json!({"other": {"action": "put"}})),
            "modules",
            "an object whose members are modules of the workflow",
        ),
        (PUT, phone(json!({"action": "post"})), "modules.phone.action", "'put' or 'delete'"),
        (PUT, phone(json!({"action": 1})), "modules.phone.action", "'put' or 'delete'"),
        (PUT, phone(json!({"action": "put", "variables": []})), "modules.phone.variables", "an object"),
        (PUT, phone(json!({"action": "put", "variables": many(201)})), "modules.phone.variables", variables),
        (PUT, phone(json!({"action": "put", "variables": {"": 1}})), "modules.phone.variables", variables),
        (PUT, phone(json!({"action": "put", "outcome": ""})), "modules.phone.outcome", "a text of 1 to 128 characters"),
        (
            PUT,
            phone(json!({"action": "put", "outcome": true})),
            "modules.phone.outcome",
            "a text of 1 to 128 characters",
        ),
        (
            PUT,
            json!({"revision": 0, "modules": {}, "status": "auto_approved"}),
            "status",
            "'user_cancelled' or 'error'",
        ),
        (
            PUT,
            json!({"revision": 0, "modules": {}, "moduleToResumeFrom": "x"}),
            "moduleToResumeFrom",
            "a module of the workflow",
        ),
        (
            PUT,
            json!({"revision": 0, "modules": {}, "moduleToResumeFrom": " "}),
            "moduleToResumeFrom",
            "1 to 128 visible ASCII characters without spaces",
        ),
        (HANDOFF, json!({"ttlSeconds": 0}), "ttlSeconds", "a whole number of seconds, 1 to 3600"),
        (HANDOFF, json!({"ttlSeconds": "600"}), "ttlSeconds", "a whole number of seconds, 1 to 3600"),
        (HANDOFF, json!({"channel": "fax"}), "channel", "'mobile' or 'email'"),
        (REDEEM, json!({"secret": 1}), "secret", "1 to 128 visible ASCII characters without spaces"),
        (
            REDEEM,
            json!({"secret": "a", "redemptionId": ""}),
            "redemptionId",
            "1 to 128 visible ASCII characters without spaces",
        ),
    ] {
        let error = format!("field '{member}' must be {expected}");
        failed(&page.call(path, body).await, 400, &error, "invalid_request_body", json!({}));
    }
    assert_eq!(page.get().await["revision"], 0, "nothing was saved");
}

#[tokio::test(start_paused = true)]
async fn a_missing_member_is_named() {
    let bench = sandbox().await;
    let mut page = CallingPage::new(&bench, asked()).await;
    page.get().await;
    for (path, body, member) in [
        (GET, json!({}), "inputs"),
        (GET, json!({"inputs": null}), "inputs"),
        (PUT, json!({"modules": {}}), "revision"),
        (PUT, json!({"revision": 0}), "modules"),
        (PUT, json!({"revision": 0, "modules": {"phone": {}}}), "modules.phone.action"),
        (REDEEM, json!({}), "secret"),
    ] {
        let error = format!("field '{member}' is missing");
        failed(&page.call(path, body).await, 400, &error, "invalid_request_body", json!({}));
    }
}

#[tokio::test(start_paused = true)]
async fn a_local_file_is_refused_by_module_and_variable() {
    let bench = sandbox().await;
    let mut page = CallingPage::new(&bench, json!({})).await;
    page.get().await;
    let png = "iVBORw0KGgoAAAANSUhEUgAA".repeat(60);
    for front in [
        json!("data:image/png;base64,iVBORw0KGgo="),
        json!("blob:https://shop.test/1"),
        json!("file:///tmp/a.png"),
        json!("content://media/1"),
        json!("/storage/a.png"),
        json!(png),
        json!({"pages": ["https://a.test/1.png", {"url": "C:\\a.png"}]}),
    ] {
        let changes = json!({"phone": {"action": "put"}, "document": {"action": "put", "variables": {"front": front}}});
        let error = "field 'modules.document.variables.front' must be a URL of an upload, not a local file";
        failed(&page.put(0, changes).await, 400, error, "invalid_request_body", json!({}));
    }
    let url = json!({"document": {"action": "put", "variables": {"front": "https://files.test/1.png"}}});
    assert_eq!(result(&page.put(0, url).await)["revision"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_has_a_largest_size() {
    let bench = sandbox().await;
    let mut page = CallingPage::new(&bench, json!({})).await;
    page.get().await;
    let of = |bytes: usize| {
        let body = r#"{"revision": 0, "modules": {}}"#;
        format!("{body}{}", " ".repeat(bytes - body.len()))
    };
    let error = "the body must be at most 262144 bytes";
    failed(&page.post(PUT, &of(262_145)).await, 413, error, "payload_too_large", json!({}));
    assert_eq!(result(&page.post(PUT, &of(262_144)).await)["revision"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_may_be_packed_empty_or_have_more_members() {
    let bench = sandbox().await;
    let mut page = CallingPage::new(&bench, json!({})).await;
    page.get().await;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(br#"{"inputs": {}}"#).unwrap();
    let request = Request::post(GET).header("content-type", "application/json").header("content-encoding", "gzip");
    assert_eq!(result(&page.send(request, Body::from(packed.finish().unwrap())).await)["revision"], 0);
    assert_eq!(result(&page.send(Request::post(CHECK), Body::empty()).await), json!({}));
    let more = json!({"revision": 0, "modules": {"phone": {"action": "put", "x": 1}}, "more": [1]});
    assert_eq!(result(&page.call(PUT, more).await)["revision"], 1);
}
