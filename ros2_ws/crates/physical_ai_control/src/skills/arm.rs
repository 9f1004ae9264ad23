mod plan;

use std::collections::VecDeque;

use nalgebra::Isometry3;
use physical_ai_domain::{ActuatorCommand, CommandMode, ErrorCode, JointLimits, RobotModel, Time};
use serde_json::{Value, json};

use plan::{Planner, Step};

use super::parameters::Params;
use super::{Perception, Progress, Site, Skill, Tick};
use crate::{Chain, Error, JointPoint, JointTrajectory};

/// Closed fingers that stay above this hold something.
const HOLDS_ABOVE_M: f64 = 0.004;
/// Seconds for the fingers to close or open after their set point arrived.
const GRIP_SETTLE_S: f64 = 0.25;
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
        let steps = Planner::new(body, site, perception, positions)
            .plan(skill, &Params::try_new(skill, params)?)?;
        Ok(Self {
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
        })
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
            Step::Move(_) => self.start_motion(&step, 0.0, tick.now),
            Step::Grip(_) => self.start_motion(&step, GRIP_SETTLE_S, tick.now),
            Step::Wait(duration_s) => {
                self.running = Some(Running::Until(tick.now.plus_seconds(*duration_s)));
            }
            Step::CheckGrip => self.check_grip(&tick.state.position),
            Step::CheckLift(object, height_m) => {
                self.check_lift(object, *height_m, tick.perception);
            }
        }
        None
    }

    fn start_motion(&mut self, step: &Step, settle_s: f64, now: Time) {
        let from = self.point.position.clone();
        let Some(target) = step.target(self.body.arm_joints, &from) else {
            return;
        };
        let way = vec![from, target];
        match JointTrajectory::try_new(way, &self.body.limits, &self.body.names, 0.0) {
            Ok(trajectory) => {
                self.running = Some(Running::Trajectory {
                    trajectory,
                    start: now,
                    settle_s,
                });
            }
            Err(e) => self.failure = Some((ErrorCode::Internal, e.to_string())),
        }
    }

    /// Fails unless something keeps both fingers apart; `positions` are those of all joints.
    fn check_grip(&mut self, positions: &[f64]) {
        let fingers = &positions[self.body.arm_joints.min(positions.len())..];
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

    /// Fails unless the object is seen at `height_m` or above, in the world.
    fn check_lift(&mut self, object: &str, height_m: f64, perception: &Perception) {
        let z = perception
            .objects
            .get(object)
            .map_or(f64::NEG_INFINITY, |o| o.pose.translation.z);
        if z < height_m {
            self.failure = Some((
                ErrorCode::GraspFailed,
                format!("{object} is at height {z:.3} m after the lift, not above {height_m:.3} m"),
            ));
        }
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

    fn pause(&mut self, seconds: f64) {
        match &mut self.running {
            Some(Running::Trajectory { start: time, .. } | Running::Until(time)) => {
                *time = time.plus_seconds(seconds);
            }
            None => {}
        }
    }

    fn cancel(&mut self) {
        self.canceling = true;
    }

    fn tracking_error(&self) -> f64 {
        self.error_rad
    }
}
