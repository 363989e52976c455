//! The link in an SMS: a person spends it once and in time, a machine does not.

use axum::body::Body;
use axum::http::Request;
use handset_sandbox::{Config, InstantLinkConfig};
use serde_json::json;

use crate::support::{PHONE, StartedSession, TestResponse, TestSandbox};

async fn resend(bench: &TestSandbox, started: &StartedSession) -> String {
    bench.page(started, "mobile/instantlink/start", json!({"isMobile": false, "mobileNumber": ""})).await;
    bench.link_path().await
}

/// A session whose link was sent, and the link's path.
async fn with_link(bench: &TestSandbox) -> (StartedSession, String) {
    let started = bench.link(true).await;
    let path = resend(bench, &started).await;
    (started, path)
}

#[track_caller]
fn says(answer: &TestResponse, status: u16, title: &str) {
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (status, "text/html; charset=utf-8"));
    assert!(answer.text.contains(&format!("<h1>{title}</h1>")), "{}", answer.text);
}

#[tokio::test(start_paused = true)]
async fn opening_redirects_to_the_target() {
    let bench = TestSandbox::new().await;
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
    let bench = TestSandbox::new().await;
    let target = "https://shop.test/a?cart=7";
    let started = bench.start(json!({"flowType": "desktop", "phoneNumber": PHONE, "finalTargetUrl": target})).await;
    let answer = bench.get(&resend(&bench, &started).await).await;
    let location = url::Url::parse(answer.header("location")).unwrap();
    let query: Vec<_> = location.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(query, ["cart", "authId", "asc"]);
}

#[tokio::test(start_paused = true)]
async fn a_link_works_once() {
    let bench = TestSandbox::new().await;
    let (started, path) = with_link(&bench).await;
    assert_eq!(bench.get(&path).await.status, 303);
    says(&bench.get(&path).await, 410, "This link was already used");
    bench.pass_ms(180_000).await;
    says(&bench.get(&path).await, 410, "This link was already used");
    assert!(bench.validated(&started).await.0, "opening it again harms nothing");
}

#[tokio::test(start_paused = true)]
async fn a_link_works_for_three_minutes() {
    let bench = TestSandbox::new().await;
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
    let bench = TestSandbox::with(Config {
        instant_link: InstantLinkConfig { seconds: 9, ..InstantLinkConfig::default() },
        ..Config::default()
    })
    .await;
    let (_, path) = with_link(&bench).await;
    bench.pass_ms(9000).await;
    says(&bench.get(&path).await, 410, "This link has expired");
}

#[tokio::test(start_paused = true)]
async fn an_older_link_says_so() {
    let bench = TestSandbox::new().await;
    let (started, old) = with_link(&bench).await;
    let new = resend(&bench, &started).await;
    says(&bench.get(&old).await, 410, "There is a newer link");
    assert_eq!(bench.get(&new).await.status, 303);
}

