use nalgebra::{Isometry3, Matrix6xX, Translation3, UnitQuaternion, Vector3};
use physical_ai_domain::{Joint, JointKind, JointLimits, RobotKind, RobotModel};

use crate::Error;

/// A serial chain from a robot's base to its tool.
#[derive(Debug, Clone)]
pub struct Chain {
    robot: String,
    joints: Vec<Joint>,
    /// Movable joints among `joints`, as indices.
    movable: Vec<usize>,
}

impl Chain {
    /// The chain to `tool0` of an arm.
    ///
    /// # Errors
    /// [`Error::UnsuitableModel`] for a robot that is no arm.
    pub fn to_tool(model: &RobotModel) -> Result<Self, Error> {
        let tool = model
            .link_index("tool0")
            .filter(|_| model.kind == RobotKind::Arm)
            .ok_or_else(|| Error::UnsuitableModel {
                robot: model.name.to_string(),
                problem: "has no link tool0",
            })?;
        let joints: Vec<Joint> = model.chain_to(tool).into_iter().cloned().collect();
        let movable = (0..joints.len())
            .filter(|i| joints[*i].kind != JointKind::Fixed)
            .collect();
        Ok(Self {
            robot: model.name.to_string(),
            joints,
            movable,
        })
    }

    /// Number of joints that move.
    pub fn degrees_of_freedom(&self) -> usize {
        self.movable.len()
    }

    /// Name of the robot, for messages.
    pub fn robot(&self) -> &str {
        &self.robot
    }

    /// Names of the joints that move, base first.
    pub fn joint_names(&self) -> impl Iterator<Item = &str> {
        self.movable.iter().map(|i| self.joints[*i].name.as_str())
    }

    /// Limits of the joints that move, base first.
    pub fn limits(&self) -> impl Iterator<Item = &JointLimits> {
        self.movable.iter().map(|i| &self.joints[*i].limits)
    }

    /// Pose of the tool in the base frame.
    ///
    /// # Shapes
    /// `positions`: one value per movable joint, radians or metres; missing ones count as 0.
    /// # Real-time
    /// Does not allocate.
    pub fn forward(&self, positions: &[f64]) -> Isometry3<f64> {
        let mut pose = Isometry3::identity();
        let mut next = positions.iter();
        for joint in &self.joints {
            pose *= joint.origin * motion(joint, &mut next);
        }
        pose
    }

    /// Heights of the joint frames and the tool over the base, metres: what must stay above a table.
    pub fn lowest_frame_m(&self, positions: &[f64]) -> f64 {
        let mut pose = Isometry3::identity();
        let mut next = positions.iter();
        let mut lowest = f64::INFINITY;
        for joint in &self.joints {
            pose *= joint.origin * motion(joint, &mut next);
            lowest = lowest.min(pose.translation.z);
        }
        lowest
    }

    /// Geometric Jacobian in the base frame: linear over angular velocity of the tool.
    ///
    /// # Shapes
    /// `[6, joints]`.
    pub fn jacobian(&self, positions: &[f64]) -> Matrix6xX<f64> {
        let tool = self.forward(positions).translation.vector;
        let mut jacobian = Matrix6xX::zeros(self.movable.len());
        let mut pose = Isometry3::identity();
        let mut next = positions.iter();
        let mut column = 0;
        for joint in &self.joints {
            pose *= joint.origin;
            let axis = pose.rotation * joint.axis.into_inner();
            let at: Vector3<f64> = pose.translation.vector;
            match joint.kind {
                JointKind::Fixed => {}
                JointKind::Prismatic => {
                    jacobian.fixed_view_mut::<3, 1>(0, column).copy_from(&axis);
                    column += 1;
                }
                JointKind::Revolute | JointKind::Continuous => {
                    jacobian
                        .fixed_view_mut::<3, 1>(0, column)
                        .copy_from(&axis.cross(&(tool - at)));
                    jacobian.fixed_view_mut::<3, 1>(3, column).copy_from(&axis);
                    column += 1;
                }
            }
            pose *= motion(joint, &mut next);
        }
        jacobian
    }
}

fn motion<'a>(joint: &Joint, positions: &mut impl Iterator<Item = &'a f64>) -> Isometry3<f64> {
    match joint.kind {
        JointKind::Fixed => Isometry3::identity(),
        JointKind::Prismatic => {
            let q = positions.next().copied().unwrap_or(0.0);
            Isometry3::from_parts(
                Translation3::from(joint.axis.scale(q)),
                UnitQuaternion::identity(),
            )
        }
        JointKind::Revolute | JointKind::Continuous => {
            let q = positions.next().copied().unwrap_or(0.0);
            Isometry3::from_parts(
                Translation3::identity(),
                UnitQuaternion::from_axis_angle(&joint.axis, q),
            )
        }
    }
}
