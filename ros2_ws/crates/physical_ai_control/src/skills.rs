//! What robots can do, as state machines that are ticked with each state estimate.

mod arm;
mod diff_drive;
mod hold;
mod joint;
mod joint_body;
mod outcome;
mod parameters;
mod registry;
mod site;
mod situation;
mod skill_set;
mod steps;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;

use nalgebra::{Isometry3, Vector3};
use physical_ai_domain::{ActuatorCommand, ErrorCode, Placement, RobotName, RobotState, Time};

pub use arm::{ArmBody, ArmSkills};
pub use diff_drive::{DiffDriveSkills, DriveBody};
pub(crate) use diff_drive::{goal_separation_m, occupies};
pub use joint::JointSkills;
pub use joint_body::JointBody;
pub use outcome::{Outcome, Stop};
pub use registry::{skill_sets, skill_specs};
pub use site::Site;
pub use situation::Situation;
pub use skill_set::{SkillSet, offer};

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
    /// Why newer turns were not believed.
    pub obstacles_refused: Option<String>,
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
    /// Its root link in the world, metres.
    pub root: Isometry3<f64>,
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

/// Where a pose is on the floor, and its heading.
pub(crate) fn placement(pose: &Isometry3<f64>) -> Placement {
    let (_, _, yaw) = pose.rotation.euler_angles();
    Placement {
        x: pose.translation.x,
        y: pose.translation.y,
        z: 0.0,
        yaw,
    }
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

    /// How fast a drive may go from now on, and how close to things; others do not care.
    fn set_drive_limits(&mut self, _limits: DriveLimits) {}

    /// Distance between set point and estimate: radians or metres of a joint, metres of a drive.
    fn tracking_error(&self) -> f64;

    /// What it will have brought about when it succeeds, told before its first tick.
    fn outcome(&self, situation: &Situation<'_>) -> Outcome {
        Outcome::unchanged(situation)
    }
}
