use nalgebra::{Isometry3, Matrix6xX, Translation3, UnitQuaternion, Vector3};
use physical_ai_domain::{Joint, JointKind, JointLimits, RobotModel};

use crate::Error;

/// A serial chain from a link of a robot to one that hangs on it: its tip.
#[derive(Debug, Clone)]
pub struct Chain {
    robot: String,
    joints: Vec<Joint>,
    /// Movable joints among `joints`, as indices.
    movable: Vec<usize>,
    /// The same among the movable joints of the model.
    indices: Vec<usize>,
}

impl Chain {
    /// The chain from one link of a robot to another.
    ///
    /// # Errors
    /// [`Error::UnsuitableModel`] if the robot has not both, or `tip` does not hang on `base`.
    pub fn between(model: &RobotModel, base: &str, tip: &str) -> Result<Self, Error> {
        let unsuitable = |problem| Error::UnsuitableModel {
            robot: model.name.to_string(),
            problem,
        };
        let link = |name: &str| {
            let found = model.link_index(name);
            found.ok_or_else(|| unsuitable(format!("has no link {name}")))
        };
        let (base_index, tip_index) = (link(base)?, link(tip)?);
        let mut way: Vec<Joint> = model.chain_to(tip_index).into_iter().cloned().collect();
        if base_index != model.root {
            let end = way.iter().position(|j| j.child == base_index);
            let end = end.ok_or_else(|| {
                unsuitable(format!("has its link {tip} elsewhere than behind {base}"))
            })?;
            way.drain(..=end);
        }
        let movable: Vec<usize> = (0..way.len())
            .filter(|i| way[*i].kind != JointKind::Fixed)
            .collect();
        let indices = movable.iter().map(|i| model.movable_index(&way[*i].name));
        Ok(Self {
            robot: model.name.to_string(),
            indices: indices.collect::<Option<_>>().unwrap_or_default(),
            joints: way,
            movable,
        })
    }

    /// Places of its joints among the movable joints of the model, base first.
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }

    /// Its joints among the positions of all movable joints of the model; missing ones count as 0.
    fn of_all<'a>(&'a self, all: &'a [f64]) -> impl Iterator<Item = &'a f64> {
        self.indices.iter().map(|i| all.get(*i).unwrap_or(&0.0))
    }

    /// Pose of the tip in the base frame, given the positions of all movable joints of the model.
    ///
    /// # Real-time
    /// Does not allocate.
    pub fn forward_of_all(&self, all: &[f64]) -> Isometry3<f64> {
        let mut next = self.of_all(all);
        let joints = self.joints.iter();
        joints.fold(Isometry3::identity(), |pose, joint| {
            pose * joint.origin * motion(joint, &mut next)
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

    /// Lowest height of the joint frames and the tip over the base, metres: what must stay above a table.
    ///
    /// # Shapes
    /// `all`: one value per movable joint of the model, radians or metres.
    pub fn lowest_frame_m(&self, all: &[f64]) -> f64 {
        let mut pose = Isometry3::identity();
        let mut next = self.of_all(all);
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

/// Where a joint's child link is in its parent's frame, with the joint at `position` (radians or metres; of no
/// account for a fixed one).
pub fn child_in_parent(joint: &Joint, position: f64) -> Isometry3<f64> {
    joint.origin * motion(joint, &mut [position].iter())
}

/// Poses of all links in the root's frame; joints come after those of their parents.
///
/// # Shapes
/// `positions`: one value per movable joint, radians or metres; missing ones count as 0.
pub(crate) fn link_poses(model: &RobotModel, positions: &[f64]) -> Vec<Isometry3<f64>> {
    let mut poses = vec![Isometry3::identity(); model.links.len()];
    let mut next = positions.iter();
    for joint in &model.joints {
        poses[joint.child] = poses[joint.parent] * joint.origin * motion(joint, &mut next);
    }
    poses
}

pub(crate) fn motion<'a>(
    joint: &Joint,
    positions: &mut impl Iterator<Item = &'a f64>,
) -> Isometry3<f64> {
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

#[cfg(test)]
mod tests {
    use std::f64::consts::FRAC_PI_2;

    use physical_ai_domain::RobotName;
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::arm;

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
        let model = RobotModel::from_urdf(name, PLANAR).unwrap();
        Chain::between(&model, "base", "tool0").unwrap()
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
        let chain = Chain::between(&arm(), "base_link", "tool0").unwrap();
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
    fn links_that_are_not_there_or_not_in_line_have_no_chain() {
        let check = |base, tip, expected: &str| {
            let error = Chain::between(&arm(), base, tip).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("base_link", "tool1", "arm_1 has no link tool1");
        check(
            "finger_left",
            "tool0",
            "link tool0 elsewhere than behind finger_left",
        );
        check("tool0", "link_2", "link link_2 elsewhere than behind tool0");
    }

    #[test]
    fn chain_of_some_joints_finds_them_among_all() {
        let whole = Chain::between(&arm(), "base_link", "tool0").unwrap();
        let upper = Chain::between(&arm(), "link_2", "tool0").unwrap();
        let names: Vec<&str> = upper.joint_names().collect();
        assert_eq!(names, ["joint_3", "joint_4", "joint_5", "joint_6"]);
        assert_eq!(upper.indices(), [2, 3, 4, 5]);
        let all = [0.3, 0.2, 1.1, 0.9, -0.4, 0.7, 0.01, 0.02];
        assert_eq!(whole.forward_of_all(&all), whole.forward(&all[..6]));
        let lower = Chain::between(&arm(), "base_link", "link_2").unwrap();
        let both = lower.forward_of_all(&all) * upper.forward_of_all(&all);
        let off = (both.inverse() * whole.forward_of_all(&all))
            .translation
            .vector
            .norm();
        assert!(off < 1e-12, "{off}");
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
            check_jacobian(&Chain::between(&arm(), "base_link", "tool0").unwrap(), &positions)?;
        }

        #[test]
        fn jacobian_is_the_derivative_of_a_chain_that_slides(positions in prop::collection::vec(-2.0..2.0f64, 3..=3)) {
            check_jacobian(&planar(), &positions)?;
        }
    }
}
