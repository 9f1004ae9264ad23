mod skills;
mod trajectory;

use std::collections::BTreeMap;
use std::sync::Arc;

use nalgebra::Isometry3;
use physical_ai_domain::{
    ActuatorCommand, Assignment, CommandMode, ErrorCode, FencingToken, RobotModel, RobotState,
    TaskReport, TaskState, Time,
};
use serde_json::Value;

use super::Control;
use super::following::{FollowWatch, Lag};
use super::standstill::StandstillWatch;
use trajectory::TrajectorySlot;
pub use trajectory::{TrajectoryEnd, TrajectoryFeedback};

use crate::skills::{JointBody, Perception, Progress, Site, Skill, SkillSet, Tick, skill_sets};
use crate::{
    DifferentialDrive, Distribution, DriveLimits, Error, ErrorStatistics, SafetyCause,
    SafetyFilter, SafetyLimits, SafetyState, SafetyVerdict, Summary,
};

/// Seconds for which a command is valid: some ticks, so that one lost message does no harm.
const COMMAND_VALID_S: f64 = 0.05;
/// A robot without a fresh state stands still at once; its task fails only after so many seconds, since
/// most gaps are a busy machine or a driver that is restarted.
const STATE_PATIENCE_S: f64 = 1.0;
/// So long may a robot be held by who receives its commands before its task fails, seconds.
const HELD_PATIENCE_S: f64 = 1.0;
/// Progress is reported when it moved by this much.
const PROGRESS_STEP: f32 = 0.02;

struct Running {
    assignment: Assignment,
    skill: Box<dyn Skill>,
    started: Time,
    reported: f32,
    errors: ErrorStatistics,
    following: FollowWatch,
    /// How it ends as soon as the robot is at rest.
    stopping: Option<(Ending, StandstillWatch)>,
}

/// How a task ended.
struct Ending {
    state: TaskState,
    error: ErrorCode,
    /// Why it did not succeed.
    error_msg: String,
    /// What was measured, as JSON; empty unless it succeeded.
    result: String,
}

/// Measured behaviour of one robot's loop since the last question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RobotMetrics {
    /// |tick interval − period|, microseconds of steady time.
    pub jitter_us: Option<Summary>,
    /// Set point against estimate, radians or metres.
    pub tracking: Option<Summary>,
    /// Ticks.
    pub ticks: u64,
    /// Ticks that came later than two periods.
    pub overruns: u64,
}

/// Control of one robot.
pub struct RobotControl {
    model: RobotModel,
    joint_names: Vec<String>,
    joints: Arc<JointBody>,
    drive: Option<DifferentialDrive>,
    skills: Vec<Box<dyn SkillSet>>,
    /// Where its root link stands in the world.
    place: Isometry3<f64>,
    /// What it stands on, over its root link, metres.
    ground_m: f64,
    safety: SafetyLimits,
    filter: SafetyFilter,
    perception: Perception,
    running: Option<Running>,
    trajectory: TrajectorySlot,
    durations_s: BTreeMap<String, f64>,
    command: ActuatorCommand,
    /// Why commands do not reach the joints, and since when in steady time.
    held: Option<(String, f64)>,
    state: Option<RobotState>,
    last_now: Time,
    last_steady_s: f64,
    /// No tick for so long, in seconds, that tasks were given up; 0 as soon as there is one.
    silent_s: f64,
    /// Steady time since which states come that are stale or faulty.
    stale_since_s: Option<f64>,
    emergency_stop: bool,
    period_s: f64,
    jitter: Distribution,
    tracking: Distribution,
    ticks: u64,
    overruns: u64,
}

impl RobotControl {
    pub(super) fn try_new(
        model: RobotModel,
        site: &Site,
        drive: DriveLimits,
        safety: SafetyLimits,
    ) -> Result<Self, Error> {
        let placement =
            site.world()
                .robot(model.name.as_str())
                .ok_or_else(|| Error::UnsuitableModel {
                    robot: model.name.to_string(),
                    problem: "is not in the world file".to_owned(),
                })?;
        let joints = Arc::new(JointBody::new(&model));
        let drives = model.layout.drive.is_some();
        let at = placement.pose;
        let ground_m = site.ground_m([at.x, at.y, at.z]) - at.z;
        let safety = over_ground(safety, ground_m);
        let command = ActuatorCommand {
            robot: model.name.clone(),
            stamp: Time::ZERO,
            sensor_stamp: Time::ZERO,
            mode: CommandMode::Hold,
            position: Vec::new(),
            velocity: Vec::new(),
            effort: Vec::new(),
            valid_for_s: COMMAND_VALID_S,
        };
        Ok(Self {
            filter: SafetyFilter::try_new(&model, safety)?,
            joint_names: model.joint_names(),
            skills: skill_sets(&model, &joints, site, (drive, safety))?,
            drive: match drives {
                true => Some(DifferentialDrive::from_model(&model)?),
                false => None,
            },
            joints,
            place: at.isometry(),
            ground_m,
            safety,
            model,
            perception: Perception::default(),
            running: None,
            trajectory: TrajectorySlot::default(),
            durations_s: BTreeMap::new(),
            command,
            held: None,
            state: None,
            last_now: Time::ZERO,
            last_steady_s: f64::NEG_INFINITY,
            silent_s: 0.0,
            stale_since_s: None,
            emergency_stop: false,
            period_s: 0.005,
            jitter: Distribution::default(),
            tracking: Distribution::default(),
            ticks: 0,
            overruns: 0,
        })
    }

