//! What the history knows about a state: every acknowledged save, and the causes that take one away. It predicts each answer
//! and each state from that, by its own rules.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{
    GetStateBody, JourneyState, JourneyStatus, JsonText, ModuleChange, OutcomeSource, PageStatus, PutStateBody,
    StateView, Workflow,
};

/// An acknowledged save.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SaveModel {
    pub(crate) variables: BTreeMap<String, JsonText>,
    pub(crate) outcome: Option<String>,
    pub(crate) at: UnixMillis,
}

/// The state of a workflow.
#[derive(Clone, Debug)]
pub(crate) struct StateModel {
    pub(crate) workflow: Arc<Workflow>,
    /// The revision that was seen last.
    pub(crate) revision: u64,
    pub(crate) reset_revision: u64,
    pub(crate) saves: BTreeMap<String, SaveModel>,
    of_server: BTreeMap<String, String>,
    asked: Option<String>,
    inputs: Option<BTreeMap<String, JsonText>>,
    version: Option<String>,
    pub(crate) status: JourneyStatus,
    pub(crate) session: Option<String>,
    /// Whether the code is asked for.
    pub(crate) is_guarded: bool,
    /// What the last call did to the revision.
    pub(crate) change: RevisionChange,
}

/// What a call does to the revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RevisionChange {
    Same,
    Save,
    Drop,
}

impl StateModel {
    pub(crate) fn new(workflow: Arc<Workflow>) -> Self {
        Self {
            workflow,
            revision: 0,
            reset_revision: 0,
            saves: BTreeMap::new(),
            of_server: BTreeMap::new(),
            asked: None,
            inputs: None,
            version: None,
            status: JourneyStatus::InProgress,
            session: None,
            is_guarded: false,
            change: RevisionChange::Same,
        }
    }

    fn ids(&self) -> Vec<String> {
        self.workflow.modules.iter().map(|module| module.id.clone()).collect()
    }

    pub(crate) fn has_ended(&self) -> bool {
        !matches!(self.status, JourneyStatus::InProgress | JourneyStatus::UserCancelled | JourneyStatus::Error)
    }

    pub(crate) fn is_barred(&self) -> bool {
        self.workflow.exit_on_end_states.contains(&self.status)
    }

    /// Whether another page has taken over.
    pub(crate) fn is_other(&self, session: Option<&str>) -> bool {
        self.workflow.prevents_parallel_sessions && self.session.is_some() && session != self.session.as_deref()
    }

    pub(crate) fn is_begun(&self) -> bool {
        !self.saves.is_empty() || self.status != JourneyStatus::InProgress
    }

    pub(crate) fn resume_at(&self) -> Option<String> {
        self.asked.clone().or_else(|| self.ids().into_iter().find(|id| !self.saves.contains_key(id)))
    }

    fn outcome(&self, id: &str) -> Option<String> {
        let save = self.saves.get(id)?;
        let module = self.workflow.modules.iter().find(|module| module.id == id)?;
        if module.outcome_from == OutcomeSource::Server {
            self.of_server.get(id).cloned()
        } else {
            save.outcome.clone()
        }
    }

