//! Joint trajectories of somebody else's planner, followed as control_msgs/action/FollowJointTrajectory
//! and ros2_control's joint_trajectory_controller define it.

mod blend;
mod follower;
mod goal;
mod outcome;
mod spline;
mod tolerance;

#[cfg(test)]
mod tests;

pub use follower::{TrajectoryFollower, TrajectoryFrom};
pub use goal::{TrajectoryGoal, TrajectoryPoint};
pub use outcome::{TrajectoryCode, TrajectoryProgress, TrajectoryViolation};
pub use tolerance::JointTolerance;
