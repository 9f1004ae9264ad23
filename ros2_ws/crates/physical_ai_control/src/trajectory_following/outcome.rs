use crate::Error;

/// How a goal ended; the numbers are those of control_msgs/action/FollowJointTrajectory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum TrajectoryCode {
    /// Every joint was measured within its goal tolerance; or it was cancelled, which has no number of its own.
    Successful = 0,
    /// The goal could not be followed, or it was replaced by a newer one.
    InvalidGoal = -1,
    /// It names joints that the robot has not, or one twice.
    InvalidJoints = -2,
    /// All of it lies in the past.
    OldHeaderTimestamp = -3,
    /// The robot left the path, or does not follow it any more.
    PathToleranceViolated = -4,
    /// The robot did not come to the end in time.
    GoalToleranceViolated = -5,
}

impl From<&Error> for TrajectoryCode {
    /// The code of a goal that was refused for this reason.
    fn from(error: &Error) -> Self {
        match error {
            Error::TrajectoryJoints { .. } => Self::InvalidJoints,
            Error::OldTrajectory { .. } => Self::OldHeaderTimestamp,
            _ => Self::InvalidGoal,
        }
    }
}

/// A joint that is further from where it shall be than it may.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrajectoryViolation {
    /// Index of the joint among the robot's movable ones.
    pub joint: usize,
    /// It is its velocity that is off, not its position.
    pub is_velocity: bool,
    /// Where it shall be, radians, metres, or per second.
    pub desired: f64,
    /// What is measured.
    pub actual: f64,
    /// Largest difference that the goal allows.
    pub tolerance: f64,
}

impl TrajectoryViolation {
    /// Joint, values and limit in words.
    pub fn text(&self, joint_names: &[String]) -> String {
        let name = joint_names.get(self.joint).map_or("?", String::as_str);
        let (what, unit) = if self.is_velocity {
            ("moves at", "rad/s or m/s")
        } else {
            ("is at", "rad or m")
        };
        let off = (self.actual - self.desired).abs();
        format!(
            "{name} {what} {:.5}, {off:.5} {unit} from {:.5}; {:.5} is allowed",
            self.actual, self.desired, self.tolerance
        )
    }
}

/// Where the following of a trajectory is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TrajectoryProgress {
    /// It goes on.
    Following,
    /// Measured at its end within all tolerances: the joint that is furthest off, and by how much.
    Reached(usize, f64),
    /// A joint left the path.
    PathViolated(TrajectoryViolation),
    /// A joint did not come to the end in time.
    GoalViolated(TrajectoryViolation),
}
