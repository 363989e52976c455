//! Test users: their records, their products and their scenarios; and synthetic owners.

use handset_sandbox::Config;
use handset_sandbox_domain::Product::{self, Identity, IdentityManager, Prefill, Unify, VerifiedUsers};
use handset_sandbox_domain::TEST_USERS;
use serde_json::{Value, json};

use crate::support::{PHONE, StartedSession, TARGET, TEST_USER, TestSandbox, claims, holds_nothing};

/// A test user, as the contract has them.
pub(crate) struct ContractUser {
    pub(crate) phone: &'static str,
    pub(crate) name: [&'static str; 2],
    /// Address, city, region, ZIP, date of birth, SSN, e-mail address.
    record: Option<[&'static str; 7]>,
    pub(crate) products: &'static [Product],
    role: UserScenario,
}

#[derive(Clone, Copy, PartialEq)]
enum UserScenario {
    Plain,
    Passes,
    MobileAuth,
    Al2,
    Al0,
}
use UserScenario::{Al0, Al2, MobileAuth, Passes, Plain};

const BOTH: &[Product] = &[Identity, Prefill];

const fn user(
    phone: &'static str,
    name: [&'static str; 2],
    record: Option<[&'static str; 7]>,
    products: &'static [Product],
    role: UserScenario,
) -> ContractUser {
    ContractUser { phone, name, record, products, role }
}

#[rustfmt::skip]
pub(crate) const USERS: [ContractUser; 15] = [
    user("2001001695", ["Milo", "Pinson"], Some(["6377 Birchwood Hill", "Littleton", "CO", "80161-2001", "1981-01-17",
        "847350596", "mpinsonm@dyndns.org"]), BOTH, Passes),
    user("2001001693", ["Marcia", "Longo"], Some(["00 Mallard Park", "New Orleans", "LA", "70165", "1982-07-19",
        "470806227", "mlongok@amazonaws.com"]), BOTH, Plain),
    user("2001001688", ["Nevin", "Chattey"], Some(["9398 Scott Plaza", "Austin", "TX", "78744", "1980-03-20",
        "542742985", "nchatteyf@techcrunch.com"]), BOTH, Plain),
    user("2001001687", ["Agretha", "Chene"], Some(["4861 Jay Junction", "Boston", "MS", "02208", "1994-12-29",
        "369956933", "achenee@printfriendly.com"]), BOTH, Plain),
    user("2001001686", ["Tod", "Weedall"], Some(["39 South Trail", "San Antonio", "TX", "78285", "1984-12-10",
        "565228370", "tweedalld@ehow.com"]), BOTH, Plain),
    user("2001004009", ["Benny", "Harper"], Some(["27 Financial Place", "Bakersfield", "CA", "93301-2425", "1994-09-02",
        "565252770", "bharperd@superstars.com"]), &[Identity], Plain),
    user("5550000000", ["Cathee", "Simmonett"], Some(["49 Moulton Plaza", "Athens", "GA", "30610", "1962-10-06",
        "771240999", "csimmonettj@toplist.cz"]), BOTH, MobileAuth),
    user("5555555555", ["Van", "Moors"], Some(["9 Prairie Rose Court", "Columbus", "MS", "39705", "1976-01-07",
        "465112233", "vmoors@example.com"]), BOTH, MobileAuth),
    user("2001004011", ["Sheilakathryn", "Butrimovich"], Some(["0 Mccormick Trail", "Pittsburgh", "PA", "15205",
        "1974-12-09", "148882298", "sbutrimovichb@who.int"]), &[VerifiedUsers], Passes),
    user("+447968900002", ["Rozella", "Kimpton"], None, &[VerifiedUsers], Passes),
    user("2001004014", ["Lorant", "Nerger"], None, &[Unify], Plain),
    user("2001004018", ["Barbaraanne", "Canet"], None, &[Unify], Passes),
    user("2001004031", ["Merla", "Schumacher"], None, &[IdentityManager], Plain),
    user("2001004049", ["Bettina", "Halbert"], None, &[VerifiedUsers], Al2),
    user("2001004054", ["Alf", "Novotni"], None, &[VerifiedUsers], Al0),
];

/// A record in the form of Complete and Challenge.
fn individual([first, last]: [&str; 2], record: [&str; 7]) -> Value {
    let [address, city, region, postal_code, dob, ssn, email] = record;
    let home = json!({"address": address, "city": city, "region": region, "postalCode": postal_code});
    json!({"firstName": first, "lastName": last, "dob": dob, "ssn": ssn, "emailAddresses": [email], "addresses": [home]})
}

async fn unlimited() -> TestSandbox {
    TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await
}

/// The page shows possession, in the way of that role.
async fn show(bench: &TestSandbox, started: &StartedSession, role: UserScenario) {
    let first = claims(&started.auth_token)["auth"]["next"].as_str().unwrap().to_owned();
    match role {
        Passes => return assert_eq!(first, "done"),
        MobileAuth => {
            assert_eq!(first, "mobile/instant");
            let start = json!({"cellularIp": null, "implementation": "fetch"});
            let reply = bench.page(started, "mobile/instant/start", start).await;
            let url = url::Url::parse(reply["data"]["redirectUrl"].as_str().unwrap()).unwrap();
            let (_, vfp) = url.query_pairs().find(|(name, _)| name == "testVfp").unwrap();
            let reply = bench.page(started, "mobile/instant/finish", json!({"vfp": vfp})).await;
            return assert_eq!(reply, json!({"next": "done"}));
        }
        _ => {}
    }
    assert_eq!(first, "mobile/otp");
    bench.page(started, "mobile/otp/start", json!({})).await;
    let reply = bench.page(started, "mobile/otp/finish", json!({"otp": "1234"})).await;
    assert_eq!(reply, json!({"next": "done"}));
}

#[test]
fn there_are_fifteen() {
    let listed: Vec<_> = TEST_USERS.iter().map(|user| (user.phone, user.first_name, user.last_name)).collect();
    assert_eq!(listed, USERS.map(|user| (user.phone, user.name[0], user.name[1])));
}

async fn call(bench: &TestSandbox, client_id: &str, path: &str, body: Value) -> Value {
    let answer = bench.call_as(client_id, path, body).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json()
}

async fn open(bench: &TestSandbox, client_id: &str, path: &str, body: Value) -> StartedSession {
    let reply = call(bench, client_id, path, body).await;
    let text = |member: &str| reply[member].as_str().unwrap().to_owned();
    StartedSession { auth_token: text("authToken").into(), correlation_id: text("correlationId") }
}

/// A session of Prove Identity or Pre-Fill to which Validate says yes.
async fn validated(bench: &TestSandbox, client_id: &str, user: &ContractUser) -> StartedSession {
    let body = json!({"flowType": "mobile", "phoneNumber": user.phone, "finalTargetUrl": TARGET});
    let started = open(bench, client_id, "/v3/start", body).await;
    show(bench, &started, user.role).await;
    let id = json!({"correlationId": started.correlation_id});
    assert_eq!(call(bench, client_id, "/v3/validate", id).await["success"], true, "{}", user.phone);
    started
}

#[tokio::test(start_paused = true)]
async fn every_scenario_runs() {
    let bench = unlimited().await;
    for user in &USERS {
        let [first, last] = user.name;
        let phone = user.phone;
        let named = json!({"possessionType": "mobile", "phoneNumber": phone, "firstName": first, "lastName": last});
        for product in user.products {
            match product {
                Identity => drop(validated(&bench, "sandbox-identity", user).await),
                Prefill => drop(validated(&bench, "sandbox-prefill", user).await),
                VerifiedUsers => {
                    let started = open(&bench, "sandbox-verified-users", "/v3/verify", named.clone()).await;
                    show(&bench, &started, user.role).await;
                    let id = json!({"correlationId": started.correlation_id});
                    let status = call(&bench, "sandbox-verified-users", "/v3/verify-status", id).await;
                    assert_eq!(status["success"], "true", "{phone}");
                    let mut of_second = named.clone();
                    of_second["verificationType"] = json!("verifiedUser");
                    let reply = call(&bench, "sandbox-verified-users", "/v3/verify", of_second).await;
                    let expected = if user.role == Al0 { ("false", "AL0") } else { ("true", "AL2") };
                    let level = reply["identity"]["assuranceLevel"].as_str().unwrap();
                    assert_eq!((reply["success"].as_str().unwrap(), level), expected, "{phone}");
                }
                Unify => {
                    let started = open(&bench, "sandbox-unify", "/v3/unify", named.clone()).await;
                    show(&bench, &started, user.role).await;
                    let id = json!({"correlationId": started.correlation_id});
                    let status = call(&bench, "sandbox-unify", "/v3/unify-status", id).await;
                    assert_eq!(status["success"], "true", "{phone}");
                    assert_eq!(status.get("deviceId").is_none(), user.role == Passes, "{phone}");
                }
                _ => {
                    let body = json!({"phoneNumber": phone});
                    let reply = call(&bench, "sandbox-identity-manager", "/v3/identity", body).await;
                    assert_eq!(reply["success"], true, "{phone}");
                }
            }
        }
    }
}

/// Complete's reply about a person whose whole record agrees.
async fn confirmed(bench: &TestSandbox, client_id: &str, started: &StartedSession, individual: &Value) {
    let body = json!({"correlationId": started.correlation_id, "individual": individual});
    let reply = call(bench, client_id, "/v3/complete", body).await;
    let address = json!({"addressScore": 100, "distance": 0.0, "streetNumber": 100, "street": true, "city": true,
        "region": true, "postalCode": true});
    let source = json!({"cipConfidence": "HIGH", "address": address,
        "name": {"firstName": 100, "lastName": 100, "nameScore": 100},
        "identifiers": {"dob": true, "last4": true, "ssn": true}, "email": {"emailAddress": true}});
    assert_eq!((&reply["success"], &reply["idv"]["dataSource1"]), (&json!(true), &source), "{individual}");
}

#[tokio::test(start_paused = true)]
async fn every_record_is_confirmed_and_returned() {
    let bench = unlimited().await;
    for user in &USERS {
        let Some(record) = user.record else { continue };
        let individual = individual(user.name, record);
        if user.products.contains(&Identity) {
            let started = validated(&bench, "sandbox-identity", user).await;
            confirmed(&bench, "sandbox-identity", &started, &individual).await;
        }
        if user.products.contains(&Prefill) {
            for challenge in [json!({"ssn": record[5]}), json!({"ssn": record[5][5..]}), json!({"dob": record[4]})] {
                let started = validated(&bench, "sandbox-prefill", user).await;
                let mut body = challenge;
                body["correlationId"] = json!(started.correlation_id);
                let reply = call(&bench, "sandbox-prefill", "/v3/challenge", body).await;
                assert_eq!(reply["individual"], individual, "{}", user.phone);
                confirmed(&bench, "sandbox-prefill", &started, &individual).await;
            }
        }
        if user.products.contains(&VerifiedUsers) {
            assert_eq!(prefilled(&bench, user.phone).await, individual);
        }
    }
}

/// The owner of a number as Verify gives them out, in the form of Complete.
async fn prefilled(bench: &TestSandbox, phone: &str) -> Value {
    let asked = json!({"verificationType": "prefill", "phoneNumber": phone});
    let mut known = call(bench, "sandbox-verified-users", "/v3/verify", asked).await["identity"].clone();
    let home = known["addresses"][0].as_object_mut().unwrap();
    let zip = home.remove("zipCode").unwrap();
    home.insert("postalCode".to_owned(), zip);
    json!({"firstName": known["firstName"], "lastName": known["lastName"], "dob": known["dateOfBirth"],
        "ssn": known["nationalId"], "emailAddresses": known["emails"], "addresses": known["addresses"]})
}

#[tokio::test(start_paused = true)]
async fn the_code_is_1234() {
    let bench = TestSandbox::new().await;
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

/// Teams' tests rely on these records: the seed is fixed.
#[rustfmt::skip]
const MADE_UP: [(&str, [&str; 2], [&str; 7]); 3] = [
    (PHONE, ["Chidi", "Farkas"], ["630 Dale Road", "Eugene", "OR", "97401", "1973-05-28", "981889919",
        "chidi.farkas@example.com"]),
    ("+4915112345678", ["Hana", "Abbot"], ["542 Ferry Drive", "Cheyenne", "WY", "82001", "1979-07-08", "909367999",
        "hana.abbot@example.com"]),
    ("2005550100", ["Chidi", "Farkas"], ["625 Alder Street", "Fargo", "ND", "58102", "1994-08-27", "902397421",
        "chidi.farkas@example.com"]),
];

#[tokio::test(start_paused = true)]
async fn a_synthetic_person_never_changes() {
    let bench = unlimited().await;
    for (phone, name, record) in MADE_UP {
        assert_eq!(prefilled(&bench, phone).await, individual(name, record), "{phone}");
    }
    assert_eq!(prefilled(&bench, "+15005550006").await, prefilled(&bench, PHONE).await, "however it is written");
}

#[tokio::test(start_paused = true)]
async fn a_synthetic_person_is_confirmed_and_returned() {
    let bench = unlimited().await;
    for (phone, name, record) in &MADE_UP[..2] {
        let individual = individual(*name, *record);
        for client_id in ["sandbox-identity", "sandbox-prefill"] {
            let started =
                open(&bench, client_id, "/v3/start", json!({"flowType": "mobile", "phoneNumber": phone})).await;
            bench.show_by_code(&started).await;
            let id = &started.correlation_id;
            call(&bench, client_id, "/v3/validate", json!({"correlationId": id})).await;
            if client_id == "sandbox-prefill" {
                let body = json!({"correlationId": id, "ssn": record[5]});
                let reply = call(&bench, client_id, "/v3/challenge", body).await;
                assert_eq!((&reply["individual"], holds_nothing(&reply)), (&individual, false));
            }
            confirmed(&bench, client_id, &started, &individual).await;
        }
    }
}
