use std::collections::BTreeMap;

use physical_ai_domain::JointKind;

use crate::srdf::Srdf;
use crate::{Certainty, Doubt, Finding, Severity};

use super::naming;
use super::structure::{Structure, moves};

/// Positions beyond a limit by less than this were rounded, radians or metres.
const ROUNDING: f64 = 2e-3;

/// Named postures.
pub(super) type Postures = BTreeMap<String, BTreeMap<String, f64>>;

/// Postures that an SRDF names. States of several groups with one name are one posture.
pub(super) fn from_srdf(s: &Structure<'_>, srdf: &Srdf, doubts: &mut Vec<Doubt>) -> Postures {
    let mut postures = Postures::new();
    for state in &srdf.states {
        let mut positions = BTreeMap::new();
        let mut problems = Vec::new();
        let mut unknown = Vec::new();
        for (name, values) in &state.joints {
            if srdf.virtual_joints.contains(name) {
                continue;
            }
            if s.model.joint_index(name).is_none() {
                unknown.push(name.as_str());
                continue;
            }
            match position(s, name, values) {
                Ok(Some(value)) => {
                    positions.insert(name.clone(), value);
                }
                Ok(None) => {}
                Err(problem) => problems.push(problem),
            }
        }
        if let [first, others @ ..] = unknown.as_slice() {
            let more = if others.is_empty() {
                String::new()
            } else {
                format!(" and {} more", others.len())
            };
            problems.push(format!("there is no joint {first:?}{more}"));
        }
        if !problems.is_empty() {
            doubts.push(Doubt::new(
                Severity::Note,
                format!("SRDF state {}", state.name),
                format!("left out of the posture: {}", problems.join(", ")),
                "",
            ));
        }
        if !positions.is_empty() {
            postures
                .entry(state.name.clone())
                .or_default()
                .extend(positions);
        }
    }
    postures
}

/// Position of a joint in a state; `None` for joints that have none in a posture, as followers.
fn position(s: &Structure<'_>, name: &str, values: &[f64]) -> Result<Option<f64>, String> {
    let Some(joint) = s.model.joints.iter().find(|j| j.name == name) else {
        return Ok(None);
    };
    if !moves(joint) || joint.kind == JointKind::Floating || joint.mimic.is_some() {
        return Ok(None);
    }
    let value = match (values, joint.kind) {
        ([value], _) => *value,
        // Cosine and sine, as pinocchio has continuous joints.
        ([cos, sin], JointKind::Continuous) => sin.atan2(*cos),
        _ => return Err(format!("joint {name} has {} values", values.len())),
    };
    let within = value.clamp(joint.limits.lower, joint.limits.upper);
    if (within - value).abs() > ROUNDING {
        let (lower, upper) = (joint.limits.lower, joint.limits.upper);
        return Err(format!(
            "joint {name} is {value}, its limits are {lower} to {upper}"
        ));
    }
    Ok(Some(within))
}

/// Sees to it that there is a posture `home`: one that has another of the usual names, else every joint at zero or as near
/// to it as its limits allow.
pub(super) fn with_home(
    s: &Structure<'_>,
    wheels: &[String],
    postures: &mut Postures,
) -> Option<Finding> {
    let home = naming::HOMES[0];
    if postures.contains_key(home) {
        return None;
    }
    let exactly = |home: &str| postures.iter().find(|(name, _)| *name == home);
    let in_words = |home: &str| {
        let mut all = postures.iter();
        all.find(|(name, _)| naming::has_word(name, &[home]))
    };
    let named = naming::HOMES
        .iter()
        .find_map(|home| exactly(home))
        .or_else(|| naming::HOMES.iter().find_map(|home| in_words(home)))
        .map(|(name, posture)| (name.clone(), posture.clone()));
    if let Some((name, posture)) = named {
        postures.insert(home.to_owned(), posture);
        let why = format!("no posture has that name; it is {name:?}");
        return Some(Finding::new("posture home", Certainty::Likely, why));
    }
    let joints = s
        .model
        .movable()
        .filter(|j| moves(j) && !wheels.contains(&j.name));
    let rest: BTreeMap<String, f64> = joints
        .map(|j| {
            (
                j.name.clone(),
                0.0_f64.clamp(j.limits.lower, j.limits.upper),
            )
        })
        .collect();
    if rest.is_empty() {
        return None;
    }
    postures.insert(home.to_owned(), rest);
    let why =
        "nobody named a posture: every joint is at zero, or as near to it as its limits allow";
    Some(Finding::new("posture home", Certainty::Guess, why))
}
