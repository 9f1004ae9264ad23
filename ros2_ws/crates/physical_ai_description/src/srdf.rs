mod beside;
mod reader;

use std::path::PathBuf;

pub(crate) use beside::srdf_beside;
pub use reader::read_srdf;

/// What an SRDF says about a robot: the same elements, in the order of the file.
///
/// # Source
/// <https://wiki.ros.org/srdf>, and `srdfdom` where the page is silent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Srdf {
    /// The file; `None` for a text that came from elsewhere.
    pub path: Option<PathBuf>,
    /// Name of the robot.
    pub robot: String,
    /// Groups.
    pub groups: Vec<SrdfGroup>,
    /// End effectors.
    pub end_effectors: Vec<SrdfEndEffector>,
    /// Named states of groups.
    pub states: Vec<SrdfState>,
    /// Joints between the robot and the world that the description does not have.
    pub virtual_joints: Vec<String>,
    /// Joints that nothing drives.
    pub passive_joints: Vec<String>,
    /// Pairs of links whose collisions do not count.
    pub disabled_collisions: Vec<[String; 2]>,
}

/// A group of an SRDF.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SrdfGroup {
    /// Name.
    pub name: String,
    /// Chains, each from a base link to a tip link.
    pub chains: Vec<[String; 2]>,
    /// Joints, each with its child link.
    pub joints: Vec<String>,
    /// Links, each with its parent joint.
    pub links: Vec<String>,
    /// Groups that are part of it.
    pub groups: Vec<String>,
}

/// An end effector of an SRDF.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SrdfEndEffector {
    /// Name.
    pub name: String,
    /// The group that it is; some files say here the group that carries it.
    pub group: String,
    /// The link that carries it.
    pub parent_link: String,
    /// The group that carries it.
    pub parent_group: Option<String>,
}

/// A named state of a group of an SRDF.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SrdfState {
    /// Name.
    pub name: String,
    /// Its group; some files leave it out.
    pub group: Option<String>,
    /// Values of joints, radians or metres; several for joints with several.
    pub joints: Vec<(String, Vec<f64>)>,
}
