//! The operations on a project: creation with eviction, reset, its clock, its messages. Its state is in `crate::projects`.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use handset_protocol::UnixMillis;

use super::services::CLOCK_OFFSET;
use super::{AppError, Services};
use crate::projects::Project;
use handset_sandbox_domain::Contact;
use handset_sandbox_store::{MessageFilter, StoreError, StoredMessage};

impl Services {
    /// Turns on the check for faults. Call before the first fault is set.
    pub(crate) fn enable_faults(&self) {
        self.has_faults.store(true, Ordering::Relaxed);
    }

    /// Whether requests have to check for faults.
    pub(crate) fn faults_enabled(&self) -> bool {
        self.has_faults.load(Ordering::Relaxed)
    }

    /// The project of that name, created on first use. Creation first evicts idle projects. `None`: the maximum number of
    /// projects is in use.
    pub(crate) async fn get_or_create_project(&self, name: &str) -> Result<Option<Arc<Project>>, AppError> {
        if let Some(project) = self.projects.get_and_touch(name) {
            return Ok(Some(project));
        }
        let _creating = self.projects.creation_lock.lock().await;
        while let Some(eviction) = self.projects.evict_idle() {
            self.delete_project(eviction.name()).await?;
            eviction.complete();
        }
        Ok(self.projects.get_or_create(name))
    }

    /// Resets a project: deletes its data, faults, settings, apps, workflows and webhook, and sets its clock back. Access tokens stay valid.
    pub(crate) async fn reset(&self, project: &Project) -> Result<(), AppError> {
        let _moving = project.clock_lock.lock().await;
        let _changing_settings = project.settings.write_lock.lock().await;
        let _changing_apps = project.apps.write_lock.lock().await;
        let _changing_workflows = project.workflows.write_lock.lock().await;
        let _changing_webhook = project.webhook.write_lock.lock().await;
        self.delete_project(&project.name).await?;
        project.limiter.reset();
        project.faults.clear();
        if let Some(chaos) = &project.chaos {
            chaos.reset();
        }
        project.clock.set_offset(Duration::ZERO);
        project.settings.set_mobile_auth(None);
        project.apps.set_own(Default::default());
        project.workflows.set_own(Default::default());
        project.webhook.clear();
        Ok(())
    }

    /// Deletes a project from the store, and wakes the watchers of its sessions.
    async fn delete_project(&self, name: &str) -> Result<(), StoreError> {
        self.delete_expiring_before(Some(name), UnixMillis::MAX, usize::MAX).await?;
        self.store.settings().delete_project(name).await
    }

    /// Moves a project's clock forward. All its lifetimes are judged by this clock. Journeys whose life ends by it end at once, so
    /// that a test gets their webhook events.
    pub(crate) async fn advance_clock(&self, project: &Arc<Project>, by: Duration) -> Result<(), AppError> {
        let _moving = project.clock_lock.lock().await;
        let offset = project.clock.offset().saturating_add(by);
        let ms = u64::try_from(offset.as_millis()).unwrap_or(u64::MAX);
        self.store.settings().set(Some(&project.name), CLOCK_OFFSET, &ms.to_be_bytes()).await?;
        project.clock.set_offset(offset);
        Ok(self.end_journeys(project).await?)
    }

    /// The messages of a project after an id, oldest first; with `to`, only those to this contact, in any notation.
    pub(crate) async fn messages(
        &self,
        project: &Project,
        to: Option<&Contact>,
        since: u64,
    ) -> Result<Vec<StoredMessage>, AppError> {
        let filter = MessageFilter { project: &project.name, since, to };
        Ok(self.store.messages().list(filter).await?)
    }
}
