use nalgebra::Vector3;
use physical_ai_domain::{ParameterSpec, PlaceKind, Placement, Role, SkillSpec};

use super::ArmSkill;
use super::lying::Lying;
use super::pick::{approach_m, finger_room_m};
use super::planner::{GRASP_TURNS, GraspCandidate, Planner};
use crate::Error;
use crate::skills::parameters::Params;
use crate::skills::steps::{Look, Step};

/// Gap left under an object when it is let go, metres.
const RELEASE_GAP_M: f64 = 0.004;
/// An object that was put down may lie beside its place by this share of its width: less than what would
/// tip it off a support of its own size is half.
const PLACE_SHARE: f64 = 0.5;
/// And off its height by this share of its own: it lies on something else then, or on its side.
const HEIGHT_SHARE: f64 = 0.25;
pub(super) const SKILL: ArmSkill = ArmSkill {
    spec: SkillSpec {
        name: "place",
        description: "Puts down what it holds.",
        ways: &[&[ParameterSpec::required("place", Role::Surface)]],
        idempotent: false,
        takes: None,
        releases: Some("place"),
        returns: false,
        verbs: &[],
        typical_s: 6.0,
    },
    needs_gripper: true,
    plan,
};

fn plan(planner: &mut Planner<'_>, params: &Params<'_>) -> Result<(), Error> {
    let place = params.text("place")?;
    match planner.held() {
        Some(held) => put_down(planner, place, held),
        None => Err(Error::NothingHeld {
            robot: planner.robot().to_owned(),
            place: place.to_owned(),
            gap_m: planner.gap_m(),
        }),
    }
}

/// Puts an object down that the arm will hold then.
pub(super) fn put_down(planner: &mut Planner<'_>, place: &str, object: &str) -> Result<(), Error> {
    let site = planner.situation().site;
    let target = site.place("place", place, PlaceKind::Surface)?.pose;
    let seen = planner.seen(object)?;
    let (lying, approach_m) = (Lying::of(seen), approach_m(seen));
    let hold = planner.hold(seen);
    let support_z = support_z(planner, &target, object);
    let release_z = support_z + lying.height_m / 2.0 + RELEASE_GAP_M;
    let above = Vector3::new(target.x, target.y, release_z + approach_m);
    let along_its_sides = GraspCandidate {
        hold,
        yaws: GRASP_TURNS.iter().map(|turn| target.yaw + turn).collect(),
    };
    let chosen = planner.choose(&[along_its_sides], above, approach_m)?;
    planner.above(&chosen);
    // What was lost on the way cannot be placed.
    planner.push(Step::Look(Look::Held(Some(object.to_owned()))));
    planner.vertical(-approach_m)?;
    let opening_m = planner.gripper()?.opening_m();
    planner.push(Step::Open(finger_room_m(hold.gap_m, opening_m)));
    planner.vertical(approach_m)?;
    let [one, other] = lying.sides.map(|(_, width_m)| width_m);
    planner.push(Step::Look(Look::Placed {
        object: object.to_owned(),
        place: place.to_owned(),
        centre_m: [target.x, target.y, support_z + lying.height_m / 2.0],
        tolerance_m: [one.min(other) * PLACE_SHARE, lying.height_m * HEIGHT_SHARE],
    }));
    Ok(())
}

/// Height on which an object comes to stand at a place, metres in the world: that of the place, or of
/// what lies there.
fn support_z(planner: &Planner<'_>, place: &Placement, carried: &str) -> f64 {
    let objects = planner.situation().perception.objects.iter();
    let others = objects.filter(|(name, _)| name.as_str() != carried);
    others.fold(place.z, |support_z, (_, seen)| {
        let at = seen.pose.translation;
        let off_m = (at.x - place.x).hypot(at.y - place.y);
        let lying = Lying::of(seen);
        let [one, other] = lying.sides.map(|(_, width_m)| width_m);
        let lies_there = off_m < one.max(other) && at.z > place.z;
        let top_z = at.z + lying.height_m / 2.0;
        if lies_there {
            support_z.max(top_z)
        } else {
            support_z
        }
    })
}
