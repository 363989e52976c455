//! A stream of server-sent events.

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use futures_util::StreamExt;
use serde_json::Value;
use tower::ServiceExt;

use super::TestSandbox;

pub(crate) struct EventStream(BodyDataStream);

impl EventStream {
    pub(crate) async fn open(bench: &TestSandbox, uri: &str, last_id: Option<&str>) -> Self {
        let mut request = Request::get(uri).header("host", "localhost");
        if let Some(last_id) = last_id {
            request = request.header("last-event-id", last_id);
        }
        let response = bench.app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self(response.into_body().into_data_stream())
    }

    /// Id and data of the next event. `None`: the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            let text = String::from_utf8(self.0.next().await?.unwrap().to_vec()).unwrap();
            let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            // What has no data keeps the connection alive.
            if let Some(data) = line("data:") {
                return Some((line("id:").unwrap().to_owned(), serde_json::from_str(data).unwrap()));
            }
        }
    }
}
