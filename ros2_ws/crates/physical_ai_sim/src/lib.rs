//! The MuJoCo world: robots from URDF with drives and sensors as their drivers would show them.
//!
//! One [`SimulatedWorld`] holds any number of robots. It is deterministic: the same seed, commands and
//! number of steps give the same sensor data, bit for bit.

mod contact;
mod drive;
mod error;
mod faults;
mod hull;
mod mjcf;
mod mjcf_robot;
mod noise;
mod picture;
mod probe;
mod robot_setup;
mod separation;
mod servo;
mod simulated_robot;
mod simulated_world;

pub use drive::DRIVE_WATCHDOG_S;
pub use error::Error;
pub use faults::Fault;
pub use mjcf_robot::{ConvertedRobot, mjcf_to_urdf};
pub use noise::SensorNoise;
pub use picture::{PictureShape, render_png};
pub use robot_setup::RobotSetup;
pub use separation::Separation;
pub use simulated_world::{
    BaseTwist, ImuSample, JointSample, LaserSample, ObjectPose, SimulatedWorld,
};