#[tokio::test(start_paused = true)]
async fn a_link_of_a_flow_that_ended_says_so() {
    let bench = TestSandbox::new().await;
    let (started, path) = with_link(&bench).await;
    bench.page(&started, "mobile/instantlink/error", json!({"message": "x"})).await;
    says(&bench.get(&path).await, 410, "This sign-in has ended");
    assert!(!bench.validated(&started).await.0);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_link_says_so() {
    let bench = TestSandbox::new().await;
    for path in ["/l/0123456789abcdef0123456789abcdef", "/l/x", "/l/%F0%9F%93%B1"] {
        says(&bench.get(path).await, 404, "We do not know this link");
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_request_does_not_use_the_link() {
    let bench = TestSandbox::new().await;
    let (started, path) = with_link(&bench).await;
    let answer = bench.send(Request::head(&path).body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
    assert_eq!(bench.page(&started, "status", json!({})).await, json!({"next": ""}));
    assert_eq!(bench.get(&path).await.status, 303);
}

#[tokio::test(start_paused = true)]
async fn preview_bots_do_not_use_the_link() {
    let bench = TestSandbox::new().await;
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
        "WhatsApp/2.2412.54 W",
        "WhatsApp/2.24.9.74 A",
        "Slack-ImgProxy (+https://api.slack.com/robots)",
        "Snap URL Preview Service; bot; snapchat; https://developers.snap.com/robots",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.1 \
         Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko; Google-PageRenderer Google \
         (+https://developers.google.com/+/web/snippet/)) Chrome/56.0.2924.87 Safari/537.36",
        "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/125.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Viber",
        "Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)",
        "Mastodon/4.2.0 (http.rb/5.1.1; +https://mastodon.social/) Bot",
        "Iframely/1.3.1 (+https://iframely.com/docs/about)",
        "Mozilla/5.0 (compatible; Embedly/0.2; +http://support.embed.ly/)",
        "meta-externalfetcher/1.1",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; ms-office; MSOffice 16)",
        "Microsoft Office/16.0 (Microsoft Outlook 16.0.17126; Pro)",
        "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
        "kakaotalk-scrap/1.0; +https://devtalk.kakao.com/t/scrap/33984",
        "facebookexternalhit/1.1;line-poker/1.0",
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

/// A phone's browsers, and those that applications bring.
const PEOPLE: [&str; 22] = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 \
     Snapchat/13.0.0.40 (like Safari/8618.2.12.10.9, panda)",
    "Mozilla/5.0 (Linux; Android 14; SM-S918B Build/UP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 \
     Chrome/124.0.6367.82 Mobile Safari/537.36Snapchat/12.87.0.40 (SM-S918B; Android 14#S918B#34; gzip; )",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 \
     WhatsApp/24.9.74",
    "Mozilla/5.0 (Linux; Android 13; Pixel 7; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/120.0 \
     Mobile Safari/537.36 WhatsApp/2.24.1.78",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21F79 \
     Instagram 333.0.7.33.94 (iPhone14,5; iOS 17_5; en_US; en; scale=3.00; 1170x2532; 600000000)",
    "Mozilla/5.0 (Linux; Android 14; SM-A546B Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) \
     Version/4.0 Chrome/125.0 Mobile Safari/537.36 Instagram 334.0.0.42.95 Android (34/14; 420dpi; 1080x2125; samsung)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21F79 \
     [FBAN/FBIOS;FBAV/464.0.0.32.109;FBBV/594020;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS;FBSV/17.5]",
    "Mozilla/5.0 (Linux; Android 14; SM-A546B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/125.0 \
     Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/465.0.0.50.80;]",
    "Mozilla/5.0 (Linux; Android 14; SM-A546B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/125.0 \
     Mobile Safari/537.36 Line/14.7.0/IAB",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 \
     Safari Line/14.8.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 \
     MicroMessenger/8.0.49(0x18003137) NetType/WIFI Language/en",
    "Mozilla/5.0 (Linux; Android 13; SM-G991B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/125.0 \
     Mobile Safari/537.36 trill_340502 JsSdk/1.0 NetType/WIFI AppName/musical_ly BytedanceWebview/d8a21c6",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 \
     musical_ly_34.5.0 JsSdk/2.0 NetType/WIFI Channel/App Store Region/US BytedanceWebview/d8a21c6",
    "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/125.0 Mobile \
     Safari/537.36 [Pinterest/Android]",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 \
     [LinkedInApp]/9.29.7",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 \
     Mobile/15E148 Safari/604.1 Viber/22.5",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 \
     Twitter for iPhone/10.44",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 \
     Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Android 14; Mobile; rv:126.0) Gecko/126.0 Firefox/126.0",
    "Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 21) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Mobile \
     Safari/537.36",
    // A test that plays the phone.
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/125.0.0.0 Safari/537.36",
];

#[tokio::test(start_paused = true)]
async fn in_app_browsers_count_as_people() {
    let bench = TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await;
    for agent in PEOPLE.into_iter().chain(["curl/8.5.0", "node", "python-requests/2.31", "okhttp/4.12.0", ""]) {
        let (_, path) = with_link(&bench).await;
        assert_eq!(bench.get_with(&path, &[("user-agent", agent)]).await.status, 303, "{agent}");
    }
}

const BOT: (&str, &str) = ("user-agent", "facebookexternalhit/1.1");

#[tokio::test(start_paused = true)]
async fn a_suspected_bot_gets_a_button() {
    let bench = TestSandbox::new().await;
    let (started, path) = with_link(&bench).await;
    let answer = bench.get_with(&path, &[BOT]).await;
    assert!(answer.text.contains("<form method=\"post\">\n<button type=\"submit\">Confirm sign-in</button>\n</form>"));
    assert!(!answer.text.contains("<script") && !answer.text.contains("{form}"));
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("form-action"), "{policy}");
    assert_eq!(bench.page(&started, "status", json!({})).await, json!({"next": ""}), "nothing is spent by looking");
    let unknown = bench.get_with("/l/unknown", &[BOT]).await;
    assert_eq!((unknown.status, unknown.text), (answer.status, answer.text), "a bot learns nothing");
}

async fn press(bench: &TestSandbox, path: &str) -> TestResponse {
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "null")
        .header(BOT.0, BOT.1);
    bench.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn the_button_uses_the_link_as_opening_does() {
    let bench = TestSandbox::new().await;
    let (started, path) = with_link(&bench).await;
    let answer = press(&bench, &path).await;
    assert_eq!(answer.status, 303);
    assert!(answer.header("location").starts_with("https://shop.test/linked?authId="));
    assert!(bench.validated(&started).await.0);
    says(&press(&bench, &path).await, 410, "This link was already used");
    says(&bench.get(&path).await, 410, "This link was already used");
    says(&press(&bench, "/l/unknown").await, 404, "We do not know this link");
    let (_, late) = with_link(&bench).await;
    bench.pass_ms(180_000).await;
    says(&press(&bench, &late).await, 410, "This link has expired");
}

#[tokio::test(start_paused = true)]
async fn pages_are_readable() {
    let bench = TestSandbox::new().await;
    let answer = bench.get("/l/unknown").await;
    for part in ["<html lang=\"en\">", "width=device-width", "<title>We do not know this link</title>", "<main>"] {
        assert!(answer.text.contains(part), "{part}");
    }
    assert!(!answer.text.contains("<script"));
    assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
    assert_eq!(answer.header("x-robots-tag"), "noindex");
}
