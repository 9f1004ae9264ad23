//! Names of a fleet in Korean sentences.

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// What may follow a name that is said in Hangul.
pub const PARTICLES: [&str; 23] = [
    "을", "를", "이", "가", "은", "는", "에", "로", "으로", "와", "과", "랑", "이랑", "하고",
    "에서", "에게", "야", "아", "의", "도", "까지", "부터", "만",
];
pub const FIRST_SYLLABLE: char = '가';
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

/// Korean words for English ones that names are made of.
pub fn lexicon() -> &'static BTreeMap<String, Vec<String>> {
    static LEXICON: OnceLock<BTreeMap<String, Vec<String>>> = OnceLock::new();
    LEXICON.get_or_init(|| {
        let text = include_str!("../../planner/lexicon.json");
        serde_json::from_str(text).unwrap_or_default()
    })
}

/// Latin letters for Hangul; `None` for anything else.
pub fn romanized(hangul: &str) -> Option<String> {
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
pub fn sound(latin: &str) -> String {
    let mut letters: Vec<char> = latin.chars().collect();
    letters.dedup();
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
