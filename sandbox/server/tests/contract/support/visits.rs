//! A client of Mobile Auth for the tests: it visits the carrier in process, as the contract says, by both implementations.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use base64ct::{Base64, Encoding};
use handset_sandbox::carrier;
use serde_json::{Value, json};
use tower::ServiceExt;
use url::Url;

use super::{StartedSession, TestSandbox};

/// The carrier of a sandbox.
pub(crate) struct TestCarrier(Router);

/// A response of the carrier, read whole.
pub(crate) struct CarrierResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl CarrierResponse {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether a page of any origin may read it.
    pub(crate) fn is_readable(&self) -> bool {
        self.header("access-control-allow-origin") == "*"
    }
}

impl TestCarrier {
    pub(crate) fn of(bench: &TestSandbox) -> Self {
        Self(carrier(bench.state.clone()))
    }

    /// `None`: the connection broke.
    pub(crate) async fn try_send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Option<CarrierResponse> {
        let mut request = Request::builder().method(method).uri(url).header("origin", "https://shop.test");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.0.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.ok()?;
        Some(CarrierResponse { status, headers, body })
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> CarrierResponse {
        self.try_send(method, url, headers, body).await.expect("a reply")
    }

    pub(crate) async fn get(&self, url: &str) -> CarrierResponse {
        self.send(Method::GET, url, &[], "").await
    }

    /// Follows redirects as a browser does. `None`: the page cannot read the last response, or there is none.
    async fn follow(&self, method: Method, url: &str, headers: &[(&str, &str)], body: &str) -> Option<CarrierResponse> {
        let mut response = self.try_send(method, url, headers, body).await?;
        while response.status == StatusCode::FOUND {
            assert!(response.is_readable(), "every hop allows CORS");
            let next = response.header("location").to_owned();
            response = self.try_send(Method::GET, &next, headers, "").await?;
        }
        Some(response)
    }

    /// The value of a visit by `fetch`. `None`: the visit fails.
    pub(crate) async fn fetch(&self, url: &str) -> Option<String> {
        let parsed = Url::parse(url).unwrap();
        let of_query =
            |name: &str| parsed.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        if let Some(value) = of_query("testVfp") {
            return Some(value);
        }
        let flow = of_query("pfflow");
        if flow.as_deref() == Some("2") {
            let data: Value = serde_json::from_slice(&Base64::decode_vec(&of_query("data").unwrap()).unwrap()).unwrap();
            let target = data["url"].as_str().unwrap();
            let response = self.follow(Method::POST, target, &[], &data["data"].to_string()).await?;
            assert!(response.status.is_success());
            let second = if response.json()["status"] == 1004 { "___R2" } else { "" };
            let body = Base64::encode_string(&response.body);
            return Some(format!("{}___{body}{second}", data["vfp"].as_str().unwrap()));
        }
        let response = if flow.as_deref() == Some("3") || url.contains("authentication/validate/flowcontrol") {
            let document = self.follow(Method::GET, url, &[], "").await?.json();
            let headers = document["headers"].as_array().unwrap().iter();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let headers: Vec<_> = headers.map(|pair| (text(&pair["key"]), text(&pair["value"]))).collect();
            let headers: Vec<_> = headers.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            assert_eq!(
                (&document["redirect_status_minimum"], &document["redirect_status_maximum"]),
                (&json!(300), &json!(399))
            );
            let method = document["command"].as_str().unwrap().parse().unwrap();
            let body = document["request_body"].as_str().unwrap_or_default();
            self.follow(method, document["first_uri"].as_str().unwrap(), &headers, body).await?
        } else {
            let mut plain = parsed.clone();
            plain.query_pairs_mut().append_pair("r", "f").append_pair("sdkVersion", "1.0");
            self.follow(Method::GET, plain.as_str(), &[], "").await?
        };
        if !(response.status.is_success() && response.is_readable()) {
            return None;
        }
        let reply = response.json();
        let text = |name: &str| reply[name].as_str();
        let correlation = text("correlation_id").map_or_else(String::new, |id| format!("{id}..."));
        let token = || text("token").or_else(|| text("reconcilation_token"));
        text("vfp").map(str::to_owned).or_else(|| Some(format!("{correlation}{}", token()?)))
    }

    /// The value of a visit by an image. `None`: the visit fails.
    pub(crate) async fn pixel(&self, url: &str) -> Option<String> {
        let parsed = Url::parse(url).unwrap();
        if let Some((_, value)) = parsed.query_pairs().find(|(key, _)| key == "testVfp") {
            return Some(value.into_owned());
        }
        if parsed.query_pairs().any(|(key, _)| key == "pfflow") {
            return None;
        }
        let response = self.follow(Method::GET, url, &[], "").await?;
        let is_image = response.status.is_success() && response.header("content-type") == "image/gif";
        assert!(!is_image || response.body.starts_with(b"GIF89a\x01\x00\x01\x00"));
        is_image.then(String::new)
    }
}

impl TestSandbox {
    /// A mobile flow that begins with Mobile Auth, and the URL of its visit.
    pub(crate) async fn mobile_auth(&self, number: &str, implementation: &str) -> (StartedSession, String) {
        let started = self.start(json!({"flowType": "mobile", "phoneNumber": number})).await;
        let url = self.visit_url(&started, implementation).await;
        (started, url)
    }

    /// Starts Mobile Auth. Returns the URL of its visit.
    pub(crate) async fn visit_url(&self, started: &StartedSession, implementation: &str) -> String {
        let start = json!({"cellularIp": null, "implementation": implementation});
        let reply = self.page(started, "mobile/instant/start", start).await;
        reply["data"]["redirectUrl"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned()
    }

    /// Returns a value to the backend.
    pub(crate) async fn finish_visit(&self, started: &StartedSession, vfp: &str) -> Value {
        self.page(started, "mobile/instant/finish", json!({"vfp": vfp})).await
    }
}
