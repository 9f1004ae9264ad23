//! Numbers that a sentence says, word by word, and what they may be in a plan.

use std::ops::Range;

use physical_ai_domain::Role;
use serde_json::Value;

use super::skill_roles::SkillRoles;
use super::spoken_numbers::number_of_words;
use super::syllables::PARTICLES;
use super::words::{Word, WordKind};

/// A number with its sign and unit.
#[derive(Debug, Clone, PartialEq)]
pub struct SaidNumber {
    /// The words that say it, signs in front and unit behind included.
    pub words: Range<usize>,
    /// What it may be in a plan, in metres, seconds and radians.
    pub values: Vec<f64>,
    /// What it is said to be.
    pub quantity: Quantity,
}

/// What a number is said to be, by its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// A coordinate or an angle: it needs no unit.
    Bare,
    Length,
    Time,
    Rounds,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Unit {
    Metres(f64),
    Seconds(f64),
    Radians,
    Times,
}

const UNITS: [(Unit, &[&str]); 9] = [
    (
        Unit::Metres(1.0),
        &["m", "meter", "meters", "metre", "metres", "미터"],
    ),
    (
        Unit::Metres(0.01),
        &[
            "cm",
            "centimeter",
            "centimeters",
            "centimetre",
            "centimetres",
            "센티",
            "센티미터",
            "센치",
        ],
    ),
    (
        Unit::Metres(0.001),
        &[
            "mm",
            "millimeter",
            "millimeters",
            "millimetre",
            "millimetres",
            "밀리",
            "밀리미터",
        ],
    ),
    (
        Unit::Seconds(1.0),
        &[
            "s", "sec", "secs", "second", "seconds", "초", "초간", "초씩",
        ],
    ),
    (
        Unit::Seconds(60.0),
        &["min", "mins", "minute", "minutes", "분", "분간", "분씩"],
    ),
    (
        Unit::Seconds(3600.0),
        &["h", "hr", "hrs", "hour", "hours", "시간"],
    ),
    (
        Unit::Seconds(0.001),
        &["ms", "millisecond", "milliseconds", "밀리초"],
    ),
    (Unit::Radians, &["rad", "radian", "radians", "라디안"]),
    (
        Unit::Times,
        &[
            "time", "times", "round", "rounds", "lap", "laps", "tour", "tours", "turns", "x", "번",
            "회", "바퀴", "차례", "번씩",
        ],
    ),
];
const NATIVE: [(&str, f64); 29] = [
    ("한", 1.0),
    ("하나", 1.0),
    ("두", 2.0),
    ("둘", 2.0),
    ("세", 3.0),
    ("셋", 3.0),
    ("네", 4.0),
    ("넷", 4.0),
    ("다섯", 5.0),
    ("여섯", 6.0),
    ("일곱", 7.0),
    ("여덟", 8.0),
    ("아홉", 9.0),
    ("열", 10.0),
    ("열한", 11.0),
    ("열두", 12.0),
    ("열세", 13.0),
    ("열네", 14.0),
    ("열다섯", 15.0),
    ("스무", 20.0),
    ("스물", 20.0),
    ("서른", 30.0),
    ("마흔", 40.0),
    ("쉰", 50.0),
    ("영", 0.0),
    ("공", 0.0),
    ("첫", 1.0),
    ("반", 0.5),
    ("백", 100.0),
];
const SINO: [(char, f64); 9] = [
    ('일', 1.0),
    ('이', 2.0),
    ('삼', 3.0),
    ('사', 4.0),
    ('오', 5.0),
    ('육', 6.0),
    ('칠', 7.0),
    ('팔', 8.0),
    ('구', 9.0),
];
/// What may stand behind a unit in the same Korean word.
const LASTING: [&str; 9] = ["동안", "간", "씩", "만", "을", "를", "정도", "쯤", "이나"];
const FRACTIONS: [(&str, f64); 3] = [("half", 0.5), ("quarter", 0.25), ("quarters", 0.25)];

