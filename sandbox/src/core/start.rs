use handset_protocol::{limits, server::StartRequest};

use super::request::Start;
use super::session::{FlowType, Journey, Otp, Possession, Rules, Session};
use super::turn::passes_without_browser;
use super::{Credential, Outcome, Party, Refusal, Role, Sight, TestUser, Timeline, What};

/// Unguessable names that the shell drew for a session.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// See [`Session::auth_id`].
    pub auth_id: String,
    /// See [`Session::correlation_id`].
    pub correlation_id: String,
    /// See [`Session::request_id`].
    pub request_id: String,
    /// See [`Session::challenge`].
    pub challenge: String,
}

/// `/v3/start`: opens a session. `now` is in ms since the epoch.
pub fn open(
    request: &StartRequest,
    caller: Credential,
    drawn: Drawn,
    rules: Rules,
    now: i64,
) -> Result<Session, Refusal> {
    if !caller.serves_identity() {
        return Err(Refusal::NotAllowed);
    }
    let start = Start::read(request)?;
    let user = start.phone.as_ref().and_then(TestUser::find);
    match user {
        Some(user) if !user.products.identity => return Err(Refusal::OtherProduct),
        None if rules.strict_test_users && start.phone.is_some() => return Err(Refusal::NoTestUser),
        _ => {}
    }
    let mobile_auth = user.is_some_and(|user| user.role == Role::MobileAuthPasses);
    let possession = match start.flow_type {
        _ if start.phone.as_ref().is_some_and(passes_without_browser) => Possession::Passed,
        FlowType::Desktop => Possession::Link,
        FlowType::Mobile if mobile_auth => Possession::MobileAuth(None),
        FlowType::Mobile => Possession::Otp(Otp::default()),
    };
    let (server, backend, what) = (Party::Server, Party::Backend, What::Start);
    let mut timeline = Timeline::default();
    timeline.push(now, Sight::new(server, backend, what, None));
    timeline.push(now, Sight::new(backend, server, what, Some(Outcome::Accepted)));
    Ok(Session {
        auth_id: drawn.auth_id,
        correlation_id: drawn.correlation_id,
        request_id: drawn.request_id,
        challenge: drawn.challenge,
        client_id: caller.client_id.to_owned(),
        flow_type: start.flow_type,
        rules: Rules { allow_otp_retry: start.allow_otp_retry, ..rules },
        created_at: now,
        expires_at: now.saturating_add(i64::from(limits::SESSION_SECONDS) * 1000),
        final_target_url: start.final_target_url,
        sms_message: start.sms_message,
        numbers_given: u8::from(start.phone.is_some()),
        last_given: start.phone.as_ref().map(|phone| phone.given().clone()),
        phone: start.phone,
        possession,
        links: Vec::new(),
        journey: Journey::Started,
        timeline,
    })
}
