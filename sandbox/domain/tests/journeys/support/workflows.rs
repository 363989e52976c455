//! Workflows of the tests, and the contacts of their users. No transactions.

use handset_sandbox_domain::{
    Channel, Contact, HandoffPolicy, JourneyStatus, Module, OutcomeSource, Phone, ResumeAuth, ResumeCondition, Workflow,
};

use super::durations::seconds;

/// The workflow of most tests.
pub(crate) const WORKFLOW: &str = "onboarding";
/// Its modules in their order. The code is asked for from the second on.
pub(crate) const MODULES: [&str; 4] = ["phone", "document", "selfie", "form"];
/// The user's number.
pub(crate) const NUMBER: &str = "+442071838750";
/// Another one.
pub(crate) const OTHER_NUMBER: &str = "+442071838751";
/// The user's e-mail address.
pub(crate) const EMAIL: &str = "ada@example.com";

pub(crate) fn phone(number: &str) -> Phone {
    Phone::parse(&number.into()).unwrap()
}

pub(crate) fn mobile(number: &str) -> Contact {
    Contact::Mobile(phone(number))
}

pub(crate) fn email(address: &str) -> Contact {
    Contact::parse(Channel::Email, &address.into()).unwrap()
}

pub(crate) fn module(id: &str) -> Module {
    Module { id: id.to_owned(), expires_after: None, skips_save: false, outcome_from: OutcomeSource::Page }
}

/// A workflow with everything on: one session at a time, resets, a code on resume, handoffs, an expiry and a condition.
pub(crate) fn onboarding() -> Workflow {
    let mut modules: Vec<_> = MODULES.into_iter().map(module).collect();
    modules[1].expires_after = Some(seconds(900));
    modules[2].skips_save = true;
    Workflow {
        id: WORKFLOW.to_owned(),
        name: Some("Onboarding".to_owned()),
        version: Some("1.4.0".to_owned()),
        handoff_url: Some("https://shop.test/journey".to_owned()),
        handoff: HandoffPolicy::Ask,
        prevents_parallel_sessions: true,
        allows_state_reset: true,
        is_resumable: true,
        exit_on_end_states: vec![JourneyStatus::AutoApproved],
        ignored_input_keys: vec!["utm".to_owned()],
        auth: Some(ResumeAuth {
            trigger_module_id: "document".to_owned(),
            start_module_id: None,
            channels: vec![Channel::Mobile, Channel::Email],
        }),
        modules,
        conditions: vec![ResumeCondition {
            module: "selfie".to_owned(),
            outcome: "auto_declined".to_owned(),
            resume_from: "document".to_owned(),
            reason: "retake".to_owned(),
        }],
    }
}

/// A workflow of the given modules with everything off.
pub(crate) fn plain(id: &str, modules: &[&str]) -> Workflow {
    Workflow {
        id: id.to_owned(),
        name: None,
        version: None,
        handoff_url: None,
        handoff: HandoffPolicy::Off,
        prevents_parallel_sessions: false,
        allows_state_reset: false,
        is_resumable: true,
        exit_on_end_states: Vec::new(),
        ignored_input_keys: Vec::new(),
        auth: None,
        modules: modules.iter().map(|id| module(id)).collect(),
        conditions: Vec::new(),
    }
}
