//! What a model is asked for a mission plan.

mod groups;
mod hangul;
mod linker;
mod normalized;
mod numbers;
mod order;
mod parts;
mod points;
mod reasons;
mod references;
mod robots;
mod said;
mod series;
mod slips;
mod spoken;
mod spoken_numbers;
#[cfg(test)]
mod tests;
mod times;
mod units;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use physical_ai_domain::Capability;
use serde_json::Value;

use crate::plan_schema::by_presence;
use crate::{Error, Message, PlanSchemaOptions, Role, plan_schema};
use normalized::normalized;
use numbers::SaidNumbers;
use order::in_order;
use reasons::reasons;
use references::{Kind, References};
use said::SaidNames;

/// What a model was made for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PlanPromptStyle {
    /// Planning: it gets the fleet and the sentence as in its training data, and points at names by
    /// references (see `planner/README.md`).
    #[default]
    Trained,
    /// Following instructions: it is told what a plan is, too, and spells names.
    Instructed,
}

/// A conversation whose answer under a schema is the plan of a sentence for a fleet.
///
/// The fleet comes first and is written the same whatever the order of capabilities, so that questions
/// share its cache.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanQuestion {
    /// What the model reads.
    pub messages: Vec<Message>,
    /// What its answer keeps to (see [`plan_schema`](crate::plan_schema())).
    pub schema: Value,
    linked: Option<Linked>,
    /// What the robots can do, by name or reference.
    skills: BTreeMap<String, BTreeSet<String>>,
}

/// What stands for names in a question, and which of them its sentence may mean.
#[derive(Debug, Clone, PartialEq)]
struct Linked {
    references: References,
    may_be_meant: SaidNames,
}

impl PlanQuestion {
    /// The question for a sentence and what the live workers offer.
    ///
    /// # Errors
    /// Those of [`plan_schema`](crate::plan_schema()); [`Error::InvalidRequest`] if a model of the style
    /// [`Trained`](PlanPromptStyle::Trained) has no references for so many names.
    pub fn try_new(
        capabilities: &[Capability],
        sentence: &str,
        style: PlanPromptStyle,
        options: &PlanSchemaOptions,
    ) -> Result<Self, Error> {
        let mut options = options.clone();
        let (linked, offered, system, user) = match style {
            PlanPromptStyle::Trained => {
                let references = References::try_new(capabilities)?;
                let fleet = fleet_text(capabilities, |kind, name| {
                    // Behind its name, a reference can gather what the name says.
                    format!("{name}={}", references.of(kind, name)).into()
                });
                let user = references.link(&normalized(sentence));
                let numbers = SaidNumbers::of(&user);
                let may_be_meant = references.said_in(&user);
                let offered = capabilities.iter().map(|c| {
                    // What goes together is seen while all parts of a schema still say the same.
                    let schema = by_presence(&c.parameters_schema);
                    let mut offered = references.renamed(&Capability {
                        parameters_schema: schema,
                        ..c.clone()
                    });
                    numbers.bind(&mut offered.parameters_schema);
                    may_be_meant.bind(&mut offered.parameters_schema);
                    offered
                });
                let offered = offered.collect();
                options.reasons = reasons(&references, capabilities, &user);
                let linked = Linked {
                    references,
                    may_be_meant,
                };
                (Some(linked), Cow::Owned(offered), fleet, user)
            }
            PlanPromptStyle::Instructed => {
                let offered: Cow<'_, [Capability]> = capabilities.into();
                (
                    None,
                    offered,
                    instructions(capabilities),
                    sentence.to_owned(),
                )
            }
        };
        let skills = skills_of_robots(&offered).into_iter();
        let skills = skills.map(|(robot, skills)| {
            let skills = skills.into_iter().map(str::to_owned).collect();
            (robot.to_owned(), skills)
        });
        let skills = skills.collect();
        let offered = match &linked {
            Some(linked) => linked.may_be_meant.of_robots(offered.into_owned()).into(),
            None => offered,
        };
        Ok(Self {
            messages: vec![
                Message::new(Role::System, system),
                Message::new(Role::User, user),
            ],
            schema: plan_schema(&offered, &options)?,
            linked,
            skills,
        })
    }

