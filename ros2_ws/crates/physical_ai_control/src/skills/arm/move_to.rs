use physical_ai_domain::{ParameterSpec, Role, SkillSpec};

use super::ArmSkill;
use super::planner::Planner;
use crate::Error;
use crate::skills::parameters::Params;

pub(super) const SKILL: ArmSkill = ArmSkill {
    spec: SkillSpec {
        name: "move_to",
        description: "Moves its tool to a point in the world, pointing down unless told otherwise.",
        ways: &[&[
            ParameterSpec::required("x", Role::X),
            ParameterSpec::required("y", Role::Y),
            ParameterSpec::required("z", Role::Z),
            ParameterSpec::optional("roll", Role::Roll),
            ParameterSpec::optional("pitch", Role::Pitch),
            ParameterSpec::optional("yaw", Role::Yaw),
        ]],
        idempotent: true,
        takes: None,
        releases: None,
        returns: false,
        verbs: &[],
        typical_s: 3.0,
    },
    needs_gripper: false,
    plan,
};

fn plan(planner: &mut Planner<'_>, params: &Params<'_>) -> Result<(), Error> {
    let (pose, rotation_given) = params.pose()?;
    if rotation_given {
        planner.tip(&pose)
    } else {
        planner.tip_down(&pose.translation)
    }
}
