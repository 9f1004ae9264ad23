//! Reads what users bring: world files and the descriptions of their robots.
//!
//! What comes out are models of `physical_ai_domain`, checked; what went in unusual is said in their
//! warnings, what no body can be is refused with file, element, value and what to do. No ROS, no threads.

mod error;
mod loaded_world;
mod urdf;

pub use error::Error;
pub use loaded_world::{LoadedWorld, load_world, read_model};
pub use urdf::read_urdf;
