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
use crate::{Chain, Error, IkOptions, NoPosture, PoseTask, inverse_kinematics, solve};

/// Parts in which a vertical move is solved, so that the arm ends in the posture in which it began.
const VERTICAL_PARTS: usize = 4;
/// How far beside the vertical line the tip may come on such a move, metres: less than what open fingers leave beside what
/// they go down to.
const STRAIGHT_M: f64 = 0.01;
/// Fewer joints bring a tip to a point, and turn it as far as that allows.
const POSE_JOINTS: usize = 6;
/// How far a hand on such an arm may be turned from where it should be, radians.
const MOST_TURNED_RAD: f64 = 0.1;
/// Turns about the direction in which a hand points that are as good as none where nobody asked for one: what it holds is
/// turned by a side at most. Radians.
pub(super) const GRASP_TURNS: [f64; 4] = [0.0, FRAC_PI_2, PI, 3.0 * FRAC_PI_2];

/// How something is held.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hold {
    /// Distance between the fingers, metres.
    pub(super) gap_m: f64,
    /// Centre of what is held in the frame of the grasp, metres.
    centre: Vector3<f64>,
}

impl Hold {
    /// The fingers so far apart, metres, and their pads so far above the centre of what they hold.
    pub(super) fn of_width(gap_m: f64, above_m: f64) -> Self {
        Self {
            gap_m,
            centre: Vector3::z() * above_m,
        }
    }
}

/// How something may be held when it is taken or put down: headings of the grasp's x in the world, radians, as good as each
/// other.
pub(super) struct GraspCandidate {
    pub(super) hold: Hold,
    pub(super) yaws: Vec<f64>,
}

