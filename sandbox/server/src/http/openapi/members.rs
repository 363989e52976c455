//! What the protocol's types cannot say of their schemas: the sandbox's credentials, a phone number in a path, and rules
//! between the members of one message. The rules of a single member are not in here: they stand at the member.

use handset_protocol::server::Verification;
use handset_protocol::server::schemas::TypedPhoneNumberSchema;
use serde_json::{Value, json};
use utoipa::PartialSchema;

use handset_sandbox_domain::Credential;

/// Adds to a schema of `components`.
pub(crate) fn describe(name: &str, schema: &mut Value) {
    if name == "TokenRequest" {
        // The protocol does not know which credentials the sandbox has.
        let ids = Credential::all().map(|credential| credential.client_id);
        extend(schema.pointer_mut("/properties/client_id"), json!({"enum": ids}));
        extend(schema.pointer_mut("/properties/client_secret"), json!({"const": Credential::SECRET}));
    }
    extend(Some(schema), rule(name));
}

/// Adds the schema of a phone number in a request to that in a path, which its handler declares as a text.
pub(crate) fn describe_parameters(operation: &mut Value) {
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        if parameter.get("name").and_then(Value::as_str) == Some("mobileNumber") {
            extend(
                parameter.get_mut("schema"),
                serde_json::to_value(TypedPhoneNumberSchema::schema()).unwrap_or_default(),
            );
        }
    }
}

fn extend(schema: Option<&mut Value>, more: Value) {
    if let (Some(Value::Object(schema)), Value::Object(more)) = (schema, more) {
        schema.extend(more);
    }
}

/// The rule between the members of a schema; null when there is none. utoipa derives no `anyOf` beside members.
fn rule(name: &str) -> Value {
    match name {
        "StartRequest" => json!({
            "anyOf": [{"properties": {"flowType": {"const": "mobile"}}}, {"required": ["finalTargetUrl"]}],
        }),
        "UnifyRequest" => json!({
            "anyOf": [
                {"properties": {"possessionType": {"enum": ["mobile", "none"]}}},
                {"required": ["finalTargetUrl"]},
            ],
        }),
        "VerifyRequest" => json!({
            "anyOf": [
                {
                    "title": "First generation",
                    "properties": {"possessionType": {"enum": ["mobile", "none"]}},
                    "required": ["possessionType", "firstName", "lastName"],
                },
                {
                    "title": "First generation, desktop",
                    "required": ["possessionType", "firstName", "lastName", "finalTargetUrl"],
                },
                {"title": "Second generation", "required": ["verificationType", "firstName", "lastName"]},
                {
                    "title": "Second generation, without names",
                    "properties": {"verificationType": {"enum": [
                        Verification::HumanAssurance.as_str(),
                        Verification::Prefill.as_str(),
                        Verification::PrefillForBiz.as_str(),
                        Verification::IdentityResolution.as_str(),
                    ]}},
                    "required": ["verificationType"],
                },
            ],
        }),
        "BatchEnrollRequest" => json!({"anyOf": [{"required": ["items"]}, {"required": ["identities"]}]}),
        "Individual" => json!({"anyOf": [{"required": ["firstName", "lastName"]}, {"required": ["ssn"]}]}),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use handset_protocol::server::schemas::{PHONE_NUMBER_PATTERN, typed_phone_number_pattern};
    use handset_sandbox_domain::Phone;
    use proptest::prelude::*;
    use proptest::string::string_regex;
    use regex::Regex;

    #[test]
    fn the_common_ways_to_write_a_number_are_documented_for_requests_alone() {
        let [canonical, typed] = [PHONE_NUMBER_PATTERN.to_owned(), typed_phone_number_pattern()]
            .map(|pattern| Regex::new(&pattern).unwrap());
        for (number, in_replies) in [
            ("2001004009", true),
            ("12001004009", true),
            ("+12001004009", true),
            ("+447968900002", true),
            ("(200) 100-4009", false),
            ("+1 (200) 100-4009", false),
            ("200.100.4009", false),
            ("+44 7968 900002", false),
            ("+44 (0)7968 900002", false),
            ("00447968900002", false),
            ("001 200 100 4009", false),
            ("tel:+1-200-100-4009", false),
        ] {
            assert!(typed.is_match(number), "{number}");
            assert_eq!(canonical.is_match(number), in_replies, "{number}");
        }
        for number in ["", "447968900002", "0012345678", "(001)2345678", "+1447968900002", "200 100 400", "number"] {
            assert!(!typed.is_match(number), "{number}");
        }
    }

    proptest! {
        #[test]
        fn what_is_documented_is_taken_and_repeated_as_documented(
            number in string_regex(typed_phone_number_pattern().trim_matches(['^', '$'])).unwrap(),
        ) {
            let phone = Phone::parse(&number.as_str().into());
            let given = phone.map(|phone| phone.given().expose().to_owned());
            prop_assert!(given.is_some_and(|given| Regex::new(PHONE_NUMBER_PATTERN).unwrap().is_match(&given)), "{}", number);
        }
    }
}
