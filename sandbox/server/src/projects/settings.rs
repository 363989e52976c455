//! The settings that a project may override. The defaults of all projects are in `config`, the storage is in `app`.

use handset_sandbox_domain::{CarrierState, MobileAuthFlows};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// The settings of Mobile Auth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MobileAuthSettings {
    /// The mobile flows that begin with Mobile Auth.
    pub(crate) flows: MobileAuthFlows,
    /// State of the carrier.
    pub(crate) carrier: CarrierState,
}

/// A project's own settings.
#[derive(Default)]
pub(crate) struct ProjectSettings {
    /// `None`: not set, so that the defaults are in force.
    mobile_auth: Mutex<Option<MobileAuthSettings>>,
    /// Held while the settings are changed, so that the store sees the changes in their order.
    pub(crate) write_lock: tokio::sync::Mutex<()>,
}

impl ProjectSettings {
    /// The project's own settings of Mobile Auth. `None`: the defaults are in force.
    pub(crate) fn mobile_auth(&self) -> Option<MobileAuthSettings> {
        *self.mobile_auth.lock()
    }

    /// Sets the project's own settings of Mobile Auth. `None`: the defaults are in force.
    pub(crate) fn set_mobile_auth(&self, settings: Option<MobileAuthSettings>) {
        *self.mobile_auth.lock() = settings;
    }
}
