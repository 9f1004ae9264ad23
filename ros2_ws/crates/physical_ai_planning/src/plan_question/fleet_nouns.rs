//! Nouns for things of a fleet: "arms", "boxes", 로버, 상자.

use std::collections::{BTreeMap, BTreeSet};

use super::by_words::ByWords;
use super::hangul::translations;
use super::series::plural;
use super::skill_roles::SkillRoles;
use super::syllables::PARTICLES;

const ARMS: [&str; 6] = ["arm", "manipulator", "팔", "로봇팔", "암", "매니퓰레이터"];
const ROVERS: [&str; 5] = ["rover", "vehicle", "로버", "차량", "이동로봇"];
const ROBOTS: [&str; 3] = ["robot", "로봇", "로보트"];
const THINGS: [&str; 4] = ["object", "thing", "item", "물건"];
const PLURALS: [&str; 2] = ["들", ""];

/// References by the nouns that may mean them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FleetNouns {
    by_noun: BTreeMap<String, BTreeSet<String>>,
}

impl FleetNouns {
    /// Of names by their words, and the skills of robots.
    pub fn new(names: &ByWords, skills: &SkillRoles) -> Self {
        let mut made = Self::default();
        for (words, references) in names {
            for word in words.iter().filter(|w| w.chars().count() > 1) {
                let korean = translations(word).map(str::to_owned);
                for noun in korean.chain([word.clone(), plural(word)]) {
                    made.by_noun
                        .entry(noun)
                        .or_default()
                        .extend(references.iter().cloned());
                }
            }
            let things = references.iter().filter(|r| r.starts_with("ref_o"));
            made.add(&THINGS, &things.cloned().collect());
        }
        let robots = skills.of_robots().keys().cloned();
        let (arms, rovers): (BTreeSet<String>, BTreeSet<String>) =
            robots.clone().partition(|robot| skills.has_hand(robot));
        made.add(&ARMS, &arms);
        made.add(&ROVERS, &rovers);
        made.add(&ROBOTS, &robots.collect());
        made
    }

    fn add(&mut self, nouns: &[&str], references: &BTreeSet<String>) {
        for noun in nouns {
            for noun in [(*noun).to_owned(), plural(noun)] {
                self.by_noun
                    .entry(noun)
                    .or_default()
                    .extend(references.iter().cloned());
            }
        }
    }

    /// True if a word is such a noun, and all that it may mean is among `used`.
    pub fn all_in(&self, word: &str, used: &BTreeSet<&str>) -> bool {
        let found = self.meant(word);
        found.is_some_and(|some| !some.is_empty() && some.iter().all(|r| used.contains(r.as_str())))
    }

    /// True if a word is a noun that may mean this reference.
    pub fn means(&self, word: &str, reference: &str) -> bool {
        self.meant(word)
            .is_some_and(|some| some.contains(reference))
    }

    fn meant(&self, word: &str) -> Option<&BTreeSet<String>> {
        let particles = PARTICLES.iter().copied().chain([""]);
        let mut stems = particles.filter_map(|p| word.strip_suffix(p));
        stems.find_map(|stem| {
            let mut nouns = PLURALS.iter().filter_map(|p| stem.strip_suffix(p));
            nouns.find_map(|noun| self.by_noun.get(noun))
        })
    }
}

#[cfg(test)]
mod tests {
    use physical_ai_fleet::Fleet;

    use super::*;

    fn fleet() -> Fleet {
        Fleet::new(super::super::tests::fleet())
    }

    #[test]
    fn nouns_mean_all_or_the_only_one() {
        let words = |name: &str| name.split('_').map(str::to_owned).collect::<Vec<_>>();
        let names = [
            ("red_box", "ref_o1"),
            ("blue_box", "ref_o2"),
            ("dock_a", "ref_f1"),
        ];
        let names: ByWords = names.map(|(n, r)| (words(n), vec![r.to_owned()])).into();
        let offers = fleet();
        let robots = [
            ("arm_1", "ref_r1"),
            ("rover_1", "ref_r2"),
            ("rover_2", "ref_r3"),
        ];
        let skills = SkillRoles::new(offers.capabilities(), |robot| {
            robots.iter().find(|(name, _)| *name == robot).unwrap().1
        });
        let nouns = FleetNouns::new(&names, &skills);
        for (word, used, expected) in [
            ("로버는", &["ref_r2", "ref_r3"][..], true),
            ("로버는", &["ref_r2"], false),
            ("팔들은", &["ref_r1"], true),
            ("arm", &["ref_r1"], true),
            ("robots", &["ref_r1", "ref_r2"], false),
            ("boxes", &["ref_o1", "ref_o2"], true),
            ("box", &["ref_o1"], false),
            ("상자를", &["ref_o1", "ref_o2"], true),
            ("dock", &["ref_f1"], true),
            ("crate", &["ref_f1"], false),
        ] {
            assert_eq!(
                nouns.all_in(word, &used.iter().copied().collect()),
                expected,
                "{word}"
            );
        }
    }
}