/// Numbers in the order in which they are said.
pub fn said_numbers(words: &[Word]) -> Vec<SaidNumber> {
    let mut found: Vec<(SaidNumber, Option<Unit>, f64)> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match number_at(words, at) {
            Some((number, unit, value)) => {
                at = number.words.end;
                found.push((number, unit, value));
            }
            None => at += 1,
        }
    }
    // "1 minute 30 seconds" is one time.
    for last in 1..found.len() {
        let [
            (first, Some(Unit::Seconds(a)), x),
            (second, Some(Unit::Seconds(b)), y),
        ] = &found[last - 1..=last]
        else {
            continue;
        };
        let gap = &words[first.words.end..second.words.start];
        if a > b && gap.iter().all(|w| ["and", ","].contains(&w.text)) {
            let sum = a * x + b * y;
            found[last - 1].0.values.push(sum);
            found[last].0.values.push(sum);
        }
    }
    found.into_iter().map(|(number, ..)| number).collect()
}

fn number_at(words: &[Word], at: usize) -> Option<(SaidNumber, Option<Unit>, f64)> {
    let (mut value, mut end, glued_unit) = amount(words, at)?;
    let (mut start, mut unit) = (at, glued_unit);
    // Signs in front.
    if let Some(before) = at.checked_sub(1) {
        let is_dash = ["-", "−", "–"].contains(&words[before].text)
            && words[at].glued
            && !(words[before].glued
                && words[before.saturating_sub(1)].kind != WordKind::Sign
                && !AXES.contains(&words[before.saturating_sub(1)].text));
        if is_dash || ["minus", "negative", "마이너스"].contains(&words[before].text) {
            value = -value;
            start = before;
        }
    }
    let text = |i: usize| words.get(i).map_or("", |w| w.text);
    if text(end) == "and"
        && ["a", "one"].contains(&text(end + 1))
        && let Some(part) = fraction(text(end + 2))
    {
        value += part;
        end += 3;
    }
    if unit.is_none() {
        let at_unit =
            end + usize::from(text(end) == "-" && words.get(end + 1).is_some_and(|w| w.glued));
        if let Some(found) = words.get(at_unit).and_then(|w| unit_of(w.text)) {
            unit = Some(found);
            end = at_unit + 1;
        }
    }
    if text(end) == "and"
        && text(end + 1) == "a"
        && fraction(text(end + 2)).is_some()
        && unit.is_some()
    {
        value += fraction(text(end + 2)).unwrap_or(0.0);
        end += 3;
    }
    if text(end) == "반" && unit.is_some() {
        value += 0.5;
        end += 1;
    }
    // "Once more", "한 번 더" is about trying again.
    if unit == Some(Unit::Times) && (text(end) == "더" || text(end) == "more") {
        return None;
    }
    let values = match unit {
        Some(Unit::Metres(by) | Unit::Seconds(by)) => vec![value * by],
        _ => vec![value],
    };
    let said = SaidNumber {
        words: start..end,
        values,
        quantity: quantity_of(unit),
    };
    Some((said, unit, value))
}

fn quantity_of(unit: Option<Unit>) -> Quantity {
    match unit {
        Some(Unit::Metres(_)) => Quantity::Length,
        Some(Unit::Seconds(_)) => Quantity::Time,
        Some(Unit::Times) => Quantity::Rounds,
        _ => Quantity::Bare,
    }
}

const AXES: [&str; 6] = ["x", "y", "z", "roll", "pitch", "yaw"];

fn fraction(word: &str) -> Option<f64> {
    FRACTIONS
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, part)| *part)
}

