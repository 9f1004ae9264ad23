//! Robots that others made, from the public package that set-up fetches, in the simulation.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test whose fixture is not there has failed; speeds are reported"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use nalgebra::{Isometry3, Translation3, UnitQuaternion};
use physical_ai_description::{LoadedRobot, PackagePaths, load_robot, read_mesh_file};
use physical_ai_domain::{
    ActuatorCommand, CommandMode, JointKind, RobotModel, RobotName, Time, World,
};
use physical_ai_sim::{RobotSetup, SensorNoise, SimulatedWorld};

const STEP_S: f64 = 0.001;
/// Error of a joint at rest, radians or metres.
const MOST_ERROR: f64 = 0.01;

/// Robots of the package: where they are in it.
const ROBOTS: [(&str, &str); 10] = [
    ("ur5", "ur_description/urdf/ur5_robot.urdf"),
    ("ur10", "ur_description/urdf/ur10_robot.urdf"),
    ("panda", "panda_description/urdf/panda.urdf"),
    ("xarm7", "xarm_description/urdf/xarm7.urdf"),
    ("kinova", "kinova_description/robots/kinova.urdf"),
    ("so101", "so_arm_description/urdf/so101.urdf"),
    ("tiago", "tiago_description/robots/tiago.urdf"),
    ("talos", "talos_data/robots/talos_reduced.urdf"),
    ("go2", "go2_description/urdf/go2.urdf"),
    ("anymal", "anymal_c_simple_description/urdf/anymal.urdf"),
];

/// The folder of ROS packages in what set-up fetched.
fn share() -> PathBuf {
    let top = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.deps/robots");
    let mut open = vec![PathBuf::from(top)];
    while let Some(folder) = open.pop() {
        if folder.join("example-robot-data/robots").is_dir() {
            return folder;
        }
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        open.extend(entries.map(|e| e.path()).filter(|p| p.is_dir()));
    }
    panic!("no robots in {top}: run make setup");
}

fn name() -> RobotName {
    RobotName::try_new("robot_1").unwrap()
}

fn load(file: &str) -> LoadedRobot {
    let share = share();
    let packages = PackagePaths::new(vec![share.clone()], None);
    let file = share.join("example-robot-data/robots").join(file);
    load_robot(name(), &file, &packages).unwrap()
}

/// The arm of TIAGo as it drives: with all joints at zero it reaches through the floor, and its package has no SRDF that
/// says better.
const TUCKED: [(&str, f64); 8] = [
    ("torso_lift_joint", 0.15),
    ("arm_1_joint", 0.2),
    ("arm_2_joint", -1.34),
    ("arm_3_joint", -0.2),
    ("arm_4_joint", 1.94),
    ("arm_5_joint", -1.57),
    ("arm_6_joint", 1.37),
    ("arm_7_joint", 0.0),
];

/// Gives a robot that has these joints this home.
fn tuck(model: &mut RobotModel) {
    if TUCKED
        .iter()
        .all(|(joint, _)| model.movable_index(joint).is_some())
    {
        let home = TUCKED.iter().map(|(j, p)| ((*j).to_owned(), *p));
        model.layout.postures.insert("home".into(), home.collect());
    }
}

fn setup(robot: LoadedRobot) -> RobotSetup {
    let files: Vec<&Path> = RobotSetup::mesh_files(&robot.model).collect();
    let meshes = files.into_iter();
    let meshes = meshes.map(|f| (f.to_owned(), Arc::new(read_mesh_file(f).unwrap())));
    let meshes = meshes.collect();
    let disabled_collisions = robot.disabled_collisions.clone();
    let mut model = robot.into_model().unwrap();
    tuck(&mut model);
    RobotSetup {
        meshes,
        disabled_collisions,
        ..RobotSetup::new(model)
    }
}

