use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::Error;

/// Most values in a schema.
const MAX_VALUES: usize = 20_000;
/// Deepest nesting of a schema.
const MAX_DEPTH: usize = 64;

/// Refuses schemas that are too large to compile, and those that certainly have no instance: also
/// where the library would begin a text that can never end.
///
/// # Errors
/// [`Error::InvalidSchema`] with a JSON pointer to the place.
pub(crate) fn check_satisfiable(schema: &Value) -> Result<(), Error> {
    let mut references = BTreeSet::new();
    let mut values = 0;
    measure(schema, 0, &mut values, &mut references).map_err(Error::InvalidSchema)?;
    let mut known = Known {
        root: schema,
        satisfiable: BTreeSet::new(),
    };
    // Least fixed point: a definition has an instance if it has one that is built only from
    // definitions already known to have one.
    loop {
        let more: Vec<&str> = references
            .iter()
            .copied()
            .filter(|r| !known.satisfiable.contains(r))
            .filter(|r| known.resolve(r).is_some_and(|s| known.check(s, r).is_ok()))
            .collect();
        if more.is_empty() {
            break;
        }
        known.satisfiable.extend(more);
    }
    known.check(schema, "#").map_err(Error::InvalidSchema)
}

fn measure<'a>(
    value: &'a Value,
    depth: usize,
    values: &mut usize,
    references: &mut BTreeSet<&'a str>,
) -> Result<(), String> {
    *values += 1;
    if *values > MAX_VALUES {
        return Err(format!("has more than {MAX_VALUES} values"));
    }
    if depth > MAX_DEPTH {
        return Err(format!("is nested deeper than {MAX_DEPTH}"));
    }
    match value {
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| measure(item, depth + 1, values, references)),
        Value::Object(fields) => {
            references.extend(fields.get("$ref").and_then(Value::as_str));
            fields
                .values()
                .try_for_each(|field| measure(field, depth + 1, values, references))
        }
        _ => Ok(()),
    }
}

struct Known<'a> {
    root: &'a Value,
    /// References to schemas that have an instance.
    satisfiable: BTreeSet<&'a str>,
}

impl<'a> Known<'a> {
    fn resolve(&self, reference: &str) -> Option<&'a Value> {
        match reference.strip_prefix('#')? {
            "" | "/" => Some(self.root),
            pointer => self.root.pointer(pointer),
        }
    }

    /// Says why `schema` has no instance, where that is certain.
    fn check(&self, schema: &Value, at: &str) -> Result<(), String> {
        let fields = match schema {
            Value::Bool(false) => return Err(format!("{at} is false: it has no instance")),
            Value::Bool(true) => return Ok(()),
            Value::Object(fields) => fields,
            other => {
                return Err(format!(
                    "{at} is {other}: a schema is an object or a boolean"
                ));
            }
        };
        if let Some(reference) = fields.get("$ref").and_then(Value::as_str)
            && !self.satisfiable.contains(reference)
        {
            let problem = if self.resolve(reference).is_some() {
                "has no instance that ends"
            } else {
                "does not exist in the schema"
            };
            return Err(format!("{at} refers to {reference}, which {problem}"));
        }
        if let Some(Value::Array(values)) = fields.get("enum")
            && values.is_empty()
        {
            return Err(format!("{at}/enum is empty: it has no instance"));
        }
        self.check_combinations(fields, at)?;
        match fields.get("type").and_then(Value::as_str) {
            Some("object") => self.check_object(fields, at),
            Some("array") => self.check_array(fields, at),
            Some("string") => check_order(fields, at, "minLength", "maxLength"),
            Some("number" | "integer") => check_order(fields, at, "minimum", "maximum"),
            _ => Ok(()),
        }
    }

    fn check_combinations(&self, fields: &Map<String, Value>, at: &str) -> Result<(), String> {
        for (i, part) in array(fields, "allOf").iter().enumerate() {
            self.check(part, &format!("{at}/allOf/{i}"))?;
        }
        for name in ["anyOf", "oneOf"] {
            if !fields.contains_key(name) {
                continue;
            }
            let mut first = None;
            let possible = array(fields, name).iter().enumerate().any(|(i, branch)| {
                let result = self.check(branch, &format!("{at}/{name}/{i}"));
                result.map_err(|e| first.get_or_insert(e).len()).is_ok()
            });
            if !possible {
                let why = first.map_or_else(String::new, |e| format!(": {e}"));
                return Err(format!("no branch of {at}/{name} has an instance{why}"));
            }
        }
        Ok(())
    }

    fn check_object(&self, fields: &Map<String, Value>, at: &str) -> Result<(), String> {
        check_order(fields, at, "minProperties", "maxProperties")?;
        let properties = fields.get("properties").and_then(Value::as_object);
        let closed = fields.get("additionalProperties") == Some(&Value::Bool(false))
            && !fields.contains_key("patternProperties");
        for name in array(fields, "required").iter().filter_map(Value::as_str) {
            match properties.and_then(|p| p.get(name)) {
                Some(schema) => self.check(schema, &format!("{at}/properties/{name}"))?,
                None if closed => {
                    return Err(format!("{at} requires {name}, which it does not allow"));
                }
                None => {}
            }
        }
        Ok(())
    }

    fn check_array(&self, fields: &Map<String, Value>, at: &str) -> Result<(), String> {
        check_order(fields, at, "minItems", "maxItems")?;
        let least = fields.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let prefix = array(fields, "prefixItems");
        for (i, item) in (0..least).zip(prefix) {
            self.check(item, &format!("{at}/prefixItems/{i}"))?;
        }
        match fields.get("items") {
            Some(item) if least > prefix.len() as u64 => self.check(item, &format!("{at}/items")),
            _ => Ok(()),
        }
    }
}

