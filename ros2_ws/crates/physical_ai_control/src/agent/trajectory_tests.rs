//! Trajectories of other planners beside tasks: who has the robot, what ends them, and what it is told meanwhile.

use super::tests::{Bench, TICK_S};
use super::*;
use crate::{JointTolerance, TrajectoryCode, TrajectoryGoal, TrajectoryPoint};
use physical_ai_domain::CommandMode;
use serde_json::json;

const READY: [f64; 6] = [0.0, 0.0, 1.6, 1.54, 0.0, 0.0];

fn arm() -> RobotName {
    RobotName::try_new("arm_1").unwrap()
}

/// From where the arm stands to `joint_1` in two seconds.
fn swing(joint_1: f64) -> TrajectoryGoal {
    let point = |time_from_start_s: f64, joint_1: f64| TrajectoryPoint {
        time_from_start_s,
        positions: vec![joint_1],
        velocities: vec![0.0],
        ..Default::default()
    };
    TrajectoryGoal {
        joint_names: vec!["joint_1".to_owned()],
        points: vec![point(0.0, 0.0), point(2.0, joint_1)],
        ..Default::default()
    }
}

impl Bench {
    fn follow(&mut self, goal: &TrajectoryGoal) -> Result<Option<TrajectoryEnd>, TrajectoryEnd> {
        let now = self.now();
        self.agent
            .robot_mut(&arm())
            .unwrap()
            .follow_trajectory(goal, now)
    }

    fn ended(&mut self) -> Option<TrajectoryEnd> {
        self.agent.robot_mut(&arm()).unwrap().take_trajectory_end()
    }

    /// Ticks until the trajectory ended.
    fn run_trajectory(&mut self, limit_s: f64) -> TrajectoryEnd {
        for _ in 0..(limit_s / TICK_S) as usize {
            self.tick();
            if let Some(end) = self.ended() {
                return end;
            }
        }
        panic!("nothing ended within {limit_s} s");
    }

    /// An arm on its way to 0.8 rad, in the middle.
    fn under_way() -> Self {
        let mut bench = Self::new();
        bench.follow(&swing(0.8)).unwrap();
        while bench.states[0].position[0] < 0.4 {
            bench.tick();
            assert_eq!(bench.ended(), None);
        }
        bench
    }
}

#[test]
fn trajectory_is_followed_to_its_end_and_says_what_was_measured() {
    let mut bench = Bench::under_way();
    let feedback = bench.agent.robot_mut(&arm()).unwrap();
    let feedback = feedback.trajectory_feedback().unwrap();
    assert_eq!(feedback.joints, [0]);
    assert!((feedback.desired.position[0] - feedback.position[0]).abs() < 0.02);
    let end = bench.run_trajectory(2.0);
    assert_eq!(
        (end.code, end.is_canceled),
        (TrajectoryCode::Successful, false)
    );
    assert!(end.text.contains("joint_1"), "{}", end.text);
    assert!((bench.states[0].position[0] - 0.8).abs() < 1e-3);
    assert_eq!(bench.states[0].position[6..], [0.02, 0.02]);
    bench.tick();
    assert_eq!(bench.told[0].mode, CommandMode::Hold);
    assert_eq!(bench.ended(), None);
}

#[test]
fn whoever_has_the_robot_keeps_it_and_the_other_is_refused_by_name() {
    let mut bench = Bench::new();
    bench.assign("arm_1", "move_joints", json!({"positions": READY}), 0.0);
    let refused = bench.follow(&swing(0.8)).unwrap_err();
    assert_eq!(refused.code, TrajectoryCode::InvalidGoal);
    assert_eq!(refused.text, "robot arm_1 executes task t of mission m");
    let mut bench = Bench::under_way();
    let (code, reason) = bench
        .try_assign("arm_1", "home", json!({}), 0.0)
        .unwrap_err();
    assert_eq!(code, ErrorCode::Busy);
    assert!(reason.contains("arm_1/follow_joint_trajectory"), "{reason}");
    for offer in bench.agent.capabilities(bench.now()) {
        let is_arm = offer.robot == Some(arm());
        assert_eq!((offer.ready, offer.reason == reason), (!is_arm, is_arm));
    }
    bench.run_trajectory(2.0);
    bench.assign("arm_1", "home", json!({}), 0.0);
}

#[test]
fn goals_that_cannot_be_followed_leave_the_running_one_alone() {
    let mut bench = Bench::under_way();
    let strange = TrajectoryGoal {
        joint_names: vec!["elbow".to_owned()],
        ..swing(0.8)
    };
    assert_eq!(
        bench.follow(&strange).unwrap_err().code,
        TrajectoryCode::InvalidJoints
    );
    let folded = TrajectoryGoal {
        joint_names: vec![
            "joint_1".to_owned(),
            "joint_3".to_owned(),
            "joint_4".to_owned(),
        ],
        points: vec![TrajectoryPoint {
            time_from_start_s: 5.0,
            positions: vec![0.4, 2.6, 2.8],
            ..Default::default()
        }],
        ..Default::default()
    };
    let refused = bench.follow(&folded).unwrap_err();
    assert!(
        refused.text.contains("run into each other"),
        "{}",
        refused.text
    );
    assert_eq!(bench.run_trajectory(2.0).code, TrajectoryCode::Successful);
    let rover = RobotName::try_new("rover_1").unwrap();
    let rover = bench.agent.robot_mut(&rover).unwrap();
    assert!(!rover.follows_trajectories());
    let refused = rover
        .follow_trajectory(&swing(0.8), Time::ZERO)
        .unwrap_err();
    assert!(refused.text.contains("rover_1"), "{}", refused.text);
}

