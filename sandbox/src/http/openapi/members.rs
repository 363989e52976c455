//! What texts and numbers have to look like, by the name of the member. Types alone do not say it: a refusal that names
//! the member wants to read it first.

use handset_protocol::limits;
use serde_json::{Map, Value, json};

use crate::core::Credential;

/// Adds to a schema of `components` what its members have to be.
pub(super) fn describe(name: &str, schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else { return };
    for (member, of_member) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        add(of_member, shape(member));
    }
    add_to(schema, rule(name));
}

/// The same for the query and the path.
pub(super) fn describe_parameters(operation: &mut Value) {
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(schema) = parameter.get_mut("schema") {
            add(schema, shape(&name));
        }
    }
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
const PHONE: &str = r"^((\+?1)?[0-9]{10}|\+[2-9][0-9]{6,14})$";
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
        "phoneNumber" | "mobileNumber" => json!({"pattern": PHONE, "examples": ["2001004009", "+447968900002"]}),
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
