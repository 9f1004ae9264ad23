//! Numbers that a sentence says: a plan names no others.
//!
//! A small model slips when it copies numbers; bound to those that were said, it cannot send an arm to a
//! point that nobody named.

use std::collections::{BTreeMap, BTreeSet};

use physical_ai_domain::Role;
use serde_json::{Map, Value, json};

use super::decimals::shown;
use super::points::{ANGLES, Context, Point};
use super::spoken::{number_of, pieces};
use super::spoken_numbers::{SpokenNumber, count_of_axes, is_number_with_slip, numbers_in};
use super::times::{durations, has_unread_time, rounds};
use super::units::SaidUnits;

/// Lengths and angles, and lists of them.
const MEASURES: [Role; 8] = [
    Role::X,
    Role::Y,
    Role::Z,
    Role::Roll,
    Role::Pitch,
    Role::Yaw,
    Role::JointPositions,
    Role::Opening,
];
/// Words for numbers that are not read here: what they stand with may be any.
const UNREAD: [&str; 16] = [
    "half", "quarter", "quarters", "couple", "dozen", "few", "twice", "double", "third", "fully",
    "wide", "way", "hundred", "thousand", "percent", "degrees",
];
/// The longest list of numbers that a schema is bound to.
const MOST: usize = 64;

/// Words of numbers that go on, in ways that are not read here.
const LONG_WORDS: [&str; 3] = ["hundred", "thousand", "백"];
/// With them a number may be a part of what is meant.
const PARTS_OF_NUMBERS: [&str; 8] = [
    "half", "quarter", "quarters", "percent", "degrees", "degree", "deg", "반",
];
const FRACTIONS: [f64; 3] = [0.25, 0.5, 0.75];

/// What a sentence says in numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct SaidNumbers {
    /// What lengths and angles may be, if that is certain.
    measures: Option<BTreeSet<String>>,
    /// Points on the ground and in space, if it is certain which number is which coordinate.
    points: [Option<Point>; 2],
    /// Lists of numbers, where those of joints are said as such.
    lists: Vec<Vec<String>>,
    /// What durations may be, if that is certain.
    durations: Option<BTreeSet<String>>,
    /// How often something may be done, if that is certain.
    rounds: Option<BTreeSet<String>>,
    /// Openings may be said in words.
    has_unread: bool,
}

impl SaidNumbers {
    /// Of a sentence in small letters; digits of references are none.
    pub fn of(sentence: &str) -> Self {
        let pieces = pieces(sentence);
        let has = |words: &[&str]| pieces.iter().any(|p| words.contains(p));
        let numbers = numbers_in(&pieces);
        let (has_any, units) = (!numbers.is_empty(), SaidUnits::of(&pieces));
        let has_slips = pieces.iter().any(|p| is_number_with_slip(p));
        let is_unclear = has_slips || has_unread_time(&pieces) || !sentence.is_ascii();
        let has_unread = has(&UNREAD) || is_unclear;
        let has_long_words = has(&LONG_WORDS) || spells_decimals(&pieces);
        let with_axes = numbers.iter().filter(|n| n.axis.is_some()).count();
        let has_clear_axes = with_axes == count_of_axes(&pieces);
        let context =
            (has_clear_axes && !has_long_words && !has(&PARTS_OF_NUMBERS)).then_some(Context {
                pieces: &pieces,
                numbers: &numbers,
                units,
            });
        Self {
            measures: (has_any && !has_long_words).then(|| measures(&numbers, units, has_unread)),
            points: [2, 3].map(|dimensions| context?.point(dimensions)),
            lists: context.map(|c| c.lists()).unwrap_or_default(),
            durations: (!has_unread).then(|| durations(&numbers, units)),
            rounds: rounds(&pieces, &numbers).filter(|_| !has_slips),
            has_unread,
        }
    }

