use serde_json::{Map, Value, json};

/// Keywords under which schemas stand by names of the caller's choice.
const NAMED: [&str; 4] = ["properties", "patternProperties", "$defs", "definitions"];
/// Keywords under which values stand that are not schemas.
const VALUES: [&str; 4] = ["enum", "const", "default", "examples"];

/// Splits ranges of integers at zero.
///
/// What the library makes of a range around zero also allows `-0`, which is zero to JSON Schema but a
/// floating-point number to many readers of JSON, serde's among them.
pub(super) fn split_at_zero(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                match value {
                    Value::Object(schemas) if NAMED.contains(&name.as_str()) => {
                        schemas.values_mut().for_each(split_at_zero);
                    }
                    _ if VALUES.contains(&name.as_str()) => {}
                    _ => split_at_zero(value),
                }
            }
            if allows_negative_zero(fields) {
                let halves = json!({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "integer", "maximum": -1}]});
                // What is no list is no schema; the library says so.
                if let Value::Array(all) = fields.entry("allOf").or_insert_with(|| json!([])) {
                    all.push(halves);
                }
            }
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(split_at_zero),
        _ => {}
    }
}

fn allows_negative_zero(fields: &Map<String, Value>) -> bool {
    let bound = |name| fields.get(name).and_then(Value::as_f64);
    let low = bound("minimum").or(bound("exclusiveMinimum"));
    let high = bound("maximum").or(bound("exclusiveMaximum"));
    fields.get("type").and_then(Value::as_str) == Some("integer")
        && !fields.contains_key("enum")
        && !fields.contains_key("const")
        && low.is_none_or(|low| low < 0.0)
        && high.is_none_or(|high| high >= 0.0)
}
