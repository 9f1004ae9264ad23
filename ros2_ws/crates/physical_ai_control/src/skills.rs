//! What robots can do, as state machines that are ticked with each state estimate.

mod arm;
mod parameters;
mod rover;

use std::collections::BTreeMap;

use nalgebra::Isometry3;
use physical_ai_domain::{ActuatorCommand, ErrorCode, RobotState, Time};

pub use arm::{ArmBody, ArmSkill};
pub use parameters::{Offer, Site, offers};
pub use rover::{RoverBody, RoverSkill};

use crate::{DriveLimits, Obstacles};

/// A movable object as perception reports it, in the world frame.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenObject {
    /// Its centre, metres.
    pub pose: Isometry3<f64>,
    /// Full extents, metres.
    pub size_m: [f64; 3],
}

/// What a robot knows about its surroundings.
#[derive(Debug, Clone, Default)]
pub struct Perception {
    /// Newest lidar turn of this robot.
    pub obstacles: Obstacles,
    /// ROS time of that turn.
    pub obstacles_stamp: Time,
    /// Objects by name.
    pub objects: BTreeMap<String, SeenObject>,
    /// ROS time at which they were seen.
    pub objects_stamp: Time,
}

/// What a skill is ticked with.
pub struct Tick<'a> {
    /// ROS time.
    pub now: Time,
    /// Seconds since the previous tick.
    pub dt_s: f64,
    /// Newest estimate.
    pub state: &'a RobotState,
    /// Newest surroundings.
    pub perception: &'a Perception,
}

/// Where a skill is.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// It goes on; share that is done, 0 to 1.
    Running(f32),
    /// Done, with what was measured.
    Succeeded(serde_json::Value),
    /// Not done, and no set point moves any more.
    Failed(ErrorCode, String),
    /// Stopped on request, and no set point moves any more.
    Canceled,
}

/// A skill in execution.
pub trait Skill {
    /// Writes the set points of this tick into `command` and says where it is.
    ///
    /// # Real-time
    /// Called at the control rate: must not block.
    fn tick(&mut self, tick: &Tick<'_>, command: &mut ActuatorCommand) -> Progress;

    /// The robot was held for so long, seconds, because nobody knew its state: goes on from there.
    fn pause(&mut self, seconds: f64);

    /// Begins a controlled stop; ticks go on until [`Progress::Canceled`].
    fn cancel(&mut self);

    /// How fast a rover may go from now on, and how close to things; arms do not care.
    fn set_drive_limits(&mut self, _limits: DriveLimits) {}

    /// Distance between set point and estimate, radians for arms and metres for rovers.
    fn tracking_error(&self) -> f64;
}