/// The candidate that was chosen: its number, and joints of the chain above.
pub(super) struct Chosen {
    pub(super) candidate: usize,
    above: Vec<f64>,
}

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
    /// How it will hold what it picked before.
    hold: Option<Hold>,
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
            hold: None,
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
        let in_base = self.base.inverse() * target;
        self.at = self.solve_task(self.arm.chain(), &PoseTask::new(in_base))?;
        self.push_tip(target);
        Ok(())
    }

    /// Brings the tip to a point, pointing down and turned as little as possible.
    ///
    /// # Errors
    /// [`Error::Unreachable`].
    pub(super) fn tip_down(&mut self, at: &Translation3<f64>) -> Result<(), Error> {
        let (_, _, yaw) = self.base.rotation.euler_angles();
        let tool = match self.arm.gripper() {
            Some(gripper) => gripper.grasp(0.0).rotation,
            None => UnitQuaternion::identity(),
        };
        let chain = self
            .arm
            .chain()
            .with_tool(&Isometry3::from_parts(Translation3::identity(), tool));
        let down = pointing_down(at.vector, yaw);
        let solved = self.solve(&chain, &down, &GRASP_TURNS);
        self.at = solved.or_else(|_| self.solve_any_turn(&chain, &down))?;
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

    /// How the arm holds an object: as it will have picked it, or as it holds it now.
    pub(super) fn hold(&self, object: &SeenObject) -> Hold {
        let Situation { measured, root, .. } = self.situation;
        self.hold.unwrap_or_else(|| {
            let grasp = self.arm.grasp_in_world(root, measured);
            Hold {
                gap_m: self.gap_m(),
                centre: (grasp.inverse() * nalgebra::Point3::from(object.pose.translation.vector))
                    .coords,
            }
        })
    }

    /// Remembers how what was picked will be held.
    pub(super) fn set_hold(&mut self, hold: Hold) {
        self.hold = Some(hold);
    }

    /// Chooses, among candidates and their headings, the one on which the arm has the least to move: with the
    /// centre of the object at a point in the world, metres, the hand pointing down, and from there straight down by
    /// `fall_m`.
    ///
    /// # Errors
    /// [`Error::Unreachable`] if there is none.
    pub(super) fn choose(
        &self,
        candidates: &[GraspCandidate],
        at: Vector3<f64>,
        fall_m: f64,
    ) -> Result<Chosen, Error> {
        let gripper = self.gripper()?;
        let mut best: Option<(f64, Chosen)> = None;
        let mut failure = None;
        for (number, candidate) in candidates.iter().enumerate() {
            let tool =
                gripper.grasp(candidate.hold.gap_m) * Translation3::from(candidate.hold.centre);
            let chain = self.arm.chain().with_tool(&tool);
            for yaw in &candidate.yaws {
                let target = self.base.inverse() * pointing_down(at, *yaw);
                let found = reach(&chain, &target, &self.at)
                    .and_then(|above| self.parts(&above, -fall_m).map(|_| above));
                match found {
                    Err(error) => failure = Some(error),
                    Ok(above) => {
                        let travel = self.travel(&above);
                        if best.as_ref().is_none_or(|(least, _)| travel < *least) {
                            best = Some((
                                travel,
                                Chosen {
                                    candidate: number,
                                    above,
                                },
                            ));
                        }
                    }
                }
            }
        }
        match (best, failure) {
            (Some((_, chosen)), _) => Ok(chosen),
            (None, Some(error)) => Err(error),
            (None, None) => Err(Params::error("object", "is held in no way".to_owned())),
        }
    }

    /// Brings the arm above where the chosen candidate is held.
    pub(super) fn above(&mut self, chosen: &Chosen) {
        self.at.clone_from(&chosen.above);
        self.push(Step::Move(self.targets(&self.at)));
    }

    /// How far the joint moves that has the farthest to go to these, radians or metres.
    fn travel(&self, joints: &[f64]) -> f64 {
        let ways = joints.iter().zip(&self.at).map(|(a, b)| (a - b).abs());
        ways.fold(0.0, f64::max)
    }

    /// Up or down in the world by `rise_m`, without turning.
    ///
    /// # Errors
    /// [`Error::Unreachable`]; the plan stays as it was.
    pub(super) fn vertical(&mut self, rise_m: f64) -> Result<(), Error> {
        let parts = self.parts(&self.at, rise_m)?;
        let Some(end) = parts.last() else {
            return Ok(());
        };
        // Stopping in every part would be slow: where the way is straight without, only the end matters.
        let way = if self.is_straight(&self.at, end) {
            vec![end.clone()]
        } else {
            parts
        };
        for joints in way {
            self.push(Step::Move(self.targets(&joints)));
            self.at = joints;
        }
        Ok(())
    }

    /// The chain's joints in each part of the way of the tip up or down in the world by `rise_m` from these.
    fn parts(&self, joints: &[f64], rise_m: f64) -> Result<Vec<Vec<f64>>, Error> {
        let chain = self.arm.chain();
        let from = self.base * chain.forward(joints);
        let mut parts: Vec<Vec<f64>> = Vec::new();
        for part in 1..=VERTICAL_PARTS {
            let mut pose = from;
            pose.translation.z += rise_m * part as f64 / VERTICAL_PARTS as f64;
            let before = parts.last().map_or(joints, Vec::as_slice);
            parts.push(reach(chain, &(self.base.inverse() * pose), before)?);
        }
        Ok(parts)
    }

    /// Whether the tip stays near a vertical line while all joints move evenly from here to there.
    fn is_straight(&self, from: &[f64], to: &[f64]) -> bool {
        let at = |share: f64| {
            let joints: Vec<f64> = from
                .iter()
                .zip(to)
                .map(|(a, b)| a + (b - a) * share)
                .collect();
            (self.base * self.arm.chain().forward(&joints)).translation
        };
        let start = at(0.0);
        let off_m = |share: f64| (at(share).x - start.x).hypot(at(share).y - start.y);
        [0.25, 0.5, 0.75].into_iter().map(off_m).fold(0.0, f64::max) <= STRAIGHT_M
    }

    /// Joint positions for a tip pose in the world, however it is turned about the tip's z.
    fn solve_any_turn(&self, chain: &Chain, target: &Isometry3<f64>) -> Result<Vec<f64>, Error> {
        let task = PoseTask::new(self.base.inverse() * target).any_turn_about_z();
        self.solve_task(chain, &task)
    }

    /// Joint positions to which the way is clear. Where only ways are found on which links run into each other, those of
    /// one of them: who checks the steps says which links these are.
    fn solve_task(&self, chain: &Chain, task: &PoseTask) -> Result<Vec<f64>, Error> {
        let options = IkOptions {
            answers: 4,
            ..IkOptions::default()
        };
        let ask = |accepts: &dyn Fn(&[f64]) -> bool| {
            let found = solve(chain, task, &self.at, options, accepts)?;
            Ok(found.positions)
        };
        let way = self.clearance.way(&self.all);
        let all = |joints: &[f64]| self.with(joints);
        match ask(&|joints| way.is_clear(&all(joints))) {
            Err(Error::Unreachable {
                why: NoPosture::Rejected { .. },
                ..
            }) => ask(&|joints| way.is_above_ground(&all(joints))),
            found => found,
        }
    }

    /// All joints with the chain's at these positions.
    fn with(&self, joints: &[f64]) -> Vec<f64> {
        let mut all = self.all.clone();
        for (joint, position) in self.targets(joints) {
            if let Some(at) = all.get_mut(joint) {
                *at = position;
            }
        }
        all
    }

    /// Joint positions for a tip pose in the world, or for one of its turns about the tip's z: that with the
    /// shortest way.
    fn solve(
        &self,
        chain: &Chain,
        target: &Isometry3<f64>,
        turns: &[f64],
    ) -> Result<Vec<f64>, Error> {
        let mut best: Option<(f64, Vec<f64>)> = None;
        let mut failure = None;
        let target = self.base.inverse() * target;
        for turn in turns {
            let turned =
                target.rotation * UnitQuaternion::from_axis_angle(&Vector3::z_axis(), *turn);
            let pose = Isometry3::from_parts(target.translation, turned);
            match self.solve_task(chain, &PoseTask::new(pose)) {
                Ok(joints) => {
                    let travel = self.travel(&joints);
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

/// Joint positions that bring the end of a chain to a pose in the frame of its base: as near in rotation as an arm of fewer
/// than six joints can.
///
/// # Errors
/// [`Error::Unreachable`].
fn reach(chain: &Chain, target: &Isometry3<f64>, start: &[f64]) -> Result<Vec<f64>, Error> {
    if chain.degrees_of_freedom() < POSE_JOINTS {
        let task = PoseTask::new(*target).rotation_as_far_as_possible();
        let found = solve(chain, &task, start, IkOptions::default(), |_| true)?;
        if found.missed_rad <= MOST_TURNED_RAD {
            return Ok(found.positions);
        }
    }
    inverse_kinematics(chain, target, start)
}

/// A pose in the world whose z points down, with its x turned by `yaw`.
fn pointing_down(at: Vector3<f64>, yaw: f64) -> Isometry3<f64> {
    let rotation = UnitQuaternion::from_axis_angle(&Vector3::z_axis(), yaw)
        * UnitQuaternion::from_axis_angle(&Vector3::x_axis(), PI);
    Isometry3::from_parts(Translation3::from(at), rotation)
}
