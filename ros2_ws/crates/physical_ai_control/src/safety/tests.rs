use proptest::prelude::*;

use super::set_points::{ACCELERATION_TOLERANCE, FIRST_INTERVAL_S, LONGEST_INTERVAL_S, TOLERANCE};
use super::*;
use crate::fixtures::{arm, at_rest, command, rover};

/// Resting posture of the arm, all joints.
const REST: [f64; 8] = [0.0, 0.0, 1.6, 1.54, 0.0, 0.0, 0.02, 0.02];
const TICK_S: f64 = 0.005;

fn at(seconds: f64) -> Time {
    Time::from_seconds(seconds)
}

/// One command against a fresh state at rest; the verdict and what the filter made of the command.
fn judge(
    model: &RobotModel,
    position: &[f64],
    edit: impl FnOnce(&mut RobotState, &mut ActuatorCommand),
) -> (SafetyVerdict, ActuatorCommand) {
    let mut state = at_rest(model, position, at(1.0));
    let mode = if position.len() == 2 {
        CommandMode::Velocity
    } else {
        CommandMode::Position
    };
    let mut asked = command(model, mode, position, at(1.0));
    edit(&mut state, &mut asked);
    let mut filter = SafetyFilter::try_new(model, SafetyLimits::default()).unwrap();
    let verdict = filter.filter(&state, &mut asked, at(1.0), &[]);
    assert_eq!(
        filter.interventions(),
        u64::from(verdict.state != SafetyState::Normal)
    );
    (verdict, asked)
}

fn assert_stops(verdict: SafetyVerdict, cause: SafetyCause, command: &ActuatorCommand) {
    assert_eq!(
        (verdict.state, verdict.cause),
        (SafetyState::Stopped, Some(cause))
    );
    assert_eq!(command.mode, CommandMode::Hold);
    assert!(command.position.is_empty() && command.velocity.is_empty());
    assert!(command.effort.is_empty());
}

#[test]
fn harmless_command_passes_unchanged() {
    let (verdict, passed) = judge(&arm(), &REST, |_, _| {});
    assert_eq!(verdict, SafetyVerdict::NORMAL);
    assert_eq!(passed.position, REST);
    assert_eq!(verdict.detail(&[]), "");
}

#[test]
fn value_that_is_not_finite_stops_and_names_its_joint() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let (verdict, out) = judge(&arm(), &REST, |_, c| c.position[2] = bad);
        assert_stops(verdict, SafetyCause::NotFinite, &out);
        assert_eq!(verdict.joint, 2);
        let (verdict, out) = judge(&arm(), &REST, |_, c| {
            c.velocity = vec![0.0; 8];
            c.velocity[3] = bad;
        });
        assert_stops(verdict, SafetyCause::NotFinite, &out);
        assert_eq!(verdict.joint, 3);
        let (verdict, out) = judge(&rover(), &[0.0; 2], |_, c| c.velocity[1] = bad);
        assert_stops(verdict, SafetyCause::NotFinite, &out);
    }
}

#[test]
fn wrong_number_of_values_in_any_field_stops() {
    let edits: [fn(&mut ActuatorCommand); 4] = [
        |c| c.position.clear(),
        |c| c.position.truncate(7),
        |c| c.position.push(0.0),
        |c| c.velocity = vec![0.0; 3],
    ];
    for edit in edits {
        let (verdict, out) = judge(&arm(), &REST, |_, c| edit(c));
        assert_stops(verdict, SafetyCause::NotFinite, &out);
        assert_eq!(verdict.limit, 8.0);
    }
}

#[test]
fn state_that_is_stale_faulty_or_no_number_stops() {
    let check = |edit: fn(&mut RobotState), cause| {
        let (verdict, out) = judge(&arm(), &REST, |s, _| edit(s));
        assert_stops(verdict, cause, &out);
    };
    check(|s| s.stamp = at(0.85), SafetyCause::StaleState);
    check(
        |s| s.fault = Some("no encoder".into()),
        SafetyCause::StaleState,
    );
    check(|s| s.position[1] = f64::NAN, SafetyCause::NotFinite);
    check(|s| s.velocity[1] = f64::INFINITY, SafetyCause::NotFinite);
    check(|s| s.position.truncate(3), SafetyCause::NotFinite);
    check(
        |s| s.base.pose.translation.x = f64::NAN,
        SafetyCause::NotFinite,
    );
    let (verdict, _) = judge(&arm(), &REST, |s, _| s.stamp = at(0.95));
    assert_eq!(verdict.state, SafetyState::Normal);
}

