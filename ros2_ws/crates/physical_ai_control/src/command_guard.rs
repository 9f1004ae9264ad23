use physical_ai_domain::{ActuatorCommand, CommandMode, JointLimits, RobotModel, Time};

/// What the guard says about a command.
#[derive(Debug, Clone, PartialEq)]
pub enum GuardVerdict {
    /// Goes to the hardware as it is.
    Accept,
    /// Goes to the hardware, clamped to the joints' limits.
    Clamped,
    /// Is dropped, for this reason.
    Reject(String),
    /// Becomes a controlled stop, for this reason.
    Hold(String),
}

/// The last gate before the hardware: one source at a time, in order, fresh, finite, within limits.
/// Silence becomes a controlled stop, never the last value.
#[derive(Debug, Clone)]
pub struct CommandGuard {
    joints: Vec<JointLimits>,
    timeout_s: f64,
    source: Option<u64>,
    sequence: u64,
    last_steady_s: f64,
    holding: bool,
    emergency_stop: bool,
}

impl CommandGuard {
    /// A guard for one robot that stops it after `timeout_s` of silence.
    pub fn new(model: &RobotModel, timeout_s: f64) -> Self {
        Self {
            joints: model.movable().map(|j| j.limits).collect(),
            timeout_s,
            source: None,
            sequence: 0,
            last_steady_s: f64::NEG_INFINITY,
            holding: true,
            emergency_stop: false,
        }
    }

    /// Engages or resets the emergency stop.
    pub fn set_emergency_stop(&mut self, engaged: bool) {
        self.emergency_stop = engaged;
    }

    /// Changes the time of silence after which it stops.
    pub fn set_timeout_s(&mut self, timeout_s: f64) {
        self.timeout_s = timeout_s;
    }

    /// True while the robot is held because nobody commands it.
    pub fn is_holding(&self) -> bool {
        self.holding
    }

    /// Judges a command and changes it where needed.
    ///
    /// # Real-time
    /// Allocates only for the text of a refusal.
    pub fn check(
        &mut self,
        command: &mut ActuatorCommand,
        source: u64,
        sequence: u64,
        now: Time,
        steady_s: f64,
    ) -> GuardVerdict {
        let silent = steady_s - self.last_steady_s > self.timeout_s;
        match self.source {
            // A newer process takes over at once; an older one only after the newer fell silent.
            Some(current) if source < current && !silent => {
                return GuardVerdict::Reject(format!("source {source} is older than {current}"));
            }
            Some(current) if source == current && sequence <= self.sequence => {
                return GuardVerdict::Reject(format!(
                    "sequence {sequence} is not above {}",
                    self.sequence
                ));
            }
            _ => {}
        }
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
        self.source = Some(source);
        self.sequence = sequence;
        if let Some(reason) = self.fault(command) {
            self.hold(command);
            return GuardVerdict::Hold(reason);
        }
        self.last_steady_s = steady_s;
        if self.emergency_stop {
            self.hold(command);
            return GuardVerdict::Hold("the emergency stop is engaged".into());
        }
        self.holding = false;
        if self.clamp(command) {
            GuardVerdict::Clamped
        } else {
            GuardVerdict::Accept
        }
    }

    /// True once when silence has lasted too long: send a hold command then.
    pub fn poll(&mut self, steady_s: f64) -> bool {
        if self.holding || steady_s - self.last_steady_s <= self.timeout_s {
            return false;
        }
        self.holding = true;
        true
    }

    fn hold(&mut self, command: &mut ActuatorCommand) {
        self.holding = true;
        command.mode = CommandMode::Hold;
        command.position.clear();
        command.velocity.clear();
        command.effort.clear();
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
            (CommandMode::Effort, "effort", &command.effort),
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

    fn clamp(&self, command: &mut ActuatorCommand) -> bool {
        let mut changed = false;
        let mut limit = |value: &mut f64, low: f64, high: f64| {
            let clamped = value.clamp(low, high);
            changed |= clamped != *value;
            *value = clamped;
        };
        for (value, l) in command.position.iter_mut().zip(&self.joints) {
            limit(value, l.lower, l.upper);
        }
        for (value, l) in command.velocity.iter_mut().zip(&self.joints) {
            limit(value, -l.velocity, l.velocity);
        }
        for (value, l) in command.effort.iter_mut().zip(&self.joints) {
            limit(value, -l.effort, l.effort);
        }
        changed
    }
}

#[cfg(test)]
mod tests;
