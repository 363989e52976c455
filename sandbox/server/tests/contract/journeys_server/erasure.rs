//! `/v2/journey/erase`: nothing of a person's journey is left.

use serde_json::json;

use super::{
    APP, KEY, OUTPUT_PATH, auth_body, claims, failed, failed_plainly, get_state, headers, post, result, token,
};
use crate::support::TestSandbox;

const ERASE: &str = "/v2/journey/erase";

#[tokio::test(start_paused = true)]
async fn deletes_messages_and_ends_tokens() {
    let bench = TestSandbox::new().await;
    let erase = async || post(&bench, ERASE, &[], &auth_body(json!({})).to_string()).await;
    failed(&erase().await, 404, "Transaction not found", "transaction_not_found", json!({}));
    let first = token(&bench, json!({"authenticateOnResume": "yes"})).await;
    token(&bench, json!({"transactionId": "t2"})).await;
    for (id, mobile) in [("t1", super::MOBILE), ("t2", super::OTHER_MOBILE)] {
        let body = json!({"templateId": "otp", "mobileNumber": mobile}).to_string();
        result(&post(&bench, "/v1/verifyMobileSendOtp", &headers(id), &body).await);
    }
    assert_eq!(bench.messages().await.len(), 2);
    assert_eq!(result(&erase().await), json!({"message": "The transaction is forgotten"}));
    let left = bench.messages().await;
    assert_eq!(left.iter().map(|message| message["transactionId"].clone()).collect::<Vec<_>>(), ["t2"]);
    let output = post(&bench, OUTPUT_PATH, &[("appid", APP), ("appkey", KEY)], r#"{"transactionId": "t1"}"#).await;
    failed_plainly(&output, 404, "Transaction not found");
    assert_eq!(bench.get("/sandbox/journeys/t1").await.status.as_u16(), 404);
    assert_eq!(get_state(&bench, &first).await.status.as_u16(), 401);
    failed(&erase().await, 404, "Transaction not found", "transaction_not_found", json!({}));
    // The id may be used again, for another journey in another mode. Old tokens stay invalid.
    let next = token(&bench, json!({})).await;
    assert_ne!(claims(&next)["journeyId"], claims(&first)["journeyId"]);
    assert_eq!(get_state(&bench, &first).await.status.as_u16(), 401);
}
