//! Tests of workflow files: what they give, and how a mistake is told.

use std::fs;
use std::time::Duration;

use handset_sandbox_domain::{
    Channel, HandoffPolicy, JourneyStatus, Module, OutcomeSource, ResumeAuth, ResumeCondition, Workflow,
};
use serde_json::json;

use super::file::FileFormat;
use super::*;

const HANDOFF_URL: &str = "http://127.0.0.1:8787/journey";

/// A file with every member.
const FULL: &str = r#"
id = "onboarding"
name = "Open an account"
workflowVersion = "1.4.0"
handoffUrl = "https://shop.test/go-on"
handoff = "same-owner"

[properties]
preventParallelSessions = true
dashboardStateReset = { enable = true }

[properties.serverSideResume]
enable = false
exitOnEndStates = ["auto_approved", "needs_review"]
ignoredStateRefreshInputKeys = ["utm"]
auth = { triggerModuleId = "document", startModuleId = "resume_otp", channels = ["email"] }

[[modules]]
id = "phone"
outcomeFrom = "server"

[[modules]]
id = "document"
properties = { expiresAfter = "15m" }

[[modules]]
id = "selfie"
skipCPRPut = "yes"
outcomeFrom = "page"

[[conditions]]
module = "selfie"
when = { outcome = "auto_declined" }
resumeFrom = "document"
reason = "retake"

[[conditions]]
module = "phone"
when = { outcome = "changed" }
resumeFrom = "phone"
"#;

fn module(id: &str) -> Module {
    Module { id: id.to_owned(), expires_after: None, skips_save: false, outcome_from: OutcomeSource::Page }
}

fn read_toml(text: &str) -> Result<Vec<Workflow>, String> {
    let read = FileFormat::Toml.read(text, HANDOFF_URL)?;
    Ok(read.into_iter().map(|definition| (*definition.workflow).clone()).collect())
}

fn condition(module: &str, outcome: &str, resume_from: &str, reason: &str) -> ResumeCondition {
    let [module, outcome, resume_from, reason] = [module, outcome, resume_from, reason].map(str::to_owned);
    ResumeCondition { module, outcome, resume_from, reason }
}

#[test]
fn a_file_sets_every_member() {
    let expected = Workflow {
        id: "onboarding".to_owned(),
        name: Some("Open an account".to_owned()),
        version: Some("1.4.0".to_owned()),
        handoff_url: Some("https://shop.test/go-on".to_owned()),
        handoff: HandoffPolicy::SameOwner,
        prevents_parallel_sessions: true,
        allows_state_reset: true,
        is_resumable: false,
        exit_on_end_states: vec![JourneyStatus::AutoApproved, JourneyStatus::NeedsReview],
        ignored_input_keys: vec!["utm".to_owned()],
        auth: Some(ResumeAuth {
            trigger_module_id: "document".to_owned(),
            start_module_id: Some("resume_otp".to_owned()),
            channels: vec![Channel::Email],
        }),
        modules: vec![
            Module { outcome_from: OutcomeSource::Server, ..module("phone") },
            Module { expires_after: Some(Duration::from_secs(900)), ..module("document") },
            Module { skips_save: true, ..module("selfie") },
        ],
        conditions: vec![
            condition("selfie", "auto_declined", "document", "retake"),
            condition("phone", "changed", "phone", "resume_from"),
        ],
    };
    assert_eq!(read_toml(FULL), Ok(vec![expected]));
}

#[test]
fn only_the_id_and_a_module_are_required() {
    let expected = Workflow {
        id: "a".to_owned(),
        name: None,
        version: None,
        handoff_url: Some(HANDOFF_URL.to_owned()),
        handoff: HandoffPolicy::Ask,
        prevents_parallel_sessions: false,
        allows_state_reset: false,
        is_resumable: true,
        exit_on_end_states: Vec::new(),
        ignored_input_keys: Vec::new(),
        auth: None,
        modules: vec![module("phone")],
        conditions: Vec::new(),
    };
    assert_eq!(read_toml("id = 'a'\nmodules = [{id = 'phone'}]"), Ok(vec![expected.clone()]));
    let with_auth = "id = 'a'\nmodules = [{id = 'phone'}]\nproperties.serverSideResume.auth.triggerModuleId = 'phone'";
    let auth = ResumeAuth {
        trigger_module_id: "phone".to_owned(),
        start_module_id: None,
        channels: vec![Channel::Mobile, Channel::Email],
    };
    assert_eq!(read_toml(with_auth), Ok(vec![Workflow { auth: Some(auth), ..expected }]));
}

