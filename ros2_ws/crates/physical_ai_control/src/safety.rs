use nalgebra::Vector3;
use physical_ai_domain::{ActuatorCommand, CommandMode, JointLimits, RobotModel, RobotState, Time};

use crate::Chain;

/// Why the filter changed or stopped a command; the text is that of SafetyStatus.cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "SafetyStatus.msg documents each cause")]
pub enum SafetyCause {
    EmergencyStop,
    StaleState,
    StaleCommand,
    PositionLimit,
    VelocityLimit,
    AccelerationLimit,
    EffortLimit,
    Workspace,
    Obstacle,
    NotFinite,
}

impl SafetyCause {
    /// As SafetyStatus.cause holds it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EmergencyStop => "emergency_stop",
            Self::StaleState => "stale_state",
            Self::StaleCommand => "stale_command",
            Self::PositionLimit => "position_limit",
            Self::VelocityLimit => "velocity_limit",
            Self::AccelerationLimit => "acceleration_limit",
            Self::EffortLimit => "effort_limit",
            Self::Workspace => "workspace",
            Self::Obstacle => "obstacle",
            Self::NotFinite => "not_finite",
        }
    }
}

/// What the filter did; the numbers are those of SafetyStatus.state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum SafetyState {
    /// The command passed.
    Normal = 0,
    /// It passed, clamped to a limit.
    Limited = 1,
    /// A controlled stop instead.
    Stopped = 2,
    /// The emergency stop is engaged.
    Latched = 3,
}

/// Verdict on one command.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SafetyVerdict {
    /// What happened.
    pub state: SafetyState,
    /// Why; `None` when normal.
    pub cause: Option<SafetyCause>,
    /// Joint that is concerned, as index; `usize::MAX`: none.
    pub joint: usize,
    /// Observed value, in the unit of the limit.
    pub value: f64,
    /// The limit.
    pub limit: f64,
}

impl SafetyVerdict {
    const NORMAL: Self = Self {
        state: SafetyState::Normal,
        cause: None,
        joint: usize::MAX,
        value: 0.0,
        limit: 0.0,
    };

    fn new(state: SafetyState, cause: SafetyCause, joint: usize, value: f64, limit: f64) -> Self {
        Self {
            state,
            cause: Some(cause),
            joint,
            value,
            limit,
        }
    }

    /// Field, value and limit in words.
    pub fn detail(&self, joint_names: &[String]) -> String {
        let Some(cause) = self.cause else {
            return String::new();
        };
        let subject = joint_names
            .get(self.joint)
            .map_or(cause.as_str(), String::as_str);
        format!("{subject}: {:.4}, limit {:.4}", self.value, self.limit)
    }
}

/// Limits that the model does not hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SafetyLimits {
    /// Oldest state on which a robot may move, seconds.
    pub max_state_age_s: f64,
    /// Lowest height of an arm's frames over its base, metres.
    pub min_height_m: f64,
    /// A rover stays within x and y of this, metres in the world: lowest corner.
    pub geofence_min_m: [f64; 2],
    /// Highest corner.
    pub geofence_max_m: [f64; 2],
    /// Distance between the centres of two rovers, metres.
    pub min_separation_m: f64,
}

impl Default for SafetyLimits {
    fn default() -> Self {
        Self {
            max_state_age_s: 0.1,
            min_height_m: -0.005,
            geofence_min_m: [-1000.0; 2],
            geofence_max_m: [1000.0; 2],
            min_separation_m: 0.6,
        }
    }
}

/// How far a command may outrun a limit before it is clamped: rounding and one late tick.
const TOLERANCE: f64 = 1.05;
/// Acceleration is judged on differences of one tick, which jitter of the tick inflates.
const ACCELERATION_TOLERANCE: f64 = 3.0;

/// The one gate between policies and actuators.
///
/// # Real-time
/// [`SafetyFilter::filter`] does not allocate once its buffers have their size.
#[derive(Debug, Clone)]
pub struct SafetyFilter {
    joints: Vec<JointLimits>,
    chain: Option<Chain>,
    limits: SafetyLimits,
    emergency_stop: bool,
    previous: Vec<f64>,
    previous_stamp: Option<Time>,
    interventions: u64,
}

