//! The OpenAPI document as the sandbox serves it.

use serde_json::Value;

use crate::support::TestSandbox;

pub(crate) async fn document(bench: &TestSandbox) -> Value {
    let answer = bench.get("/openapi.json").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    answer.json()
}

/// Path, method and operation.
pub(crate) fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, of_path): (&String, &Value)| {
            of_path
                .as_object()
                .unwrap()
                .iter()
                .map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
        .collect()
}
