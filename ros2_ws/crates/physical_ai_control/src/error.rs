use physical_ai_domain::{ErrorCode, MotionBlock};
use thiserror::Error;

use crate::NoPosture;

/// What can go wrong in control.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// A target that the robot cannot take.
    #[error("target ({x_m:.3}, {y_m:.3}, {z_m:.3}) m is out of reach of {robot}: {why}")]
    Unreachable {
        /// Robot.
        robot: String,
        /// Target in the robot's base frame, metres.
        x_m: f64,
        /// Target in the robot's base frame, metres.
        y_m: f64,
        /// Target in the robot's base frame, metres.
        z_m: f64,
        /// Why.
        why: NoPosture,
    },
    /// Arrays that should have one value per joint do not.
    #[error("{field} has {observed} values: {expected} are needed")]
    WrongLength {
        /// Field.
        field: &'static str,
        /// Values given.
        observed: usize,
        /// Values needed.
        expected: usize,
    },
    /// A joint trajectory that cannot be followed.
    #[error("{field} {problem}")]
    InvalidTrajectory {
        /// Field, as the goal names it.
        field: String,
        /// Value and what is allowed.
        problem: String,
    },
    /// A joint trajectory for joints that the robot has not.
    #[error("{field}: {problem}")]
    TrajectoryJoints {
        /// Field, as the goal names it.
        field: String,
        /// Name and those that are known.
        problem: String,
    },
    /// A joint trajectory that is over before it arrives.
    #[error(
        "trajectory.header.stamp: its last point was due {over_s:.3} s ago: send it earlier, or with stamp 0 for now"
    )]
    OldTrajectory {
        /// Seconds since its end.
        over_s: f64,
    },
    /// A number that must be finite is not.
    #[error("{field} is {value}: it must be finite")]
    NotFinite {
        /// Field, with its index.
        field: String,
        /// The value.
        value: f64,
    },
    /// A position beyond a joint's limits.
    #[error("{joint}: {value:.4} is outside {lower:.4} to {upper:.4}")]
    JointLimit {
        /// Joint.
        joint: String,
        /// Position asked for, radians or metres.
        value: f64,
        /// Lower limit.
        lower: f64,
        /// Upper limit.
        upper: f64,
    },
    /// A joint that shall move and of which nobody said how.
    #[error("{joint} may not be moved: {block}")]
    Immovable {
        /// Joint.
        joint: String,
        /// What is missing, and where to give it.
        block: MotionBlock,
    },
    /// Sensor samples that go back in time, or stand still.
    #[error("{field} is {age_s:.3} s old: at most {allowed_s:.3} s is allowed")]
    Stale {
        /// What is stale.
        field: &'static str,
        /// Its age, seconds.
        age_s: f64,
        /// Oldest allowed, seconds.
        allowed_s: f64,
    },
    /// A sample of a sensor that cannot be true.
    #[error("{field} {problem}")]
    Implausible {
        /// Field.
        field: String,
        /// Value and what is allowed.
        problem: String,
    },
    /// Task parameters that do not fit the skill.
    #[error("params.{field}: {problem}")]
    InvalidParams {
        /// Field.
        field: String,
        /// Value and what is allowed.
        problem: String,
    },
    /// Links that would run into each other.
    #[error(
        "{first} and {second} would run into each other {percent} % of the way there: choose another posture, or go \
         by another one"
    )]
    SelfCollision {
        /// Link.
        first: String,
        /// Link.
        second: String,
        /// Where on the way, 0 to 100.
        percent: f64,
    },
    /// An arm that shall put down what it does not hold.
    #[error(
        "params.place: {robot} holds nothing that it could put down at {place}: its fingers are {gap_m:.3} m apart \
         and no object is seen between them; pick one first"
    )]
    NothingHeld {
        /// Robot.
        robot: String,
        /// Place.
        place: String,
        /// Distance between the fingers, metres.
        gap_m: f64,
    },
    /// A goal on the floor where the robot cannot stand, or cannot get to.
    #[error("params.{field}: {goal} cannot be reached: {problem}")]
    NoWay {
        /// Field that names the goal.
        field: String,
        /// The goal.
        goal: String,
        /// What is in the way, and what is allowed.
        problem: String,
    },
    /// Links between which there is no chain.
    #[error("robot {robot} {problem}")]
    UnsuitableChain {
        /// Robot.
        robot: String,
        /// What is missing.
        problem: String,
    },
    /// The model has not what the controller needs.
    #[error("robot {robot} {problem}")]
    UnsuitableModel {
        /// Robot.
        robot: String,
        /// What is missing.
        problem: String,
    },
    /// A limit beyond what the joints can do.
    #[error("{field} is {value}: the wheels of {robot} allow at most {most:.3}")]
    BeyondModel {
        /// Field, with its unit.
        field: &'static str,
        /// The value.
        value: f64,
        /// Robot.
        robot: String,
        /// Largest value, in the field's unit.
        most: f64,
    },
    /// Limits that contradict themselves.
    #[error("{field}: {problem}")]
    InvalidLimit {
        /// Field.
        field: &'static str,
        /// Value and what is allowed.
        problem: String,
    },
    /// Wheels that turned further than they can while nobody looked.
    #[error(
        "the wheels turned by {radians:.1} rad in {away_s:.2} s: they were reset, or it is another run"
    )]
    WheelsJumped {
        /// Larger angle of the two.
        radians: f64,
        /// Time since the snapshot, seconds.
        away_s: f64,
    },
}

impl Error {
    /// The code of a task that was refused for this reason.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unreachable { .. } | Self::NoWay { .. } | Self::SelfCollision { .. } => {
                ErrorCode::Unreachable
            }
            Self::NothingHeld { .. } => ErrorCode::GraspFailed,
            Self::InvalidParams { field, .. } if field == "skill" => ErrorCode::UnknownSkill,
            _ => ErrorCode::InvalidParams,
        }
    }
}
