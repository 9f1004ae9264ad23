use nalgebra::Vector3;
use physical_ai_domain::{ParameterSpec, Role, SkillSpec};

use super::lying::Lying;
use super::planner::{GraspCandidate, Hold, Planner};
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
/// The least of it with which an object still goes between the fingers, metres.
const LEAST_ROOM_M: f64 = 0.004;
/// Room between an object and the pads that the hand counts with on its way down, metres: where one finger stands still,
/// it stands beside the object by half of this.
const PAD_ROOM_M: f64 = 0.012;
/// What the fingers keep from the ground, and the palm from the object, metres.
const GROUND_ROOM_M: f64 = 0.003;
/// What the middle of the pads is below the top of the object at least, metres.
const LEAST_HOLD_M: f64 = 0.002;

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
    CLEARANCE_M + Lying::of(object).height_m
}

/// How far the fingers open to go down beside something so wide, or to let it go, metres.
pub(super) fn finger_room_m(width_m: f64, opening_m: f64) -> f64 {
    (width_m + FINGER_ROOM_M).min(opening_m)
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
    let lying = Lying::of(seen);
    let sides = graspable(planner, object, &lying)?;
    let above_m = above_m(planner, object, &lying)?;
    let opening_m = planner.gripper()?.opening_m();
    let centre = seen.pose.translation.vector;
    let candidates: Vec<GraspCandidate> = sides
        .iter()
        .map(|(yaw, width_m)| GraspCandidate {
            hold: Hold::of_width((width_m + PAD_ROOM_M).min(opening_m), above_m),
            yaws: vec![*yaw, yaw + std::f64::consts::PI],
        })
        .collect();
    let chosen = planner.choose(&candidates, centre + Vector3::z() * approach_m, approach_m)?;
    let width_m = sides[chosen.candidate].1;
    planner.push(Step::Open(finger_room_m(width_m, opening_m)));
    planner.above(&chosen);
    planner.vertical(-approach_m)?;
    planner.push(Step::Close);
    planner.push(Step::CheckGap(object.to_owned(), extent_range(seen)));
    planner.vertical(approach_m)?;
    planner.push(Step::Look(Look::Lifted {
        object: object.to_owned(),
        height_m: seen.pose.translation.z + approach_m * LIFTED_SHARE,
    }));
    planner.set_hold(Hold::of_width(width_m, above_m));
    Ok(())
}

/// Level sides of an object, with their headings, that go between the fingers.
///
/// # Errors
/// [`Error::InvalidParams`] if there is none.
fn graspable(planner: &Planner<'_>, object: &str, lying: &Lying) -> Result<Vec<(f64, f64)>, Error> {
    let gripper = planner.gripper()?;
    let (opening_m, closed_m) = (gripper.opening_m(), gripper.closed_m());
    let [narrow_m, wide_m] = {
        let [a, b] = lying.sides.map(|(_, width_m)| width_m);
        [a.min(b), a.max(b)]
    };
    if narrow_m + LEAST_ROOM_M > opening_m {
        let problem = format!(
            "{object:?} is {narrow_m:.3} m wide: the gripper opens to {opening_m:.3} m only"
        );
        return Err(Params::error("object", problem));
    }
    if wide_m <= closed_m {
        let problem =
            format!("{object:?} is {wide_m:.3} m wide: the gripper closes to {closed_m:.3} m only");
        return Err(Params::error("object", problem));
    }
    let fits =
        |(_, width_m): &&(f64, f64)| *width_m + LEAST_ROOM_M <= opening_m && *width_m > closed_m;
    let sides: Vec<(f64, f64)> = lying.sides.iter().filter(fits).copied().collect();
    if sides.is_empty() {
        let problem = format!(
            "{object:?} is {narrow_m:.3} m and {wide_m:.3} m wide: the gripper takes what is between {closed_m:.3} m and \
             {opening_m:.3} m"
        );
        return Err(Params::error("object", problem));
    }
    Ok(sides)
}

/// How far above the centre of an object the middle of the pads takes hold, metres: not at all, where neither the ground is
/// in the way of the fingers nor the object in that of the palm.
///
/// # Errors
/// [`Error::InvalidParams`] for one that is flatter than the fingers reach beyond their pads.
fn above_m(planner: &Planner<'_>, object: &str, lying: &Lying) -> Result<f64, Error> {
    let gripper = planner.gripper()?;
    let half_m = lying.height_m / 2.0;
    let from_ground = gripper.beyond_m() + GROUND_ROOM_M - half_m;
    let from_palm = half_m - gripper.depth_m() + GROUND_ROOM_M;
    let above_m = from_ground.max(from_palm).max(0.0);
    if above_m > half_m - LEAST_HOLD_M {
        let problem = format!(
            "{object:?} is {:.3} m high: the fingers reach {:.3} m beyond their pads, and would stand on the ground before \
             they hold it",
            lying.height_m,
            gripper.beyond_m()
        );
        return Err(Params::error("object", problem));
    }
    Ok(above_m)
}
