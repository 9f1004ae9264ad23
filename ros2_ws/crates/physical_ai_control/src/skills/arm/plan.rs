use std::collections::VecDeque;
use std::f64::consts::{FRAC_PI_2, PI};

use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};
use physical_ai_domain::{PlaceKind, Placement};

use super::ArmSituation;
use super::grasp::extent_range;
use super::look::Look;
use crate::skills::SeenObject;
use crate::skills::parameters::{DURATION_S, OPENING_M, Params};
use crate::{Error, JointTrajectory, inverse_kinematics};

/// Resting posture: folded, tool pointing down in front of the base. Radians.
const HOME: [f64; 6] = [0.0, 0.0, 1.6, 1.541_592_653_589_793, 0.0, 0.0];
/// Height over an object from which the tool goes straight down, metres.
const APPROACH_M: f64 = 0.12;
/// Gap left under an object when it is let go, metres.
const RELEASE_GAP_M: f64 = 0.004;
/// Parts in which a vertical move is solved, so that the arm ends in the posture in which it began.
const VERTICAL_PARTS: usize = 4;
/// Finger position when open, metres from the middle.
const FINGER_OPEN_M: f64 = 0.04;
/// An object counts as lifted when it rose by this share of the lift.
const LIFTED_SHARE: f64 = 0.5;
/// An object that was put down may lie beside its place by this share of its width: less than what would
/// tip it off a support of its own size is half.
const PLACE_SHARE: f64 = 0.5;
/// And off its height by this share of its own: it lies on something else then, or on its side.
const HEIGHT_SHARE: f64 = 0.25;

/// A part of an arm's skill.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// Arm to these positions.
    Move(Vec<f64>),
    /// Arm to these positions, which bring the tool to this pose in the base frame.
    MoveTool(Vec<f64>, Isometry3<f64>),
    /// Both fingers to this position, which they have to reach.
    Open(f64),
    /// Both fingers towards each other, up to what is between them.
    Close,
    /// Both fingers to this position, or up to what is between them.
    Grip(f64),
    /// The fingers must stand as far apart as this object is wide: smallest and largest extent in metres.
    CheckGap(String, [f64; 2]),
    /// The fingers must be where they were told to be, or kept apart by something that is seen.
    CheckOpening,
    /// Perception must see this.
    Look(Look),
    /// Stay.
    Wait(f64),
    /// Arm where it was told to be, and at rest: with this each skill ends.
    Rest,
}

impl Step {
    /// Where all joints are after the step if they were at `from`, `arm_joints` first and then the
    /// fingers, radians and metres; `None` for steps without motion.
    pub(super) fn target(&self, arm_joints: usize, from: &[f64]) -> Option<Vec<f64>> {
        let with_fingers = |finger: f64| {
            let mut target = from.to_vec();
            target.iter_mut().skip(arm_joints).for_each(|f| *f = finger);
            Some(target)
        };
        match self {
            Self::Move(arm) | Self::MoveTool(arm, _) => {
                let fingers = &from[arm_joints.min(from.len())..];
                Some([arm, fingers].concat())
            }
            Self::Open(finger) | Self::Grip(finger) => with_fingers(*finger),
            Self::Close => with_fingers(0.0),
            Self::CheckGap(..)
            | Self::CheckOpening
            | Self::Look(_)
            | Self::Wait(_)
            | Self::Rest => None,
        }
    }
}

/// Plans steps one after another, each from where the one before ends.
pub(super) struct Planner<'a> {
    situation: &'a ArmSituation<'a>,
    /// The arm's joints after the last step so far.
    at: Vec<f64>,
    steps: VecDeque<Step>,
}

impl<'a> Planner<'a> {
    /// A plan that begins in this situation.
    pub(super) fn new(situation: &'a ArmSituation<'a>) -> Self {
        Self {
            at: situation.body.arm_part(situation.set_points).to_vec(),
            situation,
            steps: VecDeque::new(),
        }
    }

    /// Steps of a skill.
    ///
    /// # Errors
    /// [`Error::InvalidParams`], [`Error::Unreachable`], [`Error::JointLimit`], [`Error::SelfCollision`] or
    /// [`Error::NothingHeld`].
    pub(super) fn plan(
        mut self,
        skill: &str,
        params: &Params<'_>,
    ) -> Result<VecDeque<Step>, Error> {
        let joints = self.situation.body.arm_joints;
        match skill {
            "wait" => self.push(Step::Wait(params.number_in("duration_s", DURATION_S)?)),
            "home" => self.home(),
            "move_joints" => self.joints(params.numbers("positions", joints)?),
            "move_to" => self.move_to(params)?,
            "set_gripper" => {
                self.push(Step::Grip(params.number_in("opening_m", OPENING_M)? / 2.0));
                self.push(Step::CheckOpening);
            }
            "pick" => self.pick(params.text("object")?)?,
            "place" => {
                let place = params.text("place")?;
                let held = self.held().ok_or_else(|| self.nothing_held(place))?;
                self.place(place, held)?;
            }
            "pick_and_place" => {
                let object = params.text("object")?;
                self.pick(object)?;
                self.place(params.text("place")?, object)?;
            }
            other => {
                return Err(Error::InvalidParams {
                    field: "skill".into(),
                    problem: format!("{other:?} is no skill of an arm"),
                });
            }
        }
        self.push(Step::Rest);
        self.check_ways()?;
        Ok(self.steps)
    }

