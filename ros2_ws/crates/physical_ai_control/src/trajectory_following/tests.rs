use physical_ai_domain::{RobotModel, RobotState, Time};
use proptest::prelude::*;

use super::*;
use crate::fixtures::{arm, at_rest};
use crate::{Error, JointPoint};

const REST: [f64; 8] = [0.0, 0.0, 1.6, 1.54, 0.0, 0.0, 0.02, 0.02];
const TICK_S: f64 = 0.005;
/// Where goals arrive.
const NOW_S: f64 = 10.0;

fn now() -> Time {
    Time::from_seconds(NOW_S)
}

fn point(time_from_start_s: f64, positions: &[f64]) -> TrajectoryPoint {
    TrajectoryPoint {
        time_from_start_s,
        positions: positions.to_vec(),
        ..Default::default()
    }
}

/// A point at which joints also have speeds.
fn moving(time_from_start_s: f64, positions: &[f64], velocities: &[f64]) -> TrajectoryPoint {
    TrajectoryPoint {
        velocities: velocities.to_vec(),
        ..point(time_from_start_s, positions)
    }
}

fn goal(names: &[&str], points: Vec<TrajectoryPoint>) -> TrajectoryGoal {
    TrajectoryGoal {
        joint_names: names.iter().map(|n| (*n).to_owned()).collect(),
        points,
        ..Default::default()
    }
}

fn follow_from(
    goal: &TrajectoryGoal,
    position: &[f64],
    velocity: &[f64],
) -> Result<TrajectoryFollower, Error> {
    let from = TrajectoryFrom {
        time: now(),
        position,
        velocity,
    };
    TrajectoryFollower::try_new(goal, &arm(), &from, now())
}

fn follow(goal: &TrajectoryGoal) -> Result<TrajectoryFollower, Error> {
    follow_from(goal, &REST, &[0.0; 8])
}

fn sample(follower: &TrajectoryFollower, after_s: f64) -> JointPoint {
    let mut point = JointPoint::default();
    follower.sample(now().plus_seconds(after_s), &mut point);
    point
}

fn check_refused(goal: &TrajectoryGoal, code: TrajectoryCode, words: &[&str]) {
    let error = follow(goal).unwrap_err();
    let text = error.to_string();
    assert_eq!(TrajectoryCode::from(&error), code, "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text}");
    }
}

#[test]
fn segments_are_straight_cubic_or_quintic_by_what_their_ends_give() {
    // Through a quarter of the way of 0.4 rad in 2 s from rest to rest.
    let straight = goal(&["joint_1"], vec![point(0.0, &[0.0]), point(2.0, &[0.4])]);
    let at = sample(&follow(&straight).unwrap(), 1.9);
    assert!((at.position[0] - 0.38).abs() < 1e-9 && (at.velocity[0] - 0.2).abs() < 1e-9);
    let ends = [moving(0.0, &[0.0], &[0.0]), moving(2.0, &[0.4], &[0.0])];
    let cubic = goal(&["joint_1"], ends.to_vec());
    let at = sample(&follow(&cubic).unwrap(), 0.5);
    assert!(
        (at.position[0] - 0.4 * (3.0 / 16.0 - 2.0 / 64.0)).abs() < 1e-9,
        "{at:?}"
    );
    let with_accelerations = ends.map(|p| TrajectoryPoint {
        accelerations: vec![0.0],
        ..p
    });
    let quintic = goal(&["joint_1"], with_accelerations.to_vec());
    let at = sample(&follow(&quintic).unwrap(), 0.5);
    let blend = 10.0 / 64.0 - 15.0 / 256.0 + 6.0 / 1024.0;
    assert!((at.position[0] - 0.4 * blend).abs() < 1e-9, "{at:?}");
}

#[test]
fn what_is_desired_before_the_first_judgement_is_where_the_joints_begin() {
    let follower = follow(&goal(&["joint_1"], vec![point(1.0, &[0.2])])).unwrap();
    assert_eq!(follower.desired().position, REST);
}

