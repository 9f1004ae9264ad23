//! Missions from a sentence or a plan to robots that moved.

use std::time::Duration;

use nix::sys::signal::Signal;
use physical_ai_tests::{Process, Suite, assert_stands, checkout};
use serde_json::Value;

const WAIT: Duration = Duration::from_secs(60);
/// Largest distance of a box from the place where it was put, metres: half the box.
const BESIDE_M: f64 = 0.05;
const SENTENCE: &str = "arm_1 puts the red box in bin_b while rover_1 patrols dock_a and dock_b, then rover_1 returns home";

/// Where the world file puts things, metres in the map.
fn placed(list: &str, name: &str) -> [f64; 3] {
    let text = std::fs::read_to_string(checkout().join("params/worlds/demo.yaml")).unwrap();
    let world: Value = serde_yaml_ng::from_str(&text).unwrap();
    let all = world[list].as_array().unwrap();
    let found = all.iter().find(|entry| entry["name"] == name).unwrap();
    ["x", "y", "z"].map(|axis| found["pose"][axis].as_f64().unwrap_or_default())
}

/// How far apart two points of the floor are, metres.
fn apart(a: &Value, b: [f64; 3]) -> f64 {
    let at = |axis: usize| a[axis].as_f64().unwrap_or(f64::NAN);
    (at(0) - b[0]).hypot(at(1) - b[1])
}

fn mark(observer: &mut Process) -> Value {
    observer.write_line("mark");
    observer.wait_for_event(WAIT, "mark")
}

/// What the world itself says, not what a skill measured.
fn assert_box_arrived_and_rover_is_home(arm: &mut Process, rover: &mut Process) {
    let world = mark(arm);
    let seen = &world["objects"]["red_box"];
    let bin = placed("places", "bin_b");
    assert!(apart(seen, bin) < BESIDE_M, "{world:#}");
    let above_m = seen[2].as_f64().unwrap() - bin[2];
    assert!(
        (0.0..0.05).contains(&above_m),
        "it lies in the bin: {world:#}"
    );
    let other = &world["objects"]["blue_box"];
    assert!(
        apart(other, placed("boxes", "blue_box")) < 0.02,
        "{world:#}"
    );
    let home = mark(rover);
    assert!(
        apart(&home["base"], placed("robots", "rover_1")) < 0.2,
        "{home:#}"
    );
}

#[test]
fn sentence_becomes_moving_robots_and_a_result() {
    let suite = Suite::start("demo");
    let mut rover = suite.observe("rover_1");
    let mut arm = suite.observe("arm_1");
    let (code, lines) = suite.run_cli(&["mission", "run", SENTENCE]);
    let result = Suite::result(&lines);
    assert_eq!(code, 0, "{result:#}");
    assert_eq!(result["error_code"], 0);
    let tasks = result["tasks"].as_array().unwrap();
    assert_eq!(tasks.len(), 3);
    for task in tasks {
        assert_eq!(task["state"], "succeeded", "{task:#}");
        assert_eq!(task["worker"], "agent_worker");
        assert!(task["result"]["duration_s"].as_f64().unwrap() > 0.5);
    }
    let phases: Vec<&str> = lines.iter().filter_map(|l| l["phase"].as_str()).collect();
    // The last feedback may come after the result, which is another topic.
    assert!(phases.contains(&"executing"), "{phases:?}");
    let feedback = lines
        .iter()
        .find(|l| l["event"] == "feedback" && l["planner"] != "");
    assert_eq!(feedback.unwrap()["planner"], "parser");
    rover.wait_for_event(WAIT, "moving");
    arm.wait_for_event(WAIT, "moving");
    assert_box_arrived_and_rover_is_home(&mut arm, &mut rover);
    // A late joiner reads from the latched topic how it ended.
    let id = result["mission_id"].as_str().unwrap();
    let (code, lines) = suite.run_cli(&["mission", "show", id]);
    assert_eq!((code, &lines[0]["phase"]), (0, &"succeeded".into()));
}

#[test]
fn interrupted_client_cancels_and_the_robot_stops() {
    let suite = Suite::start("demo");
    let mut rover = suite.observe("rover_1");
    let mut client = suite.cli(&[
        "mission",
        "run",
        "rover_1 patrols dock_a and dock_b 50 times",
    ]);
    rover.wait_for_event(WAIT, "moving");
    client.signal(Signal::SIGINT);
    let status = client.wait_for_end(WAIT);
    assert_ne!(status.code(), Some(0));
    let text = client.text();
    assert!(text.contains("\"canceled\""), "{text}");
    assert_stands(&mut rover, &text);
    // The robot is free again.
    let (code, lines) = suite.run_cli(&["mission", "run", "rover_1 returns home"]);
    assert_eq!(code, 0, "{lines:#?}");
}

#[test]
fn mission_is_cancelled_by_id_and_missed_deadline_ends_it() {
    let suite = Suite::start("demo");
    let patrol = "rover_1 patrols dock_a and dock_b 50 times";
    let mut client = suite.cli(&["mission", "run", patrol, "--mission-id", "m-1"]);
    client.wait_for(WAIT, |l| l.contains("\"running\"").then_some(()));
    let (code, lines) = suite.run_cli(&["mission", "cancel", "m-1"]);
    assert_eq!((code, &lines[0]["cancelling"][0]), (0, &"m-1".into()));
    assert_ne!(client.wait_for_end(WAIT).code(), Some(0));
    let (code, lines) = suite.run_cli(&["mission", "run", patrol, "--deadline-s", "1.5"]);
    let result = Suite::result(&lines);
    assert_eq!(code, 1);
    assert_eq!(result["error_code"], 6, "{result:#}");
}

#[test]
fn emergency_stop_latches_until_it_is_reset() {
    let mut suite = Suite::start("demo");
    let mut rover = suite.observe("rover_1");
    let patrol = "rover_1 patrols dock_a and dock_b 50 times";
    let mut client = suite.cli(&["mission", "run", patrol]);
    rover.wait_for_event(WAIT, "moving");
    rover.write_line("mark");
    let before = rover.wait_for_event(WAIT, "mark")["sim_s"]
        .as_f64()
        .unwrap();
    let (code, _) = suite.run_cli(&["estop", "--reason", "test"]);
    assert_eq!(code, 0);
    let rest = rover.wait_for_event(WAIT, "resting")["sim_s"]
        .as_f64()
        .unwrap();
    assert!(rest > before);
    let result = client.wait_for_event(WAIT, "result");
    assert_eq!(result["tasks"][0]["error_code"], 5, "{result:#}");
    // The latch outlives the process that keeps it.
    suite.kill_node("actuator_worker");
    suite.wait_for_restart("actuator_worker", WAIT);
    let (code, lines) = suite.run_cli(&["mission", "run", "rover_1 goes to dock_a"]);
    assert_ne!(code, 0, "nothing moves while the stop is latched");
    let reason = Suite::result(&lines)["error_msg"].as_str().unwrap();
    assert!(reason.contains("emergency stop"), "{reason}");
    rover.write_line("mark");
    assert_eq!(rover.wait_for_event(WAIT, "mark")["moving"], false);
    let mut reset = suite.cli(&["estop", "--reset"]);
    let status = reset.wait_for_end(WAIT);
    assert_eq!(status.code(), Some(0), "{}", reset.text());
    let (code, lines) = suite.run_cli(&["mission", "run", "rover_1 goes to dock_a"]);
    assert_eq!(code, 0, "{lines:#?}");
}
