//! `kill -9` of each process in turn while a mission runs.

use std::time::Duration;

use physical_ai_tests::{Process, STOP_S, Suite};
use serde_json::Value;

const WAIT: Duration = Duration::from_secs(90);
/// A mission that ended because a task failed.
const TASK_FAILED: u64 = 4;
/// A task that failed because nobody knew its robot's state, or its commands did not arrive.
const STALE_DATA: u64 = 6;

struct Outcome {
    suite: Suite,
    result: Value,
    rover: Process,
    killed_at_s: f64,
}

/// Starts a patrol and a pick-and-place, kills a node once both robots move, and waits for the end.
fn run_and_kill(node: &str, mission: &str) -> Outcome {
    let mut suite = Suite::start("demo");
    let mut rover = suite.observe("rover_1");
    let mut client = suite.cli(&["mission", "run", mission]);
    rover.wait_for_event(WAIT, "moving");
    rover.write_line("mark");
    let killed_at_s = rover.wait_for_event(WAIT, "mark")["sim_s"]
        .as_f64()
        .unwrap();
    suite.kill_node(node);
    suite.wait_for_restart(node, WAIT);
    let result = client.wait_for_event(WAIT, "result");
    Outcome {
        suite,
        result,
        rover,
        killed_at_s,
    }
}

const PATROL: &str = "rover_1 patrols dock_a and dock_b";

/// How often tasks were started, by the agent's log.
fn starts(suite: &mut Suite) -> usize {
    suite.up.text().matches("task started").count()
}

fn assert_stopped_in_time(outcome: &mut Outcome) {
    let rest = outcome.rover.wait_for_event(WAIT, "resting");
    let took_s = rest["sim_s"].as_f64().unwrap() - outcome.killed_at_s;
    assert!(took_s < STOP_S, "moved on for {took_s:.3} s: {rest}");
}

#[test]
fn killed_agent_stops_its_robots_and_its_task_goes_on_after_the_restart() {
    let mut outcome = run_and_kill("agent_worker", PATROL);
    assert_stopped_in_time(&mut outcome);
    assert_eq!(outcome.result["error_code"], 0, "{:#}", outcome.result);
    let attempts = outcome.result["tasks"][0]["attempts"].as_u64().unwrap();
    assert!(attempts >= 2, "{:#}", outcome.result);
}

#[test]
fn killed_agent_stops_a_fast_arm() {
    let suite = Suite::start("demo");
    let folder = tempfile::tempdir().unwrap();
    let plan = folder.path().join("swing.yaml");
    std::fs::write(
        &plan,
        "tasks: [{id: swing, skill: move_joints, robot: arm_1, \
         params: {positions: [2.5, 0.0, 0.5, 0.0, 0.5, 0.0]}}]",
    )
    .unwrap();
    let mut arm = suite.observe("arm_1");
    let _client = suite.cli(&["mission", "run", &plan.display().to_string()]);
    let at_speed = |mark: &Value| mark["fastest"].as_f64().unwrap() > 0.9;
    let mark = loop {
        arm.write_line("mark");
        let mark = arm.wait_for_event(WAIT, "mark");
        if at_speed(&mark) {
            break mark;
        }
    };
    suite.kill_node("agent_worker");
    let rest = arm.wait_for_event(WAIT, "resting");
    let took_s = rest["sim_s"].as_f64().unwrap() - mark["sim_s"].as_f64().unwrap();
    assert!(
        took_s < STOP_S,
        "moved on for {took_s:.3} s from {mark}: {rest}"
    );
}

#[test]
fn killed_agent_fails_a_task_that_may_not_run_twice() {
    let mission = "rover_1 patrols dock_a and dock_b while arm_1 puts the red box in bin_b";
    let mut outcome = run_and_kill("agent_worker", mission);
    let tasks = outcome.result["tasks"].as_array().unwrap();
    let arm = tasks.iter().find(|t| t["robot"] == "arm_1").unwrap();
    assert_eq!(arm["state"], "failed", "{:#}", outcome.result);
    assert_eq!(arm["error_code"], 7);
    // Restarted, or fallen silent where the restart takes longer than the lease.
    let reason = arm["error_msg"].as_str().unwrap();
    assert!(reason.contains("while it had the task"), "{reason}");
    assert_eq!(outcome.result["error_code"], 4);
    let started = starts(&mut outcome.suite);
    assert_eq!(started, 2, "nothing was started twice");
    let (code, lines) = outcome
        .suite
        .run_cli(&["mission", "run", "rover_1 returns home"]);
    assert_eq!(code, 0, "{lines:#?}");
}

