//! The part of JSON Schema (draft 2020-12) that skills use: [`CHECKED`]. Any other keyword, but for those
//! that only tell people something, makes a schema one that cannot be checked: half a check would let
//! through what the worker means to forbid.

use serde_json::{Map, Value};

use crate::suggestion;

/// Keywords that are checked.
const CHECKED: [&str; 21] = [
    "type",
    "enum",
    "const",
    "properties",
    "required",
    "additionalProperties",
    "dependentRequired",
    "items",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
];
/// Keywords that forbid nothing.
const ANNOTATIONS: [&str; 11] = [
    "$schema",
    "$id",
    "$comment",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "format",
];
/// Types of values.
const TYPES: [&str; 7] = [
    "object", "array", "string", "boolean", "number", "integer", "null",
];
/// How far a number may be from a multiple, in multiples: decimal fractions have no exact binary form.
const MULTIPLE_TOLERANCE: f64 = 1e-9;

type Keywords = Map<String, Value>;

/// Why a schema cannot be checked: the first keyword, with its place, that is not understood.
pub fn objection(schema: &Value) -> Option<String> {
    objection_at(schema, "#")
}

fn objection_at(schema: &Value, at: &str) -> Option<String> {
    let keywords = match schema {
        Value::Object(keywords) => keywords,
        Value::Bool(_) => return None,
        other => {
            return Some(format!(
                "{at} is {}: a schema is an object or a boolean",
                excerpt(other)
            ));
        }
    };
    keywords.iter().find_map(|(keyword, value)| {
        let below = format!("{at}/{keyword}");
        let wrong = |allowed: &str| Some(format!("{below} is {}: {allowed}", excerpt(value)));
        match keyword.as_str() {
            "type" if !types(value).is_some_and(|t| t.iter().all(|t| TYPES.contains(t))) => {
                wrong(&format!("must be of {}", TYPES.join(", ")))
            }
            "properties" => match value.as_object() {
                None => wrong("must be an object"),
                Some(parts) => parts
                    .iter()
                    .find_map(|(name, part)| objection_at(part, &format!("{below}/{name}"))),
            },
            "allOf" | "anyOf" | "oneOf" => match value.as_array().filter(|a| !a.is_empty()) {
                None => wrong("must be a list of schemas"),
                Some(parts) => parts
                    .iter()
                    .enumerate()
                    .find_map(|(i, part)| objection_at(part, &format!("{below}/{i}"))),
            },
            "items" | "additionalProperties" | "not" => objection_at(value, &below),
            "required" if names(value).is_none() => wrong("must be a list of names"),
            "dependentRequired"
                if !value
                    .as_object()
                    .is_some_and(|d| d.values().all(|v| names(v).is_some())) =>
            {
                wrong("must be an object of lists of names")
            }
            "enum" if !value.is_array() => wrong("must be a list"),
            "minItems" | "maxItems" | "minLength" | "maxLength" if value.as_u64().is_none() => {
                wrong("must be a whole number, 0 or more")
            }
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum"
                if !value.is_number() =>
            {
                wrong("must be a number")
            }
            "multipleOf" if value.as_f64().is_none_or(|m| m <= 0.0) => {
                wrong("must be a number above 0")
            }
            known if CHECKED.contains(&known) || ANNOTATIONS.contains(&known) => None,
            _ => Some(format!(
                "{below} is not understood: known are {}",
                CHECKED.join(", ")
            )),
        }
    })
}

/// Appends everything that `value` violates; `path` names it in messages. Of a schema with an
/// [`objection`] only the part that is understood counts.
pub fn check(schema: &Value, value: &Value, path: &str, violations: &mut Vec<String>) {
    let known = violations.len();
    let Value::Object(keywords) = schema else {
        if *schema == Value::Bool(false) {
            violations.push(format!(
                "{path} is {}: must not be given here",
                excerpt(value)
            ));
        }
        return;
    };
    if let Some(kinds) = keywords.get("type").and_then(types)
        && !kinds.iter().any(|kind| has_type(value, kind))
    {
        violations.push(format!(
            "{path} is {}: must be of type {}",
            excerpt(value),
            kinds.join(" or ")
        ));
        return;
    }
    check_values(keywords, value, path, violations);
    check_number(keywords, value, path, violations);
    match value {
        Value::String(text) => check_text(keywords, text, path, violations),
        Value::Array(items) => check_items(keywords, items, path, violations),
        Value::Object(fields) => check_fields(keywords, fields, path, violations),
        _ => {}
    }
    let parts = keywords.get("allOf").and_then(Value::as_array);
    for part in parts.into_iter().flatten() {
        check(part, value, path, violations);
    }
    // Alternatives repeat what is wrong in any case: they count where all else is right.
    if violations.len() == known {
        check_alternatives(keywords, value, path, violations);
    }
}

