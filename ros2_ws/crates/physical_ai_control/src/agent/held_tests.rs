//! Robots that are held, latched, silent or jammed: what they are told then, and what ends their tasks.

use super::tests::{Bench, TICK_S, assert_failed};
use super::*;
use physical_ai_domain::{CommandMode, TaskState};
use serde_json::json;

const REASON: &str = "the actuator worker is inactive";

fn name(robot: &str) -> RobotName {
    RobotName::try_new(robot).unwrap()
}

/// An arm on its way from 0 to 1.4 rad, at about 0.4.
fn under_way() -> Bench {
    let mut bench = Bench::new();
    let goal = json!({"positions": [1.4, 0.0, 1.6, 1.54, 0.0, 0.0]});
    bench.assign("arm_1", "move_joints", goal, 0.0);
    while bench.states[0].position[0] < 0.4 {
        bench.tick();
    }
    bench
}

/// Holds the arm for `seconds`, where it comes to rest at once, and lets it go.
fn hold(bench: &mut Bench, seconds: f64) -> Vec<TaskReport> {
    let mut ended = Vec::new();
    let now_s = bench.now().seconds();
    bench
        .agent
        .set_held(&name("arm_1"), Some(REASON.into()), now_s);
    for _ in 0..(seconds / TICK_S) as usize {
        ended.extend(bench.tick().0);
        assert_eq!(bench.told[0].mode, CommandMode::Hold);
    }
    bench.agent.set_held(&name("arm_1"), None, 0.0);
    ended.retain(|r| r.state.is_terminal());
    ended
}

#[test]
fn robot_without_an_order_is_told_to_stand() {
    let mut bench = Bench::new();
    for _ in 0..10 {
        bench.tick();
        assert!(bench.told.iter().all(|c| c.mode == CommandMode::Hold));
    }
    let goal = json!({"positions": [0.2, 0.0, 1.6, 1.54, 0.0, 0.0]});
    bench.assign("arm_1", "move_joints", goal, 0.0);
    bench.tick();
    assert_eq!(bench.told[0].mode, CommandMode::Position);
    let (report, _) = bench.run(5.0);
    assert_eq!(report.state, TaskState::Succeeded, "{report:?}");
    bench.tick();
    assert_eq!(bench.told[0].mode, CommandMode::Hold);
}

#[test]
fn held_robot_is_not_ready_by_name_and_takes_no_task() {
    let mut bench = Bench::new();
    bench
        .agent
        .set_held(&name("arm_1"), Some(REASON.into()), 0.0);
    let refused = bench.try_assign("arm_1", "home", json!({}), 0.0);
    assert_eq!(
        refused.unwrap_err(),
        (
            ErrorCode::StaleData,
            format!("robot arm_1 cannot move: {REASON}")
        )
    );
    for offer in bench.agent.capabilities(bench.now()) {
        let is_arm = offer.robot == Some(name("arm_1"));
        assert_eq!((offer.ready, offer.reason == REASON), (!is_arm, is_arm));
    }
}

#[test]
fn task_of_a_robot_that_was_held_goes_on_smoothly_from_where_it_is_measured() {
    for seconds in [0.02, 0.3, 0.9] {
        let mut bench = under_way();
        assert_eq!(hold(&mut bench, seconds), []);
        // Somebody leant on it meanwhile.
        bench.states[0].position[0] -= 0.1;
        let mut before = bench.states[0].position[0];
        loop {
            let ended = bench.tick().0.into_iter().find(|r| r.state.is_terminal());
            let at = bench.states[0].position[0];
            assert!((at - before).abs() <= 2.2 * TICK_S, "{before} to {at}");
            before = at;
            if let Some(report) = ended {
                assert_eq!(report.state, TaskState::Succeeded, "{report:?}");
                break;
            }
        }
        assert!((before - 1.4).abs() < 0.02, "{before}");
    }
}

#[test]
fn task_of_a_robot_that_stays_held_fails_with_the_reason_and_moves_nothing_when_it_is_let_go() {
    let mut bench = under_way();
    let ended = hold(&mut bench, 3.0);
    assert_eq!(ended.len(), 1);
    assert_failed(&ended[0], ErrorCode::StaleData, true, REASON);
    let at = bench.states[0].position.clone();
    for _ in 0..200 {
        bench.tick();
        assert_eq!(bench.told[0].mode, CommandMode::Hold);
    }
    assert_eq!(bench.states[0].position, at);
}

#[test]
fn emergency_stop_of_one_robot_leaves_the_other_alone_and_its_reset_moves_nothing() {
    let mut bench = under_way();
    bench.assign_other("rover_1", "wait", json!({"duration_s": 0.1}));
    bench.agent.set_emergency_stop(&name("arm_1"), true);
    let mut ended = Vec::new();
    for _ in 0..100 {
        ended.extend(bench.tick().0);
    }
    let state_of = |task: &str| {
        let report = ended
            .iter()
            .find(|r| r.task.as_str() == task && r.state.is_terminal());
        report.map(|r| r.state)
    };
    assert_eq!(state_of("t"), Some(TaskState::Failed));
    assert_eq!(state_of("other"), Some(TaskState::Succeeded));
    let at = bench.states[0].position.clone();
    bench.agent.set_emergency_stop(&name("arm_1"), false);
    for _ in 0..200 {
        bench.tick();
        assert_eq!(bench.told[0].mode, CommandMode::Hold);
    }
    assert_eq!(bench.states[0].position, at);
}

#[test]
fn jammed_joint_ends_its_task_with_joint_error_and_likely_cause() {
    let mut bench = under_way();
    bench.jams = true;
    let at = bench.states[0].position[0];
    let jammed = bench.now();
    let (report, _) = bench.run(5.0);
    for text in ["joint_1", "limit 0.1600", "jammed", "power"] {
        assert_failed(&report, ErrorCode::Blocked, true, text);
    }
    let took_s = report.finished.seconds_since(jammed);
    assert!((1.0..1.5).contains(&took_s), "{took_s}");
    assert_eq!(bench.states[0].position[0], at);
    assert!(bench.farthest < 0.1601, "{}", bench.farthest);
}

#[test]
fn jam_that_comes_loose_in_time_lets_the_task_go_on_without_a_jump() {
    let mut bench = under_way();
    bench.jams = true;
    for _ in 0..150 {
        bench.tick();
    }
    bench.jams = false;
    let (report, _) = bench.run(5.0);
    assert_eq!(report.state, TaskState::Succeeded, "{report:?}");
    assert!(bench.farthest < 0.1601, "{}", bench.farthest);
}

#[test]
fn wheels_that_do_not_turn_end_the_task() {
    let mut bench = Bench::new();
    bench.assign("rover_1", "navigate_to", json!({"place": "dock_b"}), 0.0);
    for _ in 0..400 {
        bench.tick();
    }
    bench.jams = true;
    let (report, _) = bench.run(5.0);
    assert_failed(
        &report,
        ErrorCode::Blocked,
        true,
        "wheel_joint did not follow",
    );
}
