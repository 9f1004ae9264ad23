//! Reads what users bring: world files and the descriptions of their robots.
//!
//! What comes out are models of `physical_ai_domain`, checked; what went in unusual is said in their
//! warnings, what no body can be is refused with file, element, value and what to do. What a robot's joints are for
//! comes from its robot file, or is found by looking. No ROS, no threads.

mod doubt;
mod error;
mod layout;
mod loaded_robot;
mod loaded_world;
mod mesh;
mod mjcf;
mod nearest;
mod options;
mod packages;
mod robot;
mod robot_file;
mod sensor_layout;
mod srdf;
mod urdf;
mod xacro;

pub use doubt::{Certainty, Doubt, Finding, Severity};
pub use error::Error;
pub use layout::{FoundLayout, find_layout};
pub use loaded_robot::{LoadedRobot, load_robot, robot_source};
pub use loaded_world::{LoadedWorld, load_placed, load_world, read_model, read_world};
pub use mesh::{load_mesh, read_mesh_file};
pub use options::DescriptionOptions;
pub use packages::{PACKAGE_PATH_VARIABLE, PackagePaths};
pub use robot::read_robot;
pub use robot_file::{FileLimits, RobotFile, robot_file_text};
pub use sensor_layout::{SensorKind, SensorLayout};
pub use srdf::{Srdf, SrdfEndEffector, SrdfGroup, SrdfState, read_srdf};
pub use urdf::{read_tree, read_urdf};