#[test]
fn the_same_stands_in_json_and_many_in_one_file() {
    let of_toml = FileFormat::Toml.read(FULL, HANDOFF_URL).unwrap();
    let json = serde_json::to_string_pretty(&of_toml[0].source).unwrap();
    assert_eq!(FileFormat::Json.read(&json, HANDOFF_URL).unwrap(), of_toml);
    let many =
        "[[workflows]]\nid = 'a'\nmodules = [{id = 'x'}]\n[[workflows]]\nid = 'b'\n[[workflows.modules]]\nid = 'y'";
    let ids: Vec<_> = read_toml(many).unwrap().into_iter().map(|workflow| workflow.id).collect();
    assert_eq!(ids, ["a", "b"]);
    let many = json!({"workflows": [of_toml[0].source]}).to_string();
    assert_eq!(FileFormat::Json.read(&many, HANDOFF_URL).unwrap(), of_toml);
}

#[test]
fn the_documentation_lists_every_member_and_no_other() {
    let page = include_str!("../../../../docs/workflows.md");
    let tables = [
        ("member", fields::WORKFLOW),
        ("member of `properties`", fields::WORKFLOW_PROPERTIES),
        ("member of `serverSideResume`", fields::RESUME),
        ("member of `auth`", fields::RESUME_AUTH),
        ("member of a module", fields::MODULE),
        ("member of a condition", fields::CONDITION),
    ];
    for (head, members) in tables {
        let (_, table) = page.split_once(&format!("\n| {head} | default |")).unwrap_or_else(|| panic!("{head}"));
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        let listed: Vec<_> = rows.map(|row| row.split('`').nth(1).unwrap()).collect();
        assert_eq!(listed, members.iter().map(|field| field.name).collect::<Vec<_>>(), "{head}");
    }
    let example = page.split("```").nth(1).unwrap().strip_prefix("toml").unwrap();
    assert_eq!(read_toml(example).map(|workflows| workflows.len()), Ok(1), "the example is a workflow");
}

/// The full file with one line in place of another.
fn mistake(old: &str, new: &str) -> String {
    assert_eq!(FULL.matches(old).count(), 1, "{old}");
    read_toml(&FULL.replace(old, new)).unwrap_err()
}