    /// Refuses targets beyond the joints' limits, and ways on which links run into each other, before
    /// anything moves.
    fn check_ways(&self) -> Result<(), Error> {
        let body = self.situation.body;
        let mut from = self.situation.set_points.to_vec();
        for step in &self.steps {
            let Some(target) = step.target(body.arm_joints, &from) else {
                continue;
            };
            let way = vec![from.clone(), target.clone()];
            JointTrajectory::try_new(way, &body.limits, &body.names, 0.0)?;
            if let Some((first, second, share)) = body.collision.first(&from, &target) {
                return Err(Error::SelfCollision {
                    first: first.to_owned(),
                    second: second.to_owned(),
                    percent: (share * 100.0).round(),
                });
            }
            from = target;
        }
        Ok(())
    }

    fn push(&mut self, step: Step) {
        self.steps.push_back(step);
    }

    /// What the arm holds now.
    fn held(&self) -> Option<&'a str> {
        let ArmSituation {
            body,
            perception,
            measured,
            ..
        } = self.situation;
        body.held_object(measured, perception).map(|(name, _)| name)
    }

    fn nothing_held(&self, place: &str) -> Error {
        let ArmSituation { body, measured, .. } = self.situation;
        Error::NothingHeld {
            robot: body.chain.robot().to_owned(),
            place: place.to_owned(),
            gap_m: body.finger_part(measured).iter().sum(),
        }
    }

    fn seen(&self, object: &str) -> Result<&'a SeenObject, Error> {
        let seen = self.situation.perception.objects.get(object);
        seen.ok_or_else(|| Error::InvalidParams {
            field: "object".into(),
            problem: format!("{object:?} is not in sight"),
        })
    }

    fn home(&mut self) {
        let mut home = vec![0.0; self.situation.body.arm_joints];
        home.iter_mut().zip(HOME).for_each(|(to, from)| *to = from);
        self.joints(home);
    }

    fn move_to(&mut self, params: &Params<'_>) -> Result<(), Error> {
        let (pose, rotation_given) = params.pose()?;
        let target = self.situation.body.base.inverse() * pose;
        if rotation_given {
            self.at = self.solve(&target, false)?;
        } else {
            let down = pointing_down(target.translation.vector, 0.0);
            self.at = self.solve(&down, true)?;
        }
        // Which of the allowed turns was taken does not matter any more; the point is the one asked for.
        let mut reached = self.situation.body.chain.forward(&self.at);
        reached.translation = target.translation;
        self.push(Step::MoveTool(self.at.clone(), reached));
        Ok(())
    }

    fn joints(&mut self, target: Vec<f64>) {
        self.at.clone_from(&target);
        self.push(Step::Move(target));
    }

    fn tool(&mut self, target: &Isometry3<f64>, yaw_free: bool) -> Result<(), Error> {
        let joints = self.solve(target, yaw_free)?;
        self.joints(joints);
        Ok(())
    }

    /// Up or down by `rise_m`, without turning.
    fn vertical(&mut self, rise_m: f64) -> Result<(), Error> {
        let chain = &self.situation.body.chain;
        let from = chain.forward(&self.at);
        for part in 1..=VERTICAL_PARTS {
            let mut pose = from;
            pose.translation.z += rise_m * part as f64 / VERTICAL_PARTS as f64;
            self.at = inverse_kinematics(chain, &pose, &self.at)?;
        }
        // Stopping in every part would be slow: only the end matters for the motion.
        self.push(Step::Move(self.at.clone()));
        Ok(())
    }

    /// Picks an object up; what the arm holds already it only makes sure of.
    fn pick(&mut self, object: &str) -> Result<(), Error> {
        let seen = self.seen(object)?;
        match self.held() {
            Some(held) if held == object => {
                let at = self.at.clone();
                // It may have been left in mid grasp: up, unless the arm is at its top already.
                if self.vertical(APPROACH_M).is_err() {
                    self.at = at;
                }
                self.push(Step::Look(Look::Held(Some(object.to_owned()))));
                return Ok(());
            }
            Some(held) => {
                return Err(Error::InvalidParams {
                    field: "object".into(),
                    problem: format!(
                        "{object:?} cannot be picked while {} holds {held}: place that first",
                        self.situation.body.chain.robot()
                    ),
                });
            }
            None => {}
        }
        let pose = self.situation.body.base.inverse() * seen.pose;
        let (_, _, yaw) = pose.rotation.euler_angles();
        let above = pose.translation.vector + Vector3::z() * APPROACH_M;
        self.push(Step::Open(FINGER_OPEN_M));
        self.tool(&pointing_down(above, yaw), true)?;
        self.vertical(-APPROACH_M)?;
        self.push(Step::Close);
        self.push(Step::CheckGap(object.to_owned(), extent_range(seen)));
        self.vertical(APPROACH_M)?;
        self.push(Step::Look(Look::Lifted {
            object: object.to_owned(),
            height_m: seen.pose.translation.z + APPROACH_M * LIFTED_SHARE,
        }));
        Ok(())
    }

    fn place(&mut self, place: &str, object: &str) -> Result<(), Error> {
        let body = self.situation.body;
        let kind = PlaceKind::Surface;
        let target = self.situation.site.place("place", place, kind)?.pose;
        let size_m = self.seen(object)?.size_m;
        let support_z = self.support_z(&target, object);
        let mut world = target.isometry();
        world.translation.z = support_z + size_m[2] / 2.0 + RELEASE_GAP_M;
        let pose = body.base.inverse() * world;
        let (_, _, yaw) = pose.rotation.euler_angles();
        let above = pose.translation.vector + Vector3::z() * APPROACH_M;
        self.tool(&pointing_down(above, yaw), true)?;
        // What was lost on the way cannot be placed.
        self.push(Step::Look(Look::Held(Some(object.to_owned()))));
        self.vertical(-APPROACH_M)?;
        self.push(Step::Open(FINGER_OPEN_M));
        self.vertical(APPROACH_M)?;
        self.push(Step::Look(Look::Placed {
            object: object.to_owned(),
            place: place.to_owned(),
            centre_m: [target.x, target.y, support_z + size_m[2] / 2.0],
            tolerance_m: [
                size_m[0].min(size_m[1]) * PLACE_SHARE,
                size_m[2] * HEIGHT_SHARE,
            ],
        }));
        Ok(())
    }

    /// Height on which an object comes to stand at a place, metres in the world: that of the place, or of
    /// what lies there.
    fn support_z(&self, place: &Placement, carried: &str) -> f64 {
        let objects = self.situation.perception.objects.iter();
        let others = objects.filter(|(name, _)| name.as_str() != carried);
        others.fold(place.z, |support_z, (_, seen)| {
            let at = seen.pose.translation;
            let off_m = (at.x - place.x).hypot(at.y - place.y);
            let lies_there = off_m < seen.size_m[0].max(seen.size_m[1]) && at.z > place.z;
            let top_z = at.z + seen.size_m[2] / 2.0;
            if lies_there {
                support_z.max(top_z)
            } else {
                support_z
            }
        })
    }

    /// Joint positions for a tool pose in the base frame. Without a given rotation the tool points
    /// down and turns as little as possible.
    fn solve(&self, target: &Isometry3<f64>, yaw_free: bool) -> Result<Vec<f64>, Error> {
        let candidates = if yaw_free { 4 } else { 1 };
        let mut best: Option<(f64, Vec<f64>)> = None;
        let mut failure = None;
        for turn in 0..candidates {
            // A two-finger gripper grasps a box on either pair of faces.
            let turned = target.rotation
                * UnitQuaternion::from_axis_angle(&Vector3::z_axis(), FRAC_PI_2 * f64::from(turn));
            let pose = Isometry3::from_parts(target.translation, turned);
            match inverse_kinematics(&self.situation.body.chain, &pose, &self.at) {
                Ok(joints) => {
                    let travel: f64 = joints
                        .iter()
                        .zip(&self.at)
                        .map(|(a, b)| (a - b).abs())
                        .fold(0.0, f64::max);
                    if best.as_ref().is_none_or(|(least, _)| travel < *least) {
                        best = Some((travel, joints));
                    }
                }
                Err(error) => failure = Some(error),
            }
        }
        match (best, failure) {
            (Some((_, joints)), _) => Ok(joints),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(self.at.clone()),
        }
    }
}

/// A tool pose in the base frame that points down, turned by `yaw`.
fn pointing_down(at: Vector3<f64>, yaw: f64) -> Isometry3<f64> {
    let rotation = UnitQuaternion::from_axis_angle(&Vector3::z_axis(), yaw)
        * UnitQuaternion::from_axis_angle(&Vector3::x_axis(), PI);
    Isometry3::from_parts(Translation3::from(at), rotation)
}
