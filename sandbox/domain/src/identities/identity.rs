//! Identities: the owner of a number, its enrollment for events, and its bound devices. They outlive sessions. No
//! storage.

use handset_protocol::UnixMillis;
use serde::{Deserialize, Serialize};

use crate::Phone;

/// The owner of a number. All credentials of a project share its identities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// `identityId`, also `proveId`.
    pub id: String,
    /// The project, see [`Session::project`](crate::Session::project).
    pub project: String,
    /// The number, in the notation of its first request.
    pub phone: Phone,
    /// The enrollment, while the number is enrolled.
    pub enrollment: Option<Enrollment>,
    /// Oldest first, including revoked devices.
    pub devices: Vec<Device>,
}

/// The relying party's subscription to events of a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrollment {
    /// Time of the first enrollment.
    pub since: UnixMillis,
    /// False after deactivation.
    pub active: bool,
    /// The last event, after which no other is sent until the number is verified or enrolled again.
    pub muted: Option<Muted>,
    /// The relying party's id of the customer.
    pub client_customer_id: Option<String>,
    /// The relying party's id of a device.
    pub device_id: Option<String>,
    /// Line type.
    pub line_type: String,
    /// Carrier of the line.
    pub carrier: String,
    /// Number of events sent so far.
    #[serde(default)]
    pub event_sequence: u64,
}

/// An event after which no other is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Muted {
    /// The number was disconnected.
    Disconnected,
    /// The number left the coverage of the service.
    MovedOutOfCoverage,
}

/// A device that is bound to a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// `deviceId`.
    pub id: String,
    /// Time of the binding.
    pub bound_at: UnixMillis,
    /// Time of the revocation. `None`: the device is bound.
    pub revoked_at: Option<UnixMillis>,
}

/// An enrollment to be stored, after an Enroll request or a successful verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEnrollment {
    /// See [`Identity::project`].
    pub project: String,
    /// The number.
    pub phone: Phone,
    /// Time of the enrollment.
    pub at: UnixMillis,
    /// A fresh id, which is unused if the number already has an identity.
    pub identity_id: String,
    /// The relying party's id of the customer. `None`: unchanged.
    pub client_customer_id: Option<String>,
    /// The relying party's id of a device. `None`: unchanged.
    pub device_id: Option<String>,
}

/// A device binding to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceBinding {
    /// See [`Identity::project`].
    pub project: String,
    /// The number.
    pub phone: Phone,
    /// Time of the binding.
    pub at: UnixMillis,
    /// A fresh id of the owner, which is unused if the number already has an identity.
    pub identity_id: String,
    /// A fresh id of the device. `None`: only the identity is created, without a device.
    pub device_id: Option<String>,
    /// Whether the new device replaces a bound device. Otherwise a bound device stays, and the new one is not added.
    pub replaces: bool,
}

/// A change of the identity of a number, after the possession check of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IdentityChange {
    Enroll(NewEnrollment),
    Bind(DeviceBinding),
}

impl IdentityChange {
    pub(crate) fn apply(&self, old: Option<&Identity>) -> Identity {
        match self {
            Self::Enroll(with) => Identity::enroll(old, with),
            Self::Bind(with) => Identity::bind(old, with),
        }
    }
}

impl Identity {
    fn new(id: &str, project: &str, phone: &Phone) -> Self {
        let (id, project) = (id.to_owned(), project.to_owned());
        Self { id, project, phone: phone.clone(), enrollment: None, devices: Vec::new() }
    }

    /// Enrolls a number. A repeated enrollment makes it active and unmuted again.
    pub fn enroll(old: Option<&Self>, with: &NewEnrollment) -> Self {
        let mut identity = old.cloned().unwrap_or_else(|| Self::new(&with.identity_id, &with.project, &with.phone));
        let mut enrollment = identity.enrollment.take().unwrap_or_else(|| Enrollment {
            since: with.at,
            active: true,
            muted: None,
            client_customer_id: None,
            device_id: None,
            line_type: "mobile".to_owned(),
            carrier: "Sandbox Mobile".to_owned(),
            event_sequence: 0,
        });
        (enrollment.active, enrollment.muted) = (true, None);
        enrollment.client_customer_id = with.client_customer_id.clone().or(enrollment.client_customer_id);
        enrollment.device_id = with.device_id.clone().or(enrollment.device_id);
        identity.enrollment = Some(enrollment);
        identity
    }

