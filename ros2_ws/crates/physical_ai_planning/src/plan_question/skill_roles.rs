//! What the skills of a fleet take and do, by roles: nothing behind this knows a skill by its name.

use std::collections::{BTreeMap, BTreeSet};

use physical_ai_domain::{Capability, Role};
use serde_json::Value;

/// What robots can do, and what their skills are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SkillRoles {
    skills: BTreeMap<String, Skill>,
    /// Skills by robot.
    of_robots: BTreeMap<String, BTreeSet<String>>,
}

/// A skill, as its offers say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Skill {
    parameters: BTreeMap<String, Parameter>,
    /// Parameter that names what is in the hand because of it.
    pub takes: Option<String>,
    /// Parameter that says where it is put.
    pub releases: Option<String>,
    /// It brings the robot back to where it rests.
    pub returns: bool,
    /// Words with which it may be asked for: those of its name, and its verbs.
    pub own_words: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Parameter {
    role: Role,
    list: bool,
    /// Greatest value, of numbers.
    most: Option<f64>,
}

impl SkillRoles {
    /// Of offers that say roles; robots are called by `robot`.
    pub fn new<'a>(offers: &'a [Capability], robot: impl Fn(&'a str) -> &'a str) -> Self {
        let mut made = Self::default();
        for offer in offers {
            let name = offer.skill.as_str();
            if let Some(own) = &offer.robot {
                let skills = made.of_robots.entry(robot(own.as_str()).to_owned());
                skills.or_default().insert(name.to_owned());
            }
            let skill = made.skills.entry(name.to_owned()).or_default();
            let own_words = name.split('_').chain(offer.verbs());
            skill.own_words.extend(own_words.map(str::to_owned));
            skill.returns |= offer.returns();
            skill.takes = skill.takes.take().or(offer.takes().map(str::to_owned));
            skill.releases = skill
                .releases
                .take()
                .or(offer.releases().map(str::to_owned));
            for parameter in offer.parameters() {
                let Some(role) = parameter.role else { continue };
                let pointer = format!("/properties/{}/maximum", parameter.name);
                let most = offer
                    .parameters_schema
                    .pointer(&pointer)
                    .and_then(Value::as_f64);
                let list = parameter.list;
                let parameter = skill.parameters.entry(parameter.name.to_owned());
                let known = parameter.or_insert(Parameter { role, list, most });
                if most > known.most {
                    known.most = most;
                }
            }
        }
        made
    }

    /// Skills by robot.
    pub fn of_robots(&self) -> &BTreeMap<String, BTreeSet<String>> {
        &self.of_robots
    }

    /// Robots with a hand.
    pub fn has_hand(&self, robot: &str) -> bool {
        let skills = self.of_robots.get(robot).into_iter().flatten();
        let mut skills = skills.filter_map(|name| self.skills.get(name));
        skills.any(|skill| skill.takes.is_some() || skill.has(Role::Opening))
    }

    /// The skill of a task.
    pub fn of_task(&self, task: &Value) -> Option<&Skill> {
        self.skills.get(task["skill"].as_str()?)
    }

    /// What a task gives to parameters of these roles; lists are taken apart.
    pub fn values<'v>(&self, task: &'v Value, roles: &[Role]) -> Vec<&'v Value> {
        let params = task["params"].as_object().into_iter().flatten();
        let mut found = Vec::new();
        for (name, value) in params {
            let role = self.of_task(task).and_then(|skill| skill.role(name));
            if role.is_some_and(|role| roles.contains(&role)) {
                match value {
                    Value::Array(items) => found.extend(items),
                    Value::Object(fields) => found.extend(fields.values()),
                    value => found.push(value),
                }
            }
        }
        found
    }

    /// The same as numbers.
    pub fn numbers(&self, task: &Value, roles: &[Role]) -> Vec<f64> {
        let values = self.values(task, roles).into_iter();
        values.filter_map(Value::as_f64).collect()
    }

    /// Names that a task gives, of objects, places and robots.
    pub fn names<'v>(&self, task: &'v Value) -> Vec<&'v str> {
        let roles = [Role::Object, Role::Surface, Role::FloorPlace, Role::Robot];
        let values = self.values(task, &roles).into_iter();
        values.filter_map(Value::as_str).collect()
    }
}

impl Skill {
    /// What a parameter means.
    pub fn role(&self, name: &str) -> Option<Role> {
        self.parameters.get(name).map(|p| p.role)
    }

    /// True if it has a parameter of a role.
    pub fn has(&self, role: Role) -> bool {
        self.parameters.values().any(|p| p.role == role)
    }

    /// True if it goes through places of the floor, one after the other.
    pub fn goes_round(&self) -> bool {
        self.parameters
            .values()
            .any(|p| p.role == Role::FloorPlace && p.list)
    }

    /// True if it goes to one place of the floor.
    pub fn goes_to_place(&self) -> bool {
        self.parameters
            .values()
            .any(|p| p.role == Role::FloorPlace && !p.list)
    }

    /// True if nothing can be said with it.
    pub fn is_bare(&self) -> bool {
        self.parameters.is_empty()
    }

    /// True if doing it twice in a row is more than doing it once: time and rounds add up.
    pub fn adds_up(&self) -> bool {
        self.has(Role::Duration) || self.has(Role::Count)
    }

    /// Greatest value of a role.
    pub fn most(&self, role: Role) -> Option<f64> {
        let of_role = self.parameters.values().find(|p| p.role == role);
        of_role.and_then(|p| p.most)
    }
}
