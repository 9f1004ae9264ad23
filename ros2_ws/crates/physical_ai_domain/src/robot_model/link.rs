use nalgebra::{Isometry3, Matrix3};

use super::geometry::{Shape, Visual};

/// A rigid body.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Name, unique in the model.
    pub name: String,
    /// Mass, kilograms; 0 where the description gives none.
    pub mass_kg: f64,
    /// Frame of the inertia tensor: the centre of mass in the link's frame, metres.
    pub inertial_origin: Isometry3<f64>,
    /// Inertia about the centre of mass, kg m².
    pub inertia: Matrix3<f64>,
    /// Collision bodies.
    pub shapes: Vec<Shape>,
    /// What it looks like.
    pub visuals: Vec<Visual>,
}
