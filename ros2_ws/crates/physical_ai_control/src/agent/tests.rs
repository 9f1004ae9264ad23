use nalgebra::Isometry3;
use physical_ai_domain::{CommandMode, ErrorCode, MissionId, SkillName, TaskId, TaskState};
use serde_json::{Value, json};

use super::*;
use crate::fixtures::{arm, at_rest, rover, world};
use crate::{Chain, DifferentialDrive, SafetyState};

pub(super) const TICK_S: f64 = 0.005;

/// Both robots of the demo, ideal: they do at once what they are told.
pub(super) struct Bench {
    pub(super) agent: Agent,
    pub(super) states: Vec<RobotState>,
    /// What each robot was told last.
    pub(super) told: Vec<ActuatorCommand>,
    /// No joint moves, whatever it is told.
    pub(super) jams: bool,
    /// Largest distance of a set point of the arm from where its joint was measured.
    pub(super) farthest: f64,
    ticks: i64,
    lidar_works: bool,
    wall: Obstacles,
}

impl Bench {
    pub(super) fn new() -> Self {
        let world = world();
        let rest = [0.0, 0.0, 1.6, 1.54, 0.0, 0.0, 0.02, 0.02];
        let mut rover_state = at_rest(&rover(), &[0.0; 2], Time::ZERO);
        rover_state.base.pose = world.robot("rover_1").unwrap().pose.isometry();
        let agent = Agent::try_new(
            world,
            vec![arm(), rover()],
            DriveLimits::default(),
            SafetyLimits::default(),
        );
        let mut bench = Self {
            agent: agent.unwrap(),
            states: vec![at_rest(&arm(), &rest, Time::ZERO), rover_state],
            told: Vec::new(),
            jams: false,
            farthest: 0.0,
            ticks: 200,
            lidar_works: true,
            wall: Obstacles::default(),
        };
        bench.tick();
        bench
    }

    pub(super) fn now(&self) -> Time {
        Time::from_nanoseconds(self.ticks * 5_000_000)
    }

    /// Nothing happens for so long, seconds.
    pub(super) fn wait(&mut self, seconds: f64) {
        self.ticks += (seconds / TICK_S) as i64;
    }

    fn see(&mut self, object: &str, z: f64) {
        self.see_at(object, z, 0.0);
    }

    /// Sees where an object was `age_s` ago.
    fn see_at(&mut self, object: &str, z: f64, age_s: f64) {
        let stamp = self.now().plus_seconds(-age_s);
        let seen = SeenObject {
            pose: Isometry3::translation(0.42, 0.12, z),
            size_m: [0.04; 3],
        };
        self.agent
            .see_objects(stamp, &BTreeMap::from([(object.to_owned(), seen)]));
    }

    pub(super) fn assign(
        &mut self,
        robot: &str,
        skill: &str,
        params: Value,
        timeout_s: f64,
    ) -> TaskReport {
        self.try_assign(robot, skill, params, timeout_s).unwrap()
    }

    pub(super) fn try_assign(
        &mut self,
        robot: &str,
        skill: &str,
        params: Value,
        timeout_s: f64,
    ) -> Result<TaskReport, (ErrorCode, String)> {
        let (task, token) = ("t", FencingToken(7));
        self.order(robot, skill, params, timeout_s, (task, token))
    }

    /// A second task beside that of [`Bench::assign`].
    pub(super) fn assign_other(&mut self, robot: &str, skill: &str, params: Value) {
        let other = ("other", FencingToken(8));
        self.order(robot, skill, params, 0.0, other).unwrap();
    }

    fn order(
        &mut self,
        robot: &str,
        skill: &str,
        params: Value,
        timeout_s: f64,
        (task, token): (&str, FencingToken),
    ) -> Result<TaskReport, (ErrorCode, String)> {
        let assignment = Assignment {
            mission: MissionId::try_new("m").unwrap(),
            task: TaskId::try_new(task).unwrap(),
            attempt: 1,
            token,
            skill: SkillName::try_new(skill).unwrap(),
            robot: Some(RobotName::try_new(robot).unwrap()),
            params,
            resources: BTreeMap::new(),
            timeout_s,
            priority: 0,
            deadline: Time::ZERO,
            idempotent: true,
        };
        let now = self.now();
        self.agent.assign(assignment, now)
    }