impl SafetyFilter {
    /// A filter for one robot.
    pub fn new(model: &RobotModel, limits: SafetyLimits) -> Self {
        Self {
            joints: model.movable().map(|j| j.limits).collect(),
            chain: Chain::to_tool(model).ok(),
            limits,
            emergency_stop: false,
            previous: Vec::new(),
            previous_stamp: None,
            interventions: 0,
        }
    }

    /// Engages or resets the emergency stop.
    pub fn set_emergency_stop(&mut self, engaged: bool) {
        self.emergency_stop = engaged;
    }

    /// Commands changed or stopped so far.
    pub fn interventions(&self) -> u64 {
        self.interventions
    }

    /// Judges `command`, changing it where needed. `others` are positions of other robots that must
    /// not be run into, metres in the world.
    pub fn filter(
        &mut self,
        state: &RobotState,
        command: &mut ActuatorCommand,
        now: Time,
        others: &[Vector3<f64>],
    ) -> SafetyVerdict {
        let verdict = self.judge(state, command, now, others);
        if verdict.state >= SafetyState::Stopped {
            command.mode = CommandMode::Hold;
            command.position.clear();
            command.velocity.clear();
            command.effort.clear();
            self.previous_stamp = None;
        } else {
            self.remember(command, now);
        }
        if verdict.state != SafetyState::Normal {
            self.interventions += 1;
        }
        verdict
    }

    fn judge(
        &self,
        state: &RobotState,
        command: &mut ActuatorCommand,
        now: Time,
        others: &[Vector3<f64>],
    ) -> SafetyVerdict {
        use SafetyCause::{EmergencyStop, NotFinite, StaleState};
        let none = usize::MAX;
        let stop = |cause, joint, value, limit| {
            SafetyVerdict::new(SafetyState::Stopped, cause, joint, value, limit)
        };
        if self.emergency_stop {
            return SafetyVerdict::new(SafetyState::Latched, EmergencyStop, none, 1.0, 0.0);
        }
        let age_s = now.seconds_since(state.stamp);
        if state.fault.is_some() || age_s > self.limits.max_state_age_s {
            return stop(StaleState, none, age_s, self.limits.max_state_age_s);
        }
        let values = match command.mode {
            CommandMode::Position => &command.position,
            CommandMode::Velocity => &command.velocity,
            CommandMode::Effort => &command.effort,
            CommandMode::Hold => return SafetyVerdict::NORMAL,
        };
        let count = self.joints.len();
        if values.len() != count
            || (!command.velocity.is_empty() && command.velocity.len() != count)
        {
            return stop(NotFinite, none, values.len() as f64, count as f64);
        }
        let all = command
            .position
            .iter()
            .chain(&command.velocity)
            .chain(&command.effort);
        if let Some((i, value)) = all.enumerate().find(|(_, v)| !v.is_finite()) {
            return stop(NotFinite, i % count.max(1), *value, 0.0);
        }
        if let Some(verdict) = self.judge_place(state, command, others) {
            return verdict;
        }
        self.clamp(command, now)
    }

