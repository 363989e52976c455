//! What happens to an identity, and what the relying party is told of it.

use handset_protocol::UnixMillis;
use handset_protocol::server::webhooks::{WebhookEvent, WebhookEventType};

use crate::identities::delivery::Delivery;
use crate::identities::identity::{Enrollment, Identity, Muted, NotSentReason};
use crate::{Effect, Phone};

/// Something that happens to a number, and to whoever it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityEvent {
    /// The owner has this number from here on.
    NumberChanged(Phone),
    /// The number was disconnected.
    Disconnected,
    /// It went to another carrier.
    Ported,
    /// It is of another kind of line.
    LineTypeChanged,
    /// Nothing more is heard of it.
    MovedOutOfCoverage,
}

/// What became of an identity.
#[derive(Clone, Debug, PartialEq)]
pub struct AppliedEvent {
    /// As it is from here on, with the number that it has then.
    pub identity: Identity,
    /// What follows from it.
    pub effects: Vec<Effect>,
    /// Why nobody is told.
    pub not_sent_reason: Option<NotSentReason>,
}

/// Other than these there are none here.
const CARRIERS: [&str; 2] = ["Sandbox Mobile", "Sandbox Wireless"];
const LINE_TYPES: [&str; 2] = ["mobile", "landline"];

/// The one of the two that it is not.
fn other(two: [&'static str; 2], current: &str) -> String {
    let [first, second] = two;
    if current == first { second } else { first }.to_owned()
}

impl IdentityEvent {
    /// As an event of a webhook.
    pub fn kind(&self) -> WebhookEventType {
        match self {
            Self::NumberChanged(_) => WebhookEventType::PhoneNumberChange,
            Self::Disconnected => WebhookEventType::Disconnect,
            Self::Ported => WebhookEventType::Port,
            Self::LineTypeChanged => WebhookEventType::LineTypeChange,
            Self::MovedOutOfCoverage => WebhookEventType::MovedOutOfCoverage,
        }
    }

    /// Happens to an identity; `event_id` is a fresh one. It happens whether or not anyone is told. `None`: the identity
    /// is not enrolled.
    pub fn apply(&self, old: &Identity, has_webhook: bool, event_id: &str, now: UnixMillis) -> Option<AppliedEvent> {
        let enrollment = old.enrollment.as_ref()?;
        let untold = enrollment.suppressed_by().or((!has_webhook).then_some(NotSentReason::NoWebhook));
        let mut identity = self.change(old, enrollment);
        let delivery = untold.is_none().then(|| {
            let number = identity.enrollment.as_mut().map_or(0, Enrollment::next_event_sequence);
            let event = self.event(old, enrollment, event_id, now);
            Delivery {
                identity_id: Some(old.id.clone()),
                event_sequence: number,
                ..Delivery::due_now(&old.project, vec![event], now)
            }
        });
        let effects = delivery.map(Box::new).map(Effect::DeliverWebhook).into_iter().collect();
        Some(AppliedEvent { identity, effects, not_sent_reason: untold })
    }

    fn change(&self, old: &Identity, enrollment: &Enrollment) -> Identity {
        let changed = match self {
            Self::NumberChanged(to) => return Identity { phone: to.clone(), ..old.clone() },
            Self::Disconnected => Enrollment { muted: Some(Muted::Disconnected), ..enrollment.clone() },
            Self::MovedOutOfCoverage => Enrollment { muted: Some(Muted::MovedOutOfCoverage), ..enrollment.clone() },
            Self::Ported => Enrollment { carrier: other(CARRIERS, &enrollment.carrier), ..enrollment.clone() },
            Self::LineTypeChanged => {
                Enrollment { line_type: other(LINE_TYPES, &enrollment.line_type), ..enrollment.clone() }
            }
        };
        Identity { enrollment: Some(changed), ..old.clone() }
    }

    fn event(&self, old: &Identity, enrollment: &Enrollment, event_id: &str, now: UnixMillis) -> WebhookEvent {
        let (description, new_phone) = match self {
            Self::NumberChanged(to) => ("The person has another phone number.", Some(to)),
            Self::Disconnected => ("The phone number was disconnected.", None),
            Self::Ported => ("The phone number went to another carrier.", None),
            Self::LineTypeChanged => ("The phone number is of another line type.", None),
            Self::MovedOutOfCoverage => ("The phone number has moved out of coverage.", None),
        };
        WebhookEvent {
            event_id: event_id.to_owned(),
            event_type: self.kind(),
            description: description.to_owned(),
            identity_id: old.id.clone(),
            client_customer_id: enrollment.client_customer_id.clone(),
            phone_number: old.phone.given().clone(),
            new_phone_number: new_phone.map(|phone| phone.given().clone()),
            sent_at: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identities::identity::NewEnrollment;

    fn enrolling(number: &str, id: &str, customer: Option<&str>) -> NewEnrollment {
        let phone = Phone::parse(&number.into()).unwrap();
        let (project, identity_id) = ("default".to_owned(), id.to_owned());
        let client_customer_id = customer.map(str::to_owned);
        NewEnrollment { project, phone, at: UnixMillis::new(1), identity_id, client_customer_id, device_id: None }
    }

    #[test]
    fn what_happens_has_happened_whether_or_not_it_is_told() {
        let identity = Identity::enroll(None, &enrolling("5005550006", "one", None));
        let silent = identity.set_active(false).unwrap();
        for (identity, has_webhook, untold) in [
            (&identity, true, None),
            (&identity, false, Some(NotSentReason::NoWebhook)),
            (&silent, true, Some(NotSentReason::Inactive)),
        ] {
            let happened =
                IdentityEvent::Disconnected.apply(identity, has_webhook, "event", UnixMillis::new(7)).unwrap();
            assert_eq!((happened.not_sent_reason, happened.effects.len()), (untold, usize::from(untold.is_none())));
            let after = happened.identity;
            let again = IdentityEvent::Ported
                .apply(&after.set_active(true).unwrap(), true, "another", UnixMillis::new(8))
                .unwrap();
            assert_eq!(again.not_sent_reason, Some(NotSentReason::Disconnected));
            assert_eq!(again.effects, []);
            assert_ne!(again.identity.enrollment.unwrap().carrier, after.enrollment.unwrap().carrier);
        }
        let unknown = Identity { enrollment: None, ..identity };
        assert_eq!(IdentityEvent::Ported.apply(&unknown, true, "event", UnixMillis::new(7)), None);
    }

    #[test]
    fn who_goes_to_another_number_stays_who_it_is() {
        let identity = Identity::enroll(None, &enrolling("5005550006", "one", Some("first")));
        let to = Phone::parse(&"5005550007".into()).unwrap();
        let happened = IdentityEvent::NumberChanged(to).apply(&identity, true, "event", UnixMillis::new(7)).unwrap();
        let after = &happened.identity;
        let customer = after.enrollment.as_ref().unwrap().client_customer_id.as_deref();
        assert_eq!((after.id.as_str(), after.phone.digits(), customer), ("one", "15005550007", Some("first")));
        let stored = serde_json::to_string(&happened.effects).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Effect>>(&stored).unwrap(), happened.effects);
        let [Effect::DeliverWebhook(delivery)] = &happened.effects[..] else { panic!("{:?}", happened.effects) };
        assert_eq!((delivery.identity_id.as_deref(), delivery.events[0].event_id.as_str()), (Some("one"), "event"));
    }
}
