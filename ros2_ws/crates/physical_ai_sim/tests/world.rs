//! The shipped worlds, simulated.

#![allow(
    clippy::unwrap_used,
    reason = "a test whose fixture is not there has failed"
)]

use physical_ai_domain::{ActuatorCommand, CommandMode, RobotName, Time, World};
use physical_ai_sim::{BaseTwist, Error, Fault, RobotSetup, SensorNoise, SimulatedWorld};

const STEP_S: f64 = 0.001;

fn world(file: &str, seed: u64) -> SimulatedWorld {
    let top = concat!(env!("CARGO_MANIFEST_DIR"), "/../../..");
    let yaml = std::fs::read_to_string(format!("{top}/params/worlds/{file}.yaml")).unwrap();
    let world = World::from_yaml(file, &yaml).unwrap();
    let models = world
        .robots
        .iter()
        .map(|r| {
            let folder = format!("{top}/urdf");
            let model = physical_ai_description::read_model(r, std::path::Path::new(&folder));
            RobotSetup::new(model.unwrap())
        })
        .collect();
    SimulatedWorld::try_new(&world, models, SensorNoise::default(), seed, STEP_S).unwrap()
}

fn robot(name: &str) -> RobotName {
    RobotName::try_new(name).unwrap()
}

fn drive(speed_rps: f64) -> ActuatorCommand {
    ActuatorCommand {
        robot: robot("rover_1"),
        stamp: Time::ZERO,
        sensor_stamp: Time::ZERO,
        mode: CommandMode::Velocity,
        position: vec![],
        velocity: vec![speed_rps; 2],
        effort: vec![],
        valid_for_s: 0.05,
    }
}

#[test]
fn command_of_efforts_is_refused_by_name_and_stops_the_drives() {
    let mut world = world("demo", 1);
    let name = robot("rover_1");
    for step in 0..1000 {
        if step % 5 == 0 {
            world.apply(&drive(3.0)).unwrap();
        }
        world.step().unwrap();
    }
    assert!(world.joint_sample(&name).unwrap().velocity[0] > 2.0);
    for step in 0..1000 {
        if step % 5 == 0 {
            let pushed = ActuatorCommand {
                mode: CommandMode::Effort,
                effort: vec![1.0; 2],
                ..drive(0.0)
            };
            let error = world.apply(&pushed).unwrap_err().to_string();
            assert!(
                error.contains("rover_1") && error.contains("effort"),
                "{error}"
            );
        }
        world.step().unwrap();
    }
    assert!(world.joint_sample(&name).unwrap().velocity[0].abs() < 0.05);
}

