use std::collections::VecDeque;
use std::f64::consts::{FRAC_PI_2, PI};
use std::sync::Arc;

use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};

use super::ArmBody;
use super::clearance::Clearance;
use super::gripper::Gripper;
use crate::skills::parameters::Params;
use crate::skills::steps::{Look, Step, Targets};
use crate::skills::{SeenObject, Situation};
use crate::{Error, IkOptions, NoPosture, PoseTask, inverse_kinematics, solve};

/// Parts in which a vertical move is solved, so that the arm ends in the posture in which it began.
const VERTICAL_PARTS: usize = 4;
/// Turns about the tip's z that are as good as none for a two-finger gripper: it grasps a box on either pair of
/// faces. Radians.
const GRASP_TURNS: [f64; 4] = [0.0, FRAC_PI_2, PI, 3.0 * FRAC_PI_2];

/// Plans steps one after another, each from where the one before ends. Poses are those of the tip in the world.
pub(super) struct Planner<'a> {
    arm: &'a ArmBody,
    robot: &'a str,
    situation: &'a Situation<'a>,
    /// The chain's base in the world.
    base: Isometry3<f64>,
    clearance: &'a Clearance,
    /// The chain's joints after the last step so far.
    at: Vec<f64>,
    /// All joints then.
    all: Vec<f64>,
    steps: VecDeque<Step>,
}

impl<'a> Planner<'a> {
    /// A plan that begins in this situation, with ways on which `clearance` is kept.
    pub(super) fn new(
        arm: &'a Arc<ArmBody>,
        clearance: &'a Clearance,
        situation: &'a Situation<'a>,
    ) -> Self {
        Self {
            clearance,
            all: situation.set_points.to_vec(),
            robot: arm.chain().robot(),
            base: arm.base_in_world(&situation.root, situation.set_points),
            at: arm.chain_part(situation.set_points),
            arm,
            situation,
            steps: VecDeque::new(),
        }
    }

    /// What it came to.
    pub(super) fn into_steps(self) -> VecDeque<Step> {
        self.steps
    }

    pub(super) fn situation(&self) -> &'a Situation<'a> {
        self.situation
    }

