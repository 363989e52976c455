//! A sandbox is killed while pages save: every acknowledged save is there afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::{APP, KEY};
use crate::running::{LOGS, SandboxProcess};

/// How many kills by default. `HANDSET_KILLS` is another number.
const KILLS: usize = 10;
/// Users at the same time.
const USERS: usize = 8;
const MODULES: [&str; 3] = ["phone", "document", "selfie"];

/// A user whose page saves one module after the other, over and over.
struct SavingUser {
    transaction: String,
    token: String,
    session: String,
    /// The last acknowledged save of each module.
    acknowledged: [Option<u64>; MODULES.len()],
    revision: u64,
    /// The save that has no reply yet.
    unsure: Option<(usize, u64)>,
}

/// Sends a request. `None`: the sandbox is gone.
async fn post(address: &str, path: &str, headers: &str, body: &Value) -> Option<Value> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let body = body.to_string();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.ok()?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.ok()?;
    let (_, body) = reply.split_once("\r\n\r\n")?;
    serde_json::from_str(body).ok()
}

impl SavingUser {
    async fn open(address: &str, transaction: String) -> Self {
        let request = json!({"appId": APP, "appKey": KEY, "transactionId": transaction, "workflowId": "plain"});
        let reply = post(address, "/v2/auth/token", "", &request).await.unwrap();
        let token = reply["result"]["authToken"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned();
        LOGS.secret("journey token", token.trim_start_matches("Bearer "));
        let mut user =
            Self { transaction, token, session: String::new(), acknowledged: [None; 3], revision: 0, unsure: None };
        let state = user.state(address).await.unwrap();
        user.session = state["sessionId"].as_str().unwrap().to_owned();
        user
    }

    async fn call(&self, address: &str, path: &str, body: &Value) -> Option<Value> {
        let headers = format!("authorization: {}\r\nx-cpr-session-id: {}\r\n", self.token, self.session);
        post(address, path, &headers, body).await
    }

    async fn state(&self, address: &str) -> Option<Value> {
        let reply = self.call(address, "/v2/transaction-state/get", &json!({"inputs": {}})).await?;
        assert_eq!(reply["status"], "success", "{reply}");
        Some(reply["result"].clone())
    }

    /// Saves until the sandbox is gone.
    async fn save(&mut self, address: &str, answered: &AtomicUsize, enough: &Notify, limit: usize) {
        for turn in 0.. {
            let (module, mark) = (turn % MODULES.len(), self.revision + 1);
            self.unsure = Some((module, mark));
            let modules = json!({MODULES[module]: {"action": "put", "variables": {"mark": mark}}});
            let body = json!({"revision": self.revision, "modules": modules});
            let Some(reply) = self.call(address, "/v2/transaction-state/put", &body).await else { return };
            assert_eq!(reply["result"]["revision"], mark, "{reply}");
            (self.unsure, self.revision) = (None, mark);
            self.acknowledged[module] = Some(mark);
            if answered.fetch_add(1, Ordering::Relaxed) + 1 >= limit {
                enough.notify_one();
            }
        }
    }

    /// Every acknowledged save is there; the last one without a reply is there whole, or not at all.
    async fn check(&mut self, address: &str) {
        let state = self.state(address).await.unwrap();
        let marks = MODULES.map(|module| state["state"]["modules"][module]["variables"]["mark"].as_u64());
        let revision = state["revision"].as_u64().unwrap();
        let mut expected = self.acknowledged;
        if let Some((module, mark)) = self.unsure.take()
            && revision == mark
        {
            expected[module] = Some(mark);
            self.revision = mark;
        }
        assert_eq!((marks, revision), (expected, self.revision), "{}", self.transaction);
        self.acknowledged = expected;
        assert_eq!(state["sessionId"], self.session.as_str(), "the session goes on");
    }
}

async fn start(file: &std::path::Path, port: &str) -> SandboxProcess {
    let config = file.with_file_name("sandbox.toml");
    std::fs::write(
        &config,
        format!("listen = '127.0.0.1:{port}'\nrate_limit = 'off'\nstore = 'sqlite:{}'\n", file.display()),
    )
    .unwrap();
    let mut command = crate::running::command(&["--config", config.to_str().unwrap()]);
    command.env("RUST_LOG", "warn");
    SandboxProcess::spawn(command).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_save_is_lost_when_the_sandbox_is_killed() {
    let kills = std::env::var("HANDSET_KILLS").map_or(KILLS, |count| count.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.db");
    let mut running = start(&file, "0").await;
    super::set_workflow(&running, "plain", json!({"preventParallelSessions": true})).await;
    let (mut saves, mut unsure) = (0, 0);
    let address: Arc<str> = running.address.as_str().into();
    let port = address.rsplit(':').next().unwrap().to_owned();
    let mut users = join_all((0..USERS).map(|number| SavingUser::open(&address, format!("user-{number}")))).await;
    for kill in 0..kills {
        let (answered, enough) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        // Another moment each time.
        let limit = 20 + kill * 37;
        let tasks: Vec<_> = users
            .into_iter()
            .map(|mut user| {
                let (address, answered, enough) = (address.clone(), answered.clone(), enough.clone());
                tokio::spawn(async move {
                    user.save(&address, &answered, &enough, limit).await;
                    user
                })
            })
            .collect();
        enough.notified().await;
        assert_eq!(running.kill().await, "", "it has nothing to complain of");
        users = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
        saves += answered.load(Ordering::Relaxed);
        unsure += users.iter().filter(|user| user.unsure.is_some()).count();
        running = start(&file, &port).await;
        for user in &mut users {
            user.check(&address).await;
        }
    }
    assert!(unsure > 0 && saves >= kills * 20);
    println!("{kills} kills: {saves} acknowledged saves, {unsure} without a reply at a kill, none lost");
}
