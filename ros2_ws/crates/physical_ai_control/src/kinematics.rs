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
                JointKind::Fixed | JointKind::Floating => {}
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

/// Where a joint's child link is in its parent's frame, with the joint at `position` (radians or metres; of no
/// account for a fixed one).
pub fn child_in_parent(joint: &Joint, position: f64) -> Isometry3<f64> {
    joint.origin * motion(joint, &mut [position].iter())
}

pub(crate) fn motion<'a>(
    joint: &Joint,
    positions: &mut impl Iterator<Item = &'a f64>,
) -> Isometry3<f64> {
    match joint.kind {
        JointKind::Fixed | JointKind::Floating => Isometry3::identity(),
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

#[cfg(test)]
mod tests {
    use std::f64::consts::FRAC_PI_2;

    use physical_ai_domain::RobotName;
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::{arm, rover};

    /// Two links of 0.5 m and 0.3 m that turn about z, and a tool that slides out of the second.
    const PLANAR: &str = r#"<robot name="planar">
        <link name="base"/>
        <link name="a"><inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
        <link name="b"><inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
        <link name="c"><inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
        <link name="tool0"/>
        <joint name="one" type="revolute"><parent link="base"/><child link="a"/><axis xyz="0 0 1"/>
            <limit lower="-3" upper="3" velocity="1" effort="1"/></joint>
        <joint name="two" type="revolute"><parent link="a"/><child link="b"/><axis xyz="0 0 1"/>
            <origin xyz="0.5 0 0"/><limit lower="-3" upper="3" velocity="1" effort="1"/></joint>
        <joint name="slide" type="prismatic"><parent link="b"/><child link="c"/><axis xyz="1 0 0"/>
            <origin xyz="0.3 0 0"/><limit lower="0" upper="1" velocity="1" effort="1"/></joint>
        <joint name="tool" type="fixed"><parent link="c"/><child link="tool0"/><origin xyz="0 0 -0.1"/></joint>
    </robot>"#;

    fn planar() -> Chain {
        let name = RobotName::try_new("planar").unwrap();
        Chain::to_tool(&physical_ai_description::read_urdf(name, PLANAR).unwrap()).unwrap()
    }

    #[test]
    fn planar_chain_is_where_trigonometry_says() {
        let chain = planar();
        assert_eq!(chain.degrees_of_freedom(), 3);
        let names: Vec<&str> = chain.joint_names().collect();
        assert_eq!(names, ["one", "two", "slide"]);
        for (one, two, slide) in [(0.0, 0.0, 0.0), (0.7, -1.1, 0.2), (-2.0, 2.9, 0.9)] {
            let pose = chain.forward(&[one, two, slide]);
            let (reach, turn) = (0.3f64 + slide, one + two);
            let expected = Vector3::new(
                0.5 * one.cos() + reach * turn.cos(),
                0.5 * one.sin() + reach * turn.sin(),
                -0.1,
            );
            assert!((pose.translation.vector - expected).norm() < 1e-12);
            let (_, _, yaw) = pose.rotation.euler_angles();
            assert!((yaw - turn).abs() < 1e-12);
        }
        assert!((chain.lowest_frame_m(&[0.4, 0.4, 0.4]) + 0.1).abs() < 1e-12);
    }

    #[test]
    fn missing_positions_count_as_zero() {
        let chain = planar();
        assert_eq!(chain.forward(&[0.3]), chain.forward(&[0.3, 0.0, 0.0]));
    }

    #[test]
    fn arm_of_the_project_is_where_its_urdf_says() {
        let chain = Chain::to_tool(&arm()).unwrap();
        let check = |positions: [f64; 6], expected: [f64; 3]| {
            let at = chain.forward(&positions).translation.vector;
            assert!((at - Vector3::from(expected)).norm() < 1e-9, "{at}");
        };
        // Upright: all origins along z. Lying: all after joint 2, which is 0.18 m above the base.
        check([0.0; 6], [0.0, 0.0, 1.055]);
        check([0.0, FRAC_PI_2, 0.0, 0.0, 0.0, 0.0], [0.875, 0.0, 0.18]);
        check(
            [FRAC_PI_2, FRAC_PI_2, 0.0, 0.0, 0.0, 0.0],
            [0.0, 0.875, 0.18],
        );
        check([0.0, 0.0, FRAC_PI_2, 0.0, 0.0, 0.0], [0.555, 0.0, 0.5]);
        check(
            [0.0, 0.0, FRAC_PI_2, FRAC_PI_2, 0.0, 0.0],
            [0.28, 0.0, 0.225],
        );
    }

    #[test]
    fn rover_has_no_chain() {
        let error = Chain::to_tool(&rover()).unwrap_err();
        assert!(error.to_string().contains("tool0"), "{error}");
    }

    /// The Jacobian against central differences of the forward kinematics.
    fn check_jacobian(chain: &Chain, positions: &[f64]) -> Result<(), TestCaseError> {
        let jacobian = chain.jacobian(positions);
        let step = 1e-6;
        for joint in 0..chain.degrees_of_freedom() {
            let moved = |by: f64| {
                let mut at = positions.to_vec();
                at[joint] += by;
                chain.forward(&at)
            };
            let (before, after) = (moved(-step), moved(step));
            let linear = (after.translation.vector - before.translation.vector) / (2.0 * step);
            let turn = (after.rotation * before.rotation.inverse()).scaled_axis() / (2.0 * step);
            let column = jacobian.column(joint);
            prop_assert!((column.fixed_rows::<3>(0) - linear).norm() < 1e-6);
            prop_assert!((column.fixed_rows::<3>(3) - turn).norm() < 1e-6);
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn jacobian_is_the_derivative_of_the_arm(positions in prop::collection::vec(-2.0..2.0f64, 6..=6)) {
            check_jacobian(&Chain::to_tool(&arm()).unwrap(), &positions)?;
        }

        #[test]
        fn jacobian_is_the_derivative_of_a_chain_that_slides(positions in prop::collection::vec(-2.0..2.0f64, 3..=3)) {
            check_jacobian(&planar(), &positions)?;
        }
    }
}
