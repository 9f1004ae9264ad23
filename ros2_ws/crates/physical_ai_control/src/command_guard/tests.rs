use proptest::prelude::*;

use super::*;
use crate::fixtures::{arm, command, rover};

const TIMEOUT_S: f64 = 0.03;

/// A guard of the arm, and a hand that sends it commands at a time of both clocks.
struct Bench {
    guard: CommandGuard,
    sent: ActuatorCommand,
}

impl Bench {
    fn new() -> Self {
        Self {
            guard: CommandGuard::new(&arm(), TIMEOUT_S),
            sent: command(&arm(), CommandMode::Position, &[0.0; 8], Time::ZERO),
        }
    }

    fn send(&mut self, source: u64, sequence: u64, now_s: f64) -> GuardVerdict {
        self.send_changed(source, sequence, now_s, |_| {})
    }

    fn send_changed(
        &mut self,
        source: u64,
        sequence: u64,
        now_s: f64,
        edit: impl FnOnce(&mut ActuatorCommand),
    ) -> GuardVerdict {
        let now = Time::from_seconds(now_s);
        self.sent = command(&arm(), CommandMode::Position, &[0.01; 8], now);
        edit(&mut self.sent);
        self.guard
            .check(&mut self.sent, source, sequence, now, now_s)
    }
}

fn assert_rejects(verdict: GuardVerdict, reason: &str) {
    match verdict {
        GuardVerdict::Reject(text) => assert!(text.contains(reason), "{text}"),
        other => panic!("{other:?} instead of a refusal: {reason}"),
    }
}

fn assert_holds(verdict: GuardVerdict, sent: &ActuatorCommand, reason: &str) {
    match verdict {
        GuardVerdict::Hold(text) => assert!(text.contains(reason), "{text}"),
        other => panic!("{other:?} instead of a stop: {reason}"),
    }
    assert_eq!(sent.mode, CommandMode::Hold);
    assert!(sent.position.is_empty() && sent.velocity.is_empty() && sent.effort.is_empty());
}

#[test]
fn good_command_passes_unchanged() {
    let mut bench = Bench::new();
    assert!(bench.guard.is_holding());
    assert_eq!(bench.send(1, 1, 1.0), GuardVerdict::Accept);
    assert_eq!(bench.sent.position, [0.01; 8]);
    assert!(!bench.guard.is_holding());
}

#[test]
fn values_beyond_limits_are_clamped_to_them() {
    let mut bench = Bench::new();
    let verdict = bench.send_changed(1, 1, 1.0, |c| {
        c.position[1] = -7.0;
        c.velocity = vec![5.0; 8];
        c.effort = vec![-1e3; 8];
    });
    assert_eq!(verdict, GuardVerdict::Clamped);
    assert_eq!(bench.sent.position[1], -2.0);
    assert_eq!(bench.sent.velocity[..2], [2.2, 2.2]);
    assert_eq!(bench.sent.velocity[7], 0.2);
    assert_eq!(bench.sent.effort[0], -150.0);
}

#[test]
fn what_is_no_command_becomes_a_stop_that_names_field_and_value() {
    let check = |edit: fn(&mut ActuatorCommand), reason: &str| {
        let mut bench = Bench::new();
        bench.send(1, 1, 1.0);
        let verdict = bench.send_changed(1, 2, 1.01, edit);
        assert_holds(verdict, &bench.sent, reason);
        assert!(bench.guard.is_holding());
    };
    check(|c| c.position[3] = f64::NAN, "position[3] is NaN");
    check(|c| c.position[0] = f64::INFINITY, "position[0] is inf");
    check(|c| c.position.truncate(7), "position has 7 values, not 8");
    check(
        |c| c.velocity = vec![0.0; 9],
        "velocity has 9 values, not 8",
    );
    check(|c| c.effort = vec![f64::NAN; 8], "effort[0] is NaN");
    check(
        |c| c.mode = CommandMode::Velocity,
        "velocity has 0 values, not 8",
    );
    check(
        |c| c.mode = CommandMode::Effort,
        "effort has 0 values, not 8",
    );
}

#[test]
fn old_command_is_dropped_and_says_its_age() {
    let mut bench = Bench::new();
    let old = bench.send_changed(1, 1, 1.0, |c| c.stamp = Time::from_seconds(0.9));
    assert_rejects(old, "0.100 s old, but the command is valid for 0.050 s");
    let barely = bench.send_changed(1, 2, 1.0, |c| c.stamp = Time::from_seconds(0.951));
    assert_eq!(barely, GuardVerdict::Accept);
    let endless = bench.send_changed(1, 3, 1.0, |c| {
        c.stamp = Time::from_seconds(0.9);
        c.valid_for_s = f64::NAN;
    });
    assert_rejects(endless, "valid for NaN");
}