    /// One control tick of both robots; their reports and the worst state of the filter.
    pub(super) fn tick(&mut self) -> (Vec<TaskReport>, SafetyState) {
        self.ticks += 1;
        let now = self.now();
        if self.lidar_works {
            let rover = RobotName::try_new("rover_1").unwrap();
            self.agent.see_obstacles(&rover, now, self.wall.clone());
        }
        let (mut reports, mut worst) = (Vec::new(), SafetyState::Normal);
        self.told.clear();
        for state in &mut self.states {
            state.stamp = now;
            let control = self.agent.tick(state.clone(), now, now.seconds()).unwrap();
            let ahead = control.command.position.iter().zip(&state.position);
            let farthest = ahead
                .map(|(told, at)| (told - at).abs())
                .fold(0.0, f64::max);
            self.farthest = self.farthest.max(farthest);
            if self.jams {
                state.velocity.fill(0.0);
            } else {
                obey(state, control.command);
            }
            self.told.push(control.command.clone());
            worst = worst.max(control.verdict.state);
            reports.extend(control.report);
        }
        (reports, worst)
    }

    /// Ticks until a task ended; that report, and those before it.
    pub(super) fn run(&mut self, limit_s: f64) -> (TaskReport, Vec<TaskReport>) {
        let mut before = Vec::new();
        for _ in 0..(limit_s / TICK_S) as usize {
            for report in self.tick().0 {
                if report.state.is_terminal() {
                    return (report, before);
                }
                before.push(report);
            }
        }
        panic!("nothing ended within {limit_s} s");
    }
}

fn obey(state: &mut RobotState, command: &ActuatorCommand) {
    match command.mode {
        CommandMode::Position => {
            state.position.clone_from(&command.position);
            state.velocity.clone_from(&command.velocity);
        }
        CommandMode::Velocity => {
            state.velocity.clone_from(&command.velocity);
            let drive = DifferentialDrive::from_model(&rover()).unwrap();
            let turned = [0, 1].map(|i| command.velocity[i] * TICK_S);
            let (forward, turn) = drive.base(turned[0], turned[1]);
            let step = physical_ai_domain::Placement {
                x: forward,
                yaw: turn,
                ..Default::default()
            };
            state.base.pose *= step.isometry();
        }
        CommandMode::Effort | CommandMode::Hold => state.velocity.fill(0.0),
    }
}

pub(super) fn assert_failed(report: &TaskReport, error: ErrorCode, retryable: bool, reason: &str) {
    assert_eq!(report.state, TaskState::Failed, "{report:?}");
    assert_eq!((report.error, report.retryable), (error, retryable));
    assert!(report.error_msg.contains(reason), "{}", report.error_msg);
    assert!(report.result.is_empty());
}

#[test]
fn task_that_succeeds_reports_its_progress_and_what_was_measured() {
    let mut bench = Bench::new();
    let params = json!({"places": ["dock_a", "dock_b"]});
    let began = bench.assign("rover_1", "patrol", params, 0.0);
    assert_eq!((began.state, began.progress), (TaskState::Running, 0.0));
    let (report, before) = bench.run(60.0);
    assert_eq!(report.state, TaskState::Succeeded, "{report:?}");
    assert_eq!((report.error, report.progress), (ErrorCode::Ok, 1.0));
    assert!(report.finished > report.started);
    let result: Value = serde_json::from_str(&report.result).unwrap();
    for field in [
        "duration_s",
        "distance_m",
        "final_error_m",
        "tracking_error_rms",
        "tracking_error_max",
    ] {
        assert!(result[field].as_f64().unwrap().is_finite(), "{result}");
    }
    assert!((result["distance_m"].as_f64().unwrap() - 1.8).abs() < 0.2);
    let shares: Vec<f32> = before.iter().map(|r| r.progress).collect();
    assert!((10..=50).contains(&shares.len()), "{shares:?}");
    assert!(shares.is_sorted(), "{shares:?}");
    let capabilities = bench.agent.capabilities(bench.now());
    let patrol = capabilities
        .iter()
        .find(|c| c.skill.as_str() == "patrol")
        .unwrap();
    let took_s = report.finished.seconds_since(report.started);
    assert_eq!(patrol.mean_duration_s, took_s);
}

