//! Waiting for a change of the store. What has changed is in the store: watch, read, then wait.

use handset_sandbox_store::{Subscription, Topic};

use super::Services;
use crate::projects::Project;

/// A wait for the changes of one topic, from its creation on.
pub(crate) struct Watch(Subscription);

impl Watch {
    /// Resolves at the next change, or at once if there was one since the last call.
    ///
    /// # Cancel safety
    /// Cancel safe: a change that arrives after a cancellation is not lost.
    pub(crate) async fn changed(&mut self) {
        self.0.changed().await;
    }
}

impl Services {
    /// Watches for the result, a new deadline, and the end of a session.
    pub(crate) fn watch_session(&self, auth_id: &str) -> Watch {
        self.watch(Topic::Session(auth_id.to_owned()))
    }

    /// Watches a session's timeline.
    pub(crate) fn watch_timeline(&self, auth_id: &str) -> Watch {
        self.watch(Topic::Timeline(auth_id.to_owned()))
    }

    /// Watches for the messages of a project.
    pub(crate) fn watch_messages(&self, project: &Project) -> Watch {
        self.watch(Topic::Messages(project.name.clone()))
    }

    fn watch(&self, topic: Topic) -> Watch {
        Watch(self.store.notifier().subscribe(topic))
    }
}
