//! Kinematics, trajectories, controllers, state estimation and the safety filter: pure functions and
//! small state machines that know nothing of ROS. Units are SI and radians, frames follow REP-103.

mod command_guard;
mod command_session;
mod diff_drive;
mod error;
mod error_statistics;
mod estimator;
#[cfg(test)]
mod fixtures;
mod floor;
mod imu_mount;
mod inverse_kinematics;
mod jacobian;
mod kinematics;
mod lidar_mount;
mod metrics;
mod navigation;
mod obstacles;
mod odometry;
mod rigid_bodies;
mod safety;
mod sample_gate;
mod self_collision;
mod sensor_pose;
mod stamp_check;
mod stop_follower;
mod strikes;
mod trajectory;
mod trajectory_following;

pub mod agent;
pub mod skills;

pub use command_guard::{CommandGuard, GuardVerdict};
pub use command_session::CommandSession;
pub use diff_drive::{DifferentialDrive, Wheel};
pub use error::Error;
pub(crate) use error_statistics::ErrorStatistics;
pub use estimator::{EstimatorOptions, ImuSample, News, StateEstimator};
pub use imu_mount::ImuMount;
pub use inverse_kinematics::{
    IkOptions, IkSolution, NoPosture, PoseTask, inverse_kinematics, solve,
};
pub use jacobian::Jacobian;
pub use kinematics::{Chain, ChainJoint, MAX_DOF, child_in_parent};
pub use lidar_mount::LidarMount;
pub use metrics::{Distribution, Summary};
pub use navigation::{DriveLimits, Navigator, Speed};
pub use obstacles::Obstacles;
pub use odometry::{Odometry, OdometrySnapshot};
pub use rigid_bodies::RigidBodies;
pub use safety::{SafetyCause, SafetyFilter, SafetyLimits, SafetyState, SafetyVerdict};
pub use sample_gate::{Continuity, JointSample, SampleGate, SampleLimits};
pub use stamp_check::check_stamp;
pub use stop_follower::{StopFollower, StopState};
pub use trajectory::{JointPoint, JointTrajectory, LIMIT_SHARE};
pub use trajectory_following::{
    JointTolerance, TrajectoryCode, TrajectoryFollower, TrajectoryFrom, TrajectoryGoal,
    TrajectoryPoint, TrajectoryProgress, TrajectoryViolation,
};
