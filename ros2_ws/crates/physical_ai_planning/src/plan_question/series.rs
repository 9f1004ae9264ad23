//! Several names of a series in one: "docks a, b and c", "carts 2 and 3". `planner/series.py` does the same.

use std::collections::{BTreeMap, BTreeSet};

use super::by_words::ByWords;
use super::spoken::{goes_on, in_digits, is_letters};

const LINKS: [&[&str]; 6] = [
    &[",", " ", "and", " "],
    &[" ", "and", " "],
    &[",", " "],
    &[" ", "&", " "],
    &[" ", "or", " "],
    &[","],
];

/// Names that differ in their ends only, by the plural of the word before.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    by_plural: BTreeMap<String, ByWords>,
}

impl Series {
    pub fn new(names: &ByWords) -> Self {
        let mut by_plural: BTreeMap<String, ByWords> = BTreeMap::new();
        let mut heads: BTreeMap<String, BTreeSet<&[String]>> = BTreeMap::new();
        for (words, references) in names {
            let before_last = &words[..words.len().saturating_sub(1)];
            let Some(noun) = before_last
                .iter()
                .rposition(|w| is_letters(w) && w.len() > 1)
            else {
                continue;
            };
            let plural = plural(&words[noun]);
            heads
                .entry(plural.clone())
                .or_default()
                .insert(&words[..noun]);
            let ends = by_plural.entry(plural).or_default();
            let references = references.iter().cloned();
            ends.entry(words[noun + 1..].to_vec())
                .or_default()
                .extend(references);
        }
        // "Boxes 1 and 2" says nothing where there are red and blue ones.
        by_plural.retain(|plural, _| heads[plural].len() == 1);
        Self { by_plural }
    }

    /// The references and what stands between them, and where the last one ends.
    pub fn said(&self, pieces: &[&str], at: usize) -> Option<(String, usize)> {
        let ends = self.by_plural.get(pieces[at])?;
        if pieces.get(at + 1) != Some(&" ") {
            return None;
        }
        let (mut text, mut count, mut end, mut next) = (String::new(), 0, at, at + 2);
        let mut link = String::new();
        while let Some((reference, behind)) = one(ends, pieces, next) {
            text.extend([link.as_str(), reference]);
            (count, end) = (count + 1, behind);
            let Some(step) = LINKS.iter().find(|step| pieces[end..].starts_with(step)) else {
                break;
            };
            link = step.concat();
            next = end + step.len();
        }
        (count > 1).then_some((text, end))
    }
}

/// The name that ends so at a piece, and where.
fn one<'a>(ends: &'a ByWords, pieces: &[&str], at: usize) -> Option<(&'a str, usize)> {
    ends.iter().find_map(|(words, references)| {
        let end = at + words.len();
        let said = pieces.get(at..end)?.iter().map(|p| in_digits(p));
        let [reference] = references.as_slice() else {
            return None;
        };
        (said.eq(words.iter().cloned()) && !goes_on(pieces, end))
            .then_some((reference.as_str(), end))
    })
}

pub fn plural(word: &str) -> String {
    let hisses = ["s", "x", "ch", "sh"].iter().any(|end| word.ends_with(end));
    format!("{word}{}", if hisses { "es" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::super::spoken::pieces;
    use super::*;

    #[test]
    fn series_are_told_apart() {
        let names = [
            ("dock a", "f1"),
            ("dock b", "f2"),
            ("dock c", "f3"),
            ("bag cart 1", "r1"),
            ("bag cart 2", "r2"),
            ("red box 1", "o1"),
            ("blue box 2", "o2"),
            ("bench 4", "s1"),
            ("bench 5", "s2"),
        ];
        let words = |name: &str| name.split(' ').map(str::to_owned).collect();
        let names = names
            .map(|(name, reference)| (words(name), vec![reference.to_owned()]))
            .into();
        let series = Series::new(&names);
        for (sentence, expected) in [
            ("docks a, b, and c twice", Some(("f1, f2, and f3", 11))),
            ("docks a & b", Some(("f1 & f2", 7))),
            ("carts one and 02,", Some(("r1 and r2", 7))),
            ("benches 4 and 5", Some(("s1 and s2", 7))),
            ("docks a and bees", None),
            ("docks a", None),
            ("docks", None),
            ("boxes 1 and 2", None),
        ] {
            let expected = expected.map(|(text, end): (&str, usize)| (text.to_owned(), end));
            assert_eq!(series.said(&pieces(sentence), 0), expected, "{sentence}");
        }
    }
}
