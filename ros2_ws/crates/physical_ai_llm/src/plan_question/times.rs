//! How long and how often something is done, as a sentence says it in numbers.

use std::collections::BTreeSet;

use super::numbers::shown;
use super::spoken_numbers::SpokenNumber;
use super::units::SaidUnits;

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
/// In seconds, if they were said in that, or in minutes or hours, or in two of these.
pub fn durations(numbers: &[SpokenNumber], units: SaidUnits) -> BTreeSet<String> {
    let minutes = units.minutes.then_some((60.0, 1.0));
    let hours = units.hours.then_some((3600.0, 60.0));
    let longer: Vec<(f64, f64)> = [minutes, hours].into_iter().flatten().collect();
    // "A second".
    let mut found = BTreeSet::from(["1".to_owned()]);
    found.extend(longer.iter().map(|(unit, _)| shown(*unit)));
    for (index, number) in numbers.iter().enumerate() {
        found.insert(shown(number.value));
        let and_less = numbers.get(index + 1).map_or(0.0, |n| n.value);
        for (unit, less) in &longer {
            let whole = number.value * unit;
            // "A minute and 10 seconds".
            let one_and = unit + number.value * less;
            found.extend([whole, whole + and_less * less, one_and].map(shown));
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
    let whole = numbers.iter().filter(|n| n.value.fract() == 0.0);
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
            ("wait 5 then 20 s", vec!["1", "20", "5"]),
            ("a minute", vec!["1", "60"]),
            (
                "1 hour and 2 min",
                vec![
                    "1", "2", "60", "61", "62", "120", "3600", "3660", "3720", "7200",
                ],
            ),
        ] {
            let expected = expected.into_iter().map(str::to_owned).collect();
            assert_eq!(said(sentence), expected, "{sentence}");
        }
    }

    #[test]
    fn counts_are_certain_or_any() {
        let said = |sentence: &str| {
            let pieces = pieces(sentence);
            rounds(&pieces, &numbers_in(&pieces)).map(|some| some.into_iter().collect::<Vec<_>>())
        };
        assert_eq!(
            said("twice, 1.5 m, then 3 times"),
            Some(vec!["2".to_owned(), "3".to_owned()])
        );
        assert_eq!(said("go"), Some(vec![]));
        assert_eq!(said("a few times"), None);
        assert_eq!(said("두 번"), None);
    }
}
