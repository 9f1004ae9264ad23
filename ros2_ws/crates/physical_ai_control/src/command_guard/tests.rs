use proptest::prelude::*;

use super::*;
use crate::fixtures::{arm, at_rest, command, rover};

const TIMEOUT_S: f64 = 0.03;

/// A guard of the arm, the arm itself, and a hand that sends it commands at a time of both clocks.
struct Bench {
    model: RobotModel,
    guard: CommandGuard,
    at: Vec<f64>,
    sent: ActuatorCommand,
}

impl Bench {
    fn new() -> Self {
        let model = arm();
        Self {
            guard: CommandGuard::new(&model, TIMEOUT_S),
            at: vec![0.01; 8],
            sent: command(&model, CommandMode::Position, &[0.0; 8], Time::ZERO),
            model,
        }
    }

    fn send(&mut self, now_s: f64) -> GuardVerdict {
        self.send_changed(now_s, |_| {})
    }

    fn send_changed(
        &mut self,
        now_s: f64,
        edit: impl FnOnce(&mut ActuatorCommand),
    ) -> GuardVerdict {
        let now = Time::from_seconds(now_s);
        let state = at_rest(&self.model, &self.at, now);
        self.guard.observe(&state);
        self.send_blindly(now_s, edit)
    }

    /// Without a state of that moment.
    fn send_blindly(
        &mut self,
        now_s: f64,
        edit: impl FnOnce(&mut ActuatorCommand),
    ) -> GuardVerdict {
        let now = Time::from_seconds(now_s);
        self.sent = command(&self.model, CommandMode::Position, &[0.01; 8], now);
        edit(&mut self.sent);
        self.guard.check(&mut self.sent, now, now_s)
    }
}

fn assert_rejects(verdict: GuardVerdict, reason: &str) {
    match verdict {
        GuardVerdict::Reject(text) => assert!(text.contains(reason), "{text}"),
        other => panic!("{other:?} instead of a refusal: {reason}"),
    }
}

fn assert_holds(verdict: GuardVerdict, sent: &ActuatorCommand, cause: SafetyCause, reason: &str) {
    match verdict {
        GuardVerdict::Hold(because, text) => {
            assert_eq!(because, cause);
            assert!(text.contains(reason), "{text}");
        }
        other => panic!("{other:?} instead of a stop: {reason}"),
    }
    assert_eq!(sent.mode, CommandMode::Hold);
    assert!(sent.position.is_empty() && sent.velocity.is_empty() && sent.effort.is_empty());
}

#[test]
fn good_command_passes_unchanged() {
    let mut bench = Bench::new();
    assert!(bench.guard.is_holding());
    assert_eq!(bench.send(1.0), GuardVerdict::Accept);
    assert_eq!(bench.sent.position, [0.01; 8]);
    assert!(!bench.guard.is_holding());
}

#[test]
fn values_beyond_limits_are_clamped_to_them() {
    let mut bench = Bench::new();
    bench.at[1] = -1.99;
    let verdict = bench.send_changed(1.0, |c| {
        c.position[1] = -7.0;
        c.velocity = vec![5.0; 8];
    });
    assert_eq!(verdict, GuardVerdict::Clamped(SafetyCause::PositionLimit));
    assert_eq!(bench.sent.position[1], -2.0);
    assert_eq!(bench.sent.velocity[..2], [2.2, 2.2]);
    assert_eq!(bench.sent.velocity[7], 0.2);
}

#[test]
fn what_is_no_command_becomes_a_stop_that_names_field_and_value() {
    let check = |edit: fn(&mut ActuatorCommand), reason: &str| {
        let mut bench = Bench::new();
        bench.send(1.0);
        let verdict = bench.send_changed(1.01, edit);
        assert_holds(verdict, &bench.sent, SafetyCause::NotFinite, reason);
        assert!(bench.guard.is_holding());
    };
    check(|c| c.position[3] = f64::NAN, "position[3] is NaN");
    check(|c| c.position[0] = f64::INFINITY, "position[0] is inf");
    check(|c| c.position.truncate(7), "position has 7 values, not 8");
    check(
        |c| c.velocity = vec![0.0; 9],
        "velocity has 9 values, not 8",
    );
    check(
        |c| c.mode = CommandMode::Velocity,
        "velocity has 0 values, not 8",
    );
}

#[test]
fn commands_of_efforts_are_a_stop_by_name() {
    let edits: [fn(&mut ActuatorCommand); 3] = [
        |c| c.mode = CommandMode::Effort,
        |c| {
            c.mode = CommandMode::Effort;
            c.effort = vec![0.0; 8];
        },
        |c| c.effort = vec![1.0; 8],
    ];
    for edit in edits {
        let mut bench = Bench::new();
        bench.send(1.0);
        let verdict = bench.send_changed(1.01, edit);
        let reason = "effort: there is no torque control";
        assert_holds(verdict, &bench.sent, SafetyCause::Effort, reason);
    }
}

