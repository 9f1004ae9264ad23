use std::collections::VecDeque;
use std::f64::consts::{FRAC_PI_2, PI};

use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};
use physical_ai_domain::{
    ActuatorCommand, CommandMode, ErrorCode, JointLimits, PlaceKind, RobotModel, Time,
};
use serde_json::{Value, json};

use super::parameters::Params;
use super::{Perception, Progress, Site, Skill, Tick};
use crate::{Chain, Error, JointPoint, JointTrajectory, inverse_kinematics};

/// Resting posture: folded, tool pointing down in front of the base. Radians.
const HOME: [f64; 6] = [0.0, 0.0, 1.6, 1.541_592_653_589_793, 0.0, 0.0];
/// Height over an object from which the tool goes straight down, metres.
const APPROACH_M: f64 = 0.12;
/// Gap left under an object when it is let go, metres.
const RELEASE_GAP_M: f64 = 0.004;
/// Way points on a straight vertical move: the tool stays within millimetres of the line.
const VERTICAL_POINTS: usize = 4;
/// Finger position when open, metres from the middle.
const FINGER_OPEN_M: f64 = 0.04;
/// Closed fingers that stay above this hold something.
const HOLDS_ABOVE_M: f64 = 0.004;
/// Seconds for the fingers to close or open after their set point arrived.
const GRIP_SETTLE_S: f64 = 0.25;
/// An object counts as lifted when it rose by this share of the lift.
const LIFTED_SHARE: f64 = 0.5;
/// Largest distance between set point and estimate with which a motion counts as done, radians.
const SETTLED_RAD: f64 = 0.02;
/// Seconds to wait for that.
const SETTLE_TIMEOUT_S: f64 = 1.0;

/// What all skills of an arm share.
#[derive(Debug, Clone)]
pub struct ArmBody {
    chain: Chain,
    limits: Vec<JointLimits>,
    names: Vec<String>,
    arm_joints: usize,
    /// Base in the world, metres.
    pub base: Isometry3<f64>,
}

impl ArmBody {
    /// From an arm's model.
    ///
    /// # Errors
    /// [`Error::UnsuitableModel`] for a robot that is no arm with two fingers.
    pub fn try_new(model: &RobotModel, base: Isometry3<f64>) -> Result<Self, Error> {
        let chain = Chain::to_tool(model)?;
        let names = model.joint_names();
        let arm_joints = chain.degrees_of_freedom();
        let ordered = chain.joint_names().zip(&names).all(|(a, b)| a == b);
        if !ordered || names.len() != arm_joints + 2 {
            return Err(Error::UnsuitableModel {
                robot: model.name.to_string(),
                problem: "needs its chain to tool0 first and two finger joints after it",
            });
        }
        let limits = model.movable().map(|j| j.limits).collect();
        Ok(Self {
            chain,
            limits,
            names,
            arm_joints,
            base,
        })
    }

    /// Writes set points as a position command.
    pub fn command(&self, point: &JointPoint, command: &mut ActuatorCommand) {
        command.mode = CommandMode::Position;
        command.effort.clear();
        command.position.clone_from(&point.position);
        command.velocity.clone_from(&point.velocity);
    }

