//! What a value violates, in words of people: field, value and what is allowed.
//!
//! JSON Schema is the library's; what it finds is told here. A schema that it would not honour is refused by
//! [`objection`], not half checked: that would let through what its author means to forbid.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator, draft202012};
use serde_json::{Map, Value};

use crate::suggestion;

/// Keywords that are honoured, by the check and by what is generated under a schema.
const HONOURED: [&str; 24] = [
    "type",
    "enum",
    "const",
    "properties",
    "required",
    "additionalProperties",
    "dependentRequired",
    "minProperties",
    "maxProperties",
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
    "pattern",
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
/// Compiled schemas that are remembered: fleets offer the same few for long.
const REMEMBERED: usize = 256;

type Keywords = Map<String, Value>;

thread_local! {
    static COMPILED: RefCell<HashMap<String, Rc<Result<Validator, String>>>> = RefCell::default();
}

/// Why a schema cannot be honoured: the first keyword, with its place, that is not understood or holds what it may
/// not. Keywords of `annotations` forbid nothing beside the usual ones.
pub fn objection(schema: &Value, annotations: &[&str]) -> Option<String> {
    let is_schema = |v: &Value| v.is_object() || v.is_boolean();
    if !is_schema(schema) {
        let what = excerpt(schema);
        return Some(format!("# is {what}: a schema is an object or a boolean"));
    }
    not_honoured(schema, "#", annotations).or_else(|| compiled(schema).as_ref().clone().err())
}

/// The first keyword that is not understood.
fn not_honoured(schema: &Value, at: &str, annotations: &[&str]) -> Option<String> {
    schema.as_object()?.iter().find_map(|(keyword, value)| {
        let below = format!("{at}/{keyword}");
        let part = |(name, part): (String, &Value)| {
            not_honoured(part, &format!("{below}/{name}"), annotations)
        };
        match keyword.as_str() {
            "properties" => {
                let mut parts = value.as_object()?.iter();
                parts.find_map(|(name, schema)| part((name.clone(), schema)))
            }
            "allOf" | "anyOf" | "oneOf" => {
                let mut parts = value.as_array()?.iter().enumerate();
                parts.find_map(|(i, schema)| part((i.to_string(), schema)))
            }
            "items" | "additionalProperties" | "not" => not_honoured(value, &below, annotations),
            known if HONOURED.contains(&known) || ANNOTATIONS.contains(&known) => None,
            known if annotations.contains(&known) => None,
            _ => Some(format!(
                "{below} is not understood: known are {}",
                HONOURED.join(", ")
            )),
        }
    })
}

/// The schema, compiled, or why it is none.
fn compiled(schema: &Value) -> Rc<Result<Validator, String>> {
    let text = schema.to_string();
    COMPILED.with_borrow_mut(|known| {
        if let Some(compiled) = known.get(&text) {
            return compiled.clone();
        }
        if known.len() >= REMEMBERED {
            known.clear();
        }
        let made = draft202012::meta::validate(schema)
            .map_err(|error| of_meta_schema(&error))
            .and_then(|()| {
                let options = draft202012::options().should_validate_formats(false);
                let named = |error: ValidationError| format!("# cannot be compiled: {error}");
                options.build(schema).map_err(named)
            });
        let made = Rc::new(made);
        known.insert(text, made.clone());
        made
    })
}

/// What is wrong with a schema as such.
fn of_meta_schema(error: &ValidationError) -> String {
    let at = format!("#{}", error.instance_path().as_str());
    let what = excerpt(error.instance());
    format!("{at} is {what}: {error}")
}

/// Appends everything that `value` violates; `path` names it in messages. Under a schema with an [`objection`]
/// nothing is right.
pub fn check(schema: &Value, value: &Value, path: &str, violations: &mut Vec<String>) {
    match compiled(schema).as_ref() {
        Ok(validator) => {
            let errors: Vec<_> = validator.iter_errors(value).collect();
            Telling { schema, value }.all(&errors, path, violations);
        }
        Err(problem) => violations.push(format!("{path} cannot be checked: {problem}")),
    }
}

/// Tells errors by what stands where they are.
struct Telling<'a> {
    schema: &'a Value,
    value: &'a Value,
}