#[test]
fn old_command_is_dropped_and_says_its_age() {
    let mut bench = Bench::new();
    let old = bench.send_changed(1.0, |c| c.stamp = Time::from_seconds(0.9));
    assert_rejects(old, "0.100 s old, but the command is valid for 0.050 s");
    let barely = bench.send_changed(1.0, |c| c.stamp = Time::from_seconds(0.951));
    assert_eq!(barely, GuardVerdict::Accept);
    let endless = bench.send_changed(1.0, |c| {
        c.stamp = Time::from_seconds(0.9);
        c.valid_for_s = f64::NAN;
    });
    assert_rejects(endless, "valid for NaN");
}

#[test]
fn command_from_the_future_is_dropped() {
    let mut bench = Bench::new();
    let ahead = bench.send_changed(1.0, |c| c.stamp = Time::from_seconds(3.0));
    assert_rejects(ahead, "stamp is 2.000 s in the future");
    // Messages overtake the clock by less than a command is valid.
    let near = bench.send_changed(1.0, |c| c.stamp = Time::from_seconds(1.001));
    assert_eq!(near, GuardVerdict::Accept);
}

#[test]
fn silence_becomes_one_stop_within_the_timeout() {
    let mut bench = Bench::new();
    assert!(!bench.guard.poll(0.5), "nobody has commanded yet");
    bench.send(1.0);
    assert!(!bench.guard.poll(1.0 + 0.99 * TIMEOUT_S));
    assert!(bench.guard.poll(1.0 + 1.01 * TIMEOUT_S));
    assert!(bench.guard.is_holding());
    assert!(!bench.guard.poll(2.0), "once is enough");
    assert_eq!(bench.send(3.0), GuardVerdict::Accept);
    assert!(bench.guard.poll(3.1));
    bench.guard.set_timeout_s(1.0);
    bench.send(4.0);
    assert!(!bench.guard.poll(4.9));
}

#[test]
fn refused_commands_do_not_put_the_stop_off() {
    let mut bench = Bench::new();
    bench.send(1.0);
    for i in 1..=4 {
        let now_s = 1.0 + f64::from(i) * 0.007;
        let old = bench.send_changed(now_s, |c| c.stamp = Time::from_seconds(0.5));
        assert_rejects(old, "s old");
    }
    assert!(bench.guard.poll(1.031));
}

#[test]
fn emergency_stop_latches_until_it_is_reset() {
    let mut bench = Bench::new();
    bench.send(1.0);
    bench.guard.set_emergency_stop(true);
    for i in 2..50 {
        let verdict = bench.send(1.0 + 0.01 * f64::from(i));
        let cause = SafetyCause::EmergencyStop;
        assert_holds(verdict, &bench.sent, cause, "emergency stop");
        assert!(bench.guard.is_holding());
    }
    bench.guard.set_emergency_stop(false);
    assert!(bench.guard.is_holding(), "a reset moves nothing by itself");
    assert_eq!(bench.send(2.0), GuardVerdict::Accept);
}

#[test]
fn nothing_moves_before_a_valid_state_was_heard_or_on_an_old_or_faulty_one() {
    let mut bench = Bench::new();
    let cause = SafetyCause::StaleState;
    let blind = bench.send_blindly(1.0, |_| {});
    assert_holds(
        blind,
        &bench.sent,
        cause,
        "no state of this robot has arrived",
    );
    let stop = bench.send_blindly(1.0, |c| {
        *c = command(&arm(), CommandMode::Hold, &[], c.stamp);
    });
    assert_eq!(stop, GuardVerdict::Accept, "a stop needs to know nothing");
    assert_eq!(bench.send(1.1), GuardVerdict::Accept);
    let old = bench.send_blindly(1.35, |_| {});
    assert_holds(old, &bench.sent, cause, "old");
    for edit in [
        (|s| s.fault = Some("a hiccup".into())) as fn(&mut RobotState),
        |s| s.position[2] = f64::NAN,
        |s| s.position.truncate(3),
    ] {
        let mut state = at_rest(&arm(), &bench.at, Time::from_seconds(2.0));
        edit(&mut state);
        bench.guard.observe(&state);
        let faulty = bench.send_blindly(2.0, |_| {});
        assert_holds(faulty, &bench.sent, cause, "its state");
    }
    assert_eq!(bench.send(2.1), GuardVerdict::Accept);
}

