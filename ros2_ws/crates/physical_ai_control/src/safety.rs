mod set_points;
#[cfg(test)]
mod tests;

use nalgebra::Vector3;
use physical_ai_domain::{ActuatorCommand, CommandMode, RobotModel, RobotState, Time};

use crate::skills::OtherRobot;
use crate::{Chain, DifferentialDrive, Error};
use set_points::SetPointLimiter;
pub(crate) use set_points::{TOLERANCE as VELOCITY_TOLERANCE, finger_after_hold};

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
    Effort,
    Workspace,
    Obstacle,
    NotFinite,
    Tracking,
    SecondWriter,
    Session,
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
            Self::Effort => "effort",
            Self::Workspace => "workspace",
            Self::Obstacle => "obstacle",
            Self::NotFinite => "not_finite",
            Self::Tracking => "tracking",
            Self::SecondWriter => "second_writer",
            Self::Session => "session",
        }
    }
}

/// Why a command of efforts moves nothing.
pub(crate) const EFFORT_REFUSED: &str = "effort: there is no torque control here: command positions or velocities, and leave effort empty";

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
        if cause == SafetyCause::Effort {
            return EFFORT_REFUSED.to_owned();
        }
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
    /// Lowest height of the frames of a chain with a tip over the root link, metres.
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

/// The one gate between policies and actuators.
///
/// A command with a value missing, too many or not finite is a stop, and so is one of efforts. Set points that
/// pass are within the joints' limits of position and velocity, and so is their change: of velocity and
/// acceleration since the command before, and since the measured state after a stop. Position set points
/// stay within a tracking tolerance of what is measured: a joint that is kept from following must not jump
/// when it is let go.
///
/// # Real-time
/// [`SafetyFilter::filter`] does not allocate once its buffers have their size.
#[derive(Debug, Clone)]
pub struct SafetyFilter {
    set_points: SetPointLimiter,
    /// From the root link to each tip.
    chains: Vec<Chain>,
    drive: Option<DifferentialDrive>,
    limits: SafetyLimits,
    emergency_stop: bool,
    interventions: u64,
}

impl SafetyFilter {
    /// A filter for one robot.
    ///
    /// # Errors
    /// [`Error::UnsuitableModel`] for a layout that does not fit the model.
    pub fn try_new(model: &RobotModel, limits: SafetyLimits) -> Result<Self, Error> {
        let root = &model.links[model.root].name;
        let chains = model.layout.chains.iter();
        let drives = model.layout.drive.is_some();
        Ok(Self {
            set_points: SetPointLimiter::new(model),
            chains: chains
                .map(|c| Chain::between(model, root, &c.tip))
                .collect::<Result<_, _>>()?,
            drive: match drives {
                true => Some(DifferentialDrive::from_model(model)?),
                false => None,
            },
            limits,
            emergency_stop: false,
            interventions: 0,
        })
    }

    /// Engages or resets the emergency stop.
    pub fn set_emergency_stop(&mut self, engaged: bool) {
        self.emergency_stop = engaged;
    }

    /// Changes what is let pass.
    pub fn set_limits(&mut self, limits: SafetyLimits) {
        self.limits = limits;
    }

    /// Commands changed or stopped so far.
    pub fn interventions(&self) -> u64 {
        self.interventions
    }

    /// The robot was held meanwhile: the next set points start from its measured state.
    pub fn forget(&mut self) {
        self.set_points.forget();
    }

    /// Position set points with which a robot that was held stays as it is: where its joints are
    /// measured, and its fingers as they were told, lest they lose what they hold. Radians and metres.
    pub fn held_position(&self, state: &RobotState, now: Time) -> Vec<f64> {
        self.set_points.held(state, now)
    }

    /// Judges `command`, changing it where needed. `others` are the robots that must not be run into.
    pub fn filter(
        &mut self,
        state: &RobotState,
        command: &mut ActuatorCommand,
        now: Time,
        others: &[OtherRobot],
    ) -> SafetyVerdict {
        let verdict = self.judge(state, command, now, others);
        if verdict.state >= SafetyState::Stopped {
            command.mode = CommandMode::Hold;
            command.position.clear();
            command.velocity.clear();
            command.effort.clear();
            self.set_points.forget();
        }
        if verdict.state != SafetyState::Normal {
            self.interventions += 1;
        }
        verdict
    }