    /// The inputs that count.
    fn relevant<'a>(&self, inputs: &'a BTreeMap<String, JsonText>) -> BTreeMap<&'a String, &'a JsonText> {
        inputs.iter().filter(|(name, _)| !self.workflow.ignored_input_keys.contains(name)).collect()
    }

    /// Drops everything, also the status.
    pub(crate) fn clear(&mut self) {
        let (workflow, revision, session, is_guarded) =
            (self.workflow.clone(), self.revision, self.session.take(), self.is_guarded);
        let reset_revision = self.reset_revision;
        *self =
            Self { revision, reset_revision, session, is_guarded, change: RevisionChange::Drop, ..Self::new(workflow) };
    }

    pub(crate) fn drop_from(&mut self, id: &str) {
        let gone: Vec<_> = self.ids().into_iter().skip_while(|other| other != id).collect();
        self.saves.retain(|id, _| !gone.contains(id));
        self.of_server.retain(|id, _| !gone.contains(id));
        self.asked = self.asked.take().filter(|id| !gone.contains(id));
        self.change = RevisionChange::Drop;
    }

    /// A get that is answered with the state. Returns the reason of a drop.
    pub(crate) fn get(&mut self, body: &GetStateBody, session: String, now: UnixMillis) -> Option<String> {
        let mut reason = None;
        let version = body.workflow_version.clone().or(self.workflow.version.clone());
        if self.has_ended() {
            self.clear();
            reason = Some("started_over".to_owned());
        }
        self.status = JourneyStatus::InProgress;
        if self.workflow.prevents_parallel_sessions {
            self.session = Some(session);
        }
        let causes = [
            (!self.workflow.is_resumable, "not_resumable"),
            (
                self.inputs.as_ref().is_some_and(|inputs| self.relevant(inputs) != self.relevant(&body.inputs)),
                "inputs_changed",
            ),
            (self.version != version, "workflow_version_changed"),
        ];
        if let Some((_, cause)) = causes.into_iter().find(|(holds, _)| *holds && !self.saves.is_empty()) {
            self.clear();
            reason = Some(cause.to_owned());
        }
        if self.saves.is_empty() || self.inputs.is_none() {
            self.inputs = Some(body.inputs.clone());
        }
        self.version = version;
        let age = |id: &String| self.saves.get(id).map(|save| now.since(save.at));
        let lifetimes = self.workflow.modules.iter().map(|module| (&module.id, module.expires_after));
        let mut expired = lifetimes.filter(|(id, lifetime)| {
            age(id).zip(*lifetime).is_some_and(|(age, lifetime): (Duration, Duration)| age >= lifetime)
        });
        if let Some(id) = expired.next().map(|(id, _)| id.clone()) {
            self.drop_from(&id);
            reason = Some("module_expired".to_owned());
        }
        if self.outcome("selfie").as_deref() == Some("auto_declined") && !self.workflow.conditions.is_empty() {
            self.drop_from("document");
            reason = Some("retake".to_owned());
        }
        reason
    }

    /// Whether a body names only what a page may change.
    pub(crate) fn is_valid(&self, body: &PutStateBody) -> bool {
        let is_module = |id: &String| self.ids().contains(id);
        body.modules.keys().chain(&body.resume_from).all(is_module)
            && body.modules.iter().all(|(id, change)| {
                let is_asserted = matches!(change, ModuleChange::Put { outcome: Some(_), .. });
                let of_server = self
                    .workflow
                    .modules
                    .iter()
                    .any(|module| module.id == *id && module.outcome_from == OutcomeSource::Server);
                !(is_asserted && of_server)
            })
    }

    /// A put that is accepted. Returns whether the journey ends by it.
    pub(crate) fn put(&mut self, body: &PutStateBody, now: UnixMillis) -> bool {
        if self.saves.is_empty() && self.version.is_none() {
            self.version.clone_from(&self.workflow.version);
        }
        for (id, change) in &body.modules {
            let before = self.saves.remove(id);
            match change {
                ModuleChange::Put { variables, outcome } => {
                    self.of_server.remove(id);
                    let before = before.map(|save| save.variables).unwrap_or_default();
                    let variables = variables.clone().unwrap_or(before);
                    self.saves.insert(id.clone(), SaveModel { variables, outcome: outcome.clone(), at: now });
                }
                ModuleChange::Delete => {
                    self.of_server.remove(id);
                }
            }
        }
        self.asked.clone_from(&body.resume_from);
        self.change = RevisionChange::Save;
        if let Some(auth) = &self.workflow.auth {
            let ids = self.ids();
            let trigger = ids.iter().position(|id| *id == auth.trigger_module_id).unwrap();
            let before_it = !self.saves.is_empty() && ids[..trigger].iter().all(|id| self.saves.contains_key(id));
            let saved_beyond = ids[trigger..].iter().any(|id| self.saves.contains_key(id));
            let beyond_it =
                ids[trigger..].iter().any(|id| body.modules.contains_key(id) || body.resume_from.as_ref() == Some(id));
            self.is_guarded |= before_it || beyond_it || saved_beyond;
        }
        self.status = match body.status {
            Some(PageStatus::UserCancelled) => JourneyStatus::UserCancelled,
            Some(PageStatus::Error) => JourneyStatus::Error,
            None => JourneyStatus::InProgress,
        };
        body.status.is_none() && self.decide()
    }

    /// Ends the journey if every module is saved. Returns whether its status has changed.
    fn decide(&mut self) -> bool {
        let ids = self.ids();
        if !ids.iter().all(|id| self.saves.contains_key(id)) {
            return false;
        }
        let outcomes: Vec<_> = ids.iter().map(|id| self.outcome(id)).collect();
        let has = |word: &str| outcomes.iter().flatten().any(|outcome| outcome == word);
        let waits = self
            .workflow
            .modules
            .iter()
            .zip(&outcomes)
            .any(|(module, outcome)| module.outcome_from == OutcomeSource::Server && outcome.is_none());
        let is_approved = outcomes.last().unwrap().as_deref() == Some("auto_approved");
        let status = if has("auto_declined") {
            JourneyStatus::AutoDeclined
        } else if is_approved && !waits && !has("needs_review") {
            JourneyStatus::AutoApproved
        } else {
            JourneyStatus::NeedsReview
        };
        std::mem::replace(&mut self.status, status) != status
    }

    /// The answer to an outcome of the server, and whether the status has changed to an end.
    pub(crate) fn set_outcome(&mut self, id: &str, outcome: &str) -> (&'static str, bool) {
        let is_of_server =
            |module: &handset_sandbox_domain::Module| module.id == id && module.outcome_from == OutcomeSource::Server;
        if !self.workflow.modules.iter().any(is_of_server) {
            return ("invalid_request_body", false);
        }
        if !self.has_ended() && !self.saves.contains_key(id) {
            return ("state_not_found", false);
        }
        let is_awaited = self.saves.contains_key(id) && !self.of_server.contains_key(id);
        let is_final = self.has_ended() && (self.status != JourneyStatus::NeedsReview || !is_awaited);
        if is_final {
            return ("transaction_already_processed", false);
        }
        self.of_server.insert(id.to_owned(), outcome.to_owned());
        let is_left = matches!(self.status, JourneyStatus::UserCancelled | JourneyStatus::Error);
        ("ok", !is_left && self.decide())
    }

    /// Ends the life of the state. Returns the status of a journey that was under way.
    pub(crate) fn end(&mut self) -> Option<JourneyStatus> {
        let expired = Some(self.status).filter(|_| self.is_begun() && !self.has_ended());
        let tombstone = Some(self.status).filter(|_| self.is_barred());
        self.clear();
        self.session = None;
        self.status = tombstone.unwrap_or_default();
        expired
    }

    /// What a page gets.
    pub(crate) fn check_view(&self, view: &StateView) {
        let ids = self.ids();
        let saved: Vec<_> = ids.iter().filter(|id| self.saves.contains_key(*id)).collect();
        assert_eq!(view.saved.iter().map(|(id, ..)| id).collect::<Vec<_>>(), saved, "the saves, in order");
        for (id, save, outcome) in &view.saved {
            assert_eq!(save.variables, self.saves[id].variables, "the last acknowledged save of {id}");
            assert_eq!(outcome.as_ref().map(|outcome| outcome.value.clone()), self.outcome(id), "{id}");
        }
        assert_eq!(view.modules.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(), ids);
        assert_eq!((view.resume_at.clone(), view.status), (self.resume_at(), JourneyStatus::InProgress));
    }

    /// The stored state after a call is the expected one. Notes its revision.
    pub(crate) fn check_stored(&mut self, stored: &JourneyState) {
        let saves: BTreeMap<_, _> = stored
            .modules
            .iter()
            .map(|(id, save)| {
                let (variables, outcome) = (save.variables.clone(), save.outcome.clone());
                (id.clone(), SaveModel { variables, outcome, at: save.saved_at })
            })
            .collect();
        assert_eq!(saves, self.saves, "no acknowledged save is lost without a cause");
        assert_eq!(stored.status, self.status);
        assert_eq!(stored.session_id, self.session);
        assert_eq!(stored.is_past_trigger, self.is_guarded, "the code is asked for until a complete reset");
        assert_eq!(stored.server_outcomes, self.of_server);
        assert_eq!(stored.resume_from, self.asked);
        let (before, after) = (self.revision, stored.revision);
        match self.change {
            RevisionChange::Same => assert_eq!(after, before, "a revision is one change"),
            RevisionChange::Save => assert_eq!(after, before + 1, "a save is one revision"),
            RevisionChange::Drop => {
                assert!(after > before, "a revision never goes back");
                self.reset_revision = after;
            }
        }
        assert_eq!(stored.reset_revision, self.reset_revision);
        (self.revision, self.change) = (after, RevisionChange::Same);
    }
}
