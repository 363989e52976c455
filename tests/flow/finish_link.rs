//! `finishInstantLink`: the page that an opened link leads to.

use handset::flow::{Kind, Rejection, finish_instant_link};

use crate::harness::{TestFlow, World, rejects};

async fn finish(bench: &TestFlow, url: &str) -> Result<(), Kind> {
    match finish_instant_link::<World, _>(&bench.page, &bench.config, url).await {
        Ok(()) => Ok(()),
        Err(Rejection::Flow(failure)) => Err(failure.kind),
        Err(Rejection::Page(reason)) => panic!("{reason:?}"),
    }
}

fn auth_ids(bench: &TestFlow) -> Vec<String> {
    bench.page.finishes.borrow().iter().map(|finish| finish.auth_id.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn with_auth_id_and_asc_true_auth_finish_runs() {
    for url in [
        "https://shop.example.com/linked?authId=id-1&asc=true",
        "https://shop.example.com/linked?x=1&asc=true&y&authId=id-1#part?authId=other",
        "/linked?asc=true&authId=id-1",
        "?asc=true&authId=id-1&asc=false",
    ] {
        let bench = TestFlow::link();
        assert_eq!(finish(&bench, url).await, Ok(()), "{url}");
        assert_eq!(auth_ids(&bench), ["id-1"]);
        assert!(bench.page.finishes.borrow()[0].failure.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn query_parameters_are_read_as_a_url_has_them() {
    let bench = TestFlow::link();
    assert_eq!(finish(&bench, "https://e.com/?authId=a%2Bb%3D%C3%A9&asc=true").await, Ok(()));
    assert_eq!(auth_ids(&bench), ["a+b=\u{e9}"]);
}

#[tokio::test(start_paused = true)]
async fn a_parameter_that_is_missing_is_misuse() {
    for url in [
        "",
        "https://e.com/",
        "https://e.com/?authId=id-1",
        "https://e.com/?asc=true",
        "https://e.com/?asc=true&authId=",
        "https://e.com/#?authId=id-1&asc=true",
        "https://e.com/?xauthId=id-1&asc=true",
    ] {
        let bench = TestFlow::link();
        assert_eq!(finish(&bench, url).await, Err(Kind::Misuse), "{url}");
        assert!(auth_ids(&bench).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn with_another_asc_it_rejects() {
    for asc in ["false", "", "1", "TRUE"] {
        let bench = TestFlow::link();
        let url = format!("https://e.com/?authId=id-1&asc={asc}");
        assert_eq!(finish(&bench, &url).await, Err(Kind::Server), "{asc}");
        assert!(auth_ids(&bench).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn without_an_auth_finish_step_it_is_misuse() {
    let mut bench = TestFlow::link();
    bench.config.has_auth_finish = false;
    assert_eq!(finish(&bench, "https://e.com/?authId=id-1&asc=true").await, Err(Kind::Misuse));
    assert!(auth_ids(&bench).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_rejection_of_auth_finish_is_handed_on() {
    let bench = TestFlow::link();
    bench.page.auth_finish.then(rejects("not today"));
    let result = finish_instant_link::<World, _>(&bench.page, &bench.config, "?authId=id-1&asc=true").await;
    let Err(Rejection::Page(reason)) = result else { panic!("{result:?}") };
    assert_eq!(reason.downcast_ref::<String>().unwrap(), "not today");
}
