//! What sits between a command and a joint in a real robot: a servo drive with its own watchdog.

use physical_ai_domain::{ActuatorCommand, CommandMode, JointKind, JointLimits};

/// Simulated seconds without a command after which a drive stops by itself.
pub const DRIVE_WATCHDOG_S: f64 = 0.04;

/// Deceleration of a stop over the acceleration that motions are planned with: a robot at full planned
/// speed comes to rest within 100 ms of falling silent, detection included.
const STOP_DECELERATION_FACTOR: f64 = 4.0;

/// Position gain of a joint's servo, in efforts at the limit per radian or metre.
const POSITION_GAIN_PER_EFFORT: f64 = 50.0;
/// Damping over stiffness of the position servo, seconds.
const DAMPING_RATIO_S: f64 = 0.02;
/// Velocity gain of a wheel's servo, in efforts at the limit per radian per second.
const VELOCITY_GAIN_PER_EFFORT: f64 = 0.5;

/// Gains of the MuJoCo actuator of a joint.
pub(crate) struct Gains {
    pub(crate) stiffness: f64,
    pub(crate) damping: f64,
}

pub(crate) fn gains(kind: JointKind, limits: &JointLimits) -> Gains {
    if kind == JointKind::Continuous {
        return Gains {
            stiffness: 0.0,
            damping: limits.effort * VELOCITY_GAIN_PER_EFFORT,
        };
    }
    let stiffness = limits.effort * POSITION_GAIN_PER_EFFORT;
    Gains {
        stiffness,
        damping: stiffness * DAMPING_RATIO_S,
    }
}

/// Set point of one joint.
#[derive(Debug, Clone, Copy, PartialEq)]
struct SetPoint {
    position: f64,
    velocity: f64,
}

/// Drives of one robot: set points, extrapolation between commands, stop on silence.
#[derive(Debug, Clone)]
pub(crate) struct Drives {
    joints: Vec<(JointKind, JointLimits)>,
    set_points: Vec<SetPoint>,
    mode: CommandMode,
    since_command_s: f64,
}

impl Drives {
    pub(crate) fn new(joints: Vec<(JointKind, JointLimits)>, positions: &[f64]) -> Self {
        let set_points = positions
            .iter()
            .map(|p| SetPoint {
                position: *p,
                velocity: 0.0,
            })
            .collect();
        Self {
            joints,
            set_points,
            mode: CommandMode::Hold,
            since_command_s: 0.0,
        }
    }

    /// Takes a command that has been checked for length and finiteness.
    pub(crate) fn apply(&mut self, command: &ActuatorCommand) {
        self.since_command_s = 0.0;
        self.mode = command.mode;
        for (i, set_point) in self.set_points.iter_mut().enumerate() {
            let velocity = command.velocity.get(i).copied().unwrap_or(0.0);
            match command.mode {
                CommandMode::Position => {
                    let limits = &self.joints[i].1;
                    set_point.position = command.position[i].clamp(limits.lower, limits.upper);
                    set_point.velocity = velocity.clamp(-limits.velocity, limits.velocity);
                }
                CommandMode::Velocity => {
                    let limit = self.joints[i].1.velocity;
                    set_point.velocity = velocity.clamp(-limit, limit);
                }
                CommandMode::Effort | CommandMode::Hold => {}
            }
        }
    }

    /// True while the drive stops by itself or on command.
    pub(crate) fn is_holding(&self) -> bool {
        self.mode == CommandMode::Hold
    }

    /// Advances by one physics step and gives the control value of each joint's actuator.
    pub(crate) fn step(&mut self, dt_s: f64, mut control: impl FnMut(usize, f64)) {
        self.since_command_s += dt_s;
        if self.since_command_s > DRIVE_WATCHDOG_S {
            self.mode = CommandMode::Hold;
        }
        for (i, set_point) in self.set_points.iter_mut().enumerate() {
            let (kind, limits) = &self.joints[i];
            if self.mode == CommandMode::Hold {
                // A controlled stop: fast, but along a ramp that the motors can follow.
                let step = STOP_DECELERATION_FACTOR * limits.acceleration * dt_s;
                set_point.velocity -= set_point.velocity.clamp(-step, step);
            }
            // Between commands the set point moves on, so that 200 Hz commands give smooth motion.
            set_point.position =
                (set_point.position + set_point.velocity * dt_s).clamp(limits.lower, limits.upper);
            let value = match kind {
                JointKind::Continuous => set_point.velocity,
                // The servo damps absolute velocity; this offset makes that the velocity error.
                _ => set_point.position + DAMPING_RATIO_S * set_point.velocity,
            };
            control(i, value);
        }
    }
}