    /// Name of the robot, for messages.
    pub(super) fn robot(&self) -> &'a str {
        self.robot
    }

    /// The gripper, which skills that are offered with it only may count on.
    ///
    /// # Errors
    /// [`Error::UnsuitableModel`] without one.
    pub(super) fn gripper(&self) -> Result<&'a Gripper, Error> {
        self.arm.gripper().ok_or_else(|| Error::UnsuitableModel {
            robot: self.robot.to_owned(),
            problem: "has no gripper at this chain".to_owned(),
        })
    }

    pub(super) fn push(&mut self, step: Step) {
        if let Some(all) = step.target(self.arm.gripper(), &self.all) {
            self.all = all;
        }
        self.steps.push_back(step);
    }

    /// What the arm holds now.
    pub(super) fn held(&self) -> Option<&'a str> {
        let Situation {
            perception,
            measured,
            root,
            ..
        } = self.situation;
        let held = self.arm.held_object(root, measured, perception);
        held.map(|(name, _)| name)
    }

    /// Distance between the fingers now, metres.
    pub(super) fn gap_m(&self) -> f64 {
        self.arm.gap_m(self.situation.measured)
    }

    /// An object by name.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] for one that is not seen.
    pub(super) fn seen(&self, object: &str) -> Result<&'a SeenObject, Error> {
        let seen = self.situation.perception.objects.get(object);
        seen.ok_or_else(|| Params::error("object", format!("{object:?} is not in sight")))
    }

    fn targets(&self, chain: &[f64]) -> Targets {
        let joints = self.arm.chain().joints().iter();
        joints.map(|j| j.index).zip(chain.iter().copied()).collect()
    }

    /// Brings the tip to exactly this pose.
    ///
    /// # Errors
    /// [`Error::Unreachable`].
    pub(super) fn tip(&mut self, target: &Isometry3<f64>) -> Result<(), Error> {
        self.at = self.solve(target, &[0.0])?;
        self.push_tip(target);
        Ok(())
    }

    /// Brings the tip to a point, pointing down and turned as little as possible.
    ///
    /// # Errors
    /// [`Error::Unreachable`].
    pub(super) fn tip_down(&mut self, at: &Translation3<f64>) -> Result<(), Error> {
        let (_, _, yaw) = self.base.rotation.euler_angles();
        let down = pointing_down(at.vector, yaw);
        let solved = self.solve(&down, &GRASP_TURNS);
        self.at = solved.or_else(|_| self.solve_any_turn(&down))?;
        self.push_tip(&down);
        Ok(())
    }

    /// The tip to where the joints found last bring it, but for the point, which is the one asked for.
    fn push_tip(&mut self, target: &Isometry3<f64>) {
        let mut reached = self.arm.chain().forward(&self.at);
        // Which of the allowed turns was taken does not matter any more.
        reached.translation = (self.base.inverse() * target).translation;
        self.push(Step::MoveTip(self.targets(&self.at), reached));
    }

    /// Brings the tip above a point from which things are grasped and put down, pointing down with this heading or
    /// one that is as good.
    ///
    /// # Errors
    /// [`Error::Unreachable`].
    pub(super) fn above(&mut self, at: Vector3<f64>, yaw: f64) -> Result<(), Error> {
        self.at = self.solve(&pointing_down(at, yaw), &GRASP_TURNS)?;
        self.push(Step::Move(self.targets(&self.at)));
        Ok(())
    }

    /// Up or down in the world by `rise_m`, without turning.
    ///
    /// # Errors
    /// [`Error::Unreachable`]; the plan stays as it was.
    pub(super) fn vertical(&mut self, rise_m: f64) -> Result<(), Error> {
        let chain = self.arm.chain();
        let from = self.base * chain.forward(&self.at);
        let mut at = self.at.clone();
        for part in 1..=VERTICAL_PARTS {
            let mut pose = from;
            pose.translation.z += rise_m * part as f64 / VERTICAL_PARTS as f64;
            at = inverse_kinematics(chain, &(self.base.inverse() * pose), &at)?;
        }
        self.at = at;
        // Stopping in every part would be slow: only the end matters for the motion.
        self.push(Step::Move(self.targets(&self.at)));
        Ok(())
    }

    /// Joint positions for a tip pose in the world, however it is turned about the tip's z.
    fn solve_any_turn(&self, target: &Isometry3<f64>) -> Result<Vec<f64>, Error> {
        let task = PoseTask::new(self.base.inverse() * target).any_turn_about_z();
        self.solve_task(&task)
    }

    /// Joint positions to which the way is clear. Where only ways are found on which links run into each other, those of
    /// one of them: who checks the steps says which links these are.
    fn solve_task(&self, task: &PoseTask) -> Result<Vec<f64>, Error> {
        let options = IkOptions {
            answers: 4,
            ..IkOptions::default()
        };
        let ask = |accepts: &dyn Fn(&[f64]) -> bool| {
            let found = solve(self.arm.chain(), task, &self.at, options, accepts)?;
            Ok(found.positions)
        };
        let way = self.clearance.way(&self.all);
        let all = |chain: &[f64]| self.with(chain);
        match ask(&|chain| way.is_clear(&all(chain))) {
            Err(Error::Unreachable {
                why: NoPosture::Rejected { .. },
                ..
            }) => ask(&|chain| way.is_above_ground(&all(chain))),
            found => found,
        }
    }

    /// All joints with the chain's at these positions.
    fn with(&self, chain: &[f64]) -> Vec<f64> {
        let mut all = self.all.clone();
        for (joint, position) in self.targets(chain) {
            if let Some(at) = all.get_mut(joint) {
                *at = position;
            }
        }
        all
    }

    /// Joint positions for a tip pose in the world, or for one of its turns about the tip's z: that with the
    /// shortest way.
    fn solve(&self, target: &Isometry3<f64>, turns: &[f64]) -> Result<Vec<f64>, Error> {
        let mut best: Option<(f64, Vec<f64>)> = None;
        let mut failure = None;
        let target = self.base.inverse() * target;
        for turn in turns {
            let turned =
                target.rotation * UnitQuaternion::from_axis_angle(&Vector3::z_axis(), *turn);
            let pose = Isometry3::from_parts(target.translation, turned);
            match self.solve_task(&PoseTask::new(pose)) {
                Ok(joints) => {
                    let ways = joints.iter().zip(&self.at).map(|(a, b)| (a - b).abs());
                    let travel = ways.fold(0.0, f64::max);
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

    /// Makes sure of what the arm holds; it may have been left in mid grasp: up, unless it is at its top already.
    pub(super) fn keep(&mut self, object: &str, rise_m: f64) {
        // An arm that cannot go up is left where it is by this.
        drop(self.vertical(rise_m));
        self.push(Step::Look(Look::Held(Some(object.to_owned()))));
    }
}

/// A tip pose in the world that points down, turned by `yaw`: its z, away from the flange, is that of the world
/// turned round.
fn pointing_down(at: Vector3<f64>, yaw: f64) -> Isometry3<f64> {
    let rotation = UnitQuaternion::from_axis_angle(&Vector3::z_axis(), yaw)
        * UnitQuaternion::from_axis_angle(&Vector3::x_axis(), PI);
    Isometry3::from_parts(Translation3::from(at), rotation)
}