#[test]
fn task_that_takes_too_long_fails_and_may_be_tried_again() {
    let mut bench = Bench::new();
    bench.assign("arm_1", "wait", json!({"duration_s": 60.0}), 1.0);
    let (report, _) = bench.run(2.0);
    assert_failed(&report, ErrorCode::Timeout, true, "timeout_s = 1");
    // With the time in which rest is measured.
    assert!((report.finished.seconds_since(report.started) - 1.05).abs() < 0.02);
}

#[test]
fn arm_whose_task_timed_out_in_motion_comes_to_rest_within_its_limits() {
    let mut bench = Bench::new();
    let positions = json!({"positions": [2.0, 0.0, 1.6, 1.54, 0.0, 0.0]});
    bench.assign("arm_1", "move_joints", positions, 0.9);
    bench.run(2.0);
    let (mut before, mut rate_before) = (bench.states[0].position[0], f64::NAN);
    for _ in 0..100 {
        bench.tick();
        let at = bench.states[0].position[0];
        let rate = (at - before) / TICK_S;
        if rate_before.is_finite() {
            let change = (rate - rate_before).abs();
            assert!(
                change <= 3.0 * 8.0 * TICK_S + 1e-6,
                "{change} rad/s in a tick"
            );
        }
        (before, rate_before) = (at, rate);
    }
    assert_eq!(rate_before, 0.0);
}

#[test]
fn canceled_task_ends_at_rest() {
    let mut bench = Bench::new();
    bench.assign("rover_1", "navigate_to", json!({"place": "dock_b"}), 0.0);
    for _ in 0..600 {
        bench.tick();
    }
    assert!(bench.states[1].velocity[0] > 1.0);
    bench.agent.cancel(FencingToken(6));
    assert!(bench.tick().0.iter().all(|r| !r.state.is_terminal()));
    bench.agent.cancel(FencingToken(7));
    let (report, _) = bench.run(2.0);
    assert_eq!(report.state, TaskState::Canceled);
    assert_eq!(report.error, ErrorCode::Canceled);
    assert!(bench.states[1].velocity.iter().all(|v| v.abs() < 0.05));
}

/// A rover under way is told to stop, but a wheel turns at 0.4 rad/s for another `rolls_s`; what its agent
/// reports, and after how many seconds.
fn cancel_while_rolling(rolls_s: f64) -> (TaskReport, f64) {
    let mut bench = Bench::new();
    bench.assign("rover_1", "navigate_to", json!({"place": "dock_b"}), 0.0);
    for _ in 0..600 {
        bench.tick();
    }
    bench.agent.cancel(FencingToken(7));
    let canceled = bench.now();
    for _ in 0..600 {
        let past_s = bench.now().seconds_since(canceled);
        if past_s < rolls_s {
            bench.states[1].velocity = vec![0.0, 0.4];
        }
        let ended = bench.tick().0.into_iter().find(|r| r.state.is_terminal());
        if let Some(report) = ended {
            return (report, past_s);
        }
    }
    panic!("the task never ended");
}

#[test]
fn canceled_task_ends_no_earlier_than_rest_is_measured() {
    let (report, past_s) = cancel_while_rolling(0.9);
    assert_eq!(report.state, TaskState::Canceled);
    assert!((0.95..1.0).contains(&past_s), "{past_s}");
    assert_eq!(report.error_msg, "cancelled; the robot is at rest");
}

#[test]
fn joint_that_does_not_stop_is_named() {
    let (report, past_s) = cancel_while_rolling(9.0);
    assert_eq!(report.state, TaskState::Canceled);
    assert!(past_s < 2.0, "{past_s}");
    let joint = "right_wheel_joint moves on at 0.400 rad/s";
    assert!(report.error_msg.contains(joint), "{}", report.error_msg);
}

