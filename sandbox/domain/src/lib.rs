//! The rules of the backend, without a web server, a clock or a random source.
//!
//! Everything that happens to a session after it was opened goes through [`apply`], a pure function: the shell hands in
//! the time and every secret that the outcome might need (a fresh code, a fresh link), and carries out the effects.
//! The same session, event and time always give the same outcome, so a store may call it again after a lost race.

mod identities;
mod people;
mod products;
mod refusal;
pub mod request;
mod session;
mod steps;
mod timeline;

pub use identities::delivery::{AttemptOutcome, Attempt, Delivery, AfterAttempt, FinishedDelivery, DeliveryStatus};
pub use identities::identity::{DeviceBinding, Device, NewEnrollment, Enrollment, Identity, Muted, NotSentReason};
pub use identities::webhook_event::{AppliedEvent, IdentityEvent};
pub use people::magic_numbers::{BEHAVIOUR_NUMBERS, Behaviour, BehaviourNumber, ScriptedOutcome, BehaviourState, Repeat};
pub use people::person::{PostalAddress, Person};
pub use people::phone::Phone;
pub use people::test_users::{TestUserScenario, TEST_USERS, TestUser};
pub use products::credentials::{Credential, Product};
pub use products::state::{ProductState, Challenge, UnifyState, VerifiedUsersState};
pub use products::verified_users_v2::verify_v2;
pub use refusal::Refusal;
pub use session::apply::{apply, apply_with_attempts, apply_with_fault};
pub use session::event::{Effect, SessionEvent, LinkPage};
pub use session::failed_attempts::FailedAttempts;
pub use session::message::{MessagePurpose, Message};
pub use session::open::{SessionIds, open, open_unify, open_verify};
pub use session::state::{
    PossessionFailure, FlowType, GRACE_MS, ServerStage, LinkState, Otp, Possession, SessionPolicy, SentCode, SentLink, Session,
    StartReplyShape,
};
pub use timeline::{Fault, TimelineEvent, Outcome, Party, NewTimelineEvent, Timeline, MessageKind};
