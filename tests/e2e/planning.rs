//! Sentences that a language model's worker plans, and what happens when it does not.

use std::time::{Duration, Instant};

use physical_ai_tests::{Process, Suite};
use serde_json::Value;

const WAIT: Duration = Duration::from_secs(60);
/// What `make demo` says.
const DEMO: &str = "arm_1 puts the red box in bin_b while rover_1 patrols dock_a and dock_b, then rover_1 returns home";
/// Nothing that the parser has rules for.
const FREE: &str = "get rover_1 home";
/// Nothing but a model reads it.
const KOREAN: &str = "로버는 dock_a로 가라";

/// A suite that asks `planner`, and the peer of that name.
fn start() -> (Suite, Process) {
    let set = [
        "orchestrator.planner_worker=planner",
        "orchestrator.planner_prompt=instructed",
        "orchestrator.planner_min_probability=0.0",
        "orchestrator.planner_timeout_s=2.0",
        "orchestrator.confirm_plans=never",
    ];
    let suite = Suite::start_in("demo", Suite::shared_domain(), "", &set);
    let mut planner = suite.peer("planner_peer.py", &[]);
    planner.wait_for_event(WAIT, "ready");
    wait_for(&suite, FREE, |answer| answer["planner"] == "model");
    (suite, planner)
}

fn validate(suite: &Suite, sentence: &str) -> Value {
    let (_, lines) = suite.run_cli(&["mission", "validate", sentence]);
    lines.first().cloned().unwrap_or_default()
}

/// Asks until the answer is as it should be: workers and robots are seen only some time after the start.
fn wait_for(suite: &Suite, sentence: &str, is_so: impl Fn(&Value) -> bool) {
    let end = Instant::now() + WAIT;
    loop {
        let answer = validate(suite, sentence);
        if is_so(&answer) {
            return;
        }
        assert!(Instant::now() < end, "{answer}");
    }
}

/// Runs a mission: exit code, who planned it, and its result.
fn run(suite: &Suite, sentence: &str, more: &[&str]) -> (i32, String, Value) {
    let mut arguments = vec!["mission", "run", sentence];
    arguments.extend(more);
    let (code, lines) = suite.run_cli(&arguments);
    let result = Suite::result(&lines).clone();
    // The last feedback of a short mission may come after its result; what the orchestrator publishes stays.
    let id = result["mission_id"].as_str().unwrap_or_default();
    let (_, shown) = suite.run_cli(&["mission", "show", id]);
    let planner = shown
        .first()
        .and_then(|mission| mission["planner"].as_str());
    (code, planner.unwrap_or_default().to_owned(), result)
}

/// Skills and robots of the tasks of a plan or a result.
fn tasks(value: &Value) -> Vec<(&str, &str)> {
    let listed = value["tasks"].as_array().into_iter().flatten();
    listed
        .map(|task| {
            (
                task["skill"].as_str().unwrap(),
                task["robot"].as_str().unwrap(),
            )
        })
        .collect()
}

/// A suite that plans with the shipped model, as every one does that a test does not start otherwise.
fn start_shipped() -> Suite {
    let set = ["orchestrator.confirm_plans=never"];
    let suite = Suite::start_in("demo", Suite::shared_domain(), "", &set);
    wait_for(&suite, KOREAN, |answer| answer["planner"] == "model");
    suite
}

#[test]
fn killed_model_disturbs_no_mission_and_plans_again() {
    let mut suite = start_shipped();
    let mut rover = suite.observe("rover_1");
    let mut client = suite.cli(&["mission", "run", "rover_1 patrols dock_a and dock_b"]);
    rover.wait_for_event(WAIT, "moving");
    suite.kill_node("inference_worker");
    // By whom does not matter, nor whether the model is back yet.
    let answer = validate(&suite, "rover_1 returns home");
    assert_eq!(answer["valid"], true, "{answer}");
    suite.wait_for_restart("inference_worker", WAIT);
    let result = client.wait_for_event(WAIT, "result");
    assert_eq!(result["error_code"], 0, "{result}");
    assert_eq!(result["tasks"][0]["attempts"], 1, "{result}");
    wait_for(&suite, KOREAN, |answer| answer["planner"] == "model");
}

