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

pub use identities::delivery::{Answer, Attempt, Delivery, Next, Settled, Upshot};
pub use identities::identity::{Binding, Device, Enrolling, Enrollment, Identity, Muted, Untold};
pub use identities::webhook_event::{Happened, News};
pub use people::magic_numbers::{BEHAVIOUR_NUMBERS, Behaviour, BehaviourNumber, Ending, Met, Often};
pub use people::person::{Home, Person};
pub use people::phone::Phone;
pub use people::test_users::{Role, TEST_USERS, TestUser};
pub use products::credentials::{Credential, Product};
pub use products::state::{Case, Challenge, Unifying, Verifying};
pub use products::verified_users_v2::verify_at_once;
pub use refusal::Refusal;
pub use session::apply::{apply, apply_counted, apply_under};
pub use session::event::{Effect, Event, LinkPage};
pub use session::failed_attempts::Guesses;
pub use session::message::{Kind, Message};
pub use session::open::{Drawn, open, open_unify, open_verify};
pub use session::state::{
    Failure, FlowType, GRACE_MS, Journey, LinkState, Otp, Possession, Rules, SentCode, SentLink, Session,
    StartReplyShape,
};
pub use timeline::{Fault, Moment, Outcome, Party, Sight, Timeline, What};