    /// Binds a device.
    pub fn bind(old: Option<&Self>, with: &DeviceBinding) -> Self {
        let mut identity = old.cloned().unwrap_or_else(|| Self::new(&with.identity_id, &with.project, &with.phone));
        let Some(device_id) = with.device_id.as_ref().filter(|_| with.replaces || identity.device().is_none()) else {
            return identity;
        };
        for device in identity.devices.iter_mut().filter(|device| device.revoked_at.is_none()) {
            device.revoked_at = Some(with.at);
        }
        identity.devices.push(Device { id: device_id.clone(), bound_at: with.at, revoked_at: None });
        identity
    }

    /// Activates or deactivates the events of the identity. `None`: it is not enrolled.
    pub fn set_active(&self, active: bool) -> Option<Self> {
        let enrollment = self.enrollment.clone()?;
        Some(Self { enrollment: Some(Enrollment { active, ..enrollment }), ..self.clone() })
    }

    /// Removes the enrollment. `None`: the identity is to be deleted, since it has no devices; with devices it keeps
    /// its id.
    pub fn disenroll(&self) -> Option<Self> {
        (!self.devices.is_empty()).then(|| Self { enrollment: None, ..self.clone() })
    }

    /// Revokes a device. `None`: the device is not bound.
    pub fn revoke(&self, device_id: &str, now: UnixMillis) -> Option<Self> {
        let mut identity = self.clone();
        let is_match = |device: &&mut Device| device.id == device_id && device.revoked_at.is_none();
        identity.devices.iter_mut().find(is_match)?.revoked_at = Some(now);
        Some(identity)
    }

    /// The bound device.
    pub fn device(&self) -> Option<&Device> {
        self.devices.iter().rev().find(|device| device.revoked_at.is_none())
    }

    /// The device of a session that ended at `at`, even if it is now revoked: the device that the session bound, with
    /// the id `own_id`, or the device that was bound at that time.
    pub fn device_since(&self, own_id: &str, at: UnixMillis) -> Option<&Device> {
        let own = self.devices.iter().find(|device| device.id == own_id);
        own.or_else(|| self.devices.iter().find(|device| device.revoked_at.is_none_or(|revoked| revoked >= at)))
    }

    /// Whether events of the identity are sent.
    pub fn is_notified(&self) -> bool {
        self.enrollment.as_ref().is_some_and(|enrollment| enrollment.suppressed_by().is_none())
    }
}

/// Reason for which no webhook is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotSentReason {
    /// The project has no webhook endpoint.
    NoWebhook,
    /// The identity was deactivated.
    Inactive,
    /// A disconnect event was already sent.
    Disconnected,
    /// An event of lost coverage was already sent.
    MovedOutOfCoverage,
    /// The identity was deleted.
    IdentityDeleted,
}

impl Enrollment {
    /// Reason for which events of the identity are not sent.
    pub fn suppressed_by(&self) -> Option<NotSentReason> {
        match self.muted {
            _ if !self.active => Some(NotSentReason::Inactive),
            Some(Muted::Disconnected) => Some(NotSentReason::Disconnected),
            Some(Muted::MovedOutOfCoverage) => Some(NotSentReason::MovedOutOfCoverage),
            None => None,
        }
    }