#[test]
fn emergency_stop_fails_the_task_for_good_and_refuses_the_next() {
    let mut bench = Bench::new();
    bench.assign("arm_1", "home", json!({}), 0.0);
    let arm = RobotName::try_new("arm_1").unwrap();
    bench.agent.set_emergency_stop(&arm, true);
    let (report, _) = bench.run(0.1);
    assert_failed(&report, ErrorCode::SafetyStop, false, "(emergency_stop)");
    let (code, reason) = bench
        .try_assign("arm_1", "home", json!({}), 0.0)
        .unwrap_err();
    assert_eq!(code, ErrorCode::SafetyStop);
    assert!(reason.contains("emergency stop"), "{reason}");
    bench.agent.set_emergency_stop(&arm, false);
    bench.assign("arm_1", "home", json!({}), 0.0);
}

#[test]
fn faulty_state_fails_the_task_which_may_be_tried_again() {
    let mut bench = Bench::new();
    bench.assign("arm_1", "wait", json!({"duration_s": 9.0}), 0.0);
    bench.states[0].fault = Some("encoder 3 is silent".into());
    let (report, _) = bench.run(1.1);
    assert_failed(&report, ErrorCode::StaleData, true, "(stale_state)");
    let refused = bench.try_assign("arm_1", "home", json!({}), 0.0);
    assert_eq!(
        refused.unwrap_err(),
        (
            ErrorCode::StaleData,
            "robot arm_1 cannot move: encoder 3 is silent".into()
        )
    );
}

#[test]
fn silent_robot_fails_its_task() {
    let mut bench = Bench::new();
    bench.assign("arm_1", "wait", json!({"duration_s": 9.0}), 0.0);
    bench.tick();
    let now = bench.now();
    assert!(bench.agent.watch(now, now.seconds() + 0.9).is_empty());
    let reports = bench.agent.watch(now, now.seconds() + 1.1);
    assert_eq!(reports.len(), 1);
    assert_failed(&reports[0], ErrorCode::StaleData, true, "1.10 s");
    assert!(bench.agent.watch(now, now.seconds() + 1.2).is_empty());
}

#[test]
fn silent_robot_takes_no_task_until_it_speaks_again() {
    let mut bench = Bench::new();
    bench.tick();
    let now = bench.now();
    bench.agent.watch(now, now.seconds() + 1.1);
    // By its stamp the last state is fresh: the clock of a simulation stands still while nobody hears it.
    let refused = bench.try_assign("arm_1", "home", json!({}), 0.0);
    let (code, reason) = refused.unwrap_err();
    assert_eq!(code, ErrorCode::StaleData);
    assert!(reason.contains("no state"), "{reason}");
    let offers = bench.agent.capabilities(now);
    assert!(offers.iter().all(|o| !o.ready), "{offers:?}");
    bench.tick();
    bench.assign("arm_1", "home", json!({}), 0.0);
}

#[test]
fn robot_stands_while_its_state_is_faulty_and_then_goes_on_with_its_task() {
    let mut bench = Bench::new();
    let goal = json!({"positions": [1.5, 0.0, 1.6, 1.5, 0.0, 0.0]});
    bench.assign("arm_1", "move_joints", goal, 0.0);
    for _ in 0..100 {
        bench.tick();
    }
    bench.states[0].fault = Some("a hiccup".into());
    let before = bench.states[0].position.clone();
    for _ in 0..100 {
        assert_eq!(bench.tick().1, SafetyState::Stopped);
    }
    assert_eq!(bench.states[0].position, before);
    bench.states[0].fault = None;
    let mut last = before;
    loop {
        let ended = bench.tick().0.into_iter().find(|r| r.state.is_terminal());
        // 2 rad/s at most in a tick, also right after the gap.
        let moved = (bench.states[0].position[0] - last[0]).abs();
        assert!(moved < 2.0 * TICK_S + 1e-3, "jumped by {moved}");
        last.clone_from(&bench.states[0].position);
        if let Some(report) = ended {
            assert_eq!(report.state, TaskState::Succeeded, "{}", report.error_msg);
            break;
        }
    }
    assert!((last[0] - 1.5).abs() < 0.02);
}

