//! How wheels carry a robot and how their drives turn them.

#![allow(
    clippy::unwrap_used,
    reason = "a test whose fixture is not there has failed"
)]

use physical_ai_description::read_urdf;
use physical_ai_domain::{ActuatorCommand, CommandMode, RobotLayout, RobotName, Time, World};
use physical_ai_sim::{Fault, RobotSetup, SensorNoise, SimulatedWorld};

const STEP_S: f64 = 0.001;
const RADIUS_M: f64 = 0.1;
const SEPARATION_M: f64 = 0.4;

fn name() -> RobotName {
    RobotName::try_new("robot_1").unwrap()
}

/// 60 kg on two wheels and two skids; the drive of a wheel has 6 N m, its joint `friction` N m, and it is 5 cm wide.
fn world(friction: f64) -> SimulatedWorld {
    let link = |name: &str, mass: f64, shape: &str| {
        format!(
            r#"<link name="{name}"><inertial><mass value="{mass}"/><inertia ixx="0.5" ixy="0" ixz="0" iyy="0.5" iyz="0"
            izz="0.5"/></inertial>{shape}</link>"#
        )
    };
    let shape = |at: &str, geometry: &str| {
        format!(r#"<collision><origin {at}/><geometry>{geometry}</geometry></collision>"#)
    };
    let skid = |x: f64| {
        shape(
            &format!(r#"xyz="{x} 0 0.03""#),
            r#"<sphere radius="0.03"/>"#,
        )
    };
    let wheel = |side: &str, y: f64| {
        let tyre = shape(
            r#"rpy="1.5707963268 0 0""#,
            r#"<cylinder radius="0.1" length="0.05"/>"#,
        );
        format!(
            r#"{}<joint name="{side}" type="continuous"><parent link="base"/><child link="{side}_wheel"/>
            <origin xyz="0 {y} {RADIUS_M}"/><axis xyz="0 1 0"/><limit velocity="10" effort="6"/>
            <dynamics friction="{friction}"/></joint>"#,
            link(&format!("{side}_wheel"), 1.0, &tyre).replace("0.5\"", "0.005\"")
        )
    };
    let urdf = format!(
        r#"<robot name="r">{}{}{}</robot>"#,
        link("base", 60.0, &(skid(0.2) + &skid(-0.2))),
        wheel("left", SEPARATION_M / 2.0),
        wheel("right", -SEPARATION_M / 2.0)
    );
    let layout = "drive: {left: [left], right: [right], radius_m: 0.1, separation_m: 0.4}";
    let model = read_urdf(name(), &urdf).unwrap();
    let model = model
        .with_layout(RobotLayout::from_yaml("test", layout).unwrap())
        .unwrap();
    let yaml = "robots:\n  - {name: robot_1, model: r, pose: {x: 0.0, y: 0.0, z: 0.0}}\n";
    let world = World::from_yaml("test", yaml).unwrap();
    let setups = vec![RobotSetup::new(model)];
    SimulatedWorld::try_new(&world, setups, SensorNoise::default(), 1, STEP_S).unwrap()
}

/// Tells the wheels how fast to turn, radians per second, for some seconds.
fn drive(world: &mut SimulatedWorld, wheels: [f64; 2], seconds: f64) {
    for step in 0..(seconds / STEP_S) as usize {
        if step % 5 == 0 {
            let command = ActuatorCommand {
                robot: name(),
                stamp: Time::ZERO,
                sensor_stamp: Time::ZERO,
                mode: CommandMode::Velocity,
                position: vec![],
                velocity: wheels.to_vec(),
                effort: vec![],
                valid_for_s: 0.05,
            };
            world.apply(&command).unwrap();
        }
        world.step().unwrap();
    }
}

/// How far the wheels turn within a second while they are told to, radians.
fn turned(world: &mut SimulatedWorld, wheels: [f64; 2]) -> [f64; 2] {
    let before = world.true_joint_positions(&name()).unwrap();
    drive(world, wheels, 1.0);
    let after = world.true_joint_positions(&name()).unwrap();
    [after[0] - before[0], after[1] - before[1]]
}

#[test]
fn wheels_turn_as_told_against_the_friction_of_their_joints() {
    for friction in [0.0, 1.0, 3.0] {
        for told in [0.3, 3.0] {
            let mut world = world(friction);
            drive(&mut world, [told; 2], 2.0);
            for rad in turned(&mut world, [told; 2]) {
                let off = (rad - told).abs() / told;
                assert!(off < 0.05, "{friction} N m: {rad} instead of {told} rad/s");
            }
        }
    }
}

#[test]
fn robot_turns_on_the_spot_as_its_wheels_are_told() {
    for told in [0.2, 1.0, 3.0] {
        let mut world = world(0.0);
        drive(&mut world, [-told, told], 2.0);
        let observed = world.true_base_twist(&name()).unwrap().angular_rps[2];
        let expected = 2.0 * told * RADIUS_M / SEPARATION_M;
        let off = (observed - expected).abs() / expected;
        assert!(off < 0.1, "{observed} instead of {expected} rad/s");
    }
}

#[test]
fn wheel_that_was_jammed_does_not_lurch_when_it_comes_loose_after_a_stop() {
    let mut world = world(0.0);
    let robot = name();
    let joint = None;
    world
        .inject(&Fault::Jam {
            robot,
            joint: joint.clone(),
        })
        .unwrap();
    drive(&mut world, [3.0; 2], 2.0);
    world.hold(&name());
    world.step().unwrap();
    world
        .inject(&Fault::Release {
            robot: name(),
            joint,
        })
        .unwrap();
    let before = world.true_base_pose(&name()).unwrap().translation.x;
    for _ in 0..500 {
        world.step().unwrap();
    }
    let moved_m = world.true_base_pose(&name()).unwrap().translation.x - before;
    assert!(moved_m.abs() < 0.01, "moved {moved_m} m");
}
