//! Robots that a sentence may mean: of those that can do the same, no others get tasks but the first, which does
//! what is said of none.

use std::collections::{BTreeMap, BTreeSet};

use physical_ai_domain::Capability;
use serde_json::Value;

use super::spoken::{is_letters, spoken_words};
use super::syllables::{PARTICLES, is_syllable};

/// With them any robot may be meant, beside words for several (`spoken_words.json`).
const ANY: [&str; 70] = [
    "other",
    "remainder",
    "none",
    "they",
    "their",
    "theirs",
    "themselves",
    "everyone",
    "everybody",
    "someone",
    "somebody",
    "anyone",
    "anybody",
    "whoever",
    "whichever",
    "nobody",
    "one",
    "another",
    "latter",
    "former",
    "left",
    "right",
    "upper",
    "lower",
    "same",
    "different",
    "robot",
    "robots",
    "bot",
    "bots",
    "arm",
    "arms",
    "rover",
    "rovers",
    "machine",
    "machines",
    "vehicle",
    "vehicles",
    "unit",
    "units",
    "cart",
    "carts",
    "truck",
    "trucks",
    "car",
    "cars",
    "manipulator",
    "manipulators",
    "mobile",
    "team",
    "crew",
    "fleet",
    "group",
    "pair",
    "duo",
    "trio",
    "gang",
    "partner",
    "colleague",
    "colleagues",
    "mate",
    "buddy",
    "twin",
    "brother",
    "neighbour",
    "neighbor",
    "guy",
    "guys",
    "fellow",
    "fellows",
];
/// With an article before them, a robot may be meant.
const ORDINALS: [&str; 6] = ["first", "second", "third", "fourth", "next", "last"];
/// In Korean words.
const ANY_IN_KOREAN: [&str; 33] = [
    "나머지",
    "다른",
    "모두",
    "모든",
    "전부",
    "전체",
    "각각",
    "각자",
    "서로",
    "로봇",
    "로보트",
    "팔",
    "로버",
    "카트",
    "하나",
    "첫째",
    "둘째",
    "셋째",
    "번째",
    "왼",
    "오른",
    "후자",
    "전자",
    "함께",
    "같이",
    "누구",
    "아무",
    "이것",
    "그것",
    "저것",
    "동시",
    "양쪽",
    "녀석",
];
/// Korean words of one sign, with a particle at most.
const ANY_SIGN: [&str; 13] = [
    "둘", "셋", "넷", "다", "각", "전", "양", "두", "세", "네", "저", "그", "얘",
];
/// What Korean counts are counts of, if not of robots.
const COUNTED_IN_KOREAN: [&str; 7] = ["번", "바퀴", "회", "분", "시간", "초", "차례"];
/// Letters that a short form has in common with a word.
const LEAST: usize = 3;

/// Whether a word may mean several robots, or one that is not named.
pub fn may_mean_any(pieces: &[&str]) -> bool {
    let word_at = |at: Option<usize>| {
        at.and_then(|at| pieces.get(at))
            .copied()
            .unwrap_or_default()
    };
    let is_any = |(at, piece): (usize, &&str)| {
        let (before, behind) = (word_at(at.checked_sub(2)), word_at(Some(at + 2)));
        if spoken_words().counted.contains(behind) || starts_with(behind, &COUNTED_IN_KOREAN) {
            return false;
        }
        let is_count = spoken_words().numbers[2..].iter().any(|n| n == piece);
        let is_ordinal = ORDINALS.contains(piece) && spoken_words().articles.contains(before);
        is_count || is_ordinal || ANY.contains(piece) || may_mean_any_in_korean(piece)
    };
    pieces.iter().enumerate().any(is_any)
}

fn may_mean_any_in_korean(piece: &str) -> bool {
    let is_sign = |sign: &&str| {
        let particle = piece.strip_prefix(*sign);
        particle.is_some_and(|p| p.is_empty() || PARTICLES.contains(&p))
    };
    piece.starts_with(is_syllable)
        && (ANY_IN_KOREAN.iter().any(|word| piece.contains(word)) || ANY_SIGN.iter().any(is_sign))
}

fn starts_with(piece: &str, words: &[&str]) -> bool {
    words.iter().any(|word| piece.starts_with(word))
}

/// "Harv" for `harvester`, "forklift" for `fork_lift`.
pub fn is_like(said: &str, word: &str) -> bool {
    is_letters(said)
        && is_letters(word)
        && said.len().min(word.len()) >= LEAST
        && (said[..LEAST] == word[..LEAST] || said.contains(word) || word.contains(said))
}

/// The capabilities without those of robots that are not meant, where an earlier one can do the same.
pub fn without_unmeant(
    mut capabilities: Vec<Capability>,
    is_meant: impl Fn(&str) -> bool,
) -> Vec<Capability> {
    let mut abilities: BTreeMap<(usize, &str), Vec<(&str, &Value)>> = BTreeMap::new();
    for capability in &capabilities {
        if let Some(robot) = &capability.robot {
            let can = (capability.skill.as_str(), &capability.parameters_schema);
            // References are counted in the order of names.
            let key = (robot.as_str().len(), robot.as_str());
            abilities.entry(key).or_default().push(can);
        }
    }
    let (mut known, mut unmeant): (Vec<Vec<_>>, BTreeSet<String>) = (Vec::new(), BTreeSet::new());
    for ((_, robot), mut can) in abilities {
        can.sort_by_key(|(skill, _)| *skill);
        if !known.contains(&can) {
            known.push(can);
        } else if !is_meant(robot) {
            unmeant.insert(robot.to_owned());
        }
    }
    let is_left_out = |c: &Capability| {
        let robot = c.robot.as_ref();
        robot.is_some_and(|robot| unmeant.contains(robot.as_str()))
    };
    capabilities.retain(|c| !is_left_out(c));
    capabilities
}

#[cfg(test)]
mod tests {
    use super::super::spoken::pieces;
    use super::super::tests::fleet;
    use super::*;

    #[test]
    fn words_may_mean_any_robot() {
        for (sentence, expected) in [
            (
                "put ref_o1 on ref_s1 first, then wait two minutes and go home",
                false,
            ),
            ("patrol ref_f1 three times", false),
            ("the first goes to ref_f1", true),
            ("ref_r1 home, the other one to ref_f1", true),
            ("two to ref_f1", true),
            ("ref_r1은 ref_f1로 가고 그다음 두 번 돌아", false),
            ("둘은 ref_f1로", true),
            ("ref_r1은 홈으로, 나머지는 ref_f1로", true),
        ] {
            assert_eq!(may_mean_any(&pieces(sentence)), expected, "{sentence}");
        }
        assert!(is_like("harv", "harvester") && is_like("forklift", "lift"));
        assert!(!is_like("go", "goliath") && !is_like("drive", "rover"));
    }

    #[test]
    fn first_of_those_that_can_do_the_same_stays() {
        let left = |meant: &str| {
            let some = without_unmeant(fleet(), |robot| robot == meant);
            let robots = some.into_iter().filter_map(|c| c.robot);
            let robots: BTreeSet<String> = robots.map(|r| r.to_string()).collect();
            robots.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(left("arm_1"), ["arm_1", "rover_1"]);
        assert_eq!(left("rover_2"), ["arm_1", "rover_1", "rover_2"]);
    }
}
