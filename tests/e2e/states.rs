//! States are believed only if they can be true: a second node publishes joint states beside the driver, and the
//! simulation's own word says where the robots really are.

use std::time::Duration;

use physical_ai_domain::{Placement, World};
use physical_ai_tests::{Process, Suite, checkout};
use serde_json::Value;

const WAIT: Duration = Duration::from_secs(90);
/// What `navigate_to` allows, and what wheels slip, metres.
const ARRIVED_M: f64 = 0.06;
/// Odometry against the truth over a few metres, metres.
const DRIFT_M: f64 = 0.03;
/// Way of a rover at full speed from one state to the next, with a few that were missed, metres.
const STEP_M: f64 = 0.03;

/// Every lie that one sample can tell.
const LIES: [&str; 12] = [
    "again 5",
    "again 15",
    "again 95",
    "equal",
    "ahead 1.0",
    "zero",
    "huge",
    "reversed",
    "by_index",
    "twice",
    "nameless",
    "ahead -1.0",
];

fn liar(suite: &Suite, robot: &str) -> Process {
    let mut liar = suite.peer("state_liar.py", &["--robot", robot]);
    liar.wait_for_text(WAIT, "READY");
    liar
}

fn ask(liar: &mut Process, line: &str, event: &str) -> Value {
    liar.write_line(line);
    liar.wait_for_event(WAIT, event)
}

fn point(mark: &Value, field: &str) -> [f64; 2] {
    [0, 1].map(|i| mark[field][i].as_f64().unwrap())
}

fn place(name: &str) -> Placement {
    let yaml = std::fs::read_to_string(checkout().join("params/worlds/demo.yaml")).unwrap();
    let world = World::from_yaml("demo", &yaml).unwrap();
    match world.place(name) {
        Some(place) => place.pose,
        None => world.robot(name).unwrap().pose,
    }
}

/// Asserts that a robot is at a place, by the simulation's word and by its own, and that neither jumped on the way.
fn assert_at(mark: &Value, name: &str) {
    let place = place(name);
    for field in ["truth", "estimate"] {
        let [x, y] = point(mark, field);
        let off_m = (x - place.x).hypot(y - place.y);
        assert!(
            off_m < ARRIVED_M,
            "{field} is {off_m:.3} m off {name}: {mark}"
        );
    }
    let (worst_m, step_m) = (
        mark["worst_m"].as_f64().unwrap(),
        mark["longest_step_m"].as_f64().unwrap(),
    );
    assert!(worst_m < DRIFT_M, "{mark}");
    assert!(step_m < STEP_M, "{mark}");
}

#[test]
fn lies_about_a_rovers_joints_move_neither_it_nor_its_estimate() {
    let mut suite = Suite::start("demo");
    let mut rover = suite.observe("rover_1");
    let mut liar = liar(&suite, "rover_1");
    let mission = "rover_1 patrols dock_b and dock_c 2 times, then rover_1 goes to dock_a";
    let mut client = suite.cli(&["mission", "run", mission]);
    rover.wait_for_event(WAIT, "moving");
    for round in 0..2 {
        for lie in LIES {
            ask(&mut liar, lie, "lied");
            // A second between them: one alone among good ones.
            let _ = rover.text();
            std::thread::sleep(Duration::from_millis(300 + 50 * round));
        }
    }
    let result = client.wait_for_event(WAIT, "result");
    assert_eq!(result["error_code"], 0, "{result:#}\n{}", suite.up.text());
    let mark = ask(&mut liar, "mark", "mark");
    println!("{mark}");
    assert_at(&mark, "dock_a");
    assert_eq!(mark["faults"], Value::Array(Vec::new()), "{mark}");
    assert_eq!(mark["frame"], "rover_1/odom");
    // All but the one that only has another order.
    assert!(mark["refused"].as_u64().unwrap() >= 2 * 9, "{mark}");
    suite
        .up
        .wait_for_text(WAIT, "sample refused: joint_states.");
}

