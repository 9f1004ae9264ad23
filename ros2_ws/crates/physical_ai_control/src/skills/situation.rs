use nalgebra::Isometry3;

use super::{Perception, Site};

/// What a skill is planned from.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    /// Where the robot is, and what is there by name.
    pub site: &'a Site,
    /// What it sees.
    pub perception: &'a Perception,
    /// Set points of all joints now, radians and metres: where motions begin.
    pub set_points: &'a [f64],
    /// Measured positions of all joints, radians and metres: what the fingers hold.
    pub measured: &'a [f64],
    /// Its root link in the world, metres.
    pub root: Isometry3<f64>,
}