fn array<'v>(fields: &'v Map<String, Value>, name: &str) -> &'v [Value] {
    fields
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn check_order(
    fields: &Map<String, Value>,
    at: &str,
    least: &str,
    most: &str,
) -> Result<(), String> {
    let bound = |name| fields.get(name).and_then(Value::as_f64);
    match (bound(least), bound(most)) {
        (Some(low), Some(high)) if low > high => Err(format!(
            "{at} has {least} {low} above {most} {high}: it has no instance"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(schema: Value, expected: &str) {
        match check_satisfiable(&schema) {
            Ok(()) => assert_eq!(expected, "", "{schema}"),
            Err(e) => assert!(
                !expected.is_empty() && e.to_string().contains(expected),
                "{e}"
            ),
        }
    }

    #[test]
    fn schemas_without_instance_are_named_with_their_place() {
        check(json!(true), "");
        check(json!(false), "# is false");
        check(json!(3), "# is 3: a schema is");
        check(json!({"enum": []}), "#/enum is empty");
        let required =
            json!({"type": "object", "properties": {"a": {"enum": []}}, "required": ["a"]});
        check(required, "#/properties/a/enum is empty");
        check(
            json!({"type": "object", "properties": {"a": {"enum": []}}}),
            "",
        );
        let closed = json!({"type": "object", "required": ["b"], "additionalProperties": false});
        check(closed, "# requires b");
        check(
            json!({"type": "integer", "minimum": 3, "maximum": 2}),
            "minimum 3 above maximum 2",
        );
        check(
            json!({"type": "array", "items": false, "minItems": 1}),
            "#/items is false",
        );
        check(json!({"type": "array", "items": false}), "");
        check(json!({"anyOf": [false, {"enum": [1]}]}), "");
        check(
            json!({"anyOf": [false, {"enum": []}]}),
            "#/anyOf/0 is false",
        );
        check(json!({"allOf": [true, false]}), "#/allOf/1 is false");
    }

    #[test]
    fn recursion_must_be_able_to_end() {
        check(json!({"$ref": "#"}), "refers to #, which has no instance");
        check(json!({"$ref": "#/$defs/x"}), "does not exist");
        let tree = |required: Value| {
            json!({"$ref": "#/$defs/node", "$defs": {"node": {
                "type": "object", "properties": {"next": {"$ref": "#/$defs/node"}},
                "required": required, "additionalProperties": false}}})
        };
        check(tree(json!([])), "");
        check(tree(json!(["next"])), "has no instance that ends");
        let list = json!({"anyOf": [{"type": "null"},
            {"type": "array", "items": {"$ref": "#"}, "minItems": 1}]});
        check(list, "");
    }

    #[test]
    fn schemas_too_large_to_compile_are_refused() {
        let mut deep = json!({});
        for _ in 0..1000 {
            deep = json!({"not": deep});
        }
        check(deep, "nested deeper than 64");
        check(json!({"enum": vec![0; MAX_VALUES]}), "more than 20000");
    }
}
