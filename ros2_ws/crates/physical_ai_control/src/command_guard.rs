use physical_ai_domain::{ActuatorCommand, CommandMode, JointLimits, RobotModel, RobotState, Time};

use crate::SafetyCause;
use crate::safety::EFFORT_REFUSED;

/// Oldest state on which a robot may be moved, seconds of ROS time: the agents judge by less.
const MAX_STATE_AGE_S: f64 = 0.2;
/// What an agent knows of its robot may be newer than what is known here, seconds.
const SLACK_S: f64 = 0.02;
/// Share of the velocity limit by which steps of set points may exceed it: more than agents allow.
const STEP_TOLERANCE: f64 = 1.1;
/// Steps that are rounding, radians or metres.
const STEP_MARGIN: f64 = 1e-4;
/// Longest interval over which set points may move on.
const LONGEST_INTERVAL_S: f64 = 0.1;

/// What the guard says about a command.
#[derive(Debug, Clone, PartialEq)]
pub enum GuardVerdict {
    /// Goes to the hardware as it is.
    Accept,
    /// Goes to the hardware, changed because of this.
    Clamped(SafetyCause),
    /// Is dropped, for this reason.
    Reject(String),
    /// Becomes a controlled stop, because of this and with this reason.
    Hold(SafetyCause, String),
}

/// The last gate before the hardware: fresh, finite, within limits, near what is measured. Whose commands
/// come here at all is up to a [`CommandSession`](crate::CommandSession).
///
/// Silence becomes a controlled stop, never the last value; and whatever held the robot, its set points start
/// anew from where it is measured.
#[derive(Debug, Clone)]
pub struct CommandGuard {
    joints: Vec<JointLimits>,
    names: Vec<String>,
    timeout_s: f64,
    last_steady_s: f64,
    holding: bool,
    emergency_stop: bool,
    measured: Vec<f64>,
    /// Stamp of what is measured, or why nothing is known.
    measured_at: Result<Time, String>,
    /// The last position set points and their time; none after a hold.
    told: Vec<f64>,
    told_at: Option<Time>,
}

impl CommandGuard {
    /// A guard for one robot that stops it after `timeout_s` of silence.
    pub fn new(model: &RobotModel, timeout_s: f64) -> Self {
        Self {
            joints: model.movable().map(|j| j.limits).collect(),
            names: model.joint_names(),
            timeout_s,
            last_steady_s: f64::NEG_INFINITY,
            holding: true,
            emergency_stop: false,
            measured: Vec::new(),
            measured_at: Err("no state of this robot has arrived yet".to_owned()),
            told: Vec::new(),
            told_at: None,
        }
    }

    /// Engages or resets the emergency stop.
    pub fn set_emergency_stop(&mut self, engaged: bool) {
        self.emergency_stop = engaged;
        self.release();
    }

    /// Changes the time of silence after which it stops.
    pub fn set_timeout_s(&mut self, timeout_s: f64) {
        self.timeout_s = timeout_s;
    }

    /// True while the robot is held because nobody commands it.
    pub fn is_holding(&self) -> bool {
        self.holding
    }

    /// The robot is held for a reason of somebody else's: set points start anew after it.
    pub fn release(&mut self) {
        self.holding = true;
        self.told_at = None;
    }

    /// Takes where the robot is.
    ///
    /// # Real-time
    /// Allocates only for the text of a fault.
    pub fn observe(&mut self, state: &RobotState) {
        if let Some(fault) = &state.fault {
            self.measured_at = Err(format!("its state is faulty: {fault}"));
        } else if state.position.len() != self.joints.len() {
            let (observed, expected) = (state.position.len(), self.joints.len());
            self.measured_at = Err(format!(
                "its state has {observed} positions, not {expected}"
            ));
        } else if let Some(i) = state.position.iter().position(|p| !p.is_finite()) {
            self.measured_at = Err(format!("position[{i}] of its state is not finite"));
        } else {
            self.measured.clone_from(&state.position);
            self.measured_at = Ok(state.stamp);
        }
    }

    /// Why this robot may not be moved on what is known of it at `now`; `None`: it may.
    pub fn state_fault(&self, now: Time) -> Option<String> {
        match &self.measured_at {
            Err(reason) => Some(reason.clone()),
            Ok(stamp) if now.seconds_since(*stamp) > MAX_STATE_AGE_S => {
                Some("its state is old".to_owned())
            }
            Ok(_) => None,
        }
    }

