//! Several robots, objects or places in one: "both arms", "all three docks", "the other rover", "everyone but
//! arm 2". `planner/groups.py` does the same.

use std::collections::{BTreeMap, BTreeSet};

use super::by_words::{ByWords, Found};
use super::reference_text::references_in;
use super::series::plural;
use super::spoken::{is_letters, number_of, starts_with_words};

const ALL_ROBOTS: [&str; 2] = ["everyone", "everybody"];
const THINGS: [&str; 3] = ["object", "thing", "item"];
const BUT: [&str; 5] = [
    " but ",
    " except for ",
    " except ",
    " apart from ",
    " other than ",
];
/// What is done with a mission as a whole, in "abort everything".
const ENDING: [&str; 8] = [
    "abort", "cancel", "stop", "drop", "end", "aborts", "stops", "cancels",
];
/// What stands before a plural, and how many there must be.
const ALL: [(&str, usize, usize); 8] = [
    ("both of the ", 2, 2),
    ("both the ", 2, 2),
    ("both ", 2, 2),
    ("all of the ", 2, usize::MAX),
    ("all the ", 2, usize::MAX),
    ("all ", 2, usize::MAX),
    ("each of the ", 2, usize::MAX),
    ("the ", 2, usize::MAX),
];

/// References by what may be said of several.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Groups {
    by_noun: BTreeMap<String, Vec<String>>,
    plurals: BTreeMap<String, Vec<String>>,
    robots: Vec<String>,
    objects: Vec<String>,
}

impl Groups {
    /// References of names, and of robots by what they are.
    pub fn new(names: &ByWords, arms: &[String], rovers: &[String]) -> Self {
        let mut by_noun: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut kinds: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (words, references) in names {
            let letters: Vec<&String> = words
                .iter()
                .filter(|w| is_letters(w) && w.len() > 1)
                .collect();
            let Some(&last) = letters.last() else {
                continue;
            };
            for word in letters {
                let of_word = kinds.entry(word).or_default();
                of_word.extend(
                    references
                        .iter()
                        .map(|r| if word == last { kind(r) } else { "" }),
                );
            }
            by_noun
                .entry(last.clone())
                .or_default()
                .extend(references.iter().cloned());
        }
        // A noun that means things of several kinds, or is a part of other names, says too little.
        by_noun.retain(|noun, _| kinds[noun.as_str()].len() == 1);
        let all = names.values().flatten();
        let objects: Vec<String> = all.filter(|r| kind(r) == "o").cloned().collect();
        let robots = [arms, rovers].concat();
        by_noun.insert("arm".to_owned(), arms.to_vec());
        by_noun.insert("rover".to_owned(), rovers.to_vec());
        by_noun.insert("robot".to_owned(), robots.clone());
        by_noun.extend(THINGS.map(|noun| (noun.to_owned(), objects.clone())));
        let by_noun: BTreeMap<String, Vec<String>> = by_noun
            .into_iter()
            .map(|(noun, some)| (noun, sorted(some)))
            .collect();
        Self {
            plurals: by_noun
                .iter()
                .map(|(noun, some)| (plural(noun), some.clone()))
                .collect(),
            robots: sorted(robots),
            objects: sorted(objects),
            by_noun,
        }
    }

