//! Arbitrary openings, commands and waits, and the concrete requests that they become in the state of a session. The
//! checks are in `invariants`.

use std::time::Duration;

use handset_protocol::server::{
    ChallengeReply, CompleteReply, Individual, StartRequest, UnifyRequest, UnifyStatusReply, ValidateReply,
    VerifyRequest, VerifyStatusReply,
};
use handset_protocol::{UnixMillis, steps};
use handset_sandbox_domain::{
    BindUnify, CarrierAnswer, CarrierHop, CarrierState, CarrierVisit, Challenge, CheckChallenge, ClientAnswer, Command,
    Complete, FinishMobileAuth, FinishOtp, GetUnifyStatus, GetVerifyStatus, LinkPage, MessageKind, OpenLink, Party,
    Person, Phone, PollSocket, PollStatus, Possession, Refusal, ReportFailure, Session, SessionPolicy, SocketStatus,
    StartLink, StartMobileAuth, StartOtp, Transition, Validate, VisitCarrier, open, open_unify, open_verify,
};

use crate::support::openings::{credential, start_request, unify_request, verify_request};
use crate::support::{Harness, phone, start_link};

/// An opening of any product; the members that do not concern it are ignored.
#[derive(Clone, Debug)]
pub(crate) struct AnyOpening {
    pub(crate) product: AnyProduct,
    pub(crate) flow_type: &'static str,
    pub(crate) number: Option<&'static str>,
    pub(crate) allow_otp_retry: bool,
    pub(crate) names_owner: bool,
    pub(crate) rebind: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum AnyProduct {
    Identity,
    Prefill,
    VerifiedUsers,
    Unify,
}

impl AnyOpening {
    /// Opens the session. Its fresh ids end in `serial`.
    pub(crate) fn open(&self, harness: &mut Harness, policy: SessionPolicy, serial: usize) {
        let opened = self.try_open(harness, policy, serial, self.number);
        // A number that the product does not serve, or none: another one, which every product serves.
        if opened.is_err() {
            self.try_open(harness, policy, serial, Some("2005550106")).unwrap();
        }
    }

    fn try_open(
        &self,
        harness: &mut Harness,
        policy: SessionPolicy,
        serial: usize,
        number: Option<&str>,
    ) -> Result<(), Refusal> {
        let (flow_type, allow_otp_retry) = (self.flow_type, Some(self.allow_otp_retry));
        match self.product {
            AnyProduct::Identity | AnyProduct::Prefill => {
                let flow_type = if flow_type == "none" { "mobile" } else { flow_type };
                let request = StartRequest { allow_otp_retry, ..start_request(flow_type, number) };
                let is_prefill = matches!(self.product, AnyProduct::Prefill);
                let caller = credential(if is_prefill { "sandbox-prefill" } else { "sandbox" });
                harness.open(&open(&request, caller, policy)?);
            }
            AnyProduct::VerifiedUsers => {
                let number = number.ok_or_else(|| Refusal::missing("phoneNumber"))?;
                let mut request = VerifyRequest { allow_otp_retry, ..verify_request(flow_type, number) };
                if !self.names_owner {
                    request.last_name = Some("Nobody".into());
                }
                let caller = credential("sandbox-verified-users");
                harness.open(&open_verify(&request, caller, format!("identity-{serial}"), policy)?);
            }
            AnyProduct::Unify => {
                let rebind = Some(self.rebind);
                let request = UnifyRequest { allow_otp_retry, rebind, ..unify_request(flow_type, number) };
                let ids = [format!("owner-{serial}"), format!("device-{serial}")];
                harness.open(&open_unify(&request, credential("sandbox-unify"), ids, policy)?);
            }
        }
        Ok(())
    }
}

/// A wait before a command.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AnyWait {
    For(Duration),
    /// Until a deadline of the session, or a moment before or after it.
    Until {
        deadline: usize,
        offset_millis: u64,
    },
}

impl AnyWait {
    pub(crate) fn end(self, session: &Session, now: UnixMillis) -> UnixMillis {
        match self {
            Self::For(duration) => now + duration,
            Self::Until { deadline, offset_millis } => {
                let deadlines = [
                    session.resend_at(),
                    session.challenge_expires_at(),
                    session.challenge_expires_at(),
                    session.possession_expires_at(),
                    Some(session.expires_at),
                ];
                let deadline = deadlines[deadline].unwrap_or(now);
                (deadline - Duration::from_millis(1) + Duration::from_millis(offset_millis)).max(now)
            }
        }
    }
}

