//! Names of a fleet in Korean sentences: translated, read out as loanwords, with numbers before or behind, or
//! spelled as they sound. `planner/hangul.py` does the same.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::by_words::{ByWords, Found};
use super::spoken::{SEPARATORS, goes_on, is_letters, plain};
use super::syllables::{FIRST_SYLLABLE, PARTICLES, is_syllable};

/// Ways to say a name that are looked at.
const MOST_WAYS: usize = 240;
/// Words of a name that one Korean word can say.
const MOST_WORDS: usize = 3;
/// Revised Romanization of Korean (2000), syllable by syllable.
const INITIALS: [&str; 19] = [
    "g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p",
    "h",
];
const MEDIALS: [&str; 21] = [
    "a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we",
    "wi", "yu", "eu", "ui", "i",
];
const FINALS: [&str; 28] = [
    "", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p",
    "t", "t", "ng", "t", "t", "k", "t", "p", "t",
];

/// Korean words for English ones that names are made of, and for several in one (`rice_cooker`).
fn lexicon() -> &'static BTreeMap<String, Vec<String>> {
    static LEXICON: OnceLock<BTreeMap<String, Vec<String>>> = OnceLock::new();
    LEXICON.get_or_init(|| {
        let text = include_str!("../../planner/lexicon.json");
        serde_json::from_str(text).unwrap_or_default()
    })
}

/// Korean words for an English one.
pub fn translations(word: &str) -> impl Iterator<Item = &str> {
    lexicon()
        .get(word)
        .into_iter()
        .flatten()
        .map(String::as_str)
}

/// Latin letters for Hangul; `None` for anything else.
fn romanized(hangul: &str) -> Option<String> {
    let mut text = String::new();
    for syllable in hangul.chars() {
        let index = u32::from(syllable).checked_sub(u32::from(FIRST_SYLLABLE))? as usize;
        let (index, last) = (index / 28, index % 28);
        for part in [
            INITIALS.get(index / 21)?,
            &MEDIALS[index % 21],
            &FINALS[last],
        ] {
            text.push_str(part);
        }
    }
    Some(text)
}

/// What Latin letters sound like: doubled ones count once, since people write 공구 as gongu and gonggu.
fn sound(latin: &str) -> String {
    let mut letters: Vec<char> = latin.chars().collect();
    letters.dedup();
    letters.into_iter().collect()
}

/// Ways to say a name with some Hangul, without spaces.
fn ways(words: &[String]) -> Vec<String> {
    let mut found = ways_of_words(words);
    if let [stem @ .., number] = words
        && !stem.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit())
    {
        for stem in ways_of_words(stem) {
            found.extend([
                format!("{stem}{number}번"),
                format!("{stem}{number}호"),
                format!("{number}번{stem}"),
                format!("{number}호{stem}"),
                format!("{number}{stem}"),
            ]);
        }
    }
    found.retain(|way| way.chars().any(is_syllable));
    found
}

/// Word by word, and several words in one.
fn ways_of_words(words: &[String]) -> Vec<String> {
    if words.is_empty() {
        return vec![String::new()];
    }
    let mut found = Vec::new();
    for count in (1..=words.len().min(MOST_WORDS)).rev() {
        let said = lexicon().get(&words[..count].join("_"));
        let heads = said
            .into_iter()
            .flatten()
            .chain((count == 1).then(|| &words[0]));
        let rests = ways_of_words(&words[count..]);
        for head in heads {
            found.extend(rests.iter().map(|rest| format!("{head}{rest}")));
        }
    }
    found.truncate(MOST_WAYS);
    found
}

/// Names by how they are said in Korean.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HangulNames {
    /// Ways to say them and their references, by the first sign.
    by_first: BTreeMap<char, Vec<(String, Vec<String>)>>,
    /// By all words of a name in one.
    by_sound: BTreeMap<String, Vec<String>>,
}

impl HangulNames {
    pub fn new(names: &ByWords) -> Self {
        let mut made = Self::default();
        for (words, references) in names {
            let same_sound = made.by_sound.entry(sound(&words.concat())).or_default();
            same_sound.extend(references.iter().cloned());
            for way in ways(words) {
                if let Some(first) = way.chars().next() {
                    let some = made.by_first.entry(first).or_default();
                    some.push((way, references.clone()));
                }
            }
        }
        made
    }

