//! What drives a joint, and how hard.

use physical_ai_domain::{Joint, JointKind};

use crate::RobotSetup;

/// Damping over stiffness of the position servo, seconds. A stiff servo with it closes in on its set point with this
/// time constant, whatever the inertia behind it and without swinging past; MuJoCo's implicit integration of the
/// damping keeps that stable for any stiffness.
const DAMPING_RATIO_S: f64 = 0.02;
/// Stiffness over joint-space inertia from which on a servo with that ratio is damped critically, 1/s².
const CRITICAL_STIFFNESS_PER_INERTIA: f64 = 4.0 / (DAMPING_RATIO_S * DAMPING_RATIO_S);
/// Most stiffness over inertia that the effort limit may call for, 1/s²: beyond it a drive is no better, and the numbers
/// are worse.
const MOST_STIFFNESS_PER_INERTIA: f64 = 1e8;
/// Share of its effort that a drive needs for dry friction at most.
const MOST_FRICTION_PER_EFFORT: f64 = 0.5;
/// How far dry friction may keep a joint from its set point, radians or metres.
const STUCK_BY_FRICTION: f64 = 1e-3;
/// Position gain of a joint's servo, in efforts at the limit per radian or metre.
const POSITION_GAIN_PER_EFFORT: f64 = 50.0;
/// Velocity gain of a wheel's servo, in efforts at the limit per radian per second.
const VELOCITY_GAIN_PER_EFFORT: f64 = 0.5;
/// Seconds in which the integral of a wheel's servo does as much as its gain: a wheel comes to its set point whatever
/// load is on it, as the friction of its joint or the scrubbing of its tyre.
const VELOCITY_INTEGRAL_S: f64 = 0.2;
/// Least velocity gain of a wheel over the inertia of wheel and rotor, 1/s.
const LEAST_VELOCITY_GAIN_PER_INERTIA: f64 = 50.0;

/// Dry friction of a joint, N m or N, as far as its drive can overcome it: some descriptions give as much friction as
/// effort.
pub(crate) fn friction(joint: &Joint) -> f64 {
    joint
        .friction
        .min(joint.limits.effort * MOST_FRICTION_PER_EFFORT)
}

/// What drives a joint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Servo {
    /// Follows positions.
    Position,
    /// Follows velocities: a wheel.
    Velocity,
    /// Nothing moves it: it may not be moved until somebody gives its limits, or its limits leave it no way. A brake
    /// holds it.
    Brake,
    /// Nothing drives it and it turns freely: a castor.
    Free,
}

impl Servo {
    /// What drives a joint (by its index in the model) of a robot.
    pub(crate) fn of(setup: &RobotSetup, joint: usize) -> Self {
        let part = &setup.model.joints[joint];
        if setup.is_wheel(&part.name) {
            return Self::Velocity;
        }
        let is_castor = setup.is_mobile()
            && part.kind == JointKind::Continuous
            && !setup.is_in_chain(joint)
            && !setup.is_finger(joint);
        if is_castor {
            Self::Free
        } else if part.motion_block().is_some() || part.is_locked() {
            Self::Brake
        } else {
            Self::Position
        }
    }

    /// Gains of the actuator of a joint that has this inertia at most, kg m² or kg.
    pub(crate) fn gains(self, joint: &Joint, inertia: f64) -> Gains {
        let effort = joint.limits.effort;
        match self {
            Self::Free => Gains {
                stiffness: 0.0,
                damping: 0.0,
                effort,
            },
            Self::Velocity => {
                let least = LEAST_VELOCITY_GAIN_PER_INERTIA * inertia;
                let wanted = if effort.is_finite() {
                    effort * VELOCITY_GAIN_PER_EFFORT
                } else {
                    0.0
                };
                Gains {
                    stiffness: 0.0,
                    damping: wanted.max(least),
                    effort,
                }
            }
            Self::Position | Self::Brake => {
                let least = (CRITICAL_STIFFNESS_PER_INERTIA * inertia)
                    .max(friction(joint) / STUCK_BY_FRICTION);
                let most = MOST_STIFFNESS_PER_INERTIA * inertia;
                let stiffness = (effort * POSITION_GAIN_PER_EFFORT).min(most).max(least);
                Gains {
                    stiffness,
                    damping: stiffness * DAMPING_RATIO_S,
                    effort,
                }
            }
        }
    }
}

/// Gains of the MuJoCo actuator of a joint: its force is `stiffness * (control - position) - damping * velocity`, of a
/// wheel `damping * (control - velocity)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Gains {
    pub(crate) stiffness: f64,
    pub(crate) damping: f64,
    /// Most that the drive can do, N m or N.
    pub(crate) effort: f64,
}

impl Gains {
    /// What the integral of a wheel's servo adds to its effort after one more step, N m, given what it did before and how
    /// much slower the wheel is than its set point, radians per second. It does not grow while the drive is at its limit.
    pub(crate) fn integral(self, before: f64, slower_rps: f64, dt_s: f64) -> f64 {
        let wanted = self.damping * slower_rps + before;
        if wanted.abs() >= self.effort && wanted * slower_rps > 0.0 {
            return before;
        }
        before + self.damping * slower_rps * dt_s / VELOCITY_INTEGRAL_S
    }

    /// Control value that brings a joint to a set point and carries `load` there, N m or N: what the robot's own weight
    /// and motion ask of the joint, as drives with a model of the dynamics know it.
    pub(crate) fn control(self, position: f64, velocity: f64, load: f64) -> f64 {
        if self.stiffness > 0.0 {
            // The servo damps absolute velocity; this offset makes that the velocity error.
            position + (self.damping * velocity + load) / self.stiffness
        } else if self.damping > 0.0 {
            velocity + load / self.damping
        } else {
            0.0
        }
    }
}
