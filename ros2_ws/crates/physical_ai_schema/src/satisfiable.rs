use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::Error;

/// Most values in a schema.
const MAX_VALUES: usize = 50_000;
/// Deepest nesting of a schema.
const MAX_DEPTH: usize = 64;

/// Most properties of an object: the library compares each with each.
const MAX_PROPERTIES: usize = 256;
/// Most patterns of properties: likewise, and slower.
const MAX_PATTERN_PROPERTIES: usize = 16;
/// Longest regular expression, bytes.
pub const MAX_REGEX_BYTES: usize = 4096;
/// Most different references.
const MAX_REFERENCES: usize = 256;
/// Most nesting of a schema and all that it refers to, one within the other: the library compiles them
/// by recursion.
const MAX_TOTAL_DEPTH: usize = 1000;

/// Refuses schemas that are too large to compile, and those that certainly have no instance: also
/// where the library would begin a text that can never end.
///
/// # Errors
/// [`Error::NoInstance`] with a JSON pointer to the place.
pub fn check_satisfiable(schema: &Value) -> Result<(), Error> {
    let mut size = Size::default();
    let depth = size.measure(schema, 0).map_err(Error::NoInstance)?;
    let references = size.references;
    let mut known = Known {
        root: schema,
        satisfiable: BTreeSet::new(),
    };
    known
        .check_depth(&references, depth)
        .map_err(Error::NoInstance)?;
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
    known.check(schema, "#").map_err(Error::NoInstance)
}

#[derive(Default)]
struct Size<'a> {
    values: usize,
    references: BTreeSet<&'a str>,
}

impl<'a> Size<'a> {
    /// Counts what is in `value`, which lies `depth` deep, and says how deep it goes.
    fn measure(&mut self, value: &'a Value, depth: usize) -> Result<usize, String> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(format!("has more than {MAX_VALUES} values"));
        }
        if depth > MAX_DEPTH {
            return Err(format!("is nested deeper than {MAX_DEPTH}"));
        }
        let mut deepest = depth;
        match value {
            Value::Array(items) => {
                for item in items {
                    deepest = deepest.max(self.measure(item, depth + 1)?);
                }
            }
            Value::Object(fields) => {
                check_size(fields)?;
                self.references
                    .extend(fields.get("$ref").and_then(Value::as_str));
                for field in fields.values() {
                    deepest = deepest.max(self.measure(field, depth + 1)?);
                }
            }
            _ => {}
        }
        if self.references.len() > MAX_REFERENCES {
            return Err(format!("has more than {MAX_REFERENCES} references"));
        }
        Ok(deepest)
    }
}

fn check_size(fields: &Map<String, Value>) -> Result<(), String> {
    for (name, limit) in [
        ("properties", MAX_PROPERTIES),
        ("patternProperties", MAX_PATTERN_PROPERTIES),
    ] {
        let count = fields
            .get(name)
            .and_then(Value::as_object)
            .map_or(0, Map::len);
        if count > limit {
            return Err(format!(
                "has an object with {count} {name}: at most {limit} are allowed"
            ));
        }
    }
    match fields.get("pattern").and_then(Value::as_str) {
        Some(pattern) if pattern.len() > MAX_REGEX_BYTES => Err(format!(
            "has a pattern of {} bytes: at most {MAX_REGEX_BYTES} are allowed",
            pattern.len()
        )),
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

    /// As if everything referred to were nested in one line.
    fn check_depth(&self, references: &BTreeSet<&'a str>, depth: usize) -> Result<(), String> {
        let mut total = depth;
        for target in references.iter().filter_map(|r| self.resolve(r)) {
            total += Size::default().measure(target, 0)?;
        }
        if total > MAX_TOTAL_DEPTH {
            return Err(format!(
                "is nested {total} deep with all that it refers to: at most {MAX_TOTAL_DEPTH} is allowed"
            ));
        }
        Ok(())
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
        check(json!({"enum": vec![0; MAX_VALUES]}), "more than 50000");
        let many = |count: usize| -> Map<String, Value> {
            (0..count).map(|i| (format!("p{i}"), json!(true))).collect()
        };
        check(json!({"properties": many(256)}), "");
        check(json!({"properties": many(257)}), "257 properties");
        check(
            json!({"patternProperties": many(17)}),
            "17 patternProperties",
        );
        check(
            json!({"pattern": "a".repeat(4097)}),
            "pattern of 4097 bytes",
        );
        let chain = |length: usize, depth: usize| {
            let mut definitions = Map::new();
            for i in 0..length {
                let mut next = json!({"$ref": format!("#/$defs/a{}", i + 1)});
                for _ in 0..depth {
                    next = json!({"anyOf": [next]});
                }
                definitions.insert(format!("a{i}"), next);
            }
            definitions.insert(format!("a{length}"), json!({"type": "null"}));
            json!({"$ref": "#/$defs/a0", "$defs": definitions})
        };
        check(chain(200, 1), "");
        check(chain(260, 1), "more than 256 references");
        check(chain(200, 5), "deep with all that it refers to");
    }
}