#[test]
fn gap_without_states_takes_no_time_from_the_skill() {
    let mut bench = Bench::new();
    bench.assign("arm_1", "wait", json!({"duration_s": 0.5}), 0.0);
    bench.tick();
    bench.ticks += (0.8 / TICK_S) as i64;
    let begin = bench.now();
    let (report, _) = bench.run(1.0);
    assert_eq!(report.state, TaskState::Succeeded);
    let waited_s = report.finished.seconds_since(begin);
    assert!((0.45..0.55).contains(&waited_s), "{waited_s}");
}

#[test]
fn simulation_that_starts_anew_fails_what_ran_in_the_old_one() {
    let mut bench = Bench::new();
    for _ in 0..300 {
        bench.tick();
    }
    bench.assign("arm_1", "wait", json!({"duration_s": 1.0}), 0.0);
    bench.tick();
    bench.ticks = 10;
    let (report, _) = bench.run(0.1);
    assert_failed(&report, ErrorCode::StaleData, true, "the clock went back");
}

#[test]
fn busy_robot_refuses_and_names_its_task() {
    let mut bench = Bench::new();
    bench.assign("arm_1", "wait", json!({"duration_s": 1.0}), 0.0);
    let (code, reason) = bench
        .try_assign("arm_1", "home", json!({}), 0.0)
        .unwrap_err();
    assert_eq!(code, ErrorCode::Busy);
    assert!(reason.contains("executes task t of mission m"), "{reason}");
    let (code, reason) = bench
        .try_assign("arm_9", "home", json!({}), 0.0)
        .unwrap_err();
    assert_eq!(code, ErrorCode::InvalidParams);
    assert!(
        reason.contains("arm_9 is not one of arm_1, rover_1"),
        "{reason}"
    );
}

#[test]
fn rover_gives_up_on_a_wall_and_on_a_silent_lidar() {
    let ahead = json!({"x": 4.0, "y": -0.8});
    let mut bench = Bench::new();
    bench.wall = Obstacles {
        points: vec![[0.3, 0.0]],
    };
    bench.assign("rover_1", "navigate_to", ahead.clone(), 0.0);
    let (report, _) = bench.run(12.0);
    assert_failed(
        &report,
        ErrorCode::Blocked,
        true,
        "in the way to (4.00, -0.80)",
    );
    let mut bench = Bench::new();
    bench.assign("rover_1", "navigate_to", ahead, 0.0);
    for _ in 0..400 {
        bench.tick();
    }
    bench.lidar_works = false;
    let (report, _) = bench.run(12.0);
    assert_failed(&report, ErrorCode::StaleData, true, "the lidar is silent");
    let rover = RobotName::try_new("rover_1").unwrap();
    bench.agent.refuse_obstacles(&rover, "laser is tilted");
    bench.assign("rover_1", "navigate_to", json!({"x": 4.0, "y": -0.8}), 0.0);
    let (refused, _) = bench.run(12.0);
    let expected = "no scan could be believed";
    assert_failed(&refused, ErrorCode::StaleData, true, expected);
    assert!(
        refused.error_msg.contains("s: laser is tilted"),
        "{refused:?}"
    );
    assert!(bench.states[1].base.pose.translation.x < 3.5);
}

#[test]
fn grasp_of_nothing_fails() {
    let mut bench = Bench::new();
    bench.see("red_box", 0.42);
    bench.assign("arm_1", "pick", json!({"object": "red_box"}), 0.0);
    // Ideal fingers close on nothing.
    let (report, _) = bench.run(20.0);
    assert_failed(
        &report,
        ErrorCode::GraspFailed,
        true,
        "nothing is between them",
    );
}