#[test]
fn joints_are_matched_by_name_and_the_others_stay() {
    let reordered = goal(&["joint_3", "joint_1"], vec![point(1.0, &[1.5, 0.2])]);
    let end = sample(&follow(&reordered).unwrap(), 1.0);
    let expected = [0.2, 0.0, 1.5, 1.54, 0.0, 0.0, 0.02, 0.02];
    for (at, wanted) in end.position.iter().zip(expected) {
        assert!((at - wanted).abs() < 1e-9, "{end:?}");
    }
    assert!(end.velocity.iter().all(|v| v.abs() < 1e-9));
}

#[test]
fn unknown_and_repeated_joints_are_refused_by_name() {
    use TrajectoryCode::InvalidJoints;
    let to = |names: &[&str]| goal(names, vec![point(1.0, &vec![0.1; names.len()])]);
    check_refused(
        &to(&["joint_1", "elbow"]),
        InvalidJoints,
        &["joint_names[1]", "\"elbow\"", "joint_3"],
    );
    check_refused(
        &to(&["joint_1", "joint_1"]),
        InvalidJoints,
        &["joint_names[1]", "twice"],
    );
    check_refused(&to(&[]), InvalidJoints, &["joint_names", "empty"]);
    let foreign = TrajectoryGoal {
        goal_tolerance: vec![JointTolerance {
            name: "joint_9".to_owned(),
            ..Default::default()
        }],
        ..to(&["joint_1"])
    };
    check_refused(
        &foreign,
        InvalidJoints,
        &["goal_tolerance[0].name", "joint_9"],
    );
}

#[test]
fn goals_that_mean_nothing_are_refused_by_field_and_value() {
    use TrajectoryCode::InvalidGoal;
    let one = |points| goal(&["joint_1"], points);
    let check = |goal: TrajectoryGoal, words: &[&str]| check_refused(&goal, InvalidGoal, words);
    check(one(vec![]), &["trajectory.points", "0 points"]);
    check(
        one(vec![point(1.0, &[0.1, 0.2])]),
        &["points[0].positions", "2 values for 1 joints"],
    );
    check(
        one(vec![point(1.0, &[])]),
        &["points[0].positions", "0 values"],
    );
    check(
        one(vec![point(1.0, &[f64::NAN])]),
        &["points[0].positions of joint_1", "NaN"],
    );
    check(
        one(vec![moving(1.0, &[0.1], &[0.0, 0.0])]),
        &["points[0].velocities", "2 values"],
    );
    check(
        one(vec![point(-0.5, &[0.0])]),
        &["points[0].time_from_start", "-0.5"],
    );
    check(
        one(vec![point(1.0, &[0.0]), point(1.0, &[0.1])]),
        &["points[1].time_from_start", "1 s"],
    );
    check(
        one(vec![moving(1.0, &[0.1], &[0.3])]),
        &["points[0].velocities", "joint_1", "0.3"],
    );
    let bent = TrajectoryPoint {
        accelerations: vec![0.0],
        ..point(1.0, &[0.1])
    };
    check(one(vec![bent]), &["points[0].velocities", "0 values"]);
    let pushed = TrajectoryPoint {
        effort: vec![3.0],
        ..point(1.0, &[0.1])
    };
    check(one(vec![pushed]), &["points[0].effort", "torque"]);
    check(one(vec![point(4.0, &[3.2])]), &["joint_1", "3.2", "3.1"]);
    // 2.2 rad/s is its limit.
    check(
        one(vec![point(0.0, &[0.0]), point(0.5, &[1.4])]),
        &["joint_1", "2.8", "2.2"],
    );
    check(
        one(vec![point(0.0, &[0.7])]),
        &["joint_1", "0.7", "begins within"],
    );
    check(
        one(vec![point(0.2, &[0.7])]),
        &["joint_1", "first point", "0.711 s"],
    );
    check(
        one(vec![point(1.15, &[1.5])]),
        &["joint_1", "first point", "2.44", "2.2"],
    );
}

