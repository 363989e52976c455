//! What is kept of a number beyond a session: its owner's id, whether the relying party wants to hear news of it, and
//! the devices that are bound to it.

use handset_protocol::UnixMillis;
use serde::{Deserialize, Serialize};

use crate::Phone;

/// A number's owner, as the relying party knows them. All of its credentials share them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// `identityId` and `proveId`.
    pub id: String,
    /// Among whose identities it is kept, see [`Session::project`](crate::Session::project).
    pub project: String,
    /// The number, as it was given first.
    pub phone: Phone,
    /// There while the number is enrolled.
    pub enrollment: Option<Enrollment>,
    /// Oldest first; those that were revoked stay.
    pub devices: Vec<Device>,
}

/// That the relying party wants to hear news of a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrollment {
    /// When it was enrolled first.
    pub since: UnixMillis,
    /// Whether it was not deactivated.
    pub active: bool,
    /// The news after which no other follows, until the number is verified or enrolled again.
    pub muted: Option<Muted>,
    /// The relying party's own name of the customer.
    pub client_customer_id: Option<String>,
    /// A device that the relying party has named.
    pub device_id: Option<String>,
    /// What kind of line it is.
    pub line_type: String,
    /// Whose line it is.
    pub carrier: String,
    /// How many news were told of it.
    #[serde(default)]
    pub event_sequence: u64,
}

/// News after which no other follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Muted {
    /// The number was disconnected.
    Disconnected,
    /// The number has moved to where no news comes from.
    MovedOutOfCoverage,
}

/// A device that is bound to a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// `deviceId`.
    pub id: String,
    /// When it was bound.
    pub bound_at: UnixMillis,
    /// When it was unbound. `None`: it is bound.
    pub revoked_at: Option<UnixMillis>,
}

/// A number is to be enrolled: on request, or because it was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewEnrollment {
    /// See [`Identity::project`].
    pub project: String,
    /// The number.
    pub phone: Phone,
    /// When it is enrolled.
    pub at: UnixMillis,
    /// A fresh id, unless the number has one.
    pub identity_id: String,
    /// The relying party's own name of the customer. `None`: what it was.
    pub client_customer_id: Option<String>,
    /// A device. `None`: what it was.
    pub device_id: Option<String>,
}

/// A device is to be bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceBinding {
    /// See [`Identity::project`].
    pub project: String,
    /// The number.
    pub phone: Phone,
    /// When it is bound.
    pub at: UnixMillis,
    /// A fresh id for the owner, unless the number has one.
    pub identity_id: String,
    /// A fresh id for the device. `None`: nothing is bound, only the owner is known from here on.
    pub device_id: Option<String>,
    /// Whether it takes the place of what is bound; else what is bound stays, and nothing is added.
    pub replaces: bool,
}

impl Identity {
    fn new(id: &str, project: &str, phone: &Phone) -> Self {
        let (id, project) = (id.to_owned(), project.to_owned());
        Self { id, project, phone: phone.clone(), enrollment: None, devices: Vec::new() }
    }

    /// The number is enrolled, or enrolled again, which brings back news of it.
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

    /// A device is bound.
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

    /// Whether its news are wanted at all, from here on. `None`: it is not enrolled.
    pub fn set_active(&self, active: bool) -> Option<Self> {
        let enrollment = self.enrollment.clone()?;
        Some(Self { enrollment: Some(Enrollment { active, ..enrollment }), ..self.clone() })
    }

    /// It is no longer enrolled. What remains, if anything does: an owner with devices keeps the id.
    pub fn disenroll(&self) -> Option<Self> {
        (!self.devices.is_empty()).then(|| Self { enrollment: None, ..self.clone() })
    }

    /// Unbinds a device. `None`: it is not bound.
    pub fn revoke(&self, device_id: &str, now: UnixMillis) -> Option<Self> {
        let mut identity = self.clone();
        let is_it = |device: &&mut Device| device.id == device_id && device.revoked_at.is_none();
        identity.devices.iter_mut().find(is_it)?.revoked_at = Some(now);
        Some(identity)
    }

    /// The device that is bound.
    pub fn device(&self) -> Option<&Device> {
        self.devices.iter().rev().find(|device| device.revoked_at.is_none())
    }

    /// The device with which a session has ended, also when it is bound no longer: the one that it bound, by its id, or
    /// the one that it found bound at that time.
    pub fn device_since(&self, own_id: &str, at: UnixMillis) -> Option<&Device> {
        let own = self.devices.iter().find(|device| device.id == own_id);
        own.or_else(|| self.devices.iter().find(|device| device.revoked_at.is_none_or(|revoked| revoked >= at)))
    }

    /// Whether news of it are sent.
    pub fn is_notified(&self) -> bool {
        self.enrollment.as_ref().is_some_and(|enrollment| enrollment.suppressed_by().is_none())
    }
}

/// Why nobody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotSentReason {
    /// No webhook is set.
    NoWebhook,
    /// The identity was deactivated.
    Inactive,
    /// It was told that the number was disconnected.
    Disconnected,
    /// It was told that the number moved to where no news come from.
    MovedOutOfCoverage,
    /// The identity is gone.
    IdentityDeleted,
}

impl Enrollment {
    /// Why no news of it are told.
    pub fn suppressed_by(&self) -> Option<NotSentReason> {
        match self.muted {
            _ if !self.active => Some(NotSentReason::Inactive),
            Some(Muted::Disconnected) => Some(NotSentReason::Disconnected),
            Some(Muted::MovedOutOfCoverage) => Some(NotSentReason::MovedOutOfCoverage),
            None => None,
        }
    }

    /// What is told of it is told in this order.
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

    fn enrolling(customer: Option<&str>) -> NewEnrollment {
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
    fn news_stop_until_it_is_enrolled_again() {
        let identity = Identity::enroll(None, &enrolling(Some("one")));
        assert!(identity.is_notified());
        for silent in [identity.set_active(false), mute(&identity, Muted::Disconnected)] {
            let silent = silent.unwrap();
            assert!(!silent.is_notified());
            let again =
                Identity::enroll(Some(&silent), &NewEnrollment { identity_id: "x".to_owned(), ..enrolling(None) });
            assert_eq!(again, identity, "with its id, its customer and its time");
        }
        let muted = mute(&identity, Muted::MovedOutOfCoverage).unwrap();
        assert!(!muted.set_active(true).unwrap().is_notified(), "activating it undoes only deactivating it");
        assert!(identity.set_active(false).unwrap().set_active(true).unwrap().is_notified());
    }

    #[test]
    fn what_is_bound_stays_unless_it_is_replaced() {
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
        let enrolled = Identity::enroll(None, &enrolling(None));
        assert_eq!(enrolled.disenroll(), None);
        let bound = Identity::bind(Some(&enrolled), &binding("a", false));
        let left = bound.disenroll().unwrap();
        assert_eq!((left.id.as_str(), left.is_notified()), ("fresh", false));
        assert_eq!(left.set_active(true), None);
        assert_eq!(Identity::enroll(Some(&left), &enrolling(None)).id, "fresh");
    }
}