    /// Joint positions for a tool pose in the base frame. Without a given rotation the tool points
    /// down and turns as little as possible.
    fn solve(
        &self,
        target: &Isometry3<f64>,
        yaw_free: bool,
        start: &[f64],
    ) -> Result<Vec<f64>, Error> {
        let candidates = if yaw_free { 4 } else { 1 };
        let mut best: Option<(f64, Vec<f64>)> = None;
        let mut failure = None;
        for turn in 0..candidates {
            // A two-finger gripper grasps a box on either pair of faces.
            let turned = target.rotation
                * UnitQuaternion::from_axis_angle(&Vector3::z_axis(), FRAC_PI_2 * f64::from(turn));
            let pose = Isometry3::from_parts(target.translation, turned);
            match inverse_kinematics(&self.chain, &pose, start) {
                Ok(joints) => {
                    let travel: f64 = joints
                        .iter()
                        .zip(start)
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
            (None, None) => Ok(start.to_vec()),
        }
    }
}

/// A tool pose in the base frame that points down, turned by `yaw`.
fn pointing_down(at: Vector3<f64>, yaw: f64) -> Isometry3<f64> {
    let rotation = UnitQuaternion::from_axis_angle(&Vector3::z_axis(), yaw)
        * UnitQuaternion::from_axis_angle(&Vector3::x_axis(), PI);
    Isometry3::from_parts(Translation3::from(at), rotation)
}

enum Step {
    /// Through these arm positions.
    Move(Vec<Vec<f64>>),
    /// Fingers to this position.
    Grip(f64),
    /// The fingers must hold something.
    CheckGrip,
    /// The object must have risen to this height in the world.
    CheckLift(String, f64),
    /// Stay.
    Wait(f64),
}

enum Running {
    Trajectory {
        trajectory: JointTrajectory,
        start: Time,
        settle_s: f64,
    },
    Until(Time),
}

/// Any skill of an arm: a list of steps, planned as a whole before the first motion.
pub struct ArmSkill {
    body: ArmBody,
    steps: VecDeque<Step>,
    total: usize,
    running: Option<Running>,
    point: JointPoint,
    canceling: bool,
    started: Option<Time>,
    error_rad: f64,
    failure: Option<(ErrorCode, String)>,
}

/// Plans steps one after another, each from where the one before ends.
struct Planner<'a> {
    body: &'a ArmBody,
    at: Vec<f64>,
    steps: VecDeque<Step>,
}

impl Planner<'_> {
    fn joints(&mut self, target: Vec<f64>) {
        self.at.clone_from(&target);
        self.steps.push_back(Step::Move(vec![target]));
    }

    fn tool(&mut self, target: &Isometry3<f64>, yaw_free: bool) -> Result<(), Error> {
        let joints = self.body.solve(target, yaw_free, &self.at)?;
        self.joints(joints);
        Ok(())
    }

    /// Straight up or down by `rise_m`, without turning.
    fn vertical(&mut self, rise_m: f64) -> Result<(), Error> {
        let from = self.body.chain.forward(&self.at);
        let mut points = Vec::with_capacity(VERTICAL_POINTS);
        for i in 1..=VERTICAL_POINTS {
            let mut pose = from;
            pose.translation.z += rise_m * i as f64 / VERTICAL_POINTS as f64;
            let joints = inverse_kinematics(&self.body.chain, &pose, &self.at)?;
            self.at.clone_from(&joints);
            points.push(joints);
        }
        // Stopping in every way point would be slow: only the end matters for the motion.
        let last = points.pop().into_iter().collect();
        self.steps.push_back(Step::Move(last));
        Ok(())
    }

    fn pick(&mut self, object: &str, perception: &Perception) -> Result<(), Error> {
        let seen = perception
            .objects
            .get(object)
            .ok_or_else(|| Error::InvalidParams {
                field: "object".into(),
                problem: format!("{object:?} is not in sight"),
            })?;
        let pose = self.body.base.inverse() * seen.pose;
        let (_, _, yaw) = pose.rotation.euler_angles();
        let above = pose.translation.vector + Vector3::z() * APPROACH_M;
        self.steps.push_back(Step::Grip(FINGER_OPEN_M));
        self.tool(&pointing_down(above, yaw), true)?;
        self.vertical(-APPROACH_M)?;
        self.steps.push_back(Step::Grip(0.0));
        self.steps.push_back(Step::CheckGrip);
        self.vertical(APPROACH_M)?;
        let lifted = seen.pose.translation.z + APPROACH_M * LIFTED_SHARE;
        self.steps
            .push_back(Step::CheckLift(object.to_owned(), lifted));
        Ok(())
    }

    fn place(&mut self, place: &str, site: &Site, height_m: f64) -> Result<(), Error> {
        let target = site.place(place, PlaceKind::Surface)?.pose.isometry();
        let pose = self.body.base.inverse() * target;
        let down = pose.translation.vector + Vector3::z() * (height_m / 2.0 + RELEASE_GAP_M);
        let (_, _, yaw) = pose.rotation.euler_angles();
        self.tool(&pointing_down(down + Vector3::z() * APPROACH_M, yaw), true)?;
        self.vertical(-APPROACH_M)?;
        self.steps.push_back(Step::Grip(FINGER_OPEN_M));
        self.vertical(APPROACH_M)
    }
}