#[test]
fn repeated_and_overtaken_commands_are_dropped() {
    let mut bench = Bench::new();
    assert_eq!(bench.send(1, 5, 1.0), GuardVerdict::Accept);
    assert_rejects(bench.send(1, 5, 1.001), "sequence 5 is not above 5");
    assert_rejects(bench.send(1, 4, 1.002), "sequence 4 is not above 5");
    assert_eq!(bench.send(1, 6, 1.003), GuardVerdict::Accept);
}

#[test]
fn command_from_the_future_is_dropped() {
    let mut bench = Bench::new();
    let ahead = bench.send_changed(1, 1, 1.0, |c| c.stamp = Time::from_seconds(3.0));
    assert_rejects(ahead, "stamp is 2.000 s in the future");
    // Messages overtake the clock by less than a command is valid.
    let near = bench.send_changed(1, 1, 1.0, |c| c.stamp = Time::from_seconds(1.001));
    assert_eq!(near, GuardVerdict::Accept);
}

#[test]
fn newer_process_takes_over_at_once_and_the_older_only_after_silence() {
    let mut bench = Bench::new();
    bench.send(1, 100, 1.0);
    assert_eq!(bench.send(2, 1, 1.001), GuardVerdict::Accept);
    assert_rejects(bench.send(1, 101, 1.002), "source 1 is older than 2");
    assert_rejects(bench.send(1, 102, 1.0 + TIMEOUT_S), "older");
    let after = bench.send(1, 103, 1.002 + TIMEOUT_S);
    assert_eq!(after, GuardVerdict::Accept);
}

#[test]
fn silence_becomes_one_stop_within_the_timeout() {
    let mut bench = Bench::new();
    assert!(!bench.guard.poll(0.5), "nobody has commanded yet");
    bench.send(1, 1, 1.0);
    assert!(!bench.guard.poll(1.0 + 0.99 * TIMEOUT_S));
    assert!(bench.guard.poll(1.0 + 1.01 * TIMEOUT_S));
    assert!(bench.guard.is_holding());
    assert!(!bench.guard.poll(2.0), "once is enough");
    assert_eq!(bench.send(1, 2, 3.0), GuardVerdict::Accept);
    assert!(bench.guard.poll(3.1));
    bench.guard.set_timeout_s(1.0);
    bench.send(1, 3, 4.0);
    assert!(!bench.guard.poll(4.9));
}

#[test]
fn refused_commands_do_not_put_the_stop_off() {
    let mut bench = Bench::new();
    bench.send(2, 10, 1.0);
    for i in 1..=4u32 {
        let now_s = 1.0 + f64::from(i) * 0.007;
        assert_rejects(bench.send(1, 100 + u64::from(i), now_s), "older");
        assert_rejects(bench.send(2, 10, now_s), "sequence");
    }
    assert!(bench.guard.poll(1.031));
}

#[test]
fn emergency_stop_latches_until_it_is_reset() {
    let mut bench = Bench::new();
    bench.send(1, 1, 1.0);
    bench.guard.set_emergency_stop(true);
    for i in 2..50 {
        let verdict = bench.send(i % 3 + 1, 10 * i, 1.0 + 0.01 * i as f64);
        if !matches!(verdict, GuardVerdict::Reject(_)) {
            assert_holds(verdict, &bench.sent, "emergency stop");
        }
        assert!(bench.guard.is_holding());
    }
    bench.guard.set_emergency_stop(false);
    assert!(bench.guard.is_holding(), "a reset moves nothing by itself");
    assert_eq!(bench.send(9, 1, 2.0), GuardVerdict::Accept);
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
        let verdict = CommandGuard::new(&model, TIMEOUT_S).check(&mut sent, 1, 1, Time::ZERO, 0.0);
        match verdict {
            GuardVerdict::Hold(_) => prop_assert_eq!(sent.mode, CommandMode::Hold),
            GuardVerdict::Accept | GuardVerdict::Clamped if !asked_to_hold => {
                for (values, limit) in [(&sent.velocity, 12.0), (&sent.effort, 12.0), (&sent.position, f64::MAX)] {
                    prop_assert!(values.len() == 2 || values.is_empty());
                    prop_assert!(values.iter().all(|v| v.abs() <= limit), "{values:?}");
                }
            }
            _ => {}
        }
    }
}
