use std::collections::VecDeque;
use std::f64::consts::{FRAC_PI_2, PI};

use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};
use physical_ai_domain::PlaceKind;

use super::ArmBody;
use crate::skills::parameters::{DURATION_S, OPENING_M, Params};
use crate::skills::{Perception, Site};
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
/// Height that is assumed for an object of which nothing is known, metres: that of this world's boxes.
const USUAL_HEIGHT_M: f64 = 0.04;

/// A part of an arm's skill.
pub(super) enum Step {
    /// Arm to these positions.
    Move(Vec<f64>),
    /// Fingers to this position.
    Grip(f64),
    /// The fingers must hold something.
    CheckGrip,
    /// The object must have risen to this height in the world.
    CheckLift(String, f64),
    /// Stay.
    Wait(f64),
}

impl Step {
    /// Where all joints are after the step if they were at `from`, `arm_joints` first and then the
    /// fingers, radians and metres; `None` for steps without motion.
    pub(super) fn target(&self, arm_joints: usize, from: &[f64]) -> Option<Vec<f64>> {
        match self {
            Self::Move(arm) => {
                let fingers = &from[arm_joints.min(from.len())..];
                Some([arm, fingers].concat())
            }
            Self::Grip(finger) => {
                let mut target = from.to_vec();
                target
                    .iter_mut()
                    .skip(arm_joints)
                    .for_each(|f| *f = *finger);
                Some(target)
            }
            Self::CheckGrip | Self::CheckLift(..) | Self::Wait(_) => None,
        }
    }
}

/// Plans steps one after another, each from where the one before ends.
pub(super) struct Planner<'a> {
    body: &'a ArmBody,
    site: &'a Site,
    perception: &'a Perception,
    /// All joints before the first step.
    start: &'a [f64],
    /// The arm's joints after the last step so far.
    at: Vec<f64>,
    steps: VecDeque<Step>,
}

impl<'a> Planner<'a> {
    /// A plan that begins with all joints at `start`, radians and metres.
    pub(super) fn new(
        body: &'a ArmBody,
        site: &'a Site,
        perception: &'a Perception,
        start: &'a [f64],
    ) -> Self {
        Self {
            body,
            site,
            perception,
            start,
            at: start[..body.arm_joints.min(start.len())].to_vec(),
            steps: VecDeque::new(),
        }
    }

    /// Steps of a skill.
    ///
    /// # Errors
    /// [`Error::InvalidParams`], [`Error::Unreachable`] or [`Error::JointLimit`].
    pub(super) fn plan(
        mut self,
        skill: &str,
        params: &Params<'_>,
    ) -> Result<VecDeque<Step>, Error> {
        match skill {
            "wait" => self.push(Step::Wait(params.number_in("duration_s", DURATION_S)?)),
            "home" => self.home(),
            "move_joints" => self.joints(params.numbers("positions", self.body.arm_joints)?),
            "move_to" => self.move_to(params)?,
            "set_gripper" => self.push(Step::Grip(params.number_in("opening_m", OPENING_M)? / 2.0)),
            "pick" => self.pick(params.text("object")?)?,
            // How high a held object is cannot be felt.
            "place" => self.place(params.text("place")?, USUAL_HEIGHT_M)?,
            "pick_and_place" => {
                let object = params.text("object")?;
                self.pick(object)?;
                let seen = self.perception.objects.get(object);
                let height_m = seen.map_or(USUAL_HEIGHT_M, |o| o.size_m[2]);
                self.place(params.text("place")?, height_m)?;
            }
            other => {
                return Err(Error::InvalidParams {
                    field: "skill".into(),
                    problem: format!("{other:?} is no skill of an arm"),
                });
            }
        }
        self.check_limits()?;
        Ok(self.steps)
    }

    /// Refuses targets beyond the joints' limits before anything moves.
    fn check_limits(&self) -> Result<(), Error> {
        let mut from = self.start.to_vec();
        for step in &self.steps {
            if let Some(target) = step.target(self.body.arm_joints, &from) {
                let way = vec![from, target.clone()];
                JointTrajectory::try_new(way, &self.body.limits, &self.body.names, 0.0)?;
                from = target;
            }
        }
        Ok(())
    }

    fn push(&mut self, step: Step) {
        self.steps.push_back(step);
    }

    fn home(&mut self) {
        let mut home = vec![0.0; self.body.arm_joints];
        home.iter_mut().zip(HOME).for_each(|(to, from)| *to = from);
        self.joints(home);
    }

    fn move_to(&mut self, params: &Params<'_>) -> Result<(), Error> {
        let (pose, rotation_given) = params.pose()?;
        let target = self.body.base.inverse() * pose;
        if rotation_given {
            self.tool(&target, false)
        } else {
            self.tool(&pointing_down(target.translation.vector, 0.0), true)
        }
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
        let from = self.body.chain.forward(&self.at);
        for part in 1..=VERTICAL_PARTS {
            let mut pose = from;
            pose.translation.z += rise_m * part as f64 / VERTICAL_PARTS as f64;
            self.at = inverse_kinematics(&self.body.chain, &pose, &self.at)?;
        }
        // Stopping in every part would be slow: only the end matters for the motion.
        self.push(Step::Move(self.at.clone()));
        Ok(())
    }

    fn pick(&mut self, object: &str) -> Result<(), Error> {
        let seen = self
            .perception
            .objects
            .get(object)
            .ok_or_else(|| Error::InvalidParams {
                field: "object".into(),
                problem: format!("{object:?} is not in sight"),
            })?;
        let pose = self.body.base.inverse() * seen.pose;
        let (_, _, yaw) = pose.rotation.euler_angles();
        let above = pose.translation.vector + Vector3::z() * APPROACH_M;
        self.push(Step::Grip(FINGER_OPEN_M));
        self.tool(&pointing_down(above, yaw), true)?;
        self.vertical(-APPROACH_M)?;
        self.push(Step::Grip(0.0));
        self.push(Step::CheckGrip);
        self.vertical(APPROACH_M)?;
        let lifted = seen.pose.translation.z + APPROACH_M * LIFTED_SHARE;
        self.push(Step::CheckLift(object.to_owned(), lifted));
        Ok(())
    }

    fn place(&mut self, place: &str, height_m: f64) -> Result<(), Error> {
        let target = self
            .site
            .place("place", place, PlaceKind::Surface)?
            .pose
            .isometry();
        let pose = self.body.base.inverse() * target;
        let down = pose.translation.vector + Vector3::z() * (height_m / 2.0 + RELEASE_GAP_M);
        let (_, _, yaw) = pose.rotation.euler_angles();
        self.tool(&pointing_down(down + Vector3::z() * APPROACH_M, yaw), true)?;
        // What was lost on the way cannot be placed.
        self.push(Step::CheckGrip);
        self.vertical(-APPROACH_M)?;
        self.push(Step::Grip(FINGER_OPEN_M));
        self.vertical(APPROACH_M)
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
            match inverse_kinematics(&self.body.chain, &pose, &self.at) {
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
