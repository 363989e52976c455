//! The apps of a project: their change, and their return from the store. The request is checked in `http`, the values are in
//! `projects`.

use std::sync::Arc;

use handset_sandbox_domain::Refusal;
use handset_sandbox_store::StoreError;

use super::{AppError, Services};
use crate::projects::{App, MAX_APPS, Project};

/// The setting of a project with its own apps.
const APPS: &str = "journey-apps";

impl Services {
    /// Creates or replaces an app of a project.
    pub(crate) async fn put_app(&self, project: &Project, app: App) -> Result<Arc<App>, AppError> {
        let _changing = project.apps.write_lock.lock().await;
        let (mut apps, app) = (project.apps.own(), Arc::new(app));
        apps.insert(app.id.clone(), app.clone());
        if apps.len() > MAX_APPS {
            return Err(Refusal::BadRequest(format!("a project has at most {MAX_APPS} apps of its own")).into());
        }
        let rows: Vec<&App> = apps.values().map(|app| &**app).collect();
        let rows = serde_json::to_vec(&rows).map_err(|error| StoreError(error.to_string()))?;
        self.store.settings().set(Some(&project.name), APPS, &rows).await?;
        project.apps.set_own(apps);
        Ok(app)
    }

    /// Loads the apps of a project from the store.
    pub(super) async fn open_apps(&self, project: &Project) -> Result<(), StoreError> {
        if let Some(rows) = self.store.settings().get(Some(&project.name), APPS).await? {
            let unreadable = |_| StoreError(format!("the setting '{APPS}' is unreadable"));
            let apps: Vec<App> = serde_json::from_slice(&rows).map_err(unreadable)?;
            project.apps.set_own(apps.into_iter().map(|app| (app.id.clone(), Arc::new(app))).collect());
        }
        Ok(())
    }
}