#[test]
fn parser_plans_what_it_reads_and_the_shipped_model_korean() {
    let suite = start_shipped();
    let (code, by, result) = run(&suite, DEMO, &[]);
    assert_eq!((code, by.as_str()), (0, "parser"), "{result:#}");
    let expected = [
        ("pick_and_place", "arm_1"),
        ("patrol", "rover_1"),
        ("home", "rover_1"),
    ];
    assert_eq!(tasks(&result), expected, "{result:#}");
    // The parser knows no Korean.
    let answer = validate(&suite, KOREAN);
    assert_eq!(answer["planner"], "model", "{answer}");
    for (sentence, expected) in [
        (
            "what is the weather like today?",
            "a question is no mission",
        ),
        ("stop all robots", "`physical-ai estop`"),
        ("send rover_1 to dock_a sluggishly", "sluggishly"),
        ("rover_1은 dock_a로 천천히 가라", "\"천천히\""),
    ] {
        let refused = validate(&suite, sentence);
        let reason = refused["error_msg"].as_str().unwrap_or_default();
        assert!(
            reason.contains(expected) && refused["valid"] == false,
            "{sentence}: {refused}"
        );
    }
}

#[test]
fn model_plans_what_the_robots_do_and_a_refusal_says_why() {
    let (suite, mut planner) = start();
    let (code, by, result) = run(&suite, FREE, &[]);
    assert_eq!((code, by.as_str()), (0, "model"), "{result:#}");
    assert_eq!(result["tasks"][0]["skill"], "home");
    assert_eq!(result["tasks"][0]["robot"], "rover_1");
    let asked = planner.wait_for(WAIT, |line| {
        let value: Value = serde_json::from_str(line).ok()?;
        (value["text"] == FREE).then_some(value)
    });
    assert_eq!(asked["roles"], serde_json::json!(["system", "user"]));
    // Plans, or a refusal.
    assert_eq!(asked["branches"], 2);
    let (code, _, result) = run(&suite, "sing", &[]);
    assert_eq!((code, &result["error_code"]), (1, &2.into()), "{result}");
    let reason = result["error_msg"].as_str().unwrap();
    for part in ["refuses: no robot can sing", "by rules: text: in \"sing\""] {
        assert!(reason.contains(part), "{reason}");
    }
}

#[test]
fn parser_plans_where_the_model_does_not() {
    let (suite, mut planner) = start();
    // What the parser refuses no model is asked for.
    let answer = validate(&suite, "rover_1 returns home; robot_9 returns home");
    let reason = answer["error_msg"].as_str().unwrap_or_default();
    assert!(
        reason.contains("\"robot_9\" is not a known robot"),
        "{answer}"
    );
    // A plan that is not valid for the fleet.
    let reason = validate(&suite, "retire now")["error_msg"].to_string();
    assert!(reason.contains("robot_9"), "{reason}");
    // No time before the deadline.
    let (code, _, result) = run(&suite, FREE, &["--deadline-s", "1.9"]);
    let reason = result["error_msg"].as_str().unwrap_or_default();
    assert!(
        code != 0 && reason.contains("the deadline is in"),
        "{result:#}"
    );
    // No answer in time: the worker is told that nobody waits any more.
    let begin = Instant::now();
    let reason = validate(&suite, "silence")["error_msg"].to_string();
    assert!(reason.contains("silence"), "{reason}");
    assert!(begin.elapsed() < WAIT / 2);
    planner.wait_for_event(WAIT, "cancelled");
    // Nobody there.
    drop(planner);
    wait_for(&suite, FREE, |answer| {
        answer["error_msg"].to_string().contains("not served")
    });
    let (code, by, result) = run(&suite, "rover_1 returns home", &[]);
    assert_eq!((code, by.as_str()), (0, "parser"), "{result:#}");
}

#[test]
fn question_of_a_cancelled_mission_is_taken_back() {
    let (suite, mut planner) = start();
    let mut client = suite.cli(&["mission", "run", "silence"]);
    planner.wait_for(WAIT, |line| line.contains("\"silence\"").then_some(()));
    client.signal(nix::sys::signal::Signal::SIGINT);
    planner.wait_for_event(WAIT, "cancelled");
    let result = client.wait_for_event(WAIT, "result");
    assert_eq!(result["error_code"], 5, "{result}");
    assert_ne!(client.wait_for_end(WAIT).code(), Some(0));
}
