use nalgebra::Isometry3;
use physical_ai_domain::Placement;

use super::Situation;

/// What a skill will have brought about when it succeeds, for who thinks ahead.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Set points of all joints, radians and metres.
    pub set_points: Vec<f64>,
    /// Measured positions of all joints, radians and metres.
    pub measured: Vec<f64>,
    /// The root link in the world, metres.
    pub root: Isometry3<f64>,
    /// Objects that are elsewhere then, in the world, metres.
    pub moved: Vec<(String, Isometry3<f64>)>,
    /// Where it drives, in order.
    pub route: Vec<Stop>,
}

impl Outcome {
    /// Everything as it is.
    pub fn unchanged(situation: &Situation<'_>) -> Self {
        Self {
            set_points: situation.set_points.to_vec(),
            measured: situation.measured.to_vec(),
            root: situation.root,
            moved: Vec::new(),
            route: Vec::new(),
        }
    }
}

/// A target on the floor.
#[derive(Debug, Clone, PartialEq)]
pub struct Stop {
    /// As it was called: a place, or a point.
    pub name: String,
    /// Parameter that names it.
    pub field: &'static str,
    /// Where, in the world.
    pub at: Placement,
    /// Heading at the end, radians; `None`: any.
    pub yaw: Option<f64>,
}
