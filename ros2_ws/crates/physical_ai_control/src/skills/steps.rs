//! Skills that move joints to positions, step by step.

mod goal;
mod look;
mod motion;
mod outcome;
mod step;

use std::collections::VecDeque;
use std::sync::Arc;

use physical_ai_domain::{ActuatorCommand, ErrorCode, Time};
use serde_json::{Map, Value};

pub(crate) use look::Look;
pub(crate) use step::{Step, Targets};

use goal::{Goal, TOOL_TOLERANCE_M, off_tip};
use motion::Motion;

use super::arm::{ArmBody, NotHeld};
use super::hold::HoldRecord;
use super::joint_body::{FINGER_TOLERANCE_M, JOINT_TOLERANCE_RAD, JointBody};
use super::{Outcome, Progress, Situation, Skill, Tick, exceeds};
use crate::safety::finger_after_hold;
use crate::{Error, JointPoint, JointTrajectory};

/// Closed fingers that stay above this hold something.
const HOLDS_ABOVE_M: f64 = 0.004;
/// Seconds to wait for joints to come to where they were told to be, or to rest.
const SETTLE_TIMEOUT_S: f64 = 1.0;
/// Joints slower than this are at rest, radians or metres per second: many times the noise of encoders.
const REST_SPEED: f64 = 0.05;

/// What steps move: all joints of a robot, and the arm whose tip and gripper they are about.
#[derive(Debug, Clone)]
pub(crate) struct StepBody {
    /// All joints.
    pub(crate) joints: Arc<JointBody>,
    /// The arm, for steps that are about one.
    pub(crate) arm: Option<Arc<ArmBody>>,
}

enum Running {
    /// A motion, and what has to be measured at its end.
    Motion(Motion, Goal),
    Until(Time),
    Forever,
    Look(Look, Time),
    /// Waits, since then, for the joints to be where they were told to be, and at rest.
    Rest(Time),
}

