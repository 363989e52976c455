//! The error table of Generate Auth.

use serde_json::{Value, json};

use super::{generate_auth, open_page};
use crate::running::{LOGS, SandboxProcess};

#[tokio::test]
async fn every_row_of_the_error_table_of_generate_auth_is_answered() {
    let sandbox = SandboxProcess::start(&["--listen", "127.0.0.1:0", "--rate-limit", "off"]).await;
    for (kind, secret) in [("number", "+442071838750"), ("number", "+442071838751"), ("email", "ada@example.com")] {
        LOGS.secret(kind, secret);
    }
    let known = json!({"transactionId": "known", "authenticateOnResume": "yes", "mobileNumber": "+442071838750"});
    open_page(&sandbox, known.clone()).await;
    open_page(&sandbox, json!({"transactionId": "own"})).await;
    open_page(&sandbox, json!({"transactionId": "unknown", "authenticateOnResume": "yes"})).await;
    let other = "+442071838751";
    let rows: Vec<(Value, u16, &str)> = vec![
        (json!({"transactionId": null}), 400, "invalid_request_body"),
        (json!({"transactionId": ""}), 400, "invalid_request_body"),
        (json!({"transactionId": "a b"}), 400, "invalid_request_body"),
        (json!({"workflowId": null}), 400, "invalid_request_body"),
        (json!({"authenticateOnResume": "maybe"}), 400, "invalid_request_body"),
        (json!({"authenticateOnResume": true}), 400, "invalid_request_body"),
        (json!({"expiry": 0}), 400, "invalid_request_body"),
        (json!({"expiry": 86_401}), 400, "invalid_request_body"),
        (json!({"expiry": "soon"}), 400, "invalid_request_body"),
        (json!({"mobileNumber": "12"}), 400, "invalid_request_body"),
        (json!({"email": "ada"}), 400, "invalid_request_body"),
        (json!({"mobileNumber": other, "email": "ada@example.com"}), 400, "invalid_request_body"),
        (json!({"appKey": "another-key"}), 401, "unauthorized_access"),
        (json!({"appId": "another-app"}), 401, "unauthorized_access"),
        (json!({"workflowId": "another"}), 404, "workflow_not_found"),
        (
            json!({"transactionId": "known", "authenticateOnResume": "yes", "mobileNumber": other}),
            409,
            "unique_id_conflict",
        ),
        (json!({"transactionId": "known", "email": "ada@example.com"}), 409, "unique_id_conflict"),
        (json!({"transactionId": "own", "mobileNumber": other}), 409, "unique_id_conflict"),
        (json!({"transactionId": "own", "authenticateOnResume": "yes"}), 400, "auth_mode_conflict"),
        (json!({"transactionId": "unknown"}), 400, "auth_mode_conflict"),
        (json!({"transactionId": "known", "authenticateOnResume": "yes"}), 400, "auth_mode_conflict"),
    ];
    for (changes, status, code) in rows {
        let (got, reply) = generate_auth(&sandbox, changes.clone()).await;
        assert_eq!((got, &reply["errorCode"]), (status, &json!(code)), "{changes}: {reply}");
        assert_eq!((&reply["statusCode"], &reply["status"]), (&json!(status), &json!("failure")), "{reply}");
        let members: Vec<_> = reply.as_object().unwrap().keys().collect();
        assert_eq!(members, ["error", "errorCode", "status", "statusCode"], "{changes}");
        let text = reply["error"].as_str().unwrap();
        for name in changes.as_object().unwrap().keys().filter(|_| code == "invalid_request_body") {
            assert!(text.contains(name.as_str()), "the text names the member: {changes}: {text}");
        }
        assert!(!text.contains("4420718"), "{text}");
    }
    for changes in [json!({"expiry": 60}), json!({"expiry": "86400"}), known, json!({"email": "ada@example.com"})] {
        let changes = if changes["email"].is_null() {
            changes
        } else {
            json!({"transactionId": "mail", "email": "Ada@Example.com"})
        };
        let (status, reply) = generate_auth(&sandbox, changes).await;
        assert_eq!(status, 200, "{reply}");
        let result = &reply["result"];
        assert!(result["authToken"].as_str().unwrap().starts_with("Bearer "));
        LOGS.secret("journey token", result["authToken"].as_str().unwrap().trim_start_matches("Bearer "));
        let members: Vec<_> = result["metadata"].as_object().unwrap().keys().collect();
        assert_eq!(members, ["appId", "journeyId", "transactionId", "workflowId"]);
    }
}
