//! What texts and numbers have to look like, by the name of the member. Types alone do not say it: a refusal that names
//! the member wants to read it first.

use handset_protocol::limits;
use serde_json::{Map, Value, json};

use handset_sandbox_domain::Credential;

/// Adds to a schema of `components` what its members have to be.
pub(crate) fn describe(name: &str, schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else { return };
    let is_request = name.ends_with("Request");
    for (member, of_member) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        add(of_member, shape(member));
        if is_request && PHONES.contains(&member.as_str()) {
            as_typed(of_member);
        }
    }
    add_to(schema, rule(name));
}

/// The same for the query and the path.
pub(crate) fn describe_parameters(operation: &mut Value) {
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(schema) = parameter.get_mut("schema") {
            add(schema, shape(&name));
            if PHONES.contains(&name.as_str()) {
                as_typed(schema);
            }
        }
    }
}

/// Makes a phone number one that comes in: people's ways to write it are taken, too.
fn as_typed(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else { return };
    let told = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let told = format!("{told} {PHONE_TYPED_IS}").trim_start().to_owned();
    schema.insert("description".to_owned(), told.into());
    schema.insert("pattern".to_owned(), phone_typed().into());
    schema
        .insert("examples".to_owned(), json!(["2001004009", "+447968900002", "(200) 100-4009", "+44 (0)7968 900002"]));
}

fn add(schema: &mut Value, more: Value) {
    if let Some(schema) = schema.as_object_mut() {
        add_to(schema, more);
    }
}

fn add_to(schema: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        schema.extend(more);
    }
}

const CORRELATION_ID: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
/// Members and parameters that are phone numbers.
const PHONES: [&str; 2] = ["phoneNumber", "mobileNumber"];
/// As replies have it.
const PHONE: &str = r"^((\+?1)?[0-9]{10}|\+[2-9][0-9]{6,14})$";
const PHONE_TYPED_IS: &str = "Ten digits for the US and Canada, else `+` or `00` and the country code. It may be written as \
    people write it: blanks, dashes, stops, parentheses and slashes between digits, `(0)` behind the country code, and \
    `tel:` in front are left out, and digits of any script taken. The pattern holds the most common ways; replies have \
    the number without what stands between its digits.";

/// What is taken of ASCII, but for slashes, and parentheses in other places.
fn phone_typed() -> String {
    let next = "[-. ]?[0-9]";
    // Without 00 at its beginning, which is another way to write +.
    let american = format!(r"(\((0[1-9]|[1-9][0-9])[0-9]\)|(0[-. ]?[1-9]|[1-9]{next}){next})({next}){{7}}");
    let abroad = format!(r"[2-9](({next}){{6,14}}|[0-9]{{0,2}} ?\(0\)({next}){{6,12}})");
    format!(r"^(tel:)?(((\+|00)?1[-. ]?)?{american}|(\+|00){abroad})$")
}

/// A host by name, whose last part is no number, or an IPv4 address; a port; plain characters.
const TARGET: &str = concat!(
    "^https?://(",
    "([A-Za-z0-9_]([-A-Za-z0-9_]*[A-Za-z0-9_])?\\.)*[A-Za-z_]([-A-Za-z0-9_]*[A-Za-z0-9_])?",
    "|((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\\.){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])",
    ")(:([1-5]?[0-9]{1,4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?",
    "([/?][-A-Za-z0-9._+=/:?]*)?$",
);
const DOB: &str = concat!(
    "^(([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?",
    "|(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))$",
);

