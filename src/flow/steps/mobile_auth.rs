//! Mobile Auth: step `mobile/instant`. The page visits a URL of the carrier over the cellular network, and the backend
//! learns from what the visit brings, the `vfp`, whose phone it is. No request is made in here, only described.
//!
//! Where the protocol leaves a form open, this is the form: a token of a JSON body is
//! `<correlation_id>...<token>`, with three dots, or the token alone; what a post brings is `<vfp>___<base64 of the body>`,
//! with `___R2` behind it after a status of 1004; an empty value counts as none, but for `testVfp`.

use std::borrow::Cow;

use handset_protocol::{
    Secret,
    client::{InstantFinish, InstantStart, error_codes, paths},
    steps,
    text::split_once,
    wire::{Json, to_json},
};

use crate::flow::engine::{
    Failure, FlowState, Kind, Page, Platform, Request, Response,
    api::status_text,
    base64,
    context::FlowContext,
    failure::{StepResult, accepted},
    seeded_bugs::{Bug, bug_is_seeded},
    url::{decode, parameter, without_fragment},
};

/// The time limit of the whole visit, in ms.
const VISIT_MS: i64 = 30_000;
/// A URL with this text names a flow control, as one with `pfflow=3` does.
const FLOW_CONTROL: &[u8] = b"authentication/validate/flowcontrol";

/// Starts, visits, finishes. A visit that fails is reported; the backend then names the next step, mostly a code.
pub(crate) async fn run<P: Platform, G: Page>(context: &FlowContext<'_, P, G>) -> StepResult {
    let implementation = if context.config.pixel { "pixel" } else { "fetch" }.to_owned();
    // Built before the state is entered: the address may come from a function of the page.
    let request = InstantStart { cellular_ip: context.page.device_ip(), implementation };
    context.enter(FlowState::MobileAuth).await;
    let reply = accepted(context.api.post(paths::INSTANT_START, to_json(&request)).await?)?;
    // The phone is proved already, for example in another tab.
    if reply.next.as_deref() == Some(steps::DONE) {
        return Ok(steps::DONE.to_owned());
    }
    let Some(url) = reply.data.and_then(|data| data.redirect_url).filter(|url| !url.is_empty()) else {
        return Err(Failure::raised(Kind::Server, "the backend's reply to Mobile Auth has no redirectUrl"));
    };
    let vfp = match visit(context, url).await {
        Err(_) if bug_is_seeded(Bug::FinishFailedVisit) => Secret::default(),
        vfp => vfp?,
    };
    let request = InstantFinish { vfp };
    // Compiled in with the feature only: even an await that never runs takes room in the module.
    #[cfg(feature = "seeded-bugs")]
    if bug_is_seeded(Bug::FinishVisitTwice) {
        let _ = context.api.post(paths::INSTANT_FINISH, to_json(&request)).await;
    }
    let reply = accepted(context.api.post(paths::INSTANT_FINISH, to_json(&request)).await?)?;
    reply.next.ok_or_else(|| Failure::raised(Kind::Server, "the backend's reply to Mobile Auth names no next step"))
}

/// A failure of the visit.
fn failed(kind: Kind, message: impl Into<Cow<'static, str>>) -> Failure {
    Failure::raised(kind, message).with_code(error_codes::CLIENT)
}

fn unreachable() -> Failure {
    failed(Kind::Network, "the carrier could not be reached in time")
}

fn unreadable() -> Failure {
    failed(Kind::Server, "the carrier's data cannot be read")
}

/// Visits a URL; returns the vfp.
async fn visit<P: Platform, G: Page>(context: &FlowContext<'_, P, G>, url: Secret) -> Result<Secret, Failure> {
    let limit = if bug_is_seeded(Bug::UnboundVisit) { i64::from(u32::MAX) } else { VISIT_MS };
    let bound = context.platform.now().mono + limit;
    if let Some(vfp) = parameter(url.expose(), "testVfp") {
        let delay = parameter(url.expose(), "delay").and_then(|ms| P::Json::parse(ms)?.integer()).unwrap_or(0);
        let delay = delay.clamp(0, VISIT_MS);
        context.platform.sleep_until(bound - limit + delay).await;
        return match decode::<P::Json>(vfp).filter(|_| delay < VISIT_MS) {
            Some(vfp) => Ok(vfp.into()),
            None => Err(unreachable()),
        };
    }
    let mut way = Way::begin::<P::Json>(url.expose(), context.config.pixel).ok_or_else(unreadable)?;
    loop {
        if !context.token.allows_visit(&way.url) {
            return Err(failed(Kind::OriginRefused, "the URL of Mobile Auth must be an https URL"));
        }
        let request = Request {
            method: way.method.clone().into(),
            url: way.url.as_str().into(),
            token: Secret::default(),
            version: "",
            headers: way.headers.as_str().into(),
            body: way.body.as_str().into(),
        };
        let Some(response) = context.api.send_before(bound, request).await else {
            return Err(unreachable());
        };
        if let Some(vfp) = way.read::<P::Json>(&response)? {
            return Ok(vfp.into());
        }
    }
}

/// What the response to a visit brings.
#[derive(Clone, Copy)]
enum Brings {
    /// Nothing: the image is loaded.
    Nothing,
    /// A body for the vfp of the first URL.
    Body,
    /// The visit that follows.
    FlowControl,
    /// A vfp, in the last URL or in the body.
    Vfp,
}

