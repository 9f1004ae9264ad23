mod goal;
mod grasp;
mod look;
mod motion;
mod not_held;
mod plan;

use std::collections::VecDeque;

use nalgebra::Isometry3;
use physical_ai_domain::{ActuatorCommand, CommandMode, ErrorCode, JointLimits, RobotModel, Time};
use serde_json::{Map, Value};

use goal::{FINGER_TOLERANCE_M, Goal, JOINT_TOLERANCE_RAD, TOOL_TOLERANCE_M, off_tool};
use look::Look;
use motion::Motion;
use not_held::NotHeld;
use plan::{Planner, Step};

use super::hold::HoldRecord;
use super::parameters::Params;
use super::{Perception, Progress, Site, Skill, Tick, exceeds};
use crate::safety::finger_after_hold;
use crate::self_collision::SelfCollision;
use crate::{Chain, Error, JointPoint};

/// Closed fingers that stay above this hold something.
const HOLDS_ABOVE_M: f64 = 0.004;
/// Seconds to wait for joints to come to where they were told to be, or to rest.
const SETTLE_TIMEOUT_S: f64 = 1.0;
/// Joints slower than this are at rest, radians or metres per second: many times the noise of encoders.
const REST_SPEED: f64 = 0.05;

/// What all skills of an arm share.
#[derive(Debug, Clone)]
pub struct ArmBody {
    chain: Chain,
    limits: Vec<JointLimits>,
    names: Vec<String>,
    arm_joints: usize,
    collision: SelfCollision,
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
            collision: SelfCollision::new(model),
            base,
        })
    }

    /// What of it may run into itself.
    pub(crate) fn self_collision(&self) -> &SelfCollision {
        &self.collision
    }

    /// Writes set points as a position command.
    pub fn command(&self, point: &JointPoint, command: &mut ActuatorCommand) {
        command.mode = CommandMode::Position;
        command.effort.clear();
        command.position.clone_from(&point.position);
        command.velocity.clone_from(&point.velocity);
    }
}

/// What an arm's skill is planned from.
#[derive(Clone, Copy)]
pub struct ArmSituation<'a> {
    /// The arm.
    pub body: &'a ArmBody,
    /// Where it stands.
    pub site: &'a Site,
    /// What it sees.
    pub perception: &'a Perception,
    /// Set points of all joints now, radians and metres: where motions begin.
    pub set_points: &'a [f64],
    /// Measured positions of all joints, radians and metres: what the fingers hold.
    pub measured: &'a [f64],
}

enum Running {
    /// A motion, and what has to be measured at its end.
    Motion(Motion, Goal),
    Until(Time),
    Look(Look, Time),
    /// Waits, since then, for the arm to be where it was told to be, and at rest.
    Rest(Time),
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
    holds: HoldRecord,
    /// What was measured so far.
    result: Map<String, Value>,
    canceling: bool,
    started: Option<Time>,
    error_rad: f64,
    failure: Option<(ErrorCode, String)>,
}

impl ArmSkill {
    /// Plans a skill from its parameters.
    ///
    /// # Errors
    /// [`Error::InvalidParams`], [`Error::Unreachable`], [`Error::JointLimit`], [`Error::SelfCollision`] or
    /// [`Error::NothingHeld`].
    pub fn try_new(
        skill: &str,
        params: &Value,
        situation: &ArmSituation<'_>,
    ) -> Result<Self, Error> {
        let steps = Planner::new(situation).plan(skill, &Params::try_new(skill, params)?)?;
        let positions = situation.set_points;
        Ok(Self {
            body: situation.body.clone(),
            total: steps.len(),
            steps,
            running: None,
            point: JointPoint {
                position: positions.to_vec(),
                velocity: vec![0.0; positions.len()],
            },
            held: false,
            holds: HoldRecord::default(),
            result: Map::new(),
            canceling: false,
            started: None,
            error_rad: 0.0,
            failure: None,
        })
    }

    /// Set points of all joints after its last step, radians and metres.
    pub(crate) fn planned_end(&self) -> Vec<f64> {
        let start = self.point.position.clone();
        self.steps.iter().fold(start, |at, step| {
            step.target(self.body.arm_joints, &at).unwrap_or(at)
        })
    }