impl ArmSkill {
    /// Plans a skill from its parameters; `positions` are the set points of all joints now.
    ///
    /// # Errors
    /// [`Error::InvalidParams`], [`Error::Unreachable`] or [`Error::JointLimit`].
    pub fn try_new(
        skill: &str,
        params: &Value,
        body: &ArmBody,
        site: &Site,
        perception: &Perception,
        positions: &[f64],
    ) -> Result<Self, Error> {
        let params = Params(params);
        let at = positions[..body.arm_joints.min(positions.len())].to_vec();
        let mut plan = Planner {
            body,
            at,
            steps: VecDeque::new(),
        };
        match skill {
            "wait" => plan
                .steps
                .push_back(Step::Wait(params.number("duration_s")?.max(0.0))),
            "home" => {
                let mut home = vec![0.0; body.arm_joints];
                home.iter_mut().zip(HOME).for_each(|(to, from)| *to = from);
                plan.joints(home);
            }
            "move_joints" => plan.joints(params.numbers("positions")?),
            "move_to" => {
                let (pose, rotation_given) = params.pose()?;
                let target = body.base.inverse() * pose;
                if rotation_given {
                    plan.tool(&target, false)?;
                } else {
                    plan.tool(&pointing_down(target.translation.vector, 0.0), true)?;
                }
            }
            "set_gripper" => plan
                .steps
                .push_back(Step::Grip(params.number("opening_m")? / 2.0)),
            "pick" => plan.pick(params.text("object")?, perception)?,
            // How high a held object is cannot be felt; boxes of this world's size are assumed.
            "place" => plan.place(params.text("place")?, site, 0.04)?,
            "pick_and_place" => {
                let object = params.text("object")?;
                plan.pick(object, perception)?;
                let height_m = perception.objects.get(object).map_or(0.04, |o| o.size_m[2]);
                plan.place(params.text("place")?, site, height_m)?;
            }
            other => {
                return Err(Error::InvalidParams {
                    field: "skill".into(),
                    problem: format!("{other:?} is no skill of an arm"),
                });
            }
        }
        let steps = plan.steps;
        let mut skill = Self {
            body: body.clone(),
            total: steps.len(),
            steps,
            running: None,
            point: JointPoint {
                position: positions.to_vec(),
                velocity: vec![0.0; positions.len()],
            },
            canceling: false,
            started: None,
            error_rad: 0.0,
            failure: None,
        };
        skill.check_limits()?;
        Ok(skill)
    }

    /// Refuses targets beyond the joints' limits before anything moves.
    fn check_limits(&mut self) -> Result<(), Error> {
        let mut from = self.point.position.clone();
        for step in &self.steps {
            if let Some(points) = self.way_points(step, &from) {
                JointTrajectory::try_new(points.clone(), &self.body.limits, &self.body.names, 0.0)?;
                if let Some(last) = points.last() {
                    from.clone_from(last);
                }
            }
        }
        Ok(())
    }

    /// Way points of all joints for a step, the present one first; `None` for steps without motion.
    fn way_points(&self, step: &Step, from: &[f64]) -> Option<Vec<Vec<f64>>> {
        let arm = self.body.arm_joints;
        let mut points = vec![from.to_vec()];
        match step {
            Step::Move(targets) => {
                for target in targets {
                    let mut point = target.clone();
                    point.extend_from_slice(&from[arm.min(from.len())..]);
                    points.push(point);
                }
            }
            Step::Grip(finger) => {
                let mut point = from.to_vec();
                point.iter_mut().skip(arm).for_each(|f| *f = *finger);
                points.push(point);
            }
            Step::CheckGrip | Step::CheckLift(..) | Step::Wait(_) => return None,
        }
        Some(points)
    }

