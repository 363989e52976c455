//! The settings of a project: those in force, their change, and their return from the store. The request is checked in `http`.

use handset_sandbox_domain::{CarrierState, MobileAuthFlows, SessionPolicy};
use handset_sandbox_store::StoreError;

use super::{AppError, Services};
use crate::projects::{MobileAuthSettings, Project};

/// The setting of a project with its settings of Mobile Auth.
const MOBILE_AUTH: &str = "mobile-auth";

impl Services {
    /// The settings of Mobile Auth in force in a project.
    pub(crate) fn mobile_auth_settings(&self, project: &Project) -> MobileAuthSettings {
        project.settings.mobile_auth().unwrap_or_else(|| self.default_mobile_auth_settings())
    }

    fn default_mobile_auth_settings(&self) -> MobileAuthSettings {
        MobileAuthSettings { flows: self.config.mobile_auth.flows, carrier: self.config.mobile_auth.carrier }
    }

    /// The policy of a new session of a project.
    pub(super) fn session_policy(&self, project: &Project) -> SessionPolicy {
        SessionPolicy { mobile_auth: self.mobile_auth_settings(project).flows, ..self.config.session_policy() }
    }

    /// Replaces the settings of a project. `None`: the default.
    pub(crate) async fn replace_settings(
        &self,
        project: &Project,
        flows: Option<MobileAuthFlows>,
        carrier: Option<CarrierState>,
    ) -> Result<MobileAuthSettings, AppError> {
        let default = self.default_mobile_auth_settings();
        let settings =
            MobileAuthSettings { flows: flows.unwrap_or(default.flows), carrier: carrier.unwrap_or(default.carrier) };
        let row = serde_json::to_vec(&settings).map_err(|error| StoreError(error.to_string()))?;
        let _changing = project.settings.write_lock.lock().await;
        self.store.settings().set(Some(&project.name), MOBILE_AUTH, &row).await?;
        project.settings.set_mobile_auth(Some(settings));
        Ok(settings)
    }

    /// Loads the settings of a project from the store.
    pub(super) async fn open_settings(&self, project: &Project) -> Result<(), StoreError> {
        if let Some(row) = self.store.settings().get(Some(&project.name), MOBILE_AUTH).await? {
            let unreadable = |_| StoreError(format!("the setting '{MOBILE_AUTH}' is unreadable"));
            project.settings.set_mobile_auth(Some(serde_json::from_slice(&row).map_err(unreadable)?));
        }
        Ok(())
    }
}
