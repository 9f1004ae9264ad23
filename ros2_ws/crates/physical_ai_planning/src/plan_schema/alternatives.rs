//! Which parameters go together: what a schema says about their presence, spelled out.
//!
//! Constrained decoding knows no `not` and no `dependentRequired`, and tells branches of `oneOf` apart only
//! by their values. What a schema forbids, the model must not be able to write: an object whose parameters
//! depend on each other becomes one closed object for each way to give them.

use std::collections::BTreeSet;

use physical_ai_schema::check_satisfiable;
use serde_json::{Map, Value, json};

/// Most parameters of an object whose presence depends on others.
const MAX_DEPENDENT: usize = 10;
/// Keywords that may say what goes together.
const CONDITIONS: [&str; 5] = ["allOf", "anyOf", "oneOf", "not", "dependentRequired"];
/// Keywords beside them that forbid nothing.
const ANNOTATIONS: [&str; 3] = ["title", "description", "$comment"];

type Keywords = Map<String, Value>;
/// Parameters that must be there, and those that may.
type Presence = (BTreeSet<String>, BTreeSet<String>);

/// The same schema, with conditions that repeat what it says about its properties told by their presence
/// alone. To be done while all parts still say the same: before names and numbers are bound to a sentence.
pub(crate) fn by_presence(schema: &Value) -> Value {
    let mut schema = schema.clone();
    let properties = schema.get("properties").and_then(Value::as_object).cloned();
    if let (Some(properties), Some(fields)) = (properties, schema.as_object_mut()) {
        conditions_by_presence(fields, &properties);
    }
    schema
}

fn conditions_by_presence(fields: &mut Keywords, properties: &Keywords) {
    for name in CONDITIONS {
        let branches = match fields.get_mut(name) {
            Some(Value::Array(branches)) => branches.iter_mut(),
            Some(branch) => std::slice::from_mut(branch).iter_mut(),
            None => continue,
        };
        for branch in branches.filter_map(Value::as_object_mut) {
            branch_by_presence(branch, properties);
        }
    }
}

fn branch_by_presence(branch: &mut Keywords, properties: &Keywords) {
    let is_closed = branch.get("additionalProperties") == Some(&Value::Bool(false));
    if is_closed && !branch.contains_key("patternProperties") {
        branch.shift_remove("additionalProperties");
        let own = branch.entry("properties").or_insert_with(|| json!({}));
        if let Some(own) = own.as_object_mut() {
            for name in properties.keys() {
                own.entry(name.as_str()).or_insert(Value::Bool(false));
            }
        }
    }
    let own = branch.get_mut("properties").and_then(Value::as_object_mut);
    for (name, schema) in own.into_iter().flatten() {
        if properties.get(name).map(without_role) == Some(without_role(schema)) {
            *schema = Value::Bool(true);
        }
    }
    conditions_by_presence(branch, properties);
}

/// What a parameter means forbids nothing.
fn without_role(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(fields) = schema.as_object_mut() {
        fields.shift_remove("role");
    }
    schema
}

/// An object schema whose conditions are spelled out; none where it has no conditions, or such that are
/// not about presence alone: those stay as they are.
///
/// # Errors
/// Says how many parameters depend on each other, where they are too many.
pub(super) fn spelled_out(schema: &Keywords) -> Result<Option<Keywords>, String> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Ok(None);
    };
    let (conditions, rest): (Vec<_>, Vec<_>) = schema
        .iter()
        .partition(|(name, _)| CONDITIONS.contains(&name.as_str()));
    let conditions: Keywords = owned(conditions);
    let mut mentioned = BTreeSet::new();
    if conditions.is_empty() || !mention(&conditions, &mut mentioned) {
        return Ok(None);
    }
    let required: BTreeSet<&str> = names(schema.get("required")).collect();
    let free: Vec<&str> = properties
        .keys()
        .map(String::as_str)
        .filter(|name| mentioned.contains(name) && !required.contains(name))
        .collect();
    if free.len() > MAX_DEPENDENT {
        return Err(format!(
            "has {} parameters whose presence depends on others: at most {MAX_DEPENDENT} are allowed",
            free.len()
        ));
    }
    let base: Keywords = owned(rest);
    let mut alternatives: Vec<Value> = ways(&conditions, &free, &required)
        .iter()
        .map(|way| alternative(&base, properties, &free, way))
        .collect();
    // One that names an object although none is in sight would only be a dead end.
    alternatives.retain(|schema| check_satisfiable(schema).is_ok());
    let spelled = match (alternatives.pop(), alternatives.is_empty()) {
        (Some(Value::Object(only)), true) => only,
        (last, _) => {
            alternatives.extend(last);
            Keywords::from_iter([("anyOf".to_owned(), json!(alternatives))])
        }
    };
    Ok(Some(spelled))
}

