//! Who may call from where: the allowlist of an app, and the proxies that are believed.

use serde_json::json;

use super::{APP, KEY, send};
use crate::running::SandboxProcess;

fn body(app: &str, key: &str) -> String {
    json!({"appId": app, "appKey": key, "transactionId": "t1", "workflowId": "onboarding"}).to_string()
}

#[tokio::test]
async fn a_forwarded_address_counts_behind_a_trusted_proxy_alone() {
    let direct = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
    let proxied = SandboxProcess::start(&["--listen", "127.0.0.1:0", "--trust-proxy", "127.0.0.0/8"]).await;
    let from = |name, address| [(name, address)];
    let call = async |sandbox: &SandboxProcess, headers: &[(&str, &str)]| {
        send(sandbox, "/v2/auth/token", headers, &body(APP, KEY)).await.0
    };
    let forwarded = "x-forwarded-for";
    assert_eq!(call(&direct, &[]).await, 200);
    assert_eq!(call(&direct, &from(forwarded, "203.0.113.9")).await, 200, "nobody is believed");
    assert_eq!(call(&proxied, &[]).await, 200, "a call without a proxy");
    assert_eq!(call(&proxied, &from(forwarded, "203.0.113.9")).await, 401);
    assert_eq!(call(&proxied, &from("forwarded", "for=203.0.113.9")).await, 401);
    // The caller claims to be this machine, and the proxy appends the caller's address.
    assert_eq!(call(&proxied, &from(forwarded, "127.0.0.1, 203.0.113.9")).await, 401);
    assert_eq!(call(&proxied, &from(forwarded, "not an address")).await, 401);
    let both = [(forwarded, "127.0.0.1"), ("forwarded", "for=203.0.113.9")];
    assert_eq!(call(&proxied, &both).await, 401, "the two differ");
    let (headers, staging) = (from(forwarded, "203.0.113.9"), body("staging-app", "staging-app-key"));
    let any = send(&proxied, "/v2/auth/token", &headers, &staging).await;
    assert_eq!(any.0, 200, "a staging app takes any address");
}
