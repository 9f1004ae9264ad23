//! Short references for a fleet's names, so that a trained planner points at names and never has to
//! spell them.
//!
//! Each name has a reference that is one token: `ref_r3` is the third robot, `ref_o…` are objects,
//! `ref_s…` surfaces and `ref_f…` floors, counted in sorted order. Where a sentence says a name, its reference
//! is put in its place; what is said otherwise ("the other arm", "docks a and b") is left to the model.
//! `planner/references.py` does the same; `planner/references_golden.jsonl` holds both to it.

use std::collections::{BTreeMap, BTreeSet};

use physical_ai_domain::{Capability, OfferedParameter, RobotName, Role};
use serde_json::Value;

use super::by_words::ByWords;
use super::linker::Linker;
use super::reference_text::references_in;
use super::skill_roles::SkillRoles;
use crate::Error;

/// Names of a kind that a trained planner has references for.
const MOST: usize = 24;
/// What a name is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Robot,
    Object,
    Surface,
    Floor,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Robot, Self::Object, Self::Surface, Self::Floor];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Robot => "robots",
            Self::Object => "objects",
            Self::Surface => "surfaces",
            Self::Floor => "floors",
        }
    }

    /// What the values of a parameter are names of.
    const fn of_role(role: Role) -> Option<Self> {
        match role {
            Role::Robot => Some(Self::Robot),
            Role::Object => Some(Self::Object),
            Role::Surface => Some(Self::Surface),
            Role::FloorPlace => Some(Self::Floor),
            _ => None,
        }
    }

    /// Each name of the kind once, sorted.
    pub(super) fn names(self, capabilities: &[Capability]) -> Vec<&str> {
        let is_of_kind = |p: &OfferedParameter| p.role.and_then(Self::of_role) == Some(self);
        let parameters = capabilities.iter().flat_map(Capability::parameters);
        let mut names: BTreeSet<&str> = parameters
            .filter(is_of_kind)
            .flat_map(|p| p.names)
            .collect();
        if self == Self::Robot {
            let robots = capabilities.iter().filter_map(|c| c.robot.as_ref());
            names = robots.map(RobotName::as_str).collect();
        }
        names.into_iter().collect()
    }
}

/// References by name and names by reference.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct References {
    of: BTreeMap<Kind, BTreeMap<String, String>>,
    names: BTreeMap<String, String>,
    linker: Linker,
}

impl References {
    pub(super) fn try_new(capabilities: &[Capability]) -> Result<Self, Error> {
        let mut made = Self {
            of: BTreeMap::new(),
            names: BTreeMap::new(),
            linker: Linker::default(),
        };
        for kind in Kind::ALL {
            let names = kind.names(capabilities);
            if names.len() > MOST {
                return Err(Error::Question {
                    field: kind.title(),
                    value: names.len().to_string(),
                    problem: format!("a trained planner can tell at most {MOST} apart"),
                });
            }
            for (index, name) in names.into_iter().enumerate() {
                made.insert(kind, name, index + 1);
            }
        }
        let skills = SkillRoles::new(capabilities, |robot| robot);
        let robots = Kind::Robot.names(capabilities).into_iter();
        let (arms, rovers): (Vec<&str>, Vec<&str>) = robots.partition(|r| skills.has_hand(r));
        let of = |robots: Vec<&str>| -> Vec<String> {
            let references = robots.into_iter().map(|r| made.of(Kind::Robot, r));
            references.map(str::to_owned).collect()
        };
        let names = made.names.iter();
        let names = names.map(|(reference, name)| (name.as_str(), reference.as_str()));
        let linker = Linker::new(names, &of(arms), &of(rovers));
        made.linker = linker;
        Ok(made)
    }

    fn insert(&mut self, kind: Kind, name: &str, number: usize) {
        let reference = format!("ref_{}{number}", &kind.title()[..1]);
        self.names.insert(reference.clone(), name.to_owned());
        let of_kind = self.of.entry(kind).or_default();
        of_kind.insert(name.to_owned(), reference);
    }

    /// The reference of a name; the name itself if it is none of the fleet's.
    pub(super) fn of<'a>(&'a self, kind: Kind, name: &'a str) -> &'a str {
        let reference = self.of.get(&kind).and_then(|names| names.get(name));
        reference.map_or(name, String::as_str)
    }

    /// The capability with references for all names.
    pub(super) fn renamed(&self, capability: &Capability) -> Capability {
        let mut renamed = capability.clone();
        if let Some(robot) = &capability.robot {
            let reference = RobotName::try_new(self.of(Kind::Robot, robot.as_str()));
            renamed.robot = reference.ok().or(renamed.robot);
        }
        for parameter in capability.parameters() {
            let Some(kind) = parameter.role.and_then(Kind::of_role) else {
                continue;
            };
            let property = format!("/properties/{}", parameter.name);
            for end in ["enum", "items/enum"] {
                let listed = renamed
                    .parameters_schema
                    .pointer_mut(&format!("{property}/{end}"));
                for name in listed.and_then(Value::as_array_mut).into_iter().flatten() {
                    if let Value::String(name) = name {
                        *name = self.of(kind, name).to_owned();
                    }
                }
            }
        }
        renamed
    }

    /// A task of a plan with references for its names.
    pub(super) fn rename(&self, task: &mut Value, skills: &SkillRoles) {
        let rename = |name: &mut Value, kind| {
            if let Value::String(name) = name {
                *name = self.of(kind, name).to_owned();
            }
        };
        let skill = skills.of_task(task).cloned().unwrap_or_default();
        if let Some(robot) = task.get_mut("robot") {
            rename(robot, Kind::Robot);
        }
        let params = task.get_mut("params").and_then(Value::as_object_mut);
        for (parameter, value) in params.into_iter().flatten() {
            let Some(kind) = skill.role(parameter).and_then(Kind::of_role) else {
                continue;
            };
            match value {
                Value::Array(names) => names.iter_mut().for_each(|name| rename(name, kind)),
                name => rename(name, kind),
            }
        }
    }

    /// The sentence, in small letters, with references for names that it says.
    pub(super) fn link(&self, sentence: &str) -> String {
        self.linker.link(sentence)
    }

    /// References by the words of names.
    pub(super) fn by_words(&self) -> &ByWords {
        self.linker.names()
    }

    /// An answer in JSON with names for references.
    pub(super) fn with_names(&self, answer: &str) -> String {
        let mut text = String::with_capacity(answer.len());
        let mut done = 0;
        for (at, reference) in references_in(answer) {
            let Some(name) = self.names.get(reference) else {
                continue;
            };
            // Names stand between quotes, where some signs are written otherwise.
            let quoted = Value::from(name.as_str()).to_string();
            text.push_str(&answer[done..at]);
            text.push_str(&quoted[1..quoted.len() - 1]);
            done = at + reference.len();
        }
        text + &answer[done..]
    }
}