impl Telling<'_> {
    /// Of several errors, those that say most.
    fn all(&self, errors: &[ValidationError], path: &str, violations: &mut Vec<String>) {
        let is_alternative = |e: &ValidationError| {
            use ValidationErrorKind as K;
            matches!(
                e.kind(),
                K::AnyOf { .. }
                    | K::OneOfNotValid { .. }
                    | K::OneOfMultipleValid { .. }
                    | K::Not { .. }
            )
        };
        let is_type = |e: &ValidationError| matches!(e.kind(), ValidationErrorKind::Type { .. });
        for error in errors {
            let place = error.instance_path().as_str();
            // A wrong type says it all, and alternatives repeat what is wrong in any case.
            let is_wrong_type =
                |e: &ValidationError| is_type(e) && e.instance_path().as_str() == place;
            let within = |e: &ValidationError| {
                !is_alternative(e) && e.instance_path().as_str().starts_with(place)
            };
            let is_repeated = (!is_type(error) && errors.iter().any(is_wrong_type))
                || (is_alternative(error) && errors.iter().any(within));
            if !is_repeated {
                self.one(error, path, violations);
            }
        }
    }

    fn one(&self, error: &ValidationError, path: &str, violations: &mut Vec<String>) {
        use ValidationErrorKind as K;
        let at = format!("{path}{}", self.place(error));
        let what = excerpt(error.instance());
        let count =
            |of: &str, length: usize, bound: String| format!("{at} has {length} {of}: {bound}");
        let least = |n: u64| format!("{n} or more are needed");
        let most = |n: u64| format!("at most {n} are allowed");
        let items = error.instance().as_array().map_or(0, Vec::len);
        let fields = error.instance().as_object().map_or(0, Map::len);
        let chars = error.instance().as_str().map_or(0, |t| t.chars().count());
        let number = |bound: String| {
            let number = error.instance().as_f64().map_or(what.clone(), shown);
            format!("{at} is {number}: must be {bound}")
        };
        violations.push(match error.kind() {
            K::AdditionalProperties { unexpected } => {
                let told = unexpected
                    .iter()
                    .map(|name| self.unexpected(error, &at, name));
                violations.extend(told);
                return;
            }
            K::AnyOf { context } | K::OneOfNotValid { context } => {
                let branches = self.why_none_fits(context, path);
                format!("{at} is {what}: fits none of its alternatives: {branches}")
            }
            K::OneOfMultipleValid { context } => {
                let fitting = self.fitting(error, context);
                format!("{at} is {what}: {fitting} exclude each other: give one of them")
            }
            K::Constant { expected_value } => {
                self.listed(error, &at, std::slice::from_ref(expected_value))
            }
            K::Enum { options } => self.listed(
                error,
                &at,
                options.as_array().map_or(&[][..], Vec::as_slice),
            ),
            K::ExclusiveMaximum { limit } => number(format!("less than {}", bound(limit))),
            K::ExclusiveMinimum { limit } => number(format!("more than {}", bound(limit))),
            K::Maximum { limit } => number(format!("{} or less", bound(limit))),
            K::Minimum { limit } => number(format!("{} or more", bound(limit))),
            K::MultipleOf { multiple_of } => number(format!("a multiple of {multiple_of}")),
            K::FalseSchema => format!("{at} is {what}: must not be given here"),
            K::MinItems { limit } => count("items", items, least(*limit)),
            K::MaxItems { limit } => count("items", items, most(*limit)),
            K::MinProperties { limit } => count("fields", fields, least(*limit)),
            K::MaxProperties { limit } => count("fields", fields, most(*limit)),
            K::MinLength { limit } => count("characters", chars, least(*limit)),
            K::MaxLength { limit } => count("characters", chars, most(*limit)),
            K::Pattern { pattern } => format!("{at} is {what}: must match {pattern}"),
            K::Not { schema } => format!("{at} is {what}: {} must not be given", described(schema)),
            K::Required { property } => {
                self.missing(error, &at, property.as_str().unwrap_or_default())
            }
            K::Type { .. } => format!("{at} is {what}: must be of type {}", self.types(error)),
            _ => format!("{at} is {what}: {error}"),
        });
    }

    /// What each of some alternatives lacks.
    fn why_none_fits(&self, context: &[Vec<ValidationError>], path: &str) -> String {
        // What is wrong with a branch stands behind the path already.
        let short = path.rsplit(": ").next().unwrap_or(path);
        let branches = context.iter().map(|errors| {
            let mut told = Vec::new();
            self.all(errors, short, &mut told);
            told.join(", ")
        });
        let branches: Vec<String> = branches.collect();
        branches.join("; or ")
    }

    /// The alternatives that fit, although only one may.
    fn fitting(&self, error: &ValidationError, context: &[Vec<ValidationError>]) -> String {
        let branches = self.keyword(error).as_array();
        let branches = branches.map_or(&[][..], Vec::as_slice).iter().zip(context);
        let fitting = branches.filter(|(_, errors)| errors.is_empty());
        let fitting: Vec<String> = fitting.map(|(branch, _)| described(branch)).collect();
        fitting.join(" and ")
    }

    /// Where in the value an error is, as people write it: `.places[0]`.
    fn place(&self, error: &ValidationError) -> String {
        let (mut text, mut at) = (String::new(), self.value);
        for part in error.instance_path().as_str().split('/').skip(1) {
            let name = part.replace("~1", "/").replace("~0", "~");
            let next = if at.is_array() {
                text += &format!("[{name}]");
                name.parse().ok().and_then(|i: usize| at.get(i))
            } else {
                text += &format!(".{name}");
                at.get(&name)
            };
            at = next.unwrap_or(&Value::Null);
        }
        text
    }

    /// What stands in the schema at the keyword that is violated.
    fn keyword(&self, error: &ValidationError) -> &Value {
        let found = self.schema.pointer(error.schema_path().as_str());
        found.unwrap_or(&Value::Null)
    }

    fn types(&self, error: &ValidationError) -> String {
        match self.keyword(error) {
            Value::String(kind) => kind.clone(),
            kinds => names(kinds).unwrap_or_default().join(" or "),
        }
    }

    fn unexpected(&self, error: &ValidationError, at: &str, name: &str) -> String {
        let path = error.schema_path().as_str();
        let above = path.rfind('/').map_or("", |end| &path[..end]);
        let properties = self.schema.pointer(&format!("{above}/properties"));
        let properties = properties.and_then(Value::as_object);
        let known: Vec<&str> = properties
            .into_iter()
            .flatten()
            .map(|(k, _)| k.as_str())
            .collect();
        let hint = suggestion(name, known.iter().copied());
        format!(
            "{at}.{name} is not known: allowed are {}{hint}",
            known.join(", ")
        )
    }

    fn missing(&self, error: &ValidationError, at: &str, name: &str) -> String {
        let given = error.instance();
        let needs = |(who, needed): (&String, &Value)| {
            let needed = names(needed).unwrap_or_default();
            (given.get(who).is_some() && needed.contains(&name)).then(|| who.clone())
        };
        // Only `dependentRequired` is an object of names.
        let who = self
            .keyword(error)
            .as_object()
            .and_then(|d| d.iter().find_map(needs));
        match who {
            Some(who) => format!("{at}.{name} is missing: {who} needs it"),
            None => format!("{at}.{name} is missing"),
        }
    }

    fn listed(&self, error: &ValidationError, at: &str, allowed: &[Value]) -> String {
        let value = error.instance();
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
        format!("{at} is {}: must be one of {shown}{hint}", excerpt(value))
    }
}

