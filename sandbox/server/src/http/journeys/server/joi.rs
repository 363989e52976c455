//! The checks of State Reset's body, with the texts of Joi, the validator behind the vendor's calls.

use handset_sandbox_domain::ResetAction;
use serde_json::{Map, Value};

use super::fields::{COMPLETE, CONTINUOUS, REVIEWER_CHARS};
use super::messages::StateResetRequest;

const ACTION: &str = "action";
const MODULE_ID: &str = "moduleId";
const REVIEWER_ID: &str = "reviewerId";

/// The text of a member or header that is missing.
pub(super) fn required(name: &str) -> String {
    format!("\"{name}\" is required")
}

/// The text of one that is empty.
pub(super) fn empty(name: &str) -> String {
    format!("\"{name}\" is not allowed to be empty")
}

/// Reads the body of State Reset: `action`, `moduleId`, `reviewerId`, in this order.
///
/// # Errors
/// The text of the first member that is wrong.
pub(super) fn state_reset(body: &Value) -> Result<(ResetAction, String), String> {
    let Value::Object(members) = body else { return Err("\"value\" must be of type object".to_owned()) };
    let StateResetRequest { action, module_id, reviewer_id } = read(members)?;
    let action = match module_id {
        Some(module_id) if action == CONTINUOUS => ResetAction::Continuous { module_id },
        _ => ResetAction::Complete,
    };
    Ok((action, reviewer_id))
}

fn read(members: &Map<String, Value>) -> Result<StateResetRequest, String> {
    let action = text(members, ACTION)?;
    if ![CONTINUOUS, COMPLETE].contains(&action) {
        return Err(format!("\"{ACTION}\" must be one of [{CONTINUOUS}, {COMPLETE}]"));
    }
    let module_id = match action {
        CONTINUOUS => Some(not_empty(MODULE_ID, text(members, MODULE_ID)?)?.to_owned()),
        _ if members.contains_key(MODULE_ID) => return Err(format!("\"{MODULE_ID}\" is not allowed")),
        _ => None,
    };
    let reviewer_id = not_empty(REVIEWER_ID, text(members, REVIEWER_ID)?)?;
    if reviewer_id.chars().count() > REVIEWER_CHARS {
        let most = format!("must be less than or equal to {REVIEWER_CHARS} characters long");
        return Err(format!("\"{REVIEWER_ID}\" length {most}"));
    }
    Ok(StateResetRequest { action: action.to_owned(), module_id, reviewer_id: reviewer_id.to_owned() })
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<&'a str, String> {
    match members.get(name) {
        None => Err(required(name)),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(format!("\"{name}\" must be a string")),
    }
}

fn not_empty<'a>(name: &str, text: &'a str) -> Result<&'a str, String> {
    if text.is_empty() { Err(empty(name)) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_wrong_member_is_named_in_the_words_of_joi() {
        for (body, text) in [
            (json!([]), "\"value\" must be of type object"),
            (json!({}), "\"action\" is required"),
            (json!({"action": 1}), "\"action\" must be a string"),
            (json!({"action": null}), "\"action\" must be a string"),
            (json!({"action": ""}), "\"action\" must be one of [clear_continuous_state, clear_complete_state]"),
            (json!({"action": CONTINUOUS}), "\"moduleId\" is required"),
            (json!({"action": CONTINUOUS, "moduleId": ""}), "\"moduleId\" is not allowed to be empty"),
            (json!({"action": CONTINUOUS, "moduleId": {}}), "\"moduleId\" must be a string"),
            (json!({"action": COMPLETE, "moduleId": "phone"}), "\"moduleId\" is not allowed"),
            (json!({"action": COMPLETE, "moduleId": null}), "\"moduleId\" is not allowed"),
            (json!({"action": COMPLETE}), "\"reviewerId\" is required"),
            (json!({"action": COMPLETE, "reviewerId": ""}), "\"reviewerId\" is not allowed to be empty"),
            (json!({"action": COMPLETE, "reviewerId": []}), "\"reviewerId\" must be a string"),
        ] {
            assert_eq!(state_reset(&body), Err(text.to_owned()), "{body}");
        }
    }

    #[test]
    fn a_continuous_reset_names_a_module_and_a_complete_one_none() {
        let module_id = "phone".to_owned();
        let reviewed = |body| state_reset(&body).unwrap().0;
        let continuous = json!({"action": CONTINUOUS, "moduleId": module_id, "reviewerId": "r", "more": 1});
        assert_eq!(reviewed(continuous), ResetAction::Continuous { module_id });
        assert_eq!(reviewed(json!({"action": COMPLETE, "reviewerId": "r"})), ResetAction::Complete);
    }
}
