//! Numbers that a sentence says: a plan names no others.
//!
//! A small model slips when it copies numbers; bound to those that were said, it cannot send an arm to a
//! point that nobody named.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::spoken::{number_of, pieces, spoken_words};

/// Lengths and angles, and lists of them.
const MEASURES: [&str; 8] = [
    "x",
    "y",
    "z",
    "roll",
    "pitch",
    "yaw",
    "positions",
    "opening_m",
];
/// A number may follow them without a space.
const AXES: [&str; 3] = ["x", "y", "z"];
const DURATION: &str = "duration_s";
const ROUNDS: &str = "rounds";
/// Signs of a number below zero.
const NEGATIVE: [&str; 3] = ["minus", "negative", "마이너스"];
/// Words for numbers that are not read here: what they stand with may be any.
const UNREAD: [&str; 16] = [
    "half", "quarter", "quarters", "couple", "dozen", "few", "twice", "double", "third", "fully",
    "wide", "way", "hundred", "thousand", "percent", "degrees",
];
/// Words that say how often.
const COUNTS: [(&str, &str); 9] = [
    ("once", "1"),
    ("round", "1"),
    ("lap", "1"),
    ("tour", "1"),
    ("single", "1"),
    ("twice", "2"),
    ("couple", "2"),
    ("thrice", "3"),
    ("dozen", "12"),
];
/// With them a count may be any.
const NO_COUNTS: [&str; 8] = [
    "few", "several", "double", "half", "hundred", "thousand", "many", "pair",
];
const TENS: [(&str, u32); 8] = [
    ("twenty", 20),
    ("thirty", 30),
    ("forty", 40),
    ("fifty", 50),
    ("sixty", 60),
    ("seventy", 70),
    ("eighty", 80),
    ("ninety", 90),
];
const TEENS: [(&str, u32); 7] = [
    ("thirteen", 13),
    ("fourteen", 14),
    ("fifteen", 15),
    ("sixteen", 16),
    ("seventeen", 17),
    ("eighteen", 18),
    ("nineteen", 19),
];
/// The longest list of numbers that a schema is bound to.
const MOST: usize = 64;

/// What a sentence says in numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct SaidNumbers {
    /// In the order in which they are said.
    numbers: Vec<f64>,
    /// Some may be missing.
    has_unread: bool,
    /// How often something may be done, if that is certain.
    rounds: Option<BTreeSet<String>>,
}

impl SaidNumbers {
    /// Of a sentence in small letters; digits of references are none.
    pub fn of(sentence: &str) -> Self {
        let pieces = pieces(sentence);
        let mut numbers = Vec::new();
        let mut at = 0;
        while at < pieces.len() {
            let (number, end) = number_at(&pieces, at);
            numbers.extend(number);
            at = end;
        }
        let has_unread = pieces.iter().any(|p| UNREAD.contains(p)) || !sentence.is_ascii();
        let is_certain = sentence.is_ascii() && !pieces.iter().any(|p| NO_COUNTS.contains(p));
        let in_words = pieces.iter().filter_map(|p| {
            let found = COUNTS.iter().find(|(word, _)| word == p)?;
            Some(found.1.to_owned())
        });
        let whole = numbers
            .iter()
            .filter(|n| n.fract() == 0.0)
            .map(|n| shown(*n));
        Self {
            rounds: is_certain.then(|| in_words.chain(whole).collect()),
            numbers,
            has_unread,
        }
    }

    /// The parameters with only such numbers in them as were said, where that is certain.
    pub fn bind(&self, parameters: &mut Value) {
        let Some(properties) = parameters
            .get_mut("properties")
            .and_then(Value::as_object_mut)
        else {
            return;
        };
        let has_numbers = !self.numbers.is_empty();
        if has_numbers && !(self.has_unread && properties.contains_key("opening_m")) {
            let mut measures = self.measures();
            // An open or closed gripper is said without a number.
            if properties.contains_key("opening_m") {
                measures.extend(["0", "0.09"].map(str::to_owned));
            }
            for name in MEASURES {
                restrict(properties, name, &measures);
            }
        }
        if has_numbers && !self.has_unread {
            restrict(properties, DURATION, &self.durations());
        }
        if let Some(rounds) = &self.rounds {
            restrict(properties, ROUNDS, rounds);
            if rounds.is_empty() {
                properties.remove(ROUNDS);
            }
        }
    }

    /// In metres, if they were said in that, in centimetres or in millimetres.
    fn measures(&self) -> BTreeSet<String> {
        let scaled = |number: &f64| [*number, number / 100.0, number / 1000.0].map(shown);
        let mut found: BTreeSet<String> = self.numbers.iter().flat_map(scaled).collect();
        if self.has_unread {
            found.extend(["0.5", "0.25", "0"].map(str::to_owned));
        }
        found
    }

    /// In seconds, if they were said in that, in minutes or in hours, or in two of these.
    fn durations(&self) -> BTreeSet<String> {
        let mut found: BTreeSet<String> = ["1", "60", "3600"].map(str::to_owned).into();
        for (index, number) in self.numbers.iter().enumerate() {
            found.extend([1.0, 60.0, 3600.0].map(|unit| shown(number * unit)));
            let and_less = self.numbers.get(index + 1).map_or(0.0, |n| *n);
            found.extend([
                shown(number * 60.0 + and_less),
                shown(number * 3600.0 + and_less * 60.0),
            ]);
            // "A minute and 10 seconds".
            found.extend([shown(60.0 + number), shown(3600.0 + number * 60.0)]);
        }
        found
    }
}

