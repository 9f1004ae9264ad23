//! What a model is asked for a mission plan.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use physical_ai_domain::Capability;

use crate::{Message, Role};

/// Skills whose place is one that arms reach; those of the other skills are on the floor.
const SURFACE_SKILLS: [&str; 2] = ["place", "pick_and_place"];

/// What a model was made for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PlanPromptStyle {
    /// Planning: it gets the fleet and the sentence as in its training data (see `planner/README.md`).
    #[default]
    Trained,
    /// Following instructions: it is told what a plan is, too.
    Instructed,
}

/// The conversation whose answer, under [`plan_schema`](crate::plan_schema()), is the plan of a
/// sentence for a fleet.
///
/// The fleet comes first and is written the same whatever the order of `capabilities`, so that requests
/// share its cache.
pub fn plan_prompt(
    capabilities: &[Capability],
    sentence: &str,
    style: PlanPromptStyle,
) -> Vec<Message> {
    let fleet = fleet_text(capabilities);
    let (system, user) = match style {
        PlanPromptStyle::Trained => (fleet, normalized(sentence)),
        PlanPromptStyle::Instructed => (
            format!(
                "{}\n\nThe fleet:\n{fleet}\n\nWhat the skills do:\n{}",
                include_str!("plan_prompt/instructions.txt").trim_end(),
                skills_text(capabilities)
            ),
            sentence.to_owned(),
        ),
    };
    vec![
        Message::new(Role::System, system),
        Message::new(Role::User, user),
    ]
}

/// Robots with the same skills share a line; all lists are sorted.
fn fleet_text(capabilities: &[Capability]) -> String {
    let mut skills: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for capability in capabilities {
        if let Some(robot) = &capability.robot {
            let skill = capability.skill.as_str();
            skills.entry(robot.as_str()).or_default().insert(skill);
        }
    }
    let mut groups: Vec<(&BTreeSet<&str>, Vec<&str>)> = Vec::new();
    for (robot, skills) in &skills {
        match groups.iter_mut().find(|(known, _)| *known == skills) {
            Some((_, robots)) => robots.push(robot),
            None => groups.push((skills, vec![robot])),
        }
    }
    let mut text = String::new();
    for (skills, robots) in groups {
        let skills: Vec<&str> = skills.iter().copied().collect();
        let _ = writeln!(text, "{}:{}", robots.join(","), skills.join(","));
    }
    let places = |on_surface: bool| {
        let takers = capabilities
            .iter()
            .filter(move |c| SURFACE_SKILLS.contains(&c.skill.as_str()) == on_surface);
        sorted(takers.flat_map(Capability::places))
    };
    let _ = write!(
        text,
        "objects:{}\nsurfaces:{}\nfloors:{}",
        sorted(capabilities.iter().flat_map(Capability::objects)),
        places(true),
        places(false),
    );
    text
}

/// Each name once.
fn sorted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: BTreeSet<&str> = names.collect();
    names.into_iter().collect::<Vec<_>>().join(",")
}

fn skills_text(capabilities: &[Capability]) -> String {
    let lines: BTreeSet<String> = capabilities
        .iter()
        .map(|c| format!("- {}: {}", c.skill, c.description))
        .collect();
    lines.into_iter().collect::<Vec<_>>().join("\n")
}

/// ASCII letters small, white space single.
fn normalized(sentence: &str) -> String {
    let words: Vec<&str> = sentence.split_whitespace().collect();
    words.join(" ").to_ascii_lowercase()
}