/// A code or a secret of the page.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AnyCode {
    /// That of the newest SMS or start.
    Newest,
    /// An older one.
    Replaced,
    Text(&'static str),
}

/// A command, before the session's state decides about its codes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AnyCommand {
    /// The start of a step: that of the session, or a fixed one.
    Start {
        step: Option<&'static str>,
        number: Option<&'static str>,
        is_mobile: bool,
    },
    /// Its end.
    Finish {
        step: Option<&'static str>,
        code: AnyCode,
    },
    /// A request to the carrier.
    Visit {
        hop: CarrierHop,
        token: AnyCode,
        is_as_asked: bool,
    },
    PollStatus,
    PollSocket,
    ReportFailure(&'static str),
    Validate,
    CheckChallenge {
        is_owner: Option<bool>,
    },
    Complete {
        is_owner: bool,
    },
    GetVerifyStatus,
    GetUnifyStatus,
    BindUnify(&'static str),
}

/// The codes and secrets that a session got, newest last.
#[derive(Clone, Debug, Default)]
pub(crate) struct SentSecrets {
    pub(crate) codes: Vec<String>,
    pub(crate) links: Vec<String>,
    pub(crate) visits: Vec<String>,
    /// The secrets in the URLs of visits.
    pub(crate) visit_tokens: Vec<String>,
}

impl AnyCode {
    fn of(self, sent: &[String]) -> String {
        let index = match self {
            Self::Newest => sent.len().checked_sub(1),
            Self::Replaced => sent.len().checked_sub(2),
            Self::Text(text) => return text.to_owned(),
        };
        index.map_or_else(String::new, |index| sent[index].clone())
    }
}

impl AnyCommand {
    /// The concrete request. `serial` makes its fresh secrets unique.
    pub(crate) fn request(self, session: &Session, sent: &SentSecrets, serial: usize, now: UnixMillis) -> AnyRequest {
        let step_or = |step: Option<&'static str>| match (step, &session.possession) {
            (Some(step), _) => step,
            (None, Possession::Link) => steps::MOBILE_INSTANT_LINK,
            (None, Possession::MobileAuth(_)) => steps::MOBILE_INSTANT,
            (None, _) => steps::MOBILE_OTP,
        };
        let owner = |is_owner: bool| match (is_owner, &session.phone) {
            (true, Some(phone)) => Person::owner_of(phone).to_individual(),
            _ => Individual { ssn: Some("000000000".into()), ..Individual::default() },
        };
        match self {
            Self::Start { step, number, is_mobile } => match step_or(step) {
                steps::MOBILE_INSTANT_LINK => {
                    AnyRequest::StartLink(StartLink { is_mobile, ..start_link(number, &format!("link-{serial}")) })
                }
                steps::MOBILE_INSTANT => {
                    let (vfp, token) = (format!("vfp-{serial}"), format!("visit-{serial}"));
                    let states = [CarrierState::Ok, CarrierState::Ok, CarrierState::Wifi, CarrierState::Slow];
                    let behaviour = session.carrier_behaviour(states[serial % states.len()]);
                    AnyRequest::StartMobileAuth(StartMobileAuth {
                        url: format!("http://v.test/{token}").into(),
                        vfp: vfp.into(),
                        visit: CarrierVisit::new(token.into(), behaviour, is_mobile, now),
                    })
                }
                _ => {
                    // Distinct in its first four digits.
                    let code = format!("{:04}00", serial % 10_000).into();
                    AnyRequest::StartOtp(StartOtp {
                        number: number.map(Into::into),
                        code,
                        host: "shop.test".to_owned(),
                    })
                }
            },
            Self::Finish { step, code } => match step_or(step) {
                steps::MOBILE_INSTANT_LINK => AnyRequest::OpenLink(OpenLink { token: code.of(&sent.links).into() }),
                steps::MOBILE_INSTANT => {
                    AnyRequest::FinishMobileAuth(FinishMobileAuth { vfp: code.of(&sent.visits).into() })
                }
                _ => AnyRequest::FinishOtp(FinishOtp { otp: code.of(&sent.codes).into() }),
            },
            Self::Visit { hop, token, is_as_asked } => {
                let token = token.of(&sent.visit_tokens).into();
                AnyRequest::VisitCarrier(VisitCarrier { token, hop, is_as_asked })
            }
            Self::PollStatus => AnyRequest::PollStatus,
            Self::PollSocket => AnyRequest::PollSocket,
            Self::ReportFailure(area) => AnyRequest::ReportFailure(ReportFailure { area }),
            Self::Validate => AnyRequest::Validate,
            Self::CheckChallenge { is_owner } => {
                let ssn = is_owner.and_then(|is_owner| owner(is_owner).ssn);
                AnyRequest::CheckChallenge(CheckChallenge { given: Challenge { ssn, dob: None } })
            }
            Self::Complete { is_owner } => AnyRequest::Complete(Complete { individual: owner(is_owner) }),
            Self::GetVerifyStatus => AnyRequest::GetVerifyStatus,
            Self::GetUnifyStatus => AnyRequest::GetUnifyStatus,
            Self::BindUnify(number) => AnyRequest::BindUnify(BindUnify { phone: phone(number) }),
        }
    }
}