#[test]
fn lies_about_an_arms_joints_change_nothing() {
    let suite = Suite::start("demo");
    let mut arm = suite.observe("arm_1");
    let mut liar = liar(&suite, "arm_1");
    let mission = "arm_1 puts the red box in bin_b, then arm_1 puts the blue box in bin_a";
    let mut client = suite.cli(&["mission", "run", mission]);
    arm.wait_for_event(WAIT, "moving");
    for lie in LIES {
        ask(&mut liar, lie, "lied");
        std::thread::sleep(Duration::from_millis(300));
    }
    let result = client.wait_for_event(WAIT, "result");
    assert_eq!(result["error_code"], 0, "{result:#}");
    let mark = ask(&mut liar, "mark", "mark");
    println!("{mark}");
    assert_eq!(mark["faults"], Value::Array(Vec::new()), "{mark}");
    assert_eq!(mark["frame"], "map");
    assert!(mark["refused"].as_u64().unwrap() >= 9, "{mark}");
}

#[test]
fn second_driver_that_lies_on_stops_the_robot_with_its_name_and_is_survived() {
    let mut suite = Suite::start("demo");
    let mut rover = suite.observe("rover_1");
    let mut liar = liar(&suite, "rover_1");
    let folder = tempfile::tempdir().unwrap();
    let plan = folder.path().join("patrol.yaml");
    std::fs::write(
        &plan,
        "tasks: [{id: round, skill: patrol, robot: rover_1, params: {places: [dock_a, dock_b], rounds: 5}}]",
    )
    .unwrap();
    let mut client = suite.cli(&["mission", "run", &plan.display().to_string()]);
    rover.wait_for_event(WAIT, "moving");
    // The graph is looked at once a second.
    suite.up.wait_for_text(WAIT, "is published by 2 nodes");
    ask(&mut liar, "storm 4.0", "lied");
    let result = client.wait_for_event(WAIT, "result");
    assert_eq!(result["error_code"], 4, "{result:#}");
    let reason = result["tasks"][0]["error_msg"].as_str().unwrap();
    for expected in [
        "joint_states.position of left_wheel_joint is 1000000000000000000 rad",
        "rover_1/joint_states has 2 publishers",
        "/state_liar",
    ] {
        assert!(reason.contains(expected), "{reason}");
    }
    let (code, lines) = suite.run_cli(&["mission", "run", "rover_1 goes to dock_a"]);
    assert_eq!(code, 0, "{lines:#?}");
    let mark = ask(&mut liar, "mark", "mark");
    println!("{mark}");
    assert_at(&mark, "dock_a");
    drop(liar);
}

#[test]
fn estimate_begins_anew_when_the_simulation_says_so() {
    let mut suite = Suite::start("demo");
    let mut liar = liar(&suite, "rover_1");
    let (code, lines) = suite.run_cli(&["mission", "run", "rover_1 goes to dock_a"]);
    assert_eq!(code, 0, "{lines:#?}");
    assert_at(&ask(&mut liar, "mark", "mark"), "dock_a");
    ask(&mut liar, "reset", "lied");
    suite
        .up
        .wait_for_text(WAIT, "the simulation was reset, and so is the estimate");
    let (code, lines) = suite.run_cli(&["mission", "run", "rover_1 goes to dock_a"]);
    assert_eq!(code, 0, "{lines:#?}");
    let mark = ask(&mut liar, "mark", "mark");
    println!("{mark}");
    assert_at(&mark, "dock_a");
}

#[test]
fn frames_are_one_tree_that_says_where_every_link_is() {
    let suite = Suite::start("two_by_two");
    let robots = "arm_1,arm_2,rover_1,rover_2";
    let mut client = suite.cli(&[
        "mission",
        "run",
        "rover_1 goes to dock_b and arm_1 puts the red box in bin_b",
    ]);
    client.wait_for_end(WAIT);
    let mut observer = suite.peer("frames_observer.py", &["--robots", robots]);
    observer.wait_for_text(WAIT, "PASS");
    println!("{}", observer.text());
    // In a namespace the frames keep their names, and the topics move.
    let suite = Suite::start_in("demo", Suite::shared_domain(), "fleet_a", &[]);
    let mut observer = suite.peer("frames_observer.py", &["--robots", "arm_1,rover_1"]);
    observer.wait_for_text(WAIT, "PASS");
}
