//! What has to be found by looking at robots that others made.

use std::path::{Path, PathBuf};

use physical_ai_description::{LoadedRobot, PackagePaths, RobotFile, load_robot, robot_file_text};
use physical_ai_domain::{ChainLayout, DiffDriveLayout, RobotName};
use physical_ai_tests::checkout;
use serde::Deserialize;

use crate::reading::{prefix, robots};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    file: String,
    chains: Vec<ExpectedChain>,
    #[serde(default)]
    drive: Option<DiffDriveLayout>,
    #[serde(default)]
    postures: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedChain {
    name: String,
    base: String,
    tip: String,
    joints: usize,
    #[serde(default)]
    gripper: Vec<String>,
    #[serde(default)]
    gripper_joints: Option<usize>,
    #[serde(default)]
    opening_m: Option<f64>,
}

fn load(file: &Path) -> Result<LoadedRobot, String> {
    let packages = PackagePaths::new(Vec::new(), Some(prefix().as_os_str()));
    let name = RobotName::try_new("robot_1").unwrap();
    load_robot(name, file, &packages).map_err(|e| e.to_string())
}

fn table() -> Vec<Expected> {
    let path = checkout().join("tests/robots/found.yaml");
    serde_yaml_ng::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn path(expected: &Expected) -> PathBuf {
    robots().join(&expected.file)
}

#[test]
fn public_robots_are_what_people_know_them_to_be() {
    let mut problems = Vec::new();
    for expected in table() {
        match load(&path(&expected)) {
            Ok(robot) => {
                let wrong = differences(&robot, &expected);
                problems.extend(wrong.into_iter().map(|w| format!("{}: {w}", expected.file)));
            }
            Err(error) => problems.push(format!("{}: {error}", expected.file)),
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn differences(robot: &LoadedRobot, expected: &Expected) -> Vec<String> {
    let mut wrong = Vec::new();
    let layout = &robot.layout;
    for chain in &expected.chains {
        match layout.chains.iter().find(|c| c.name == chain.name) {
            Some(found) => wrong.extend(chain_differences(robot, found, chain)),
            None => {
                let names: Vec<&String> = layout.chains.iter().map(|c| &c.name).collect();
                wrong.push(format!("no chain {}: {names:?}", chain.name));
            }
        }
    }
    // Chains of a head or a spine may be there beside those that everybody would name.
    let is_limb = |c: &&ChainLayout| {
        ["head", "torso", "spine"]
            .iter()
            .all(|w| !c.name.contains(w))
    };
    let limbs = layout.chains.iter().filter(is_limb).count();
    if limbs != expected.chains.len() {
        wrong.push(format!("{limbs} chains, not {}", expected.chains.len()));
    }
    match (&layout.drive, &expected.drive) {
        (None, None) => {}
        (Some(found), Some(drive)) => {
            let near = |a: f64, b: f64| (a - b).abs() < 1e-4;
            let same = found.left == drive.left
                && found.right == drive.right
                && near(found.radius_m, drive.radius_m)
                && near(found.separation_m, drive.separation_m);
            if !same {
                wrong.push(format!("drive {found:?}"));
            }
        }
        (found, _) => wrong.push(format!("drive {found:?}")),
    }
    let missing = expected
        .postures
        .iter()
        .filter(|p| !layout.postures.contains_key(*p));
    wrong.extend(missing.map(|p| format!("no posture {p}")));
    wrong
}

fn chain_differences(
    robot: &LoadedRobot,
    found: &ChainLayout,
    chain: &ExpectedChain,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let name = &chain.name;
    if (&found.base, &found.tip) != (&chain.base, &chain.tip) {
        wrong.push(format!("{name}: from {} to {}", found.base, found.tip));
    }
    let joints = robot.chain_joints(&found.base, &found.tip).len();
    if joints != chain.joints {
        wrong.push(format!("{name}: {joints} joints"));
    }
    let gripper = found.gripper.as_ref();
    let fingers: Vec<&String> =
        gripper.map_or(Vec::new(), |g| g.joints.iter().map(|j| &j.joint).collect());
    let same = match chain.gripper_joints {
        Some(number) => fingers.len() == number,
        None => fingers == chain.gripper.iter().collect::<Vec<_>>(),
    };
    if !same {
        wrong.push(format!(
            "{name}: {} joints of the gripper: {fingers:?}",
            fingers.len()
        ));
    }
    if let Some(opening) = chain.opening_m
        && gripper.is_none_or(|g| (g.opening_m - opening).abs() > 0.001)
    {
        wrong.push(format!("{name}: gripper {gripper:?}"));
    }
    wrong
}

#[test]
fn what_is_written_to_be_edited_reads_back_to_the_same() {
    let mut files: Vec<PathBuf> = table().iter().map(path).collect();
    let own = ["urdf/arm.urdf", "urdf/rover.urdf", "params/robots/arm.yaml"];
    files.extend(own.map(|file| checkout().join(file)));
    let mut problems = Vec::new();
    for file in files {
        let robot = load(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let description = robot.model.source.path.clone().unwrap();
        let text = robot_file_text(&robot, &description.display().to_string());
        let folder = tempfile::tempdir().unwrap();
        let yaml = folder.path().join("robot.yaml");
        std::fs::write(&yaml, &text).unwrap();
        match load(&yaml) {
            Ok(again) if again.layout == robot.layout && again.sensors == robot.sensors => {}
            Ok(again) => problems.push(format!(
                "{}: {:?} became {:?}",
                file.display(),
                robot.layout,
                again.layout
            )),
            Err(error) => problems.push(format!("{}: {error}", file.display())),
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn shipped_robots_are_an_arm_with_a_gripper_and_a_rover() {
    let arm = load(&checkout().join("params/robots/arm.yaml")).unwrap();
    let [chain] = arm.layout.chains.as_slice() else {
        panic!("{:?}", arm.layout.chains);
    };
    assert_eq!(
        (chain.base.as_str(), chain.tip.as_str()),
        ("base_link", "tool0")
    );
    let gripper = chain.gripper.as_ref().unwrap();
    assert_eq!(gripper.joints.len(), 2);
    assert!(
        gripper
            .joints
            .iter()
            .all(|j| (j.open, j.closed) == (0.045, 0.0))
    );
    assert!((gripper.opening_m - 0.09).abs() < 1e-9);
    assert_eq!(arm.layout.postures["home"].len(), 6);
    let rover = load(&checkout().join("urdf/rover.urdf")).unwrap();
    let drive = rover.layout.drive.unwrap();
    assert_eq!(
        (drive.left, drive.right),
        (
            vec!["left_wheel_joint".into()],
            vec!["right_wheel_joint".into()]
        )
    );
    assert!((drive.radius_m - 0.08).abs() < 1e-9 && (drive.separation_m - 0.34).abs() < 1e-9);
    assert!(rover.layout.chains.is_empty());
    let sensors: Vec<&str> = rover.sensors.iter().map(|s| s.link.as_str()).collect();
    assert_eq!(sensors, ["imu_link", "lidar_link"]);
}

#[test]
fn every_shipped_robot_file_names_what_is_there() {
    let folder = checkout().join("params/robots");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = RobotFile::read(&path).unwrap();
        assert!(!file.description.is_empty());
        load(&path).unwrap_or_else(|e| panic!("{e}"));
    }
}
