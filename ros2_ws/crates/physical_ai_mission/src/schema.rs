//! The part of JSON Schema (draft 2020-12) that skills use: type, enum, properties, required,
//! additionalProperties, items, minItems, maxItems, minimum, maximum.

use serde_json::Value;

use crate::fleet::suggestion;

/// Appends everything that `value` violates; `path` names it in messages.
pub(crate) fn check(schema: &Value, value: &Value, path: &str, violations: &mut Vec<String>) {
    if let Some(kind) = schema.get("type").and_then(Value::as_str)
        && !has_type(value, kind)
    {
        violations.push(format!(
            "{path} is {}: must be of type {kind}",
            excerpt(value)
        ));
        return;
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
        && !allowed.contains(value)
    {
        let names: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
        let hint = value
            .as_str()
            .map_or_else(String::new, |v| suggestion(v, names.iter().copied()));
        violations.push(format!(
            "{path} is {}: must be one of {}{hint}",
            excerpt(value),
            names.join(", ")
        ));
    }
    check_number(schema, value, path, violations);
    if let Value::Array(items) = value {
        check_items(schema, items, path, violations);
    }
    if let Value::Object(fields) = value {
        check_fields(schema, fields, path, violations);
    }
}

fn has_type(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|v| v.fract() == 0.0)
        }
        "null" => value.is_null(),
        _ => true,
    }
}

fn excerpt(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 {
        text
    } else {
        text.chars().take(57).chain("...".chars()).collect()
    }
}

fn check_number(schema: &Value, value: &Value, path: &str, violations: &mut Vec<String>) {
    let Some(number) = value.as_f64() else { return };
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    if let Some(minimum) = bound("minimum").filter(|m| number < *m) {
        violations.push(format!("{path} is {number}: must be {minimum} or more"));
    }
    if let Some(maximum) = bound("maximum").filter(|m| number > *m) {
        violations.push(format!("{path} is {number}: must be {maximum} or less"));
    }
}

fn check_items(schema: &Value, items: &[Value], path: &str, violations: &mut Vec<String>) {
    let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
    let count = items.len() as u64;
    if let Some(least) = bound("minItems").filter(|m| count < *m) {
        violations.push(format!(
            "{path} has {count} items: {least} or more are needed"
        ));
    }
    if let Some(most) = bound("maxItems").filter(|m| count > *m) {
        violations.push(format!(
            "{path} has {count} items: at most {most} are allowed"
        ));
    }
    if let Some(item_schema) = schema.get("items") {
        for (i, item) in items.iter().enumerate() {
            check(item_schema, item, &format!("{path}[{i}]"), violations);
        }
    }
}

fn check_fields(
    schema: &Value,
    fields: &serde_json::Map<String, Value>,
    path: &str,
    violations: &mut Vec<String>,
) {
    let properties = schema.get("properties").and_then(Value::as_object);
    let required = schema.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            violations.push(format!("{path}.{name} is missing"));
        }
    }
    for (name, value) in fields {
        match properties.and_then(|p| p.get(name)) {
            Some(field_schema) => check(field_schema, value, &format!("{path}.{name}"), violations),
            None if schema.get("additionalProperties") == Some(&Value::Bool(false)) => {
                let known: Vec<&str> = properties
                    .into_iter()
                    .flatten()
                    .map(|(k, _)| k.as_str())
                    .collect();
                let hint = suggestion(name, known.iter().copied());
                violations.push(format!(
                    "{path}.{name} is not known: allowed are {}{hint}",
                    known.join(", ")
                ));
            }
            None => {}
        }
    }
}
