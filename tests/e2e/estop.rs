//! The emergency stop and who may command: real buttons, foreign writers, killed processes; the world is looked at
//! through the simulation's joint states.

use std::time::Duration;

use nix::sys::signal::Signal;
use physical_ai_tests::{Process, Suite};
use serde_json::Value;

const WAIT: Duration = Duration::from_secs(60);
const PATROL: &str = "rover_1 patrols dock_a and dock_b 50 times";
const AROUND: &str = "rover_1 goes to dock_a";
/// How far a wheel that nobody drives may turn, radians: a tick of its encoder is 0.0015.
const STILL_RAD: f64 = 0.02;

fn mark(observer: &mut Process) -> Value {
    observer.write_line("mark");
    observer.wait_for_event(WAIT, "mark")
}

fn position(mark: &Value, joint: usize) -> f64 {
    mark["position"][joint].as_f64().unwrap()
}

/// A rover that patrols, its client and who watches it.
fn under_way() -> (Suite, Process, Process) {
    let suite = Suite::start("demo");
    let mut rover = suite.observe("rover_1");
    let client = suite.cli(&["mission", "run", PATROL]);
    rover.wait_for_event(WAIT, "moving");
    (suite, rover, client)
}

fn write(suite: &Suite, arguments: &[&str]) -> Process {
    let mut writer = suite.peer("foreign_writer.py", arguments);
    writer.wait_for_text(WAIT, "WRITING");
    writer
}

/// Runs a foreign writer to its end; how far a joint moved meanwhile and in the second after it.
fn moved_by(suite: &Suite, observer: &mut Process, joint: usize, arguments: &[&str]) -> f64 {
    let before = position(&mark(observer), joint);
    let mut writer = suite.peer("foreign_writer.py", arguments);
    writer.wait_for_text(WAIT, "DONE");
    std::thread::sleep(Duration::from_secs(1));
    (position(&mark(observer), joint) - before).abs()
}

fn assert_latched(suite: &Suite) {
    let (code, lines) = suite.run_cli(&["mission", "run", AROUND]);
    assert_ne!(code, 0, "nothing moves while the stop is latched");
    let reason = Suite::result(&lines)["error_msg"].as_str().unwrap();
    assert!(reason.contains("emergency stop"), "{reason}");
}

fn reset(suite: &Suite) {
    let (code, lines) = suite.run_cli(&["estop", "--reset"]);
    assert_eq!(code, 0, "{lines:?}");
    assert!(
        lines[0]["reached"].to_string().contains("/actuator_worker"),
        "{lines:?}"
    );
}

#[test]
fn button_of_a_volatile_publisher_stops_everything_and_only_the_service_resets() {
    let (suite, mut rover, mut client) = under_way();
    let mut button = write(&suite, &["button"]);
    rover.wait_for_event(WAIT, "resting");
    button.wait_for_text(WAIT, "DONE");
    let result = client.wait_for_event(WAIT, "result");
    assert_eq!(result["tasks"][0]["error_code"], 5, "{result:#}");
    assert_latched(&suite);
    // A latched `false` is what un-latched agents once.
    write(&suite, &["release"]).wait_for_text(WAIT, "DONE");
    assert_latched(&suite);
    let before = mark(&mut rover);
    let reason = before["reason"].as_str().unwrap();
    assert!(reason.contains("the emergency stop is engaged"), "{before}");
    reset(&suite);
    rover.wait_for_event(WAIT, "ready");
    std::thread::sleep(Duration::from_secs(1));
    let after = mark(&mut rover);
    let moved = (position(&after, 0) - position(&before, 0)).abs();
    assert!(moved < STILL_RAD, "the reset moved a wheel by {moved} rad");
    let (code, lines) = suite.run_cli(&["mission", "run", AROUND]);
    assert_eq!(code, 0, "{lines:#?}");
}