    fn judge(
        &mut self,
        state: &RobotState,
        command: &mut ActuatorCommand,
        now: Time,
        others: &[OtherRobot],
    ) -> SafetyVerdict {
        if let Some(stop) = self
            .judge_state(state, now)
            .or_else(|| self.judge_values(command))
            .or_else(|| self.judge_place(state, command, others))
        {
            return stop;
        }
        let verdict = self.set_points.limit(state, command, now);
        if verdict.state == SafetyState::Normal {
            return verdict;
        }
        // Clamped set points lie elsewhere than those that were asked for.
        self.judge_place(state, command, others).unwrap_or(verdict)
    }

    /// Emergency stop, and whether the state may be moved on.
    fn judge_state(&self, state: &RobotState, now: Time) -> Option<SafetyVerdict> {
        let none = usize::MAX;
        if self.emergency_stop {
            let cause = SafetyCause::EmergencyStop;
            return Some(SafetyVerdict::new(
                SafetyState::Latched,
                cause,
                none,
                1.0,
                0.0,
            ));
        }
        let (age_s, allowed_s) = (now.seconds_since(state.stamp), self.limits.max_state_age_s);
        if state.fault.is_some() || age_s > allowed_s {
            return stop(SafetyCause::StaleState, none, age_s, allowed_s);
        }
        let count = self.set_points.joints();
        for values in [&state.position, &state.velocity] {
            if values.len() != count {
                return stop(
                    SafetyCause::NotFinite,
                    none,
                    values.len() as f64,
                    count as f64,
                );
            }
        }
        let base = state.base.pose.to_homogeneous();
        let mut all = state.position.iter().chain(&state.velocity).chain(&base);
        all.find(|v| !v.is_finite())
            .and_then(|v| stop(SafetyCause::NotFinite, none, *v, 0.0))
    }

    /// One finite value per joint, for the mode and wherever else there are values; no efforts.
    fn judge_values(&self, command: &ActuatorCommand) -> Option<SafetyVerdict> {
        if command.is_of_effort() {
            let given = command.effort.len() as f64;
            return stop(SafetyCause::Effort, usize::MAX, given, 0.0);
        }
        let count = self.set_points.joints();
        for (mode, values) in [
            (CommandMode::Position, &command.position),
            (CommandMode::Velocity, &command.velocity),
        ] {
            let optional = command.mode != mode && values.is_empty();
            if !optional && values.len() != count {
                let observed = values.len() as f64;
                return stop(SafetyCause::NotFinite, usize::MAX, observed, count as f64);
            }
            if let Some(joint) = values.iter().position(|v| !v.is_finite()) {
                return stop(SafetyCause::NotFinite, joint, values[joint], 0.0);
            }
        }
        None
    }

    /// Workspace, geofence and other robots.
    fn judge_place(
        &self,
        state: &RobotState,
        command: &ActuatorCommand,
        others: &[OtherRobot],
    ) -> Option<SafetyVerdict> {
        let stop = |cause, value, limit| stop(cause, usize::MAX, value, limit);
        let moved = self
            .chains
            .iter()
            .filter(|_| command.mode == CommandMode::Position);
        for chain in moved {
            let wanted = chain.lowest_frame_m(&chain.of_all(&command.position));
            let current = chain.lowest_frame_m(&chain.of_all(&state.position));
            // Leaving a forbidden region is always allowed.
            if wanted < self.limits.min_height_m && wanted < current - 1e-4 {
                return stop(SafetyCause::Workspace, wanted, self.limits.min_height_m);
            }
        }
        let drive = self.drive.as_ref()?;
        if command.mode != CommandMode::Velocity {
            return None;
        }
        let forward: f64 = drive.sides(&command.velocity).iter().sum();
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
            let (x, y) = (other.position.x - at.x, other.position.y - at.y);
            let offset = Vector3::new(x, y, 0.0);
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
}

fn stop(cause: SafetyCause, joint: usize, value: f64, limit: f64) -> Option<SafetyVerdict> {
    Some(SafetyVerdict::new(
        SafetyState::Stopped,
        cause,
        joint,
        value,
        limit,
    ))
}