#[test]
fn killed_actuator_worker_stops_the_drives_and_the_mission_ends_with_a_reason() {
    let mut outcome = run_and_kill("actuator_worker", PATROL);
    assert_stopped_in_time(&mut outcome);
    // Held by whom, or by nobody who could be heard.
    assert_ended_well_or_because(
        &mut outcome,
        &[
            "was held for 1 s: the actuator worker",
            "was held for 1 s: /actuator_worker",
            "was held for 1 s: no actuator worker",
        ],
    );
}

#[test]
fn killed_sensor_worker_stops_the_robot_and_its_successor_knows_where_it_is() {
    let mut outcome = run_and_kill("sensor_worker", PATROL);
    assert_stopped_in_time(&mut outcome);
    assert_eq!(outcome.result["error_code"], 0, "{:#}", outcome.result);
    let log = outcome.suite.up.text();
    assert!(log.contains("goes on from where it was"), "{log}");
    assert_works_again(&mut outcome);
}

#[test]
fn killed_simulation_comes_back_and_the_mission_ends_with_a_reason() {
    let mut outcome = run_and_kill("simulation_worker", PATROL);
    // No state, states that are old, a drive that is gone, or the clock of the new world.
    assert_ended_well_or_because(
        &mut outcome,
        &[
            "no state of robot rover_1",
            "safety stop (stale_state)",
            "was held for 1 s: /actuator_worker: its",
            "the clock went back from",
        ],
    );
}

/// Success, or a failure of the task with one of these reasons, which the mission repeats; and the suite works
/// again afterwards.
fn assert_ended_well_or_because(outcome: &mut Outcome, reasons: &[&str]) {
    let result = &outcome.result;
    let task = &result["tasks"][0];
    if result["error_code"] == 0 {
        assert_eq!(task["state"], "succeeded", "{result:#}");
    } else {
        assert_eq!(
            (&result["error_code"], &task["error_code"]),
            (&TASK_FAILED.into(), &STALE_DATA.into()),
            "{result:#}"
        );
        let reason = task["error_msg"].as_str().unwrap();
        assert!(
            reasons.iter().any(|r| reason.contains(r)),
            "none of {reasons:?} is in {result:#}"
        );
        assert!(
            result["error_msg"].as_str().unwrap().contains(reason),
            "{result:#}"
        );
    }
    assert_works_again(outcome);
}

fn assert_works_again(outcome: &mut Outcome) {
    let (code, lines) = outcome
        .suite
        .run_cli(&["mission", "run", "rover_1 goes to dock_a"]);
    assert_eq!(code, 0, "{lines:#?}");
}

#[test]
fn killed_orchestrator_goes_on_with_the_mission_and_starts_nothing_twice() {
    let mut suite = Suite::start("demo");
    let mut rover = suite.observe("rover_1");
    let mission = "arm_1 puts the red box in bin_b while rover_1 patrols dock_a and dock_b, \
                   then rover_1 returns home";
    let mut client = suite.cli(&["mission", "run", mission, "--mission-id", "survivor"]);
    rover.wait_for_event(WAIT, "moving");
    suite.kill_node("orchestrator");
    suite.wait_for_restart("orchestrator", WAIT);
    let result = client.wait_for_event(WAIT, "result");
    assert_eq!(result["error_code"], 0, "{result:#}");
    let tasks = result["tasks"].as_array().unwrap();
    assert!(
        tasks.iter().all(|t| t["state"] == "succeeded"),
        "{result:#}"
    );
    // On a loaded machine a robot may stop and its task be tried again; what counts is that every
    // start was ordered once.
    let attempts: u64 = tasks.iter().filter_map(|t| t["attempts"].as_u64()).sum();
    assert_eq!(starts(&mut suite) as u64, attempts, "{result:#}");
    let (code, lines) = suite.run_cli(&["mission", "show", "survivor"]);
    assert_eq!((code, &lines[0]["phase"]), (0, &"succeeded".into()));
}

#[test]
fn killed_client_leaves_the_mission_running() {
    let suite = Suite::start("demo");
    let mut rover = suite.observe("rover_1");
    let client = suite.cli(&["mission", "run", PATROL, "--mission-id", "orphan"]);
    rover.wait_for_event(WAIT, "moving");
    client.signal(nix::sys::signal::Signal::SIGKILL);
    rover.wait_for_event(WAIT, "resting");
    let (code, lines) = suite.run_cli(&["mission", "run", PATROL, "--mission-id", "orphan"]);
    assert_eq!(
        code, 0,
        "a client that asks again gets the same mission's result"
    );
    let id = &Suite::result(&lines)["mission_id"];
    assert_eq!(id, "orphan");
}