/// The amount that begins at a word, the one behind it, and a unit in the same word.
fn amount(words: &[Word], at: usize) -> Option<(f64, usize, Option<Unit>)> {
    let text = |i: usize| words.get(i).map_or("", |w| w.text);
    let word = words.get(at)?;
    match word.kind {
        WordKind::Number => Some((word.text.parse().ok()?, at + 1, None)),
        WordKind::Latin => {
            let articles = ["a", "an", "of"];
            let skip = |mut i: usize| {
                while articles.contains(&text(i)) {
                    i += 1;
                }
                i
            };
            if let Some(part) = fraction(word.text) {
                let next = skip(at + 1);
                return unit_of(text(next)).map(|_| (part, next, None));
            }
            let is_article = ["a", "an"].contains(&word.text);
            if is_article {
                let time = matches!(unit_of(text(at + 1)), Some(Unit::Seconds(_)));
                return (time && !["s", "m", "h"].contains(&text(at + 1))).then_some((
                    1.0,
                    at + 1,
                    None,
                ));
            }
            let (value, count) = number_of_words(word.text, |i| text(at + i))?;
            let end = at + count;
            match fraction(text(end)) {
                Some(part) => Some((value * part, skip(end + 1), None)),
                None => Some((value, end, None)),
            }
        }
        WordKind::Hangul if !word.behind_reference => {
            let (value, rest) = korean_amount(word.text)?;
            if rest.is_empty() {
                // Alone, most of these syllables are something else.
                let next = words.get(at + 1).filter(|w| unit_of(w.text).is_some());
                return next.map(|_| (value, at + 1, None));
            }
            let unit = unit_of(rest)?;
            Some((value, at + 1, Some(unit)))
        }
        _ => None,
    }
}

/// The number that a Korean word begins with, and the rest of it.
fn korean_amount(word: &str) -> Option<(f64, &str)> {
    let native = NATIVE
        .iter()
        .filter(|(name, _)| word.starts_with(name))
        .max_by_key(|(name, _)| name.len());
    if let Some((name, value)) = native {
        return Some((*value, &word[name.len()..]));
    }
    let (mut total, mut digit, mut end) = (0.0, None, 0);
    for (at, c) in word.char_indices() {
        let place = match c {
            '십' => 10.0,
            '백' => 100.0,
            _ => {
                let Some((_, value)) = SINO.iter().find(|(name, _)| *name == c) else {
                    break;
                };
                digit = Some(*value);
                end = at + c.len_utf8();
                continue;
            }
        };
        total += digit.take().unwrap_or(1.0) * place;
        end = at + c.len_utf8();
    }
    (end > 0).then_some((total + digit.unwrap_or(0.0), &word[end..]))
}

fn unit_of(word: &str) -> Option<Unit> {
    let is_one = |name: &&str| {
        let rest = word.strip_prefix(*name);
        rest.is_some_and(|rest| {
            rest.is_empty() || PARTICLES.contains(&rest) || LASTING.contains(&rest)
        })
    };
    UNITS
        .iter()
        .find(|(_, names)| names.iter().any(is_one))
        .map(|(unit, _)| *unit)
}

/// Numbers of a plan, by what a sentence may call them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlanNumbers {
    /// Coordinates, angles and positions of joints.
    bare: Vec<f64>,
    /// Coordinates and openings.
    lengths: Vec<f64>,
    times: Vec<f64>,
    rounds: Vec<f64>,
}

impl PlanNumbers {
    pub fn of(tasks: &[Value], skills: &SkillRoles) -> Self {
        let axes = [Role::X, Role::Y, Role::Z];
        let turns = [Role::Roll, Role::Pitch, Role::Yaw, Role::JointPositions];
        let all = |roles: &[Role]| -> Vec<f64> {
            tasks
                .iter()
                .flat_map(|task| skills.numbers(task, roles))
                .collect()
        };
        let (points, turns) = (all(&axes), all(&turns));
        Self {
            bare: [points.clone(), turns].concat(),
            lengths: [points, all(&[Role::Opening])].concat(),
            times: all(&[Role::Duration]),
            rounds: all(&[Role::Count]),
        }
    }

