use physical_ai_domain::{ParameterSpec, Role, SkillSpec};

use super::ArmSkill;
use super::planner::Planner;
use crate::Error;
use crate::skills::parameters::Params;
use crate::skills::steps::Step;

pub(super) const SKILL: ArmSkill = ArmSkill {
    spec: SkillSpec {
        name: "set_gripper",
        description: "Opens or closes its gripper to a width.",
        ways: &[&[ParameterSpec::required("opening_m", Role::Opening)]],
        idempotent: true,
        takes: None,
        releases: None,
        returns: false,
        verbs: &[],
        typical_s: 1.0,
    },
    needs_gripper: true,
    plan,
};

fn plan(planner: &mut Planner<'_>, params: &Params<'_>) -> Result<(), Error> {
    let widest_m = planner.gripper()?.opening_m();
    planner.push(Step::Grip(params.number_in("opening_m", [0.0, widest_m])?));
    planner.push(Step::CheckOpening);
    Ok(())
}
