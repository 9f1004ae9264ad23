mod motion;
mod plan;

use std::collections::VecDeque;

use nalgebra::Isometry3;
use physical_ai_domain::{ActuatorCommand, CommandMode, ErrorCode, JointLimits, RobotModel, Time};
use serde_json::{Value, json};

use motion::Motion;
use plan::{Planner, Step};

use super::parameters::Params;
use super::{Perception, Progress, Site, Skill, Tick};
use crate::safety::finger_after_hold;
use crate::{Chain, Error, JointPoint};

/// Closed fingers that stay above this hold something.
const HOLDS_ABOVE_M: f64 = 0.004;
/// Seconds for the fingers to close or open after their set point arrived.
const GRIP_SETTLE_S: f64 = 0.25;
/// Largest distance between set point and estimate with which a motion counts as done, radians.
const SETTLED_RAD: f64 = 0.02;
/// Seconds to wait for that.
const SETTLE_TIMEOUT_S: f64 = 1.0;
/// Seconds to wait for perception to see what a motion did.
const LOOK_TIMEOUT_S: f64 = 1.0;

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
    /// A motion, and the seconds for which it is waited after its end.
    Motion(Motion, f64),
    Until(Time),
    Look {
        since: Time,
        object: String,
        height_m: f64,
    },
}

/// Any skill of an arm: a list of steps, planned as a whole before the first motion.
pub struct ArmSkill {
    body: ArmBody,
    steps: VecDeque<Step>,
    total: usize,
    running: Option<Running>,
    point: JointPoint,
    /// The robot was held since the last tick: its set points are not where they were left.
    held: bool,
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
            held: false,
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
        match step {
            Step::Move(_) => self.start_motion(&step, 0.0, tick.now),
            Step::Grip(_) => self.start_motion(&step, GRIP_SETTLE_S, tick.now),
            Step::Wait(duration_s) => {
                self.running = Some(Running::Until(tick.now.plus_seconds(duration_s)));
            }
            Step::CheckGrip => self.check_grip(&tick.state.position),
            Step::CheckLift(object, height_m) => {
                self.running = Some(Running::Look {
                    since: tick.now,
                    object,
                    height_m,
                });
            }
        }
        None
    }

    fn start_motion(&mut self, step: &Step, settle_s: f64, now: Time) {
        let from = self.point.position.clone();
        let Some(target) = step.target(self.body.arm_joints, &from) else {
            return;
        };
        match Motion::try_new(&from, target, now, &self.body) {
            Ok(motion) => self.running = Some(Running::Motion(motion, settle_s)),
            Err(e) => self.failure = Some((ErrorCode::Internal, e.to_string())),
        }
    }

    /// Takes up what the arm did where it was held.
    fn take_up(&mut self, tick: &Tick<'_>) {
        let mut measured = JointPoint {
            position: tick.state.position.clone(),
            velocity: tick.state.velocity.clone(),
        };
        let joints = self.point.position.len();
        let complete = [&measured.position, &measured.velocity]
            .iter()
            .all(|v| v.len() == joints && v.iter().all(|v| v.is_finite()));
        if !complete {
            return;
        }
        for i in self.body.arm_joints..joints {
            let (told, speed) = (self.point.position[i], self.point.velocity[i]);
            measured.position[i] = finger_after_hold(told, speed, measured.position[i]);
            if speed == 0.0 {
                measured.velocity[i] = 0.0;
            }
        }
        if self.is_ending() {
            self.point = measured;
        } else if let Some(Running::Motion(motion, _)) = &mut self.running
            && let Err(e) = motion.take_up(
                &measured,
                (tick.now, tick.dt_s),
                &self.body,
                &mut self.point,
            )
        {
            self.failure = Some((ErrorCode::Internal, e.to_string()));
        }
    }

    fn is_ending(&self) -> bool {
        self.canceling || self.failure.is_some()
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

    /// Follows what runs; true when it is done, not when it fails.
    fn follow(&mut self, tick: &Tick<'_>) -> bool {
        match &mut self.running {
            None => true,
            Some(Running::Until(time)) => tick.now >= *time,
            Some(Running::Look {
                since,
                object,
                height_m,
            }) => match look_for_lift(tick, *since, object, *height_m) {
                Some(Ok(())) => true,
                Some(Err(reason)) => {
                    self.failure = Some((ErrorCode::GraspFailed, reason));
                    false
                }
                None => false,
            },
            Some(Running::Motion(motion, settle_s)) => {
                let time = (tick.now, tick.dt_s);
                let over_s = motion.follow(time, &self.body, &mut self.point);
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

/// Whether the object was seen at `height_m` or above, in the world, after `since`; `None`: wait, what
/// is known of it may be from before the lift.
fn look_for_lift(
    tick: &Tick<'_>,
    since: Time,
    object: &str,
    height_m: f64,
) -> Option<Result<(), String>> {
    let seen_at = tick.perception.objects_stamp;
    if seen_at < since {
        let late = tick.now.seconds_since(since) > LOOK_TIMEOUT_S;
        return late.then(|| {
            let age_s = tick.now.seconds_since(seen_at);
            Err(format!(
                "{object} was not seen after the lift: the newest view of the objects is {age_s:.1} s old"
            ))
        });
    }
    Some(match tick.perception.objects.get(object) {
        None => Err(format!("{object} is out of sight after the lift")),
        Some(seen) if seen.pose.translation.z < height_m => Err(format!(
            "{object} is at height {:.3} m after the lift, not above {height_m:.3} m",
            seen.pose.translation.z
        )),
        Some(_) => Ok(()),
    })
}

impl Skill for ArmSkill {
    fn tick(&mut self, tick: &Tick<'_>, command: &mut ActuatorCommand) -> Progress {
        self.started.get_or_insert(tick.now);
        self.measure(tick);
        if std::mem::take(&mut self.held) {
            self.take_up(tick);
        }
        let progress = if self.is_ending() {
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
        self.held = true;
        self.postpone(seconds);
    }

    fn postpone(&mut self, seconds: f64) {
        match &mut self.running {
            Some(Running::Motion(motion, _)) => motion.pause(seconds),
            Some(Running::Until(time) | Running::Look { since: time, .. }) => {
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