    /// Why a plan is not what was asked for: it is about an object or a place that the sentence does not say,
    /// or a robot that the sentence names has nothing to do in it, and could not do what others are to do
    /// instead.
    ///
    /// Bound to a fleet, a model that means to move what there is not can only move something else, and one
    /// that means to send a rover to pick can only send an arm. `answer` is the model's, with references.
    pub fn objection(&self, answer: &str) -> Option<String> {
        // Only with references is it certain that a robot is named.
        let Linked {
            references,
            may_be_meant,
        } = self.linked.as_ref()?;
        let answer: Value = serde_json::from_str(answer).ok()?;
        let tasks = answer.get("tasks")?.as_array()?;
        let said = &self.messages.last()?.content;
        let is_named = |robot: &str| said.split(|c| !is_of_reference(c)).any(|w| w == robot);
        if let Some(reason) = tasks.iter().find_map(|task| may_be_meant.objection(task)) {
            return Some(reason.to_owned());
        }
        let is_idle = |robot: &str| tasks.iter().all(|task| task["robot"] != robot);
        let mut robots = self.skills.iter();
        let (robot, skills) = robots.find(|(robot, _)| is_named(robot) && is_idle(robot))?;
        let mut asked = tasks.iter().filter_map(|task| task["skill"].as_str());
        let skill = asked.find(|skill| !skills.contains(*skill))?;
        Some(references.with_names(&format!("{robot} cannot {skill}")))
    }

    /// The answer with names in place of references, and its tasks in order.
    pub fn with_names(&self, answer: &str) -> String {
        match &self.linked {
            Some(Linked { references, .. }) => {
                let offers = |robot: &str, skill: &str| {
                    let skills = self.skills.get(robot);
                    skills.is_some_and(|skills| skills.contains(skill))
                };
                let ordered = in_order(answer, offers);
                references.with_names(ordered.as_deref().unwrap_or(answer))
            }
            None => answer.to_owned(),
        }
    }
}

/// The system prompt for a model that was not trained for it.
fn instructions(capabilities: &[Capability]) -> String {
    format!(
        "{}\n\nThe fleet:\n{}\n\nWhat the skills do:\n{}",
        include_str!("plan_question/instructions.txt").trim_end(),
        fleet_text(capabilities, |_, name| name.into()),
        skills_text(capabilities)
    )
}

/// Skills by robot.
fn skills_of_robots(capabilities: &[Capability]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut skills: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for capability in capabilities {
        if let Some(robot) = &capability.robot {
            let skill = capability.skill.as_str();
            skills.entry(robot.as_str()).or_default().insert(skill);
        }
    }
    skills
}

fn is_of_reference(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Robots with the same skills share a line; all lists are sorted.
fn fleet_text<'a>(
    capabilities: &'a [Capability],
    say: impl Fn(Kind, &'a str) -> Cow<'a, str>,
) -> String {
    let skills = skills_of_robots(capabilities);
    let mut groups: Vec<(&BTreeSet<&str>, Vec<&str>)> = Vec::new();
    for (robot, skills) in &skills {
        match groups.iter_mut().find(|(known, _)| *known == skills) {
            Some((_, robots)) => robots.push(robot),
            None => groups.push((skills, vec![robot])),
        }
    }
    let list = |kind, names: &[&'a str]| {
        let said: Vec<_> = names.iter().map(|name| say(kind, name)).collect();
        said.join(",")
    };
    let mut text = String::new();
    for (skills, robots) in groups {
        let skills: Vec<&str> = skills.iter().copied().collect();
        let _ = writeln!(text, "{}:{}", list(Kind::Robot, &robots), skills.join(","));
    }
    for (index, kind) in [Kind::Object, Kind::Surface, Kind::Floor]
        .iter()
        .enumerate()
    {
        let end = if index == 0 { "" } else { "\n" };
        let names = list(*kind, &kind.names(capabilities));
        let _ = write!(text, "{end}{}:{names}", kind.title());
    }
    text
}

fn skills_text(capabilities: &[Capability]) -> String {
    let lines: BTreeSet<String> = capabilities
        .iter()
        .map(|c| format!("- {}: {}", c.skill, c.description))
        .collect();
    lines.into_iter().collect::<Vec<_>>().join("\n")
}