#[test]
fn newer_goal_takes_over_without_a_jump() {
    let mut bench = Bench::under_way();
    let (mut at, mut speed) = (bench.told[0].position[0], bench.told[0].velocity[0]);
    assert!(speed > 0.3, "{speed}");
    // It begins at rest in the middle, where the arm is on its way.
    let mut newer = swing(0.0);
    newer.points[0].positions[0] = 0.41;
    let replaced = bench.follow(&newer).unwrap().unwrap();
    assert_eq!(replaced.code, TrajectoryCode::InvalidGoal);
    assert!(replaced.text.contains("replaced"), "{}", replaced.text);
    let end = loop {
        let (_, safety) = bench.tick();
        assert_eq!(safety, crate::SafetyState::Normal);
        if let Some(end) = bench.ended() {
            break end;
        }
        let (next, rate) = (bench.told[0].position[0], bench.told[0].velocity[0]);
        assert!(
            (rate - speed).abs() <= 8.0 * TICK_S * 1.01,
            "{speed} to {rate}"
        );
        assert!((next - at - (rate + speed) / 2.0 * TICK_S).abs() < 1e-4);
        (at, speed) = (next, rate);
    };
    assert_eq!(end.code, TrajectoryCode::Successful, "{}", end.text);
    assert!(bench.states[0].position[0].abs() < 1e-3);
}

#[test]
fn cancelled_trajectory_ends_at_rest() {
    let mut bench = Bench::under_way();
    let now = bench.now();
    bench
        .agent
        .robot_mut(&arm())
        .unwrap()
        .cancel_trajectory(now);
    bench.tick();
    assert_eq!(bench.told[0].mode, CommandMode::Hold);
    let at = bench.states[0].position[0];
    let end = bench.run_trajectory(1.5);
    assert_eq!(
        (end.code, end.is_canceled),
        (TrajectoryCode::Successful, true)
    );
    assert!(end.text.contains("at rest"), "{}", end.text);
    assert_eq!(bench.states[0].position[0], at);
}

#[test]
fn whatever_stops_the_robot_in_mid_goal_aborts_it_with_the_reason() {
    let check = |stop: fn(&mut Bench), reason: &str| {
        let mut bench = Bench::under_way();
        stop(&mut bench);
        bench.tick();
        assert_eq!(bench.told[0].mode, CommandMode::Hold, "{reason}");
        let at = bench.states[0].position[0];
        let end = bench.run_trajectory(1.5);
        assert_eq!(end.code, TrajectoryCode::PathToleranceViolated);
        assert!(
            end.text.contains(reason),
            "{reason:?} is not in {}",
            end.text
        );
        assert_eq!(bench.states[0].position[0], at);
    };
    check(
        |b| b.agent.set_emergency_stop(&arm(), true),
        "safety stop (emergency_stop)",
    );
    check(
        |b| {
            b.agent
                .set_held(&arm(), Some("the drive has no power".into()), 0.0)
        },
        "robot arm_1 was held: the drive has no power",
    );
    check(
        |b| b.states[0].fault = Some("no encoder".into()),
        "safety stop (stale_state): no encoder",
    );
}

#[test]
fn robot_that_falls_silent_or_belongs_to_another_world_follows_nothing() {
    let mut bench = Bench::under_way();
    let later = bench.now().plus_seconds(1.1);
    bench.agent.watch(later, later.seconds());
    let end = bench.ended().unwrap();
    assert_eq!(end.code, TrajectoryCode::PathToleranceViolated);
    assert!(end.text.contains("no state of robot arm_1"), "{}", end.text);
    let mut bench = Bench::under_way();
    let mut state = bench.states[0].clone();
    state.stamp = Time::from_seconds(0.5);
    bench.agent.tick(state, Time::from_seconds(0.5), 100.0);
    let end = bench.ended().unwrap();
    assert!(end.text.contains("clock went back"), "{}", end.text);
}

#[test]
fn jammed_arm_leaves_the_path_or_is_named_for_not_following() {
    let tolerance = |position: f64| TrajectoryGoal {
        path_tolerance: vec![JointTolerance {
            name: "joint_1".to_owned(),
            position,
            ..Default::default()
        }],
        ..swing(0.8)
    };
    for (goal, reason) in [
        (tolerance(0.05), "joint_1 is at 0.00000, 0.05"),
        (tolerance(-1.0), "joint_1 did not follow its set point"),
    ] {
        let mut bench = Bench::new();
        bench.jams = true;
        bench.follow(&goal).unwrap();
        let end = bench.run_trajectory(4.0);
        assert_eq!(end.code, TrajectoryCode::PathToleranceViolated);
        assert!(end.text.contains(reason), "{}", end.text);
    }
}

#[test]
fn gap_in_the_commands_is_survived_from_where_the_arm_is_measured() {
    let mut bench = Bench::under_way();
    // It was held meanwhile.
    bench.states[0].velocity.fill(0.0);
    bench.wait(0.08);
    let before = bench.states[0].position[0];
    bench.tick();
    assert!((bench.told[0].position[0] - before).abs() < 0.005);
    let end = bench.run_trajectory(3.0);
    assert_eq!(end.code, TrajectoryCode::Successful, "{}", end.text);
}
