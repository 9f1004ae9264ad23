use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A serial chain whose tip is moved: an arm, a leg, a head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainLayout {
    /// Name, unique in the robot, for example `arm` or `left_arm`.
    pub name: String,
    /// Link from which poses of the tip are counted.
    pub base: String,
    /// Link that is brought to a pose; its z points away from the flange.
    pub tip: String,
    /// The hand at the tip, if it has one.
    #[serde(default)]
    pub gripper: Option<GripperLayout>,
}

/// A hand that opens and closes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GripperLayout {
    /// Joints that are commanded (followers of a mimic are not), each with its positions, radians or metres.
    pub joints: Vec<GripperJoint>,
    /// Distance between the fingers when open, metres; 0 when closed.
    pub opening_m: f64,
}

/// A joint of a gripper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GripperJoint {
    /// Name of the joint.
    pub joint: String,
    /// Position at which the gripper is open, radians or metres.
    pub open: f64,
    /// Position at which the gripper is closed, radians or metres.
    pub closed: f64,
}

/// A differential drive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiffDriveLayout {
    /// Wheel joints on the left, driven alike.
    pub left: Vec<String>,
    /// Wheel joints on the right, driven alike.
    pub right: Vec<String>,
    /// Radius of the wheels, metres.
    pub radius_m: f64,
    /// Distance between the wheels, metres.
    pub separation_m: f64,
}

/// What a robot's joints are for: found by looking at its description, or read from its robot file. Which skills it
/// has follows from this.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobotLayout {
    /// Chains with a tip.
    #[serde(default)]
    pub chains: Vec<ChainLayout>,
    /// How it drives, if it does.
    #[serde(default)]
    pub drive: Option<DiffDriveLayout>,
    /// Named postures: joint positions by name, radians or metres; `home` is where `home` goes.
    #[serde(default)]
    pub postures: BTreeMap<String, BTreeMap<String, f64>>,
}