fn names(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}

fn excerpt(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 {
        text
    } else {
        text.chars().take(57).chain("...".chars()).collect()
    }
}

fn bound(limit: &Value) -> String {
    limit.as_f64().map_or_else(|| limit.to_string(), shown)
}

/// As people write it, but without hundreds of digits.
fn shown(number: f64) -> String {
    if number.abs() < 1e15 {
        number.to_string()
    } else {
        format!("{number:e}")
    }
}

/// A branch as people tell it from others: by what it needs.
fn described(branch: &Value) -> String {
    match branch.as_object().and_then(required) {
        Some(names) if !names.is_empty() => names.join(" with "),
        _ => excerpt(branch),
    }
}

fn required(branch: &Keywords) -> Option<Vec<&str>> {
    branch.get("required").and_then(names)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(schema: &Value, value: &Value) -> Vec<String> {
        assert_eq!(objection(schema, &[]), None);
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
        let named = json!({"minProperties": 1, "maxProperties": 2});
        check(
            named.clone(),
            json!({"a": 1}),
            json!({}),
            "has 0 fields: 1 or more are needed",
        );
        let many = json!({"a": 1, "b": 2, "c": 3});
        check(named, json!({"a": 1}), many, "has 3 fields: at most 2");
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
    fn schemas_that_cannot_be_honoured_are_named() {
        let check = |schema: Value, expected: &str| {
            let found = objection(&schema, &["role"]).unwrap_or_default();
            assert!(found.starts_with(expected), "{schema}: {found}");
        };
        check(
            json!({"properties": {"name": {"if": {}}}}),
            "#/properties/name/if is not understood: known are type",
        );
        check(
            json!({"oneOf": [{"contains": {}}]}),
            "#/oneOf/0/contains is not understood",
        );
        check(json!({"$ref": "#"}), "#/$ref is not understood");
        check(
            json!({"$ref": "http://elsewhere/x.json"}),
            "#/$ref is not understood",
        );
        check(json!({"rolle": "x"}), "#/rolle is not understood");
        check(json!({"type": "intger"}), "#/type is \"intger\": ");
        check(
            json!({"properties": {"x": {"type": "intger"}}}),
            "#/properties/x/type is ",
        );
        check(json!({"oneOf": []}), "#/oneOf is []: ");
        check(json!({"minimum": "1"}), "#/minimum is \"1\": ");
        check(json!({"required": "x"}), "#/required is \"x\": ");
        check(
            json!({"dependentRequired": {"x": "y"}}),
            "#/dependentRequired/x is \"y\"",
        );
        check(json!({"items": 3}), "#/items is 3: ");
        check(json!({"multipleOf": 0}), "#/multipleOf is 0: ");
        check(
            json!({"pattern": "("}),
            "# cannot be compiled: \"(\" is not",
        );
        check(json!("{oops"), "# is \"{oops\": a schema is");
        let plain =
            json!({"title": "t", "description": "d", "default": 1, "format": "uri", "role": "x"});
        assert_eq!(objection(&plain, &["role"]), None);
    }

    #[test]
    fn under_a_schema_that_is_none_nothing_is_right() {
        let mut violations = Vec::new();
        check(
            &json!({"type": "intger"}),
            &json!(1),
            "params",
            &mut violations,
        );
        assert!(
            violations[0].starts_with("params cannot be checked: #/type is"),
            "{violations:?}"
        );
    }
}
