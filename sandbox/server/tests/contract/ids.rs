//! Ids and links cannot be guessed: whoever knows one may use it.

use std::collections::BTreeSet;
use std::sync::Arc;

use handset_sandbox::{AppState, Config, Random, SystemClock, SystemRandom};
use serde_json::{Value, json};

use crate::support::{PHONE, TARGET, TestSandbox, claims};

/// Every random id of a link flow and of an identity, by name.
async fn random_ids(bench: &TestSandbox) -> Vec<(&'static str, String)> {
    let body = json!({"flowType": "desktop", "phoneNumber": PHONE, "finalTargetUrl": TARGET});
    let started = bench.start(body).await;
    bench.page(&started, "mobile/instantlink/start", json!({"sourceIp": null, "isMobile": false})).await;
    let claims = claims(&started.auth_token);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let identity = bench.call("/v3/identity", json!({"phoneNumber": PHONE})).await.json();
    vec![
        ("correlationId", started.correlation_id.clone()),
        ("authId", text(&claims["auth"]["id"])),
        ("rid", text(&claims["rid"])),
        ("chlg", text(&claims["auth"]["chlg"])),
        ("link", bench.link_path().await.strip_prefix("/l/").unwrap().to_owned()),
        ("identityId", text(&identity["identityId"])),
    ]
}

/// Whether it is a UUID of version 4, or 32 hexadecimal digits; in lower case.
fn is_formed(name: &str, id: &str) -> bool {
    let is_hex = id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'));
    let groups: Vec<_> = id.split('-').collect();
    let lengths: Vec<_> = groups.iter().map(|group| group.len()).collect();
    is_hex
        && match name {
            "chlg" | "link" => lengths == [32],
            _ => {
                lengths == [8, 4, 4, 4, 12] && groups[2].starts_with('4') && groups[3].starts_with(['8', '9', 'a', 'b'])
            }
        }
}

async fn bench(random: impl Random) -> TestSandbox {
    let config = Config { rate_limit: 0, ..Config::default() };
    TestSandbox::on(AppState::new(config, Arc::new(SystemClock), Arc::new(random))).await
}

#[tokio::test]
async fn have_128_bits_in_their_form() {
    let bench = bench(SystemRandom::new().unwrap()).await;
    let mut seen = BTreeSet::new();
    for (name, id) in random_ids(&bench).await {
        assert!(is_formed(name, &id), "{name}: {id}");
        assert!(seen.insert(id), "{name}: each id is random by itself");
    }
}

struct ConstantRandom;

impl Random for ConstantRandom {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0x5a);
    }
}

#[tokio::test]
async fn come_from_the_random_source_and_from_nothing_else() {
    let bench = bench(ConstantRandom).await;
    for (name, id) in random_ids(&bench).await {
        let expected = match name {
            "chlg" | "link" => "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
            _ => "5a5a5a5a-5a5a-4a5a-9a5a-5a5a5a5a5a5a",
        };
        assert_eq!(id, expected, "{name}: no time, no counter, no number stands in it");
    }
}

#[tokio::test]
async fn differ_in_every_bit() {
    const DRAWN: u32 = 400;
    let bench = bench(SystemRandom::new().unwrap()).await;
    let mut ones = vec![[0_u32; 128]; 2];
    for _ in 0..DRAWN {
        let started = bench.link(false).await;
        let claims = claims(&started.auth_token);
        let ids = [started.correlation_id.replace('-', ""), claims["auth"]["chlg"].as_str().unwrap().to_owned()];
        for (id, ones) in ids.iter().zip(&mut ones) {
            let bits = u128::from_str_radix(id, 16).unwrap();
            (0..128).for_each(|bit| ones[bit] += u32::from(bits >> bit & 1 == 1));
        }
    }
    // Half of them, give or take ten standard deviations; of a UUID six bits say what it is.
    let is_fixed = |ones: &u32| ones.abs_diff(DRAWN / 2) > 100;
    assert_eq!(ones.iter().map(|ones| ones.iter().filter(|ones| is_fixed(ones)).count()).collect::<Vec<_>>(), [6, 0]);
}
