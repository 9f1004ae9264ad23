//! Names that are said by a part: "the pump" for `hydraulic_pump`, "the arm" for `arm_1`, "cart 2" for
//! `bag_cart_2`. The part must be of no other name. `planner/parts.py` does the same.

use std::collections::{BTreeMap, BTreeSet};

use super::by_words::ByWords;
use super::spoken::{is_letters, spoken_words};

/// Letters of a word that can stand for a name.
const LEAST_LETTERS: usize = 3;

/// A word that one name has.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub reference: String,
    /// It is the last word of its name.
    pub is_last: bool,
}

/// References by the last words of names, two at least, where no other name ends with them.
pub fn tails(names: &ByWords) -> ByWords {
    let mut found = ByWords::new();
    for (words, references) in names {
        for begin in 1..words.len().saturating_sub(1) {
            let tail = found.entry(words[begin..].to_vec()).or_default();
            tail.extend(references.iter().cloned());
        }
    }
    found.retain(|words, references| references.len() == 1 && !names.contains_key(words));
    found
}

/// Words that one name has and that are enough to say it.
pub fn unique_words(names: &ByWords) -> BTreeMap<String, Part> {
    let mut holders: BTreeMap<&str, usize> = BTreeMap::new();
    for (words, references) in names {
        for word in words.iter().collect::<BTreeSet<_>>() {
            *holders.entry(word).or_default() += references.len();
        }
    }
    let known = spoken_words();
    let mut found = BTreeMap::new();
    for (words, references) in names {
        let [reference] = references.as_slice() else {
            continue;
        };
        let letters: Vec<&String> = words.iter().filter(|w| is_letters(w)).collect();
        for (index, &word) in letters.iter().enumerate() {
            let is_last = index + 1 == letters.len();
            let says_little = known.said_of_anything.contains(word)
                || known.sides.contains(word)
                || !is_last && known.modifiers.contains(word);
            let is_unique = words.len() > 1 && holders[word.as_str()] == 1;
            if is_unique && word.len() >= LEAST_LETTERS && !says_little {
                let reference = reference.clone();
                found.insert(word.clone(), Part { reference, is_last });
            }
        }
    }
    found
}

/// Whether the word before says which one of several is meant: "the blue box" is no red one.
pub fn is_modified(pieces: &[&str], at: usize) -> bool {
    match &pieces[..at] {
        [.., word, " " | "-" | "_"] => spoken_words().modifiers.contains(*word),
        _ => false,
    }
}

/// The reference of a name that is said by one word, where a name can begin and before nothing that it could
/// go on with.
pub fn said_by_word<'a>(
    pieces: &[&str],
    at: usize,
    parts: &'a BTreeMap<String, Part>,
) -> Option<&'a str> {
    let part = parts.get(pieces[at])?;
    let known = spoken_words();
    let is_behind_article = match &pieces[..at] {
        [.., before, article, " "] => *before == " " && known.articles.contains(*article),
        [article, " "] => known.articles.contains(*article),
        _ => false,
    };
    let begins = is_behind_article || part.is_last && begins_at(pieces, at);
    if !begins {
        return None;
    }
    let any_word_may_follow = part.is_last && part.reference.starts_with("ref_r");
    let ends = match &pieces[at + 1..] {
        [] | ["." | "," | ";" | ":" | "!" | "?" | ")", ..] | ["'", "s", ..] => true,
        [" ", next, ..] if !is_behind_article => {
            known.before_places.contains(*next) || *next == "-"
        }
        [" ", next, ..] if any_word_may_follow => is_letters(next) && next.len() > 1,
        [" ", next, ..] => known.after_names.contains(*next),
        _ => false,
    };
    ends.then_some(&part.reference)
}

/// Whether a name without article can begin at a piece.
fn begins_at(pieces: &[&str], at: usize) -> bool {
    match &pieces[..at] {
        [] | [.., "(" | "\"" | "'"] => true,
        [.., "," | "." | ";" | ":" | "!" | "?" | "-" | ">" | ")", " "] => true,
        [.., word, " "] => spoken_words().before_names.contains(*word),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> ByWords {
        let names = [
            ("hydraulic pump", "ref_o1"),
            ("red box", "ref_o2"),
            ("blue box", "ref_o3"),
            ("arm 1", "ref_r1"),
            ("jig left", "ref_s1"),
            ("spare gripper", "ref_o4"),
            ("shelf", "ref_s2"),
            ("bag cart 2", "ref_r2"),
        ];
        let words = |name: &str| name.split(' ').map(str::to_owned).collect();
        let by_words = names.map(|(name, reference)| (words(name), vec![reference.to_owned()]));
        by_words.into()
    }

    #[test]
    fn parts_are_of_one_name() {
        let found = unique_words(&names());
        let words: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(words, ["arm", "bag", "cart", "hydraulic", "jig", "pump"]);
        assert!(found["pump"].is_last && !found["hydraulic"].is_last);
        let tails = tails(&names());
        let tail = vec!["cart".to_owned(), "2".to_owned()];
        assert_eq!(tails, [(tail, vec!["ref_r2".to_owned()])].into());
    }

    #[test]
    fn name_must_begin_and_end_there() {
        let found = unique_words(&names());
        let said = |pieces: &[&str], at| said_by_word(pieces, at, &found).map(str::to_owned);
        let pump = Some("ref_o1".to_owned());
        assert_eq!(said(&["the", " ", "pump"], 2), pump);
        assert_eq!(
            said(&["get", " ", "the", " ", "pump", " ", "onto"], 4),
            pump
        );
        assert_eq!(said(&["the", " ", "pump", "'", "s"], 2), pump);
        assert_eq!(said(&["get", " ", "pump", " ", "into"], 2), pump);
        assert_eq!(said(&["get", " ", "pump", " ", "and"], 2), None);
        for other in [
            &["test", " ", "pump"][..],
            &["the", " ", "pump", " ", "house"],
            &["the", " ", "pump", " ", "2"],
            &["the", " ", "pump", "_", "a"],
        ] {
            let at = other.iter().position(|p| *p == "pump").unwrap();
            assert_eq!(said(other, at), None, "{other:?}");
        }
        let arm = Some("ref_r1".to_owned());
        assert_eq!(said(&["the", " ", "arm", " ", "waves"], 2), arm);
        assert_eq!(said(&["the", " ", "arm", " ", "2"], 2), None);
        assert!(is_modified(&["blue", " ", "box"], 2) && !is_modified(&["the", " ", "box"], 2));
    }
}
