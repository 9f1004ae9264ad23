//! What a model is asked for a mission plan.

mod accounting;
mod any_robot;
mod by_words;
mod counted;
mod fleet_nouns;
mod groups;
mod hangul;
mod linker;
mod normalized;
mod plan_words;
mod reading;
mod reasons;
mod reference_text;
mod references;
mod repetitions;
mod series;
pub(crate) mod skill_roles;
mod spoken;
mod spoken_numbers;
mod syllables;
#[cfg(test)]
mod tests;
mod words;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use physical_ai_domain::Capability;
use physical_ai_fleet::Fleet;
use serde_json::Value;

use crate::plan_schema::by_presence;
use crate::{Error, Message, PlanSchemaOptions, Speaker, plan_schema};
use fleet_nouns::FleetNouns;
use normalized::normalized;
use reasons::reasons;
use references::{Kind, References};
use repetitions::without_repetitions;

pub use reading::PlanReading;
use skill_roles::SkillRoles;

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
    /// As it was written.
    sentence: String,
    /// What the robots can do, by reference.
    skills: SkillRoles,
}

/// What stands for names in a sentence.
#[derive(Debug, Clone, PartialEq)]
struct Linked {
    references: References,
    /// With references in place of names.
    sentence: String,
    /// The model spells names and sees no references: they serve to check its plan only.
    is_hidden: bool,
}

impl Linked {
    fn new(references: References, sentence: &str, is_hidden: bool) -> Self {
        Self {
            sentence: references.link(&normalized(sentence)),
            references,
            is_hidden,
        }
    }

    /// What is offered, with references.
    fn offered(&self, capabilities: &[Capability]) -> Vec<Capability> {
        let offered = capabilities.iter().map(|c| {
            // What goes together is seen while all parts of a schema still say the same.
            let mut offered = self.references.renamed(&Capability {
                parameters_schema: by_presence(&c.parameters_schema),
                ..c.clone()
            });
            first_of_each_role(&mut offered.parameters_schema);
            offered
        });
        offered.collect()
    }
}

impl PlanQuestion {
    /// The question for a sentence and what the live workers offer.
    ///
    /// # Errors
    /// Those of [`plan_schema`](crate::plan_schema()); [`Error::Question`] if a model of the style
    /// [`Trained`](PlanPromptStyle::Trained) has no references for so many names.
    pub fn try_new(
        fleet: &Fleet,
        sentence: &str,
        style: PlanPromptStyle,
        options: &PlanSchemaOptions,
    ) -> Result<Self, Error> {
        let capabilities = fleet.capabilities();
        let mut options = options.clone();
        let references = References::try_new(capabilities);
        let (linked, offered, system, user) = match style {
            PlanPromptStyle::Trained => {
                let linked = Linked::new(references?, sentence, false);
                let references = &linked.references;
                let fleet = fleet_text(capabilities, |kind, name| {
                    // Behind its name, a reference can gather what the name says.
                    format!("{name}={}", references.of(kind, name)).into()
                });
                options.reasons = reasons(references, capabilities, &linked.sentence);
                let offered = linked.offered(capabilities).into();
                let user = linked.sentence.clone();
                (Some(linked), offered, fleet, user)
            }
            PlanPromptStyle::Instructed => {
                let hidden = references.ok().map(|r| Linked::new(r, sentence, true));
                let offered: Cow<'_, [Capability]> = capabilities.into();
                let user = sentence.to_owned();
                (hidden, offered, instructions(capabilities), user)
            }
        };
        let skills = linked
            .as_ref()
            .map(|l| SkillRoles::new(capabilities, |robot| l.references.of(Kind::Robot, robot)));
        Ok(Self {
            messages: vec![
                Message::new(Speaker::System, system),
                Message::new(Speaker::User, user),
            ],
            schema: plan_schema(&offered, &options)?,
            linked,
            sentence: sentence.to_owned(),
            skills: skills.unwrap_or_default(),
        })
    }

    /// Why a plan is not what was asked for: it drops a word of the sentence, or has in it what nobody asked for.
    ///
    /// Bound to a fleet, a model that means to move what there is not can only move something else, and one
    /// that means to send a rover to pick can only send an arm. `answer` is the model's, with references.
    pub fn objection(&self, answer: &str) -> Option<String> {
        let linked = self.linked.as_ref()?;
        let mut answer: Value = serde_json::from_str(&self.once(answer)).ok()?;
        let tasks = answer.get_mut("tasks")?.as_array_mut()?;
        if linked.is_hidden {
            for task in tasks.iter_mut() {
                linked.references.rename(task, &self.skills);
            }
        }
        self.unaccounted(linked, tasks)
    }