    /// Judges a command and changes it where needed.
    ///
    /// # Real-time
    /// Allocates only for the text of a refusal.
    pub fn check(
        &mut self,
        command: &mut ActuatorCommand,
        now: Time,
        steady_s: f64,
    ) -> GuardVerdict {
        let age_s = now.seconds_since(command.stamp);
        // A validity that is no number must not make a command valid for ever.
        if age_s > command.valid_for_s || command.valid_for_s.is_nan() {
            return GuardVerdict::Reject(format!(
                "stamp is {age_s:.3} s old, but the command is valid for {:.3} s",
                command.valid_for_s
            ));
        }
        if age_s < -command.valid_for_s {
            return GuardVerdict::Reject(format!(
                "stamp is {:.3} s in the future: the clocks of two machines, or of the simulation, differ",
                -age_s
            ));
        }
        if command.is_of_effort() {
            return self.hold(command, SafetyCause::Effort, EFFORT_REFUSED.to_owned());
        }
        if let Some(reason) = self.fault(command) {
            return self.hold(command, SafetyCause::NotFinite, reason);
        }
        // Who was silent is not heard in mid motion again: the robot was held meanwhile.
        if steady_s - self.last_steady_s > self.timeout_s {
            self.release();
        }
        self.last_steady_s = steady_s;
        if self.emergency_stop {
            let reason = "the emergency stop is engaged".to_owned();
            return self.hold(command, SafetyCause::EmergencyStop, reason);
        }
        if command.mode == CommandMode::Hold {
            self.told_at = None;
            self.holding = false;
            return GuardVerdict::Accept;
        }
        if let Some(reason) = self.state_fault(now) {
            return self.hold(command, SafetyCause::StaleState, reason);
        }
        let mut cause = self.clamp(command);
        if command.mode == CommandMode::Position {
            match self.step(command, now) {
                Ok(None) => {}
                Ok(Some(step)) => cause = Some(step),
                Err(reason) => return self.hold(command, SafetyCause::Tracking, reason),
            }
        } else {
            self.told_at = None;
        }
        self.holding = false;
        cause.map_or(GuardVerdict::Accept, GuardVerdict::Clamped)
    }

    /// True once when silence has lasted too long: send a hold command then.
    pub fn poll(&mut self, steady_s: f64) -> bool {
        if self.holding || steady_s - self.last_steady_s <= self.timeout_s {
            return false;
        }
        self.release();
        true
    }

    fn hold(
        &mut self,
        command: &mut ActuatorCommand,
        cause: SafetyCause,
        reason: String,
    ) -> GuardVerdict {
        self.release();
        command.mode = CommandMode::Hold;
        command.position.clear();
        command.velocity.clear();
        command.effort.clear();
        GuardVerdict::Hold(cause, reason)
    }

    /// What makes it no command: a value that is missing, too many or not finite.
    fn fault(&self, command: &ActuatorCommand) -> Option<String> {
        if command.mode == CommandMode::Hold {
            return None;
        }
        let count = self.joints.len();
        for (mode, field, values) in [
            (CommandMode::Position, "position", &command.position),
            (CommandMode::Velocity, "velocity", &command.velocity),
        ] {
            let optional = command.mode != mode && values.is_empty();
            if !optional && values.len() != count {
                return Some(format!("{field} has {} values, not {count}", values.len()));
            }
            if let Some(i) = values.iter().position(|v| !v.is_finite()) {
                return Some(format!("{field}[{i}] is {}", values[i]));
            }
        }
        None
    }

    /// Keeps values within the joints' limits; says which one counted first.
    fn clamp(&self, command: &mut ActuatorCommand) -> Option<SafetyCause> {
        let mut hit = None;
        let mut limit = |value: &mut f64, low: f64, high: f64, cause: SafetyCause| {
            let clamped = value.clamp(low, high);
            if clamped != *value {
                hit = hit.or(Some(cause));
            }
            *value = clamped;
        };
        for (value, l) in command.position.iter_mut().zip(&self.joints) {
            limit(value, l.lower, l.upper, SafetyCause::PositionLimit);
        }
        for (value, l) in command.velocity.iter_mut().zip(&self.joints) {
            limit(value, -l.velocity, l.velocity, SafetyCause::VelocityLimit);
        }
        hit
    }

    /// Keeps position set points near what is measured, and their steps within the velocity limits.
    ///
    /// # Errors
    /// A motion that does not begin where the robot is.
    fn step(
        &mut self,
        command: &mut ActuatorCommand,
        now: Time,
    ) -> Result<Option<SafetyCause>, String> {
        let age_s = match &self.measured_at {
            Ok(stamp) => now.seconds_since(*stamp).max(0.0) + SLACK_S,
            Err(reason) => return Err(reason.clone()),
        };
        // A clock that went back is that of another world.
        let told_at = self.told_at.filter(|at| *at <= command.stamp);
        let dt_s = told_at.map(|at| {
            command
                .stamp
                .seconds_since(at)
                .clamp(0.0, LONGEST_INTERVAL_S)
        });
        let mut hit = None;
        for (i, limits) in self.joints.iter().enumerate() {
            let (asked, measured) = (command.position[i], self.measured[i]);
            let reach = limits.tracking_tolerance(age_s);
            let ahead = (asked - measured).abs();
            let mut next = asked;
            match dt_s {
                None if ahead > reach => {
                    return Err(format!(
                        "{} is told to be at {asked:.4}, but measured at {measured:.4}: a motion begins \
                         within {reach:.4} of where the robot is",
                        self.names[i]
                    ));
                }
                None => {}
                Some(dt_s) => {
                    let most = STEP_TOLERANCE * limits.velocity * dt_s + STEP_MARGIN;
                    let told = self.told[i];
                    if (next - told).abs() > most {
                        next = next.clamp(told - most, told + most);
                        hit = Some(SafetyCause::VelocityLimit);
                    }
                    if (next - measured).abs() > reach {
                        next = next.clamp(measured - reach, measured + reach);
                        hit = Some(SafetyCause::Tracking);
                    }
                }
            }
            if next != asked {
                command.position[i] = next.clamp(limits.lower, limits.upper);
                // A feed-forward that belongs to another motion would push against this one.
                if let Some(velocity) = command.velocity.get_mut(i) {
                    *velocity = 0.0;
                }
            }
        }
        self.told.clone_from(&command.position);
        self.told_at = Some(command.stamp);
        Ok(hit)
    }
}

#[cfg(test)]
mod tests;