/// One robot; what does not drive hangs in the air.
fn world(setup: RobotSetup, noise: SensorNoise) -> SimulatedWorld {
    let height = if setup.is_mobile() { 0.0 } else { 3.0 };
    let yaml = format!(
        "robots:\n  - name: robot_1\n    model: robot\n    pose: {{ x: 0.5, y: -0.2, z: {height}, yaw: 0.3 }}\n"
    );
    let world = World::from_yaml("test", &yaml).unwrap();
    SimulatedWorld::try_new(&world, vec![setup], noise, 1, STEP_S).unwrap()
}

const QUIET: SensorNoise = SensorNoise {
    joint_position: 0.0,
    joint_velocity: 0.0,
    encoder_ticks: 1e9,
    gyro_rps: 0.0,
    gyro_bias_rps: 0.0,
    accelerometer_mps2: 0.0,
    lidar_m: 0.0,
    object_m: 0.0,
};

/// A number from 0 to 1, the same in each run.
fn shares() -> impl FnMut() -> f64 {
    let mut state = 12345u64;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as f64 / (1u64 << 31) as f64
    }
}

fn posture(model: &RobotModel, mut share: impl FnMut() -> f64) -> Vec<f64> {
    let within = |low: f64, high: f64, share: f64| low + (high - low) * share;
    let joints = model.movable();
    joints
        .map(|j| within(j.limits.lower.max(-3.0), j.limits.upper.min(3.0), share()))
        .collect()
}

/// Poses of the links seen from the root, by the model.
fn forward(model: &RobotModel, positions: &[f64]) -> Vec<Isometry3<f64>> {
    let mut poses = vec![Isometry3::identity(); model.links.len()];
    for (i, joint) in model.joints.iter().enumerate() {
        let q = model.joint_position(i, positions);
        let moved = match joint.kind {
            JointKind::Revolute | JointKind::Continuous => Isometry3::from_parts(
                Translation3::identity(),
                UnitQuaternion::from_axis_angle(&joint.axis, q),
            ),
            JointKind::Prismatic => Isometry3::from_parts(
                Translation3::from(joint.axis.into_inner() * q),
                UnitQuaternion::identity(),
            ),
            JointKind::Fixed | JointKind::Floating => Isometry3::identity(),
        };
        poses[joint.child] = poses[joint.parent] * joint.origin * moved;
    }
    poses
}

#[test]
fn links_weigh_and_are_where_the_model_says() {
    let mut problems = Vec::new();
    for (robot, file) in ROBOTS {
        let setup = setup(load(file));
        let model = setup.model.clone();
        let mut world = world(setup, QUIET);
        for link in &model.links {
            let mass = world.true_link_mass(&name(), &link.name).unwrap();
            if (mass - link.mass_kg).abs() > 1e-9 {
                problems.push(format!("{robot} {}: {mass} kg", link.name));
            }
        }
        let mut share = shares();
        let base = world.true_base_pose(&name()).unwrap();
        for _ in 0..100 {
            let positions = posture(&model, &mut share);
            world.place_joints(&name(), &positions).unwrap();
            for (link, pose) in model.links.iter().zip(forward(&model, &positions)) {
                let real = base.inverse() * world.true_link_pose(&name(), &link.name).unwrap();
                let apart = (real.translation.vector - pose.translation.vector).norm();
                if apart > 1e-6 || real.rotation.angle_to(&pose.rotation) > 1e-6 {
                    problems.push(format!("{robot} {}: {apart} m off", link.name));
                }
            }
        }
    }
    problems.dedup();
    assert!(problems.is_empty(), "{problems:#?}");
}

/// Joints that a command moves: not the wheels, and none that may not be moved.
fn driven(setup: &RobotSetup) -> Vec<bool> {
    let joints = setup.model.movable();
    joints
        .map(|j| !setup.is_wheel(&j.name) && j.motion_block().is_none() && !j.is_locked())
        .collect()
}