    pub fn get(&self, quantity: Quantity) -> &[f64] {
        match quantity {
            Quantity::Bare => &self.bare,
            Quantity::Length => &self.lengths,
            Quantity::Time => &self.times,
            Quantity::Rounds => &self.rounds,
        }
    }
}

/// True if a list of joints has more numbers than the sentence; one number may be for all joints.
pub fn has_invented_joints(numbers: &[SaidNumber], tasks: &[Value], skills: &SkillRoles) -> bool {
    let bare = numbers
        .iter()
        .filter(|n| n.quantity == Quantity::Bare)
        .count();
    let lists = tasks
        .iter()
        .map(|task| skills.values(task, &[Role::JointPositions]));
    let mut long = lists.filter(|list| list.iter().any(|p| *p != list[0]));
    long.any(|list| list.len() > bare)
}

/// True if a word is the unit in which plans have lengths or angles.
pub fn is_unit(word: &str) -> bool {
    unit_of(word).is_some_and(|unit| matches!(unit, Unit::Metres(1.0) | Unit::Radians))
}

#[cfg(test)]
mod tests {
    use super::super::words::words_of;
    use super::*;

    fn said(sentence: &str) -> Vec<(String, Vec<f64>)> {
        let words = words_of(sentence);
        let numbers = said_numbers(&words);
        let text = |n: &SaidNumber| {
            sentence[words[n.words.start].begin..words[n.words.end - 1].end()].to_owned()
        };
        numbers
            .iter()
            .map(|n| (text(n), n.values.clone()))
            .collect()
    }

    #[test]
    fn numbers_are_what_plans_have() {
        for (sentence, expected) in [
            ("-3 times", vec![("-3 times", vec![-3.0])]),
            ("wait 5 s", vec![("5 s", vec![5.0])]),
            ("to 25cm wide", vec![("25cm", vec![0.25])]),
            (
                "1 minute and 30 seconds",
                vec![
                    ("1 minute", vec![60.0, 90.0]),
                    ("30 seconds", vec![30.0, 90.0]),
                ],
            ),
            ("half a minute", vec![("half a minute", vec![30.0])]),
            (
                "one and a half minutes",
                vec![("one and a half minutes", vec![90.0])],
            ),
            (
                "a quarter of an hour",
                vec![("quarter of an hour", vec![900.0])],
            ),
            (
                "three quarters of a minute",
                vec![("three quarters of a minute", vec![45.0])],
            ),
            (
                "forty-five seconds",
                vec![("forty-five seconds", vec![45.0])],
            ),
            ("(10, 20) cm", vec![("10", vec![10.0]), ("20", vec![20.0])]),
            (
                "x=-1.5 y 2 cm",
                vec![("-1.5", vec![-1.5]), ("2 cm", vec![0.02])],
            ),
            (
                "두 번 3회 삼십 초",
                vec![
                    ("두 번", vec![2.0]),
                    ("3회", vec![3.0]),
                    ("삼십 초", vec![30.0]),
                ],
            ),
            ("1분 반 동안", vec![("1분 반", vec![90.0])]),
            ("a 12 second break", vec![("12 second", vec![12.0])]),
        ] {
            let expected: Vec<(String, Vec<f64>)> = expected
                .into_iter()
                .map(|(t, v)| (t.to_owned(), v))
                .collect();
            let found = said(sentence);
            assert_eq!(found.len(), expected.len(), "{sentence}: {found:?}");
            for ((text, values), (wanted, numbers)) in found.iter().zip(&expected) {
                assert_eq!(text, wanted, "{sentence}");
                let near = values
                    .iter()
                    .zip(numbers)
                    .all(|(a, b)| (a - b).abs() < 1e-9);
                assert!(
                    near && values.len() == numbers.len(),
                    "{sentence}: {values:?} {numbers:?}"
                );
            }
        }
    }
}
