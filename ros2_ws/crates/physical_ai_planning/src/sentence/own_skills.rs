//! Skills that no verb of ours asks for: they are said by the words of their own names, or by verbs that their offers
//! give.
//!
//! "Arm_1 welds the red box" is the skill `weld` with an object, "rover_1 inspects dock_a for 5 s" the skill `inspect` with
//! a place and a duration: values are read by the roles of the skill's parameters.

use physical_ai_domain::{Capability, Role};
use physical_ai_fleet::Fleet;
use serde_json::{Value, json};

use super::clause::Action;
use super::cursor::{Cursor, FUNCTION_WORDS, Parsed};
use super::fault::Fault;
use super::names::{Reference, Thing};
use super::token::Kind;
use super::verbs::{self, Form, Verb};

/// What a parameter of such a skill was given.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OwnValue {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) value: Value,
}

/// The skills of a fleet by the first words of their names and by their other verbs, where those are none that is known.
#[derive(Debug, Default)]
pub(super) struct OwnSkills {
    verbs: Vec<OwnVerb>,
}

#[derive(Debug)]
struct OwnVerb {
    base: String,
    skills: Vec<OwnSkill>,
}

#[derive(Debug, Clone)]
pub(super) struct OwnSkill {
    name: String,
    /// Words of the name behind the first.
    rest: Vec<String>,
    parameters: Vec<OwnParameter>,
}

#[derive(Debug, Clone)]
struct OwnParameter {
    name: String,
    role: Role,
    list: bool,
    required: bool,
}

impl OwnSkills {
    pub(super) fn of(fleet: &Fleet) -> Self {
        let mut made = Self::default();
        for name in fleet.skills() {
            let Some(offer) = fleet.offers(name, None).next() else {
                continue;
            };
            let mut words = name.split('_').map(str::to_owned);
            let first = words.next().unwrap_or_default();
            made.add(&first, offer, words.collect());
            for verb in offer.verbs().filter(|verb| *verb != first) {
                made.add(verb, offer, Vec::new());
            }
        }
        made
    }

    /// One more way to say a skill, unless its verb has a meaning of its own.
    fn add(&mut self, base: &str, offer: &Capability, rest: Vec<String>) {
        if base.is_empty() || verbs::is_verb(base) || FUNCTION_WORDS.contains(&base) {
            return;
        }
        let skill = OwnSkill {
            name: offer.skill.to_string(),
            rest,
            parameters: parameters(offer),
        };
        match self.verbs.iter_mut().find(|v| v.base == base) {
            Some(verb) => verb.skills.push(skill),
            None => self.verbs.push(OwnVerb {
                base: base.to_owned(),
                skills: vec![skill],
            }),
        }
    }

    /// The skill's verb that a word is a form of.
    pub(super) fn verb(&self, word: &str) -> Option<(Verb, &'static [Form])> {
        self.verbs.iter().enumerate().find_map(|(at, verb)| {
            let form = form_of(word, &verb.base)?;
            Some((Verb::Own(at), form))
        })
    }

    /// Names of these skills.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.verbs
            .iter()
            .flat_map(|v| v.skills.iter().map(|s| s.name.as_str()))
    }
}

/// Words with which a skill may be asked for: those of its name, and its verbs.
pub(super) fn own_words(offer: &Capability) -> impl Iterator<Item = &str> {
    offer.skill.as_str().split('_').chain(offer.verbs())
}

fn parameters(offer: &Capability) -> Vec<OwnParameter> {
    let required = offer
        .parameters_schema
        .get("required")
        .and_then(Value::as_array);
    let required: Vec<&str> = required
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let of_role = |p: physical_ai_domain::OfferedParameter| {
        Some(OwnParameter {
            name: p.name.to_owned(),
            role: p.role?,
            list: p.list,
            required: required.contains(&p.name),
        })
    };
    offer.parameters().filter_map(of_role).collect()
}

/// The form of an English verb that a word is, with and without a doubled consonant.
fn form_of(word: &str, base: &str) -> Option<&'static [Form]> {
    if word == base {
        return Some(&[Form::Finite]);
    }
    let hisses = ["s", "x", "z", "ch", "sh", "o"]
        .iter()
        .any(|end| base.ends_with(end));
    let soft = base
        .strip_suffix('y')
        .filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u']));
    let silent = base.strip_suffix('e').filter(|stem| !stem.ends_with('e'));
    let third = match soft {
        Some(stem) => format!("{stem}ies"),
        None if hisses => format!("{base}es"),
        None => format!("{base}s"),
    };
    if word == third {
        return Some(&[Form::Finite]);
    }
    let doubled = base
        .chars()
        .last()
        .map_or_else(String::new, |last| format!("{base}{last}"));
    let is = |stem: &str, end: &str| word.strip_suffix(end).is_some_and(|s| s == stem);
    let stem = silent.unwrap_or(base);
    if is(stem, "ing") || is(&doubled, "ing") {
        return Some(&[Form::Gerund]);
    }
    let past = soft.map_or_else(|| stem.to_owned(), |stem| format!("{stem}i"));
    (is(&past, "ed") || is(&doubled, "ed")).then_some(&[Form::Participle])
}

const PREPOSITIONS: &[&str] = &[
    "in", "into", "to", "on", "onto", "at", "inside", "with", "for", "from", "by", "between", "of",
];

