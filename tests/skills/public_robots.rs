//! The whole suite on robots that others made, without ROS: what each is asked to do, and how well it does it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nalgebra::Isometry3;
use physical_ai_control::Chain;
use physical_ai_description::{PackagePaths, SensorKind, load_robot, read_mesh_file};
use physical_ai_domain::{RobotModel, RobotName, TaskState, World};
use physical_ai_sim::RobotSetup;
use serde_json::{Map, Value, json};

use crate::bench::Bench;

/// Error of a joint where it was told to go, radians or metres.
const MOST_JOINT_ERROR: f64 = 0.01;
/// Error of a tip where it was told to go.
const MOST_POSITION_ERROR_M: f64 = 0.002;
const MOST_ROTATION_ERROR_RAD: f64 = 0.5 * std::f64::consts::PI / 180.0;
/// Error of a robot that drives at a place: what the skill allows.
const MOST_PLACE_ERROR_M: f64 = 0.05;
const MOST_PLACE_ERROR_RAD: f64 = 0.06;
/// Poses that each tip is brought to.
const POSES: usize = 10;
/// Poses that are drawn for that at most: one that the robot refuses, since it would run into itself, does not count.
const MOST_DRAWN: usize = 2 * POSES;
/// How far from home the postures are that have these poses, as a share of the joints' range.
const SPREAD: f64 = 0.12;
/// Longest motion, simulated seconds.
const LIMIT_S: f64 = 60.0;

/// The folder of ROS packages in what set-up fetched.
pub fn share() -> PathBuf {
    let mut tops = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let top = tops.find_map(|folder| {
        let robots = folder.join("ros2_ws/.deps/robots");
        robots.is_dir().then_some(robots)
    });
    let mut open: Vec<PathBuf> = top.into_iter().collect();
    while let Some(folder) = open.pop() {
        if folder.join("example-robot-data/robots").is_dir() {
            return folder;
        }
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        open.extend(entries.map(|e| e.path()).filter(|p| p.is_dir()));
    }
    panic!("no robots in ros2_ws/.deps/robots: run make setup");
}

/// A robot file of the project, or a description in the package.
pub fn set_up(file: &str) -> RobotSetup {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../params/robots")
        .join(file);
    let file = match own.is_file() {
        true => own,
        false => share().join("example-robot-data/robots").join(file),
    };
    load(&file)
}

/// A robot with its meshes and sensors, as the simulation takes it.
pub fn load(file: &Path) -> RobotSetup {
    let packages = PackagePaths::new(vec![share()], None);
    let name = RobotName::try_new("robot_1").unwrap();
    let loaded = load_robot(name, file, &packages).unwrap();
    let sensor = |kind| {
        let mut sensors = loaded.sensors.iter();
        sensors.find(|s| s.kind == kind).map(|s| s.link.clone())
    };
    let (imu, lidar) = (sensor(SensorKind::Imu), sensor(SensorKind::Lidar));
    let disabled_collisions = loaded.disabled_collisions.clone();
    let mut setup = RobotSetup::new(loaded.into_model().unwrap());
    let files: Vec<&Path> = RobotSetup::mesh_files(&setup.model).collect();
    let meshes = files.into_iter();
    let meshes = meshes.map(|f| (f.to_owned(), Arc::new(read_mesh_file(f).unwrap())));
    setup.meshes = meshes.collect();
    (setup.imu, setup.lidar) = (imu, lidar);
    setup.disabled_collisions = disabled_collisions;
    setup
}

/// Alone in a world: on the floor if it drives, else held in the air.
fn bench(setup: RobotSetup) -> Bench {
    let height = axle_height_m(&setup).unwrap_or(1.5);
    let yaml = format!(
        "robots:\n  - {{name: robot_1, model: robot, pose: {{x: 0.0, y: 0.0, z: {height}}}}}\n\
         places:\n  - {{name: near, kind: floor, pose: {{x: 1.0, y: 0.3, yaw: 0.5}}}}\n\
         \x20 - {{name: far, kind: floor, pose: {{x: 2.0, y: -0.5, yaw: 0.0}}}}\n"
    );
    Bench::of(World::from_yaml("test", &yaml).unwrap(), vec![setup])
}

/// How high the root link of a robot that drives is above the floor on which its wheels stand, metres.
fn axle_height_m(setup: &RobotSetup) -> Option<f64> {
    let model = &setup.model;
    let drive = model.layout.drive.as_ref()?;
    let wheel = model.joint_index(drive.left.first()?)?;
    let joints = model.chain_to(model.joints[wheel].child).into_iter();
    let wheel = joints.fold(Isometry3::identity(), |pose, j| pose * j.origin);
    Some(drive.radius_m - wheel.translation.z)
}