#[test]
fn motion_begins_where_the_robot_is_whatever_held_it() {
    let holds: [fn(&mut Bench); 4] = [
        |_| {},
        |b| {
            b.guard.poll(2.0);
        },
        |b| b.guard.release(),
        |b| {
            b.guard.set_emergency_stop(true);
            b.guard.set_emergency_stop(false);
        },
    ];
    for (i, hold) in holds.into_iter().enumerate() {
        let mut bench = Bench::new();
        if i > 0 {
            bench.send(1.0);
        }
        hold(&mut bench);
        // joint_1 has 2.2 rad/s: 0.05 rad, and 0.07 s of its speed.
        let far = bench.send_changed(1.01, |c| c.position[0] = 0.26);
        let reason = "joint_1 is told to be at 0.2600, but measured at 0.0100";
        assert_holds(far, &bench.sent, SafetyCause::Tracking, reason);
        let near = bench.send_changed(1.02, |c| c.position[0] = 0.2);
        assert_eq!(near, GuardVerdict::Accept);
    }
}

#[test]
fn set_points_that_jump_are_passed_on_at_the_joints_speed_and_near_what_is_measured() {
    let mut bench = Bench::new();
    bench.send(1.0);
    let mut before = 0.01;
    for tick in 1..200 {
        let verdict = bench.send_changed(1.0 + 0.005 * f64::from(tick), |c| {
            c.position[0] = 3.0;
            c.velocity = vec![2.0; 8];
        });
        assert!(matches!(verdict, GuardVerdict::Clamped(_)), "{verdict:?}");
        let next = bench.sent.position[0];
        assert!(next - before <= 2.2 * 1.1 * 0.005 + 2e-4, "{before} {next}");
        assert!(next <= bench.at[0] + 0.21, "{next}");
        assert_eq!(bench.sent.velocity[0], 0.0);
        before = next;
    }
    assert!(before > 0.2, "{before}");
}

fn judge(model: &RobotModel, sent: &mut ActuatorCommand) -> GuardVerdict {
    let mut guard = CommandGuard::new(model, TIMEOUT_S);
    guard.observe(&at_rest(model, &[0.0; 2], Time::ZERO));
    guard.check(sent, Time::ZERO, 0.0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_reaches_the_hardware_is_finite_and_within_limits(
        mode in 0..4usize,
        position in prop::collection::vec(prop_oneof![-20.0..20.0f64, prop::num::f64::ANY], 0..4),
        velocity in prop::collection::vec(prop_oneof![-20.0..20.0f64, prop::num::f64::ANY], 0..4),
        effort in prop::collection::vec(prop_oneof![-20.0..20.0f64, prop::num::f64::ANY], 0..4),
    ) {
        let modes = [CommandMode::Position, CommandMode::Velocity, CommandMode::Effort, CommandMode::Hold];
        let model = rover();
        let mut sent = command(&model, modes[mode], &[], Time::ZERO);
        (sent.position, sent.velocity, sent.effort) = (position, velocity, effort);
        let asked_to_hold = sent.mode == CommandMode::Hold;
        let verdict = judge(&model, &mut sent);
        match verdict {
            GuardVerdict::Hold(..) => prop_assert_eq!(sent.mode, CommandMode::Hold),
            GuardVerdict::Accept | GuardVerdict::Clamped(_) if !asked_to_hold => {
                for (values, limit) in [(&sent.velocity, 12.0), (&sent.position, f64::MAX)] {
                    prop_assert!(values.len() == 2 || values.is_empty());
                    prop_assert!(values.iter().all(|v| v.abs() <= limit), "{values:?}");
                }
                prop_assert!(sent.effort.is_empty() && sent.mode != CommandMode::Effort);
            }
            _ => {}
        }
    }

    #[test]
    fn whatever_an_agent_says_set_points_stay_near_the_measured_arm(
        ticks in prop::collection::vec((-3.0..3.0f64, -0.3..0.3f64, 0.0..0.15f64, 0..8u8), 1..40),
    ) {
        let (mut bench, mut now_s, mut told) = (Bench::new(), 1.0, None);
        for (wanted, moved, dt_s, event) in ticks {
            now_s += dt_s;
            bench.at[0] = (bench.at[0] + moved * dt_s).clamp(-3.0, 3.0);
            if event == 0 {
                bench.guard.release();
                told = None;
            }
            // Some commands are near, so that some are taken.
            let asked = if event < 4 { bench.at[0] + wanted * 0.03 } else { wanted };
            let silent = dt_s > TIMEOUT_S;
            match bench.send_changed(now_s, |c| c.position[0] = asked) {
                GuardVerdict::Accept | GuardVerdict::Clamped(_) => {
                    let next = bench.sent.position[0];
                    prop_assert!((next - bench.at[0]).abs() <= 0.05 + 2.2 * 0.07 + 1e-9);
                    if let Some(before) = told.filter(|_| !silent) {
                        let step: f64 = next - before;
                        let gone = f64::abs(bench.at[0] - before);
                        prop_assert!(step.abs() <= (2.42 * dt_s + 2e-4).max(gone), "{step}");
                    }
                    told = Some(next);
                }
                GuardVerdict::Hold(cause, _) => {
                    prop_assert_eq!(cause, SafetyCause::Tracking);
                    told = None;
                }
                GuardVerdict::Reject(reason) => prop_assert!(false, "{}", reason),
            }
        }
    }
}
