//! Many saves of one transaction at the same time.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{SavingPage, open_page, set_workflow};
use crate::running::SandboxProcess;

/// Pages that save at the same time.
const PAGES: usize = 100;
/// Saves of each, acknowledged or refused.
const SAVES: usize = 100;
const MODULES: [&str; 3] = ["phone", "document", "selfie"];

/// A save that was acknowledged: its revision, module and mark.
type Acknowledged = (u64, String, String);

async fn save_often(sandbox: &SandboxProcess, page: &SavingPage, number: usize) -> Vec<Acknowledged> {
    let (mut revision, mut acknowledged) = (0, Vec::new());
    for save in 0..SAVES {
        let module = MODULES[(number + save) % MODULES.len()];
        let mark = format!("{number}-{save}");
        let (status, reply) = page.put(sandbox, revision, module, json!({"mark": mark})).await;
        match status {
            200 => {
                assert_eq!(reply["result"]["revision"], revision + 1, "{reply}");
                revision += 1;
                acknowledged.push((revision, module.to_owned(), mark));
            }
            409 => {
                assert_eq!(reply["errorCode"], "revision_conflict", "{reply}");
                let current = reply["revision"].as_u64().unwrap();
                assert!(current > revision, "{reply}");
                revision = current;
            }
            _ => panic!("{status}: {reply}"),
        }
    }
    acknowledged
}

async fn of_store(flags: &[&str]) {
    let sandbox =
        Arc::new(SandboxProcess::start(&[&["--listen", "127.0.0.1:0", "--rate-limit", "off"], flags].concat()).await);
    set_workflow(&sandbox, "plain", json!({})).await;
    let page = open_page(&sandbox, json!({"workflowId": "plain"})).await;
    let saves = join_all((0..PAGES).map(|number| {
        let (sandbox, page) = (sandbox.clone(), page.clone());
        tokio::spawn(async move { save_often(&sandbox, &page, number).await })
    }));
    let mut all: Vec<Acknowledged> = saves.await.into_iter().flat_map(Result::unwrap).collect();
    all.sort();
    let revisions: Vec<_> = all.iter().map(|(revision, ..)| *revision).collect();
    assert_eq!(revisions, (1..=all.len() as u64).collect::<Vec<_>>(), "each revision has one save");
    assert!(all.len() >= SAVES, "somebody has saved: {}", all.len());
    let (_, reply) = page.call(&sandbox, "/v2/transaction-state/get", json!({"inputs": {}})).await;
    let last: BTreeMap<_, _> = all.iter().map(|(_, module, mark)| (module.clone(), json!({"mark": mark}))).collect();
    let stored: BTreeMap<String, Value> = reply["result"]["state"]["modules"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(module, saved)| (module.clone(), saved["variables"].clone()))
        .collect();
    assert_eq!((reply["result"]["revision"].as_u64(), stored), (Some(all.len() as u64), last));
    println!("{} saves at the same time: {} acknowledged, each with a revision of its own", PAGES * SAVES, all.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_parallel_saves_give_one_consistent_state() {
    of_store(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    of_store(&["--store", &format!("sqlite:{}", folder.path().join("sandbox.db").display())]).await;
}
