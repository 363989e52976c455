//! `docs/sandbox-config.md`, generated from the settings.

use std::fmt::Write;

use clap::{Args, Command};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::Config;

const HEAD: &str = "\
<!-- Made from sandbox/server/src/config/ by `npm run docs`. Change it there. -->

# The sandbox's settings

`handset-sandbox --config FILE` reads the settings from a TOML file. Every key is optional, an unknown key is an error, and
flags override the file.
";

/// The kind of a number.
pub(crate) const WHOLE_NUMBER: &str = "whole number";

/// Every setting of the file as Markdown: its meaning, its default, and the flag that overrides it.
pub fn config_reference() -> String {
    let schema = schema();
    let mut text = HEAD.to_owned();
    let properties = members(&schema);
    table(&mut text, "", properties.iter().filter(|(_, schema)| !is_table(schema)));
    for (name, schema) in properties.iter().filter(|(_, schema)| is_table(schema)) {
        // Writing to a string does not fail.
        let _ = write!(text, "\n## `[{name}]`\n\n{}\n", about(schema));
        table(&mut text, &format!("{name}."), members(schema).iter());
    }
    text
}

/// Adds the flags of the settings to a command, with the default in the help of each.
pub(crate) fn settings_flags(command: Command) -> Command {
    let schema = schema();
    Config::augment_args_for_update(command).mut_args(|flag| {
        let default = match at(&schema, flag.get_id().as_str()).and_then(|setting| setting.get("default")) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => return flag,
        };
        let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
        flag.help(format!("{help} [default: {default}]"))
    })
}

/// The JSON schema of the file.
pub(super) fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<Config>().to_value()
}

fn at<'a>(schema: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(schema, |schema, name| schema.get("properties")?.get(name))
}

/// The schema at a path, for example `otp.seconds`, of a setting or of a table of settings.
pub(crate) fn setting(path: &str) -> Option<Value> {
    at(&schema(), path).cloned()
}

/// The flag that overrides the setting at a path.
fn flag(path: &str) -> Option<String> {
    let command = Config::augment_args_for_update(Command::default());
    let flag = command.get_arguments().find(|flag| flag.get_id() == path)?.get_long()?;
    Some(format!("--{flag}"))
}

/// The setting at a path as an error names it, for example `'otp.seconds' (--otp-seconds)`.
pub(crate) fn title(path: &str) -> String {
    let flag = flag(path).map_or_else(String::new, |flag| format!(" ({flag})"));
    format!("'{path}'{flag}")
}

/// Whether the schema is a table of settings.
pub(crate) fn is_table(schema: &Value) -> bool {
    schema.get("properties").is_some()
}

/// Writes the settings of a table whose paths begin with `prefix`.
fn table<'a>(text: &mut String, prefix: &str, keys: impl Iterator<Item = (&'a String, &'a Value)>) {
    text.push_str("\n| key | value | default | flag | |\n|---|---|---|---|---|\n");
    for (name, schema) in keys {
        let default = match schema.get("default") {
            None | Some(Value::Null) => "–".to_owned(),
            // A number, a text or a truth value is written alike in JSON and in TOML.
            Some(value) => format!("`{value}`"),
        };
        let flag = flag(&format!("{prefix}{name}")).map_or("–".to_owned(), |flag| format!("`{flag}`"));
        let _ = writeln!(text, "| `{name}` | {} | {default} | {flag} | {} |", kind(schema), about(schema));
    }
}

/// The description of the schema, on one line.
fn about(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The type of a value, as Markdown.
pub(crate) fn kind(schema: &Value) -> String {
    if let Some(kind) = schema.get("kind").and_then(Value::as_str) {
        return kind.to_owned();
    }
    let alternatives = ["anyOf", "oneOf"].into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
    let kinds: Vec<_> = alternatives.filter(|one| one.get("type") != Some(&"null".into())).map(kind).collect();
    if !kinds.is_empty() {
        return kinds.join(" or ");
    }
    if let Some(value) = schema.get("const") {
        return format!("`{value}`");
    }
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().find_map(|kind| kind.as_str().filter(|kind| *kind != "null")),
        kind => kind.and_then(Value::as_str),
    };
    match kind {
        Some("integer") => WHOLE_NUMBER,
        Some("boolean") => "`true` or `false`",
        Some("string") => "a string",
        other => other.unwrap_or("–"),
    }
    .to_owned()
}

/// The members of a table.
pub(super) fn members(schema: &Value) -> &Map<String, Value> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    schema.get("properties").and_then(Value::as_object).unwrap_or(&NONE)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::Flags;

    #[test]
    fn the_committed_reference_is_what_the_code_says() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/sandbox-config.md");
        let committed = std::fs::read_to_string(file).unwrap();
        assert_eq!(committed, config_reference(), "run `npm run docs`");
    }

    #[test]
    fn every_flag_that_sets_something_is_in_the_reference_and_no_other() {
        let text = config_reference();
        let told: BTreeSet<_> = text.split('`').filter(|part| part.starts_with("--") && !part.contains(' ')).collect();
        let command = Flags::command();
        let flags: BTreeSet<_> =
            command.get_arguments().filter_map(|flag| flag.get_long()).map(|name| format!("--{name}")).collect();
        let settings: BTreeSet<_> = flags
            .iter()
            .map(String::as_str)
            .filter(|flag| !matches!(*flag, "--config" | "--config-reference" | "--port-file"))
            .collect();
        assert_eq!(told, settings);
    }
}