    /// The object that it holds at its end, if it picks one up.
    pub(crate) fn picks_up(&self) -> Option<&str> {
        let picked = self.steps.iter().map(|step| match step {
            Step::Look(Look::Lifted { object, .. } | Look::Held(Some(object))) => Some(object),
            _ => None,
        });
        picked.flatten().next_back().map(String::as_str)
    }

    /// The object that it puts down at its end, and where its centre is then in the world, metres.
    pub(crate) fn puts_down(&self) -> Option<(&str, [f64; 3])> {
        self.steps.iter().rev().find_map(|step| match step {
            Step::Look(Look::Placed {
                object, centre_m, ..
            }) => Some((object.as_str(), *centre_m)),
            _ => None,
        })
    }

    /// Starts the next step; `Some` when the skill ends with it.
    fn begin(&mut self, tick: &Tick<'_>) -> Option<Progress> {
        let Some(step) = self.steps.pop_front() else {
            return Some(Progress::Succeeded(self.take_result(tick)));
        };
        match step {
            Step::Move(_) => self.start_motion(&step, Goal::Arm, tick.now),
            Step::MoveTool(_, pose) => self.start_motion(&step, Goal::Tool(pose), tick.now),
            Step::Open(_) => self.start_motion(&step, Goal::Fingers, tick.now),
            Step::Close | Step::Grip(_) => self.start_motion(&step, Goal::Grip, tick.now),
            Step::Wait(duration_s) => {
                self.running = Some(Running::Until(tick.now.plus_seconds(duration_s)));
            }
            Step::CheckGap(object, extents) => {
                self.check_gap(&tick.state.position, &object, extents);
            }
            Step::CheckOpening => self.check_opening(tick),
            Step::Look(look) => self.running = Some(Running::Look(look, tick.now)),
            Step::Rest => self.running = Some(Running::Rest(tick.now)),
        }
        None
    }

    fn take_result(&mut self, tick: &Tick<'_>) -> Value {
        let started = self.started.unwrap_or(tick.now);
        let mut result = std::mem::take(&mut self.result);
        result.insert("duration_s".into(), tick.now.seconds_since(started).into());
        result.insert("final_error_rad".into(), self.error_rad.into());
        result.insert("tolerance_rad".into(), JOINT_TOLERANCE_RAD.into());
        result.into()
    }

