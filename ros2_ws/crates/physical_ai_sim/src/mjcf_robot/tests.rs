use mujoco_rs::prelude::*;
use physical_ai_description::read_urdf;
use physical_ai_domain::{Geometry, JointKind, MotionBlock, RobotModel, RobotName};

use super::*;

/// Reads an MJCF robot by way of its URDF; the folder holds its meshes.
fn read(mjcf: &str) -> Result<(RobotModel, tempfile::TempDir), Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("robot.xml");
    std::fs::write(&path, mjcf).unwrap();
    let converted = mjcf_to_urdf(&path, &folder.path().join("meshes"))?;
    let model = read_urdf(RobotName::try_new("robot").unwrap(), &converted.urdf);
    Ok((
        model.unwrap_or_else(|e| panic!("{e}: {}", converted.urdf)),
        folder,
    ))
}

const ARM: &str = r#"<mujoco><compiler angle="radian" eulerseq="XYZ"/>
  <worldbody><body name="base"><geom type="box" size="0.1 0.1 0.1" mass="1"/>
    <body name="upper" pos="0 0 0.3" euler="0.4 0.2 -0.3">
      <joint name="shoulder" axis="0 1 0" pos="0.05 0 0.02" ref="0.5" range="0 1" damping="0.7" frictionloss="0.1"/>
      <joint name="slide" type="slide" axis="1 0 0" range="-0.1 0.2" ref="0.05"/>
      <geom type="capsule" size="0.05 0.2" contype="0" conaffinity="0" mass="3"/>
      <geom type="sphere" size="0.05" mass="1"/>
      <body name="lower" pos="0 0 0.4">
        <joint name="elbow" axis="1 0 0" limited="false" range="-1 1"/>
        <geom type="ellipsoid" size="0.03 0.05 0.2" mass="1"/>
        <body name="finger" pos="0 0 0.3"><joint name="finger" type="slide" axis="0 1 0" range="-0.1 0.1" ref="0.01"/>
          <geom type="cylinder" size="0.01 0.03" mass="0.1"/></body>
      </body></body></body></worldbody>
  <equality><joint joint1="finger" joint2="elbow" polycoef="0.02 0.05 0 0 0"/></equality>
  <actuator><motor joint="shoulder" gear="50" ctrllimited="true" ctrlrange="-2 2"/>
    <position joint="slide" kp="100" forcelimited="true" forcerange="-30 30"/></actuator></mujoco>"#;

#[test]
fn joints_keep_ranges_references_and_drives() {
    let (model, _folder) = read(ARM).unwrap();
    assert_eq!(model.joint_names(), ["shoulder", "slide", "elbow"]);
    let joint = |name: &str| &model.joints[model.joint_index(name).unwrap()];
    let limits = |name: &str| (joint(name).limits.lower, joint(name).limits.upper);
    assert_eq!(limits("shoulder"), (0.0, 1.0));
    assert_eq!(limits("slide"), (-0.1, 0.2));
    assert_eq!(joint("elbow").kind, JointKind::Continuous);
    assert_eq!(joint("shoulder").given.effort, Some(100.0));
    assert_eq!(joint("slide").given.effort, Some(30.0));
    assert_eq!(joint("elbow").given.effort, None);
    assert_eq!(
        (joint("shoulder").damping, joint("shoulder").friction),
        (0.7, 0.1)
    );
    // MJCF knows no speed limits.
    assert_eq!(
        joint("shoulder").motion_block(),
        Some(MotionBlock::NoVelocityLimit)
    );
}

#[test]
fn geoms_that_touch_nothing_keep_their_mass() {
    let (model, _folder) = read(ARM).unwrap();
    let upper = &model.links[model.link_index("upper").unwrap()];
    assert_eq!(upper.mass_kg, 4.0);
    assert_eq!((upper.shapes.len(), upper.visuals.len()), (1, 2));
    let lower = &model.links[model.link_index("lower").unwrap()];
    let [low, high] = lower.shapes[0].geometry.bounds().unwrap();
    assert!(matches!(lower.shapes[0].geometry, Geometry::Mesh(_)));
    for (value, expected) in low
        .iter()
        .chain(&high)
        .zip([-0.03, -0.05, -0.2, 0.03, 0.05, 0.2])
    {
        assert!((value - expected).abs() < 1e-6, "{low:?} {high:?}");
    }
}

#[test]
fn links_and_masses_are_those_of_mujoco() {
    let (robot, folder) = read(ARM).unwrap();
    let mujoco = MjModel::from_xml(folder.path().join("robot.xml")).unwrap();
    let mut bodies = physical_ai_control::RigidBodies::new(&robot);
    assert!((bodies.mass_kg() - 6.1).abs() < 1e-12);
    let mut data = MjData::new(&mujoco);
    for (shoulder, slide, elbow) in [(0.5, 0.05, 0.0), (0.1, -0.08, 0.9), (0.9, 0.15, -2.0)] {
        // The follower's soft constraint is not asked: it is put where it belongs.
        let finger = 0.01 + 0.02 + 0.05 * elbow;
        data.qpos_mut()
            .copy_from_slice(&[shoulder, slide, elbow, finger]);
        data.forward();
        bodies.set_positions(&[shoulder, slide, elbow]);
        // MuJoCo puts the base where the world says; both count from there.
        for (link, pose) in robot.links.iter().zip(bodies.link_poses()) {
            let Some(body) = mujoco.name_to_id(MjtObjBase::mjOBJ_BODY, &link.name) else {
                continue;
            };
            let expected = Vector3::from(data.xpos()[body]);
            let difference = (pose.translation.vector - expected).norm();
            assert!(difference < 1e-12, "{}: {difference}", link.name);
            let [w, x, y, z] = data.xquat()[body];
            let expected = UnitQuaternion::from_quaternion(Quaternion::new(w, x, y, z));
            assert!(expected.angle_to(&pose.rotation) < 1e-7, "{}", link.name);
        }
    }
}

#[test]
fn what_no_tree_of_joints_has_is_refused_by_name() {
    let check = |from: &str, to: &str, expected: &str| {
        assert!(ARM.contains(from), "{from}");
        let error = read(&ARM.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains("robot.xml"), "{error}");
    };
    check(
        "</worldbody>",
        r#"<body name="ball"><joint name="socket" type="ball"/><geom size="0.1"/></body></worldbody>"#,
        "joint socket: is a ball joint",
    );
    check(
        "</equality>",
        r#"<connect name="loop" body1="base" body2="lower" anchor="0 0 0"/></equality>"#,
        "equality loop: closes a loop",
    );
    check("0.02 0.05 0 0 0", "0.02 0.05 1 0 0", "is no straight line");
    check("<mujoco>", "<mujocu>", "robot.xml");
}

#[test]
fn gravity_of_the_file_is_said_to_belong_into_the_world_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("robot.xml");
    let text = ARM.replacen("<worldbody>", "<option gravity=\"0 0 0\"/><worldbody>", 1);
    std::fs::write(&path, text).unwrap();
    let converted = mjcf_to_urdf(&path, folder.path()).unwrap();
    assert!(
        converted
            .warnings
            .iter()
            .any(|w| w.contains("gravity_mps2")),
        "{:?}",
        converted.warnings
    );
}