/// A concrete command.
#[derive(Clone, Debug)]
pub(crate) enum AnyRequest {
    StartOtp(StartOtp),
    FinishOtp(FinishOtp),
    StartLink(StartLink),
    OpenLink(OpenLink),
    StartMobileAuth(StartMobileAuth),
    FinishMobileAuth(FinishMobileAuth),
    VisitCarrier(VisitCarrier),
    PollStatus,
    PollSocket,
    ReportFailure(ReportFailure),
    Validate,
    CheckChallenge(CheckChallenge),
    Complete(Complete),
    GetVerifyStatus,
    GetUnifyStatus,
    BindUnify(BindUnify),
}

/// The answer to any command.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AnyAnswer {
    Client(ClientAnswer),
    Page(LinkPage),
    Carrier(CarrierAnswer),
    Socket(SocketStatus),
    Validate(Result<ValidateReply, Refusal>),
    Challenge(Result<ChallengeReply, Refusal>),
    Complete(Result<CompleteReply, Refusal>),
    VerifyStatus(Result<VerifyStatusReply, Refusal>),
    UnifyStatus(Result<UnifyStatusReply, Refusal>),
}

impl AnyAnswer {
    /// Whether a call of the relying party's server was refused.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Self::Client(_) | Self::Page(_) | Self::Carrier(_) | Self::Socket(_) => false,
            Self::Validate(answer) => answer.is_err(),
            Self::Challenge(answer) => answer.is_err(),
            Self::Complete(answer) => answer.is_err(),
            Self::VerifyStatus(answer) => answer.is_err(),
            Self::UnifyStatus(answer) => answer.is_err(),
        }
    }
}

/// The transition of a request, with the number of its rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AnyTransition {
    pub(crate) number: Option<Phone>,
    pub(crate) message: Option<(Party, MessageKind)>,
    pub(crate) transition: Transition<AnyAnswer>,
}

impl AnyRequest {
    /// The transition, without writing it.
    pub(crate) fn preview(&self, harness: &Harness) -> AnyTransition {
        match self {
            Self::StartOtp(command) => preview(harness, command, AnyAnswer::Client),
            Self::FinishOtp(command) => preview(harness, command, AnyAnswer::Client),
            Self::StartLink(command) => preview(harness, command, AnyAnswer::Client),
            Self::OpenLink(command) => preview(harness, command, AnyAnswer::Page),
            Self::StartMobileAuth(command) => preview(harness, command, AnyAnswer::Client),
            Self::FinishMobileAuth(command) => preview(harness, command, AnyAnswer::Client),
            Self::VisitCarrier(command) => preview(harness, command, AnyAnswer::Carrier),
            Self::PollStatus => preview(harness, &PollStatus, AnyAnswer::Client),
            Self::PollSocket => preview(harness, &PollSocket, AnyAnswer::Socket),
            Self::ReportFailure(command) => preview(harness, command, AnyAnswer::Client),
            Self::Validate => preview(harness, &Validate, AnyAnswer::Validate),
            Self::CheckChallenge(command) => preview(harness, command, AnyAnswer::Challenge),
            Self::Complete(command) => preview(harness, command, AnyAnswer::Complete),
            Self::GetVerifyStatus => preview(harness, &GetVerifyStatus, AnyAnswer::VerifyStatus),
            Self::GetUnifyStatus => preview(harness, &GetUnifyStatus, AnyAnswer::UnifyStatus),
            Self::BindUnify(command) => preview(harness, command, AnyAnswer::UnifyStatus),
        }
    }
}

fn preview<C: Command>(harness: &Harness, command: &C, any: fn(C::Answer) -> AnyAnswer) -> AnyTransition {
    let Transition { answer, session, attempts, identity, timeline, outgoing, notifies } = harness.preview(command);
    let answer = any(answer);
    let transition = Transition { answer, session, attempts, identity, timeline, outgoing, notifies };
    AnyTransition { number: harness.number_of(command), message: command.message(), transition }
}