fn types(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(kind) => Some(vec![kind]),
        _ => names(value),
    }
}

fn names(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
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

/// As people write it, but without hundreds of digits.
fn shown(number: f64) -> String {
    if number.abs() < 1e15 {
        number.to_string()
    } else {
        format!("{number:e}")
    }
}

/// Equal as JSON values: `1` and `1.0` are.
fn equal(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

fn check_values(keywords: &Keywords, value: &Value, path: &str, violations: &mut Vec<String>) {
    let listed = keywords.get("enum").and_then(Value::as_array);
    let only = keywords.get("const").map(std::slice::from_ref);
    for allowed in listed.map(Vec::as_slice).into_iter().chain(only) {
        if allowed.iter().any(|a| equal(a, value)) {
            continue;
        }
        let shown: Vec<String> = allowed
            .iter()
            .map(|a| a.as_str().map_or_else(|| excerpt(a), str::to_owned))
            .collect();
        let hint = value
            .as_str()
            .map_or_else(String::new, |v| suggestion(v, shown.iter().map(|s| &**s)));
        let shown = if shown.is_empty() {
            "nothing: there is none now".to_owned()
        } else {
            shown.join(", ")
        };
        violations.push(format!(
            "{path} is {}: must be one of {shown}{hint}",
            excerpt(value)
        ));
    }
}

fn check_number(keywords: &Keywords, value: &Value, path: &str, violations: &mut Vec<String>) {
    let Some(number) = value.as_f64() else { return };
    let mut check = |keyword: &str, fits: fn(f64, f64) -> bool, allowed: &dyn Fn(f64) -> String| {
        let bound = keywords.get(keyword).and_then(Value::as_f64);
        if let Some(bound) = bound.filter(|bound| !fits(number, *bound)) {
            violations.push(format!(
                "{path} is {}: must be {}",
                shown(number),
                allowed(bound)
            ));
        }
    };
    check("minimum", |n, b| n >= b, &|b| format!("{b} or more"));
    check("maximum", |n, b| n <= b, &|b| format!("{b} or less"));
    check("exclusiveMinimum", |n, b| n > b, &|b| {
        format!("more than {b}")
    });
    check("exclusiveMaximum", |n, b| n < b, &|b| {
        format!("less than {b}")
    });
    let is_multiple = |n: f64, b: f64| {
        let times = n / b;
        (times - times.round()).abs() <= MULTIPLE_TOLERANCE * times.abs().max(1.0)
    };
    check("multipleOf", is_multiple, &|b| format!("a multiple of {b}"));
}

fn check_text(keywords: &Keywords, text: &str, path: &str, violations: &mut Vec<String>) {
    let count = text.chars().count() as u64;
    check_count(
        keywords,
        ["minLength", "maxLength"],
        count,
        "characters",
        path,
        violations,
    );
}

fn check_count(
    keywords: &Keywords,
    [least, most]: [&str; 2],
    count: u64,
    of: &str,
    path: &str,
    violations: &mut Vec<String>,
) {
    let bound = |name: &str| keywords.get(name).and_then(Value::as_u64);
    if let Some(least) = bound(least).filter(|m| count < *m) {
        violations.push(format!(
            "{path} has {count} {of}: {least} or more are needed"
        ));
    }
    if let Some(most) = bound(most).filter(|m| count > *m) {
        violations.push(format!(
            "{path} has {count} {of}: at most {most} are allowed"
        ));
    }
}

fn check_items(keywords: &Keywords, items: &[Value], path: &str, violations: &mut Vec<String>) {
    let bounds = ["minItems", "maxItems"];
    check_count(
        keywords,
        bounds,
        items.len() as u64,
        "items",
        path,
        violations,
    );
    if let Some(item_schema) = keywords.get("items") {
        for (i, item) in items.iter().enumerate() {
            check(item_schema, item, &format!("{path}[{i}]"), violations);
        }
    }
}

fn check_fields(keywords: &Keywords, fields: &Keywords, path: &str, violations: &mut Vec<String>) {
    let required = keywords.get("required").and_then(names).unwrap_or_default();
    for name in required {
        if !fields.contains_key(name) {
            violations.push(format!("{path}.{name} is missing"));
        }
    }
    let dependent = keywords.get("dependentRequired").and_then(Value::as_object);
    for (name, needed) in dependent.into_iter().flatten() {
        for needed in names(needed).unwrap_or_default() {
            if fields.contains_key(name) && !fields.contains_key(needed) {
                violations.push(format!("{path}.{needed} is missing: {name} needs it"));
            }
        }
    }
    let properties = keywords.get("properties").and_then(Value::as_object);
    for (name, value) in fields {
        let below = format!("{path}.{name}");
        let other = keywords.get("additionalProperties");
        match (properties.and_then(|p| p.get(name)), other) {
            (Some(schema), _) => check(schema, value, &below, violations),
            (None, Some(Value::Bool(false))) => {
                let known: Vec<&str> = properties
                    .into_iter()
                    .flatten()
                    .map(|(k, _)| k.as_str())
                    .collect();
                let hint = suggestion(name, known.iter().copied());
                violations.push(format!(
                    "{below} is not known: allowed are {}{hint}",
                    known.join(", ")
                ));
            }
            (None, Some(schema)) => check(schema, value, &below, violations),
            (None, None) => {}
        }
    }
}

fn check_alternatives(
    keywords: &Keywords,
    value: &Value,
    path: &str,
    violations: &mut Vec<String>,
) {
    // What is wrong with a branch stands behind the path already.
    let short = path.rsplit(": ").next().unwrap_or(path);
    for (name, is_exclusive) in [("anyOf", false), ("oneOf", true)] {
        let Some(branches) = keywords.get(name).and_then(Value::as_array) else {
            continue;
        };
        let problems: Vec<Vec<String>> = branches
            .iter()
            .map(|branch| {
                let mut problems = Vec::new();
                check(branch, value, short, &mut problems);
                problems
            })
            .collect();
        let fitting = problems.iter().filter(|p| p.is_empty()).count();
        if fitting == 0 {
            let problems: Vec<String> = problems.iter().map(|p| p.join(", ")).collect();
            violations.push(format!(
                "{path} is {}: fits none of its alternatives: {}",
                excerpt(value),
                problems.join("; or ")
            ));
        } else if is_exclusive && fitting > 1 {
            let fitting = branches.iter().zip(&problems);
            let fitting: Vec<String> = fitting
                .filter(|(_, problems)| problems.is_empty())
                .map(|(branch, _)| described(branch))
                .collect();
            violations.push(format!(
                "{path} is {}: {} exclude each other: give one of them",
                excerpt(value),
                fitting.join(" and ")
            ));
        }
    }
    if let Some(forbidden) = keywords.get("not") {
        let mut problems = Vec::new();
        check(forbidden, value, path, &mut problems);
        if problems.is_empty() {
            violations.push(format!(
                "{path} is {}: {} must not be given",
                excerpt(value),
                described(forbidden)
            ));
        }
    }
}

/// A branch as people tell it from others: by what it needs.
fn described(branch: &Value) -> String {
    match branch.get("required").and_then(names) {
        Some(names) if !names.is_empty() => names.join(" with "),
        _ => excerpt(branch),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(schema: &Value, value: &Value) -> Vec<String> {
        assert_eq!(objection(schema), None);
        let mut violations = Vec::new();
        check(schema, value, "task a: params", &mut violations);
        violations
    }

    /// A place, or a point with or without a direction: said in three ways.
    fn goals() -> [Value; 3] {
        let properties = json!({
            "place": {"type": "string", "enum": ["dock_a", "dock_b"]},
            "x": {"type": "number", "minimum": -100, "maximum": 100},
            "y": {"type": "number", "minimum": -100, "maximum": 100},
            "yaw": {"type": "number"},
        });
        [
            json!({"type": "object", "properties": properties, "additionalProperties": false,
            "oneOf": [
                {"required": ["place"], "properties": {"x": false, "y": false, "yaw": false}},
                {"required": ["x", "y"], "properties": {"place": false}},
            ]}),
            json!({"type": "object", "properties": properties, "additionalProperties": false,
                "oneOf": [{"required": ["place"]}, {"required": ["x"]}],
                "dependentRequired": {"x": ["y"], "y": ["x"], "yaw": ["x"]}}),
            json!({"type": "object", "properties": properties, "oneOf": [
                {"type": "object", "properties": {"place": properties["place"]}, "required": ["place"],
                 "additionalProperties": false},
                {"type": "object", "properties": {"x": properties["x"], "y": properties["y"],
                 "yaw": properties["yaw"]}, "required": ["x", "y"], "additionalProperties": false},
            ]}),
        ]
    }

    #[test]
    fn parameters_that_contradict_each_other_are_refused() {
        for schema in goals() {
            for good in [
                json!({"place": "dock_a"}),
                json!({"x": 1, "y": 2}),
                json!({"x": 1, "y": 2, "yaw": 0.5}),
            ] {
                assert_eq!(found(&schema, &good), Vec::<String>::new(), "{good}");
            }
            for (bad, expected) in [
                (json!({"place": "dock_a", "x": 1}), "x"),
                (json!({"place": "dock_a", "x": 1, "y": 2}), "place"),
                (json!({"x": 1}), "y is missing"),
                (json!({"yaw": 1}), "x is missing"),
                (json!({}), "place is missing"),
                (
                    json!({"x": 1e308, "y": 1}),
                    "x is 1e308: must be 100 or less",
                ),
            ] {
                let found = found(&schema, &bad);
                assert!(!found.is_empty(), "{bad} {schema}");
                let text = found.join("; ");
                assert!(text.contains(expected), "{bad}: {text}");
                assert!(text.starts_with("task a: params"), "{text}");
            }
        }
        let [branches, dependent, _] = goals();
        let both = json!({"place": "dock_a", "x": 1});
        assert_eq!(
            found(&branches, &both),
            [
                "task a: params is {\"place\":\"dock_a\",\"x\":1}: fits none of its alternatives: \
                 params.x is 1: must not be given here; or params.y is missing, \
                 params.place is \"dock_a\": must not be given here"
            ]
        );
        assert_eq!(
            found(&dependent, &both),
            ["task a: params.y is missing: x needs it"]
        );
        let both = json!({"place": "dock_a", "x": 1, "y": 2});
        assert_eq!(
            found(&dependent, &both),
            [
                "task a: params is {\"place\":\"dock_a\",\"x\":1,\"y\":2}: place and x exclude each other: \
              give one of them"
            ]
        );
    }

    #[test]
    fn every_keyword_refuses_what_it_forbids() {
        let check = |schema: Value, good: Value, bad: Value, expected: &str| {
            assert_eq!(found(&schema, &good), Vec::<String>::new(), "{schema}");
            let found = found(&schema, &bad).join("; ");
            assert!(
                found.contains(expected) && !expected.is_empty(),
                "{schema}: {found}"
            );
        };
        let kinds = json!({"type": ["number", "null"]});
        check(kinds, json!(null), json!("x"), "of type number or null");
        check(
            json!({"const": 1}),
            json!(1.0),
            json!(2),
            "must be one of 1",
        );
        let few = json!({"enum": [1, "two"]});
        check(
            few,
            json!("two"),
            json!("twoo"),
            "1, two; did you mean two?",
        );
        let at_least = json!({"minimum": 0});
        check(
            at_least,
            json!(0),
            json!(-0.1),
            "is -0.1: must be 0 or more",
        );
        let above = json!({"exclusiveMinimum": 0});
        check(above, json!(0.1), json!(0), "must be more than 0");
        let below = json!({"exclusiveMaximum": 1});
        check(below, json!(0), json!(1), "must be less than 1");
        let steps = json!({"multipleOf": 0.1});
        check(steps, json!(0.3), json!(0.35), "must be a multiple of 0.1");
        let short = json!({"minLength": 1, "maxLength": 2});
        check(
            short.clone(),
            json!("두개"),
            json!(""),
            "1 or more are needed",
        );
        check(short, json!("ab"), json!("abc"), "at most 2");
        let open = json!({"additionalProperties": {"type": "number"}});
        check(open, json!({"a": 1}), json!({"a": "b"}), "params.a is");
        let both = json!({"allOf": [{"minimum": 1}, {"maximum": 2}]});
        check(both, json!(1), json!(3), "must be 2 or less");
        let either = json!({"anyOf": [{"maximum": 1}, {"minimum": 3}]});
        check(
            either,
            json!(1),
            json!(2),
            "must be 1 or less; or params is 2: must be 3",
        );
        let never = json!({"not": {"required": ["x", "place"]}});
        let pair = json!({"x": 1, "place": "p"});
        check(
            never,
            json!({"x": 1}),
            pair,
            "x with place must not be given",
        );
    }

    #[test]
    fn schemas_that_are_not_understood_are_named() {
        let check = |schema: Value, expected: &str| {
            let found = objection(&schema).unwrap_or_default();
            assert!(found.starts_with(expected), "{schema}: {found}");
        };
        check(
            json!({"properties": {"name": {"pattern": "^a"}}}),
            "#/properties/name/pattern is not understood: known are type",
        );
        check(
            json!({"oneOf": [{"if": {}}]}),
            "#/oneOf/0/if is not understood",
        );
        check(json!({"$ref": "#"}), "#/$ref is not understood");
        check(
            json!({"type": "int"}),
            "#/type is \"int\": must be of object",
        );
        check(json!({"oneOf": []}), "#/oneOf is []: must be a list");
        check(json!({"minimum": "1"}), "#/minimum is \"1\"");
        check(json!({"required": "x"}), "#/required is \"x\"");
        check(
            json!({"dependentRequired": {"x": "y"}}),
            "#/dependentRequired is",
        );
        check(json!({"items": 3}), "#/items is 3: a schema is");
        check(json!({"multipleOf": 0}), "#/multipleOf is 0");
        let plain = json!({"title": "t", "description": "d", "default": 1, "format": "uri"});
        assert_eq!(objection(&plain), None);
    }
}