    /// The parameters with only such numbers in them as were said, where that is certain.
    pub fn bind(&self, parameters: &mut Value) {
        let required = parameters
            .get("required")
            .and_then(Value::as_array)
            .cloned();
        let Some(properties) = parameters
            .get_mut("properties")
            .and_then(Value::as_object_mut)
        else {
            return;
        };
        let mut named: BTreeMap<Role, String> = BTreeMap::new();
        for (name, property) in properties.iter() {
            if let Some(role) = role_of(property) {
                named.entry(role).or_insert_with(|| name.clone());
            }
        }
        let [ground, space] = &self.points;
        let point = if named.contains_key(&Role::Z) {
            space
        } else {
            ground
        };
        let mut required = required.unwrap_or_default();
        if let Some(point) = point {
            bind_point(properties, &named, point, &mut required);
        }
        if let Some(name) = named.get(&Role::JointPositions) {
            self.bind_list(properties, name);
        }
        let opening = named
            .get(&Role::Opening)
            .and_then(|name| properties.get(name));
        if let Some(measures) = self
            .measures
            .as_ref()
            .filter(|_| !(opening.is_some() && self.has_unread))
        {
            let mut measures = measures.clone();
            // An open or closed gripper is said without a number.
            let bounds = ["minimum", "maximum"].map(|key| opening?.get(key)?.as_f64());
            measures.extend(bounds.into_iter().flatten().map(shown));
            for name in MEASURES.iter().filter_map(|role| named.get(role)) {
                restrict(properties, name, &measures);
            }
        }
        if let (Some(durations), Some(name)) = (&self.durations, named.get(&Role::Duration)) {
            restrict(properties, name, durations);
        }
        if let (Some(rounds), Some(name)) = (&self.rounds, named.get(&Role::Count)) {
            restrict(properties, name, rounds);
            if rounds.is_empty() {
                properties.shift_remove(name);
            }
        }
        if !required.is_empty() {
            parameters["required"] = json!(required);
        }
    }

    /// A list of fixed length becomes one that was said.
    fn bind_list(&self, properties: &mut Map<String, Value>, name: &str) {
        let Some(property) = properties.get_mut(name) else {
            return;
        };
        let bound = |key| property.get(key).and_then(Value::as_u64);
        let Some(length) = bound("minItems").filter(|n| bound("maxItems") == Some(*n)) else {
            return;
        };
        let is_whole = |list: &&Vec<String>| list.len() as u64 == length;
        // A list that is longer may begin anywhere.
        if !self.lists.iter().all(|list| is_whole(&list)) {
            return;
        }
        let mut allowed: Vec<Value> = Vec::new();
        for list in &self.lists {
            let numbers = list.iter().map(|text| within(&property["items"], text));
            let list = numbers.collect::<Option<Vec<Value>>>().map(Value::from);
            allowed.extend(list.filter(|list| !allowed.contains(list)));
        }
        if !allowed.is_empty() && allowed.len() <= MOST {
            *property = json!({ "enum": allowed });
        }
    }
}

fn role_of(property: &Value) -> Option<Role> {
    serde_json::from_value(property.get("role")?.clone()).ok()
}

/// Each coordinate becomes one that was said as such; angles that were not said are left out. Axes are called as their
/// roles.
fn bind_point(
    properties: &mut Map<String, Value>,
    named: &BTreeMap<Role, String>,
    point: &Point,
    required: &mut Vec<Value>,
) {
    let name_of = |axis: &str| named.iter().find(|(role, _)| role.as_str() == axis);
    for (axis, allowed) in &point.axes {
        if let Some((_, name)) = name_of(axis) {
            restrict(properties, name, allowed);
        }
    }
    for axis in ANGLES {
        let Some((_, name)) = name_of(axis) else {
            continue;
        };
        let is_required = required.iter().any(|r| r == name);
        if !point.has_other_angles && !point.axes.contains_key(axis) && !is_required {
            properties.shift_remove(name);
        }
        // Where no other point is said, its angles belong to it.
        let has_x = named
            .get(&Role::X)
            .is_some_and(|x| required.iter().any(|r| r == x));
        let is_taken = properties.contains_key(name) && has_x;
        if point.is_only_one && point.axes.contains_key(axis) && is_taken && !is_required {
            required.push(json!(name));
        }
    }
}

/// In metres, if they were said in that or in smaller units; with a half or a quarter more, too, if such are said.
fn measures(numbers: &[SpokenNumber], units: SaidUnits, has_unread: bool) -> BTreeSet<String> {
    let scaled = |n: &SpokenNumber| units.scaled(n.value, n.unit).into_iter().map(shown);
    let mut found: BTreeSet<String> = numbers.iter().flat_map(scaled).collect();
    if has_unread {
        found.extend(["0.5", "0.25", "0"].map(str::to_owned));
        for number in numbers.iter().filter(|n| n.value.fract() == 0.0) {
            for part in FRACTIONS {
                let value = number.value + part.copysign(number.value);
                found.extend(scaled(&SpokenNumber {
                    value,
                    ..number.clone()
                }));
            }
        }
    }
    found
}

/// "Zero point five".
fn spells_decimals(pieces: &[&str]) -> bool {
    let is_word = |p: &str| p.starts_with(|c: char| c.is_ascii_alphabetic());
    let spells = |w: &[&str]| w[0] == "point" && is_word(w[2]) && number_of(w[2]).is_some();
    pieces.windows(3).any(spells)
}

