//! How long and how often something is done, as a sentence says it in numbers.

use std::collections::BTreeSet;

use super::decimals::shown;
use super::spoken::{is_letters, spoken_words};
use super::spoken_numbers::{SpokenNumber, number_words};
use super::units::{SaidUnits, Unit, is_time};

/// They may stand before a unit of time and count nothing.
const NO_NUMBERS: [&str; 5] = ["another", "full", "whole", "more", "single"];
const UNITS_OF_TIME: [Unit; 3] = [Unit::Seconds, Unit::Minutes, Unit::Hours];
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

/// "For tw mins": a number before a unit of time may be one that is not read.
pub fn has_unread_time(pieces: &[&str]) -> bool {
    pieces.windows(3).any(|w| {
        let is_known = |word: &str| {
            let is_article = spoken_words().articles.contains(word);
            is_article || NO_NUMBERS.contains(&word) || number_words().any(|n| n == word)
        };
        is_letters(w[0]) && [" ", "-"].contains(&w[1]) && is_time(w[2]) && !is_known(w[0])
    })
}

/// In seconds, if they were said in that, or in minutes or hours, or in two of these.
pub fn durations(numbers: &[SpokenNumber], units: SaidUnits) -> BTreeSet<String> {
    let with = |unit| numbers.iter().filter(|n| n.unit == Some(unit)).count();
    let is_length = |n: &SpokenNumber| {
        matches!(n.unit, Some(Unit::Centimetres | Unit::Millimetres)) || n.axis.is_some()
    };
    // "A second".
    let mut found = BTreeSet::from([1.0].map(shown));
    for (index, number) in numbers.iter().enumerate() {
        let is_other = matches!(number.unit, Some(Unit::Minutes | Unit::Hours));
        if !is_other && !is_length(number) {
            found.insert(shown(number.value));
        }
        for (unit, said, seconds, less) in [
            (Unit::Minutes, units.minutes, 60.0, 1.0),
            (Unit::Hours, units.hours, 3600.0, 60.0),
        ] {
            // "A minute and 10 seconds".
            if said > with(unit) {
                found.insert(shown(seconds + number.value * less));
            }
            let is_in_other = UNITS_OF_TIME
                .iter()
                .any(|u| *u != unit && number.unit == Some(*u));
            if said > 0 && !is_in_other && !is_length(number) {
                let and_less = numbers.get(index + 1).map_or(0.0, |n| n.value * less);
                let whole = number.value * seconds;
                found.extend([whole, whole + and_less].map(shown));
            }
        }
    }
    for (unit, said, seconds) in [
        (Unit::Minutes, units.minutes, 60.0),
        (Unit::Hours, units.hours, 3600.0),
    ] {
        // "A minute".
        if said > with(unit) {
            found.insert(shown(seconds));
        }
    }
    found
}

/// How often something may be done, if that is certain.
pub fn rounds(pieces: &[&str], numbers: &[SpokenNumber]) -> Option<BTreeSet<String>> {
    let is_unclear = |p: &&str| NO_COUNTS.contains(p) || !p.is_ascii();
    if pieces.iter().any(is_unclear) {
        return None;
    }
    let in_words = COUNTS.iter().filter(|(word, _)| pieces.contains(word));
    let is_count = |n: &&SpokenNumber| {
        n.axis.is_none() && matches!(n.unit, None | Some(Unit::Times | Unit::Metres))
    };
    let whole = numbers.iter().filter(is_count);
    let whole = whole.filter(|n| n.value.fract() == 0.0);
    let in_words = in_words.map(|(_, count)| (*count).to_owned());
    Some(in_words.chain(whole.map(|n| shown(n.value))).collect())
}

#[cfg(test)]
mod tests {
    use super::super::spoken::pieces;
    use super::super::spoken_numbers::numbers_in;
    use super::*;

    #[test]
    fn longer_units_count_where_they_are_said() {
        let said = |sentence: &str| {
            let pieces = pieces(sentence);
            durations(&numbers_in(&pieces), SaidUnits::of(&pieces))
        };
        for (sentence, expected) in [
            ("wait 5 then 20 s, 3 cm", vec!["1", "20", "5"]),
            ("a minute", vec!["1", "60"]),
            ("1 hour and 2 min", vec!["1", "3600", "3720", "120"]),
            (
                "a minute and 10 seconds, then 2 minutes at x 5",
                vec!["1", "10", "60", "62", "65", "70", "120", "125"],
            ),
        ] {
            let expected = expected.into_iter().map(str::to_owned).collect();
            assert_eq!(said(sentence), expected, "{sentence}");
        }
    }

    #[test]
    fn unread_times_are_seen() {
        for (sentence, expected) in [
            ("for tw mins", true),
            (
                "a minute, two hours, 5 seconds, ninety-five secs or thirty",
                false,
            ),
        ] {
            assert_eq!(has_unread_time(&pieces(sentence)), expected, "{sentence}");
        }
    }

    #[test]
    fn counts_are_certain_or_any() {
        let said = |sentence: &str| {
            let pieces = pieces(sentence);
            rounds(&pieces, &numbers_in(&pieces)).map(|some| some.into_iter().collect::<Vec<_>>())
        };
        assert_eq!(
            said("twice, 1.5 m, x 4, 5 s, then 3 times"),
            Some(vec!["2".to_owned(), "3".to_owned()])
        );
        assert_eq!(said("go"), Some(vec![]));
        assert_eq!(said("a few times"), None);
        assert_eq!(said("두 번"), None);
    }
}