/// Picks a box that keeps the fingers apart and comes up with them if it `lifts`. It is seen
/// `delay_s` late, or no more once the fingers are closed.
fn pick_with_late_eyes(delay_s: Option<f64>, lifts: bool) -> TaskReport {
    let chain = Chain::between(&arm(), "base_link", "tool0").unwrap();
    let base_z = world().robot("arm_1").unwrap().pose.z;
    let mut bench = Bench::new();
    bench.see("red_box", 0.42);
    bench.assign("arm_1", "pick", json!({"object": "red_box"}), 0.0);
    let mut heights = Vec::new();
    for _ in 0..4000 {
        let (reports, _) = bench.tick();
        let fingers = &mut bench.states[0].position[6..];
        let closed = fingers[0] < 0.02;
        fingers.iter_mut().for_each(|f| *f = f.max(0.0195));
        let tool_z = base_z + chain.forward(&bench.states[0].position[..6]).translation.z;
        heights.push(if closed && lifts { tool_z } else { 0.42 });
        let late = delay_s.map(|s| (s / TICK_S) as usize);
        match late.and_then(|late| heights.len().checked_sub(late + 1)) {
            Some(then) => bench.see_at("red_box", heights[then], delay_s.unwrap_or(0.0)),
            None if !closed => bench.see("red_box", 0.42),
            None => {}
        }
        if let Some(report) = reports.into_iter().find(|r| r.state.is_terminal()) {
            return report;
        }
    }
    panic!("the pick never ended");
}

#[test]
fn lift_is_judged_by_what_was_seen_after_it() {
    let report = pick_with_late_eyes(Some(0.5), true);
    assert_eq!(report.state, TaskState::Succeeded, "{report:?}");
    for (delay_s, reason) in [
        (Some(0.5), "red_box is at height 0.420 m after the lift"),
        (None, "red_box was not seen after the lift"),
    ] {
        let report = pick_with_late_eyes(delay_s, false);
        assert_failed(&report, ErrorCode::GraspFailed, true, reason);
    }
}

#[test]
fn held_arm_goes_on_from_where_it_stopped() {
    let mut bench = Bench::new();
    let target = json!({"positions": [1.0, 0.0, 1.6, 1.54, 0.0, 0.0]});
    bench.assign("arm_1", "move_joints", target, 0.0);
    while bench.states[0].position[0] < 0.4 {
        bench.tick();
    }
    // The agent stood still for 0.2 s: the drive went on a little, and stopped.
    let stopped = bench.states[0].position[0] + 0.05;
    bench.states[0].position[0] = stopped;
    bench.states[0].velocity.fill(0.0);
    bench.ticks += 40;
    let mut before = stopped;
    loop {
        let (reports, worst) = bench.tick();
        let now = bench.states[0].position[0];
        assert!(worst == SafetyState::Normal, "{worst:?} at {now}");
        assert!(now >= before - 1e-6, "back from {before} to {now}");
        before = now;
        if let Some(report) = reports.into_iter().find(|r| r.state.is_terminal()) {
            assert_eq!(report.state, TaskState::Succeeded, "{report:?}");
            break;
        }
    }
    assert!((before - 1.0).abs() < 1e-9);
}

#[test]
fn place_of_nothing_is_refused() {
    let mut bench = Bench::new();
    // Fingers that are open a little hold nothing, either.
    let place = json!({"place": "bin_b"});
    let refused = bench.try_assign("arm_1", "place", place, 0.0);
    let (code, reason) = refused.unwrap_err();
    assert_eq!(code, ErrorCode::GraspFailed);
    assert!(reason.contains("arm_1 holds nothing"), "{reason}");
}

#[test]
fn arm_follows_its_plan_without_an_intervention_of_the_filter() {
    let mut bench = Bench::new();
    let target = json!({"x": 0.4, "y": 0.2, "z": 0.7});
    bench.assign("arm_1", "move_to", target, 0.0);
    loop {
        let (reports, worst) = bench.tick();
        assert_eq!(worst, SafetyState::Normal);
        if let Some(report) = reports.iter().find(|r| r.state.is_terminal()) {
            assert_eq!(report.state, TaskState::Succeeded, "{report:?}");
            break;
        }
    }
    let chain = crate::Chain::between(&arm(), "base_link", "tool0").unwrap();
    let tool = chain.forward(&bench.states[0].position[..6]);
    // The base is 0.4 m above the floor of the world.
    let off = tool.translation.vector - nalgebra::Vector3::new(0.4, 0.2, 0.3);
    assert!(off.norm() < 1e-3, "{off}");
    let down = tool.rotation * nalgebra::Vector3::z();
    assert!((down + nalgebra::Vector3::z()).norm() < 0.01, "{down}");
}
