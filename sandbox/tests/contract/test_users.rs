use handset_sandbox::core::{Role, TEST_USERS};
use serde_json::json;

use crate::support::{Bench, TARGET, TEST_USER, claims};
use crate::table::rows;

rows![every_role_is_played, the_code_is_1234];

#[tokio::test(start_paused = true)]
async fn every_role_is_played() {
    let bench = Bench::new().await;
    assert_eq!(TEST_USERS.len(), 15);
    for user in TEST_USERS {
        bench.pass_ms(1000).await;
        let body = json!({"flowType": "mobile", "phoneNumber": user.phone, "finalTargetUrl": TARGET});
        let answer = bench.call("/v3/start", body.clone()).await;
        if !user.products.identity {
            answer.refused(403, 8009, "test user cannot be accessed with your current product credentials");
            continue;
        }
        let started = bench.start(body).await;
        let first = claims(&started.auth_token)["auth"]["next"].as_str().unwrap().to_owned();
        match user.role {
            Role::PassesWithoutBrowser => assert_eq!(first, "done"),
            Role::MobileAuthPasses => {
                assert_eq!(first, "mobile/instant");
                let report = json!({"message": "not configured"});
                let reply = bench.page(&started, "mobile/instant/error", report).await;
                assert_eq!(reply, json!({"next": "mobile/otp"}));
            }
            _ => assert_eq!(first, "mobile/otp"),
        }
        if first != "done" {
            bench.page(&started, "mobile/otp/start", json!({})).await;
            let reply = bench.page(&started, "mobile/otp/finish", json!({"otp": "1234"})).await;
            assert_eq!(reply, json!({"next": "done"}), "{}", user.phone);
        }
        assert!(bench.validated(&started).await.0, "{}", user.phone);
        let record = user.record.unwrap();
        let individual = json!({"firstName": user.first_name, "lastName": user.last_name,
            "dob": record.dob, "ssn": record.ssn, "emailAddresses": [record.email],
            "addresses": [{"address": record.address, "city": record.city, "postalCode": record.postal_code}]});
        let body = json!({"correlationId": started.correlation_id, "individual": individual});
        let answer = bench.call("/v3/complete", body).await;
        assert_eq!(answer.json()["success"], true, "{}: {}", user.phone, answer.text);
    }
}

#[tokio::test(start_paused = true)]
async fn the_code_is_1234() {
    let bench = Bench::new().await;
    let body = json!({"flowType": "mobile", "phoneNumber": TEST_USER, "allowOTPRetry": true, "smsMessage": "######"});
    let started = bench.start(body).await;
    for _ in 0..2 {
        bench.page(&started, "mobile/otp/start", json!({})).await;
        assert_eq!(bench.code().await, "1234", "however long the text asks it to be, and after a resend");
    }
    let wrong = bench.page(&started, "mobile/otp/finish", json!({"otp": "1235"})).await;
    assert_eq!(wrong["data"]["attemptsLeft"], 2);
    bench.pass_ms(120_000).await;
    let late = bench.page(&started, "mobile/otp/finish", json!({"otp": "1234"})).await;
    assert_eq!(late["error"]["message"], "the code has expired");
}