/// A visit on the way to the vfp.
struct Way {
    method: String,
    url: String,
    headers: String,
    body: String,
    brings: Brings,
    /// What is known of the vfp before the visit.
    vfp: String,
}

impl Way {
    /// The first visit; `None` where the URL cannot be visited so.
    fn begin<J: Json>(first: &str, pixel: bool) -> Option<Self> {
        let flow = parameter(first, "pfflow");
        let is_post = flow == Some("2");
        let is_controlled =
            flow == Some("3") || first.as_bytes().windows(FLOW_CONTROL.len()).any(|part| part == FLOW_CONTROL);
        let (mut method, mut headers) = ("GET", "[]");
        let (mut url, mut body, mut vfp) = (first.to_owned(), String::new(), String::new());
        let mut brings = Brings::FlowControl;
        if pixel {
            if is_post || is_controlled {
                return None;
            }
            method = "";
            brings = Brings::Nothing;
        } else if is_post {
            let data = J::utf8(&base64::decode(&decode::<J>(parameter(first, "data")?)?)?)?;
            body = J::member_text(&data, "data")?;
            let data = J::parse(&data)?;
            url = text_of(&data, "url")?;
            vfp = text_of(&data, "vfp")?;
            method = "POST";
            headers = r#"[{"key":"Content-Type","value":"application/json"}]"#;
            brings = Brings::Body;
        } else if !is_controlled {
            url = plain(first);
            brings = Brings::Vfp;
        }
        Some(Self { method: method.to_owned(), url, headers: headers.to_owned(), body, brings, vfp })
    }

    /// The vfp; `None` where another visit follows.
    fn read<J: Json>(&mut self, response: &Response) -> Result<Option<String>, Failure> {
        let body = &*response.body;
        if let Brings::Vfp = self.brings
            && let Some(vfp) = moved::<J>(&self.url, response.url.expose())
        {
            return Ok(Some(vfp));
        }
        if !(200..300).contains(&response.status) {
            return Err(failed(Kind::Server, status_text(response.status)));
        }
        let vfp = match self.brings {
            Brings::Nothing => Some(String::new()),
            Brings::Body => Some(with_body::<J>(&self.vfp, body)),
            Brings::Vfp => token::<J>(body),
            Brings::FlowControl => {
                self.follow::<J>(body).ok_or_else(unreadable)?;
                return Ok(None);
            }
        };
        vfp.map(Some).ok_or_else(unreadable)
    }

    /// Takes the visit that a flow control describes. Its range of redirects has no effect: a browser follows every redirect by
    /// itself, and tells a page of none.
    fn follow<J: Json>(&mut self, control: &str) -> Option<()> {
        self.headers = J::member_text(control, "headers")?;
        let control = J::parse(control)?;
        self.url = text_of(&control, "first_uri")?;
        if let Some(method) = text_of(&control, "command") {
            self.method = method;
        }
        self.body = text_of(&control, "request_body").unwrap_or_default();
        self.brings = Brings::Vfp;
        Some(())
    }
}

/// The URL of a plain visit: the carrier learns that a `fetch` calls, and of which version. The other parameters stay
/// as they are, byte by byte.
fn plain(url: &str) -> String {
    let url = without_fragment(url);
    let (address, mut rest) = split_once(url, b'?').unwrap_or((url, ""));
    let mut plain = String::from(address);
    plain.push_str(concat!("?r=f&sdkVersion=", env!("CARGO_PKG_VERSION")));
    while !rest.is_empty() {
        let (pair, others) = split_once(rest, b'&').unwrap_or((rest, ""));
        if !matches!(split_once(pair, b'=').map_or(pair, |(name, _)| name), "" | "r" | "sdkVersion") {
            plain.push('&');
            plain.push_str(pair);
        }
        rest = others;
    }
    plain
}

/// The vfp in the URL that a visit ended at: a value that the first URL does not have.
fn moved<J: Json>(first: &str, last: &str) -> Option<String> {
    ["vfp", "token"].into_iter().find_map(|name| {
        let value = parameter(last, name).filter(|value| !value.is_empty() && parameter(first, name) != Some(value))?;
        decode::<J>(value)
    })
}

/// A member that is a text and not empty.
fn text_of<J: Json>(object: &J, name: &str) -> Option<String> {
    object.member(name)?.text().filter(|text| !text.is_empty())
}

/// The vfp in the body of a plain visit.
fn token<J: Json>(body: &str) -> Option<String> {
    let body = J::parse(body)?;
    if let Some(vfp) = text_of(&body, "vfp") {
        return Some(vfp);
    }
    let token = text_of(&body, "token").or_else(|| text_of(&body, "reconcilation_token"))?;
    let Some(mut vfp) = text_of(&body, "correlation_id") else { return Some(token) };
    vfp.push_str("...");
    vfp.push_str(&token);
    Some(vfp)
}

/// The vfp of a post: that of the URL, and the body.
fn with_body<J: Json>(vfp: &str, body: &str) -> String {
    let mut vfp = String::from(vfp);
    vfp.push_str("___");
    base64::push_encoded(&mut vfp, body.as_bytes());
    if J::parse(body).and_then(|body| body.member("status")?.integer()) == Some(1004) {
        vfp.push_str("___R2");
    }
    vfp
}
