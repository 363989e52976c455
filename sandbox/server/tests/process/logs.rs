//! No secret and nothing that a client chooses reaches a log, at any level and in any format.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::running::{LOGS, SandboxProcess, command};

#[tokio::test]
async fn no_secret_reaches_a_log_at_the_trace_level() {
    look(SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await).await;
}

#[tokio::test]
async fn no_secret_reaches_a_log_with_a_store_file() {
    let folder = tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("sandbox.db").display());
    look(SandboxProcess::start(&["--listen", "127.0.0.1:0", "--store", &store]).await).await;
}

#[tokio::test]
async fn no_secret_reaches_a_json_log() {
    look(SandboxProcess::start(&["--listen", "127.0.0.1:0", "--log-format", "json"]).await).await;
}

#[tokio::test]
async fn no_secret_reaches_a_log_over_https() {
    let data = tempdir().unwrap();
    let flags = ["--listen", "127.0.0.1:0", "--tls-self-signed", "--data", data.path().to_str().unwrap()];
    let mut running = SandboxProcess::start(&flags).await;
    running.trust(&data.path().join("tls/ca/ca.pem"));
    let key = std::fs::read_to_string(data.path().join("tls/ca/ca-key.pem")).unwrap();
    let lines: Vec<_> = key.lines().filter(|line| !line.starts_with("-----")).collect();
    assert!(!lines.is_empty());
    for line in &lines {
        LOGS.secret("private key", line);
    }
    let log = look(running).await;
    assert!(log.contains("created a local CA") && !lines.iter().any(|line| log.contains(line)));
}

