use std::f64::consts::FRAC_PI_2;

use nalgebra::Isometry3;
use physical_ai_description::read_urdf;
use physical_ai_domain::{RobotModel, RobotName};
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
    Chain::between(&read_urdf(name, PLANAR).unwrap(), "base", "tool0").unwrap()
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
fn joints_of_a_chain_are_found_among_all() {
    let whole = Chain::between(&arm(), "base_link", "tool0").unwrap();
    let upper = Chain::between(&arm(), "link_2", "tool0").unwrap();
    let all = [0.3, 0.2, 1.1, 0.9, -0.4, 0.7, 0.01, 0.02];
    assert_eq!(
        whole.of_all(&all)[..8],
        [0.3, 0.2, 1.1, 0.9, -0.4, 0.7, 0.0, 0.0]
    );
    assert_eq!(upper.of_all(&all)[..5], [1.1, 0.9, -0.4, 0.7, 0.0]);
    assert_eq!(upper.of_all(&all[..3])[..2], [1.1, 0.0]);
    let lower = Chain::between(&arm(), "base_link", "link_2").unwrap();
    let both = lower.forward(&lower.of_all(&all)) * upper.forward(&upper.of_all(&all));
    let off = (both.inverse() * whole.forward(&all))
        .translation
        .vector
        .norm();
    assert!(off < 1e-12, "{off}");
}

/// A trunk that turns, with an arm of two joints on each side.
const TWO_ARMS: &str = r#"<robot name="two_arms">
    <link name="base"/>
    <link name="trunk"><inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
    <link name="left_upper"><inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
    <link name="left_lower"><inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
    <link name="right_upper"><inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
    <link name="tool0"/>
    <joint name="waist" type="continuous"><parent link="base"/><child link="trunk"/><axis xyz="0 0 1"/>
        <origin xyz="0 0 0.5"/><limit velocity="1" effort="1"/></joint>
    <joint name="left_shoulder" type="revolute"><parent link="trunk"/><child link="left_upper"/><axis xyz="1 1 0"/>
        <origin xyz="0 0.2 0.4" rpy="0.3 0 -0.2"/><limit lower="-2" upper="2" velocity="1" effort="1"/></joint>
    <joint name="left_slide" type="prismatic"><parent link="left_upper"/><child link="left_lower"/><axis xyz="0 0 -1"/>
        <origin xyz="0 0 0.3" rpy="0 0.4 0"/><limit lower="0" upper="0.3" velocity="1" effort="1"/></joint>
    <joint name="right_shoulder" type="revolute"><parent link="trunk"/><child link="right_upper"/><axis xyz="0 -1 0"/>
        <origin xyz="0 -0.2 0.4" rpy="0 0 0.7"/><limit lower="-2" upper="2" velocity="1" effort="1"/></joint>
    <joint name="right_tool" type="fixed"><parent link="right_upper"/><child link="tool0"/>
        <origin xyz="0.1 0 0.3" rpy="0 1 0"/></joint>
</robot>"#;

fn two_arms() -> RobotModel {
    read_urdf(RobotName::try_new("two_arms").unwrap(), TWO_ARMS).unwrap()
}

#[test]
fn chain_between_two_tips_goes_up_one_branch_and_down_the_other() {
    let model = two_arms();
    let chain = Chain::between(&model, "left_lower", "tool0").unwrap();
    let names: Vec<&str> = chain.joint_names().collect();
    assert_eq!(names, ["left_slide", "left_shoulder", "right_shoulder"]);
    let left = Chain::between(&model, "base", "left_lower").unwrap();
    let right = Chain::between(&model, "base", "tool0").unwrap();
    for [waist, shoulder, slide, other] in
        [[0.0; 4], [0.4, -1.2, 0.25, 1.7], [-2.0, 0.3, 0.1, -0.9]]
    {
        let from = left.forward(&[waist, shoulder, slide]);
        let expected = from.inverse() * right.forward(&[waist, other]);
        let pose = chain.forward(&[slide, shoulder, other]);
        let off: Isometry3<f64> = expected.inverse() * pose;
        assert!(
            off.translation.vector.norm() < 1e-12 && off.rotation.angle() < 1e-9,
            "{off}"
        );
    }
}