/// What a robot did.
#[derive(Default)]
struct Card {
    offers: Vec<String>,
    joint_error: f64,
    has_tip: bool,
    reached: usize,
    asked: usize,
    position_error_m: f64,
    rotation_error_rad: f64,
    place_error_m: f64,
    place_error_rad: f64,
    /// Poses that were not asked for, since it would touch itself there.
    touching: usize,
    /// Poses that it refused.
    refused: Vec<String>,
    problems: Vec<String>,
}

impl Card {
    /// Does a task, and says whether it was done.
    fn does(&mut self, bench: &mut Bench, skill: &str, params: Value) -> bool {
        let problem = match bench.assign("robot_1", skill, params) {
            Err((_, text)) => Some(text),
            Ok(_) => {
                let report = &bench.run(1, LIMIT_S)[0];
                (report.state != TaskState::Succeeded).then(|| format!("{report:?}"))
            }
        };
        match problem {
            None => true,
            Some(problem) => {
                self.problems.push(format!("{skill}: {problem}"));
                false
            }
        }
    }

    fn note_joints(&mut self, bench: &Bench, target: &[(usize, f64)]) {
        let name = RobotName::try_new("robot_1").unwrap();
        let at = bench.sim.true_joint_positions(&name).unwrap();
        let errors = target.iter().map(|(i, t)| (at[*i] - t).abs());
        self.joint_error = errors.fold(self.joint_error, f64::max);
    }
}

/// Joints that are told where to go: neither wheels nor fingers, and not locked.
fn posed(setup: &RobotSetup) -> Vec<(usize, String)> {
    let model = &setup.model;
    let joints = model.movable().enumerate();
    joints
        .filter(|(_, j)| {
            let index = model.joint_index(&j.name).unwrap();
            !setup.is_wheel(&j.name)
                && !setup.is_finger(index)
                && j.motion_block().is_none()
                && !j.is_locked()
        })
        .map(|(i, j)| (i, j.name.clone()))
        .collect()
}

/// A posture `share` of the way from home to one that is drawn.
fn near_home(
    model: &RobotModel,
    home: &[f64],
    share: f64,
    mut draw: impl FnMut() -> f64,
) -> Vec<f64> {
    let joints = model.movable().zip(home);
    joints
        .map(|(j, home)| {
            let (low, high) = (j.limits.lower.max(-2.0), j.limits.upper.min(2.0));
            let drawn = low + (high - low) * draw();
            (home + (drawn - home) * share)
                .max(j.limits.lower)
                .min(j.limits.upper)
        })
        .collect()
}

fn draws(mut state: u64) -> impl FnMut() -> f64 {
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as f64 / (1u64 << 31) as f64
    }
}

/// Brings the tip of the first chain to poses that some posture has in which, by the word of the simulation `alone`, the
/// robot does not touch itself.
fn move_tip(
    card: &mut Card,
    bench: &mut Bench,
    alone: &mut Bench,
    model: &RobotModel,
    home: &[f64],
) {
    let Some(chain) = model.layout.chains.first() else {
        return;
    };
    let name = RobotName::try_new("robot_1").unwrap();
    let root = &model.links[model.root].name;
    let arm = Chain::between(model, root, &chain.tip).unwrap();
    let mut draw = draws(7);
    card.has_tip = true;
    for _ in 0..MOST_DRAWN {
        if card.asked == POSES {
            break;
        }
        // Only the chain moves its tip: all other joints stay where they are.
        let drawn = near_home(model, home, SPREAD, &mut draw);
        let now = bench.sim.true_joint_positions(&name).unwrap();
        let moved = Chain::between(model, &chain.base, &chain.tip).unwrap();
        let names: Vec<&str> = moved.joint_names().collect();
        let joints = model.movable().zip(drawn).zip(now);
        let posture: Vec<f64> = joints
            .map(|((j, drawn), now)| {
                if names.contains(&j.name.as_str()) {
                    drawn
                } else {
                    now
                }
            })
            .collect();
        alone.sim.place_joints(&name, &posture).unwrap();
        if !alone.sim.true_self_contacts(&name).unwrap().is_empty() {
            card.touching += 1;
            continue;
        }
        let base = bench.sim.true_base_pose(&name).unwrap();
        let target: Isometry3<f64> = base * arm.forward(&arm.of_all(&posture));
        let (t, (roll, pitch, yaw)) = (target.translation, target.rotation.euler_angles());
        let params =
            json!({"x": t.x, "y": t.y, "z": t.z, "roll": roll, "pitch": pitch, "yaw": yaw});
        if let Err((_, problem)) = bench.assign("robot_1", "move_to", params) {
            card.refused.push(problem);
            continue;
        }
        card.asked += 1;
        let report = &bench.run(1, LIMIT_S)[0];
        if report.state != TaskState::Succeeded {
            card.problems.push(format!("move_to: {report:?}"));
            continue;
        }
        let at = bench.sim.true_link_pose(&name, &chain.tip).unwrap();
        let off_m = (at.translation.vector - target.translation.vector).norm();
        let off_rad = at.rotation.angle_to(&target.rotation);
        card.position_error_m = card.position_error_m.max(off_m);
        card.rotation_error_rad = card.rotation_error_rad.max(off_rad);
        if off_m < MOST_POSITION_ERROR_M && off_rad < MOST_ROTATION_ERROR_RAD {
            card.reached += 1;
        }
    }
}

