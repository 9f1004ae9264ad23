use nalgebra::{Isometry3, Vector6};

use crate::Error;

/// Distance from the target that is near enough, metres along each axis.
const TOLERANCE_M: f64 = 1e-5;
/// And angle, radians about each axis.
const TOLERANCE_RAD: f64 = 1e-5;
/// How much a rotation counts that is only wished for.
const WISH: f64 = 0.1;

/// What the tip of a chain shall do: a pose, and what of it counts.
///
/// Both arrays hold x, y, z (metres) and then the rotation about x, y, z (radians), all in the target's own frame. A
/// component with weight 0 does not count at all. One with a weight and an infinite tolerance is brought as near as
/// the others allow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PoseTask {
    /// Pose of the tip in the base frame.
    pub target: Isometry3<f64>,
    /// How far off each component may be.
    pub tolerance: [f64; 6],
    /// How much each component counts in the search; 1 as a rule.
    pub weight: [f64; 6],
}

impl PoseTask {
    /// The whole pose, within 1e-5 m and 1e-5 rad.
    pub const fn new(target: Isometry3<f64>) -> Self {
        let (m, rad) = (TOLERANCE_M, TOLERANCE_RAD);
        Self {
            target,
            tolerance: [m, m, m, rad, rad, rad],
            weight: [1.0; 6],
        }
    }

    /// The position alone.
    #[must_use]
    pub const fn position_only(self) -> Self {
        self.free(3).free(4).free(5)
    }

    /// Any turn about the target's z: for tools that are round, and arms of five joints.
    #[must_use]
    pub const fn any_turn_about_z(self) -> Self {
        self.free(5)
    }

    /// The position, and of the rotation what can be had: for arms of fewer than six joints.
    #[must_use]
    pub fn rotation_as_far_as_possible(mut self) -> Self {
        for axis in 3..6 {
            self.tolerance[axis] = f64::INFINITY;
            self.weight[axis] *= WISH;
        }
        self
    }

    /// With other tolerances, metres and radians, for what is asked for.
    #[must_use]
    pub fn within(mut self, metres: f64, radians: f64) -> Self {
        for (axis, tolerance) in self.tolerance.iter_mut().enumerate() {
            if tolerance.is_finite() {
                *tolerance = if axis < 3 { metres } else { radians };
            }
        }
        self
    }

    const fn free(mut self, axis: usize) -> Self {
        self.tolerance[axis] = f64::INFINITY;
        self.weight[axis] = 0.0;
        self
    }

    /// # Errors
    /// [`Error::NotFinite`].
    pub(super) fn check(&self) -> Result<(), Error> {
        let at = self.target.translation.vector;
        let turn = self.target.rotation.coords;
        let named = ["x", "y", "z", "qx", "qy", "qz", "qw"];
        let values = at.iter().chain(turn.iter());
        match named.iter().zip(values).find(|(_, v)| !v.is_finite()) {
            None => Ok(()),
            Some((name, value)) => Err(Error::NotFinite {
                field: format!("target.{name}"),
                value: *value,
            }),
        }
    }

    /// Length of the linear part of an error that counts, metres.
    pub(super) fn linear(&self, error: &Vector6<f64>) -> f64 {
        self.length(error, 0)
    }

    /// Length of the angular part of an error that counts, radians.
    pub(super) fn angular(&self, error: &Vector6<f64>) -> f64 {
        self.length(error, 3)
    }

    fn length(&self, error: &Vector6<f64>, first: usize) -> f64 {
        let counted = (first..first + 3).filter(|i| self.weight[*i] > 0.0);
        counted.map(|i| error[i] * error[i]).sum::<f64>().sqrt()
    }
}
