//! Puts references in the place of names that a sentence says.
//!
//! A name may be said with other signs or a space between its parts, its numbers in words or without leading
//! zeros, `jig_left` as "left jig", and in Korean (`hangul.rs`); one word of it may have a slip of the
//! keyboard (`slips.rs`), a part of it is enough if no other name has it (`parts.rs`), and several may be said
//! in one (`series.rs`, `groups.rs`). The longest name counts; one that several things have stays.
//! `planner/linker.py` does the same; `planner/references_golden.jsonl` holds both to it.

use std::collections::BTreeMap;

use super::by_words::{ByWords, Found};
use super::groups::{Groups, join};
use super::hangul::HangulNames;
use super::parts::{Part, is_modified, said_by_word, tails, unique_words};
use super::series::Series;
use super::slips::mistyped;
use super::spoken::{SEPARATORS, goes_on, in_digits, pieces, plain, spoken_words};
use super::syllables::is_syllable;

/// Where words that begin at a piece end.
type Match = fn(&[String], &[&str], usize) -> Option<usize>;

/// What a fleet's names are and how they may be said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Linker {
    names: ByWords,
    tails: ByWords,
    parts: BTreeMap<String, Part>,
    series: Series,
    hangul: HangulNames,
    groups: Groups,
}

impl Linker {
    /// `references` are those of each name, and of robots by what they are.
    pub fn new<'a>(
        references: impl IntoIterator<Item = (&'a str, &'a str)>,
        arms: &[String],
        rovers: &[String],
    ) -> Self {
        let mut names = ByWords::new();
        for (name, reference) in references {
            let name = name.to_ascii_lowercase();
            let words = pieces(&name)
                .into_iter()
                .filter(|p| !SEPARATORS.contains(p));
            let words = words.map(|p| plain(p).to_owned()).collect();
            names.entry(words).or_default().push(reference.to_owned());
        }
        let mut made = Self {
            tails: tails(&names),
            parts: unique_words(&names),
            series: Series::new(&names),
            hangul: HangulNames::new(&names),
            groups: Groups::new(&names, arms, rovers),
            names,
        };
        made.add_kinds(arms, rovers);
        for (words, references) in made.names.clone() {
            if let [what, side] = words.as_slice()
                && spoken_words().sides.contains(side)
            {
                let turned = made.names.entry(vec![side.clone(), what.clone()]);
                turned.or_default().extend(references);
            }
        }
        made
    }

    /// "The arm" where there is one only.
    fn add_kinds(&mut self, arms: &[String], rovers: &[String]) {
        let is_known = |names: &ByWords, word: &str| names.keys().flatten().any(|w| w == word);
        let part = |reference: &String| Part {
            reference: reference.clone(),
            is_last: true,
        };
        for (some, word, phrase) in [
            (arms, "arm", ["robot", "arm"]),
            (rovers, "rover", ["mobile", "robot"]),
        ] {
            let [one] = some else {
                continue;
            };
            if !is_known(&self.names, word) {
                self.parts
                    .entry(word.to_owned())
                    .or_insert_with(|| part(one));
            }
            let phrase = phrase.map(str::to_owned).to_vec();
            if !self.names.contains_key(&phrase) {
                self.tails
                    .entry(phrase)
                    .or_insert_with(|| vec![one.clone()]);
            }
        }
        if let [one] = [arms, rovers].concat().as_slice()
            && !is_known(&self.names, "robot")
        {
            self.parts.insert("robot".to_owned(), part(one));
        }
    }

    /// References by the words of names.
    pub fn names(&self) -> &ByWords {
        &self.names
    }

    /// The sentence, in small letters, with references for names that it says.
    pub fn link(&self, sentence: &str) -> String {
        let pieces = pieces(sentence);
        let mut text = String::with_capacity(sentence.len());
        let mut at = 0;
        while at < pieces.len() {
            at = self.link_at(&pieces, at, &mut text);
        }
        text
    }

    /// Writes what a piece says, and those behind that belong to it; returns the next one.
    fn link_at(&self, pieces: &[&str], at: usize, text: &mut String) -> usize {
        if goes_on(pieces, at) {
            text.push_str(pieces[at]);
            return at + 1;
        }
        if let Some((listed, end)) = self.series.said(pieces, at) {
            text.push_str(&listed);
            return end;
        }
        let mut found = self.longest_at(pieces, at);
        if found.references.is_empty() {
            let one = |at| self.longest_at(pieces, at);
            if let Some((group, end)) = self.groups.said(pieces, at, text, &one) {
                text.push_str(&join(&group));
                return end;
            }
            let part = said_by_word(pieces, at, &self.parts);
            found.references.extend(part);
            found.end = at + 1;
        }
        let spelled = || self.hangul.spelled(pieces[at]);
        match found.references.as_slice() {
            [reference] => text.extend([reference, found.particle]),
            [] if pieces[at].starts_with(is_syllable) => match spelled() {
                Some((reference, particle)) => text.extend([reference, particle]),
                None => text.push_str(pieces[at]),
            },
            _ => text.extend(pieces[at..found.end].iter().copied()),
        }
        found.end
    }

    /// The longest name that begins at a piece.
    fn longest_at<'a>(&'a self, pieces: &[&'a str], at: usize) -> Found<'a> {
        let mut best = self.hangul.translated(pieces, at);
        let ways: [(&ByWords, Match); 3] = [
            (&self.names, matched),
            (&self.tails, matched),
            (&self.names, mistyped),
        ];
        for (index, (names, matched)) in ways.into_iter().enumerate() {
            if index == 1 && is_modified(pieces, at) {
                continue;
            }
            for (words, references) in names {
                let end =
                    matched(words, pieces, at).filter(|&end| end > at && !goes_on(pieces, end));
                if let Some(end) = end {
                    best.add(references, end, "");
                }
            }
            if !best.references.is_empty() {
                break;
            }
        }
        best
    }
}

/// Where a name that begins at a piece ends.
fn matched(words: &[String], pieces: &[&str], at: usize) -> Option<usize> {
    let mut end = at;
    for (index, word) in words.iter().enumerate() {
        if index > 0 && pieces.get(end).is_some_and(|p| SEPARATORS.contains(p)) {
            end += 1;
        }
        let piece = *pieces.get(end)?;
        end += 1;
        // "Dock two" is a name, "dock two times" is none.
        let is_counted = || {
            pieces
                .get(end + 1)
                .is_some_and(|p| spoken_words().counted.contains(*p))
        };
        let is_number = || index > 0 && in_digits(piece) == *word && !is_counted();
        if plain(piece) != word && !is_number() {
            return None;
        }
    }
    Some(end)
}