#[test]
fn same_seed_gives_the_same_bits() {
    let run = |seed| {
        let mut world = world("demo", seed);
        let mut samples = Vec::new();
        for step in 0..300 {
            if step % 5 == 0 {
                world.apply(&drive(3.0)).unwrap();
                samples.push(format!("{:?}", world.joint_sample(&robot("rover_1"))));
                samples.push(format!("{:?}", world.imu_sample(&robot("rover_1"))));
            }
            world.step().unwrap();
        }
        samples.push(format!("{:?}", world.laser_sample(&robot("rover_1"))));
        samples.push(format!("{:?}", world.objects()));
        samples
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn rover_drives_as_commanded_and_rests_within_100_ms_of_silence() {
    let mut world = world("demo", 1);
    let name = robot("rover_1");
    for step in 0..2000 {
        if step % 5 == 0 {
            world
                .apply(&drive(5.0_f64.min(step as f64 * 0.01)))
                .unwrap();
        }
        world.step().unwrap();
    }
    let before = world.true_base_pose(&name).unwrap().translation.vector;
    assert!((before.x - 2.0 - 0.7).abs() < 0.03, "drove to {before}");
    for _ in 0..100 {
        world.step().unwrap();
    }
    assert!(world.is_holding(&name));
    let at = |w: &SimulatedWorld| w.true_base_pose(&name).unwrap().translation.vector;
    let (start, stopped) = (at(&world), {
        for _ in 0..20 {
            world.step().unwrap();
        }
        at(&world)
    });
    let speed = (stopped - start).norm() / 0.02;
    assert!(speed < 0.02, "still moves at {speed} m/s");
}

#[test]
fn true_twist_is_that_of_the_true_poses() {
    let mut world = world("demo", 1);
    let name = robot("rover_1");
    let mut turning = drive(0.0);
    turning.velocity = vec![2.0, 6.0];
    let mut before = world.true_base_pose(&name).unwrap();
    for step in 0..2000 {
        if step % 5 == 0 {
            before = world.true_base_pose(&name).unwrap();
            world.apply(&turning).unwrap();
        }
        world.step().unwrap();
    }
    let (after, twist) = (
        world.true_base_pose(&name).unwrap(),
        world.true_base_twist(&name).unwrap(),
    );
    let moved = before.inverse() * after;
    let forward_mps = moved.translation.x / 0.005;
    let yaw_rate_rps = moved.rotation.euler_angles().2 / 0.005;
    assert!(
        (twist.linear_mps[0] - forward_mps).abs() < 0.01,
        "{twist:?} {forward_mps}"
    );
    assert!(
        (twist.angular_rps[2] - yaw_rate_rps).abs() < 0.05,
        "{twist:?} {yaw_rate_rps}"
    );
    assert!(
        (forward_mps - 0.32).abs() < 0.02 && yaw_rate_rps > 0.8,
        "it drives a curve"
    );
    assert_eq!(
        world.true_base_twist(&robot("arm_1")),
        Some(BaseTwist::default())
    );
}

#[test]
fn arm_holds_against_gravity_and_follows_a_set_point() {
    let mut world = world("demo", 1);
    let name = robot("arm_1");
    let target = [0.5, 0.4, 0.6, 0.3, -0.2, 0.7, 0.03, 0.03];
    for step in 0..3000 {
        if step % 5 == 0 {
            let share = (step as f64 / 2000.0).min(1.0);
            let moving = if share < 1.0 { 0.5 } else { 0.0 };
            world
                .apply(&ActuatorCommand {
                    robot: name.clone(),
                    mode: CommandMode::Position,
                    position: target.iter().map(|t| t * share).collect(),
                    velocity: target.iter().map(|t| t * moving).collect(),
                    ..drive(0.0)
                })
                .unwrap();
        }
        world.step().unwrap();
    }
    let sample = world.joint_sample(&name).unwrap();
    for (observed, wanted) in sample.position.iter().zip(target) {
        assert!(
            (observed - wanted).abs() < 5e-3,
            "{observed} instead of {wanted}"
        );
    }
}

#[test]
fn lidar_sees_the_walls() {
    let mut world = world("demo", 1);
    world.step().unwrap();
    let scan = world.laser_sample(&robot("rover_1")).unwrap();
    let ahead = scan.ranges[scan.ranges.len() / 2];
    assert!((ahead - 2.95).abs() < 0.05, "east wall at {ahead} m");
    assert!(world.laser_sample(&robot("arm_1")).is_none());
}

#[test]
fn bad_commands_are_refused_with_field_and_value() {
    let mut world = world("demo", 1);
    let check = |world: &mut SimulatedWorld, command: ActuatorCommand, expected: &str| {
        let error = world.apply(&command).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(&mut world, drive(f64::NAN), "velocity[0] is NaN");
    let short = ActuatorCommand {
        velocity: vec![1.0],
        ..drive(1.0)
    };
    check(
        &mut world,
        short,
        "velocity has 1 values, but the robot has 2 joints",
    );
    let unknown = ActuatorCommand {
        robot: robot("ghost"),
        ..drive(1.0)
    };
    assert!(matches!(world.apply(&unknown), Err(Error::UnknownRobot(_))));
}

#[test]
fn gravity_is_that_of_the_world_file() {
    let fallen = |gravity: &str| {
        let yaml = format!(
            "{gravity}boxes: [{{name: b, size_m: [0.1, 0.1, 0.1], mass_kg: 1, pose: {{x: 0, y: 0, z: 5}}}}]"
        );
        let placed = World::from_yaml("test", &yaml).unwrap();
        let noise = SensorNoise::default();
        let mut world = SimulatedWorld::try_new(&placed, vec![], noise, 1, STEP_S).unwrap();
        for _ in 0..500 {
            world.step().unwrap();
        }
        5.0 - world.true_object_pose("b").unwrap().translation.z
    };
    // g t² / 2 after 0.5 s, within a step or two.
    for (gravity, g) in [
        ("", 9.81),
        ("gravity_mps2: [0, 0, -1.62]\n", 1.62),
        ("gravity_mps2: [0, 0, 0]\n", 0.0),
    ] {
        let (fell, expected) = (fallen(gravity), g * 0.5 * 0.5 / 2.0);
        let error = (fell - expected).abs();
        assert!(error <= 0.01 * expected, "{gravity}: {fell} {expected}");
    }
}

#[test]
fn robot_begins_and_is_reset_to_the_posture_that_it_starts_in() {
    let top = concat!(env!("CARGO_MANIFEST_DIR"), "/../../..");
    let yaml = "robots: [{name: arm_1, model: arm, pose: {x: 0, y: 0}, posture: home}]";
    let placed = World::from_yaml("test", yaml).unwrap();
    let folder = format!("{top}/urdf");
    let model = physical_ai_description::read_model(&placed.robots[0], folder.as_ref()).unwrap();
    let start = model.posture_positions("home").unwrap();
    assert_ne!(start, model.zero_positions());
    let mut setup = RobotSetup::new(model);
    setup.start.clone_from(&start);
    let noise = SensorNoise::default();
    let mut world = SimulatedWorld::try_new(&placed, vec![setup], noise, 1, STEP_S).unwrap();
    let stands = |world: &SimulatedWorld, most: f64| {
        let at = world.true_joint_positions(&robot("arm_1")).unwrap();
        let errors = at.iter().zip(&start).map(|(a, b)| (a - b).abs());
        assert!(errors.fold(0.0, f64::max) <= most, "{at:?} {start:?}");
    };
    stands(&world, 0.0);
    // Drives hold it there, too.
    for _ in 0..1000 {
        world.step().unwrap();
    }
    stands(&world, 1e-3);
    let name = robot("arm_1");
    world.place_joints(&name, &vec![0.01; start.len()]).unwrap();
    world.reset();
    stands(&world, 0.0);
}

#[test]
fn reset_brings_everything_back() {
    let mut world = world("two_by_two", 3);
    let start = format!("{:?}", world.objects());
    for _ in 0..500 {
        world.apply(&drive(5.0)).unwrap();
        world.step().unwrap();
    }
    world.reset();
    assert_eq!(world.time(), Time::ZERO);
    assert_eq!(format!("{:?}", world.objects()), start);
}

/// Largest acceleration of joint 1 over 5 ms while it is commanded to 0 and, from 0.3 s on, to `target`;
/// and where it ends. Radians and seconds.
fn hardest_push(target: f64) -> (f64, f64) {
    let mut world = world("demo", 1);
    let name = robot("arm_1");
    let (mut speed, mut hardest, mut position) = (0.0, 0.0f64, 0.0);
    for step in 0..1500 {
        if step % 5 == 0 {
            let mut wanted = vec![0.0, 0.0, 1.6, 1.54, 0.0, 0.0, 0.0, 0.0];
            if step >= 1000 {
                wanted[0] = target;
            }
            let command = ActuatorCommand {
                robot: name.clone(),
                mode: CommandMode::Position,
                position: wanted,
                velocity: vec![0.0; 8],
                ..drive(0.0)
            };
            world.apply(&command).unwrap();
            let sample = world.joint_sample(&name).unwrap();
            if step >= 1000 {
                hardest = hardest.max((sample.velocity[0] - speed).abs() / 0.005);
            }
            (speed, position) = (sample.velocity[0], sample.position[0]);
        }
        world.step().unwrap();
    }
    (hardest, position)
}

#[test]
fn set_point_that_jumps_is_followed_on_a_ramp() {
    let (hardest, at) = hardest_push(0.05);
    // Joint 1 plans with 8 rad/s²; its drive ramps with 4 times that.
    assert!(hardest < 45.0, "{hardest} rad/s²");
    assert!((at - 0.05).abs() < 2e-3, "{at} rad");
}

#[test]
fn commands_that_come_sooner_or_later_do_not_shake_the_arm() {
    let mut world = world("demo", 1);
    let name = robot("arm_1");
    let mut underway = Vec::new();
    let (mut speed, mut hardest) = (0.0, 0.0f64);
    for step in 1..1500u32 {
        let now = world.time();
        if step % 5 == 0 {
            // Joint 1 gets to 1 rad/s in 0.5 s; commands need 0 to 8 ms.
            let (time_s, end_s) = (now.seconds(), now.seconds().min(0.5));
            let mut position = vec![0.0, 0.0, 1.6, 1.54, 0.0, 0.0, 0.0, 0.0];
            let mut velocity = vec![0.0; 8];
            position[0] = end_s * end_s + 2.0 * end_s * (time_s - end_s);
            velocity[0] = 2.0 * end_s;
            let command = ActuatorCommand {
                robot: name.clone(),
                stamp: now,
                mode: CommandMode::Position,
                position,
                velocity,
                ..drive(0.0)
            };
            underway.push((step + step * 7 % 9, command));
            let sample = world.joint_sample(&name).unwrap();
            if step > 200 {
                hardest = hardest.max((sample.velocity[0] - speed).abs() / 0.005);
            }
            speed = sample.velocity[0];
        }
        for (_, command) in underway.extract_if(.., |(arrives, _)| *arrives <= step) {
            world.apply(&command).unwrap();
        }
        world.step().unwrap();
    }
    assert!((speed - 1.0).abs() < 0.02, "{speed} rad/s");
    assert!(hardest < 8.0, "{hardest} rad/s²");
}

#[test]
fn jammed_joint_stays_whatever_its_drive_does() {
    let mut world = world("demo", 1);
    let name = robot("rover_1");
    let jam = |joint: Option<&str>| Fault::Jam {
        robot: robot("rover_1"),
        joint: joint.map(str::to_owned),
    };
    world.inject(&jam(Some("left_wheel_joint"))).unwrap();
    let turned = |world: &mut SimulatedWorld| {
        let before = world.true_joint_positions(&name).unwrap();
        for step in 0..500 {
            if step % 5 == 0 {
                world.apply(&drive(3.0)).unwrap();
            }
            world.step().unwrap();
        }
        let after = world.true_joint_positions(&name).unwrap();
        [after[0] - before[0], after[1] - before[1]]
    };
    let [left, right] = turned(&mut world);
    assert!(left.abs() < 1e-4 && right > 0.5, "{left} {right}");
    world.inject(&jam(None)).unwrap();
    assert!(turned(&mut world).iter().all(|t| t.abs() < 1e-4));
    let free = Fault::Release {
        robot: robot("rover_1"),
        joint: None,
    };
    world.inject(&free).unwrap();
    let [left, right] = turned(&mut world);
    assert!(left > 1.0 && right > 1.0, "{left} {right}");
}

#[test]
fn drives_without_power_give_no_force_until_they_have_it_again() {
    let mut world = world("demo", 1);
    let name = robot("rover_1");
    world.inject(&Fault::PowerOff(name.clone())).unwrap();
    assert!(!world.is_powered(&name));
    let run = |world: &mut SimulatedWorld| {
        for step in 0..500 {
            if step % 5 == 0 {
                world.apply(&drive(3.0)).unwrap();
            }
            world.step().unwrap();
        }
        world.true_base_pose(&name).unwrap().translation.x
    };
    let stood = run(&mut world);
    assert!((stood - 2.0).abs() < 1e-3, "{stood}");
    world.inject(&Fault::PowerOn(name.clone())).unwrap();
    assert!(run(&mut world) > 2.05);
}

#[test]
fn silent_robot_says_nothing_and_the_others_speak() {
    let mut world = world("demo", 1);
    let (rover, arm) = (robot("rover_1"), robot("arm_1"));
    world.inject(&Fault::Silence(rover.clone())).unwrap();
    assert!(world.joint_sample(&rover).is_none() && world.imu_sample(&rover).is_none());
    assert!(world.laser_sample(&rover).is_none() && world.joint_sample(&arm).is_some());
    world.inject(&Fault::Speak(rover.clone())).unwrap();
    assert!(world.joint_sample(&rover).is_some() && world.laser_sample(&rover).is_some());
}

#[test]
fn object_is_where_it_was_put_and_a_reset_mends_everything() {
    let mut world = world("demo", 1);
    let put = |x: f64| Fault::PlaceObject {
        object: "red_box".into(),
        pose: nalgebra::Isometry3::translation(x, 0.3, 0.425),
    };
    world.inject(&put(0.2)).unwrap();
    for _ in 0..200 {
        world.step().unwrap();
    }
    let at = world
        .true_object_pose("red_box")
        .unwrap()
        .translation
        .vector;
    assert!(
        (at.x - 0.2).abs() < 1e-3 && (at.z - 0.42).abs() < 1e-3,
        "{at}"
    );
    let (rover, all) = (robot("rover_1"), None);
    let jam = Fault::Jam {
        robot: rover.clone(),
        joint: all,
    };
    world.inject(&jam).unwrap();
    world.inject(&Fault::PowerOff(rover.clone())).unwrap();
    world.inject(&Fault::Silence(rover.clone())).unwrap();
    world.reset();
    assert!(world.is_powered(&rover) && world.joint_sample(&rover).is_some());
    let at = world
        .true_object_pose("red_box")
        .unwrap()
        .translation
        .vector;
    assert!((at.x - 0.42).abs() < 1e-6, "{at}");
    for step in 0..500 {
        if step % 5 == 0 {
            world.apply(&drive(3.0)).unwrap();
        }
        world.step().unwrap();
    }
    assert!(world.true_joint_positions(&rover).unwrap()[0] > 1.0);
}

#[test]
fn fault_of_what_is_not_there_is_refused_with_what_there_is() {
    let mut world = world("demo", 1);
    let mut check = |fault: Fault, expected: &str| {
        let error = world.inject(&fault).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(Fault::PowerOff(robot("rover_9")), "rover_9");
    let jam = Fault::Jam {
        robot: robot("rover_1"),
        joint: Some("elbow".into()),
    };
    check(
        jam,
        "\"elbow\" is not one of robot rover_1: left_wheel_joint",
    );
    let put = |object: &str, x| Fault::PlaceObject {
        object: object.into(),
        pose: nalgebra::Isometry3::translation(x, 0.0, 0.0),
    };
    check(
        put("gold_box", 0.0),
        "is not in this world: red_box, blue_box",
    );
    check(put("red_box", f64::NAN), "NaN");
}
