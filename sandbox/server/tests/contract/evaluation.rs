//! Evaluations: the parts of Validate's and Complete's replies that come from the owner's record.

use serde_json::{Value, json};

use crate::support::{PHONE, TEST_USER, TestSandbox, holds_nothing};

/// Complete's reply about a person who has proved the test user's number.
async fn complete(bench: &TestSandbox, phone: &str, individual: Value) -> Value {
    bench.pass_ms(1000).await;
    let started = bench.start(json!({"flowType": "mobile", "phoneNumber": phone})).await;
    bench.show_by_code(&started).await;
    bench.validate(&started).await;
    let body = json!({"correlationId": started.correlation_id, "individual": individual});
    let answer = bench.call("/v3/complete", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// Benny Harper, as the table of test users has him.
fn benny() -> Value {
    json!({
        "firstName": "Benny", "lastName": "Harper", "dob": "1994-09-02", "ssn": "565252770",
        "emailAddresses": ["bharperd@superstars.com"],
        "addresses": [{"address": "27 Financial Place", "city": "Bakersfield", "region": "CA", "postalCode": "93301-2425"}],
    })
}

fn but(field: &str, value: Value) -> Value {
    let mut individual = benny();
    individual[field] = value;
    individual
}

fn passing() -> Value {
    json!({"result": "pass"})
}

#[tokio::test(start_paused = true)]
async fn validate_evaluates_possession() {
    let bench = TestSandbox::new().await;
    let (passed, failed) = (bench.otp(false).await, bench.otp(false).await);
    assert_eq!(bench.validate(&passed).await.json().get("evaluation"), None, "nothing is decided");
    bench.show_by_code(&passed).await;
    bench.give_up(&failed).await;
    assert_eq!(bench.validate(&passed).await.json()["evaluation"], json!({"authentication": passing()}));
    let why = json!({"result": "fail", "failureReasons": {"9100": "possession of the phone was not shown"}});
    assert_eq!(bench.validate(&failed).await.json()["evaluation"], json!({"authentication": why}));
}

#[tokio::test(start_paused = true)]
async fn complete_of_a_whole_person_confirms_everything() {
    let bench = TestSandbox::new().await;
    let address = json!({"addressScore": 100, "distance": 0.0, "streetNumber": 100, "street": true, "city": true,
        "region": true, "postalCode": true});
    let name = json!({"firstName": 100, "lastName": 100, "nameScore": 100});
    let first = json!({"cipConfidence": "HIGH", "address": address, "name": name,
        "identifiers": {"dob": true, "last4": true, "ssn": true}, "email": {"emailAddress": true}});
    let second = json!({"cipConfidence": "HIGH", "address": address, "name": name,
        "identifiers": {"dob": true, "last4": true, "ssn": false}});
    let expected = json!({
        "success": true,
        "next": {"done": "done"},
        "idv": {"dataSource1": first, "dataSource2": second, "multiCIPConfidence": "HIGH"},
        "kyc": {"totalHits": 0},
        "evaluation": {"identification": passing(), "authentication": passing(), "compliance": passing()},
    });
    assert_eq!(complete(&bench, TEST_USER, benny()).await, expected);
}

#[tokio::test(start_paused = true)]
async fn complete_compares_part_by_part() {
    let bench = TestSandbox::new().await;
    let moved = json!([{"address": "27 Financial Pl.", "city": "Fresno", "region": "CA", "postalCode": "93650"}]);
    let nowhere = json!([{"address": "1 Elm Street", "city": "Austin", "region": "TX", "postalCode": "78744"}]);
    let cases = [
        (but("firstName", json!("Bemny")), "/name/firstName", json!(80)),
        (but("firstName", json!("Ben")), "/name/firstName", json!(60)),
        (but("lastName", json!("Potter")), "/name/nameScore", json!(50)),
        (but("dob", json!("1994-09-03")), "/identifiers/dob", json!(false)),
        (but("dob", json!("1994-09")), "/identifiers/dob", json!(true)),
        (but("ssn", json!("2770")), "/identifiers/ssn", json!(false)),
        (but("ssn", json!("2770")), "/identifiers/last4", json!(true)),
        (but("ssn", json!("111112770")), "/identifiers/last4", json!(true)),
        (but("emailAddresses", json!(["BHARPERD@superstars.com"])), "/email/emailAddress", json!(true)),
        (but("emailAddresses", json!(["b@shop.test"])), "/email/emailAddress", json!(false)),
        (but("addresses", moved.clone()), "/address/addressScore", json!(65)),
        (but("addresses", moved.clone()), "/address/street", json!(true)),
        (but("addresses", moved), "/address/distance", json!(150.0)),
        (but("addresses", nowhere.clone()), "/address/addressScore", json!(0)),
        (but("addresses", json!([{"address": "1 Elm", "city": "Bakersfield"}])), "/address/distance", json!(5.0)),
        (but("addresses", json!([{"city": "Bakersfield", "region": "VT"}])), "/address/distance", json!(1500.0)),
        (but("addresses", nowhere), "/reasonCodes", json!(["9015"])),
        (but("ssn", json!("111111111")), "/reasonCodes", json!(["9012"])),
        (but("ssn", json!("111111111")), "/cipConfidence", json!("MEDIUM")),
    ];
    for (individual, pointer, expected) in cases {
        let reply = complete(&bench, TEST_USER, individual).await;
        assert_eq!(reply["idv"]["dataSource1"].pointer(pointer), Some(&expected), "{pointer}: {reply}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_second_source_knows_less() {
    let bench = TestSandbox::new().await;
    let idv = complete(&bench, TEST_USER, but("ssn", json!("111112770"))).await["idv"].clone();
    assert_eq!(idv["dataSource1"]["reasonCodes"], json!(["9012"]));
    assert_eq!(idv["dataSource2"].get("reasonCodes"), None, "the last four digits agree");
    assert_eq!(idv["dataSource2"].get("email"), None);
    let confidence = |source: &str| idv[source]["cipConfidence"].clone();
    assert_eq!((confidence("dataSource1"), confidence("dataSource2")), (json!("MEDIUM"), json!("HIGH")));
    assert_eq!(idv["multiCIPConfidence"], "MEDIUM", "the lower of both");
}

#[tokio::test(start_paused = true)]
async fn parts_that_were_not_sent_are_left_out() {
    let bench = TestSandbox::new().await;
    let names = complete(&bench, TEST_USER, json!({"firstName": "Benny", "lastName": "Harper"})).await;
    let source = json!({"cipConfidence": "LOW", "name": {"firstName": 100, "lastName": 100, "nameScore": 100}});
    assert_eq!(names["idv"]["dataSource1"], source);
    assert_eq!(names["idv"]["dataSource2"], source);
    let ssn = complete(&bench, TEST_USER, json!({"ssn": "2770", "addresses": [{}], "emailAddresses": []})).await;
    let source = json!({"cipConfidence": "LOW", "identifiers": {"dob": false, "last4": true, "ssn": false}});
    assert_eq!(ssn["idv"]["dataSource1"], source);
    assert_eq!(ssn["success"], true);
}

#[tokio::test(start_paused = true)]
async fn only_the_first_address_and_e_mail_count() {
    let bench = TestSandbox::new().await;
    let other = json!({"address": "1 Elm Street", "city": "Austin", "region": "TX", "postalCode": "78744"});
    let home = benny()["addresses"][0].clone();
    let mail = benny()["emailAddresses"][0].clone();
    for (addresses, emails, counts) in [
        (json!([home, other]), json!([mail, "b@shop.test"]), true),
        (json!([other, home]), json!(["b@shop.test", mail]), false),
    ] {
        let mut individual = but("addresses", addresses);
        individual["emailAddresses"] = emails;
        let source = complete(&bench, TEST_USER, individual).await["idv"]["dataSource1"].clone();
        assert_eq!((&source["address"]["street"], &source["email"]["emailAddress"]), (&json!(counts), &json!(counts)));
    }
    let nothing = complete(&bench, TEST_USER, but("emailAddresses", json!(["", mail]))).await;
    assert_eq!(nothing["idv"]["dataSource1"]["email"], json!(null), "the first says nothing");
}

#[tokio::test(start_paused = true)]
async fn identification_fails_with_its_reasons() {
    let bench = TestSandbox::new().await;
    let nowhere = json!([{"address": "1 Elm Street", "city": "Austin", "region": "TX", "postalCode": "78744"}]);
    let mut all_wrong = but("addresses", nowhere.clone());
    all_wrong["ssn"] = json!("111111111");
    all_wrong["dob"] = json!("1990-01-01");
    all_wrong["lastName"] = json!("Potter");
    let cases = [
        (but("ssn", json!("111111111")), vec!["9001", "9012"]),
        (but("dob", json!("1990-01-01")), vec!["9001", "9013"]),
        (but("firstName", json!("Milo")), vec!["9001", "9014"]),
        (all_wrong, vec!["9001", "9012", "9013", "9014", "9015"]),
        (json!({"firstName": "Milo", "lastName": "Pinson"}), vec!["9011", "9014"]),
    ];
    for (individual, codes) in cases {
        let reply = complete(&bench, TEST_USER, individual).await;
        let finding = &reply["evaluation"]["identification"];
        assert_eq!((&reply["success"], &finding["result"]), (&json!(false), &json!("fail")));
        let reasons = finding["failureReasons"].as_object().unwrap();
        assert_eq!(reasons.keys().collect::<Vec<_>>(), codes);
        assert!(reasons.values().all(|reason| !reason.as_str().unwrap().is_empty()));
    }
    let moved = complete(&bench, TEST_USER, but("addresses", nowhere)).await;
    assert_eq!(moved["success"], true, "people move");
}

#[tokio::test(start_paused = true)]
async fn kyc_needs_names_dob_and_ssn_or_address() {
    let bench = TestSandbox::new().await;
    let without = |fields: &[&str]| {
        let mut individual = benny();
        fields.iter().for_each(|field| drop(individual.as_object_mut().unwrap().remove(*field)));
        individual
    };
    let cases = [
        (without(&[]), true),
        (without(&["ssn"]), true),
        (without(&["addresses"]), true),
        (without(&["emailAddresses"]), true),
        (without(&["ssn", "addresses"]), false),
        (without(&["dob"]), false),
        (without(&["firstName"]), false),
        (without(&["lastName"]), false),
    ];
    for (individual, looked) in cases {
        let reply = complete(&bench, TEST_USER, individual.clone()).await;
        assert_eq!(reply.get("kyc").is_some(), looked, "{individual}");
        assert_eq!(reply["evaluation"].get("compliance").is_some(), looked, "{individual}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_listed_name_is_a_hit() {
    let bench = TestSandbox::new().await;
    for (name, aml_type) in [("Percy", "PEP"), ("sandra", "SANCTIONS"), ("Adam", "ADVERSE_MEDIA")] {
        let person = json!({"firstName": name, "lastName": "Listed", "dob": "1990-01-01", "ssn": "123456789"});
        let reply = complete(&bench, PHONE, person).await;
        assert_eq!(reply["kyc"]["totalHits"], 1);
        let list = &reply["kyc"]["amlTypeLists"][0];
        assert_eq!((&list["amlType"], &list["listHits"]), (&json!(aml_type), &json!(1)));
        for field in list["fields"].as_array().unwrap() {
            let members: Vec<_> = field.as_object().unwrap().keys().collect();
            assert_eq!(members, ["name", "source", "value"]);
        }
        assert_eq!(reply["success"], false);
        let compliance = json!({"result": "fail", "failureReasons": {"9300": "the name is on a watch list"}});
        assert_eq!(reply["evaluation"]["compliance"], compliance);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_null_or_empty() {
    let bench = TestSandbox::new().await;
    for individual in [benny(), json!({"ssn": "2770"}), json!({"firstName": "A", "lastName": "B", "addresses": []})] {
        let reply = complete(&bench, TEST_USER, individual).await;
        assert!(!holds_nothing(&reply), "{reply}");
    }
}