#[test]
fn tolerances_that_mean_nothing_are_refused_by_field_and_value() {
    let with = |tolerance: JointTolerance| TrajectoryGoal {
        path_tolerance: vec![JointTolerance {
            name: "joint_1".to_owned(),
            ..tolerance
        }],
        ..goal(&["joint_1"], vec![point(1.0, &[0.1])])
    };
    let check = |tolerance, words: &[&str]| {
        check_refused(&with(tolerance), TrajectoryCode::InvalidGoal, words)
    };
    let none = JointTolerance::default;
    check(
        JointTolerance {
            position: -0.5,
            ..none()
        },
        &["path_tolerance[0] of joint_1", "position", "-0.5"],
    );
    check(
        JointTolerance {
            velocity: f64::NAN,
            ..none()
        },
        &["velocity", "NaN"],
    );
    check(
        JointTolerance {
            acceleration: 0.1,
            ..none()
        },
        &["acceleration", "0.1", "measured"],
    );
    let late = TrajectoryGoal {
        goal_time_tolerance_s: -2.0,
        ..with(none())
    };
    check_refused(
        &late,
        TrajectoryCode::InvalidGoal,
        &["goal_time_tolerance", "-2"],
    );
}

#[test]
fn start_is_now_later_or_in_the_middle_and_an_old_trajectory_is_refused() {
    let line = || goal(&["joint_1"], vec![point(0.0, &[0.0]), point(2.0, &[0.4])]);
    let at = |start_s: f64| TrajectoryGoal {
        start: Time::from_seconds(start_s),
        ..line()
    };
    // In the future: it stands until then.
    let later = follow(&at(NOW_S + 1.0)).unwrap();
    assert!(sample(&later, 0.9).position[0].abs() < 1e-9);
    assert!((sample(&later, 2.0).position[0] - 0.2).abs() < 1e-9);
    // In the past: in its middle, to which it is led.
    let middle = follow(&at(NOW_S - 0.5)).unwrap();
    assert_eq!(sample(&middle, 0.0).position[0], 0.0);
    assert!((sample(&middle, 1.0).position[0] - 0.3).abs() < 1e-9);
    check_refused(
        &at(NOW_S - 2.5),
        TrajectoryCode::OldHeaderTimestamp,
        &["0.500 s ago"],
    );
    check_refused(
        &at(1.7e9),
        TrajectoryCode::InvalidGoal,
        &["header.stamp", "clock"],
    );
    check_refused(
        &at(NOW_S - 1.5),
        TrajectoryCode::InvalidGoal,
        &["joint_1", "0.3000"],
    );
}

fn state(model: &RobotModel, position: &[f64], after_s: f64) -> RobotState {
    at_rest(model, position, now().plus_seconds(after_s))
}

fn tolerance(position: f64) -> Vec<JointTolerance> {
    vec![JointTolerance {
        name: "joint_2".to_owned(),
        position,
        ..Default::default()
    }]
}

