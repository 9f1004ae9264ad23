//! Units of lengths and times: a number is scaled only by those that a sentence says.

use super::slips::is_slip;
use super::spoken::is_letters;
use super::syllables::PARTICLES;

/// What stands behind a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Metres,
    Centimetres,
    Millimetres,
    Seconds,
    Minutes,
    Hours,
    /// How often.
    Times,
}

const UNITS: [(Unit, &[&str]); 7] = [
    (
        Unit::Metres,
        &["m", "meter", "meters", "metre", "metres", "미터"],
    ),
    (
        Unit::Centimetres,
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
        Unit::Millimetres,
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
        Unit::Seconds,
        &["s", "sec", "secs", "second", "seconds", "초", "초간"],
    ),
    (
        Unit::Minutes,
        &["min", "mins", "minute", "minutes", "분", "분간"],
    ),
    (Unit::Hours, &["h", "hr", "hrs", "hour", "hours", "시간"]),
    (
        Unit::Times,
        &[
            "time", "times", "round", "rounds", "lap", "laps", "tours", "번", "회", "바퀴", "차례",
        ],
    ),
];
/// In words that may be units of hundredths and thousandths, right or with slips.
const CENTI: [&str; 7] = ["cm", "cent", "cenit", "sent", "cnt", "센티", "센치"];
const MILLI: [&str; 5] = ["mm", "mil", "mli", "밀리", "미리"];
const METRES: [&str; 5] = ["meter", "meters", "metre", "metres", "metal"];

/// The unit that stands right behind a number, and where it ends.
pub fn unit_at(pieces: &[&str], end: usize) -> Option<(Unit, usize)> {
    let at = match pieces.get(end) {
        Some(&(" " | "-")) => end + 1,
        _ => end,
    };
    let piece = *pieces.get(at)?;
    let is_one = |words: &[&str]| {
        let without = |word: &&str| {
            let rest = piece.strip_prefix(*word);
            rest.is_some_and(|rest| rest.is_empty() || PARTICLES.contains(&rest))
        };
        words.iter().any(without)
    };
    let found = UNITS.iter().find(|(_, words)| is_one(words))?;
    Some((found.0, at + 1))
}

/// Whether a word is a unit of time.
pub fn is_time(piece: &str) -> bool {
    let of_time = UNITS
        .iter()
        .filter(|(unit, _)| matches!(unit, Unit::Seconds | Unit::Minutes | Unit::Hours));
    piece.len() > 1 && of_time.flat_map(|(_, words)| *words).any(|w| *w == piece)
}

/// Units that a sentence says somewhere, or may say: words with slips count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SaidUnits {
    pub centimetres: bool,
    pub millimetres: bool,
    /// How often.
    pub minutes: usize,
    pub hours: usize,
}

impl SaidUnits {
    pub fn of(pieces: &[&str]) -> Self {
        let some = |is_meant: &dyn Fn(&str) -> bool| pieces.iter().any(|p| is_meant(p));
        let count = |is_meant: &dyn Fn(&str) -> bool| pieces.iter().filter(|p| is_meant(p)).count();
        let has = |piece: &str, parts: &[&str]| parts.iter().any(|part| piece.contains(part));
        // "Cetimetres".
        let is_some_metre = |p: &str| p.contains("met") && !METRES.contains(&p);
        // "1:30".
        let is_clock = pieces.windows(3).any(|w| {
            let is_number = |p: &str| p.bytes().all(|b| b.is_ascii_digit());
            w[1] == ":" && is_number(w[0]) && is_number(w[2])
        });
        Self {
            centimetres: some(&|p| has(p, &CENTI) || is_some_metre(p)),
            millimetres: some(&|p| has(p, &MILLI) || is_some_metre(p)),
            minutes: usize::from(is_clock) + count(&is_minutes),
            hours: usize::from(is_clock) + count(&is_hours),
        }
    }

    /// What a number may be in metres: a unit of its own says that, else any that the sentence says may count.
    pub fn scaled(self, number: f64, own: Option<Unit>) -> Vec<f64> {
        let (centi, milli) = (number / 100.0, number / 1000.0);
        match own {
            Some(Unit::Centimetres) => vec![centi],
            Some(Unit::Millimetres) => vec![milli],
            Some(Unit::Metres) => vec![number],
            _ => {
                let centi = self.centimetres.then_some(centi);
                let milli = self.millimetres.then_some(milli);
                [Some(number), centi, milli].into_iter().flatten().collect()
            }
        }
    }
}

fn is_minutes(piece: &str) -> bool {
    let begins = ["min", "mni", "mun", "mimu", "miu", "분"];
    piece == "m"
        || piece == "moment"
        || begins.iter().any(|b| piece.starts_with(b))
        || ["minute", "minutes"].iter().any(|w| is_slip(piece, w))
}

fn is_hours(piece: &str) -> bool {
    let begins = is_letters(piece) && piece.starts_with('h');
    let is_short = ["h", "hr", "hrs"].contains(&piece);
    let has_vowels = ["ou", "uo", "hur", "hor"]
        .iter()
        .any(|part| piece.contains(part));
    begins && (is_short || has_vowels) || piece.contains("시간") || piece.ends_with("hours")
}

#[cfg(test)]
mod tests {
    use super::super::spoken::pieces;
    use super::*;

    #[test]
    fn units_count_where_they_are_said() {
        let said = |sentence: &str| {
            let said = SaidUnits::of(&pieces(sentence));
            let lengths = [said.centimetres, said.millimetres].map(usize::from);
            [lengths[0], lengths[1], said.minutes, said.hours]
        };
        for (sentence, expected) in [
            ("to 0.4 / 0 / 0.25, then home the metal box", [0, 0, 0, 0]),
            ("35mm", [0, 1, 0, 0]),
            ("3 cm", [1, 0, 0, 0]),
            ("thirty milimetres", [1, 1, 0, 0]),
            ("그리퍼를 5센티로", [1, 0, 0, 0]),
            ("wait 2mins, hold the mug here", [0, 0, 1, 0]),
            ("an huor or 3 mintues", [0, 0, 1, 1]),
            ("1:30", [0, 0, 1, 1]),
        ] {
            assert_eq!(said(sentence), expected, "{sentence}");
        }
    }

    #[test]
    fn units_stand_right_behind_numbers() {
        for (behind, expected) in [
            ("cm", Some((Unit::Centimetres, 1))),
            (" mm", Some((Unit::Millimetres, 2))),
            ("-minute", Some((Unit::Minutes, 2))),
            ("초를", Some((Unit::Seconds, 1))),
            (", 5 s", None),
            (" ms", None),
            ("", None),
        ] {
            assert_eq!(unit_at(&pieces(behind), 0), expected, "{behind}");
        }
    }
}