    /// Starts the next step; `Some` when the skill ends with it.
    fn begin(&mut self, tick: &Tick<'_>) -> Option<Progress> {
        let Some(step) = self.steps.pop_front() else {
            let started = self.started.unwrap_or(tick.now);
            return Some(Progress::Succeeded(json!({
                "duration_s": tick.now.seconds_since(started),
                "final_error_rad": self.error_rad,
            })));
        };
        match &step {
            Step::Move(_) | Step::Grip(_) => {
                let settle_s = if matches!(step, Step::Grip(_)) {
                    GRIP_SETTLE_S
                } else {
                    0.0
                };
                let points = self.way_points(&step, &self.point.position)?;
                match JointTrajectory::try_new(points, &self.body.limits, &self.body.names, 0.0) {
                    Ok(trajectory) => {
                        self.running = Some(Running::Trajectory {
                            trajectory,
                            start: tick.now,
                            settle_s,
                        });
                    }
                    Err(e) => self.failure = Some((ErrorCode::Internal, e.to_string())),
                }
            }
            Step::Wait(duration_s) => {
                self.running = Some(Running::Until(tick.now.plus_seconds(*duration_s)));
            }
            Step::CheckGrip => {
                let fingers =
                    &tick.state.position[self.body.arm_joints.min(tick.state.position.len())..];
                if fingers.iter().any(|f| *f < HOLDS_ABOVE_M) {
                    self.failure = Some((
                        ErrorCode::GraspFailed,
                        format!(
                            "the fingers closed to {:.4} m: nothing is between them",
                            fingers.iter().sum::<f64>()
                        ),
                    ));
                }
            }
            Step::CheckLift(object, height_m) => {
                let z = tick
                    .perception
                    .objects
                    .get(object)
                    .map_or(f64::NEG_INFINITY, |o| o.pose.translation.z);
                if z < *height_m {
                    self.failure = Some((
                        ErrorCode::GraspFailed,
                        format!(
                            "{object} is at height {z:.3} m after the lift, not above {height_m:.3} m"
                        ),
                    ));
                }
            }
        }
        None
    }

    /// Follows what runs; true when it is done.
    fn follow(&mut self, tick: &Tick<'_>) -> bool {
        match &self.running {
            None => true,
            Some(Running::Until(time)) => tick.now >= *time,
            Some(Running::Trajectory {
                trajectory,
                start,
                settle_s,
            }) => {
                let time_s = tick.now.seconds_since(*start);
                trajectory.sample(time_s, &mut self.point);
                let over_s = time_s - trajectory.duration_s();
                // Fingers that hold something never reach their set point; only the arm must settle.
                over_s >= *settle_s && (self.error_rad < SETTLED_RAD || over_s > SETTLE_TIMEOUT_S)
            }
        }
    }

    /// Slows all set points down within the limits.
    fn brake(&mut self, tick: &Tick<'_>) -> Progress {
        let mut moves = false;
        for (i, limits) in self.body.limits.iter().enumerate() {
            let step = limits.acceleration * tick.dt_s;
            let velocity = &mut self.point.velocity[i];
            *velocity -= velocity.clamp(-step, step);
            moves |= velocity.abs() > 1e-6;
            let position = &mut self.point.position[i];
            *position = (*position + *velocity * tick.dt_s).clamp(limits.lower, limits.upper);
        }
        match (moves, self.failure.take()) {
            (true, failure) => {
                self.failure = failure;
                Progress::Running(self.share())
            }
            (false, Some((code, reason))) => Progress::Failed(code, reason),
            (false, None) => Progress::Canceled,
        }
    }

    fn share(&self) -> f32 {
        let running = usize::from(self.running.is_some());
        1.0 - (self.steps.len() + running) as f32 / self.total.max(1) as f32
    }

    fn measure(&mut self, tick: &Tick<'_>) {
        let arm = self.body.arm_joints;
        self.error_rad = self
            .point
            .position
            .iter()
            .zip(&tick.state.position)
            .take(arm)
            .map(|(wanted, observed)| (wanted - observed).abs())
            .fold(0.0, f64::max);
    }
}

impl Skill for ArmSkill {
    fn tick(&mut self, tick: &Tick<'_>, command: &mut ActuatorCommand) -> Progress {
        self.started.get_or_insert(tick.now);
        self.measure(tick);
        let progress = if self.canceling || self.failure.is_some() {
            self.brake(tick)
        } else {
            let mut ended = None;
            while ended.is_none() && self.failure.is_none() && self.follow(tick) {
                self.running = None;
                ended = self.begin(tick);
            }
            ended.unwrap_or_else(|| Progress::Running(self.share()))
        };
        self.body.command(&self.point, command);
        progress
    }

    fn cancel(&mut self) {
        self.canceling = true;
    }

    fn tracking_error(&self) -> f64 {
        self.error_rad
    }
}