/// The log, in which nothing was found.
async fn look(running: SandboxProcess) -> String {
    let phone = "5005550123";
    let mut secrets =
        vec![phone.to_owned(), "sandbox-secret".to_owned(), "987654321".to_owned(), "Nobodysname".to_owned()];

    let (token, id) = running.flow("mobile", phone).await;
    running.post("/v1/client/mobile/otp/start", &token, json!({})).await;
    let code = running.messages().await[0]["code"].as_str().unwrap().to_owned();
    running.post("/v1/client/mobile/otp/finish", &token, json!({"otp": format!("{code}{code}")})).await;
    running.post("/v1/client/mobile/otp/finish", &token, json!({"otp": code})).await;
    running.post("/demo/verify", "", json!({"correlationId": id})).await;
    let individual = json!({"ssn": "987654321", "firstName": "Nobodysname"});
    running.post("/demo/complete", "", json!({"correlationId": id, "individual": individual})).await;
    secrets.push(token);
    LOGS.secret("client secret", "sandbox-secret");
    LOGS.secret("SSN", "987654321");
    LOGS.secret("name", "Nobodysname");
    // Digits alone also stand in times: the code is looked for as it travels.
    secrets.extend([format!("\"{code}\""), format!("#{code}"), format!("{code}{code}")]);

    let (token, _) = running.flow("desktop", phone).await;
    let mut socket = running.socket(&token).await;
    running.post("/v1/client/mobile/instantlink/start", &token, json!({"isMobile": false})).await;
    let message: Value = running.messages().await[1].clone();
    let secret = message["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    running.send("GET", &format!("/l/{secret}"), &[], "").await;
    running.send("GET", &format!("/l/{secret}/mistyped"), &[], "").await;
    while socket.next().await.is_some() {}
    running.send("POST", "/v1/client/status", &[("authorization", &format!("Bearer {token}x"))], "{}").await;
    running.send("GET", &format!("/v1/client/status?token={token}x"), &[], "").await;
    running.send("GET", &format!("/sandbox/messages?to={phone}"), &[], "").await;
    running.send("POST", "/v3/start", &[], &format!(r#"{{"phoneNumber":{phone}}}"#)).await;
    secrets.extend([token, secret]);

    // Mobile Auth: the secret of a visit in each form of URL, its value, and one that is mistyped.
    for (number, implementation) in [
        ("2005550120", "fetch"),
        ("2005550121", "fetch"),
        ("2005550121", "pixel"),
        ("2005550124", "fetch"),
        ("2005550127", "fetch"),
    ] {
        let (token, _) = running.flow("mobile", number).await;
        let url = running.visit_url(&token, implementation).await;
        let (_, body) = running.visit(&url).await;
        running.visit(&format!("{url}x")).await;
        secrets.extend(url.split(['/', '?', '&', '=']).filter(|part| part.len() >= 32).map(str::to_owned));
        if let Ok(reply) = serde_json::from_str::<Value>(&body)
            && let Some(vfp) = reply["vfp"].as_str()
        {
            secrets.push(vfp.to_owned());
            running.post("/v1/client/mobile/instant/finish", &token, json!({"vfp": format!("{vfp}x")})).await;
        }
        secrets.push(token);
    }

    // The other products: names and numbers in bodies, a number in a path.
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let credentials = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret";
    let (_, granted) = running.send("POST", "/token", &form, credentials).await;
    let granted: Value = serde_json::from_str(&granted).unwrap();
    let access_token = granted["access_token"].as_str().unwrap().to_owned();
    let verify = json!({"possessionType": "none", "phoneNumber": phone, "firstName": "A", "lastName": "Nobodysname"});
    running.post("/v3/verify", &access_token, verify).await;
    running.post("/v3/unify", &access_token, json!({"possessionType": "none", "phoneNumber": phone})).await;
    running.post("/v3/identity", &access_token, json!({"phoneNumber": phone})).await;
    let bearer = format!("Bearer {access_token}");
    let lookup = format!("/v3/identity/{phone}/lookup");
    let (_, found) = running.send("GET", &lookup, &[("authorization", &bearer)], "").await;
    assert!(found.contains(phone), "{found}");
    running.send("GET", &lookup, &[], "").await;
    LOGS.secret("token", &access_token);
    secrets.push(access_token);

    let log = running.end("TERM").await.stderr;
    for route in [
        "/v1/client/mobile/otp/finish",
        "/v1/client/status",
        "/l/{token}",
        "/mobile-auth/{auth_id}/{token}/next",
        "/sandbox/messages",
        "/lookup",
    ] {
        assert!(log.contains(route), "requests are logged: {route}");
    }
    assert!(log.contains("TRACE"));
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{secret}");
    }
    log
}

/// Any text of a client may be a secret in the wrong place.
#[tokio::test]
async fn nothing_that_a_client_chooses_reaches_a_log_whatever_it_requests() {
    for (format, filter) in [("text", "trace"), ("json", "trace,tungstenite=trace,tungstenite::protocol=trace")] {
        let mut command = command(&["--listen", "127.0.0.1:0", "--log-format", format]);
        command.env("RUST_LOG", filter);
        let running = SandboxProcess::spawn(command).await;
        let chosen = "WhateverItLikes";
        let close = "connection: close\r\n\r\n";
        for raw in [
            format!("{chosen} /v3/start HTTP/1.1\r\nhost: {chosen}\r\n{chosen}: {chosen}\r\n{close}"),
            format!("GET /{chosen}?{chosen}={chosen} HTTP/1.1\r\nhost: localhost\r\nexpect: {chosen}\r\n{close}"),
            format!("POST /v3/start HTTP/1.1\r\nhost: localhost\r\nupgrade: {chosen}\r\n{close}"),
            format!("GET / HTTP/{chosen}\r\n{close}"),
            format!("GET / HTTP/1.1\r\nhost {chosen}\r\n{close}"),
        ] {
            let mut stream = running.connect().await.unwrap();
            stream.write_all(raw.as_bytes()).await.unwrap();
            // However it ends.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
        let headers = [("authorization", chosen), ("handset-project", chosen), ("origin", chosen)];
        running.send("POST", "/v3/start", &headers, &format!("{{\"{chosen}\":\"{chosen}\"}}")).await;
        running.send("POST", "/v1/client/mobile/otp/finish", &headers, chosen).await;
        running.send("POST", "/token", &[("content-type", chosen)], chosen).await;

        let (token, _) = running.flow("desktop", "5005550006").await;
        let mut socket = running.socket(&token).await;
        let bytes = || chosen.as_bytes().to_vec().into();
        let close = CloseFrame { code: 1000.into(), reason: chosen.into() };
        for message in
            [Message::text("ping"), Message::Ping(bytes()), Message::Pong(bytes()), Message::Close(Some(close))]
        {
            socket.send(message).await.unwrap();
        }
        while socket.next().await.is_some() {}
        for message in [Message::text(chosen), Message::Binary(bytes())] {
            let mut socket = running.socket(&token).await;
            socket.send(message).await.unwrap();
            socket.close(None).await.unwrap();
            while socket.next().await.is_some() {}
        }

        let log = running.end("TERM").await.stderr;
        assert!(
            log.contains("TRACE") && log.contains("other") && log.contains("connection failed"),
            "requests are logged: {log}"
        );
        let line = log.lines().find(|line| line.to_lowercase().contains(&chosen.to_lowercase()));
        assert_eq!(line, None, "{filter}");
    }
}

#[tokio::test]
async fn an_unreadable_filter_is_reported() {
    for filter in ["foo=bar=baz", "handset_sandbox=loud"] {
        let mut command = command(&["--listen", "127.0.0.1:0"]);
        command.env("RUST_LOG", filter);
        let log = SandboxProcess::spawn(command).await.end("TERM").await.stderr;
        assert!(log.contains("WARN") && log.contains("RUST_LOG cannot be parsed"), "{filter}: {log}");
        assert!(log.contains("INFO"), "as without it: {log}");
    }
    let mut command = command(&["--listen", "127.0.0.1:0"]);
    command.env("RUST_LOG", "");
    let log = SandboxProcess::spawn(command).await.end("TERM").await.stderr;
    assert!(log.contains("INFO") && !log.contains("WARN"), "{log}");
}
