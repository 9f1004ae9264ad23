//! The reasons for which a trained planner refuses, as patterns: it cannot name what nobody has said.

use std::collections::BTreeSet;

use physical_ai_domain::Capability;

use super::references::{Kind, References};
use super::syllables::{PARTICLES, is_syllable};

/// Those that name nothing, see `planner/README.md`.
const PLAIN: [&str; 8] = [
    "not a mission",
    "no robot can do that",
    "value out of range",
    "say which place",
    "say which object",
    "say how long",
    "say what to do, not what not to do",
    "conditions are not supported",
];
/// Words of the longest name.
const MOST_WORDS: usize = 3;
/// Longest pattern of names, bytes: compiling it takes time, and a sentence may be long.
const MOST_BYTES: usize = 3000;
/// Names do not begin with these.
const NO_NAMES: [&str; 40] = [
    "the", "a", "an", "and", "then", "while", "after", "before", "once", "when", "if", "it",
    "them", "both", "please", "to", "in", "into", "on", "onto", "at", "of", "from", "up", "down",
    "with", "pick", "picks", "put", "puts", "take", "takes", "go", "goes", "move", "moves",
    "drive", "drives", "bring", "send",
];

/// What the planner was trained to know robots to do, whether or not they can.
fn trained_skills() -> impl Iterator<Item = &'static str> {
    include_str!("../../planner/trained_skills.txt").lines()
}

/// Patterns of all reasons to refuse a sentence, given with its references.
///
/// A robot is said to lack only what it lacks.
pub fn reasons(
    references: &References,
    capabilities: &[Capability],
    sentence: &str,
) -> Vec<String> {
    let mut patterns = vec![format!("^({})$", PLAIN.join("|"))];
    let robots = Kind::Robot.names(capabilities);
    for robot in robots {
        let own = || {
            let is_own = |c: &&Capability| c.robot.as_ref().is_some_and(|r| r.as_str() == robot);
            capabilities.iter().filter(is_own)
        };
        let reached: BTreeSet<&str> = own()
            .flat_map(Capability::parameters)
            .flat_map(|p| p.names)
            .collect();
        let lacks = |skill: &&str| own().all(|c| c.skill.as_str() != *skill);
        let mut lacking: Vec<String> = trained_skills().filter(lacks).map(str::to_owned).collect();
        for kind in [Kind::Surface, Kind::Floor] {
            let places = kind.names(capabilities).into_iter();
            let beyond = places.filter(|place| !reached.contains(place));
            lacking.extend(beyond.map(|place| format!("reach {}", references.of(kind, place))));
        }
        if !lacking.is_empty() {
            let robot = references.of(Kind::Robot, robot);
            patterns.push(format!("^{robot} cannot ({})$", lacking.join("|")));
        }
    }
    let mut names = String::new();
    for name in spoken_names(sentence) {
        if names.len() + name.len() < MOST_BYTES {
            names = if names.is_empty() {
                name
            } else {
                names + "|" + &name
            };
        }
    }
    if !names.is_empty() {
        patterns.push(format!("^unknown (robot|place|object): ({names})$"));
    }
    patterns
}

/// One to three words that could be a name which the fleet lacks, short ones first.
fn spoken_names(sentence: &str) -> Vec<String> {
    let words: Vec<&str> = sentence.split(' ').collect();
    let mut names = BTreeSet::new();
    for (index, first) in words.iter().enumerate() {
        if NO_NAMES.contains(first) {
            continue;
        }
        let mut name = String::new();
        for (count, word) in words[index..].iter().take(MOST_WORDS).enumerate() {
            let core = word.trim_matches(|c: char| !is_of_name(c));
            for end in ends(core) {
                let whole = format!("{name}{end}");
                let is_known = count == 0 && end.starts_with("ref_");
                if !end.is_empty() && !is_known && whole.chars().all(|c| is_of_name(c) || c == ' ')
                {
                    names.insert((count, whole));
                }
            }
            // A name does not go on behind a comma.
            let goes_on = word.ends_with(core) && (count == 0 || word.starts_with(core));
            if core.is_empty() || !goes_on {
                break;
            }
            name += core;
            name.push(' ');
        }
    }
    names.into_iter().map(|(_, name)| name).collect()
}

/// Letters and digits of any script, and what joins them; none means anything in a pattern.
fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

/// The word, and without a particle or a genitive.
fn ends(word: &str) -> Vec<&str> {
    let mut found = vec![word];
    found.extend(word.strip_suffix("'s"));
    if word.ends_with(is_syllable) {
        found.extend(PARTICLES.iter().filter_map(|p| word.strip_suffix(p)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_was_said_and_the_fleet_lacks() {
        let names = spoken_names("ref_r1, pick up the red fork's lid.");
        for expected in ["fork", "red fork", "fork's lid", "red", "lid"] {
            let is_there = names.iter().any(|name| name == expected);
            assert_eq!(is_there, expected != "fork's lid", "{expected}: {names:?}");
        }
        for other in ["ref_r1", "the red", "ref_r1 pick", "(", ""] {
            assert!(!names.iter().any(|name| name == other), "{other}");
        }
        let names = spoken_names("ref_r1는 dock_z로 빨간 컵을 (옮겨)");
        for expected in ["dock_z", "빨간 컵", "컵", "옮겨"] {
            assert!(
                names.iter().any(|name| name == expected),
                "{expected}: {names:?}"
            );
        }
    }

    #[test]
    fn robots_lack_only_what_they_lack() {
        let fleet = physical_ai_fleet::Fleet::new(super::super::tests::fleet());
        let fleet = fleet.capabilities();
        let references = References::try_new(fleet).unwrap();
        let all = reasons(&references, fleet, "sing").join("\n");
        assert!(all.contains("^ref_r1 cannot (home|move_joints|"), "{all}");
        assert!(all.contains("|wait|reach ref_f1|reach ref_f2)$"), "{all}");
        let rover = all.lines().find(|l| l.starts_with("^ref_r2")).unwrap();
        assert!(rover.contains("pick_and_place") && rover.contains("reach ref_s1"));
        assert!(
            !rover.contains("patrol") && !rover.contains("ref_f"),
            "{rover}"
        );
    }

    #[test]
    fn long_sentences_make_no_long_patterns() {
        let sentence = "wort ".repeat(50) + &(0..400).map(|i| format!("w{i} ")).collect::<String>();
        let references = References::try_new(&[]).unwrap();
        let patterns = reasons(&references, &[], &sentence);
        assert!(patterns.iter().all(|p| p.len() < MOST_BYTES + 100));
    }
}
