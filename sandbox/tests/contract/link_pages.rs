use axum::body::Body;
use axum::http::Request;
use handset_sandbox::Config;
use serde_json::json;

use crate::support::{Answer, Bench, PHONE, Started};
use crate::table::rows;

rows![
    opening_redirects_to_the_target,
    the_target_keeps_its_query,
    a_link_works_once,
    a_link_works_for_three_minutes,
    the_lifetime_is_a_setting,
    an_older_link_says_so,
    a_link_of_a_flow_that_ended_says_so,
    an_unknown_link_says_so,
    head_does_not_spend_it,
    preview_bots_do_not_spend_it,
    pages_are_readable,
];

async fn resend(bench: &Bench, started: &Started) -> String {
    bench.page(started, "mobile/instantlink/start", json!({"isMobile": false, "mobileNumber": ""})).await;
    bench.link_path().await
}

/// A session whose link is on its way, and the link's path.
async fn with_link(bench: &Bench) -> (Started, String) {
    let started = bench.link(true).await;
    let path = resend(bench, &started).await;
    (started, path)
}

#[track_caller]
fn says(answer: &Answer, status: u16, title: &str) {
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (status, "text/html; charset=utf-8"));
    assert!(answer.text.contains(&format!("<h1>{title}</h1>")), "{}", answer.text);
}

#[tokio::test(start_paused = true)]
async fn opening_redirects_to_the_target() {
    let bench = Bench::new().await;
    let (started, path) = with_link(&bench).await;
    let answer = bench.get(&path).await;
    let auth_id = bench.session(&started).await["authId"].as_str().unwrap().to_owned();
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), format!("https://shop.test/linked?authId={auth_id}&asc=true"));
    assert_eq!((answer.header("referrer-policy"), answer.header("cache-control")), ("no-referrer", "no-store"));
    assert!(bench.validated(&started).await.0);
}

#[tokio::test(start_paused = true)]
async fn the_target_keeps_its_query() {
    let bench = Bench::new().await;
    let target = "https://shop.test/a?cart=7";
    let started = bench.start(json!({"flowType": "desktop", "phoneNumber": PHONE, "finalTargetUrl": target})).await;
    let answer = bench.get(&resend(&bench, &started).await).await;
    let location = url::Url::parse(answer.header("location")).unwrap();
    let query: Vec<_> = location.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(query, ["cart", "authId", "asc"]);
}

#[tokio::test(start_paused = true)]
async fn a_link_works_once() {
    let bench = Bench::new().await;
    let (started, path) = with_link(&bench).await;
    assert_eq!(bench.get(&path).await.status, 303);
    says(&bench.get(&path).await, 410, "This link was already used");
    bench.pass_ms(180_000).await;
    says(&bench.get(&path).await, 410, "This link was already used");
    assert!(bench.validated(&started).await.0, "opening it again harms nothing");
}

#[tokio::test(start_paused = true)]
async fn a_link_works_for_three_minutes() {
    let bench = Bench::new().await;
    let (_, in_time) = with_link(&bench).await;
    bench.pass_ms(179_999).await;
    assert_eq!(bench.get(&in_time).await.status, 303);
    let (started, late) = with_link(&bench).await;
    bench.pass_ms(180_000).await;
    says(&bench.get(&late).await, 410, "This link has expired");
    assert_eq!(bench.page(&started, "status", json!({})).await, json!({"next": ""}), "within the grace");
    bench.pass_ms(60_000).await;
    says(&bench.get(&late).await, 410, "This link has expired");
}

#[tokio::test(start_paused = true)]
async fn the_lifetime_is_a_setting() {
    let bench = Bench::with(Config { link_seconds: 9, ..Config::default() }).await;
    let (_, path) = with_link(&bench).await;
    bench.pass_ms(9000).await;
    says(&bench.get(&path).await, 410, "This link has expired");
}

#[tokio::test(start_paused = true)]
async fn an_older_link_says_so() {
    let bench = Bench::new().await;
    let (started, old) = with_link(&bench).await;
    let new = resend(&bench, &started).await;
    says(&bench.get(&old).await, 410, "There is a newer link");
    assert_eq!(bench.get(&new).await.status, 303);
}

#[tokio::test(start_paused = true)]
async fn a_link_of_a_flow_that_ended_says_so() {
    let bench = Bench::new().await;
    let (started, path) = with_link(&bench).await;
    bench.page(&started, "mobile/instantlink/error", json!({"message": "x"})).await;
    says(&bench.get(&path).await, 410, "This sign-in has ended");
    assert!(!bench.validated(&started).await.0);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_link_says_so() {
    let bench = Bench::new().await;
    for path in ["/l/0123456789abcdef0123456789abcdef", "/l/x", "/l/%F0%9F%93%B1"] {
        says(&bench.get(path).await, 404, "We do not know this link");
    }
}

#[tokio::test(start_paused = true)]
async fn head_does_not_spend_it() {
    let bench = Bench::new().await;
    let (started, path) = with_link(&bench).await;
    let answer = bench.send(Request::head(&path).body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
    assert_eq!(bench.page(&started, "status", json!({})).await, json!({"next": ""}));
    assert_eq!(bench.get(&path).await.status, 303);
}

#[tokio::test(start_paused = true)]
async fn preview_bots_do_not_spend_it() {
    let bench = Bench::new().await;
    let (started, path) = with_link(&bench).await;
    let agents = [
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "WhatsApp/2.23.20.0",
        "TelegramBot (like TwitterBot)",
        "Twitterbot/1.0",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
        "LinkedInBot/1.0 (compatible; Mozilla/5.0)",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
        "Mozilla/5.0 (compatible; Google-Messages/1.0)",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    ];
    for agent in agents {
        says(&bench.get_with(&path, &[("user-agent", agent)]).await, 200, "Confirm your sign-in");
    }
    for (name, value) in [("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch"), ("x-purpose", "preview")] {
        assert_eq!(bench.get_with(&path, &[(name, value)]).await.status, 503, "{name}: the browser asks again");
    }
    assert_eq!(bench.page(&started, "status", json!({})).await, json!({"next": ""}));
    let phone =
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148";
    assert_eq!(bench.get_with(&path, &[("user-agent", phone)]).await.status, 303);
}

#[tokio::test(start_paused = true)]
async fn pages_are_readable() {
    let bench = Bench::new().await;
    let answer = bench.get("/l/unknown").await;
    for part in ["<html lang=\"en\">", "width=device-width", "<title>We do not know this link</title>", "<main>"] {
        assert!(answer.text.contains(part), "{part}");
    }
    assert!(!answer.text.contains("<script"));
    assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
    assert_eq!(answer.header("x-robots-tag"), "noindex");
}
