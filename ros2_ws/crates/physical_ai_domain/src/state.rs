use nalgebra::Isometry3;
use serde::{Deserialize, Serialize};

use crate::{RobotName, Time};

/// Pose and velocity of a robot's base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaseState {
    /// Base in its odometry frame (rovers) or in the world (fixed robots), metres.
    pub pose: Isometry3<f64>,
    /// Linear velocity along the base's x, metres per second.
    pub forward_mps: f64,
    /// Angular velocity about the base's z, radians per second.
    pub yaw_rate_rps: f64,
    /// Row-major covariance over x, y (metres) and yaw (radians).
    pub covariance: [f64; 9],
}

impl Default for BaseState {
    fn default() -> Self {
        Self {
            pose: Isometry3::identity(),
            forward_mps: 0.0,
            yaw_rate_rps: 0.0,
            covariance: [0.0; 9],
        }
    }
}

/// State estimate of one robot: what control works from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RobotState {
    /// Whose state.
    pub robot: RobotName,
    /// ROS time of the newest sensor sample used.
    pub stamp: Time,
    /// Position of each joint of the model, in the model's order: radians or metres.
    pub position: Vec<f64>,
    /// Velocity of each joint: radians or metres per second.
    pub velocity: Vec<f64>,
    /// The base.
    pub base: BaseState,
    /// Why the estimate must not be used for motion; `None`: it may.
    pub fault: Option<String>,
}
