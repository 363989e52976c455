//! The trait of a store: its repositories, and its notifier. Implementations are in `memory` and `sqlite`.

use crate::journey_repository::JourneyRepository;
use crate::notifier::Notifier;
use crate::repositories::{
    AttemptRepository, DeliveryRepository, IdentityRepository, MessageRepository, SessionRepository, SettingRepository,
};

/// Everything that outlives a request.
///
/// Every implementation must pass `conformance::check`. An implementation that outlives its process must also pass
/// `conformance::check_durable`: a write is durable before its call returns.
pub trait Store: Send + Sync + 'static {
    /// Sessions and their timelines.
    fn sessions(&self) -> &dyn SessionRepository;
    /// Identities.
    fn identities(&self) -> &dyn IdentityRepository;
    /// Failed attempts by number.
    fn attempts(&self) -> &dyn AttemptRepository;
    /// Sent messages.
    fn messages(&self) -> &dyn MessageRepository;
    /// Deliveries to webhooks.
    fn deliveries(&self) -> &dyn DeliveryRepository;
    /// Settings, and the projects that have data.
    fn settings(&self) -> &dyn SettingRepository;
    /// Transactions of journeys, and attempts at contacts.
    fn journeys(&self) -> &dyn JourneyRepository;
    /// The wake-ups of writes.
    fn notifier(&self) -> &dyn Notifier;
}