    fn start_motion(&mut self, step: &Step, goal: Goal, now: Time) {
        let from = self.point.position.clone();
        let Some(target) = step.target(self.body.arm_joints, &from) else {
            return;
        };
        match Motion::try_new(&from, target, now, &self.body) {
            Ok(motion) => self.running = Some(Running::Motion(motion, goal)),
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

    /// Fails unless the fingers are as far apart as the object with these extents; `positions` are those of
    /// all joints.
    fn check_gap(&mut self, positions: &[f64], object: &str, extents: [f64; 2]) {
        let closed = |f: &&f64| **f < HOLDS_ABOVE_M;
        let checked = match self.body.finger_part(positions).iter().find(closed) {
            Some(finger) => Err(NotHeld::Closed { finger_m: *finger }),
            None => self.body.check_gap(positions, extents),
        };
        if let Err(why) = checked {
            self.fail(ErrorCode::GraspFailed, format!("{object} {why}"));
        }
    }

    /// Fingers that did not come to where they were told to be must be kept apart by something.
    fn check_opening(&mut self, tick: &Tick<'_>) {
        let told = self.body.finger_part(&self.point.position);
        let measured = self.body.finger_part(&tick.state.position);
        let short = |(told, at): (&f64, &f64)| at - told;
        let shorts: Vec<f64> = told.iter().zip(measured).map(short).collect();
        let opening_m: f64 = measured.iter().sum();
        self.result.insert("opening_m".into(), opening_m.into());
        let tolerance = (FINGER_TOLERANCE_M * shorts.len() as f64).into();
        self.result.insert("opening_tolerance_m".into(), tolerance);
        if shorts.iter().all(|s| s.abs() <= FINGER_TOLERANCE_M) {
            return;
        }
        if shorts.iter().all(|s| *s > FINGER_TOLERANCE_M) {
            self.steps.push_front(Step::Look(Look::Held(None)));
            return;
        }
        let worst = (0..shorts.len()).max_by(|a, b| shorts[*a].abs().total_cmp(&shorts[*b].abs()));
        let finger = worst.unwrap_or(0);
        let reason = format!(
            "{} is at {:.4} m, {:.4} m from its target (allowed {FINGER_TOLERANCE_M} m): {}",
            self.body.names[self.body.arm_joints + finger],
            measured[finger],
            shorts[finger].abs(),
            "the finger is jammed or not powered, or something is in its way"
        );
        self.fail(ErrorCode::Blocked, reason);
    }

    fn fail(&mut self, code: ErrorCode, reason: String) {
        self.failure = Some((code, reason));
    }

    /// Follows what runs; true when it is done, not when it fails.
    fn follow(&mut self, tick: &Tick<'_>) -> bool {
        let verdict = match &mut self.running {
            None => return true,
            Some(Running::Until(time)) => return tick.now >= *time,
            Some(Running::Look(look, since)) => look
                .follow(tick, *since, &self.body, &mut self.result)
                .map(|seen| seen.map_err(|reason| (ErrorCode::GraspFailed, reason))),
            Some(Running::Rest(since)) => {
                let waited_s = tick.now.seconds_since(*since);
                settled(&self.point, &self.body, tick, waited_s)
            }
            Some(Running::Motion(motion, goal)) => {
                let time = (tick.now, tick.dt_s);
                let over_s = motion.follow(time, &self.body, &mut self.point);
                reached(motion, goal, &self.body, tick, over_s)
            }
        };
        match verdict {
            None => false,
            Some(Ok(())) => {
                if let Some(Running::Motion(_, Goal::Tool(target))) = &self.running {
                    let [off_m, _] = off_tool(target, &self.body, &tick.state.position);
                    self.result.insert("final_error_m".into(), off_m.into());
                    self.result
                        .insert("tolerance_m".into(), TOOL_TOLERANCE_M.into());
                }
                true
            }
            Some(Err((code, reason))) => {
                self.fail(code, reason);
                false
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
            (false, Some((code, reason))) => Progress::Failed(code, self.holds.explain(reason)),
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

/// How a wait ends: `None`, not yet.
type Verdict = Option<Result<(), (ErrorCode, String)>>;

/// Whether a motion that is over for `over_s` has come to its goal.
fn reached(motion: &Motion, goal: &Goal, body: &ArmBody, tick: &Tick<'_>, over_s: f64) -> Verdict {
    if over_s < goal.settle_s() {
        return None;
    }
    match goal.missed(motion, body, tick) {
        None => Some(Ok(())),
        Some(miss) => (over_s > SETTLE_TIMEOUT_S)
            .then(|| Err((ErrorCode::Blocked, miss.text(motion, body, tick)))),
    }
}

/// Whether the arm is where it was told to be, and at rest.
fn settled(told: &JointPoint, body: &ArmBody, tick: &Tick<'_>, waited_s: f64) -> Verdict {
    let position = |j: usize| tick.state.position.get(j).copied().unwrap_or(f64::NAN);
    let off = |j: usize| (position(j) - told.position[j]).abs();
    let speed = |j: usize| tick.state.velocity.get(j).map_or(f64::NAN, |v| v.abs());
    let is_off = |j: &usize| exceeds(off(*j), JOINT_TOLERANCE_RAD);
    let moves = |j: &usize| exceeds(speed(*j), REST_SPEED);
    let joints = 0..body.arm_joints.min(told.position.len());
    let joint = joints
        .clone()
        .find(is_off)
        .or_else(|| joints.clone().find(moves));
    let Some(j) = joint else { return Some(Ok(())) };
    (waited_s > SETTLE_TIMEOUT_S).then(|| {
        let reason = format!(
            "{} does not stay where it was told to be: it is {:.4} rad off (allowed {JOINT_TOLERANCE_RAD} rad) and \
             moves at {:.3} rad/s (allowed {REST_SPEED} rad/s): {}",
            body.names[j],
            off(j),
            speed(j),
            "something pushes it, or it is not powered"
        );
        Err((ErrorCode::Blocked, reason))
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

    fn pause(&mut self, seconds: f64, why: Option<&str>) {
        self.held = true;
        self.holds.add(seconds, why);
        self.postpone(seconds);
    }

    fn postpone(&mut self, seconds: f64) {
        match &mut self.running {
            Some(Running::Motion(motion, _)) => motion.pause(seconds),
            Some(Running::Until(time) | Running::Look(_, time) | Running::Rest(time)) => {
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