    /// The robot's model.
    pub fn model(&self) -> &RobotModel {
        &self.model
    }

    /// Its joints, as far as position set points go.
    pub fn joints(&self) -> &JointBody {
        &self.joints
    }

    /// Its drive, if it has one.
    pub fn drive(&self) -> Option<&DifferentialDrive> {
        self.drive.as_ref()
    }

    pub(super) fn safety(&self) -> &SafetyLimits {
        &self.safety
    }

    /// Takes over new limits, also for the task that runs.
    pub(super) fn set_limits(&mut self, drive: DriveLimits, safety: SafetyLimits) {
        let safety = over_ground(safety, self.ground_m);
        self.safety = safety;
        for set in &mut self.skills {
            set.set_limits(drive, safety);
        }
        if let Some(running) = &mut self.running {
            running.skill.set_drive_limits(drive);
        }
        self.filter.set_limits(self.safety);
    }

    /// Names of its movable joints.
    pub fn joint_names(&self) -> &[String] {
        &self.joint_names
    }

    /// True for a robot that moves its base.
    pub fn drives(&self) -> bool {
        self.drive.is_some()
    }

    pub(super) fn state(&self) -> Option<&RobotState> {
        self.state.as_ref()
    }

    pub(super) fn perception(&self) -> &Perception {
        &self.perception
    }

    /// Set points of all joints now, radians and metres: where a motion begins.
    pub(super) fn set_points(&self, now: Time) -> Vec<f64> {
        let state = self.state.as_ref();
        state
            .map(|s| self.filter.held_position(s, now))
            .unwrap_or_default()
    }

    pub(super) fn perception_mut(&mut self) -> &mut Perception {
        &mut self.perception
    }

    /// True while it executes a task or follows a trajectory.
    pub fn is_busy(&self) -> bool {
        self.running.is_some() || self.trajectory.is_busy()
    }

    pub(super) fn mean_duration_s(&self, skill: &str) -> Option<f64> {
        self.durations_s.get(skill).copied()
    }

    /// Commands that the safety filter changed or stopped.
    pub fn interventions(&self) -> u64 {
        self.filter.interventions()
    }

    /// Sets the nominal tick period, for jitter. Seconds of steady time.
    pub fn set_period_s(&mut self, period_s: f64) {
        self.period_s = period_s;
    }

    pub(super) fn not_ready(&self, now: Time) -> Option<String> {
        self.obstacle(now).or_else(|| self.trajectory_in_words())
    }

    /// Why it cannot move.
    fn obstacle(&self, now: Time) -> Option<String> {
        if self.emergency_stop {
            return Some("the emergency stop is engaged".into());
        }
        if let Some((reason, _)) = &self.held {
            return Some(reason.clone());
        }
        match &self.state {
            None => Some("no state of this robot has arrived yet".into()),
            // The state's age does not tell: with a simulation that hangs, time stands still.
            Some(_) if self.silent_s > 0.0 => Some(format!("no state for {:.2} s", self.silent_s)),
            Some(state) if now.seconds_since(state.stamp) > STATE_PATIENCE_S => Some(format!(
                "its state is {:.1} s old",
                now.seconds_since(state.stamp)
            )),
            Some(RobotState {
                fault: Some(fault), ..
            }) => Some(fault.clone()),
            Some(_) => None,
        }
    }

    pub(super) fn set_emergency_stop(&mut self, engaged: bool) {
        self.emergency_stop = engaged;
        self.filter.set_emergency_stop(engaged);
    }

    /// Why commands do not reach the joints now; `None`: they do.
    pub(super) fn set_held(&mut self, reason: Option<String>, steady_s: f64) {
        self.held = reason.map(|reason| {
            let since_s = self.held.as_ref().map_or(steady_s, |(_, since_s)| *since_s);
            (reason, since_s)
        });
    }