impl Cursor<'_> {
    /// What follows a verb that is the first word of a skill's name.
    pub(super) fn own_skill(&mut self, verb: usize) -> Parsed<Action> {
        let Some(skill) = self.own_name(verb) else {
            let names = self
                .names
                .own_skills()
                .names()
                .collect::<Vec<_>>()
                .join(" or ");
            let problem =
                self.problem(format!("it is not clear which skill is meant: say {names}"));
            return Err(problem.of(Fault::Meaning));
        };
        let mut left = skill.parameters.clone();
        let mut values = Vec::new();
        while let Some(found) = self.next_value(&left)? {
            left.retain(|p| found.iter().all(|v: &OwnValue| v.name != p.name));
            values.extend(found);
        }
        match left.iter().find(|p| p.required) {
            Some(missing) => Err(self.missing(missing)),
            None => Ok(Action::Own {
                skill: skill.name,
                values,
            }),
        }
    }

    /// The skill that the words behind its verb name; where one only begins with the verb, they may be left out.
    fn own_name(&mut self, verb: usize) -> Option<OwnSkill> {
        let skills = &self.names.own_skills().verbs.get(verb)?.skills;
        let start = self.at;
        let mut by_length: Vec<&OwnSkill> = skills.iter().collect();
        by_length.sort_by_key(|s| std::cmp::Reverse(s.rest.len()));
        for skill in by_length {
            self.eat(&["the", "a", "an"]);
            let rest: Vec<&str> = skill.rest.iter().map(String::as_str).collect();
            if !rest.is_empty() && self.eat_phrase(&rest) {
                return Some(skill.clone());
            }
            self.at = start;
        }
        match skills.as_slice() {
            [only] => Some(only.clone()),
            several => several.iter().find(|s| s.rest.is_empty()).cloned(),
        }
    }

    /// The value that comes next, of whichever parameter it fits; several where they are a point.
    fn next_value(&mut self, left: &[OwnParameter]) -> Parsed<Option<Vec<OwnValue>>> {
        let start = self.at;
        for parameter in left {
            let found = match parameter.role {
                Role::X => self.point(left)?,
                Role::Y | Role::Z => None,
                _ => self.value(parameter)?.map(|value| {
                    vec![OwnValue {
                        name: parameter.name.clone(),
                        role: parameter.role,
                        value,
                    }]
                }),
            };
            if found.is_some() {
                return Ok(found);
            }
            self.at = start;
        }
        Ok(None)
    }

    fn value(&mut self, parameter: &OwnParameter) -> Parsed<Option<Value>> {
        Ok(match parameter.role {
            Role::Object => self.names_of(Thing::Object, parameter.list)?,
            Role::Surface | Role::FloorPlace => self.names_of(Thing::Place, parameter.list)?,
            Role::Robot => self.names_of(Thing::Robot, parameter.list)?,
            Role::Duration if self.is_word(&["for"]) || self.is_number() => self
                .clone()
                .duration_s()
                .ok()
                .map(|_| self.duration_s())
                .transpose()?
                .map(|s| json!(s)),
            Role::Count => self.rounds()?.map(|rounds| json!(rounds)),
            Role::Opening => {
                self.eat(&["to"]);
                if self.is_number() {
                    Some(json!(self.length_m()?))
                } else {
                    None
                }
            }
            Role::JointPositions => {
                self.eat(&["to"]);
                let positions = self.coordinates()?;
                (!positions.is_empty()).then(|| json!(positions))
            }
            _ => None,
        })
    }

    fn is_number(&self) -> bool {
        matches!(self.kind(), Some(Kind::Number(_)))
    }

    /// One name, or several where the skill takes a list.
    fn names_of(&mut self, thing: Thing, list: bool) -> Parsed<Option<Value>> {
        self.eat(PREPOSITIONS);
        let start = self.at;
        let found = self.reference(thing)?;
        if found.is_some() && list {
            self.at = start;
            return self.list(thing).map(|names| Some(json!(names)));
        }
        match found {
            None => Ok(None),
            Some(Reference::Exactly(names)) if names.len() == 1 => Ok(Some(json!(names[0]))),
            Some(Reference::Exactly(names) | Reference::OneOf(names)) => {
                let said = self.source(start, self.at);
                let problem = format!("{said:?} may be {}: say which", names.join(" or "));
                Err(self.problem_at(start, problem).of(Fault::Name))
            }
        }
    }

    fn point(&mut self, left: &[OwnParameter]) -> Parsed<Option<Vec<OwnValue>>> {
        self.eat(&["to", "at"]);
        let point = self.coordinates()?;
        let axes = [Role::X, Role::Y, Role::Z].into_iter().zip(&point);
        let values = axes.filter_map(|(role, metres)| {
            let parameter = left.iter().find(|p| p.role == role)?;
            Some(OwnValue {
                name: parameter.name.clone(),
                role,
                value: json!(metres),
            })
        });
        let values: Vec<OwnValue> = values.collect();
        if values.len() != point.len() {
            let problem = format!("{} numbers are more than the skill takes", point.len());
            return Err(self.problem(problem).of(Fault::Number));
        }
        Ok((!values.is_empty()).then_some(values))
    }

    fn missing(&mut self, parameter: &OwnParameter) -> super::cursor::Problem {
        match parameter.role {
            Role::Object => self.not_a(Thing::Object),
            Role::Surface | Role::FloorPlace => self.not_a(Thing::Place),
            Role::Robot => self.not_a(Thing::Robot),
            Role::Duration => self.problem("say for how long, for example \"for 5 seconds\""),
            _ => self.problem(format!("say {}", parameter.name.replace('_', " "))),
        }
    }
}