#[test]
fn position_beyond_its_limit_is_clamped_to_it() {
    let mut near = REST;
    near[0] = 3.0999;
    let (verdict, out) = judge(&arm(), &near, |_, c| c.position[0] = 9.0);
    assert_eq!(verdict.cause, Some(SafetyCause::PositionLimit));
    assert_eq!((verdict.value, verdict.limit), (9.0, 3.1));
    assert_eq!(
        verdict.detail(&arm().joint_names()),
        "joint_1: 9.0000, limit 3.1000"
    );
    assert_eq!(out.position[0], 3.1);
}

#[test]
fn commands_of_efforts_stop_by_name() {
    let edits: [fn(&mut ActuatorCommand); 3] = [
        |c| c.mode = CommandMode::Effort,
        |c| {
            c.mode = CommandMode::Effort;
            c.position.clear();
            c.effort = vec![0.0; 8];
        },
        |c| c.effort = vec![1.0; 8],
    ];
    for edit in edits {
        let (verdict, out) = judge(&arm(), &REST, |_, c| edit(c));
        assert_stops(verdict, SafetyCause::Effort, &out);
        let detail = verdict.detail(&arm().joint_names());
        assert!(detail.contains("no torque control"), "{detail}");
    }
}

#[test]
fn wheel_speed_and_its_change_are_clamped() {
    let (verdict, out) = judge(&rover(), &[0.0; 2], |s, c| {
        s.velocity = vec![12.0; 2];
        c.velocity = vec![12.0, 13.0];
    });
    assert_eq!(verdict.cause, Some(SafetyCause::VelocityLimit));
    assert_eq!((verdict.joint, out.velocity), (1, vec![12.0, 12.0]));
    let (verdict, out) = judge(&rover(), &[0.0; 2], |_, c| c.velocity = vec![0.0, 10.0]);
    assert_eq!(verdict.cause, Some(SafetyCause::AccelerationLimit));
    let most = 150.0 * ACCELERATION_TOLERANCE * FIRST_INTERVAL_S;
    assert_eq!(out.velocity, vec![0.0, most]);
}

#[test]
fn first_position_after_a_stop_starts_from_the_measured_state() {
    let model = arm();
    let mut filter = SafetyFilter::try_new(&model, SafetyLimits::default()).unwrap();
    let mut far = REST;
    far[0] = 2.0;
    for stamp in [1.0, 2.0] {
        let state = at_rest(&model, &REST, at(stamp));
        let mut asked = command(&model, CommandMode::Position, &far, at(stamp));
        let verdict = filter.filter(&state, &mut asked, at(stamp), &[]);
        assert_eq!(verdict.cause, Some(SafetyCause::VelocityLimit));
        assert!(asked.position[0] < 2.2 * TOLERANCE * FIRST_INTERVAL_S);
        filter.filter(&state, &mut asked, at(stamp + 0.2), &[]);
        assert_eq!(asked.mode, CommandMode::Hold, "the state is stale now");
    }
}

#[test]
fn fingers_that_hold_something_do_not_open_after_a_stop() {
    let model = arm();
    let mut filter = SafetyFilter::try_new(&model, SafetyLimits::default()).unwrap();
    let mut closed = REST;
    closed[6..].fill(0.0);
    // What is between them keeps the fingers where they are, and joint 1 has given way a little.
    let mut blocked = REST;
    blocked[0] = 0.01;
    let mut tick = |stamp: f64, age_s: f64| {
        let now = at(stamp);
        let state = at_rest(&model, &blocked, at(stamp - age_s));
        let held = filter.held_position(&state, now);
        let mut asked = command(&model, CommandMode::Position, &closed, now);
        filter.filter(&state, &mut asked, now, &[]);
        (held, asked)
    };
    let (held, mut last) = tick(1.0, 0.0);
    assert_eq!(held, blocked, "nothing was told yet");
    for i in 1..100 {
        last = tick(1.0 + f64::from(i) * TICK_S, 0.0).1;
    }
    assert_eq!(last.position, closed);
    let (_, stopped) = tick(1.6, 0.2);
    assert_eq!(stopped.mode, CommandMode::Hold, "the state is stale now");
    let (held, after) = tick(1.8, 0.0);
    assert_eq!((held[0], &held[6..]), (0.01, &closed[6..]));
    assert_eq!(after.position[6..], closed[6..]);
    assert!(after.position[0] > 0.0, "joint 1 starts from where it is");
    let (held, _) = tick(0.5, 0.0);
    assert_eq!(held, blocked, "the clock went back: that is another world");
}