#[test]
fn tolerances_of_zero_are_the_default_and_those_below_it_are_none() {
    let model = arm();
    let to = |path: f64, end: f64, time_s: f64| TrajectoryGoal {
        path_tolerance: tolerance(path),
        goal_tolerance: tolerance(end),
        goal_time_tolerance_s: time_s,
        ..goal(
            &["joint_1", "joint_2"],
            vec![point(0.0, &[0.0, 0.0]), point(1.0, &[0.0, 0.2])],
        )
    };
    let judge = |goal: TrajectoryGoal, joint_2: f64, after_s: f64| {
        let mut position = REST;
        position[1] = joint_2;
        follow(&goal)
            .unwrap()
            .judge(&state(&model, &position, after_s))
    };
    let violation = |desired: f64, tolerance: f64, progress: TrajectoryProgress| match progress {
        TrajectoryProgress::PathViolated(v) | TrajectoryProgress::GoalViolated(v) => {
            assert_eq!((v.joint, v.tolerance, v.is_velocity), (1, tolerance, false));
            assert!((v.desired - desired).abs() < 1e-9);
            let text = v.text(&model.joint_names());
            assert!(text.contains("joint_2"), "{text}");
        }
        other => panic!("{other:?}"),
    };
    // On its way 0.05 rad behind.
    violation(0.1, 0.04, judge(to(0.04, 0.0, 0.0), 0.05, 0.5));
    for path in [0.0, -1.0, 0.06] {
        let progress = judge(to(path, 0.0, 0.0), 0.05, 0.5);
        assert_eq!(progress, TrajectoryProgress::Following);
    }
    // At its end 0.05 rad behind, in time and too late.
    let following = judge(to(0.0, 0.0, 0.0), 0.15, 1.5);
    assert_eq!(following, TrajectoryProgress::Following);
    violation(0.2, 0.02, judge(to(0.0, 0.0, 0.0), 0.15, 2.1));
    violation(0.2, 0.01, judge(to(0.0, 0.01, 0.3), 0.15, 1.4));
    let patient = judge(to(0.0, 0.0, -1.0), 0.15, 60.0);
    assert_eq!(patient, TrajectoryProgress::Following);
    for (end, joint_2) in [(-1.0, 0.15), (0.06, 0.15), (0.0, 0.19)] {
        let progress = judge(to(0.0, end, 0.0), joint_2, 1.01);
        let TrajectoryProgress::Reached(1, off) = progress else {
            panic!("{progress:?}")
        };
        assert!((off - (0.2 - joint_2)).abs() < 1e-9);
    }
}

