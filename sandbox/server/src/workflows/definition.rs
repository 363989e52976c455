//! A workflow out of its definition, in JSON values: the rules between members. The format of each member is in `fields`.

use std::sync::Arc;

use handset_sandbox_domain::request::Field;
use handset_sandbox_domain::{
    Channel, HandoffPolicy, JourneyStatus, Module, OutcomeSource, ResumeAuth, ResumeCondition, Workflow,
};
use serde_json::Value;
use strum::IntoEnumIterator;

use super::fields;
use super::reader::{DefinitionMembers, ValuePlace, WorkflowError};

/// The reason of a condition that names none.
const DEFAULT_REASON: &str = "resume_from";

/// A workflow and what it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WorkflowDefinition {
    /// The definition as it was written, as an object.
    pub(crate) source: Value,
    pub(crate) workflow: Arc<Workflow>,
}

impl WorkflowDefinition {
    /// Reads a definition, which stands at a place of its file. `handoff_url` is that of a definition without one.
    ///
    /// # Errors
    /// A member is unknown, missing or invalid.
    pub(super) fn read(source: Value, place: ValuePlace, handoff_url: &str) -> Result<Self, WorkflowError> {
        let workflow = Arc::new(workflow(&source, place, handoff_url)?);
        Ok(Self { source, workflow })
    }
}

fn workflow(source: &Value, place: ValuePlace, handoff_url: &str) -> Result<Workflow, WorkflowError> {
    let root = DefinitionMembers::read(source, place, fields::WORKFLOW)?;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let id = root.required_text(&fields::ID)?.to_owned();
    let modules = modules(&root)?;
    let properties = root.object(&fields::PROPERTIES, fields::WORKFLOW_PROPERTIES)?;
    let state_reset = properties.object(&fields::DASHBOARD_STATE_RESET, &[fields::ENABLE])?;
    let resume = properties.object(&fields::SERVER_SIDE_RESUME, fields::RESUME)?;
    let is_end = |end: &str| JourneyStatus::iter().find(|status| status.as_str() == end);
    let ignored = resume.texts(&fields::IGNORED_INPUT_KEYS, &fields::INPUT_KEY)?;
    Ok(Workflow {
        id,
        name: owned(root.text(&fields::NAME)?),
        version: owned(root.text(&fields::VERSION)?),
        handoff_url: Some(root.text(&fields::HANDOFF_URL)?.unwrap_or(handoff_url).to_owned()),
        handoff: match root.text(&fields::HANDOFF)? {
            Some("off") => HandoffPolicy::Off,
            Some("same-owner") => HandoffPolicy::SameOwner,
            _ => HandoffPolicy::Ask,
        },
        prevents_parallel_sessions: properties.flag(&fields::PREVENT_PARALLEL_SESSIONS)?.unwrap_or(false),
        allows_state_reset: state_reset.flag(&fields::ENABLE)?.unwrap_or(false),
        is_resumable: resume.flag(&fields::ENABLE)?.unwrap_or(true),
        exit_on_end_states: resume
            .texts(&fields::EXIT_ON_END_STATES, &fields::END_STATE)?
            .into_iter()
            .filter_map(is_end)
            .collect(),
        ignored_input_keys: ignored.into_iter().map(str::to_owned).collect(),
        auth: auth(&resume, &modules)?,
        conditions: conditions(&root, &modules)?,
        modules,
    })
}

fn modules(root: &DefinitionMembers<'_>) -> Result<Vec<Module>, WorkflowError> {
    let mut modules: Vec<Module> = Vec::new();
    for module in root.objects(&fields::MODULES, fields::MODULE)? {
        let id = module.required_text(&fields::ID)?;
        if modules.iter().any(|other| other.id == id) {
            let expected = format!("another id than those of the modules before it, one of which is '{id}'");
            return Err(WorkflowError::must_be(module.place(&fields::ID), &expected));
        }
        let properties = module.object(&fields::PROPERTIES, fields::MODULE_PROPERTIES)?;
        modules.push(Module {
            id: id.to_owned(),
            expires_after: properties.text(&fields::EXPIRES_AFTER)?.and_then(fields::parse_expiry),
            skips_save: module.text(&fields::SKIP_CPR_PUT)? == Some("yes"),
            outcome_from: match module.text(&fields::OUTCOME_FROM)? {
                Some("server") => OutcomeSource::Server,
                _ => OutcomeSource::Page,
            },
        });
    }
    Ok(modules)
}

fn auth(resume: &DefinitionMembers<'_>, modules: &[Module]) -> Result<Option<ResumeAuth>, WorkflowError> {
    if !resume.has(&fields::AUTH) {
        return Ok(None);
    }
    let auth = resume.object(&fields::AUTH, fields::RESUME_AUTH)?;
    let (_, trigger) = known_module(&auth, &fields::TRIGGER_MODULE_ID, modules)?;
    let given = match auth.has(&fields::CHANNELS) {
        true => auth.texts(&fields::CHANNELS, &fields::CHANNEL)?,
        false => Channel::iter().map(Channel::as_str).collect(),
    };
    Ok(Some(ResumeAuth {
        trigger_module_id: trigger.to_owned(),
        start_module_id: auth.text(&fields::START_MODULE_ID)?.map(str::to_owned),
        channels: Channel::iter().filter(|channel| given.contains(&channel.as_str())).collect(),
    }))
}

fn conditions(root: &DefinitionMembers<'_>, modules: &[Module]) -> Result<Vec<ResumeCondition>, WorkflowError> {
    let condition = |condition: DefinitionMembers<'_>| {
        let (position, module) = known_module(&condition, &fields::CONDITION_MODULE, modules)?;
        let (start, resume_from) = known_module(&condition, &fields::RESUME_FROM, modules)?;
        if start > position {
            let expected = format!(
                "'{module}', the module of the condition, or one before it: with a later one the condition would \
                 hold at every resume, and each would begin there again"
            );
            return Err(WorkflowError::must_be(condition.place(&fields::RESUME_FROM), &expected));
        }
        if !condition.has(&fields::WHEN) {
            return Err(condition.missing(&fields::WHEN));
        }
        let when = condition.object(&fields::WHEN, fields::CONDITION_WHEN)?;
        Ok(ResumeCondition {
            module: module.to_owned(),
            outcome: when.required_text(&fields::OUTCOME)?.to_owned(),
            resume_from: resume_from.to_owned(),
            reason: condition.text(&fields::REASON)?.unwrap_or(DEFAULT_REASON).to_owned(),
        })
    };
    root.objects(&fields::CONDITIONS, fields::CONDITION)?.into_iter().map(condition).collect()
}

/// The module that a required member names, with its position.
fn known_module<'a>(
    members: &DefinitionMembers<'a>,
    field: &Field,
    modules: &[Module],
) -> Result<(usize, &'a str), WorkflowError> {
    let id = members.required_text(field)?;
    let position = modules.iter().position(|module| module.id == id);
    let position = position.ok_or_else(|| {
        let ids: Vec<_> = modules.iter().map(|module| module.id.as_str()).collect();
        WorkflowError::must_be(members.place(field), &format!("the id of a module: {}", ids.join(", ")))
    })?;
    Ok((position, id))
}
