//! The vocabulary of the Physical AI System: ids, time, robots, the world, tasks and capabilities.
//!
//! Pure data with its invariants; no ROS, no threads, no I/O beyond reading a description from text.
//! Units are SI and radians, frames follow REP-103 (x forward, y left, z up).

mod capability;
mod command;
mod error;
mod id;
mod robot_layout;
mod robot_model;
mod skill;
mod state;
mod task;
mod time;
mod worker;
mod world;

pub use capability::{Capability, Resource, Resources};
pub use command::{ActuatorCommand, CommandMode};
pub use error::{Error, Reaction};
pub use id::{MissionId, ObjectName, PlaceName, RobotName, SkillName, TaskId, WorkerName};
pub use robot_layout::{
    ChainLayout, DiffDriveLayout, GraspLayout, GraspPad, GripperJoint, GripperLayout, RobotLayout,
};
pub use robot_model::*;
pub use skill::{OfferedParameter, ParameterSpec, Role, SkillSpec};
pub use state::{BaseState, RobotState};
pub use task::{
    ErrorCode, FailurePolicy, FailurePolicyKind, FencingToken, Plan, TaskSpec, TaskState,
};
pub use time::{Clock, ManualClock, Time};
pub use worker::{Assignment, TaskReport, WorkerReport, WorkerState};
pub use world::*;
