//! Robots in MuJoCo's language mean what MuJoCo takes them for, by numbers worked out by hand.

#![allow(
    clippy::unwrap_used,
    reason = "a test whose fixture is not there has failed"
)]

use std::f64::consts::FRAC_PI_2;

use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};
use physical_ai_control::RigidBodies;
use physical_ai_description::read_urdf;
use physical_ai_domain::{JointKind, RobotModel, RobotName};
use physical_ai_sim::mjcf_to_urdf;

/// A base that carries an arm, with this in the compiler, in the arm's frame, as its joint and as its geom.
fn read(compiler: &str, frame: &str, joint: &str, geom: &str) -> (RobotModel, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("robot.xml");
    let mjcf = format!(
        r#"<mujoco><compiler {compiler}/><worldbody><body name="base"><geom size="0.1" mass="1"/>
        <body name="arm" pos="1 2 3" {frame}><joint name="one" axis="0 0 1" {joint}/>
        <geom size="0.1" mass="1"/>{geom}</body></body></worldbody></mujoco>"#
    );
    std::fs::write(&path, mjcf).unwrap();
    let converted = mjcf_to_urdf(&path, folder.path()).unwrap();
    let model = read_urdf(RobotName::try_new("robot").unwrap(), &converted.urdf).unwrap();
    (model, converted.warnings)
}

/// The arm in the base where its joint is at a position.
fn arm(model: &RobotModel, position: f64) -> Isometry3<f64> {
    let mut bodies = RigidBodies::new(model);
    bodies.set_positions(&[position]);
    bodies.link_poses()[model.link_index("arm").unwrap()]
}

fn assert_arm(model: &RobotModel, position: f64, turn: UnitQuaternion<f64>) {
    let found = arm(model, position);
    let at = found.translation.vector - Vector3::new(1.0, 2.0, 3.0);
    assert!(at.norm() < 1e-12, "{found}");
    assert!(found.rotation.angle_to(&turn) < 1e-7, "{found}, not {turn}");
}

fn about(axis: Vector3<f64>, angle: f64) -> UnitQuaternion<f64> {
    UnitQuaternion::from_scaled_axis(axis * angle)
}

#[test]
fn capitals_in_eulerseq_turn_about_axes_that_stay() {
    let [x, y, z] = [
        about(Vector3::x(), 0.4),
        about(Vector3::y(), 0.2),
        about(Vector3::z(), -0.3),
    ];
    let frame = r#"euler="0.4 0.2 -0.3""#;
    let check = |sequence: &str, expected: UnitQuaternion<f64>| {
        let compiler = format!(r#"angle="radian" eulerseq="{sequence}""#);
        let (model, _) = read(&compiler, frame, "", "");
        assert_arm(&model, 0.0, expected);
    };
    check("xyz", x * y * z);
    check("XYZ", z * y * x);
    // The second of the three angles is about y: 0.2 there, too.
    check("xYz", y * x * z);
}

#[test]
fn axis_of_any_length_is_a_direction() {
    let (model, _) = read("", r#"axisangle="0 0 5 90""#, "", "");
    assert_arm(&model, 0.0, about(Vector3::z(), FRAC_PI_2));
}

#[test]
fn joint_with_a_reference_keeps_its_range_and_is_as_drawn_at_the_reference() {
    let (model, _) = read(r#"angle="radian""#, "", r#"ref="0.5" range="0 1""#, "");
    let limits = model.joints[model.joint_index("one").unwrap()].limits;
    assert_eq!((limits.lower, limits.upper), (0.0, 1.0));
    assert_arm(&model, 0.5, UnitQuaternion::identity());
    assert_arm(&model, 0.9, about(Vector3::z(), 0.4));
}

#[test]
fn slide_with_a_reference_is_as_drawn_there() {
    let joint = r#"type="slide" ref="0.2" range="0 1""#;
    let (model, _) = read("", "", joint, "");
    let limits = model.joints[model.joint_index("one").unwrap()].limits;
    assert_eq!((limits.lower, limits.upper), (0.0, 1.0));
    let off = arm(&model, 0.2).translation.vector - Translation3::new(1.0, 2.0, 3.0).vector;
    assert!(off.norm() < 1e-12, "{off}");
    let moved = arm(&model, 0.5).translation.vector - Vector3::new(1.0, 2.0, 3.3);
    assert!(moved.norm() < 1e-12, "{moved}");
}

#[test]
fn range_of_a_joint_that_is_not_limited_does_not_count() {
    let (model, _) = read("", "", r#"limited="false" range="-10 10""#, "");
    let joint = &model.joints[model.joint_index("one").unwrap()];
    assert_eq!(joint.kind, JointKind::Continuous);
    assert_eq!(joint.limits.upper, f64::INFINITY);
}

#[test]
fn geom_that_collides_with_nothing_keeps_its_mass() {
    let ghost = r#"<geom size="0.1" mass="3" contype="0" conaffinity="0"/>"#;
    let (model, _) = read("", "", "", ghost);
    let arm = &model.links[model.link_index("arm").unwrap()];
    assert_eq!((arm.mass_kg, arm.shapes.len()), (4.0, 1));
}

#[test]
fn weight_that_a_body_does_not_feel_is_said_to_be_of_no_account() {
    let (_, warnings) = read("", r#"gravcomp="1""#, "", "");
    let said = warnings
        .iter()
        .any(|w| w.contains("body arm: gravcomp: is 1"));
    assert!(said, "{warnings:?}");
}