    pub(super) fn assign(
        &mut self,
        assignment: Assignment,
        site: &Site,
        now: Time,
    ) -> Result<TaskReport, (ErrorCode, String)> {
        if let Some(reason) = self.task_in_words().or_else(|| self.trajectory_in_words()) {
            return Err((ErrorCode::Busy, reason));
        }
        if let Some(reason) = self.not_ready(now) {
            let code = if self.emergency_stop {
                ErrorCode::SafetyStop
            } else {
                ErrorCode::StaleData
            };
            return Err((
                code,
                format!("robot {} cannot move: {reason}", self.model.name),
            ));
        }
        let skill = self
            .skill(&assignment, site, now)
            .map_err(|e| (e.code(), e.to_string()))?;
        let running = Running {
            assignment,
            skill,
            started: now,
            reported: 0.0,
            errors: ErrorStatistics::default(),
            following: FollowWatch::default(),
            stopping: None,
        };
        let report = running.report(TaskState::Running, 0.0);
        self.running = Some(running);
        Ok(report)
    }

    /// The task that it executes.
    fn task_in_words(&self) -> Option<String> {
        let order = &self.running.as_ref()?.assignment;
        let (robot, task, mission) = (&self.model.name, &order.task, &order.mission);
        Some(format!(
            "robot {robot} executes task {task} of mission {mission}"
        ))
    }

    pub(super) fn cancel(&mut self, token: FencingToken) {
        if let Some(running) = self
            .running
            .as_mut()
            .filter(|r| r.assignment.token == token)
        {
            running.skill.cancel();
        }
    }

