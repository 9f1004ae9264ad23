//! Sentences that the language model plans, and what happens when it cannot.

use std::time::{Duration, Instant};

use physical_ai_tests::Suite;
use serde_json::Value;

const WAIT: Duration = Duration::from_secs(60);
const SENTENCE: &str = "arm_1 puts the red box in bin_b while rover_1 patrols dock_a and dock_b, then rover_1 returns home";

fn start() -> Suite {
    let domain = Suite::shared_domain();
    Suite::start_in("demo", domain, "", &["orchestrator.planner_worker=planner"])
}

fn validate(suite: &Suite, sentence: &str) -> Value {
    let (_, lines) = suite.run_cli(&["mission", "validate", sentence]);
    lines.first().cloned().unwrap_or_default()
}

/// Asks until a sentence is planned by `planner`: who is up is seen only some time later.
fn wait_for_planner(suite: &Suite, planner: &str) {
    let end = Instant::now() + WAIT;
    loop {
        let answer = validate(suite, "rover_1 returns home");
        assert_eq!(answer["valid"], true, "{answer}");
        if answer["planner"] == planner {
            return;
        }
        assert!(Instant::now() < end, "{answer}");
    }
}

#[test]
fn model_plans_the_mission_that_the_robots_carry_out() {
    let suite = start();
    let (code, lines) = suite.run_cli(&["mission", "run", SENTENCE]);
    let result = Suite::result(&lines);
    assert_eq!(code, 0, "{result:#}");
    let planned = lines
        .iter()
        .find(|l| l["event"] == "feedback" && l["planner"] != "");
    assert_eq!(planned.unwrap()["planner"], "model");
    let tasks: Vec<(&str, &str)> = result["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| (t["skill"].as_str().unwrap(), t["robot"].as_str().unwrap()))
        .collect();
    let expected = [
        ("pick_and_place", "arm_1"),
        ("patrol", "rover_1"),
        ("home", "rover_1"),
    ];
    assert_eq!(tasks, expected);
    // Another language, the same engine.
    let answer = validate(&suite, "rover_1은 dock_a로 가라");
    assert_eq!(answer["planner"], "model", "{answer}");
    let place = &answer["plan"]["tasks"][0]["params"]["place"];
    assert_eq!(place, "dock_a", "{answer}");
    // What neither rung takes for a mission is refused with both reasons.
    let (code, lines) = suite.run_cli(&["mission", "run", "paint the wall blue"]);
    let result = Suite::result(&lines);
    assert_eq!((code, &result["error_code"]), (1, &2.into()), "{result}");
    let reason = result["error_msg"].as_str().unwrap();
    assert!(
        reason.contains("planner refuses") && reason.contains("\"paint\""),
        "{reason}"
    );
}

#[test]
fn parser_plans_while_the_model_is_gone_or_the_deadline_is_near() {
    let mut suite = start();
    wait_for_planner(&suite, "model");
    let home = [
        "mission",
        "run",
        "rover_1 returns home",
        "--deadline-s",
        "8",
    ];
    let (code, lines) = suite.run_cli(&home);
    assert_eq!(code, 0, "{lines:#?}");
    assert!(lines.iter().any(|l| l["planner"] == "parser"), "{lines:#?}");
    suite.kill_node("planner");
    let answer = validate(&suite, "rover_1 returns home");
    // Either the dead worker is not seen to be gone yet and its answer is not waited for, or it is.
    assert_eq!(answer["valid"], true, "{answer}");
    suite.wait_for_restart("planner", WAIT);
    wait_for_planner(&suite, "model");
}

#[test]
fn killed_model_never_stops_a_mission() {
    let mut suite = start();
    let mut rover = suite.observe("rover_1");
    let mut client = suite.cli(&["mission", "run", "rover_1 patrols dock_a and dock_b"]);
    rover.wait_for_event(WAIT, "moving");
    suite.kill_node("planner");
    suite.wait_for_restart("planner", WAIT);
    let result = client.wait_for_event(WAIT, "result");
    assert_eq!(result["error_code"], 0, "{result:#}");
    assert_eq!(result["tasks"][0]["attempts"], 1, "{result:#}");
}
