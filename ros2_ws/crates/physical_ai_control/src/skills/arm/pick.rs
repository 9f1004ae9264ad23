use nalgebra::Vector3;
use physical_ai_domain::{ParameterSpec, Role, SkillSpec};

use super::planner::Planner;
use super::{ArmSkill, extent_range};
use crate::Error;
use crate::skills::SeenObject;
use crate::skills::parameters::Params;
use crate::skills::steps::{Look, Step};

/// An object counts as lifted when it rose by this share of the lift.
const LIFTED_SHARE: f64 = 0.5;
/// Room above an object from which the tip goes straight down to it, metres; the object's own height comes on top.
const CLEARANCE_M: f64 = 0.08;
/// Room that open fingers leave beside an object, both sides together, metres.
const FINGER_ROOM_M: f64 = 0.04;

pub(super) const SKILL: ArmSkill = ArmSkill {
    spec: SkillSpec {
        name: "pick",
        description: "Picks an object up.",
        ways: &[&[ParameterSpec::required("object", Role::Object)]],
        idempotent: false,
        takes: Some("object"),
        releases: None,
        returns: false,
        verbs: &[],
        typical_s: 6.0,
    },
    needs_gripper: true,
    plan,
};

fn plan(planner: &mut Planner<'_>, params: &Params<'_>) -> Result<(), Error> {
    pick(planner, params.text("object")?)
}

/// Height over an object from which the tip goes straight down, metres.
pub(super) fn approach_m(object: &SeenObject) -> f64 {
    CLEARANCE_M + object.size_m[2]
}

/// How far the fingers open to go down beside an object, or to let it go, metres.
pub(super) fn finger_room_m(object: &SeenObject, opening_m: f64) -> f64 {
    (object.size_m[0].max(object.size_m[1]) + FINGER_ROOM_M).min(opening_m)
}

/// Picks an object up; what the arm holds already it only makes sure of.
pub(super) fn pick(planner: &mut Planner<'_>, object: &str) -> Result<(), Error> {
    let seen = planner.seen(object)?;
    let approach_m = approach_m(seen);
    match planner.held() {
        Some(held) if held == object => {
            planner.keep(object, approach_m);
            return Ok(());
        }
        Some(held) => {
            let robot = planner.robot();
            let problem =
                format!("{object:?} cannot be picked while {robot} holds {held}: place that first");
            return Err(Params::error("object", problem));
        }
        None => {}
    }
    let opening_m = planner.gripper()?.opening_m();
    let width_m = seen.size_m[0].min(seen.size_m[1]);
    if width_m >= opening_m {
        let problem = format!(
            "{object:?} is {width_m:.3} m wide: the gripper opens to {opening_m:.3} m only"
        );
        return Err(Params::error("object", problem));
    }
    let (_, _, yaw) = seen.pose.rotation.euler_angles();
    planner.push(Step::Open(finger_room_m(seen, opening_m)));
    planner.above(
        seen.pose.translation.vector + Vector3::z() * approach_m,
        yaw,
    )?;
    planner.vertical(-approach_m)?;
    planner.push(Step::Close);
    planner.push(Step::CheckGap(object.to_owned(), extent_range(seen)));
    planner.vertical(approach_m)?;
    planner.push(Step::Look(Look::Lifted {
        object: object.to_owned(),
        height_m: seen.pose.translation.z + approach_m * LIFTED_SHARE,
    }));
    Ok(())
}