/// What a member of that name has to be; null: any of its type.
fn shape(member: &str) -> Value {
    match member {
        "grant_type" => json!({"const": "client_credentials"}),
        "client_id" => json!({"enum": Credential::all().map(|credential| credential.client_id)}),
        "client_secret" => json!({"const": Credential::SECRET}),
        "token_type" => json!({"const": "Bearer"}),
        "correlationId" => json!({"pattern": CORRELATION_ID, "examples": ["5a1f3c9e-7b42-4d0a-9c11-0f6be2d7a384"]}),
        "flowType" => json!({"enum": ["desktop", "mobile"]}),
        "possessionType" => json!({"enum": ["desktop", "mobile", "none"]}),
        "verificationType" => json!({"enum": [
            "verifiedUser", "accountOpening", "humanAssurance", "prefill", "prefillForBiz", "identityResolution",
        ]}),
        member if PHONES.contains(&member) => json!({"pattern": PHONE, "examples": ["2001004009", "+447968900002"]}),
        "finalTargetUrl" => json!({
            "format": "uri",
            "maxLength": limits::FINAL_TARGET_URL_CHARS,
            "pattern": TARGET,
            "examples": ["http://localhost:8787/linked.html"],
        }),
        "ssn" => json!({"pattern": "^([0-9]{4}|[0-9]{9})$", "examples": ["565252770", "2770"]}),
        "dob" => json!({"pattern": DOB, "examples": ["1994-09-02", "1994-09", "09-02"]}),
        "emailAddress" => json!({
            "format": "email", "maxLength": 254, "pattern": r"^[^@\s]+@[^@\s]+$", "examples": ["bharperd@superstars.com"],
        }),
        "ipAddress" => json!({"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}], "examples": ["192.0.2.1"]}),
        "smsMessage" => json!({
            "maxLength": limits::SMS_MESSAGE_CHARS, "pattern": "^[^#]*#{4,6}[^#]*$", "examples": ["Your code is ####."],
        }),
        "firstName" => json!({"pattern": r"\S", "examples": ["Benny"]}),
        "lastName" => json!({"pattern": r"\S", "examples": ["Harper"]}),
        "deviceId" => json!({"minLength": 1}),
        "items" | "identities" => json!({"minItems": 1, "maxItems": 100}),
        "limit" => json!({"minimum": 1, "maximum": 1000, "default": 100}),
        "allowOTPRetry" | "rebind" | "checkReputation" | "showInactive" => json!({"default": false}),
        "nameScore" | "addressScore" => json!({"minimum": 0, "maximum": 100}),
        "streetNumber" => json!({"enum": [0, 100]}),
        _ => Value::Null,
    }
}

/// What holds between the members of a schema; null: nothing.
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
                    "properties": {"verificationType": {
                        "enum": ["humanAssurance", "prefill", "prefillForBiz", "identityResolution"],
                    }},
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
    use proptest::prelude::*;
    use proptest::string::string_regex;
    use regex::Regex;

    use super::*;
    use handset_sandbox_domain::Phone;

    #[test]
    fn the_common_ways_to_write_a_number_are_documented_for_requests_alone() {
        let [canonical, typed] = [PHONE.to_owned(), phone_typed()].map(|pattern| Regex::new(&pattern).unwrap());
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

    #[test]
    fn a_number_is_told_as_typed_where_it_comes_in() {
        let described = |name: &str| {
            let mut schema = json!({"properties": {"phoneNumber": {"type": "string"}}});
            describe(name, &mut schema);
            schema.pointer("/properties/phoneNumber/pattern").cloned()
        };
        assert_eq!(described("StartRequest"), Some(phone_typed().into()));
        assert_eq!(described("IdentityReply"), Some(PHONE.into()));
        let mut operation = json!({"parameters": [{"name": "mobileNumber", "schema": {"type": "string"}}]});
        describe_parameters(&mut operation);
        assert_eq!(operation.pointer("/parameters/0/schema/pattern"), Some(&phone_typed().into()));
    }

    proptest! {
        #[test]
        fn what_is_documented_is_taken_and_repeated_as_documented(
            number in string_regex(phone_typed().trim_matches(['^', '$'])).unwrap(),
        ) {
            let phone = Phone::parse(&number.as_str().into());
            let given = phone.map(|phone| phone.given().expose().to_owned());
            prop_assert!(given.is_some_and(|given| Regex::new(PHONE).unwrap().is_match(&given)), "{}", number);
        }
    }
}
