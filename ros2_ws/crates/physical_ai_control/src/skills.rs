//! What robots can do, as state machines that are ticked with each state estimate.

mod arm;
mod hold;
mod parameters;
mod rover;

use std::collections::BTreeMap;

use nalgebra::{Isometry3, Vector3};
use physical_ai_domain::{ActuatorCommand, ErrorCode, RobotName, RobotState, Time};

pub use arm::{ArmBody, ArmSituation, ArmSkill};
pub use parameters::{Offer, Site, offers};
pub(crate) use rover::placement;
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

/// Another robot that drives, as its own state says.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherRobot {
    /// Which.
    pub robot: RobotName,
    /// Its centre in the world, metres.
    pub position: Vector3<f64>,
    /// How fast it drives, metres per second, forward or back.
    pub speed_mps: f64,
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
    /// The other robots that drive, as far as they are known.
    pub others: Vec<OtherRobot>,
}

impl Perception {
    /// Takes the newest state of another robot that drives.
    ///
    /// # Real-time
    /// Allocates only when it sees that robot for the first time.
    pub fn see_robot(&mut self, state: &RobotState) {
        let position = state.base.pose.translation.vector;
        let speed_mps = state.base.forward_mps.abs();
        if let Some(known) = self.others.iter_mut().find(|o| o.robot == state.robot) {
            known.position = position;
            known.speed_mps = speed_mps;
        } else {
            self.others.push(OtherRobot {
                robot: state.robot.clone(),
                position,
                speed_mps,
            });
        }
    }
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
    /// Done: measured, with what was measured and the tolerance that it was held against.
    Succeeded(serde_json::Value),
    /// Not done, and no set point moves any more.
    Failed(ErrorCode, String),
    /// Stopped on request, and no set point moves any more.
    Canceled,
}

/// Whether a measured value is beyond its limit; what is not known is.
fn exceeds(value: f64, limit: f64) -> bool {
    value.is_nan() || value > limit
}

/// A skill in execution.
pub trait Skill {
    /// Writes the set points of this tick into `command` and says where it is.
    ///
    /// # Real-time
    /// Called at the control rate: must not block.
    fn tick(&mut self, tick: &Tick<'_>, command: &mut ActuatorCommand) -> Progress;

    /// The robot does not keep up: its set points stand where they are, and no time has passed for so long,
    /// seconds.
    fn postpone(&mut self, seconds: f64);

    /// The robot was held for so long, seconds, because nobody knew its state or it took no commands: goes on
    /// from where it is measured then, and a failure that follows says so, and `why` if that is known.
    fn pause(&mut self, seconds: f64, why: Option<&str>);

    /// Begins a controlled stop; ticks go on until [`Progress::Canceled`].
    fn cancel(&mut self);

    /// How fast a rover may go from now on, and how close to things; arms do not care.
    fn set_drive_limits(&mut self, _limits: DriveLimits) {}

    /// Distance between set point and estimate, radians for arms and metres for rovers.
    fn tracking_error(&self) -> f64;
}
