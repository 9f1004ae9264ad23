//! Names that a sentence may mean: a plan uses no others.
//!
//! Bound to them, a small model cannot take another box than the one that was asked for.

use std::collections::BTreeSet;

use physical_ai_domain::{Capability, Role};
use serde_json::{Value, json};

use super::by_words::ByWords;
use super::hangul::translations;
use super::reference_text::references_in;
use super::robots::{is_like, may_mean_any, without_unmeant};
use super::series::plural;
use super::skill_roles::SkillRoles;
use super::slips::is_slip;
use super::spoken::{pieces, spoken_words};

/// Roles of things and places, as on the wire.
const NAMES: [&str; 3] = ["object", "surface", "floor_place"];

/// What a linked sentence may mean.
#[derive(Debug, Clone, PartialEq)]
pub struct SaidNames {
    /// References, all that are not excluded.
    possible: BTreeSet<String>,
    /// Several are said in one, and any may be meant.
    any: bool,
    /// Robots are said together or not by name, and any may be meant.
    any_robot: bool,
}

impl SaidNames {
    /// `sentence` has references for names; those that it does not say in full are found by their words.
    pub fn of(sentence: &str, names: &ByWords) -> Self {
        let mut possible: BTreeSet<String> =
            references_in(sentence).map(|(_, r)| r.to_owned()).collect();
        let rest = without_references(sentence);
        let said = pieces(&rest);
        let is_group = |piece: &&str| {
            let words = &spoken_words().groups;
            let begins = |w: &String| {
                w.chars().count() > 1 && !w.is_ascii() && piece.starts_with(w.as_str())
            };
            words.contains(*piece) || words.iter().any(begins)
        };
        let any = said.iter().any(is_group);
        for (words, references) in names {
            let is_said = |word: &String| {
                let in_latin = |p: &&str| *p == word || *p == plural(word) || is_slip(p, word);
                said.iter().any(in_latin) || translations(word).any(|said| rest.contains(said))
            };
            if words.iter().any(is_said) {
                possible.extend(references.iter().cloned());
            }
            let may_be_short = |word: &String| said.iter().any(|p| is_like(p, word));
            if words.iter().any(may_be_short) {
                let robots = references.iter().filter(|r| r.starts_with("ref_r"));
                possible.extend(robots.cloned());
            }
        }
        Self {
            possible,
            any,
            any_robot: any || may_mean_any(&said),
        }
    }

    /// The capabilities of robots that may be meant, and of those that do what is said of none.
    pub fn of_robots(&self, capabilities: Vec<Capability>) -> Vec<Capability> {
        without_unmeant(capabilities, |robot| {
            self.any_robot || self.possible.contains(robot)
        })
    }

    /// The parameters with only such names in them as may be meant, where any of their kind are.
    pub fn bind(&self, parameters: &mut Value) {
        let properties = parameters
            .get_mut("properties")
            .and_then(Value::as_object_mut);
        for property in properties
            .into_iter()
            .flatten()
            .map(|(_, property)| property)
        {
            let is_name = property
                .get("role")
                .and_then(Value::as_str)
                .is_some_and(|role| NAMES.contains(&role));
            if !is_name {
                continue;
            }
            let property = if property.get("items").is_some() {
                &mut property["items"]
            } else {
                property
            };
            let Some(names) = property.get("enum").and_then(Value::as_array) else {
                continue;
            };
            let meant = names
                .iter()
                .filter(|name| name.as_str().is_some_and(|n| self.possible.contains(n)));
            let meant: Vec<Value> = meant.cloned().collect();
            if !self.any && !meant.is_empty() {
                *property = json!({"type": "string", "enum": meant});
            }
        }
    }

    /// Why a task must not be done: it is about what nobody spoke of.
    pub fn objection(&self, task: &Value, skills: &SkillRoles) -> Option<&'static str> {
        if self.any {
            return None;
        }
        let unsaid = |name: &&Value| name.as_str().is_some_and(|n| !self.possible.contains(n));
        let is_unsaid = |roles: &[Role]| skills.values(task, roles).iter().any(unsaid);
        if is_unsaid(&[Role::Object]) {
            return Some("say which object");
        }
        is_unsaid(&[Role::Surface, Role::FloorPlace]).then_some("say which place")
    }
}

fn without_references(sentence: &str) -> String {
    let mut text = sentence.to_owned();
    for (_, reference) in references_in(sentence) {
        text = text.replacen(reference, "", 1);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> ByWords {
        let names = [
            ("red box", "ref_o1"),
            ("hydraulic pump", "ref_o2"),
            ("dock a", "ref_f1"),
            ("dock b", "ref_f2"),
        ];
        let words = |name: &str| name.split(' ').map(str::to_owned).collect();
        names
            .map(|(name, reference)| (words(name), vec![reference.to_owned()]))
            .into()
    }

    #[test]
    fn plans_are_bound_to_what_may_be_meant() {
        let bound = |sentence: &str| {
            let mut parameters = json!({"properties": {
                "object": {"role": "object", "enum": ["ref_o1", "ref_o2"]},
                "places": {"role": "floor_place", "items": {"enum": ["ref_f1", "ref_f2"]}},
            }});
            SaidNames::of(sentence, &names()).bind(&mut parameters);
            let list = |p: &str| parameters.pointer(p).unwrap().as_array().unwrap().len();
            (
                list("/properties/object/enum"),
                list("/properties/places/items/enum"),
            )
        };
        for (sentence, expected) in [
            ("put ref_o1 away", (1, 2)),
            ("put pumps and pmup into ref_f1", (1, 1)),
            ("둘을 다 ref_f2로", (2, 2)),
            ("빨간을 ref_f2로", (1, 1)),
            ("them all to ref_f1", (2, 2)),
            ("dock a", (2, 2)),
        ] {
            assert_eq!(bound(sentence), expected, "{sentence}");
        }
    }

    #[test]
    fn nobody_takes_what_was_not_said() {
        let said = SaidNames::of("put the beaker on ref_f1", &names());
        let skills = crate::test_fleet::all_skills(&["ref_r1"]);
        let pick =
            json!({"skill": "pick_and_place", "params": {"object": "ref_o1", "place": "ref_f1"}});
        assert_eq!(said.objection(&pick, &skills), Some("say which object"));
        let patrol = json!({"skill": "patrol", "params": {"places": ["ref_f1", "ref_f2"]}});
        assert_eq!(said.objection(&patrol, &skills), Some("say which place"));
        for fine in [
            json!({"skill": "navigate_to", "params": {"place": "ref_f1", "x": 1}}),
            json!({"skill": "home"}),
        ] {
            assert_eq!(said.objection(&fine, &skills), None);
        }
    }
}