    pub(super) fn tick(&mut self, state: RobotState, now: Time, steady_s: f64) -> Control<'_> {
        let reset = self.clock_went_back(now);
        let dt_s = self.advance_clock(now);
        self.measure_tick(steady_s);
        self.command.stamp = now;
        self.command.sensor_stamp = state.stamp;
        let mut progress = None;
        let root = self.root(&state);
        let commanded = |r: &&mut Running| r.stopping.is_none() && self.held.is_none();
        match self.running.as_mut().filter(commanded) {
            Some(running) => {
                let tick = Tick {
                    now,
                    dt_s,
                    state: &state,
                    root,
                    perception: &self.perception,
                };
                progress = Some(running.skill.tick(&tick, &mut self.command));
                running.errors.add(running.skill.tracking_error());
                self.tracking.add(running.skill.tracking_error());
            }
            None => {
                if !self.command_trajectory(&state, now) {
                    self.stand();
                }
            }
        }
        let others = &self.perception.others;
        let verdict = self.filter.filter(&state, &mut self.command, now, others);
        let lag = self.follow(&state, verdict, now, dt_s);
        self.state = Some(state);
        self.judge_trajectory(verdict, now, reset.is_some());
        let report = match reset {
            Some(ending) => self.end(ending, now),
            None if self.pause_while_stale(verdict, steady_s, dt_s) => None,
            None if self.pause_while_held(verdict, steady_s, dt_s) => None,
            None => self.conclude(progress, lag, verdict, now),
        };
        Control {
            command: &self.command,
            verdict,
            report,
        }
    }

    /// A simulation that starts anew ends what ran in the old one.
    fn clock_went_back(&self, now: Time) -> Option<Ending> {
        let (before_s, now_s) = (self.last_now.seconds(), now.seconds());
        (now < self.last_now).then(|| {
            let reason = format!(
                "interrupted by a jump: the clock went back from {before_s:.3} s to {now_s:.3} s: the simulation was \
                 restarted or reset"
            );
            Ending::failed(ErrorCode::StaleData, reason)
        })
    }

    /// Moves on to `now` and returns the seconds since the last tick. After a gap in which commands ran out the robot stands: the skill
    /// goes on from there, as if no time had passed.
    fn advance_clock(&mut self, now: Time) -> f64 {
        let gap_s = now.seconds_since(self.last_now);
        let is_first = self.last_now == Time::ZERO;
        self.last_now = now;
        if gap_s <= COMMAND_VALID_S {
            return gap_s.max(0.0);
        }
        if !is_first {
            self.filter.forget();
            if let Some(running) = &mut self.running {
                running.skill.pause(gap_s - self.period_s, None);
            }
            self.trajectory.pause();
        }
        self.period_s
    }

    /// Takes no time from the skill while the robot is held because of its state; true as long as it may
    /// go on when that is fresh again.
    fn pause_while_stale(&mut self, verdict: SafetyVerdict, steady_s: f64, dt_s: f64) -> bool {
        if verdict.cause != Some(SafetyCause::StaleState) {
            self.stale_since_s = None;
            return false;
        }
        let since_s = *self.stale_since_s.get_or_insert(steady_s);
        if let Some(running) = &mut self.running {
            let why = self.state.as_ref().and_then(|s| s.fault.as_deref());
            running.skill.pause(dt_s, why);
        }
        steady_s - since_s < STATE_PATIENCE_S
    }

    /// Takes no time from the skill while who receives the commands holds the robot; true as long as it may go
    /// on when it is let go.
    fn pause_while_held(&mut self, verdict: SafetyVerdict, steady_s: f64, dt_s: f64) -> bool {
        let Some((why, since_s)) = &self.held else {
            return false;
        };
        if verdict.state >= SafetyState::Stopped {
            return false;
        }
        let Some(running) = self.running.as_mut().filter(|r| r.stopping.is_none()) else {
            return false;
        };
        running.skill.pause(dt_s, Some(why));
        steady_s - since_s < HELD_PATIENCE_S
    }

    /// Lets the skill wait for a robot that does not keep up; what keeps it from following for too long.
    fn follow(
        &mut self,
        state: &RobotState,
        verdict: SafetyVerdict,
        now: Time,
        dt_s: f64,
    ) -> Option<Lag> {
        let running = self.running.as_mut()?;
        if verdict.cause == Some(SafetyCause::Tracking) {
            running.skill.postpone(dt_s);
        }
        running
            .following
            .observe(&self.model, state, &self.command, verdict, now)
    }

    /// Whoever has no order stands: set points exist only while a task runs, so that nothing begins to move
    /// when a robot is let go.
    fn stand(&mut self) {
        self.command.mode = CommandMode::Hold;
        self.command.position.clear();
        self.command.velocity.clear();
        self.command.effort.clear();
    }

    fn measure_tick(&mut self, steady_s: f64) {
        let interval_s = steady_s - self.last_steady_s;
        if interval_s.is_finite() {
            self.jitter.add((interval_s - self.period_s).abs() * 1e6);
            self.overruns += u64::from(interval_s > 2.0 * self.period_s);
        }
        self.ticks += 1;
        self.last_steady_s = steady_s;
        self.silent_s = 0.0;
    }

    /// Turns progress and verdict into news about the task.
    fn conclude(
        &mut self,
        progress: Option<Progress>,
        lag: Option<Lag>,
        verdict: SafetyVerdict,
        now: Time,
    ) -> Option<TaskReport> {
        let running = self.running.as_mut()?;
        if verdict.state >= SafetyState::Stopped {
            let fault = self.state.as_ref().and_then(|s| s.fault.as_deref());
            let ending = Ending::stopped(verdict, &self.joint_names, fault);
            return self.end(ending, now);
        }
        let ending = match (progress, &self.held, lag) {
            (_, Some((reason, _)), _) if running.stopping.is_none() => {
                let reason = format!("robot {} was held for 1 s: {reason}", self.model.name);
                let ending = Ending::failed(ErrorCode::StaleData, reason);
                return self.end(ending, now);
            }
            (None, ..) => return self.end_at_rest(now),
            (Some(_), _, Some(lag)) => {
                Ending::failed(ErrorCode::Blocked, lag.text(&self.joint_names))
            }
            (Some(Progress::Running(share)), ..) => return self.go_on(share, now),
            (Some(Progress::Succeeded(result)), ..) => {
                let ending = Ending::succeeded(result, running.errors);
                return self.end(ending, now);
            }
            (Some(Progress::Failed(code, reason)), ..) => Ending::failed(code, reason),
            (Some(Progress::Canceled), ..) => Ending::canceled(),
        };
        running.stop(ending, now);
        None
    }

    /// Ends a task that did not succeed once its robot stands: drives lag behind their set points.
    fn end_at_rest(&mut self, now: Time) -> Option<TaskReport> {
        let running = self.running.as_mut()?;
        let (_, watch) = running.stopping.as_mut()?;
        let outcome = watch
            .observe(self.state.as_ref()?, now)
            .text(&self.joint_names)?;
        let (ending, _) = running.stopping.take()?;
        let error_msg = format!("{}; {outcome}", ending.error_msg);
        self.end(
            Ending {
                error_msg,
                ..ending
            },
            now,
        )
    }

    /// Reports progress that is worth it; ends a task that takes longer than it may.
    fn go_on(&mut self, share: f32, now: Time) -> Option<TaskReport> {
        let running = self.running.as_mut()?;
        let timeout_s = running.assignment.timeout_s;
        if timeout_s > 0.0 && now.seconds_since(running.started) > timeout_s {
            let reason = format!("not done after timeout_s = {timeout_s}");
            running.stop(Ending::failed(ErrorCode::Timeout, reason), now);
            return None;
        }
        (share >= running.reported + PROGRESS_STEP).then(|| {
            running.reported = share;
            running.report(TaskState::Running, share)
        })
    }

    fn end(&mut self, ending: Ending, now: Time) -> Option<TaskReport> {
        let running = self.running.take()?;
        let succeeded = ending.state == TaskState::Succeeded;
        if succeeded {
            let duration_s = now.seconds_since(running.started);
            let mean = self
                .durations_s
                .entry(running.assignment.skill.to_string())
                .or_insert(duration_s);
            *mean += (duration_s - *mean) * 0.3;
        }
        let progress = if succeeded { 1.0 } else { running.reported };
        Some(TaskReport {
            finished: now,
            error: ending.error,
            error_msg: ending.error_msg,
            result: ending.result,
            // After a safety stop nothing moves again by itself: a person has to ask for it.
            retryable: !matches!(
                ending.error,
                ErrorCode::InvalidParams | ErrorCode::UnknownSkill | ErrorCode::SafetyStop
            ),
            ..running.report(ending.state, progress)
        })
    }

    /// Fails a task whose robot fell silent, and whose ticks therefore stopped; the robot takes no other one
    /// until there is a tick again.
    pub(super) fn watch(&mut self, now: Time, steady_s: f64) -> Option<TaskReport> {
        let silent_s = steady_s - self.last_steady_s;
        if silent_s < STATE_PATIENCE_S {
            return None;
        }
        self.silent_s = silent_s;
        let reason = format!("no state of robot {} for {silent_s:.2} s", self.model.name);
        self.abandon_trajectory(&reason);
        self.running.as_ref()?;
        self.filter.forget();
        self.end(Ending::failed(ErrorCode::StaleData, reason), now)
    }

    /// Metrics since the last call.
    pub fn take_metrics(&mut self) -> RobotMetrics {
        RobotMetrics {
            jitter_us: self.jitter.take(),
            tracking: self.tracking.take(),
            ticks: std::mem::take(&mut self.ticks),
            overruns: std::mem::take(&mut self.overruns),
        }
    }
}

