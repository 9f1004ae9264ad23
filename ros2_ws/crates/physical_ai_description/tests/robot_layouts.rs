//! Layouts are held against the robots that they are for.

#![allow(
    clippy::unwrap_used,
    reason = "a test whose fixture is not there has failed"
)]

use physical_ai_description::read_urdf;
use physical_ai_domain::{RobotLayout, RobotModel, RobotName};

const TOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../..");

fn model(name: &str) -> RobotModel {
    let urdf = std::fs::read_to_string(format!("{TOP}/urdf/{name}.urdf")).unwrap();
    read_urdf(RobotName::try_new(name).unwrap(), &urdf).unwrap()
}

const ARM: &str = "
chains:
  - name: arm
    base: base_link
    tip: tool0
    gripper:
      joints:
        - {joint: finger_left_joint, open: 0.045, closed: 0.0}
        - {joint: finger_right_joint, open: 0.045, closed: 0.0}
      opening_m: 0.09
postures:
  home: {joint_3: 1.6, joint_4: 1.5}
";
const ROVER: &str = "drive: {left: [left_wheel_joint], right: [right_wheel_joint], radius_m: 0.08, separation_m: 0.34}";

fn yaml(name: &str) -> &'static str {
    if name == "arm" { ARM } else { ROVER }
}

#[test]
fn layouts_that_fit_are_taken() {
    for name in ["arm", "rover"] {
        let layout = RobotLayout::from_yaml(name, yaml(name)).unwrap();
        model(name).with_layout(layout).unwrap();
    }
}

#[test]
fn layout_that_does_not_fit_is_refused_with_field_and_value() {
    let check = |robot: &str, from: &str, to: &str, expected: &str| {
        let yaml = yaml(robot).replacen(from, to, 1);
        let layout = RobotLayout::from_yaml(robot, &yaml);
        let error = layout.and_then(|l| model(robot).with_layout(l));
        let error = error.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(
        "arm",
        "tip: tool0",
        "tip: tool9",
        "chains: arm: tip: the robot has no link \"tool9\"",
    );
    check(
        "arm",
        "base: base_link",
        "base: tool0",
        "no joint that is commanded lies between base tool0",
    );
    check(
        "arm",
        "tip: tool0",
        "tip: finger_left",
        "moves with finger_left_joint",
    );
    check(
        "arm",
        "finger_left_joint",
        "thumb",
        "\"thumb\" is no joint that is commanded: name one of joint_1",
    );
    check(
        "arm",
        "finger_left_joint",
        "finger_right_joint",
        "finger_right_joint: is used twice",
    );
    check(
        "arm",
        "open: 0.045",
        "open: 0.06",
        "0.06 is outside the joint's limits 0 to 0.045",
    );
    let stays = &ARM.replace("open: 0.045", "open: 0.0");
    let layout = RobotLayout::from_yaml("arm", stays).unwrap();
    let error = model("arm").with_layout(layout).unwrap_err().to_string();
    assert!(
        error.contains("no joint has different positions"),
        "{error}"
    );
    check(
        "arm",
        "opening_m: 0.09",
        "opening_m: .nan",
        "gripper: opening_m: is NaN m",
    );
    check(
        "arm",
        "joint_3: 1.6",
        "joint_3: 9.0",
        "postures: home: joint_3: 9 is outside",
    );
    check("arm", "chains:", "chain:", "unknown field");
    check(
        "rover",
        "[left_wheel_joint]",
        "[]",
        "drive: left: has no wheel",
    );
    check("rover", "0.08", "-0.08", "drive: radius_m: is -0.08 m");
    check(
        "rover",
        "[right_wheel_joint]",
        "[left_wheel_joint]",
        "left_wheel_joint: is used twice",
    );
}