/// Moves from where the joints are to `target` within their limits in `seconds` and waits one second more.
fn go(world: &mut SimulatedWorld, model: &RobotModel, target: &[f64], seconds: f64) {
    let from = world.true_joint_positions(&name()).unwrap();
    let steps = (seconds / STEP_S) as usize;
    for step in 0..steps + 1000 {
        if step % 5 == 0 {
            let t = (step as f64 / steps as f64).min(1.0);
            let (share, rate) = (
                t * t * (3.0 - 2.0 * t),
                if t < 1.0 {
                    6.0 * t * (1.0 - t) / seconds
                } else {
                    0.0
                },
            );
            let joints = model.movable().zip(&from).zip(target);
            let moves: Vec<(f64, f64)> = joints
                .map(|((_, from), to)| (from + (to - from) * share, (to - from) * rate))
                .collect();
            let command = ActuatorCommand {
                robot: name(),
                stamp: Time::ZERO,
                sensor_stamp: Time::ZERO,
                mode: CommandMode::Position,
                position: moves.iter().map(|m| m.0).collect(),
                velocity: moves.iter().map(|m| m.1).collect(),
                effort: vec![],
                valid_for_s: 0.05,
            };
            world.apply(&command).unwrap();
        }
        world.step().unwrap();
    }
}

/// Largest error of the driven joints and which one it is.
fn worst(world: &SimulatedWorld, setup: &RobotSetup, target: &[f64]) -> (f64, String) {
    let at = world.true_joint_positions(&name()).unwrap();
    let all = setup.model.movable().zip(driven(setup)).zip(at).zip(target);
    let errors = all
        .filter(|(((_, driven), _), _)| *driven)
        .map(|(((j, _), at), target)| ((at - target).abs(), j.name.clone()));
    errors.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap()
}

/// Time that a motion takes at half of the joints' speed and a quarter of their acceleration.
fn duration(model: &RobotModel, from: &[f64], to: &[f64]) -> f64 {
    let joints = model.movable().zip(from).zip(to);
    joints
        .filter(|((j, _), _)| j.limits.velocity > 0.0 && j.limits.velocity.is_finite())
        .map(|((j, from), to)| {
            let way = (to - from).abs();
            (3.0 * way / j.limits.velocity).max((24.0 * way / j.limits.acceleration).sqrt())
        })
        .fold(1.0, f64::max)
}

#[test]
fn robots_stand_still_and_follow() {
    let mut problems = Vec::new();
    for (robot, file) in ROBOTS {
        let began = Instant::now();
        let setup = setup(load(file));
        let model = setup.model.clone();
        let mut world = world(setup.clone(), QUIET);
        let loaded_s = began.elapsed().as_secs_f64();
        let home = model.home_positions();
        world.place_joints(&name(), &home).unwrap();
        let began = Instant::now();
        for _ in 0..2000 {
            world.step().unwrap();
        }
        let still = worst(&world, &setup, &home);
        let mut followed = Vec::new();
        for share in [0.62, 0.45] {
            let mut index = 0;
            let movable: Vec<_> = model.movable().collect();
            let target: Vec<f64> = posture(&model, || {
                index += 1;
                let (joint, home) = (movable[index - 1], home[index - 1]);
                let (low, high) = (joint.limits.lower.max(-3.0), joint.limits.upper.min(3.0));
                let at = (home - low) / (high - low);
                if at.is_finite() {
                    at + (share - at) * 0.15
                } else {
                    0.0
                }
            });
            let target: Vec<f64> = (target.iter().zip(&home).zip(driven(&setup)))
                .map(|((target, home), driven)| if driven { *target } else { *home })
                .collect();
            let seconds = duration(
                &model,
                &world.true_joint_positions(&name()).unwrap(),
                &target,
            );
            go(&mut world, &model, &target, seconds);
            followed.push(worst(&world, &setup, &target));
        }
        let time_s = world.time().seconds();
        let factor = time_s / began.elapsed().as_secs_f64();
        eprintln!(
            "{robot}: {} joints, loaded in {loaded_s:.2} s, real-time factor {factor:.1}, still {still:?}, followed {followed:?}",
            model.movable().len()
        );
        for warning in world.warnings() {
            eprintln!("    {warning}");
        }
        for (error, joint) in followed.iter().chain([&still]) {
            if *error > MOST_ERROR {
                problems.push(format!("{robot} {joint}: {error}"));
            }
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}
