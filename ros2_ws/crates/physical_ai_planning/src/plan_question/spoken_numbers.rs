//! Numbers as people say them, in digits and in words, and the letters and units that stand with them.

use super::slips::is_slip;
use super::spoken::{number_of, spoken_words};
use super::units::{Unit, unit_at};

/// A number may follow them without a space.
const GLUED_AXES: [&str; 3] = ["x", "y", "z"];
/// What a number may be said to be.
const AXES: [&str; 6] = ["x", "y", "z", "roll", "pitch", "yaw"];
/// What may stand between an axis and its number.
const AXIS_LINKS: [&str; 20] = [
    " ",
    "=",
    ":",
    "(",
    "+",
    "of",
    "is",
    "at",
    "to",
    "equals",
    "angle",
    "value",
    "coordinate",
    "는",
    "은",
    "를",
    "을",
    "축",
    "값",
    "좌표",
];
/// What may stand between the numbers of a list.
const LIST_LINKS: [&str; 15] = [
    " ", ",", "/", "|", ";", "(", ")", "[", "]", "+", "&", "<", ">", "and", "by",
];
/// Most signs and words between an axis and its number.
const MOST_LINKS: usize = 5;
/// Signs and words of a number below zero.
const NEGATIVE: [&str; 3] = ["minus", "negative", "마이너스"];
const DASHES: [&str; 3] = ["-", "−", "–"];
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

/// A number in a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct SpokenNumber {
    pub value: f64,
    pub in_digits: bool,
    /// The axis that stands right before it.
    pub axis: Option<&'static str>,
    /// What stands right behind it.
    pub unit: Option<Unit>,
    /// Only signs of a list stand between the number before and this one.
    pub goes_on: bool,
}

/// Numbers in the order in which they are said; digits of references are none.
pub fn numbers_in(pieces: &[&str]) -> Vec<SpokenNumber> {
    let mut numbers: Vec<SpokenNumber> = Vec::new();
    let (mut at, mut behind_last) = (0, 0);
    while at < pieces.len() {
        let (value, end) = number_at(pieces, at);
        if let Some(value) = value {
            let begin = before_sign(pieces, at);
            let (axis, begin) = match axis_before(pieces, begin) {
                Some((axis, begin)) => (Some(axis), begin),
                None => (None, begin),
            };
            let gap = pieces.get(behind_last..begin).unwrap_or_default();
            let is_list = gap.iter().all(|p| LIST_LINKS.contains(p));
            let unit = unit_at(pieces, end);
            numbers.push(SpokenNumber {
                value,
                in_digits: pieces[at].starts_with(|c: char| c.is_ascii_digit()),
                axis,
                unit: unit.map(|(unit, _)| unit),
                goes_on: is_list && !numbers.is_empty(),
            });
            behind_last = unit.map_or(end, |(_, end)| end);
        }
        at = end;
    }
    numbers
}

/// How often axes are said, with or without a number.
pub fn count_of_axes(pieces: &[&str]) -> usize {
    pieces.iter().filter(|p| AXES.contains(p)).count()
}

/// "Fvie", "eightx": such a word may be a number, which is not read.
pub fn is_number_with_slip(piece: &str) -> bool {
    let is_one = |word: &str| {
        let is_slip = piece.len() >= word.len() && is_slip(piece, word);
        is_slip || piece.strip_suffix('x') == Some(word)
    };
    number_words().any(is_one)
}

pub fn number_words() -> impl Iterator<Item = &'static str> {
    let long = TENS.iter().chain(&TEENS).map(|(word, _)| *word);
    spoken_words()
        .numbers
        .iter()
        .map(String::as_str)
        .chain(long)
}

/// The number that begins with a word, without a sign, and how many words it takes, signs counted; `at` gives what
/// follows.
pub fn number_of_words<'a>(word: &str, at: impl Fn(usize) -> &'a str) -> Option<(f64, usize)> {
    if let Some((_, tens)) = TENS.iter().find(|(name, _)| *name == word) {
        let one = |i: usize| {
            number_of(at(i))
                .filter(|n| (1..10).contains(n) && !at(i).starts_with(|c: char| c.is_ascii_digit()))
        };
        let tens = f64::from(*tens);
        return match (at(1), one(1), one(2)) {
            (_, Some(one), _) => Some((tens + one as f64, 2)),
            ("-", _, Some(one)) => Some((tens + one as f64, 3)),
            _ => Some((tens, 1)),
        };
    }
    let teens = TEENS.iter().find(|(name, _)| *name == word);
    let word = spoken_words().numbers.iter().position(|n| n == word);
    let number = teens
        .map(|(_, n)| f64::from(*n))
        .or_else(|| word.map(|n| n as f64));
    number.map(|n| (n, 1))
}