    /// The position of the next event. Events of an identity are sent in this order.
    pub(crate) fn next_event_sequence(&mut self) -> u64 {
        self.event_sequence += 1;
        self.event_sequence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mute(identity: &Identity, muted: Muted) -> Option<Identity> {
        let enrollment = identity.enrollment.clone()?;
        Some(Identity { enrollment: Some(Enrollment { muted: Some(muted), ..enrollment }), ..identity.clone() })
    }

    fn phone() -> Phone {
        Phone::parse(&"5005550006".into()).unwrap()
    }

    fn new_enrollment(customer: Option<&str>) -> NewEnrollment {
        let (project, identity_id) = ("default".to_owned(), "fresh".to_owned());
        let client_customer_id = customer.map(str::to_owned);
        NewEnrollment {
            project,
            phone: phone(),
            at: UnixMillis::new(7),
            identity_id,
            client_customer_id,
            device_id: None,
        }
    }

    fn binding(device: &str, replaces: bool) -> DeviceBinding {
        let (project, identity_id) = ("default".to_owned(), "other".to_owned());
        DeviceBinding {
            project,
            phone: phone(),
            at: UnixMillis::new(7),
            identity_id,
            device_id: Some(device.to_owned()),
            replaces,
        }
    }

    #[test]
    fn no_events_are_sent_until_the_next_enrollment() {
        let identity = Identity::enroll(None, &new_enrollment(Some("one")));
        assert!(identity.is_notified());
        for muted_identity in [identity.set_active(false), mute(&identity, Muted::Disconnected)] {
            let muted_identity = muted_identity.unwrap();
            assert!(!muted_identity.is_notified());
            let again = Identity::enroll(
                Some(&muted_identity),
                &NewEnrollment { identity_id: "x".to_owned(), ..new_enrollment(None) },
            );
            assert_eq!(again, identity, "with its id, its customer and its time");
        }
        let muted = mute(&identity, Muted::MovedOutOfCoverage).unwrap();
        assert!(!muted.set_active(true).unwrap().is_notified(), "activating it undoes only deactivating it");
        assert!(identity.set_active(false).unwrap().set_active(true).unwrap().is_notified());
    }

    #[test]
    fn a_bound_device_stays_unless_the_binding_replaces_it() {
        let identity = Identity::bind(None, &binding("a", false));
        let bound = |identity: &Identity| identity.device().map(|device| device.id.clone());
        assert_eq!(bound(&identity).as_deref(), Some("a"));
        assert_eq!(Identity::bind(Some(&identity), &binding("b", false)), identity);
        let replaced = Identity::bind(Some(&identity), &binding("b", true));
        assert_eq!((bound(&replaced).as_deref(), replaced.devices.len()), (Some("b"), 2));
        assert_eq!(replaced.revoke("a", UnixMillis::new(9)), None, "it was replaced");
        let revoked = replaced.revoke("b", UnixMillis::new(9)).unwrap();
        assert_eq!(bound(&revoked), None);
        assert_eq!(bound(&Identity::bind(Some(&revoked), &binding("c", false))).as_deref(), Some("c"));
    }

    #[test]
    fn the_device_of_a_session_is_the_one_that_it_bound_or_found() {
        let at = |device: &str, replaces: bool, at: i64| DeviceBinding {
            at: UnixMillis::new(at),
            ..binding(device, replaces)
        };
        let mut identity = Identity::bind(None, &at("a", false, 10));
        for next in [at("b", true, 20), at("c", true, 30)] {
            identity = Identity::bind(Some(&identity), &next);
        }
        let identity = identity.revoke("c", UnixMillis::new(40)).unwrap();
        let since =
            |own: &str, at: i64| identity.device_since(own, UnixMillis::new(at)).map(|device| device.id.as_str());
        assert_eq!((since("a", 10), since("b", 20), since("c", 30)), (Some("a"), Some("b"), Some("c")));
        assert_eq!((since("x", 15), since("x", 25), since("x", 35)), (Some("a"), Some("b"), Some("c")));
        assert_eq!(since("x", 45), None);
    }

    #[test]
    fn an_owner_with_devices_keeps_the_id() {
        let enrolled = Identity::enroll(None, &new_enrollment(None));
        assert_eq!(enrolled.disenroll(), None);
        let bound = Identity::bind(Some(&enrolled), &binding("a", false));
        let left = bound.disenroll().unwrap();
        assert_eq!((left.id.as_str(), left.is_notified()), ("fresh", false));
        assert_eq!(left.set_active(true), None);
        assert_eq!(Identity::enroll(Some(&left), &new_enrollment(None)).id, "fresh");
    }
}
