use proptest::prelude::*;

use super::*;
use crate::fixtures::arm;

fn limits() -> Vec<JointLimits> {
    arm().movable().map(|j| j.limits).collect()
}

fn plan(way_points: Vec<Vec<f64>>, least_duration_s: f64) -> Result<JointTrajectory, Error> {
    JointTrajectory::try_new(
        way_points,
        &limits(),
        &arm().joint_names(),
        least_duration_s,
    )
}

fn sample(trajectory: &JointTrajectory, time_s: f64) -> JointPoint {
    let mut point = JointPoint {
        position: Vec::new(),
        velocity: Vec::new(),
    };
    trajectory.sample(time_s, &mut point);
    point
}

#[test]
fn short_and_long_motion_take_what_acceleration_and_velocity_ask_for() {
    let check = |distance: f64, expected_s: f64| {
        let mut target = vec![0.0; 8];
        target[0] = distance;
        let duration_s = plan(vec![vec![0.0; 8], target], 0.0).unwrap().duration_s();
        assert!((duration_s - expected_s).abs() < 1e-6, "{duration_s}");
    };
    // Joint 1: 2.2 rad/s and 8 rad/s², of which 0.8 are used.
    check(0.1, (5.773_502_7f64 * 0.1 / 6.4).sqrt());
    check(3.0, 1.875 * 3.0 / 1.76);
}

#[test]
fn zero_length_motion_is_over_at_once_and_stays() {
    let trajectory = plan(vec![vec![0.01; 8], vec![0.01; 8]], 0.0).unwrap();
    assert_eq!(trajectory.duration_s(), 0.0);
    for time_s in [-1.0, 0.0, 1.0] {
        let point = sample(&trajectory, time_s);
        assert_eq!(
            (point.position, point.velocity),
            (vec![0.01; 8], vec![0.0; 8])
        );
    }
    let still = plan(vec![vec![0.01; 8]], 0.0).unwrap();
    assert_eq!((still.duration_s(), still.target()), (0.0, &[0.01; 8][..]));
    let slow = plan(vec![vec![0.01; 8], vec![0.01; 8]], 2.0).unwrap();
    assert_eq!(slow.duration_s(), 2.0);
    assert_eq!(sample(&slow, 1.0).position, vec![0.01; 8]);
}

#[test]
fn nearest_time_of_a_point_on_the_way_is_when_it_is_there() {
    let mut way = vec![vec![0.0; 8]; 3];
    way[1][0] = 1.0;
    way[2][0] = 1.0;
    way[2][1] = -0.5;
    let motion = plan(way, 0.0).unwrap();
    for tenth in 0..=10 {
        let time_s = motion.duration_s() * f64::from(tenth) / 10.0;
        let mut point = sample(&motion, time_s).position;
        let nearest = motion.nearest_time_s(&point);
        assert!(
            (nearest - time_s).abs() < 1e-3,
            "{nearest} instead of {time_s}"
        );
        // What is off the way belongs to the point beside it.
        point[5] += 0.1;
        assert_eq!(motion.nearest_time_s(&point), nearest);
    }
    let beyond = motion.nearest_time_s(&[1.0, -0.7, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert!((beyond - motion.duration_s()).abs() < 1e-3);
}

#[test]
fn no_way_points_are_no_motion() {
    let nothing = plan(Vec::new(), 1.0).unwrap();
    assert_eq!(nothing.duration_s(), 0.0);
    assert!(sample(&nothing, 0.5).position.is_empty());
}

#[test]
fn bad_way_point_is_refused_by_joint_and_value() {
    let check = |edit: fn(&mut Vec<f64>), expected: &str| {
        let mut target = vec![0.01; 8];
        edit(&mut target);
        let error = plan(vec![vec![0.01; 8], target], 0.0).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(
        |p| p[1] = 2.5,
        "joint_2: 2.5000 is outside -2.0000 to 2.0000",
    );
    check(|p| p[7] = -0.1, "finger_right_joint: -0.1000 is outside");
    check(|p| p[0] = f64::NAN, "positions[0] is NaN");
    check(|p| p[4] = f64::INFINITY, "positions[4] is inf");
    check(|p| p.truncate(5), "positions has 5 values: 8 are needed");
}

#[test]
fn start_beyond_a_limit_is_a_fact_but_one_that_is_no_number_is_not() {
    let mut start = vec![0.01; 8];
    start[1] = 2.1;
    assert!(plan(vec![start.clone(), vec![0.01; 8]], 0.0).is_ok());
    start[1] = f64::NAN;
    assert!(plan(vec![start, vec![0.01; 8]], 0.0).is_err());
}

/// Way points within the arm's limits; a share of 0 to 1 of each joint's range.
fn way_points() -> impl Strategy<Value = Vec<Vec<f64>>> {
    let limits = limits();
    let point = prop::collection::vec(0.0..=1.0f64, 8..=8).prop_map(move |shares| {
        let at = |(share, l): (f64, &JointLimits)| l.lower + share * (l.upper - l.lower);
        shares.into_iter().zip(&limits).map(at).collect()
    });
    prop::collection::vec(point, 2..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn motion_keeps_all_limits_and_rests_in_every_way_point(
        way_points in way_points(),
        least_duration_s in 0.0..5.0f64,
    ) {
        let trajectory = plan(way_points.clone(), least_duration_s).unwrap();
        let duration_s = trajectory.duration_s();
        prop_assert!(duration_s.is_finite() && duration_s >= least_duration_s - 1e-9);
        let first = sample(&trajectory, 0.0);
        prop_assert_eq!(&first.position, &way_points[0]);
        prop_assert!(first.velocity.iter().all(|v| *v == 0.0));
        for (point, end_s) in way_points[1..].iter().zip(&trajectory.ends_s) {
            let there = sample(&trajectory, *end_s);
            let off = there.position.iter().zip(point).map(|(a, b)| (a - b).abs());
            prop_assert!(off.fold(0.0, f64::max) < 1e-9);
            prop_assert!(there.velocity.iter().all(|v| v.abs() < 1e-9));
        }
        let limits = limits();
        let step_s = duration_s / 1000.0;
        let mut before = first;
        for i in 1..=1000 {
            let point = sample(&trajectory, f64::from(i) * step_s);
            for (joint, l) in limits.iter().enumerate() {
                let (position, velocity) = (point.position[joint], point.velocity[joint]);
                prop_assert!(position >= l.lower - 1e-9 && position <= l.upper + 1e-9);
                prop_assert!(velocity.abs() <= l.velocity * LIMIT_SHARE * (1.0 + 1e-6));
                let acceleration = (velocity - before.velocity[joint]) / step_s;
                prop_assert!(acceleration.abs() <= l.acceleration * LIMIT_SHARE * (1.0 + 1e-6));
                // Velocity is the derivative of position: the mean of the ends is that of the step.
                let moved = (position - before.position[joint]) / step_s;
                let mean = (velocity + before.velocity[joint]) / 2.0;
                prop_assert!((moved - mean).abs() < 0.01 * l.velocity, "{moved} and {mean}");
            }
            before = point;
        }
        let after = sample(&trajectory, duration_s + 10.0);
        prop_assert_eq!(&after.position[..], trajectory.target());
        prop_assert!(after.velocity.iter().all(|v| *v == 0.0));
    }
}
