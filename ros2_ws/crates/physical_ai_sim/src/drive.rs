//! What sits between a command and a joint in a real robot: a servo drive with its own watchdog.

use physical_ai_domain::{ActuatorCommand, CommandMode, JointKind, JointLimits, Time};

use crate::servo::Servo;

/// Simulated seconds without a command after which a drive stops by itself.
pub const DRIVE_WATCHDOG_S: f64 = 0.04;

/// Acceleration of the drive's own ramps over that which motions are planned with: a robot at full planned
/// speed comes to rest within 100 ms of falling silent, detection included.
const RAMP_ACCELERATION_FACTOR: f64 = 4.0;

/// Steps of a set point's position that are not taken for jumps, radians or metres.
const SMOOTH_STEP: f64 = 1e-3;
/// Seconds of the drive's own acceleration: smaller steps of a set point's velocity are not taken for
/// jumps.
const SMOOTH_S: f64 = 0.005;

/// Seconds of holding after which a joint counts as at rest.
const SETTLED_S: f64 = 0.2;
/// Where a joint that turns is held further from its set point than this it is let go, radians: its motor is
/// at its limit.
const STRAINED_RAD: f64 = 0.02;
/// The same for one that slides, metres.
const STRAINED_M: f64 = 0.05;

/// How far from its set point a joint is held, radians or metres. What is between fingers keeps them as far from theirs as
/// it is wide, and has to stay held.
pub(crate) fn strain(kind: JointKind, is_finger: bool) -> f64 {
    match kind {
        _ if is_finger => f64::INFINITY,
        JointKind::Prismatic => STRAINED_M,
        _ => STRAINED_RAD,
    }
}

/// Set point of one joint.
#[derive(Debug, Clone, Copy, PartialEq)]
struct SetPoint {
    position: f64,
    velocity: f64,
}

impl SetPoint {
    fn advance(&mut self, dt_s: f64, limits: &JointLimits) {
        self.position = (self.position + self.velocity * dt_s).clamp(limits.lower, limits.upper);
    }

    /// Follows `wanted`: exactly while that moves smoothly, and with no more than `acceleration` after a
    /// jump, as there is one after a stop that who commands did not hear of; never faster than the joint may.
    fn follow(&mut self, wanted: &Self, limits: &JointLimits, dt_s: f64) {
        let (acceleration, fastest) = (
            RAMP_ACCELERATION_FACTOR * limits.acceleration,
            limits.velocity,
        );
        // What is left when both have moved on at the wanted velocity.
        let behind = wanted.position - (self.position + wanted.velocity * dt_s);
        let slower = wanted.velocity - self.velocity;
        if behind.abs() <= SMOOTH_STEP && slower.abs() <= acceleration * SMOOTH_S {
            *self = *wanted;
            return;
        }
        let closing = closing_speed(behind.abs(), acceleration, dt_s).copysign(behind);
        let most = acceleration * dt_s;
        self.velocity += (slower + closing).clamp(-most, most);
        self.velocity = self.velocity.clamp(-fastest, fastest);
        self.position += self.velocity * dt_s;
    }

    /// A controlled stop: fast, but along a ramp that the motors can follow. What something kept from its set
    /// point stays where it is `measured` then, instead of jumping when it comes loose.
    fn hold(&mut self, (most, servo): (f64, Servo), limits: &JointLimits, hold: Hold) {
        let step = RAMP_ACCELERATION_FACTOR * limits.acceleration * hold.dt_s;
        self.velocity -= self.velocity.clamp(-step, step);
        self.advance(hold.dt_s, limits);
        if servo == Servo::Position
            && hold.held_s > SETTLED_S
            && (self.position - hold.measured).abs() > most
        {
            self.position = hold.measured.clamp(limits.lower, limits.upper);
        }
    }
}

/// A step in which a joint is held, and for how long it was.
#[derive(Debug, Clone, Copy)]
struct Hold {
    measured: f64,
    held_s: f64,
    dt_s: f64,
}

/// Speed at which what is `distance` behind can still slow down in time with this deceleration.
fn closing_speed(distance: f64, deceleration: f64, dt_s: f64) -> f64 {
    let at_once = distance / dt_s;
    let ramp = (2.0 * deceleration * distance).sqrt() - deceleration * dt_s / 2.0;
    if 2.0 * distance <= deceleration * dt_s * dt_s {
        at_once
    } else {
        ramp
    }
}