/// Commands `target` until the set point is there; seconds it took and how far it went beyond.
fn approach(target: f64) -> (f64, f64) {
    let model = arm();
    let mut filter = SafetyFilter::try_new(&model, SafetyLimits::default()).unwrap();
    let mut wanted = REST;
    wanted[0] = target;
    let (mut position, mut beyond) = (REST.to_vec(), 0.0f64);
    for tick in 0..1000 {
        let now = at(1.0 + f64::from(tick) * TICK_S);
        let mut asked = command(&model, CommandMode::Position, &wanted, now);
        let verdict = filter.filter(&at_rest(&model, &position, now), &mut asked, now, &[]);
        assert!(verdict.state <= SafetyState::Limited);
        position = asked.position;
        beyond = beyond.max(position[0] - target);
        if verdict.state == SafetyState::Normal && (position[0] - target).abs() < 1e-9 {
            return (f64::from(tick) * TICK_S, beyond);
        }
    }
    panic!("never at {target}, but at {}", position[0]);
}

#[test]
fn jump_becomes_an_approach_that_arrives_without_overshoot() {
    for target in [0.003, 0.1, 1.0, 3.1] {
        let (took_s, beyond) = approach(target);
        assert!(beyond < 1e-9, "{beyond} beyond {target}");
        assert!(took_s < target / 2.2 + 0.2, "{took_s} s for {target} rad");
    }
}

#[test]
fn set_point_stays_near_an_arm_that_does_not_follow() {
    let model = arm();
    let mut filter = SafetyFilter::try_new(&model, SafetyLimits::default()).unwrap();
    let reach = 0.05 + 2.2 * 0.05;
    for tick in 0..400 {
        let now = at(1.0 + f64::from(tick) * TICK_S);
        let mut asked = command(&model, CommandMode::Position, &REST, now);
        // What moves on stands once the robot does not follow, as a skill's clock does.
        asked.position[0] = (f64::from(tick) * 0.008).min(0.3);
        let verdict = filter.filter(&at_rest(&model, &REST, now), &mut asked, now, &[]);
        assert!(asked.position[0] <= reach + 1e-9, "{asked:?}");
        if tick > 40 {
            assert_eq!(verdict.cause, Some(SafetyCause::Tracking));
            let detail = verdict.detail(&model.joint_names());
            assert!(
                detail.contains("joint_1") && detail.contains("limit 0.1600"),
                "{detail}"
            );
        }
    }
}

#[test]
fn second_command_of_the_same_instant_moves_nothing() {
    let model = arm();
    let mut filter = SafetyFilter::try_new(&model, SafetyLimits::default()).unwrap();
    let state = at_rest(&model, &REST, at(1.0));
    let mut first = command(&model, CommandMode::Position, &REST, at(1.0));
    filter.filter(&state, &mut first, at(1.0), &[]);
    let again = filter.filter(&state, &mut first, at(1.0), &[]);
    assert_eq!(again.state, SafetyState::Normal);
    first.position[0] += 1e-3;
    let moved = filter.filter(&state, &mut first, at(1.0), &[]);
    assert_eq!(moved.state, SafetyState::Limited);
    assert_eq!(first.position, REST);
}

