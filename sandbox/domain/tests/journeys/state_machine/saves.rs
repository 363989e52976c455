//! The reads and saves of a random history: what a page may be shown, and which save is taken.

use std::collections::BTreeMap;

use handset_sandbox_domain::{
    GetState, GetStateBody, JourneyRefusal, JourneyStatus, ModuleChange, PutState, PutStateBody, StateAnswer, StateView,
};

use crate::support::calls::{TestedPage, inputs};
use crate::support::seconds;
use crate::support::workflows::{MODULES, WORKFLOW};

use super::moment::Effect;
use super::play::Players;

impl Players {
    pub(super) fn get(&mut self, page: &mut TestedPage, body: GetStateBody) -> Effect {
        let before = self.state().cloned().unwrap_or_default();
        let new_session_id = self.world.draw("session");
        let get = GetState { caller: page.caller(), body: Ok(body), new_session_id };
        let workflow = self.world.workflows[WORKFLOW].clone();
        match self.call(page, &get) {
            Ok(StateAnswer::State(view)) => {
                assert!(!workflow.exit_on_end_states.contains(&before.status), "a finished journey does not run again");
                page.session = Some(view.session_id.clone());
                page.revision = view.revision;
                self.check_view(&view);
                if let Some(reason) = &view.refreshed {
                    self.reach(reason);
                }
                Effect::Read(view.refreshed)
            }
            Ok(StateAnswer::AlreadyProcessed { status }) => {
                assert_eq!(status, before.status);
                self.reach("processed");
                Effect::Read(None)
            }
            Ok(StateAnswer::Superseded) => {
                assert!(workflow.prevents_parallel_sessions);
                self.reach("superseded");
                Effect::Read(None)
            }
            Ok(StateAnswer::AuthRequired { .. }) | Err(_) => Effect::Read(None),
        }
    }

    /// What a page is shown has neither expired nor is it to be repeated.
    fn check_view(&self, view: &StateView) {
        assert_eq!(view.status, JourneyStatus::InProgress);
        for (id, saved, outcome) in &view.saved {
            assert!(id != "document" || self.world.now < saved.saved_at + seconds(900), "an expired module");
            let is_declined = outcome.as_ref().is_some_and(|outcome| outcome.value == "auto_declined");
            assert!(id != "selfie" || !is_declined, "the condition of a retake");
        }
        assert_eq!(view.revision, self.state().unwrap().revision);
    }

    pub(super) fn body(&mut self, id: &str, outcome: Option<&str>) -> PutStateBody {
        self.saves += 1;
        let text = self.saves.to_string();
        // The outcome of the first module may be the server's.
        let outcome = outcome.filter(|_| id != MODULES[0]).map(str::to_owned);
        let change = ModuleChange::Put { variables: Some(inputs(&[("v", &text)])), outcome };
        PutStateBody { modules: BTreeMap::from([(id.to_owned(), change)]), ..PutStateBody::default() }
    }

    pub(super) fn put(&mut self, page: &mut TestedPage, body: PutStateBody) -> Effect {
        let before = self.state().cloned().unwrap_or_default();
        let event_id = self.world.draw("event");
        let put = PutState { caller: page.caller(), revision: Some(page.revision), body: Ok(body.clone()), event_id };
        match self.call(page, &put) {
            Ok(saved) => {
                assert_eq!(page.revision, before.revision, "a stale save is never taken");
                assert_eq!(saved.revision, before.revision + 1);
                assert!(!before.status.is_decided());
                page.revision = saved.revision;
                self.reach("saved");
                Effect::Saved(body)
            }
            Err(refusal) => {
                match refusal {
                    JourneyRefusal::RevisionConflict { revision } => {
                        assert_eq!(revision, before.revision);
                        self.reach("conflict");
                    }
                    JourneyRefusal::StateReset { revision, .. } => {
                        assert_eq!(revision, before.revision);
                        self.reach("state reset");
                    }
                    _ => (),
                }
                Effect::Nothing
            }
        }
    }
}
