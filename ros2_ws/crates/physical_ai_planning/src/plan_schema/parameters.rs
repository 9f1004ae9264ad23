use serde_json::{Map, Value, json};

use super::alternatives::{by_presence, spelled_out};

/// Bound of numbers that have none: metres, radians and seconds of robots are far smaller.
const MAX_NUMBER: f64 = 1e6;
/// Steps of numbers that have none, coarsest first: a thousandth of a metre, radian or second unless
/// the range is so narrow that finer ones matter.
const STEPS: [f64; 4] = [1e-3, 1e-4, 1e-5, 1e-6];
/// Steps that a range has at least.
const MIN_STEPS: f64 = 100.0;
/// Most items of an array without bound.
const MAX_ITEMS: u64 = 64;
/// Longest text without bound, characters.
const MAX_CHARS: usize = 200;
/// Deepest nesting.
const MAX_DEPTH: usize = 16;
/// Keywords under which the schema of a part stands.
const PARTS: [&str; 2] = ["items", "additionalProperties"];
/// Keywords under which a list of schemas stands.
const LISTS: [&str; 4] = ["anyOf", "oneOf", "allOf", "prefixItems"];

/// A text of printable characters, which JSON and YAML read alike.
pub(super) fn text(min_chars: usize, max_chars: usize) -> Value {
    let printable = r"[ -~\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]";
    json!({"type": "string", "pattern": format!("^{printable}{{{min_chars},{max_chars}}}$")})
}

/// The schema of a skill's `params` as a closed object, or a choice of such, whose instances are finite.
///
/// # Errors
/// Says what is not supported.
pub(super) fn bounded(schema: &Value) -> Result<Value, String> {
    let Value::Object(mut fields) = by_presence(schema) else {
        return Err(format!("the schema is {schema}: must be an object"));
    };
    let kind = fields.entry("type").or_insert_with(|| json!("object"));
    if kind != "object" {
        return Err(format!("type is {kind}: must be \"object\""));
    }
    bound(&mut fields, 0)?;
    Ok(Value::Object(fields))
}

fn bound(fields: &mut Map<String, Value>, depth: usize) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err(format!("is nested deeper than {MAX_DEPTH}"));
    }
    if let Some(reference) = fields.get("$ref") {
        return Err(format!("$ref {reference} is not supported"));
    }
    // They say what is meant and forbid nothing: who writes under the schema need not know them.
    for annotation in ["role", "takes", "releases", "returns", "verbs"] {
        fields.shift_remove(annotation);
    }
    // Engines take fields that may be left out for none at all here; a plan with too few is refused when it is validated.
    if fields.contains_key("properties") {
        fields.shift_remove("minProperties");
    }
    if let Some(spelled) = spelled_out(fields)? {
        *fields = spelled;
    }
    if !fields.contains_key("enum") && !fields.contains_key("const") {
        let kind = fields
            .get("type")
            .and_then(Value::as_str)
            .map(str::to_owned);
        bound_kind(fields, kind.as_deref());
    }
    for name in ["properties", "patternProperties"] {
        if let Some(Value::Object(properties)) = fields.get_mut(name) {
            properties
                .values_mut()
                .try_for_each(|schema| bound_value(schema, depth))?;
        }
    }
    for name in PARTS {
        if let Some(schema) = fields.get_mut(name) {
            bound_value(schema, depth)?;
        }
    }
    for name in LISTS {
        if let Some(Value::Array(schemas)) = fields.get_mut(name) {
            schemas
                .iter_mut()
                .try_for_each(|schema| bound_value(schema, depth))?;
        }
    }
    Ok(())
}

fn bound_value(schema: &mut Value, depth: usize) -> Result<(), String> {
    match schema {
        Value::Object(fields) => bound(fields, depth + 1),
        _ => Ok(()),
    }
}

fn bound_kind(fields: &mut Map<String, Value>, kind: Option<&str>) {
    let has = |fields: &Map<String, Value>, names: &[&str]| {
        names.iter().any(|name| fields.contains_key(*name))
    };
    match kind {
        Some("object") => {
            fields
                .entry("additionalProperties")
                .or_insert(Value::Bool(false));
        }
        Some("number" | "integer") => {
            if !has(fields, &["minimum", "exclusiveMinimum"]) {
                fields.insert("minimum".to_owned(), json!(-MAX_NUMBER));
            }
            if !has(fields, &["maximum", "exclusiveMaximum"]) {
                fields.insert("maximum".to_owned(), json!(MAX_NUMBER));
            }
            // Without a step digits could go on for ever.
            if kind == Some("number")
                && !has(fields, &["multipleOf"])
                && let Some(step) = step(fields)
            {
                fields.insert("multipleOf".to_owned(), json!(step));
            }
        }
        Some("array") if !has(fields, &["maxItems"]) => {
            let least = fields.get("minItems").and_then(Value::as_u64).unwrap_or(0);
            fields.insert("maxItems".to_owned(), json!(least.max(MAX_ITEMS)));
        }
        Some("string") if !has(fields, &["pattern", "format"]) => {
            let bound = |name| fields.get(name).and_then(Value::as_u64);
            let least = bound("minLength").unwrap_or(0) as usize;
            let most = bound("maxLength").map_or(least.max(MAX_CHARS), |m| m as usize);
            if let (true, Value::Object(text)) = (least <= most, text(least, most)) {
                fields.remove("minLength");
                fields.remove("maxLength");
                fields.extend(text);
            }
        }
        _ => {}
    }
}

/// None if the range is too narrow for any step.
fn step(fields: &Map<String, Value>) -> Option<f64> {
    let bound = |names: [&str; 2]| names.iter().find_map(|n| fields.get(*n)?.as_f64());
    let low = bound(["minimum", "exclusiveMinimum"])?;
    let high = bound(["maximum", "exclusiveMaximum"])?;
    STEPS
        .into_iter()
        .find(|step| high - low >= MIN_STEPS * step)
}