#[test]
fn stop_is_remembered_when_agent_and_actuator_worker_die_together() {
    let (mut suite, mut rover, _client) = under_way();
    let (code, _) = suite.run_cli(&["estop", "--reason", "test"]);
    assert_eq!(code, 0);
    rover.wait_for_event(WAIT, "resting");
    suite.kill_node("agent_worker");
    suite.kill_node("actuator_worker");
    let mut restarted = Vec::new();
    while restarted.len() < 2 {
        let event = suite.up.wait_for_event(WAIT, "ready");
        restarted.push(event["node"].clone());
    }
    assert_latched(&suite);
    reset(&suite);
    suite.run_cli_until(WAIT, &["robots"], &["rover_1"]);
    let (code, lines) = suite.run_cli(&["mission", "run", AROUND]);
    assert_eq!(code, 0, "{lines:#?}");
}

#[test]
fn foreign_hardware_command_moves_nothing_latched_or_not() {
    let suite = Suite::start("demo");
    let mut rover = suite.observe("rover_1");
    let mut arm = suite.observe("arm_1");
    let wheels = ["hardware", "--robot", "rover_1"];
    let joints = ["hardware", "--robot", "arm_1", "--joints", "8"];
    let moved = moved_by(&suite, &mut rover, 0, &wheels);
    assert!(moved < STILL_RAD, "{moved} rad");
    let moved = moved_by(&suite, &mut arm, 0, &joints);
    assert!(moved < 0.01, "{moved} rad");
    let (code, _) = suite.run_cli(&["estop"]);
    assert_eq!(code, 0);
    let moved = moved_by(&suite, &mut rover, 0, &wheels);
    assert!(moved < STILL_RAD, "{moved} rad, latched");
    let moved = moved_by(&suite, &mut arm, 0, &joints);
    assert!(moved < 0.01, "{moved} rad, latched");
    reset(&suite);
    let (code, lines) = suite.run_cli(&["mission", "run", AROUND]);
    assert_eq!(code, 0, "{lines:#?}");
}

#[test]
fn second_writer_with_a_copied_source_stops_the_robot_by_name_until_it_is_gone() {
    let (suite, mut rover, mut client) = under_way();
    let mut writer = suite.peer("foreign_writer.py", &["copy", "--seconds", "4"]);
    writer.wait_for_text(WAIT, "WRITING");
    let told = rover.wait_for(WAIT, |line| {
        let value: Value = serde_json::from_str(line).ok()?;
        let reason = value["reason"].as_str()?.to_owned();
        reason
            .contains("second writer on rover_1/command")
            .then_some(reason)
    });
    std::thread::sleep(Duration::from_secs(1));
    let held = mark(&mut rover);
    assert_eq!(held["moving"], false, "{held}");
    // 0.4 m/s is 5 rad/s of a wheel; the writer asks for 10.
    assert!(held["peak"].as_f64().unwrap() < 6.0, "{held}: {told}");
    let (what, who) = ("a second writer on rover_1/command", "/foreign_writer");
    let faults = held["faults"].to_string();
    assert!(faults.contains(what) && faults.contains(who), "{faults}");
    writer.wait_for_text(WAIT, "DONE");
    // Held for more than a second, the task failed; a patrol is tried again when it is over.
    rover.wait_for_event(WAIT, "ready");
    rover.wait_for_event(WAIT, "moving");
    client.wait_for_text(WAIT, "\"attempt\":2");
    assert_eq!(mark(&mut rover)["faults"].to_string(), "{}");
}

#[test]
fn second_living_agent_is_refused_by_name_and_disturbs_nobody() {
    let (suite, mut rover, _client) = under_way();
    let mut command = std::process::Command::new(physical_ai_tests::program("agent_worker"));
    command.args([
        "--ros-args",
        "-r",
        "__node:=other_agent",
        "-p",
        "use_sim_time:=true",
    ]);
    let mut other = Process::start(&mut command, suite.domain);
    let refusal = other.wait_for_text(WAIT, "no session");
    assert!(refusal.contains("/agent_worker (process "), "{refusal}");
    std::thread::sleep(Duration::from_secs(1));
    let now = mark(&mut rover);
    assert_eq!(now["ready"], true, "{now}");
    // Its successor is at hand when the agent is gone for good: `up` starts it again under its name.
    other.signal(Signal::SIGKILL);
    suite.kill_node("agent_worker");
    rover.wait_for_event(WAIT, "resting");
    // The patrol goes on under the successor.
    rover.wait_for_event(WAIT, "moving");
}