/// Numbers of a property, or of its items, become one of these that its bounds allow.
fn restrict(properties: &mut Map<String, Value>, name: &str, allowed: &BTreeSet<String>) {
    let Some(mut property) = properties.get_mut(name) else {
        return;
    };
    if property["type"] == "array" {
        let Some(items) = property.get_mut("items") else {
            return;
        };
        property = items;
    }
    let is_number = property["type"] == "number" || property["type"] == "integer";
    if !is_number || property.get("enum").is_some() || allowed.len() > MOST {
        return;
    }
    let numbers = allowed.iter().filter_map(|text| within(property, text));
    let numbers: Vec<Value> = numbers.collect();
    if !numbers.is_empty() {
        *property = json!({ "enum": numbers });
    }
}

/// A number, if the bounds of its schema allow it.
fn within(schema: &Value, text: &str) -> Option<Value> {
    let bound = |key: &str, other: f64| schema.get(key).and_then(Value::as_f64).unwrap_or(other);
    let range = bound("minimum", f64::NEG_INFINITY)..=bound("maximum", f64::INFINITY);
    let number: Value = serde_json::from_str(text).ok()?;
    range.contains(&number.as_f64()?).then_some(number)
}

#[cfg(test)]
mod tests {
    use physical_ai_fleet::Fleet;

    use super::super::tests::capability;
    use super::*;

    fn bound(sentence: &str, properties: Value) -> Value {
        let offers = Fleet::new(vec![capability("arm_1", "any", properties)]);
        let mut parameters = offers.capabilities()[0].parameters_schema.clone();
        SaidNumbers::of(sentence).bind(&mut parameters);
        let mut bound = parameters["properties"].take();
        for property in bound.as_object_mut().unwrap().values_mut() {
            property.as_object_mut().unwrap().shift_remove("role");
        }
        bound
    }

    #[test]
    fn parameters_are_bound_to_what_was_said() {
        let number = json!({"type": "number"});
        for (sentence, expected) in [
            ("to 25 cm or -1", json!([-0.01, -1, 0.25])),
            ("to 25 or -1", json!([-1, 25])),
            ("to x 2 and y 3 cm", json!([0.02, 2])),
            (
                "one and a half mm",
                json!([0, 0.001, 0.002, 0.25, 0.5, 1, 1.25, 1.5, 1.75]),
            ),
        ] {
            let found = bound(sentence, json!({"x": number, "other": number}));
            let expected = json!({"x": {"enum": expected}, "other": number});
            assert_eq!(found, expected, "{sentence}");
        }
        let positions =
            json!({"positions": {"type": "array", "items": number, "minItems": 4, "maxItems": 4}});
        let found = bound("joints 1 and 0.5", positions.clone());
        assert_eq!(found["positions"]["items"]["enum"], json!([0.5, 1]));
        let found = bound("joints 1, -0.5, 0, 2", positions);
        assert_eq!(found["positions"], json!({"enum": [[1, -0.5, 0, 2]]}));
        let unbound = ["to x two hundred", "to x one point five"];
        for sentence in unbound {
            let x = json!({ "x": number });
            assert_eq!(bound(sentence, x.clone()), x, "{sentence}");
        }
        let gripper = json!({"opening_m": {"type": "number", "minimum": 0.0, "maximum": 0.09}});
        let found = bound("gripper to 35 mm", gripper.clone());
        assert_eq!(found, json!({"opening_m": {"enum": [0, 0.035, 0.09]}}));
        assert_eq!(bound("open it", gripper.clone()), gripper);
        let wait = json!({"duration_s": {"type": "number"}});
        let found = bound("wait 1 minute and 20 s", wait.clone())["duration_s"]["enum"].take();
        for seconds in [80, 60, 20] {
            assert!(
                found.as_array().unwrap().contains(&json!(seconds)),
                "{found}"
            );
        }
        assert_eq!(bound("wait 1 and a half minutes", wait.clone()), wait);
        let rounds = json!({"rounds": {"type": "integer", "minimum": 1}});
        for (sentence, expected) in [
            ("patrol ref_f1", json!({})),
            ("patrol ref_f1 twice", json!({"rounds": {"enum": [2]}})),
            ("four laps of ref_f1", json!({"rounds": {"enum": [4]}})),
            ("patrol ref_f1 a few times", rounds.clone()),
            ("세 번 순찰", rounds.clone()),
        ] {
            assert_eq!(bound(sentence, rounds.clone()), expected, "{sentence}");
        }
    }
}
