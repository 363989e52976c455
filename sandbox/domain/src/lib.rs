//! The rules of the sandbox: pure functions. No HTTP, store, clock or random source.
//!
//! [`apply`] answers every [`Command`] to an open session. The caller passes the time, the rows that the command needs and
//! every secret that its answer may need (a fresh code, a fresh link), and writes the [`Transition`]. The same input always
//! gives the same result, so a caller may apply the command again after a lost race.

mod identities;
mod journeys;
mod messages;
mod otp_challenge;
mod people;
mod products;
mod refusal;
pub mod request;
mod seconds;
mod session;
mod steps;
mod timeline;

pub use identities::delivery::{
    AfterAttempt, Attempt, AttemptOutcome, Delivery, DeliveryStatus, FinishedDelivery, WebhookPayload,
};
pub use identities::identity::{Device, DeviceBinding, Enrollment, Identity, Muted, NewEnrollment, NotSentReason};
pub use identities::webhook_event::{AppliedEvent, IdentityEvent};
pub use journeys::apply::{JourneyBuilder, JourneyCommand, JourneyInput, JourneyTransition, apply_journey};
pub use journeys::calls::erase::EraseTransaction;
pub use journeys::calls::expire::ExpireTransaction;
pub use journeys::calls::generate_auth::{GenerateAuth, IssuedToken};
pub use journeys::calls::get_state::{GetState, GetStateBody, StateAnswer, StateView};
pub use journeys::calls::handoff::{OpenHandoff, OpenHandoffBody, OpenedHandoff, RedeemHandoff, RedeemedHandoff};
pub use journeys::calls::handoff_first_device::{ConfirmHandoff, ConfirmedHandoff, GetHandoffStatus, HandoffStatus};
pub use journeys::calls::module_code::{
    ModuleCodeKey, ModuleCodeSent, ModuleCodeVerified, ResendModuleCode, SendModuleCode, VerifyModuleCode,
};
pub use journeys::calls::output::{GetOutput, JourneyOutput};
pub use journeys::calls::page::{CheckSession, PageCaller};
pub use journeys::calls::put_state::{ModuleChange, PageStatus, PutState, PutStateBody, SavedState};
pub use journeys::calls::reset::{ListResetOptions, ResetAction, ResetState};
pub use journeys::calls::resume_code::{CodeSent, SendResumeCode, VerifyResumeCode};
pub use journeys::calls::server_facts::{ProveContact, SetOutcome};
pub use journeys::contact::{Channel, Contact, Email};
pub use journeys::contact_attempts::{CodePurpose, ContactAttempts};
pub use journeys::json_text::JsonText;
pub use journeys::local_file::is_local_file;
pub use journeys::policy::JourneyPolicy;
pub use journeys::refusal::JourneyRefusal;
pub use journeys::state::{JourneyState, ModuleOutcome, SavedModule};
pub use journeys::timeline::{JourneyEvent, JourneyEventKind, NewJourneyEvent};
pub use journeys::transaction::{AuthMode, Handoff, HandoffStage, JourneyTransaction, ModuleCode};
pub use journeys::workflow::{
    HandoffPolicy, JourneyStatus, Module, OutcomeSource, ResumeAuth, ResumeCondition, Workflow,
};
pub use messages::message::{Message, MessageOrigin, MessagePurpose};
pub use otp_challenge::{CodeCheck, LiveCode, NoLiveCode, OtpChallenge};
pub use people::carrier_behaviour::{CarrierBehaviour, CarrierState, MobileAuthFlows};
pub use people::magic_numbers::{
    BEHAVIOUR_NUMBERS, Behaviour, BehaviourNumber, BehaviourState, MobileAuthResult, MobileAuthResults, Repeat,
    ScriptedOutcome,
};
pub use people::person::{Person, PostalAddress};
pub use people::phone::Phone;
pub use people::test_users::{TEST_USERS, TestUser, TestUserScenario};
pub use products::credentials::{Credential, Product};
pub use products::flow::{CheckChallenge, Complete, Validate};
pub use products::state::{Challenge, ProductState, UnifyState, VerifiedUsersState};
pub use products::unify::{BindUnify, GetUnifyStatus};
pub use products::verified_users_v1::GetVerifyStatus;
pub use products::verified_users_v2::{VerifyV2, verify_v2};
pub use refusal::Refusal;
pub use seconds::Seconds;
pub use session::apply::{ApplyInput, Command, apply};
pub use session::carrier_visit::CarrierVisit;
pub use session::failed_attempts::FailedAttempts;
pub use session::open::{OpenInput, OpenSession, SessionIds, open, open_unify, open_verify};
pub use session::state::{
    FlowType, LinkState, Possession, PossessionFailure, SentLink, ServerStage, Session, SessionPolicy, StartReplyShape,
};
pub use session::transition::{ClientAnswer, Transition, TransitionBuilder};
pub use steps::carrier::{CarrierAnswer, CarrierHop, VisitCarrier};
pub use steps::link::{LinkPage, OpenLink, StartLink};
pub use steps::mobile_auth::{FinishMobileAuth, StartMobileAuth};
pub use steps::otp::{FinishOtp, StartOtp};
pub use steps::status::{PollSocket, PollStatus, ReportFailure, SocketStatus};
pub use timeline::{Fault, MessageKind, NewTimelineEvent, Outcome, Party, TimelineEvent};
