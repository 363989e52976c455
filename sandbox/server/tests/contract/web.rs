//! The demo page, and the headers of every response.

use handset_sandbox::Config;

use crate::support::TestSandbox;

#[tokio::test(start_paused = true)]
async fn a_page_is_built_in() {
    let bench = TestSandbox::new().await;
    for path in ["/", "/index.html"] {
        let answer = bench.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "text/html; charset=utf-8"));
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval'"), "{policy}");
        assert!(policy.contains("connect-src 'self' http://127.0.0.1:8787 ws://127.0.0.1:8787"), "{policy}");
        assert_eq!((answer.header("cache-control"), answer.header("x-content-type-options")), ("no-store", "nosniff"));
    }
}

#[tokio::test]
async fn a_folder_replaces_the_built_in_page() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in
        [("index.html", "<!doctype html>"), ("a.js", "export {}"), ("a.css", "a{}"), ("a.wasm", "\0asm")]
    {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let bench = TestSandbox::with(Config { www: Some(folder.path().into()), ..Config::default() }).await;
    let cases =
        [("/", "text/html"), ("/a.js", "text/javascript"), ("/a.css", "text/css"), ("/a.wasm", "application/wasm")];
    for (path, content_type) in cases {
        let answer = bench.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, content_type), "{path}");
        assert!(answer.header("content-security-policy").contains("wasm-unsafe-eval"));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    for path in ["/b.js", "/../Cargo.toml", "/%2e%2e/Cargo.toml"] {
        bench.get(path).await.refused(404, 404, "no such path");
    }
}