#[test]
fn clock_that_goes_back_starts_from_the_measured_state_anew() {
    let model = arm();
    let mut filter = SafetyFilter::try_new(&model, SafetyLimits::default()).unwrap();
    for stamp in [100.0, 0.1] {
        let state = at_rest(&model, &REST, at(stamp));
        let mut asked = command(&model, CommandMode::Position, &REST, at(stamp));
        asked.position[0] = stamp * 1e-6;
        let verdict = filter.filter(&state, &mut asked, at(stamp), &[]);
        assert_eq!(verdict.state, SafetyState::Normal);
    }
}

#[test]
fn arm_does_not_go_below_the_table_but_may_leave_it() {
    let model = arm();
    let mut low = REST;
    // Stretched out to the front and down: the tool is below the base.
    low[..6].copy_from_slice(&[0.0, 1.9, 0.0, 0.0, 0.0, 0.0]);
    let (verdict, out) = judge(&model, &REST, |_, c| c.position.copy_from_slice(&low));
    assert_stops(verdict, SafetyCause::Workspace, &out);
    assert_eq!(verdict.limit, SafetyLimits::default().min_height_m);
    let (verdict, _) = judge(&model, &low, |_, c| c.position[1] -= 5e-4);
    assert_eq!(verdict.state, SafetyState::Normal, "up is allowed");
    let (verdict, out) = judge(&model, &low, |_, c| c.position[1] += 5e-4);
    assert_stops(verdict, SafetyCause::Workspace, &out);
}

#[test]
fn clamped_position_below_the_table_stops_even_if_the_wanted_one_is_above() {
    let model = arm();
    // The tool hangs below the shoulder: only joint 3 moves it up and down.
    let mut low = REST;
    low[..6].copy_from_slice(&[0.0, 1.2, 2.5, 0.0, 0.0, 0.0]);
    let height_m = Chain::between(&model, "base_link", "tool0")
        .unwrap()
        .lowest_frame_m(&low);
    let limits = SafetyLimits {
        min_height_m: height_m - 1e-5,
        ..Default::default()
    };
    let mut asked = command(&model, CommandMode::Position, &low, at(1.0));
    // Joint 2 would lift all of it, but not within one tick; joint 3 lowers the tool.
    (asked.position[1], asked.position[2]) = (-1.0, 2.499);
    let state = at_rest(&model, &low, at(1.0));
    let verdict =
        SafetyFilter::try_new(&model, limits)
            .unwrap()
            .filter(&state, &mut asked, at(1.0), &[]);
    assert_stops(verdict, SafetyCause::Workspace, &asked);
}

/// A rover at `x` that looks along `yaw` and is told to drive; others stand at `others`.
fn drive(x: f64, yaw: f64, forward: f64, others: &[OtherRobot]) -> SafetyVerdict {
    let model = rover();
    let limits = SafetyLimits {
        geofence_min_m: [-1.0; 2],
        geofence_max_m: [1.0; 2],
        ..Default::default()
    };
    let mut state = at_rest(&model, &[0.0; 2], at(1.0));
    let place = physical_ai_domain::Placement {
        x,
        yaw,
        ..Default::default()
    };
    state.base.pose = place.isometry();
    let mut asked = command(&model, CommandMode::Velocity, &[forward; 2], at(1.0));
    SafetyFilter::try_new(&model, limits)
        .unwrap()
        .filter(&state, &mut asked, at(1.0), others)
}

#[test]
fn rover_does_not_drive_out_of_its_fence_but_back_into_it() {
    use std::f64::consts::PI;
    for (x, yaw, forward, cause) in [
        (0.0, 0.0, 1.0, None),
        (1.1, 0.0, 1.0, Some(SafetyCause::Workspace)),
        (1.1, 0.0, -1.0, None),
        (1.1, PI, 1.0, None),
        (1.1, PI, -1.0, Some(SafetyCause::Workspace)),
        (-1.1, PI, 1.0, Some(SafetyCause::Workspace)),
        (-1.1, 0.0, 1.0, None),
        (1.1, 0.0, 0.0, None),
    ] {
        let verdict = drive(x, yaw, forward, &[]);
        assert_eq!(verdict.cause, cause, "x {x}, yaw {yaw}, forward {forward}");
    }
}

