//! Puts references in the place of names that a sentence says.
//!
//! A name may be said with other signs or a space between its parts, its numbers without leading zeros, and in
//! Korean (`hangul.rs`), and several may be said in one (`series.rs`, `groups.rs`). The longest name counts; one that
//! several things have stays. What is said otherwise is the model's to find.
//! `planner/linker.py` does the same; `planner/references_golden.jsonl` holds both to it.

use super::by_words::{ByWords, Found};
use super::groups::{Groups, join};
use super::hangul::HangulNames;
use super::series::Series;
use super::spoken::{SEPARATORS, goes_on, pieces, plain};
use super::syllables::is_syllable;

/// What a fleet's names are and how they may be said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Linker {
    names: ByWords,
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
        Self {
            series: Series::new(&names),
            hangul: HangulNames::new(&names),
            groups: Groups::new(&names, arms, rovers),
            names,
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
        for (words, references) in &self.names {
            let end = matched(words, pieces, at).filter(|&end| end > at && !goes_on(pieces, end));
            if let Some(end) = end {
                best.add(references, end, "");
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
        if plain(piece) != word {
            return None;
        }
    }
    Some(end)
}
