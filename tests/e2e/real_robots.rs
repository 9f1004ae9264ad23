//! Robots that others made, in a suite of processes: their descriptions are all that is known of them.

use std::time::Duration;

use physical_ai_tests::{Process, Suite};
use serde_json::{Value, json};

const WAIT: Duration = Duration::from_secs(60);
/// How far a joint may be from where it was told to go, radians or metres.
const MOST_ERROR: f64 = 0.01;
const MODELS: &str = "package://example-robot-data/robots";

/// A robot, its description, and two of its joints with the positions that they are told.
type Robot = (&'static str, &'static str, [(&'static str, f64); 2]);

const ROBOTS: [Robot; 3] = [
    (
        "ur",
        "ur_description/urdf/ur5_robot.urdf",
        [("shoulder_lift_joint", -0.6), ("wrist_2_joint", 0.5)],
    ),
    (
        "franka",
        "panda_description/urdf/panda.urdf",
        [("panda_joint2", 0.4), ("panda_joint4", -1.2)],
    ),
    (
        "dog",
        "go2_description/urdf/go2.urdf",
        [("FL_thigh_joint", 0.9), ("RR_hip_joint", 0.2)],
    ),
];

fn world() -> String {
    let robots = ROBOTS.iter().enumerate().map(|(i, (name, file, _))| {
        let x = 3.0 * i as f64;
        format!(
            "  - {{name: {name}, model: \"{MODELS}/{file}\", pose: {{x: {x}, y: 0, z: 1.0}}}}\n"
        )
    });
    format!("robots:\n{}", robots.collect::<String>())
}

fn plan(skill: &str, params: impl Fn(usize) -> Value) -> String {
    let tasks = ROBOTS.iter().enumerate().map(|(i, (robot, ..))| {
        json!({"id": format!("t{i}"), "skill": skill, "robot": robot, "params": params(i)})
    });
    json!({"tasks": tasks.collect::<Vec<_>>()}).to_string()
}

fn run(suite: &Suite, plan: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.json");
    std::fs::write(&file, plan).unwrap();
    let (code, lines) = suite.run_cli(&["mission", "run", &file.display().to_string()]);
    assert_eq!(code, 0, "{lines:#?}");
}

/// Position of a joint by its name, as its driver tells it.
fn position(observer: &mut Process, joint: &str) -> f64 {
    observer.write_line("mark");
    let mark = observer.wait_for_event(WAIT, "mark");
    let names = mark["names"].as_array().unwrap();
    let index = names.iter().position(|n| n == joint);
    mark["position"][index.unwrap_or_else(|| panic!("no {joint} in {mark}"))]
        .as_f64()
        .unwrap()
}

#[test]
fn robots_that_others_made_move_as_they_are_told_and_go_home() {
    let suite = Suite::start_in_world("demo", &world());
    let expected = ["ur", "franka", "dog", "move_to", "move_joints", "pick"];
    suite.run_cli_until(WAIT, &["robots"], &expected);
    let mut observers: Vec<Process> = ROBOTS.iter().map(|r| suite.observe(r.0)).collect();
    run(&suite, &plan("home", |_| json!({})));
    let at_home: Vec<f64> = ROBOTS
        .iter()
        .zip(&mut observers)
        .map(|((_, _, told), observer)| position(observer, told[0].0))
        .collect();
    let told = |i: usize| {
        let joints = ROBOTS[i].2.iter();
        let joints: serde_json::Map<String, Value> =
            joints.map(|(j, p)| ((*j).to_owned(), json!(p))).collect();
        json!({"joints": joints})
    };
    run(&suite, &plan("move_joints", told));
    for ((robot, _, told), observer) in ROBOTS.iter().zip(&mut observers) {
        for (joint, target) in told {
            let error = position(observer, joint) - target;
            assert!(error.abs() < MOST_ERROR, "{robot}: {joint}: {error}");
        }
    }
    run(&suite, &plan("home", |_| json!({})));
    for (((robot, _, told), observer), home) in ROBOTS.iter().zip(&mut observers).zip(at_home) {
        let error = position(observer, told[0].0) - home;
        assert!(error.abs() < MOST_ERROR, "{robot}: home: {error}");
    }
}

/// A robot whose arm is in its own way with all joints at zero: the world says in which posture it starts.
#[test]
fn mobile_manipulator_of_others_starts_in_its_posture_drives_and_moves_its_arm() {
    let world = "robots: [{name: t1, model: tiago, pose: {x: 0, y: 0}, posture: home}]\n\
        places: [{name: dock, kind: floor, pose: {x: 1.0, y: 0.3, yaw: 0.5}}]\n";
    let suite = Suite::start_in_world("demo", world);
    let offered = ["t1", "navigate_to", "move_to", "home"];
    suite.run_cli_until(WAIT, &["robots"], &offered);
    let mut observer = suite.observe("t1");
    let elbow = "arm_4_joint";
    let at_home = position(&mut observer, elbow);
    assert!((at_home - 1.94).abs() < MOST_ERROR, "{at_home}");
    let plan = json!({"tasks": [
        {"id": "drive", "skill": "navigate_to", "robot": "t1", "params": {"place": "dock"}},
        {"id": "bend", "skill": "move_joints", "robot": "t1", "after": ["drive"],
         "params": {"joints": {elbow: 1.7}}},
    ]});
    run(&suite, &plan.to_string());
    let bent = position(&mut observer, elbow);
    assert!((bent - 1.7).abs() < MOST_ERROR, "{bent}");
    let home = json!({"tasks": [{"id": "h", "skill": "home", "robot": "t1", "params": {}}]});
    run(&suite, &home.to_string());
    let back = position(&mut observer, elbow);
    assert!((back - at_home).abs() < MOST_ERROR, "{back}");
}