/// Lets a robot do everything that it can.
fn perform(file: &str) -> Card {
    let mut setup = set_up(file);
    let model = setup.model.clone();
    let home = model.home_positions();
    setup.start.clone_from(&home);
    let posed = posed(&setup);
    let is_mobile = setup.is_mobile();
    let (mut alone, mut bench) = (bench(setup.clone()), bench(setup));
    let offers = bench.agent.capabilities(bench.sim.time());
    let mut card = Card {
        offers: offers.iter().map(|c| c.skill.to_string()).collect(),
        ..Card::default()
    };
    bench.tick();
    let at_home: Vec<(usize, f64)> = posed.iter().map(|(i, _)| (*i, home[*i])).collect();
    for (share, seed) in [(0.3, 1), (0.4, 2)] {
        let target = near_home(&model, &home, share, draws(seed));
        let joints: Map<String, Value> = posed
            .iter()
            .map(|(i, name)| (name.clone(), json!(target[*i])))
            .collect();
        if card.does(&mut bench, "move_joints", json!({"joints": joints})) {
            let told: Vec<(usize, f64)> = posed.iter().map(|(i, _)| (*i, target[*i])).collect();
            card.note_joints(&bench, &told);
        }
    }
    if card.does(&mut bench, "home", json!({})) {
        card.note_joints(&bench, &at_home);
    }
    move_tip(&mut card, &mut bench, &mut alone, &model, &home);
    if is_mobile {
        for place in ["near", "far"] {
            if card.does(&mut bench, "navigate_to", json!({"place": place})) {
                let name = RobotName::try_new("robot_1").unwrap();
                let at = bench.sim.true_base_pose(&name).unwrap();
                let goal = bench.world.place(place).unwrap().pose;
                let off_m = (at.translation.x - goal.x).hypot(at.translation.y - goal.y);
                let off_rad = (at.rotation.euler_angles().2 - goal.yaw).abs();
                card.place_error_m = card.place_error_m.max(off_m);
                card.place_error_rad = card.place_error_rad.max(off_rad);
            }
        }
    }
    card
}

fn check(robot: &str, file: &str) {
    let card = perform(file);
    println!(
        "{robot}: skills {}; joints within {:.1e}; tip {}/{} within {:.2} mm {:.3}°; {} touching, {} refused, {} problems",
        card.offers.join(" "),
        card.joint_error,
        card.reached,
        card.asked,
        card.position_error_m * 1e3,
        card.rotation_error_rad.to_degrees(),
        card.touching,
        card.refused.len(),
        card.problems.len()
    );
    println!(
        "{robot}: places within {:.3} m {:.3} rad",
        card.place_error_m, card.place_error_rad
    );
    assert!(card.problems.is_empty(), "{robot}: {:#?}", card.problems);
    assert!(
        card.joint_error < MOST_JOINT_ERROR,
        "{robot}: {}",
        card.joint_error
    );
    let is_there =
        card.place_error_m < MOST_PLACE_ERROR_M && card.place_error_rad < MOST_PLACE_ERROR_RAD;
    assert!(
        is_there,
        "{robot}: places within {} m {} rad",
        card.place_error_m, card.place_error_rad
    );
    let wanted = if card.has_tip { POSES } else { 0 };
    assert_eq!(
        (card.reached, card.asked),
        (wanted, wanted),
        "{robot}: {:#?}",
        card.refused
    );
}

macro_rules! robots {
    ($($name:ident: $file:literal,)*) => {
        $(#[test]
        fn $name() {
            check(stringify!($name), $file);
        })*
    };
}

robots! {
    ur5_does_everything: "ur_description/urdf/ur5_robot.urdf",
    panda_does_everything: "panda_description/urdf/panda.urdf",
    xarm7_does_everything: "xarm_description/urdf/xarm7.urdf",
    ur10_does_everything: "ur_description/urdf/ur10_robot.urdf",
    kinova_does_everything: "kinova_description/robots/kinova.urdf",
    so101_does_everything: "so_arm_description/urdf/so101.urdf",
    talos_does_everything: "talos_data/robots/talos_reduced.urdf",
    go2_does_everything: "go2_description/urdf/go2.urdf",
    tiago_does_everything: "tiago.yaml",
}