/// The number that begins at a piece, and where to go on.
fn number_at(pieces: &[&str], at: usize) -> (Option<f64>, usize) {
    let is_digits = |p: &&str| p.bytes().all(|b| b.is_ascii_digit());
    let piece = pieces[at];
    let in_word = at > 0
        && pieces[at - 1].ends_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && !AXES.contains(&pieces[at - 1]);
    if is_digits(&piece) && !in_word {
        let (mut text, mut end) = (piece.to_owned(), at + 1);
        if let Some([".", decimals, ..]) = pieces.get(end..)
            && is_digits(decimals)
        {
            text += ".";
            text += decimals;
            end += 2;
        }
        let number = text.parse().ok().map(|number: f64| {
            if is_negative(pieces, at) {
                -number
            } else {
                number
            }
        });
        return (number, end);
    }
    let tens = TENS.iter().find(|(word, _)| *word == piece);
    if let Some((_, tens)) = tens {
        let unit = match pieces.get(at + 1..) {
            Some(["-" | " ", unit, ..]) => number_of(unit).filter(|n| (1..10).contains(n)),
            _ => None,
        };
        let is_word = |p: &&str| !is_digits(p);
        let unit = unit.filter(|_| pieces.get(at + 2).is_some_and(is_word));
        let end = if unit.is_some() { at + 3 } else { at + 1 };
        return (Some(f64::from(*tens) + unit.unwrap_or(0) as f64), end);
    }
    let teens = TEENS.iter().find(|(word, _)| *word == piece);
    let word = spoken_words().numbers.iter().position(|n| n == piece);
    let number = teens
        .map(|(_, n)| f64::from(*n))
        .or_else(|| word.map(|n| n as f64));
    let number = number.map(|n| if is_negative(pieces, at) { -n } else { n });
    (number, at + 1)
}

fn is_negative(pieces: &[&str], at: usize) -> bool {
    match &pieces[..at] {
        [.., word, " "] if NEGATIVE.contains(word) => true,
        // "1-2" is no difference of signs.
        [.., before, "-"] => !before.ends_with(|c: char| c.is_ascii_alphanumeric()),
        ["-"] => true,
        _ => false,
    }
}

/// As plans write it: three decimals at most.
fn shown(number: f64) -> String {
    let rounded = (number * 1000.0).round() / 1000.0;
    format!("{}", rounded + 0.0)
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
    let bound = |key: &str, other: f64| property.get(key).and_then(Value::as_f64).unwrap_or(other);
    let range = bound("minimum", f64::NEG_INFINITY)..=bound("maximum", f64::INFINITY);
    let numbers = allowed.iter().filter_map(|text| {
        let number: Value = serde_json::from_str(text).ok()?;
        range.contains(&number.as_f64()?).then_some(number)
    });
    let numbers: Vec<Value> = numbers.collect();
    if !numbers.is_empty() {
        *property = json!({ "enum": numbers });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_digits_and_words() {
        for (sentence, expected) in [
            (
                "ref_r1 moves to 0.4, -0.25 and minus 3",
                vec![0.4, -0.25, -3.0],
            ),
            ("x=1 y=-2 z 3.50", vec![1.0, -2.0, 3.5]),
            (
                "twenty-five, forty two, thirteen, seven",
                vec![25.0, 42.0, 13.0, 7.0],
            ),
            ("wait 90s at ref_f2", vec![90.0]),
            ("go home", vec![]),
        ] {
            assert_eq!(SaidNumbers::of(sentence).numbers, expected, "{sentence}");
        }
        assert!(SaidNumbers::of("half a minute").has_unread);
    }

    fn bound(sentence: &str, properties: Value) -> Value {
        let mut parameters = json!({ "properties": properties });
        SaidNumbers::of(sentence).bind(&mut parameters);
        parameters["properties"].take()
    }

    #[test]
    fn parameters_are_bound_to_what_was_said() {
        let number = json!({"type": "number"});
        let found = bound("to x 25 cm, y -1", json!({"x": number, "other": number}));
        let expected = json!([-0.001, -0.01, -1, 0.025, 0.25, 25]);
        assert_eq!(found, json!({"x": {"enum": expected}, "other": number}));
        let positions = json!({"positions": {"type": "array", "items": number, "minItems": 6}});
        let found = bound("joints 1 and 0.5", positions);
        let expected = json!([0.001, 0.005, 0.01, 0.5, 1]);
        assert_eq!(found["positions"]["items"]["enum"], expected);
        let gripper = json!({"opening_m": {"type": "number", "minimum": 0.0, "maximum": 0.09}});
        let found = bound("gripper to 35 mm", gripper.clone());
        assert_eq!(found, json!({"opening_m": {"enum": [0, 0.035, 0.09]}}));
        assert_eq!(bound("open it", gripper.clone()), gripper);
        let wait = json!({"duration_s": {"type": "number"}});
        let found = bound("wait 1 minute and 20 s", wait.clone())["duration_s"]["enum"].take();
        for seconds in [80, 60, 20, 1] {
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