#[test]
fn rover_does_not_drive_into_another_but_away_from_it() {
    let near = [OtherRobot {
        robot: physical_ai_domain::RobotName::try_new("rover_2").unwrap(),
        position: Vector3::new(0.5, 0.0, 0.0),
        speed_mps: 0.0,
    }];
    let verdict = drive(0.0, 0.0, 1.0, &near);
    assert_eq!(verdict.cause, Some(SafetyCause::Obstacle));
    assert_eq!((verdict.value, verdict.limit), (0.5, 0.6));
    assert_eq!(drive(0.0, 0.0, -1.0, &near).cause, None);
    assert_eq!(drive(-0.2, 0.0, 1.0, &near).cause, None);
}

#[test]
fn emergency_stop_latches_until_it_is_reset() {
    let model = arm();
    let mut filter = SafetyFilter::try_new(&model, SafetyLimits::default()).unwrap();
    let tick = |filter: &mut SafetyFilter, stamp: f64| {
        let state = at_rest(&model, &REST, at(stamp));
        let mut asked = command(&model, CommandMode::Position, &REST, at(stamp));
        let verdict = filter.filter(&state, &mut asked, at(stamp), &[]);
        (verdict.state, verdict.cause, asked.mode)
    };
    filter.set_emergency_stop(true);
    let latched = (
        SafetyState::Latched,
        Some(SafetyCause::EmergencyStop),
        CommandMode::Hold,
    );
    for i in 0..100 {
        assert_eq!(tick(&mut filter, 1.0 + f64::from(i)), latched);
    }
    filter.set_emergency_stop(true);
    assert_eq!(tick(&mut filter, 200.0), latched);
    filter.set_emergency_stop(false);
    let (state, _, mode) = tick(&mut filter, 200.1);
    assert_eq!((state, mode), (SafetyState::Normal, CommandMode::Position));
}

#[test]
fn names_of_causes_are_those_of_the_message() {
    let causes = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../msg/msg/SafetyStatus.msg"
    ));
    for cause in [
        SafetyCause::EmergencyStop,
        SafetyCause::StaleState,
        SafetyCause::StaleCommand,
        SafetyCause::PositionLimit,
        SafetyCause::VelocityLimit,
        SafetyCause::AccelerationLimit,
        SafetyCause::Effort,
        SafetyCause::Workspace,
        SafetyCause::Obstacle,
        SafetyCause::NotFinite,
        SafetyCause::Tracking,
        SafetyCause::SecondWriter,
        SafetyCause::Session,
    ] {
        assert!(causes.contains(cause.as_str()), "{cause:?}");
    }
}

/// Any number that a program may come up with, most of them plausible.
fn number(scale: f64) -> impl Strategy<Value = f64> {
    prop_oneof![
        20 => -1.0..1.0f64,
        4 => -100.0..100.0f64,
        1 => prop::num::f64::ANY,
    ]
    .prop_map(move |v| v * scale)
}

/// Mode, values, seconds since the command before, age of the state.
fn any_command(joints: usize) -> impl Strategy<Value = (u8, Vec<f64>, f64, f64)> {
    (
        prop_oneof![10 => Just(0u8), 10 => Just(1u8), 1 => 2u8..4],
        prop::collection::vec(number(3.0), joints..=joints),
        prop_oneof![10 => Just(TICK_S), 5 => 0.0..0.02f64, 1 => -0.1..0.5f64],
        prop_oneof![20 => 0.0..0.02f64, 1 => 0.0..0.3f64],
    )
}

/// An output as the next one is compared with.
struct Seen {
    at_s: f64,
    mode: CommandMode,
    values: Vec<f64>,
    /// Mean velocities since the output before, and how long that was; 0: there was none.
    rates: Vec<f64>,
    interval_s: f64,
}

/// What must hold of every output, from the outputs alone.
struct Watcher {
    model: RobotModel,
    last: Option<Seen>,
}

