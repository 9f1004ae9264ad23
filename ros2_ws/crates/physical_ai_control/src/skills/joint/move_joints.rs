use physical_ai_domain::{ParameterSpec, Role, SkillSpec};
use serde_json::Value;

use super::{JointSkill, JointSkills};
use crate::Error;
use crate::skills::parameters::Params;
use crate::skills::steps::{Step, Targets};

/// Positions in the order of the joints that are neither wheels nor fingers.
const IN_ORDER: &str = "positions";
/// Positions of some joints, by their names; fingers, too.
pub(super) const BY_NAME: &str = "joints";

pub(super) const SKILL: JointSkill = JointSkill {
    spec: SkillSpec {
        name: "move_joints",
        description: "Moves its joints to given positions.",
        ways: &[
            &[ParameterSpec::required(IN_ORDER, Role::JointPositions)],
            &[ParameterSpec::required(BY_NAME, Role::JointPositions)],
        ],
        idempotent: true,
        takes: None,
        releases: None,
        returns: false,
        verbs: &[],
        typical_s: 3.0,
    },
    is_offered: JointSkills::has_posture,
    start: |set, params, situation| {
        let targets = if params.has(BY_NAME) {
            params.only_with(
                BY_NAME,
                &[IN_ORDER],
                "give the positions in order, or by name",
            )?;
            by_name(set, params)?
        } else {
            let posture = set.posture();
            let positions = params.numbers(IN_ORDER, posture.len())?;
            posture.into_iter().zip(positions).collect()
        };
        set.steps(vec![Step::Move(targets)], situation)
    },
};

fn by_name(set: &JointSkills, params: &Params<'_>) -> Result<Targets, Error> {
    let joints = &set.body.joints;
    let given = params.object(BY_NAME)?;
    let invalid = |problem: String| Params::error(BY_NAME, problem);
    if given.is_empty() {
        return Err(invalid("{} must not be empty".into()));
    }
    let target = |(name, value): (&String, &Value)| {
        let known = || {
            let named = (0..joints.len()).filter(|j| !joints.is_wheel(*j));
            let names: Vec<&str> = named.map(|j| joints.names()[j].as_str()).collect();
            invalid(format!("{name:?} is not one of {}", names.join(", ")))
        };
        let index = joints.names().iter().position(|n| n == name);
        let index = index.filter(|j| !joints.is_wheel(*j)).ok_or_else(known)?;
        let position = value.as_f64().filter(|v| v.is_finite());
        let position =
            position.ok_or_else(|| invalid(format!("{name}: {value} is not a finite number")))?;
        Ok((index, position))
    };
    given.iter().map(target).collect()
}