/// The number that begins at a piece, and where to go on.
fn number_at(pieces: &[&str], at: usize) -> (Option<f64>, usize) {
    let is_digits = |p: &&str| p.bytes().all(|b| b.is_ascii_digit());
    let piece = pieces[at];
    let in_word = at > 0
        && pieces[at - 1].ends_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && !GLUED_AXES.contains(&pieces[at - 1]);
    if is_digits(&piece) && !in_word {
        let (mut text, mut end) = (piece.to_owned(), at + 1);
        if let Some([".", decimals, ..]) = pieces.get(end..)
            && is_digits(decimals)
        {
            text += ".";
            text += decimals;
            end += 2;
        }
        let number = text.parse().ok();
        return (number.map(|n| with_sign(pieces, at, n)), end);
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
        let number = f64::from(*tens) + unit.unwrap_or(0) as f64;
        return (Some(with_sign(pieces, at, number)), end);
    }
    let teens = TEENS.iter().find(|(word, _)| *word == piece);
    let word = spoken_words().numbers.iter().position(|n| n == piece);
    let number = teens
        .map(|(_, n)| f64::from(*n))
        .or_else(|| word.map(|n| n as f64));
    (number.map(|n| with_sign(pieces, at, n)), at + 1)
}

fn with_sign(pieces: &[&str], at: usize, number: f64) -> f64 {
    if before_sign(pieces, at) < at {
        -number
    } else {
        number
    }
}

/// Where the sign of a number begins; where the number does, if it has none.
fn before_sign(pieces: &[&str], at: usize) -> usize {
    match &pieces[..at] {
        [.., word, " "] if NEGATIVE.contains(word) => at - 2,
        // "1-2" is no difference of signs.
        [.., before, dash] if DASHES.contains(dash) => {
            let in_word = before.ends_with(|c: char| c.is_ascii_alphanumeric());
            if in_word && !GLUED_AXES.contains(before) {
                at
            } else {
                at - 1
            }
        }
        [dash] if DASHES.contains(dash) => at - 1,
        _ => at,
    }
}

/// The axis that is said right before a piece, and where.
fn axis_before(pieces: &[&str], at: usize) -> Option<(&'static str, usize)> {
    for begin in (0..at).rev().take(MOST_LINKS) {
        if let Some(axis) = AXES.iter().find(|axis| **axis == pieces[begin]) {
            return Some((axis, begin));
        }
        if !AXIS_LINKS.contains(&pieces[begin]) {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::spoken::pieces;
    use super::*;

    #[test]
    fn numbers_are_read_in_digits_and_words() {
        for (sentence, expected) in [
            (
                "ref_r1 moves to 0.4, -0.25 and minus 3",
                vec![0.4, -0.25, -3.0],
            ),
            ("x=1 y=-2 z 3.50 x-2 −4", vec![1.0, -2.0, 3.5, -2.0, -4.0]),
            (
                "twenty-five, minus forty two, thirteen, seven",
                vec![25.0, -42.0, 13.0, 7.0],
            ),
            ("wait 90s at ref_f2", vec![90.0]),
            ("go home 1-2", vec![1.0, 2.0]),
        ] {
            let found = numbers_in(&pieces(sentence));
            let values: Vec<f64> = found.iter().map(|n| n.value).collect();
            assert_eq!(values, expected, "{sentence}");
        }
    }

    #[test]
    fn slips_in_numbers_are_seen() {
        for (word, expected) in [
            ("wto", true),
            ("ttwo", true),
            ("eigth", true),
            ("eightx", true),
            ("fourty", true),
            ("two", false),
            ("to", false),
            ("then", false),
        ] {
            assert_eq!(is_number_with_slip(word), expected, "{word}");
        }
    }

    #[test]
    fn numbers_have_axes_units_and_lists() {
        let said = |sentence: &str| {
            let found = numbers_in(&pieces(sentence));
            let what = found.into_iter().map(|n| (n.axis, n.unit, n.goes_on));
            what.collect::<Vec<_>>()
        };
        let centi = Some(Unit::Centimetres);
        assert_eq!(
            said("to x=4 cm, y minus 2, yaw of 0.5 then 3"),
            [
                (Some("x"), centi, false),
                (Some("y"), None, true),
                (Some("yaw"), None, true),
                (None, None, false)
            ]
        );
        assert_eq!(
            said("(0.4 cm / -1 | 2) 5초"),
            [
                (None, centi, false),
                (None, None, true),
                (None, None, true),
                (None, Some(Unit::Seconds), true)
            ]
        );
    }
}