    /// A part of the sentence with the letters that it has there.
    fn as_written(&self, part: &str) -> String {
        let begin = self.sentence.to_ascii_lowercase().find(part);
        let written = begin.and_then(|at| self.sentence.get(at..at + part.len()));
        written.unwrap_or(part).to_owned()
    }

    /// What a plan drops of a linked sentence, or adds to it, in the language of the sentence.
    fn unaccounted(&self, linked: &Linked, tasks: &[Value]) -> Option<String> {
        let (references, said) = (&linked.references, linked.sentence.as_str());
        let as_written = |text: &str| self.as_written(&references.with_names(text));
        let is_korean = accounting::is_korean(&self.sentence);
        let nouns = FleetNouns::new(references.by_words(), &self.skills);
        if let Some(dropped) = accounting::dropped(said, tasks, &self.skills, &nouns) {
            let word = as_written(dropped);
            return Some(if is_korean {
                format!("\"{word}\"은(는) 무시됩니다: 빼거나 다른 말로 해 주십시오")
            } else {
                format!("\"{word}\" would be ignored: leave it out, or say it in other words")
            });
        }
        if let Some(skill) = accounting::unasked(said, tasks, &self.skills) {
            return Some(if is_korean {
                format!("계획에 문장이 말하지 않은 {skill}이(가) 있습니다: 다른 말로 해 주십시오")
            } else {
                format!("the plan has a {skill} that nobody asked for: say it in other words")
            });
        }
        if let Some(robot) = accounting::unsaid_robot(said, tasks, &self.skills, &nouns) {
            let robot = references.with_names(robot);
            return Some(if is_korean {
                format!("{robot}을(를) 말하는지 분명하지 않습니다: 어느 로봇인지 말해 주십시오")
            } else {
                format!("it is not clear whether {robot} is meant: say which robot")
            });
        }
        if let Some(name) = accounting::unsaid_name(said, tasks, &self.skills, &nouns) {
            let name = references.with_names(name);
            return Some(if is_korean {
                format!("{name}을(를) 말하는지 분명하지 않습니다: 어느 것인지 말해 주십시오")
            } else {
                format!("it is not clear whether {name} is meant: say which")
            });
        }
        let angle = accounting::too_large_angle(tasks, &self.skills)?;
        Some(if is_korean {
            format!("\"{angle}\"은(는) 한 바퀴보다 큰 각도입니다: 각도는 라디안으로 말해 주십시오")
        } else {
            format!("\"{angle}\" is an angle of more than a turn: say angles in radians")
        })
    }

    /// The answer with names in place of references, and no task twice in a row.
    pub fn with_names(&self, answer: &str) -> String {
        self.named(&self.once(answer))
    }

    /// The answer as a plan: with names, no task twice in a row, and without robots where any would do.
    fn plan_text(&self, answer: &str) -> String {
        let once = self.once(answer);
        let opened = self.with_any_robot(&once);
        self.named(&opened.unwrap_or_else(|| once.into_owned()))
    }

    fn with_any_robot(&self, answer: &str) -> Option<String> {
        let linked = self.linked.as_ref().filter(|l| !l.is_hidden)?;
        let mut answer: Value = serde_json::from_str(answer).ok()?;
        let tasks = answer.get_mut("tasks")?.as_array_mut()?;
        let nouns = FleetNouns::new(linked.references.by_words(), &self.skills);
        any_robot::leave_out(&linked.sentence, tasks, &self.skills, &nouns);
        Some(answer.to_string())
    }

    fn named(&self, text: &str) -> String {
        let linked = self.linked.as_ref().filter(|l| !l.is_hidden);
        linked.map_or_else(|| text.to_owned(), |l| l.references.with_names(text))
    }

    /// An answer without what is said twice in a row.
    fn once<'a>(&self, answer: &'a str) -> Cow<'a, str> {
        let linked = self.linked.as_ref().filter(|l| !l.is_hidden);
        let once = linked.and_then(|_| without_repetitions(answer, &self.skills));
        once.map_or(Cow::Borrowed(answer), Cow::Owned)
    }
}

/// A trained model knows one way to give what a role stands for: the first that is offered.
fn first_of_each_role(parameters: &mut Value) {
    let mut known = BTreeSet::new();
    let properties = parameters
        .get_mut("properties")
        .and_then(Value::as_object_mut);
    if let Some(properties) = properties {
        properties.retain(
            |_, property| match property.get("role").and_then(Value::as_str) {
                Some(role) => known.insert(role.to_owned()),
                None => true,
            },
        );
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