/// A list of steps, planned as a whole before the first motion.
pub(crate) struct StepSkill {
    body: StepBody,
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

impl StepSkill {
    /// A skill of these steps, and rest after them.
    ///
    /// # Errors
    /// [`Error::JointLimit`] for a target beyond a joint's limits, [`Error::Immovable`] for a joint that may not be moved,
    /// [`Error::SelfCollision`] for a way on which links
    /// run into each other.
    pub(crate) fn try_new(
        body: StepBody,
        mut steps: VecDeque<Step>,
        situation: &Situation<'_>,
    ) -> Result<Self, Error> {
        steps.push_back(Step::Rest);
        check_ways(&body, &steps, situation.set_points)?;
        let positions = situation.set_points;
        Ok(Self {
            body,
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

    fn target(&self, step: &Step, from: &[f64]) -> Option<Vec<f64>> {
        let arm = self.body.arm.as_ref();
        step.target(arm.and_then(|a| a.gripper()), from)
    }

    /// Starts the next step; `Some` when the skill ends with it.
    fn begin(&mut self, tick: &Tick<'_>) -> Option<Progress> {
        let Some(step) = self.steps.pop_front() else {
            return Some(Progress::Succeeded(self.take_result(tick)));
        };
        match step {
            Step::Move(_) => self.start_motion(&step, Goal::Posture, tick.now),
            Step::MoveTip(_, pose) => self.start_motion(&step, Goal::Tip(pose), tick.now),
            Step::Open(_) => self.start_motion(&step, Goal::Fingers, tick.now),
            Step::Close | Step::Grip(_) => self.start_motion(&step, Goal::Grip, tick.now),
            Step::Wait(duration_s) => {
                self.running = Some(Running::Until(tick.now.plus_seconds(duration_s)));
            }
            Step::Hold => self.running = Some(Running::Forever),
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
        let Some(target) = self.target(step, &from) else {
            return;
        };
        match Motion::try_new(&from, target, now, &self.body.joints) {
            Ok(motion) => self.running = Some(Running::Motion(motion, goal)),
            Err(e) => self.failure = Some((ErrorCode::Internal, e.to_string())),
        }
    }

    /// Takes up what the joints did where they were held.
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
        for i in (0..joints).filter(|i| self.body.joints.is_finger(*i)) {
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
                &self.body.joints,
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
        let Some((arm, gripper)) = self.body.arm.as_ref().and_then(|a| Some((a, a.gripper()?)))
        else {
            return;
        };
        let nothing_m = gripper.closed_m().max(0.0) / gripper.joints().count().max(1) as f64;
        let closed = |f: &f64| *f < nothing_m + HOLDS_ABOVE_M;
        let checked = match gripper.fingers_m(positions).find(closed) {
            Some(finger_m) => Err(NotHeld::Closed { finger_m }),
            None => arm.check_gap(positions, extents),
        };
        if let Err(why) = checked {
            self.fail(ErrorCode::GraspFailed, format!("{object} {why}"));
        }
    }

    /// Fingers that did not come to where they were told to be must be kept apart by something.
    fn check_opening(&mut self, tick: &Tick<'_>) {
        let Some(gripper) = self.body.arm.as_ref().and_then(|a| a.gripper()) else {
            return;
        };
        let told = gripper.fingers_m(&self.point.position);
        let measured: Vec<f64> = gripper.fingers_m(&tick.state.position).collect();
        let shorts: Vec<f64> = told.zip(&measured).map(|(told, at)| at - told).collect();
        let opening_m: f64 = measured.iter().sum();
        let worst = (0..shorts.len()).max_by(|a, b| shorts[*a].abs().total_cmp(&shorts[*b].abs()));
        let finger = worst.unwrap_or(0);
        let joint = gripper.joints().nth(finger).unwrap_or(0);
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
        let reason = format!(
            "{} is at {:.4} m, {:.4} m from its target (allowed {FINGER_TOLERANCE_M} m): {}",
            self.body.joints.names()[joint],
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
            Some(Running::Forever) => return false,
            Some(Running::Look(look, since)) => {
                let Some(arm) = &self.body.arm else {
                    return true;
                };
                look.follow(tick, *since, arm, &mut self.result)
                    .map(|seen| seen.map_err(|reason| (ErrorCode::GraspFailed, reason)))
            }
            Some(Running::Rest(since)) => {
                let waited_s = tick.now.seconds_since(*since);
                settled(&self.point, &self.body.joints, tick, waited_s)
            }
            Some(Running::Motion(motion, goal)) => {
                let time = (tick.now, tick.dt_s);
                let over_s = motion.follow(time, &self.body.joints, &mut self.point);
                reached(motion, goal, &self.body, tick, over_s)
            }
        };
        match verdict {
            None => false,
            Some(Ok(())) => {
                if let Some(Running::Motion(_, Goal::Tip(target))) = &self.running {
                    let [off_m, _] = off_tip(target, &self.body, &tick.state.position);
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
        for (i, limits) in self.body.joints.limits().iter().enumerate() {
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
        let off = |j: usize| {
            let observed = tick.state.position.get(j).copied().unwrap_or(f64::NAN);
            (self.point.position[j] - observed).abs()
        };
        self.error_rad = self.body.joints.posture().map(off).fold(0.0, f64::max);
    }
}

/// Refuses targets beyond the joints' limits, and ways on which links run into each other, before anything moves.
fn check_ways(body: &StepBody, steps: &VecDeque<Step>, set_points: &[f64]) -> Result<(), Error> {
    let joints = &body.joints;
    let gripper = body.arm.as_ref().and_then(|a| a.gripper());
    let mut from = set_points.to_vec();
    for step in steps {
        let Some(target) = step.target(gripper, &from) else {
            continue;
        };
        joints.check_movable(&from, &target)?;
        let way = vec![from.clone(), target.clone()];
        JointTrajectory::try_new(way, joints.limits(), joints.names(), 0.0)?;
        if let Some((first, second, share)) = joints.collision().first(&from, &target) {
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

/// How a wait ends: `None`, not yet.
type Verdict = Option<Result<(), (ErrorCode, String)>>;

/// Whether a motion that is over for `over_s` has come to its goal.
fn reached(motion: &Motion, goal: &Goal, body: &StepBody, tick: &Tick<'_>, over_s: f64) -> Verdict {
    if over_s < goal.settle_s() {
        return None;
    }
    match goal.missed(motion, body, tick) {
        None => Some(Ok(())),
        Some(miss) => (over_s > SETTLE_TIMEOUT_S)
            .then(|| Err((ErrorCode::Blocked, miss.text(motion, body, tick)))),
    }
}

/// Whether the joints are where they were told to be, and at rest.
fn settled(told: &JointPoint, joints: &JointBody, tick: &Tick<'_>, waited_s: f64) -> Verdict {
    let position = |j: usize| tick.state.position.get(j).copied().unwrap_or(f64::NAN);
    let off = |j: usize| (position(j) - told.position[j]).abs();
    let speed = |j: usize| tick.state.velocity.get(j).map_or(f64::NAN, |v| v.abs());
    let is_off = |j: &usize| exceeds(off(*j), joints.tolerance(*j));
    let moves = |j: &usize| exceeds(speed(*j), REST_SPEED);
    let mut posture = joints.posture();
    let joint = posture.clone().find(is_off).or_else(|| posture.find(moves));
    let Some(j) = joint else { return Some(Ok(())) };
    (waited_s > SETTLE_TIMEOUT_S).then(|| {
        let (unit, allowed) = (joints.unit(j), joints.tolerance(j));
        let reason = format!(
            "{} does not stay where it was told to be: it is {:.4} {unit} off (allowed {allowed} {unit}) and moves at \
             {:.3} {unit}/s (allowed {REST_SPEED} {unit}/s): {}",
            joints.names()[j],
            off(j),
            speed(j),
            "something pushes it, or it is not powered"
        );
        Err((ErrorCode::Blocked, reason))
    })
}

impl Skill for StepSkill {
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
        JointBody::command(&self.point, command);
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
            Some(Running::Forever) | None => {}
        }
    }

    fn cancel(&mut self) {
        self.canceling = true;
    }

    fn tracking_error(&self) -> f64 {
        self.error_rad
    }

    fn outcome(&self, situation: &Situation<'_>) -> Outcome {
        outcome::of_steps(&self.body, &self.steps, situation)
    }
}