impl Watcher {
    fn watch(&mut self, out: &ActuatorCommand, now_s: f64) -> Result<(), TestCaseError> {
        prop_assert!(out.mode != CommandMode::Effort && out.effort.is_empty());
        let values = match out.mode {
            CommandMode::Position => &out.position,
            CommandMode::Velocity => &out.velocity,
            CommandMode::Effort | CommandMode::Hold => {
                self.last = None;
                return Ok(());
            }
        };
        for (value, joint) in values.iter().zip(self.model.movable()) {
            let l = joint.limits;
            let (low, high) = if out.mode == CommandMode::Position {
                (l.lower, l.upper)
            } else {
                (-l.velocity * TOLERANCE, l.velocity * TOLERANCE)
            };
            prop_assert!(value.is_finite() && (low..=high).contains(value));
        }
        let mut seen = Seen {
            at_s: now_s,
            mode: out.mode,
            values: values.clone(),
            rates: vec![0.0; values.len()],
            interval_s: 0.0,
        };
        if let Some(last) = self.last.as_ref().filter(|l| l.mode == out.mode) {
            let dt_s = now_s - last.at_s;
            if (0.0..2e-4).contains(&dt_s) {
                return Ok(());
            }
            if dt_s > 0.0 {
                let steps = values.iter().zip(&last.values);
                seen.rates = steps.map(|(now, then)| (now - then) / dt_s).collect();
                seen.interval_s = dt_s;
                self.compare(&seen, last)?;
            }
        }
        self.last = Some(seen);
        Ok(())
    }

    fn compare(&self, seen: &Seen, last: &Seen) -> Result<(), TestCaseError> {
        for (i, joint) in self.model.movable().enumerate() {
            let (rate, l) = (seen.rates[i], joint.limits);
            let most = l.acceleration * ACCELERATION_TOLERANCE;
            if seen.mode == CommandMode::Velocity {
                prop_assert!(rate.abs() <= most + 1e-6, "{}: {rate} rad/s²", joint.name);
                continue;
            }
            prop_assert!(
                rate.abs() <= l.velocity * TOLERANCE + 1e-6,
                "{}: {rate} rad/s",
                joint.name
            );
            // After a longer silence the set point goes on as if it had lasted no longer than this.
            let regular = |s: &Seen| (1e-9..LONGEST_INTERVAL_S).contains(&s.interval_s);
            if regular(seen) && regular(last) {
                let change = (rate - last.rates[i]).abs();
                let allowed = most * (last.interval_s + seen.interval_s) / 2.0;
                prop_assert!(
                    change <= allowed + 1e-5,
                    "{}: {change} of {allowed}",
                    joint.name
                );
            }
        }
        Ok(())
    }
}

/// Runs any commands through a filter without a workspace (it is a limit of its own).
fn run(
    model: RobotModel,
    start: Vec<f64>,
    commands: Vec<(u8, Vec<f64>, f64, f64)>,
) -> Result<(), TestCaseError> {
    let limits = SafetyLimits {
        min_height_m: -10.0,
        ..Default::default()
    };
    let mut filter = SafetyFilter::try_new(&model, limits).unwrap();
    let mut position = start;
    let mut nanoseconds = 5_000_000_000i64;
    let mut watcher = Watcher { model, last: None };
    for (mode, values, dt_s, age_s) in commands {
        nanoseconds += (dt_s * 1e9) as i64;
        let now = Time::from_nanoseconds(nanoseconds);
        let mode = match mode {
            0 => CommandMode::Position,
            1 => CommandMode::Velocity,
            2 => CommandMode::Effort,
            _ => CommandMode::Hold,
        };
        let state = at_rest(&watcher.model, &position, now.plus_seconds(-age_s));
        let mut asked = command(&watcher.model, mode, &values, now);
        let verdict = filter.filter(&state, &mut asked, now, &[]);
        if values.iter().any(|v| !v.is_finite()) && mode != CommandMode::Hold {
            prop_assert!(verdict.state >= SafetyState::Stopped);
        }
        if verdict.state >= SafetyState::Stopped {
            prop_assert_eq!(asked.mode, CommandMode::Hold);
        }
        watcher.watch(&asked, now.seconds())?;
        if asked.mode == CommandMode::Position {
            position.clone_from(&asked.position);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_an_arm_is_told_stays_within_its_limits(
        commands in prop::collection::vec(any_command(8), 1..80),
    ) {
        run(arm(), REST.to_vec(), commands)?;
    }

    #[test]
    fn whatever_a_rover_is_told_stays_within_its_limits(
        commands in prop::collection::vec(any_command(2), 1..80),
    ) {
        run(rover(), vec![0.0; 2], commands)?;
    }
}
