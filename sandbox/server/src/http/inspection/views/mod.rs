//! The JSON of the inspection API, member by member and name by name, so that other rooms can rename their types and variants
//! without a change of the API. No handlers and no rules.

/// Defines the function that gives each variant of an enum its name in the inspection API, and the list of these names.
/// The match has no default: a new variant does not compile before it has a name.
macro_rules! names {
    ($(#[$comment:meta])* $function:ident($kind:ident), $list:ident: $($variant:ident => $name:literal,)+) => {
        $(#[$comment])*
        pub(super) fn $function(value: $kind) -> &'static str {
            match value {
                $($kind::$variant => $name,)+
            }
        }

        #[cfg(test)]
        pub(super) const $list: &[&str] = &[$($name),+];
    };
}

mod behaviour_number;
mod clock;
mod delivery;
mod fault;
mod journey;
mod journey_settings;
mod message;
mod session;
mod settings;
mod timeline;
mod webhook;

#[cfg(test)]
mod tests;

pub(super) use behaviour_number::BehaviourNumberView;
pub(super) use clock::ClockView;
pub(super) use delivery::DeliveryView;
pub(super) use fault::{FaultListView, FaultView};
pub(super) use journey::{JourneyListView, JourneyView};
pub(super) use journey_settings::{AppView, WorkflowEntryView};
pub(super) use message::MessageView;
pub(super) use session::SessionView;
pub(super) use settings::{AddressesView, SettingsView};
pub(super) use timeline::TimelineEventView;
pub(super) use webhook::{TriggeredEventView, WebhookView};
