use nalgebra::{Vector3, Vector6};

use crate::kinematics::MAX_DOF;

/// Geometric Jacobian of a chain's tip in the base frame: a column per joint, linear over angular velocity, per
/// radian or metre of the joint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jacobian {
    columns: [Vector6<f64>; MAX_DOF],
    joints: usize,
}

impl Jacobian {
    pub(crate) fn zeros(joints: usize) -> Self {
        Self {
            columns: [Vector6::zeros(); MAX_DOF],
            joints: joints.min(MAX_DOF),
        }
    }

    /// One column per joint, base first.
    pub fn columns(&self) -> &[Vector6<f64>] {
        &self.columns[..self.joints]
    }

    pub(crate) fn columns_mut(&mut self) -> &mut [Vector6<f64>] {
        &mut self.columns[..self.joints]
    }

    pub(crate) fn clear(&mut self) {
        self.columns_mut().fill(Vector6::zeros());
    }

    pub(crate) fn add_slide(&mut self, joint: usize, linear: &Vector3<f64>) {
        let column = &mut self.columns[joint];
        for i in 0..3 {
            column[i] += linear[i];
        }
    }

    pub(crate) fn add_turn(&mut self, joint: usize, linear: &Vector3<f64>, angular: &Vector3<f64>) {
        let column = &mut self.columns[joint];
        for i in 0..3 {
            column[i] += linear[i];
            column[i + 3] += angular[i];
        }
    }
}