    /// Workspace, geofence and other robots.
    fn judge_place(
        &self,
        state: &RobotState,
        command: &ActuatorCommand,
        others: &[Vector3<f64>],
    ) -> Option<SafetyVerdict> {
        let stop = |cause, value, limit| {
            Some(SafetyVerdict::new(
                SafetyState::Stopped,
                cause,
                usize::MAX,
                value,
                limit,
            ))
        };
        if let (Some(chain), CommandMode::Position) = (&self.chain, command.mode) {
            let wanted = chain.lowest_frame_m(&command.position);
            let current = chain.lowest_frame_m(&state.position);
            // Leaving a forbidden region is always allowed.
            if wanted < self.limits.min_height_m && wanted < current - 1e-4 {
                return stop(SafetyCause::Workspace, wanted, self.limits.min_height_m);
            }
        }
        if command.mode != CommandMode::Velocity {
            return None;
        }
        let forward: f64 = command.velocity.iter().sum();
        if forward.abs() < 1e-3 {
            return None;
        }
        let at = state.base.pose.translation.vector;
        let ahead = state.base.pose.rotation * Vector3::x() * forward.signum();
        for axis in 0..2 {
            let (low, high) = (
                self.limits.geofence_min_m[axis],
                self.limits.geofence_max_m[axis],
            );
            if (at[axis] < low && ahead[axis] < 0.0) || (at[axis] > high && ahead[axis] > 0.0) {
                let limit = if at[axis] < low { low } else { high };
                return stop(SafetyCause::Workspace, at[axis], limit);
            }
        }
        for other in others {
            let offset = Vector3::new(other.x - at.x, other.y - at.y, 0.0);
            if offset.norm() < self.limits.min_separation_m && offset.dot(&ahead) > 0.0 {
                return stop(
                    SafetyCause::Obstacle,
                    offset.norm(),
                    self.limits.min_separation_m,
                );
            }
        }
        None
    }

    /// Clamps to the joints' limits; reports the first one that was hit.
    fn clamp(&self, command: &mut ActuatorCommand, now: Time) -> SafetyVerdict {
        let mut verdict = SafetyVerdict::NORMAL;
        let mut hit = |cause, joint, value, limit| {
            if verdict.cause.is_none() {
                verdict = SafetyVerdict::new(SafetyState::Limited, cause, joint, value, limit);
            }
        };
        let dt_s = self.previous_stamp.map(|t| now.seconds_since(t).max(1e-4));
        for (i, limits) in self.joints.iter().enumerate() {
            if let Some(value) = command.position.get_mut(i) {
                if !(limits.lower..=limits.upper).contains(value) {
                    let limit = if *value < limits.lower {
                        limits.lower
                    } else {
                        limits.upper
                    };
                    hit(SafetyCause::PositionLimit, i, *value, limit);
                    *value = limit;
                }
                if let (Some(dt_s), Some(previous)) = (dt_s, self.previous.get(i)) {
                    let most = limits.velocity * TOLERANCE * dt_s;
                    let step = *value - previous;
                    if step.abs() > most {
                        hit(SafetyCause::VelocityLimit, i, step / dt_s, limits.velocity);
                        *value = previous + step.clamp(-most, most);
                    }
                }
            }
            if let Some(value) = command.velocity.get_mut(i) {
                if value.abs() > limits.velocity * TOLERANCE {
                    hit(SafetyCause::VelocityLimit, i, *value, limits.velocity);
                    *value = value.clamp(-limits.velocity, limits.velocity);
                }
                if command.mode == CommandMode::Velocity
                    && let (Some(dt_s), Some(previous)) = (dt_s, self.previous.get(i))
                {
                    let most = limits.acceleration * ACCELERATION_TOLERANCE * dt_s;
                    let step = *value - previous;
                    if step.abs() > most {
                        hit(
                            SafetyCause::AccelerationLimit,
                            i,
                            step / dt_s,
                            limits.acceleration,
                        );
                        *value = previous + step.clamp(-most, most);
                    }
                }
            }
            if let Some(value) = command.effort.get_mut(i)
                && value.abs() > limits.effort
            {
                hit(SafetyCause::EffortLimit, i, *value, limits.effort);
                *value = value.clamp(-limits.effort, limits.effort);
            }
        }
        verdict
    }

    fn remember(&mut self, command: &ActuatorCommand, now: Time) {
        let values = match command.mode {
            CommandMode::Position => &command.position,
            CommandMode::Velocity => &command.velocity,
            CommandMode::Effort | CommandMode::Hold => {
                self.previous_stamp = None;
                return;
            }
        };
        self.previous.clear();
        self.previous.extend_from_slice(values);
        self.previous_stamp = Some(now);
    }
}