    /// The longest name that is said from a piece on.
    pub fn translated<'a>(&'a self, pieces: &[&'a str], at: usize) -> Found<'a> {
        let mut best = Found::none(at);
        let first = plain(pieces[at]).chars().next();
        for (way, references) in first
            .and_then(|c| self.by_first.get(&c))
            .into_iter()
            .flatten()
        {
            if let Some((end, particle)) = matched(way, pieces, at) {
                best.add(references, end, particle);
            }
        }
        best
    }

    /// The reference of a name that is spelled as it sounds, and the particle behind it.
    pub fn spelled<'a>(&'a self, piece: &'a str) -> Option<(&'a str, &'a str)> {
        let ends = piece.char_indices().map(|(at, c)| at + c.len_utf8()).rev();
        ends.into_iter().find_map(|end| {
            let (name, particle) = piece.split_at(end);
            let [reference] = self.by_sound.get(&sound(&romanized(name)?))?.as_slice() else {
                return None;
            };
            let fits = particle.is_empty() || PARTICLES.contains(&particle);
            fits.then_some((reference.as_str(), particle))
        })
    }
}

/// Where a way to say a name that begins at a piece ends, and the particle behind it.
fn matched<'a>(way: &str, pieces: &[&'a str], at: usize) -> Option<(usize, &'a str)> {
    let (mut rest, mut end) = (way, at);
    while !rest.is_empty() {
        if end > at && pieces.get(end).is_some_and(|p| SEPARATORS.contains(p)) {
            end += 1;
        }
        let piece = *pieces.get(end)?;
        end += 1;
        if !piece.starts_with(is_syllable) {
            let said = plain(piece);
            rest = rest.strip_prefix(said)?;
            let is_digits = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
            let has_letter = rest.starts_with(|c: char| c.is_ascii_alphabetic());
            if is_digits(said) && is_digits(rest) || is_letters(said) && has_letter {
                return None;
            }
        } else if let Some(behind) = rest.strip_prefix(piece) {
            rest = behind;
        } else {
            let particle = piece.strip_prefix(rest)?;
            return PARTICLES.contains(&particle).then_some((end, particle));
        }
    }
    (!goes_on(pieces, end)).then_some((end, ""))
}

#[cfg(test)]
mod tests {
    use super::super::spoken::pieces;
    use super::*;

    #[test]
    fn names_are_said_in_many_ways() {
        let words = |name: &str| name.split('_').map(str::to_owned).collect();
        let names = ["red_box", "gate_1", "watering_can", "dock_a"];
        let names = HangulNames::new(&names.map(|n| (words(n), vec![n.to_owned()])).into());
        for (sentence, name, end, particle) in [
            ("빨간 상자를 놓아", "red_box", 3, "를"),
            ("붉은박스에", "red_box", 1, "에"),
            ("1번 게이트로", "gate_1", 4, "로"),
            ("게이트 01에", "gate_1", 3, ""),
            ("물뿌리개", "watering_can", 1, ""),
            ("도크 에이 쪽", "dock_a", 3, ""),
        ] {
            let pieces = pieces(sentence);
            let found = names.translated(&pieces, 0);
            assert_eq!(found.references, [name], "{sentence}");
            assert_eq!((found.end, found.particle), (end, particle), "{sentence}");
        }
        for other in [
            "빨간 상자가게",
            "게이트 12",
            "게이트 1a",
            "도크 에이스",
            "상자",
        ] {
            assert!(
                names.translated(&pieces(other), 0).references.is_empty(),
                "{other}"
            );
        }
    }

    #[test]
    fn hangul_is_written_as_it_sounds() {
        assert_eq!(
            romanized("창고귤물병").as_deref(),
            Some("changgogyulmulbyeong")
        );
        for other in ["dock", "창a", "ㄱ", "漢", "🤖"] {
            assert_eq!(romanized(other), None, "{other}");
        }
    }

    #[test]
    fn doubled_letters_sound_like_one() {
        let said = romanized("공구").unwrap();
        assert_eq!((said.as_str(), sound(&said).as_str()), ("gonggu", "gongu"));
    }

    #[test]
    fn lexicon_is_there() {
        assert!(lexicon()["red"].contains(&"빨간".to_owned()));
    }
}