/// Limits of a robot over what it stands on, `ground_m` over its root link, metres.
fn over_ground(safety: SafetyLimits, ground_m: f64) -> SafetyLimits {
    SafetyLimits {
        min_height_m: safety.min_height_m + ground_m,
        ..safety
    }
}

impl Running {
    /// No skill any more: the robot is told to stand still, and `ending` follows when it does.
    fn stop(&mut self, ending: Ending, now: Time) {
        self.stopping = Some((ending, StandstillWatch::new(now)));
    }

    fn report(&self, state: TaskState, progress: f32) -> TaskReport {
        TaskReport {
            mission: self.assignment.mission.clone(),
            task: self.assignment.task.clone(),
            attempt: self.assignment.attempt,
            token: self.assignment.token,
            state,
            progress,
            started: self.started,
            finished: Time::ZERO,
            error: ErrorCode::Ok,
            error_msg: String::new(),
            result: String::new(),
            retryable: false,
        }
    }
}

impl Ending {
    fn succeeded(mut result: Value, tracking: ErrorStatistics) -> Self {
        if let (Some(rms), Some(object)) = (tracking.rms(), result.as_object_mut()) {
            object.insert("tracking_error_rms".into(), rms.into());
            object.insert("tracking_error_max".into(), tracking.max().into());
        }
        Self {
            state: TaskState::Succeeded,
            error: ErrorCode::Ok,
            error_msg: String::new(),
            result: result.to_string(),
        }
    }

    fn failed(error: ErrorCode, error_msg: String) -> Self {
        Self {
            state: TaskState::Failed,
            error,
            error_msg,
            result: String::new(),
        }
    }

    fn canceled() -> Self {
        Self {
            state: TaskState::Canceled,
            ..Self::failed(ErrorCode::Canceled, "cancelled".into())
        }
    }

    /// By the safety filter.
    fn stopped(verdict: SafetyVerdict, joint_names: &[String], fault: Option<&str>) -> Self {
        let error = match verdict.cause {
            Some(SafetyCause::StaleState) => ErrorCode::StaleData,
            _ => ErrorCode::SafetyStop,
        };
        let cause = verdict.cause.map_or("", SafetyCause::as_str);
        let detail = fault.map_or_else(|| verdict.detail(joint_names), str::to_owned);
        Self::failed(error, format!("safety stop ({cause}): {detail}"))
    }
}
