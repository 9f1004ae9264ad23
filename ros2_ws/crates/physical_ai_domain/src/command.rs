use serde::{Deserialize, Serialize};

use crate::{RobotName, Time};

/// How the values of a command are meant; one mode for all its joints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandMode {
    /// Joint positions, with velocities as feed-forward.
    Position,
    /// Joint velocities.
    Velocity,
    /// Joint efforts.
    Effort,
    /// Decelerate within limits, then hold position.
    Hold,
}

/// Set points for the joints of one robot, in the order of its model's movable joints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActuatorCommand {
    /// Whose joints.
    pub robot: RobotName,
    /// ROS time of the command.
    pub stamp: Time,
    /// Stamp of the sensor sample that the command answers.
    pub sensor_stamp: Time,
    /// Meaning of the values.
    pub mode: CommandMode,
    /// Radians or metres; empty unless [`CommandMode::Position`].
    pub position: Vec<f64>,
    /// Radians or metres per second; feed-forward in position mode.
    pub velocity: Vec<f64>,
    /// Newton metres or newtons; empty unless [`CommandMode::Effort`].
    pub effort: Vec<f64>,
    /// Seconds after `stamp` at which the command is stale; a stale command is a stop.
    pub valid_for_s: f64,
}

impl ActuatorCommand {
    /// Whether it asks for efforts, as a mode or beside other values: who has no torque control refuses it.
    pub fn is_of_effort(&self) -> bool {
        self.mode == CommandMode::Effort
            || (self.mode != CommandMode::Hold && !self.effort.is_empty())
    }
}
