use physical_ai_domain::{ParameterSpec, Role, SkillSpec};

use super::ArmSkill;
use super::pick::pick;
use super::place::put_down;
use super::planner::Planner;
use crate::Error;
use crate::skills::parameters::Params;

pub(super) const SKILL: ArmSkill = ArmSkill {
    spec: SkillSpec {
        name: "pick_and_place",
        description: "Picks an object up and puts it down at a place.",
        ways: &[&[
            ParameterSpec::required("object", Role::Object),
            ParameterSpec::required("place", Role::Surface),
        ]],
        idempotent: false,
        takes: Some("object"),
        releases: Some("place"),
        returns: false,
        verbs: &[],
        typical_s: 11.0,
    },
    needs_gripper: true,
    plan,
};

fn plan(planner: &mut Planner<'_>, params: &Params<'_>) -> Result<(), Error> {
    let object = params.text("object")?;
    pick(planner, object)?;
    put_down(planner, params.text("place")?, object)
}
