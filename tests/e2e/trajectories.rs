//! Joint trajectories from a plain rclpy client, as MoveIt would send them.

use std::time::Duration;

use physical_ai_tests::{Process, Suite};
use serde_json::Value;

const WAIT: Duration = Duration::from_secs(90);
const SUCCEEDED: u64 = 4;
const CANCELED: u64 = 5;
const ABORTED: u64 = 6;
/// Joint positions after a goal, radians: the server's own tolerance.
const AT_GOAL_RAD: f64 = 0.02;
/// Joints slower than this stand, rad/s: many times the noise of the encoders.
const STANDS_RPS: f64 = 0.05;

fn client(suite: &Suite, arguments: &[&str]) -> Process {
    let mut client = suite.peer("trajectory_client.py", arguments);
    client.wait_for_text(WAIT, "READY");
    client
}

fn outcome(client: &mut Process) -> Value {
    client.wait_for_event(WAIT, "outcome")
}

/// Runs a scenario; once more where the machine was too busy for the robot's state to be fresh, which stops it.
fn run(suite: &Suite, scenario: &str) -> Value {
    let once = || outcome(&mut client(suite, &[scenario]));
    let is_late = |o: &Value| {
        o["text"]
            .as_str()
            .is_some_and(|t| t.contains("stale_state"))
    };
    let first = once();
    if is_late(&first) { once() } else { first }
}

fn number(outcome: &Value, field: &str) -> f64 {
    let value = outcome[field].as_f64();
    value.unwrap_or_else(|| panic!("{field} in {outcome:#}"))
}

fn check_ended(outcome: &Value, status: u64, code: i64, reason: &str) {
    assert_eq!(
        (&outcome["status"], &outcome["code"]),
        (&status.into(), &code.into()),
        "{outcome:#}"
    );
    let text = outcome["text"].as_str().unwrap();
    assert!(text.contains(reason), "{reason:?} is not in {outcome:#}");
    // However it ended: the arm stands then.
    assert!(number(outcome, "speed") < STANDS_RPS, "{outcome:#}");
    assert!(number(outcome, "moved") < 0.01, "{outcome:#}");
}

fn check_succeeded(outcome: &Value) {
    check_ended(outcome, SUCCEEDED, 0, "at the goal");
    assert!(number(outcome, "off") < AT_GOAL_RAD, "{outcome:#}");
    assert!(number(outcome, "feedbacks") > 20.0, "{outcome:#}");
    assert!(number(outcome, "feedback_off") < 0.1, "{outcome:#}");
}

#[test]
fn plain_client_moves_an_arm_and_is_told_what_does_not_work() {
    let suite = Suite::start("demo");
    check_succeeded(&run(&suite, "move"));
    check_succeeded(&run(&suite, "reordered"));
    let unknown = run(&suite, "unknown");
    check_ended(&unknown, ABORTED, -2, "\"elbow\" is not a joint of arm_1");
    let strict = run(&suite, "strict");
    check_ended(&strict, ABORTED, -4, "joint_1 is at");
    check_ended(
        &run(&suite, "cancel"),
        CANCELED,
        0,
        "cancelled; the robot is at rest",
    );
    check_succeeded(&run(&suite, "back"));
}

#[test]
fn newer_goals_every_50_ms_lead_to_no_jump() {
    let suite = Suite::start("demo");
    let stream = run(&suite, "stream");
    assert_eq!(
        (&stream["status"], &stream["code"]),
        (&SUCCEEDED.into(), &0.into()),
        "{stream:#}"
    );
    let (sent, replaced) = (number(&stream, "sent"), number(&stream, "replaced"));
    assert!(sent >= 20.0 && replaced >= sent - 1.0, "{stream:#}");
    assert!(number(&stream, "steps") > 200.0, "{stream:#}");
    assert!(number(&stream, "swung") > 0.3, "{stream:#}");
    // rad/s and rad beyond what the joint's acceleration and its velocities explain.
    assert!(number(&stream, "jump") < 0.01, "{stream:#}");
    assert!(number(&stream, "gap") < 0.002, "{stream:#}");
}

#[test]
fn emergency_stop_aborts_a_trajectory_with_the_reason_and_the_arm_stands() {
    let suite = Suite::start("demo");
    let mut moving = client(&suite, &["move", "--seconds", "10"]);
    moving.wait_for_event(WAIT, "started");
    let (code, _) = suite.run_cli(&["estop", "--reason", "test"]);
    assert_eq!(code, 0);
    let stopped = outcome(&mut moving);
    check_ended(&stopped, ABORTED, -4, "emergency");
    assert!(number(&stopped, "off") > AT_GOAL_RAD, "{stopped:#}");
    let refused = run(&suite, "move");
    check_ended(&refused, ABORTED, -1, "the emergency stop is engaged");
    let (code, lines) = suite.run_cli(&["estop", "--reset"]);
    assert_eq!(code, 0, "{lines:?}");
    suite.run_cli_until(WAIT, &["robots"], &["arm_1"]);
    check_succeeded(&run(&suite, "move"));
}

#[test]
fn mission_and_trajectory_keep_each_other_out_by_name() {
    let suite = Suite::start("demo");
    let mut arm = suite.observe("arm_1");
    let mut mission = suite.cli(&["mission", "run", "arm_1 puts the red box in bin_b"]);
    arm.wait_for_event(WAIT, "moving");
    let refused = run(&suite, "move");
    assert_eq!(
        (&refused["status"], &refused["code"]),
        (&ABORTED.into(), &(-1).into()),
        "{refused:#}"
    );
    let text = refused["text"].as_str().unwrap();
    assert!(text.contains("robot arm_1 executes task"), "{refused:#}");
    let result = mission.wait_for_event(WAIT, "result");
    assert_eq!(result["error_code"], 0, "{result:#}");
    let mut moving = client(&suite, &["move", "--seconds", "10"]);
    moving.wait_for_event(WAIT, "started");
    let (_, lines) = suite.run_cli(&["robots"]);
    let told = format!("{lines:?}");
    assert!(told.contains("arm_1/follow_joint_trajectory"), "{told}");
    check_succeeded(&outcome(&mut moving));
}

#[test]
fn two_arms_follow_trajectories_at_once() {
    let suite = Suite::start("two_by_two");
    let mut both = client(&suite, &["move", "--robots", "arm_1", "arm_2"]);
    for robot in ["arm_1", "arm_2"] {
        let ended = outcome(&mut both);
        assert_eq!(ended["robot"], robot);
        check_succeeded(&ended);
    }
}