#[test]
fn a_mistake_is_told_by_line_name_and_what_must_stand_there() {
    for (old, new, told) in [
        (
            "id = \"onboarding\"",
            "id = \"on boarding\"",
            "line 2, column 6: 'id' must be 1 to 128 letters, digits, '.', '_' or '-'",
        ),
        ("id = \"onboarding\"", "", "line 1, column 1: 'id' is missing; it must be 1 to 128 letters"),
        ("name = \"Open an account\"", "name = \" \"", "line 3, column 8: 'name' must be 1 to 80 characters"),
        ("\"1.4.0\"", "\"1.4\"", "line 4, column 19: 'workflowVersion' must be a version by semver, for example 1.4.0"),
        (
            "\"https://shop.test/go-on\"",
            "\"/go-on\"",
            "line 5, column 14: 'handoffUrl' must be an absolute http or https URL",
        ),
        ("\"same-owner\"", "\"always\"", "line 6, column 11: 'handoff' must be off, ask or same-owner"),
        (
            "preventParallelSessions = true",
            "preventParallelSessions = 'yes'",
            "line 9, column 27: 'properties.preventParallelSessions' must be true or false",
        ),
        ("{ enable = true }", "true", "line 10, column 23: 'properties.dashboardStateReset' must be an object"),
        (
            "{ enable = true }",
            "{ enabled = true }",
            "line 10, column 35: 'properties.dashboardStateReset.enabled' is unknown; known here: enable",
        ),
        (
            "\"auto_approved\", ",
            "\"user_cancelled\", ",
            "line 14, column 20: 'properties.serverSideResume.exitOnEndStates[0]' must be auto_approved, auto_declined or needs_review",
        ),
        (
            "[\"utm\"]",
            "\"utm\"",
            "line 15, column 32: 'properties.serverSideResume.ignoredStateRefreshInputKeys' must be a list of at most 100 strings",
        ),
        (
            "triggerModuleId = \"document\"",
            "triggerModuleId = \"documents\"",
            "line 16, column 28: 'properties.serverSideResume.auth.triggerModuleId' must be the id of a module: phone, document, selfie",
        ),
        (
            "channels = [\"email\"]",
            "channels = []",
            "'properties.serverSideResume.auth.channels' must be a list of 1 to 2 strings",
        ),
        (
            "channels = [\"email\"]",
            "channels = [\"sms\"]",
            "'properties.serverSideResume.auth.channels[0]' must be mobile or email",
        ),
        (
            "outcomeFrom = \"server\"",
            "outcomeFrom = \"backend\"",
            "line 20, column 15: 'modules[0].outcomeFrom' must be \"page\" or \"server\"",
        ),
        (
            "expiresAfter = \"15m\"",
            "expiresAfter = 900",
            "line 24, column 31: 'modules[1].properties.expiresAfter' must be a text: seconds, for example \"3600\", or a number with s, m, h or d",
        ),
        (
            "expiresAfter = \"15m\"",
            "expiresAfter = \"15w\"",
            "line 24, column 31: 'modules[1].properties.expiresAfter' must be a text",
        ),
        (
            "id = \"selfie\"",
            "id = \"phone\"",
            "line 27, column 6: 'modules[2].id' must be another id than those of the modules before it, one of which is 'phone'",
        ),
        (
            "skipCPRPut = \"yes\"",
            "skipCPRPut = true",
            "line 28, column 14: 'modules[2].skipCPRPut' must be \"yes\" or \"no\"",
        ),
        (
            "skipCPRPut = \"yes\"",
            "skipCprPut = \"yes\"",
            "line 28, column 14: 'modules[2].skipCprPut' is unknown; known here: id, skipCPRPut, outcomeFrom, properties",
        ),
        (
            "module = \"selfie\"",
            "module = \"face\"",
            "line 32, column 10: 'conditions[0].module' must be the id of a module: phone, document, selfie",
        ),
        (
            "{ outcome = \"auto_declined\" }",
            "{}",
            "'conditions[0].when.outcome' is missing; it must be 1 to 128 letters",
        ),
        ("when = { outcome = \"auto_declined\" }", "", "'conditions[0].when' is missing; it must be an object"),
        (
            "resumeFrom = \"phone\"",
            "resumeFrom = \"document\"",
            "line 40, column 14: 'conditions[1].resumeFrom' must be 'phone', the module of the condition, or one before it: with a later one the condition would hold at every resume",
        ),
        (
            "reason = \"retake\"",
            "colour = 1",
            "line 35, column 10: 'conditions[0].colour' is unknown; known here: module, when, resumeFrom, reason",
        ),
    ] {
        let said = mistake(old, new);
        assert!(said.contains(told), "{new}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn the_number_of_modules_is_bounded() {
    let modules = |count: usize| (0..count).map(|number| format!("{{id = 'm{number}'}},")).collect::<String>();
    assert_eq!(read_toml(&format!("id = 'a'\nmodules = [{}]", modules(100))).unwrap()[0].modules.len(), 100);
    for text in [format!("id = 'a'\nmodules = [{}]", modules(101)), "id = 'a'\nmodules = []".to_owned()] {
        let said = read_toml(&text).unwrap_err();
        assert_eq!(said, "line 2, column 11: 'modules' must be a list of 1 to 100 objects");
    }
    let said = read_toml("id = 'a'").unwrap_err();
    assert_eq!(said, "line 1, column 1: 'modules' is missing; it must be a list of 1 to 100 objects");
}

#[test]
fn what_is_no_toml_or_json_is_told_by_its_place() {
    assert!(read_toml("id = 'a'\nmodules = x").unwrap_err().starts_with("line 2, column 11: "));
    for (text, told) in [
        ("{\"id\": \"a\",\n x}", "line 2, column 2: no JSON here"),
        ("[]", "line 1, column 1: the workflow must be an object"),
        (" {\"id\": 7}", "line 1, column 9: 'id' must be 1 to 128 letters"),
        (
            "{\"id\": \"a\",\n\"modules\": [{\"id\": \"x\"}, [\"y\"]]}",
            "line 2, column 26: 'modules[1]' must be an object",
        ),
        (
            "{\"workflows\": [\n{\"id\": \"a\", \"modules\": [{\"id\": null}]}]}",
            "line 2, column 32: 'workflows[0].modules[0].id' must be",
        ),
        ("{\"workflows\": []}", "line 1, column 15: 'workflows' must be a list of 1 to 100 objects"),
        ("{\"id\": \"a\", \"workflows\": []}", "line 1, column 8: 'id' is unknown; known here: workflows"),
    ] {
        let said = FileFormat::Json.read(text, HANDOFF_URL).unwrap_err();
        assert!(said.starts_with(told), "{text}: {said}");
    }
}

const SMALL: &str = "id = 'a'\nmodules = [{id = 'phone'}]";

#[test]
fn a_folder_holds_many_files_and_other_files_are_no_workflows() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("b.toml", SMALL);
    write("a.json", r#"{"id": "onboarding", "modules": [{"id": "form"}]}"#);
    write("README.md", "nothing");
    let origin = "https://shop.test".parse().unwrap();
    let catalog = WorkflowCatalog::with_folder(&origin, folder.path()).unwrap();
    let expected = [("a".to_owned(), WorkflowOrigin::File), ("onboarding".to_owned(), WorkflowOrigin::File)];
    assert_eq!(catalog.list(), expected.into());
    assert_eq!(catalog.get("a").unwrap().workflow.handoff_url.as_deref(), Some("https://shop.test/journey"));
    assert_eq!(
        catalog.get("onboarding").unwrap().workflow.modules,
        [module("form")],
        "a file comes before the built-in"
    );

    let refusal = || WorkflowCatalog::with_folder(&origin, folder.path()).unwrap_err().to_string();
    write("c.toml", &format!("\n{SMALL}"));
    let told = format!(
        "'workflows' (--workflows) {}: line 2, column 6: 'id' must be an id of its own: b.toml has a workflow 'a' already",
        folder.path().join("c.toml").display()
    );
    assert_eq!(refusal(), told);
    write("c.toml", "[[workflows]]\nid = 'c'\nmodules = [{id = 'x'}]\n[[workflows]]\nid = 'c'\nmodules = [{id = 'x'}]");
    assert!(
        refusal().ends_with(
            "line 5, column 6: 'workflows[1].id' must be an id of its own: this file has a workflow 'c' already"
        ),
        "{}",
        refusal()
    );
    fs::remove_file(folder.path().join("c.toml")).unwrap();
    fs::create_dir(folder.path().join("d.toml")).unwrap();
    assert!(refusal().contains("d.toml: "), "{}", refusal());
}

#[test]
fn the_built_in_workflow_is_onboarding() {
    let catalog = WorkflowCatalog::new(&"http://127.0.0.1:8787".parse().unwrap());
    assert_eq!(catalog.list(), [("onboarding".to_owned(), WorkflowOrigin::BuiltIn)].into());
    let workflow = &catalog.get("onboarding").unwrap().workflow;
    assert_eq!(workflow.modules, ["phone", "document", "selfie", "form"].map(module));
    assert_eq!(workflow.handoff_url.as_deref(), Some(HANDOFF_URL));
    assert_eq!(workflow.auth.as_ref().unwrap().trigger_module_id, "document");
    assert_eq!(workflow.exit_on_end_states, [JourneyStatus::AutoApproved]);
    assert!(workflow.prevents_parallel_sessions && workflow.allows_state_reset && workflow.is_resumable);
}