/// A finger whose tip bends twice as far as its base, the other way round, and from 0.1 rad on.
const FINGER: &str = r#"<robot name="finger">
    <link name="base"/>
    <link name="a"><inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
    <link name="b"><inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
    <link name="c"><inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
    <link name="tool0"/>
    <joint name="first" type="revolute"><parent link="base"/><child link="a"/><axis xyz="0 0 1"/>
        <origin xyz="0 0 0.1"/><limit lower="-2" upper="2" velocity="1" effort="1"/></joint>
    <joint name="follower" type="revolute"><parent link="a"/><child link="b"/><axis xyz="0 0 1"/>
        <origin xyz="0.3 0 0"/><limit lower="-1.1" upper="2.9" velocity="1" effort="1"/>
        <mimic joint="first" multiplier="-2" offset="0.1"/></joint>
    <joint name="last" type="revolute"><parent link="b"/><child link="c"/><axis xyz="0 1 0"/>
        <origin xyz="0.2 0 0"/><limit lower="-2" upper="2" velocity="1" effort="1"/></joint>
    <joint name="tool" type="fixed"><parent link="c"/><child link="tool0"/><origin xyz="0.1 0 0"/></joint>
</robot>"#;

fn finger() -> RobotModel {
    read_urdf(RobotName::try_new("finger").unwrap(), FINGER).unwrap()
}

#[test]
fn joint_that_follows_another_is_one_coordinate_with_it() {
    let model = finger();
    let chain = Chain::between(&model, "base", "tool0").unwrap();
    let names: Vec<&str> = chain.joint_names().collect();
    assert_eq!(names, ["first", "last"]);
    for [first, last] in [[0.0, 0.0], [0.5, -0.7], [-1.2, 1.1]] {
        let (turn, bent) = (first - 2.0 * first + 0.1, 0.2 + 0.1 * f64::cos(last));
        let expected = Vector3::new(
            0.3 * f64::cos(first) + bent * f64::cos(turn),
            0.3 * f64::sin(first) + bent * f64::sin(turn),
            0.1 - 0.1 * f64::sin(last),
        );
        let at = chain.forward(&[first, last]).translation.vector;
        assert!((at - expected).norm() < 1e-12, "{at} {expected}");
    }
    // The follower's -1.1 to 2.9 lets the leader go from -1.4 to 0.6.
    let limits = chain.joints()[0].limits;
    assert!(
        (limits.lower + 1.4).abs() < 1e-12 && (limits.upper - 0.6).abs() < 1e-12,
        "{limits:?}"
    );
    // The leader counts also where it is not between the links.
    let outer = Chain::between(&model, "a", "tool0").unwrap();
    assert_eq!(outer.joint_names().collect::<Vec<_>>(), ["first", "last"]);
    assert!((outer.forward(&[0.4, 0.0]).rotation.angle() - 0.7).abs() < 1e-9);
}

#[test]
fn links_without_a_chain_between_them_are_told() {
    let model = two_arms();
    let check = |base: &str, tip: &str, expected: &str| {
        let error = Chain::between(&model, base, tip).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("base", "hand", "has no link \"hand\"");
    check(
        "right_upper",
        "tool0",
        "has 0 joints that move between \"right_upper\" and \"tool0\"",
    );
}

#[test]
fn reach_is_that_of_all_links_stretched_out() {
    let chain = Chain::between(&arm(), "base_link", "tool0").unwrap();
    let upright = chain.forward(&[0.0; 6]).translation.vector - chain.shoulder();
    assert!(
        (upright.norm() - chain.reach_m()).abs() < 1e-9,
        "{}",
        chain.reach_m()
    );
    assert!((planar().reach_m() - (0.5 + 0.3 + 1.0 + 0.1)).abs() < 1e-12);
}

/// The Jacobian against central differences of the forward kinematics.
fn check_jacobian(chain: &Chain, positions: &[f64]) -> Result<(), TestCaseError> {
    let (pose, jacobian) = chain.jacobian(positions);
    prop_assert!(
        (pose.to_homogeneous() - chain.forward(positions).to_homogeneous()).norm() < 1e-12
    );
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
        let column = jacobian.columns()[joint];
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
    fn jacobian_is_the_derivative_of_a_chain_with_a_follower(positions in prop::collection::vec(-2.0..2.0f64, 2..=2)) {
        check_jacobian(&Chain::between(&finger(), "base", "tool0").unwrap(), &positions)?;
    }

    #[test]
    fn jacobian_is_the_derivative_of_a_chain_that_goes_up_and_down(positions in prop::collection::vec(-2.0..2.0f64, 3..=3)) {
        check_jacobian(&Chain::between(&two_arms(), "left_lower", "tool0").unwrap(), &positions)?;
    }

    #[test]
    fn jacobian_is_the_derivative_of_a_chain_that_slides(positions in prop::collection::vec(-2.0..2.0f64, 3..=3)) {
        check_jacobian(&planar(), &positions)?;
    }
}