    /// The references, and where what says them ends; `text` is what came before, and `one` finds a name that
    /// begins at a piece.
    pub fn said<'a>(
        &self,
        pieces: &[&str],
        at: usize,
        text: &str,
        one: &dyn Fn(usize) -> Found<'a>,
    ) -> Option<(Vec<String>, usize)> {
        let is_ending = || ENDING.contains(&pieces[at.saturating_sub(2)]);
        if pieces[at] == "everything" && self.objects.len() > 1 && !is_ending() {
            return Some((self.objects.clone(), at + 1));
        }
        if ALL_ROBOTS.contains(&pieces[at]) && !self.robots.is_empty() {
            return Some(but(&self.robots, pieces, at + 1, one));
        }
        for head in ["the other ", "the remaining ", "all the other "] {
            if let Some(end) = starts_with_words(pieces, at, head) {
                return self.others(pieces, end, text);
            }
        }
        let (some, end) = self.all(pieces, at)?;
        // "The two docks dock_a and dock_b" are those only.
        let is_named = pieces.get(end) == Some(&" ")
            && end + 1 < pieces.len()
            && !one(end + 1).references.is_empty();
        (some.len() > 1 && !is_named).then(|| but(some, pieces, end, one))
    }

    fn all(&self, pieces: &[&str], at: usize) -> Option<(&[String], usize)> {
        for (head, mut least, mut most) in ALL {
            let Some(mut end) = starts_with_words(pieces, at, head) else {
                continue;
            };
            let number = pieces.get(end).and_then(|p| number_of(p));
            if let Some(number) = number.filter(|_| most > 2) {
                (least, most) = (number, number);
                end += 2;
            }
            let some = self.plurals.get(*pieces.get(end)?)?;
            // "The docks a and b" are those only.
            let goes_on = match pieces.get(end + 1..) {
                Some([" " | "_" | "-", next, ..]) => {
                    next.bytes().all(|b| b.is_ascii_digit())
                        || next.chars().count() == 1 && *next != "&"
                }
                _ => false,
            };
            let fits = (least..=most).contains(&some.len()) && !goes_on;
            return fits.then_some((some.as_slice(), end + 1));
        }
        let end = ["every ", "each "]
            .iter()
            .find_map(|head| starts_with_words(pieces, at, head))?;
        Some((self.by_noun.get(*pieces.get(end)?)?, end + 1))
    }

    /// Those of a group that were not said yet.
    fn others(&self, pieces: &[&str], at: usize, text: &str) -> Option<(Vec<String>, usize)> {
        let number = pieces
            .get(at)
            .filter(|p| is_letters(p))
            .and_then(|p| number_of(p));
        let count = number.unwrap_or(0);
        let at = if count > 0 { at + 2 } else { at };
        let word = *pieces.get(at)?;
        let (is_plural, group) = match self.plurals.get(word) {
            Some(group) if !group.is_empty() => (true, group),
            plural => (plural.is_some(), self.by_noun.get(word)?),
        };
        let known: Vec<&str> = references_in(text)
            .map(|(_, reference)| reference)
            .filter(|r| group.iter().any(|g| g == r))
            .collect();
        let last = *known.last()?;
        let is_left = |r: &&String| {
            if !is_plural && group.len() == 2 {
                *r != last
            } else {
                !known.contains(&r.as_str())
            }
        };
        let left: Vec<String> = group.iter().filter(is_left).cloned().collect();
        let fits = if is_plural {
            left.len() > 1 && (count == 0 || count == left.len())
        } else {
            left.len() == 1 && count == 0
        };
        fits.then_some((left, at + 1))
    }
}

/// The group without a name that is left out.
fn but<'a>(
    some: &[String],
    pieces: &[&str],
    end: usize,
    one: &dyn Fn(usize) -> Found<'a>,
) -> (Vec<String>, usize) {
    for word in BUT {
        let Some(begin) = starts_with_words(pieces, end, word) else {
            continue;
        };
        let begin = starts_with_words(pieces, begin, "the ").unwrap_or(begin);
        if begin >= pieces.len() {
            continue;
        }
        let out = one(begin);
        if let [name] = out.references[..]
            && some.len() > 1
            && some.iter().any(|r| r == name)
        {
            return (
                some.iter().filter(|r| *r != name).cloned().collect(),
                out.end,
            );
        }
    }
    (some.to_vec(), end)
}

pub fn join(references: &[String]) -> String {
    match references {
        [] => String::new(),
        [one] => one.clone(),
        [some @ .., last] => format!("{} and {last}", some.join(", ")),
    }
}

/// The letter of what a reference points at.
fn kind(reference: &str) -> &str {
    reference.get(4..5).unwrap_or_default()
}

/// By kind and number, each once.
fn sorted(mut references: Vec<String>) -> Vec<String> {
    let key = |r: &String| {
        let number: usize = r.get(5..).and_then(|n| n.parse().ok()).unwrap_or(0);
        (kind(r).to_owned(), number)
    };
    references.sort_by_key(key);
    references.dedup();
    references
}

#[cfg(test)]
mod tests {
    use super::super::linker::Linker;

    #[test]
    fn groups_are_those_of_the_fleet() {
        let names = [
            ("arm_1", "ref_r1"),
            ("arm_2", "ref_r2"),
            ("kuka", "ref_r3"),
            ("spot", "ref_r4"),
            ("red_box", "ref_o1"),
            ("blue_box", "ref_o2"),
            ("box_lid", "ref_o3"),
            ("dock_a", "ref_f1"),
            ("dock_b", "ref_f2"),
        ];
        let arms = ["ref_r1", "ref_r2", "ref_r3"].map(str::to_owned);
        let linker = Linker::new(names, &arms, &["ref_r4".to_owned()]);
        for (sentence, expected) in [
            ("all three arms fold", "ref_r1, ref_r2 and ref_r3 fold"),
            ("both arms fold", "both arms fold"),
            (
                "the rover and every dock",
                "the rover and ref_f1 and ref_f2",
            ),
            ("everyone but kuka goes", "ref_r1, ref_r2 and ref_r4 goes"),
            ("all robots except spot", "ref_r1, ref_r2 and ref_r3"),
            (
                "kuka waits, the other arms fold",
                "ref_r3 waits, ref_r1 and ref_r2 fold",
            ),
            ("dock a, then the other dock", "ref_f1, then ref_f2"),
            ("the other dock", "the other dock"),
            ("all boxes", "all boxes"),
            (
                "everything; abort everything",
                "ref_o1, ref_o2 and ref_o3; abort everything",
            ),
            (
                "the two docks dock a and dock b",
                "the two docks ref_f1 and ref_f2",
            ),
        ] {
            assert_eq!(linker.link(sentence), expected, "{sentence}");
        }
    }
}