/// Drives of one robot: set points, extrapolation between commands, ramps, stop on silence.
#[derive(Debug, Clone)]
pub(crate) struct Drives {
    /// With how far each is held from its set point.
    joints: Vec<(f64, Servo, JointLimits)>,
    /// What was commanded, moved on since then.
    wanted: Vec<SetPoint>,
    set_points: Vec<SetPoint>,
    mode: CommandMode,
    since_command_s: f64,
    /// Seconds since it began to hold.
    held_s: f64,
}

impl Drives {
    pub(crate) fn new(joints: Vec<(f64, Servo, JointLimits)>, positions: &[f64]) -> Self {
        let set_points: Vec<SetPoint> = positions
            .iter()
            .map(|p| SetPoint {
                position: *p,
                velocity: 0.0,
            })
            .collect();
        Self {
            joints,
            wanted: set_points.clone(),
            set_points,
            mode: CommandMode::Hold,
            since_command_s: 0.0,
            held_s: 0.0,
        }
    }

    /// Takes a command that has been checked for length and finiteness, at simulated time `now`.
    ///
    /// A position with its velocity is one of the command's stamp, as with drives whose clocks are
    /// synchronised: commands come by network a few milliseconds sooner or later, which would shake the arm.
    pub(crate) fn apply(&mut self, command: &ActuatorCommand, now: Time) {
        self.since_command_s = 0.0;
        let age_s = if command.stamp == Time::ZERO {
            0.0
        } else {
            now.seconds_since(command.stamp)
                .clamp(0.0, DRIVE_WATCHDOG_S)
        };
        // These drives have no effort mode: a command of it is a stop.
        self.mode = match command.mode {
            CommandMode::Effort => CommandMode::Hold,
            mode => mode,
        };
        for (i, wanted) in self.wanted.iter_mut().enumerate() {
            let velocity = command.velocity.get(i).copied().unwrap_or(0.0);
            match command.mode {
                CommandMode::Position => {
                    let limits = &self.joints[i].2;
                    wanted.position = command.position[i];
                    wanted.velocity = velocity.clamp(-limits.velocity, limits.velocity);
                    wanted.advance(age_s, limits);
                }
                CommandMode::Velocity => {
                    let limit = self.joints[i].2.velocity;
                    wanted.velocity = velocity.clamp(-limit, limit);
                    // Where an earlier command wanted it is past.
                    wanted.position = self.set_points[i].position;
                }
                CommandMode::Effort | CommandMode::Hold => {}
            }
        }
    }

    /// Starts anew from where the joints are, holding them there: after it had no power.
    pub(crate) fn restart(&mut self, positions: impl Iterator<Item = f64>) {
        for (set_point, position) in self.set_points.iter_mut().zip(positions) {
            set_point.position = position;
            set_point.velocity = 0.0;
        }
        self.wanted.clone_from(&self.set_points);
        self.mode = CommandMode::Hold;
    }

    /// True while the drive stops by itself or on command.
    pub(crate) fn is_holding(&self) -> bool {
        self.mode == CommandMode::Hold
    }

    /// Stops by itself until there is a command again.
    pub(crate) fn hold(&mut self) {
        self.mode = CommandMode::Hold;
    }

    /// Advances by one physics step and gives each joint's set point: position and velocity. `measured`: where each
    /// joint is, radians or metres.
    pub(crate) fn step(
        &mut self,
        dt_s: f64,
        measured: &[f64],
        mut control: impl FnMut(usize, f64, f64),
    ) {
        self.since_command_s += dt_s;
        if self.since_command_s > DRIVE_WATCHDOG_S {
            self.mode = CommandMode::Hold;
        }
        self.held_s = if self.is_holding() {
            self.held_s + dt_s
        } else {
            0.0
        };
        for (i, set_point) in self.set_points.iter_mut().enumerate() {
            let ((most, servo, limits), wanted) = (&self.joints[i], &mut self.wanted[i]);
            if *servo == Servo::Brake {
                // Stays where it is.
            } else if self.mode == CommandMode::Hold {
                let hold = Hold {
                    measured: measured[i],
                    held_s: self.held_s,
                    dt_s,
                };
                set_point.hold((*most, *servo), limits, hold);
            } else if *servo == Servo::Velocity {
                let step = RAMP_ACCELERATION_FACTOR * limits.acceleration * dt_s;
                set_point.velocity += (wanted.velocity - set_point.velocity).clamp(-step, step);
            } else {
                // Between commands they move on, so that 200 Hz commands give smooth motion.
                wanted.advance(dt_s, limits);
                set_point.follow(wanted, limits, dt_s);
            }
            control(i, set_point.position, set_point.velocity);
        }
    }
}

#[cfg(test)]
mod tests;
