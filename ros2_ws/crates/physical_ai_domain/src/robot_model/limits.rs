use std::fmt;

use super::joint::JointKind;

/// Acceleration limit where a description gives none, as a multiple of the velocity limit per second.
const DEFAULT_ACCELERATION_PER_VELOCITY: f64 = 4.0;

/// Part of the tracking tolerance that does not grow with a joint's speed, radians or metres: more than what
/// a gripper's fingers hold keeps them from their set point.
const TRACKING_MARGIN: f64 = 0.05;
/// Seconds of motion at full speed by which a joint may be behind its set point.
const TRACKING_S: f64 = 0.05;

/// Limits of a joint that its description, a robot file or a user gave; what nobody gave is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct GivenLimits {
    /// Lowest position, radians or metres.
    pub lower: Option<f64>,
    /// Highest position, radians or metres.
    pub upper: Option<f64>,
    /// Largest speed, radians or metres per second; a 0 in a description says "not given".
    pub velocity: Option<f64>,
    /// Largest effort, newton metres or newtons; a 0 in a description says "not given".
    pub effort: Option<f64>,
    /// Largest acceleration, radians or metres per second squared.
    pub acceleration: Option<f64>,
    /// Largest deceleration, radians or metres per second squared.
    pub deceleration: Option<f64>,
    /// Largest jerk, radians or metres per second cubed.
    pub jerk: Option<f64>,
}

impl GivenLimits {
    /// These, and where one is not given that of `missing`.
    #[must_use]
    pub fn or(self, missing: &Self) -> Self {
        Self {
            lower: self.lower.or(missing.lower),
            upper: self.upper.or(missing.upper),
            velocity: self.velocity.or(missing.velocity),
            effort: self.effort.or(missing.effort),
            acceleration: self.acceleration.or(missing.acceleration),
            deceleration: self.deceleration.or(missing.deceleration),
            jerk: self.jerk.or(missing.jerk),
        }
    }
}

/// Limits of a joint that hold: what was given, and what is assumed where nothing was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JointLimits {
    /// Lowest position, radians or metres; `-inf` for continuous joints.
    pub lower: f64,
    /// Highest position; `inf` for continuous joints.
    pub upper: f64,
    /// Largest speed, radians or metres per second; 0 where none is given, and then the joint may not be
    /// moved ([`crate::Joint::motion_block`]).
    pub velocity: f64,
    /// Largest acceleration and deceleration, radians or metres per second squared; four times the velocity
    /// limit where none is given.
    pub acceleration: f64,
    /// Largest jerk, radians or metres per second cubed; `inf` where none is given.
    pub jerk: f64,
    /// Largest effort, newton metres or newtons; `inf` where none is given, and then the joint may not be
    /// moved ([`crate::Joint::motion_block`]).
    pub effort: f64,
}

impl JointLimits {
    /// Nothing limits it: a fixed joint, or one that nobody moves.
    pub const NONE: Self = Self {
        lower: f64::NEG_INFINITY,
        upper: f64::INFINITY,
        velocity: f64::INFINITY,
        acceleration: f64::INFINITY,
        jerk: f64::INFINITY,
        effort: f64::INFINITY,
    };

    /// What holds for a joint of this kind where this was given. A bound left out is 0, as URDF says.
    pub fn from_given(kind: JointKind, given: &GivenLimits) -> Self {
        if matches!(kind, JointKind::Fixed | JointKind::Floating) {
            return Self::NONE;
        }
        let (lower, upper) = match kind {
            JointKind::Continuous => (f64::NEG_INFINITY, f64::INFINITY),
            _ => (given.lower.unwrap_or(0.0), given.upper.unwrap_or(0.0)),
        };
        let velocity = given.velocity.unwrap_or(0.0);
        let acceleration = given
            .acceleration
            .unwrap_or(velocity * DEFAULT_ACCELERATION_PER_VELOCITY);
        Self {
            lower,
            upper,
            velocity,
            acceleration: acceleration.min(given.deceleration.unwrap_or(f64::INFINITY)),
            jerk: given.jerk.unwrap_or(f64::INFINITY),
            effort: given.effort.unwrap_or(f64::INFINITY),
        }
    }

    /// How far a position set point may be from where the joint was measured `age_s` seconds ago, radians or
    /// metres. What is further away would make the joint jump as soon as it can follow.
    pub fn tracking_tolerance(&self, age_s: f64) -> f64 {
        TRACKING_MARGIN + self.velocity * (TRACKING_S + age_s.max(0.0))
    }
}

/// Why a joint that can move may not be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MotionBlock {
    /// Nobody said how fast it may be.
    NoVelocityLimit,
    /// Nobody said how strong its drive is.
    NoEffortLimit,
}

impl fmt::Display for MotionBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = match self {
            Self::NoVelocityLimit => "velocity",
            Self::NoEffortLimit => "effort",
        };
        write!(
            f,
            "its {limit} limit is not given: give one in the robot file or in the <limit> of its description"
        )
    }
}
