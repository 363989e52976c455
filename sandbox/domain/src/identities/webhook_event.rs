//! Events of an identity, and the webhook deliveries that they cause. No HTTP request: the caller enqueues
//! the delivery.

use handset_protocol::UnixMillis;
use handset_protocol::server::webhooks::{WebhookEvent, WebhookEventType};

use crate::Phone;
use crate::identities::delivery::{Delivery, WebhookPayload};
use crate::identities::identity::{Enrollment, Identity, Muted, NotSentReason};

/// An event of an identity's phone number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityEvent {
    /// The owner has a new number.
    NumberChanged(Phone),
    /// The number was disconnected.
    Disconnected,
    /// The number moved to another carrier.
    Ported,
    /// The number has another line type.
    LineTypeChanged,
    /// The number left the coverage of the service.
    MovedOutOfCoverage,
}

/// The result of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct AppliedEvent {
    /// The identity after the event, with its number.
    pub identity: Identity,
    /// The delivery to be enqueued. `None`: no webhook is sent.
    pub delivery: Option<Delivery>,
    /// Reason for which no webhook is sent.
    pub not_sent_reason: Option<NotSentReason>,
}

/// The only carriers of the sandbox.
const CARRIERS: [&str; 2] = ["Sandbox Mobile", "Sandbox Wireless"];
const LINE_TYPES: [&str; 2] = ["mobile", "landline"];

/// The other value of the two.
fn other(two: [&'static str; 2], current: &str) -> String {
    let [first, second] = two;
    if current == first { second } else { first }.to_owned()
}

impl IdentityEvent {
    /// The event type in the webhook.
    pub fn kind(&self) -> WebhookEventType {
        match self {
            Self::NumberChanged(_) => WebhookEventType::PhoneNumberChange,
            Self::Disconnected => WebhookEventType::Disconnect,
            Self::Ported => WebhookEventType::Port,
            Self::LineTypeChanged => WebhookEventType::LineTypeChange,
            Self::MovedOutOfCoverage => WebhookEventType::MovedOutOfCoverage,
        }
    }

    /// Applies the event to an identity, even if no webhook is sent. `event_id` is a fresh id. `None`: the identity is
    /// not enrolled.
    pub fn apply(&self, old: &Identity, has_webhook: bool, event_id: &str, now: UnixMillis) -> Option<AppliedEvent> {
        let enrollment = old.enrollment.as_ref()?;
        let not_sent_reason = enrollment.suppressed_by().or((!has_webhook).then_some(NotSentReason::NoWebhook));
        let mut identity = self.change(old, enrollment);
        let delivery = not_sent_reason.is_none().then(|| {
            let number = identity.enrollment.as_mut().map_or(0, Enrollment::next_event_sequence);
            let event = self.event(old, enrollment, event_id, now);
            Delivery {
                identity_id: Some(old.id.clone()),
                event_sequence: number,
                ..Delivery::due_now(&old.project, WebhookPayload::Identity(vec![event]), now)
            }
        });
        Some(AppliedEvent { identity, delivery, not_sent_reason })
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

    fn new_enrollment(number: &str, id: &str, customer: Option<&str>) -> NewEnrollment {
        let phone = Phone::parse(&number.into()).unwrap();
        let (project, identity_id) = ("default".to_owned(), id.to_owned());
        let client_customer_id = customer.map(str::to_owned);
        NewEnrollment { project, phone, at: UnixMillis::new(1), identity_id, client_customer_id, device_id: None }
    }

    #[test]
    fn an_event_changes_the_identity_even_if_no_webhook_is_sent() {
        let identity = Identity::enroll(None, &new_enrollment("5005550006", "one", None));
        let silent = identity.set_active(false).unwrap();
        for (identity, has_webhook, not_sent_reason) in [
            (&identity, true, None),
            (&identity, false, Some(NotSentReason::NoWebhook)),
            (&silent, true, Some(NotSentReason::Inactive)),
        ] {
            let applied =
                IdentityEvent::Disconnected.apply(identity, has_webhook, "event", UnixMillis::new(7)).unwrap();
            assert_eq!(
                (applied.not_sent_reason, applied.delivery.is_some()),
                (not_sent_reason, not_sent_reason.is_none())
            );
            let after = applied.identity;
            let again = IdentityEvent::Ported
                .apply(&after.set_active(true).unwrap(), true, "another", UnixMillis::new(8))
                .unwrap();
            assert_eq!(again.not_sent_reason, Some(NotSentReason::Disconnected));
            assert_eq!(again.delivery, None);
            assert_ne!(again.identity.enrollment.unwrap().carrier, after.enrollment.unwrap().carrier);
        }
        let unknown = Identity { enrollment: None, ..identity };
        assert_eq!(IdentityEvent::Ported.apply(&unknown, true, "event", UnixMillis::new(7)), None);
    }

    #[test]
    fn a_number_change_keeps_the_identity() {
        let identity = Identity::enroll(None, &new_enrollment("5005550006", "one", Some("first")));
        let to = Phone::parse(&"5005550007".into()).unwrap();
        let applied = IdentityEvent::NumberChanged(to).apply(&identity, true, "event", UnixMillis::new(7)).unwrap();
        let after = &applied.identity;
        let customer = after.enrollment.as_ref().unwrap().client_customer_id.as_deref();
        assert_eq!((after.id.as_str(), after.phone.digits(), customer), ("one", "15005550007", Some("first")));
        let delivery = applied.delivery.unwrap();
        let stored = serde_json::to_string(&delivery).unwrap();
        assert_eq!(serde_json::from_str::<Delivery>(&stored).unwrap(), delivery);
        assert_eq!((delivery.identity_id.as_deref(), delivery.id()), (Some("one"), "event"));
    }
}
