//! Compares the names of the views with the tables in the documents: each name once, and no other.

use handset_sandbox_domain::request::FieldKind;
use handset_sandbox_domain::{BEHAVIOUR_NUMBERS, BehaviourNumber, ScriptedOutcome};

use super::behaviour_number::{MOBILE_AUTH_RESULTS, SCRIPTED_OUTCOMES, mobile_auth_name, outcome_name};
use super::delivery::{ATTEMPT_OUTCOMES, FINISHED_STATUSES, PENDING, REASONS};
use super::fault::FAULTS;
use super::journey::{AUTH_MODES, HANDOFF_STAGES, JOURNEY_EVENTS, JOURNEY_STATUSES};
use super::journey_settings::WORKFLOW_ORIGINS;
use super::session::{LINK_STATUSES, SESSION_STATUSES, STAGES};
use super::settings::{CARRIER_STATES, MOBILE_AUTH_FLOWS};
use super::timeline::{MESSAGE_KINDS, OUTCOMES, PARTIES};
use crate::http::inspection::fields::KIND;

const README: &str = include_str!("../../../../../README.md");
const WEBHOOKS: &str = include_str!("../../../../../../docs/webhooks.md");
const WORKFLOWS: &str = include_str!("../../../../../../docs/workflows.md");
const RULES: &str = include_str!("../../../../../../docs/sandbox-rules.md");
const ERRORS: &str = include_str!("../../../../../../docs/errors.md");

/// The rows of the only table whose head begins with `head`.
fn rows<'a>(page: &'a str, head: &str) -> impl Iterator<Item = &'a str> {
    let (_, table) = page.split_once(&format!("\n{head}")).unwrap_or_else(|| panic!("no table {head}"));
    assert!(!table.contains(&format!("\n{head}")), "two tables {head}");
    table.lines().skip(2).take_while(|line| line.starts_with('|'))
}

/// The names in one column of a table, sorted.
fn names(page: &'static str, head: &str, column: usize) -> Vec<&'static str> {
    let cells = rows(page, head).map(|row| row.split('|').nth(column + 1).unwrap());
    let mut names: Vec<_> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    names.sort_unstable();
    names
}

fn sorted<'a>(lists: &[&[&'a str]]) -> Vec<&'a str> {
    let mut names = lists.concat();
    names.sort_unstable();
    names
}

#[test]
fn the_readme_lists_every_name_of_sessions_timelines_and_faults_once() {
    for (head, listed) in [
        ("| session's `status` |", SESSION_STATUSES),
        ("| `stage` |", STAGES),
        ("| link's `status` |", LINK_STATUSES),
        ("| `from`, `to` |", PARTIES),
        ("| `kind` | between |", MESSAGE_KINDS),
        ("| `outcome` |", OUTCOMES),
        ("| `kind` | a request |", FAULTS),
    ] {
        assert_eq!(names(README, head, 0), sorted(&[listed]), "{head}");
    }
}

#[test]
fn the_readme_lists_every_name_of_journeys_once() {
    for (head, listed) in [
        ("| journey's `mode` |", AUTH_MODES),
        ("| `status` of a workflow |", JOURNEY_STATUSES),
        ("| handoff's `stage` |", HANDOFF_STAGES),
        ("| journey's `kind` |", JOURNEY_EVENTS),
    ] {
        assert_eq!(names(README, head, 0), sorted(&[listed]), "{head}");
    }
}

#[test]
fn a_fault_is_set_by_the_names_that_are_shown() {
    let FieldKind::OneOf { values, .. } = KIND.kind else { panic!("a kind is one of several texts") };
    assert_eq!(values(), FAULTS);
}

#[test]
fn the_readme_lists_the_outcomes_of_each_kind_of_message() {
    let mut listed = names(README, "| `kind` | between |", 2);
    listed.dedup();
    assert_eq!(listed, sorted(&[OUTCOMES]));
    for row in rows(README, "| `kind` | between |") {
        let between = row.split('|').nth(2).unwrap();
        let is_either = between.contains("the side that ended it");
        assert!(is_either || PARTIES.iter().any(|party| between.contains(party)), "{row}");
    }
}

#[test]
fn the_page_of_webhooks_lists_every_name_of_deliveries_once() {
    assert_eq!(names(WEBHOOKS, "| `status` |", 0), sorted(&[FINISHED_STATUSES, &[PENDING]]));
    assert_eq!(names(WEBHOOKS, "| `outcome` |", 0), sorted(&[ATTEMPT_OUTCOMES]));
    assert_eq!(names(WEBHOOKS, "| `reason` |", 0), sorted(&[REASONS]));
}

#[test]
fn the_rules_page_lists_every_behaviour_number() {
    let (mobile_auth, others): (Vec<_>, Vec<_>) =
        BEHAVIOUR_NUMBERS.iter().partition(|number| number.mobile_auth.is_some());
    let listed: Vec<&str> = rows(RULES, "| number | name | what happens | by code | by link |").collect();
    let row = |number: &&BehaviourNumber| {
        let BehaviourNumber { phone, name, happens, code, link, .. } = number;
        let [code, link] = [code, link].map(|it| it.map_or("–".to_owned(), |it| format!("`{}`", outcome_name(it))));
        format!("| {phone} | {name} | {happens} | {code} | {link} |")
    };
    assert_eq!(listed, others.iter().map(row).collect::<Vec<_>>());
    let listed: Vec<&str> = rows(RULES, "| number | name | what happens | by `fetch` | by `pixel` |").collect();
    let row = |number: &&BehaviourNumber| {
        let BehaviourNumber { phone, name, happens, mobile_auth, .. } = number;
        let [fetch, pixel] = mobile_auth.map(|results| [results.fetch, results.pixel].map(mobile_auth_name)).unwrap();
        format!("| {phone} | {name} | {happens} | `{fetch}` | `{pixel}` |")
    };
    assert_eq!(listed, mobile_auth.iter().map(row).collect::<Vec<_>>());
    for name in MOBILE_AUTH_RESULTS {
        assert!(listed.iter().any(|row| row.contains(name)) && README.contains(&format!("`{name}`")), "{name}");
    }
    for number in mobile_auth {
        assert_eq!((number.code, number.link), (Some(ScriptedOutcome::Verified), None), "as the page says");
    }
}

#[test]
fn the_readme_lists_the_values_of_each_setting() {
    let listed: Vec<&str> = rows(README, "| setting | default |").collect();
    let values = |row: &str| {
        let about = row.split('|').nth(3).unwrap();
        let mut values: Vec<_> = about.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        values.sort();
        values
    };
    let expected = [MOBILE_AUTH_FLOWS, CARRIER_STATES].map(|names| sorted(&[names]));
    assert_eq!(listed.into_iter().map(values).collect::<Vec<_>>(), expected);
}

#[test]
fn the_page_of_workflows_names_their_origins() {
    let (_, told) = WORKFLOWS.split_once("where `origin` is ").unwrap();
    let (told, _) = told.split_once('.').unwrap();
    let mut names: Vec<_> = told.split('`').skip(1).step_by(2).collect();
    names.sort_unstable();
    assert_eq!(names, sorted(&[WORKFLOW_ORIGINS]));
}

#[test]
fn the_outcome_of_a_behaviour_number_is_a_documented_error() {
    for name in SCRIPTED_OUTCOMES.iter().filter(|name| **name != "verified") {
        assert!(ERRORS.contains(&format!("`{name}`")), "{name}");
    }
}
