//! The rules of the sandbox: pure functions. No HTTP, store, clock or random source.
//!
//! [`apply`] handles every event of an open session. The caller passes the time and every secret that the event may
//! need (a fresh code, a fresh link), and carries out the effects. The same session, event and time always give the
//! same result, so a store may call it again after a lost race.

mod identities;
mod people;
mod products;
mod refusal;
pub mod request;
mod seconds;
mod session;
mod steps;
mod timeline;

pub use identities::delivery::{AfterAttempt, Attempt, AttemptOutcome, Delivery, DeliveryStatus, FinishedDelivery};
pub use identities::identity::{Device, DeviceBinding, Enrollment, Identity, Muted, NewEnrollment, NotSentReason};
pub use identities::webhook_event::{AppliedEvent, IdentityEvent};
pub use people::magic_numbers::{
    BEHAVIOUR_NUMBERS, Behaviour, BehaviourNumber, BehaviourState, Repeat, ScriptedOutcome,
};
pub use people::person::{Person, PostalAddress};
pub use people::phone::Phone;
pub use people::test_users::{TEST_USERS, TestUser, TestUserScenario};
pub use products::credentials::{Credential, Product};
pub use products::state::{Challenge, ProductState, UnifyState, VerifiedUsersState};
pub use products::verified_users_v2::verify_v2;
pub use refusal::Refusal;
pub use session::apply::{apply, apply_with_attempts, apply_with_fault};
pub use session::event::{Effect, LinkPage, SessionEvent};
pub use session::failed_attempts::FailedAttempts;
pub use session::message::{Message, MessagePurpose};
pub use session::open::{SessionIds, open, open_unify, open_verify};
pub use session::state::{
    FlowType, LinkState, Otp, Possession, PossessionFailure, SentCode, SentLink, ServerStage, Session, SessionPolicy,
    StartReplyShape,
};
pub use timeline::{Fault, MessageKind, NewTimelineEvent, Outcome, Party, Timeline, TimelineEvent};