fn owned(fields: Vec<(&String, &Value)>) -> Keywords {
    let fields = fields.into_iter();
    fields.map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn names(list: Option<&Value>) -> impl Iterator<Item = &str> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str)
}

fn parts(value: &Value) -> &[Value] {
    match value {
        Value::Array(parts) => parts,
        one => std::slice::from_ref(one),
    }
}

/// Gathers the parameters that a condition is about; false if it is about more than their presence.
fn mention<'a>(condition: &'a Keywords, mentioned: &mut BTreeSet<&'a str>) -> bool {
    condition
        .iter()
        .all(|(keyword, value)| match keyword.as_str() {
            "required" => {
                mentioned.extend(names(Some(value)));
                true
            }
            "dependentRequired" => value.as_object().is_some_and(|dependent| {
                for (name, needed) in dependent {
                    mentioned.insert(name);
                    mentioned.extend(names(Some(needed)));
                }
                true
            }),
            "properties" => value.as_object().is_some_and(|properties| {
                mentioned.extend(properties.keys().map(String::as_str));
                properties.values().all(Value::is_boolean)
            }),
            "allOf" | "anyOf" | "oneOf" | "not" => parts(value).iter().all(|part| match part {
                Value::Object(part) => mention(part, mentioned),
                part => part.is_boolean(),
            }),
            "type" => value == "object",
            other => ANNOTATIONS.contains(&other),
        })
}

/// True if an object with just these parameters meets a condition.
fn holds(condition: &Value, present: &BTreeSet<&str>) -> bool {
    let Value::Object(condition) = condition else {
        return *condition == Value::Bool(true);
    };
    condition.iter().all(|(keyword, value)| {
        let fitting = || parts(value).iter().filter(|p| holds(p, present)).count();
        match keyword.as_str() {
            "required" => names(Some(value)).all(|name| present.contains(name)),
            "dependentRequired" => value
                .as_object()
                .into_iter()
                .flatten()
                .all(|(name, needed)| {
                    !present.contains(name.as_str())
                        || names(Some(needed)).all(|needed| present.contains(needed))
                }),
            "properties" => value
                .as_object()
                .into_iter()
                .flatten()
                .all(|(name, allowed)| {
                    *allowed == Value::Bool(true) || !present.contains(name.as_str())
                }),
            "allOf" => fitting() == parts(value).len(),
            "anyOf" => fitting() > 0,
            "oneOf" => fitting() == 1,
            "not" => fitting() == 0,
            _ => true,
        }
    })
}

/// Every way to give the free parameters; ways that differ by one that may be left out are one.
fn ways(conditions: &Keywords, free: &[&str], required: &BTreeSet<&str>) -> Vec<Presence> {
    let conditions = Value::Object(conditions.clone());
    let mut ways: Vec<Presence> = (0..1_usize << free.len())
        .map(|bits| -> BTreeSet<&str> {
            let given = free.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1);
            given.map(|(_, name)| *name).collect()
        })
        .filter(|given| holds(&conditions, &(given | required)))
        .map(|given| {
            (
                given.iter().map(|n| (*n).to_owned()).collect(),
                BTreeSet::new(),
            )
        })
        .collect();
    for name in free {
        let mut merged: Vec<Presence> = Vec::new();
        while let Some((mut must, mut may)) = ways.pop() {
            let had = must.remove(*name);
            let twin = ways.iter().position(|(other_must, other_may)| {
                let mut other = other_must.clone();
                other.remove(*name) != had && other == must && *other_may == may
            });
            match twin {
                Some(twin) => {
                    ways.swap_remove(twin);
                    may.insert((*name).to_owned());
                }
                None if had => {
                    must.insert((*name).to_owned());
                }
                None => {}
            }
            merged.push((must, may));
        }
        ways = merged;
    }
    ways.sort();
    ways
}

fn alternative(
    base: &Keywords,
    properties: &Keywords,
    free: &[&str],
    (must, may): &Presence,
) -> Value {
    let mut alternative = base.clone();
    let is_given = |name: &str| !free.contains(&name) || must.contains(name) || may.contains(name);
    let given: Keywords = properties
        .iter()
        .filter(|(name, _)| is_given(name))
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    let required: Vec<&str> = names(base.get("required"))
        .chain(must.iter().map(String::as_str))
        .collect();
    alternative.insert("required".to_owned(), json!(required));
    alternative.insert("properties".to_owned(), Value::Object(given));
    Value::Object(alternative)
}