#[test]
fn joint_that_still_moves_at_the_end_is_not_there() {
    let model = arm();
    let mut follower = follow(&goal(&["joint_1"], vec![point(1.0, &[0.1])])).unwrap();
    let mut end = REST;
    end[0] = 0.1;
    let mut measured = state(&model, &end, 1.2);
    measured.velocity[0] = 0.1;
    assert_eq!(follower.judge(&measured), TrajectoryProgress::Following);
    measured.velocity[0] = 0.01;
    assert!(matches!(
        follower.judge(&measured),
        TrajectoryProgress::Reached(0, _)
    ));
    measured.stamp = now().plus_seconds(-0.01);
    assert_eq!(follower.judge(&measured), TrajectoryProgress::Following);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn splines_go_through_their_points_without_a_jump(
        knots in prop::collection::vec((-0.5..0.5f64, -0.5..0.5f64, -1.0..1.0f64, 0.6..1.5f64), 2..6),
        degree in 0..3usize,
    ) {
        let mut time_s = 0.0;
        let last = knots.len() - 1;
        let points: Vec<TrajectoryPoint> = knots.iter().enumerate().map(|(i, (p, v, a, dt))| {
            time_s += dt;
            let moves = |value: f64| if i == last { vec![0.0] } else { vec![value] };
            TrajectoryPoint {
                velocities: if degree > 0 { moves(*v) } else { Vec::new() },
                accelerations: if degree > 1 { moves(*a) } else { Vec::new() },
                ..point(time_s, &[*p])
            }
        }).collect();
        let Ok(follower) = follow(&goal(&["joint_1"], points.clone())) else { return Ok(()); };
        for knot in &points {
            let at = sample(&follower, knot.time_from_start_s);
            prop_assert!((at.position[0] - knot.positions[0]).abs() < 1e-6, "{at:?} {knot:?}");
        }
        let step_s = 0.001;
        let mut before = sample(&follower, 0.0);
        for i in 1..=((time_s / step_s) as usize) {
            let at = sample(&follower, i as f64 * step_s);
            prop_assert!((at.position[0] - before.position[0]).abs() < 2.2 * 1.06 * step_s + 1e-9);
            if degree > 0 {
                let rate = (at.position[0] - before.position[0]) / step_s;
                let mean = (at.velocity[0] + before.velocity[0]) / 2.0;
                prop_assert!((rate - mean).abs() < 1e-2, "{rate} {mean}");
            }
            before = at;
        }
    }

    #[test]
    fn accepted_trajectories_keep_to_the_limits_of_position_and_velocity(
        knots in prop::collection::vec((-4.0..4.0f64, -3.0..3.0f64, 0.05..2.0f64), 1..5),
        has_velocities in any::<bool>(),
    ) {
        let mut time_s = 0.0;
        let last = knots.len() - 1;
        let mut points = vec![moving(0.0, &[0.0], &[0.0])];
        points.extend(knots.iter().enumerate().map(|(i, (p, v, dt))| {
            time_s += dt;
            let velocity = if i == last { 0.0 } else { *v };
            TrajectoryPoint {
                velocities: if has_velocities { vec![velocity] } else { Vec::new() },
                ..point(time_s, &[*p])
            }
        }));
        let Ok(follower) = follow(&goal(&["joint_1"], points)) else { return Ok(()); };
        for i in 0..=1000 {
            let at = sample(&follower, time_s * f64::from(i) / 1000.0);
            prop_assert!(at.position[0].abs() <= 3.1 + 2e-2, "{at:?}");
            // Who starts from rest on a straight line has to catch up with it.
            let most = if has_velocities { 2.2 * 1.05 } else { 2.2 * 1.05 * 1.4 };
            prop_assert!(at.velocity[0].abs() <= most + 1e-6, "{at:?}");
        }
    }

    #[test]
    fn newer_goals_take_over_without_a_jump_in_position_or_velocity(
        turns in prop::collection::vec((-0.04..0.04f64, 0.0..0.02f64), 40),
    ) {
        // A new goal every ten ticks, each of which begins a little ahead and leads to a sine of its own.
        let (amplitude, rate) = (0.3, 1.5);
        let acceleration = 8.0;
        let start = follow(&goal(&["joint_1"], vec![point(0.5, &[0.0])])).unwrap();
        let (mut follower, mut tick) = (start, 0);
        let mut before = sample(&follower, 0.0);
        for (offset, ahead_s) in turns {
            let at_s = f64::from(tick) * TICK_S;
            let stamp_s = at_s + ahead_s;
            let sine = |s: f64| (offset + amplitude * (rate * s).sin(), amplitude * rate * (rate * s).cos());
            let mut points: Vec<TrajectoryPoint> = (0..6).map(|i| {
                let (p, v) = sine(stamp_s + f64::from(i) * 0.05);
                moving(f64::from(i) * 0.05, &[p], &[v])
            }).collect();
            let (p, _) = sine(stamp_s + 0.25);
            points.push(moving(0.6, &[p], &[0.0]));
            let newer = TrajectoryGoal {
                start: now().plus_seconds(stamp_s),
                ..goal(&["joint_1"], points)
            };
            let from = TrajectoryFrom {
                time: now().plus_seconds(at_s),
                position: &before.position,
                velocity: &before.velocity,
            };
            follower = TrajectoryFollower::try_new(&newer, &arm(), &from, from.time).unwrap();
            for _ in 0..10 {
                tick += 1;
                let next = sample(&follower, f64::from(tick) * TICK_S);
                let change = (next.velocity[0] - before.velocity[0]).abs();
                prop_assert!(change <= acceleration * TICK_S * 1.01, "{change}");
                let moved = next.position[0] - before.position[0];
                let mean = (next.velocity[0] + before.velocity[0]) / 2.0;
                prop_assert!((moved - mean * TICK_S).abs() < 1e-4, "{moved} {mean}");
                before = next;
            }
        }
    }

    #[test]
    fn joint_that_a_newer_goal_leaves_out_comes_to_rest(velocity in -2.2..2.2f64) {
        let mut moves = [0.0; 8];
        moves[3] = velocity;
        let other = goal(&["joint_1"], vec![point(1.0, &[0.1])]);
        let follower = follow_from(&other, &REST, &moves).unwrap();
        let mut before = sample(&follower, 0.0);
        prop_assert!((before.velocity[3] - velocity).abs() < 1e-12);
        for i in 1..200 {
            let next = sample(&follower, f64::from(i) * TICK_S);
            prop_assert!((next.velocity[3] - before.velocity[3]).abs() <= 12.0 * TICK_S);
            before = next;
        }
        prop_assert!(before.velocity[3].abs() < 1e-12);
    }
}
