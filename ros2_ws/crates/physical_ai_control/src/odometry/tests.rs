use std::f64::consts::{FRAC_PI_2, PI, TAU};

use super::*;
use crate::fixtures::rover;
use crate::navigation::wrap;

const TICK_S: f64 = 0.005;

/// A rover whose wheels and gyro a test turns as it likes.
struct Bench {
    odometry: Odometry,
    drive: DifferentialDrive,
    ticks: i64,
    wheels: [f64; 2],
}

impl Bench {
    fn new(start: Placement) -> Self {
        let drive = DifferentialDrive::from_model(&rover()).unwrap();
        let mut bench = Self {
            odometry: Odometry::new(drive.clone(), start),
            drive,
            ticks: 0,
            wheels: [0.0; 2],
        };
        bench.tick().unwrap();
        bench
    }

    fn tick(&mut self) -> Result<(), Error> {
        self.ticks += 1;
        let stamp = Time::from_nanoseconds(self.ticks * 5_000_000);
        self.odometry.wheels(stamp, self.wheels)
    }

    /// Drives for a time; the gyro says what it is given, if anything.
    fn drive(&mut self, seconds: f64, forward_mps: f64, yaw_rate_rps: f64, gyro_rps: Option<f64>) {
        let wheels = self.drive.wheels(forward_mps, yaw_rate_rps);
        for _ in 0..(seconds / TICK_S).round() as usize {
            self.wheels[0] += wheels[0] * TICK_S;
            self.wheels[1] += wheels[1] * TICK_S;
            if let Some(rate) = gyro_rps {
                self.odometry.gyro(rate).unwrap();
            }
            self.tick().unwrap();
        }
    }

    fn assert_at(&self, x: f64, y: f64, yaw: f64) {
        let pose = self.odometry.pose();
        let off = (pose.x - x).hypot(pose.y - y);
        let turned = wrap(pose.yaw - yaw).abs();
        assert!(off < 1e-3 && turned < 1e-3, "{pose:?}");
    }
}

#[test]
fn straight_line_is_as_long_as_the_wheels_rolled() {
    for gyro in [None, Some(0.0)] {
        let mut bench = Bench::new(Placement::default());
        bench.drive(5.0, 0.4, 0.0, gyro);
        bench.assert_at(2.0, 0.0, 0.0);
        let (forward, yaw_rate) = bench.odometry.speed();
        assert!((forward - 0.4).abs() < 1e-3 && yaw_rate.abs() < 1e-9);
        bench.drive(5.0, -0.4, 0.0, gyro);
        bench.assert_at(0.0, 0.0, 0.0);
    }
}

#[test]
fn start_is_where_it_was_put() {
    let start = Placement {
        x: 1.0,
        y: -2.0,
        z: 0.0,
        yaw: FRAC_PI_2,
    };
    let mut bench = Bench::new(start);
    bench.assert_at(1.0, -2.0, FRAC_PI_2);
    bench.drive(1.0, 0.3, 0.0, None);
    bench.assert_at(1.0, -1.7, FRAC_PI_2);
}

#[test]
fn turn_in_place_turns_only() {
    for gyro in [None, Some(1.0)] {
        let mut bench = Bench::new(Placement::default());
        bench.drive(2.0, 0.0, 1.0, gyro);
        bench.assert_at(0.0, 0.0, 2.0);
        assert!((bench.odometry.speed().1 - 1.0).abs() < 1e-9);
    }
}

#[test]
fn circle_ends_where_it_began() {
    let mut bench = Bench::new(Placement::default());
    let ticks = 2000.0;
    bench.drive(ticks * TICK_S, 0.4, TAU / (ticks * TICK_S), None);
    bench.assert_at(0.0, 0.0, 0.0);
}

#[test]
fn many_turns_leave_heading_and_position_right() {
    let mut bench = Bench::new(Placement::default());
    // Ten turns to the right, and half a one.
    let seconds = 21.0;
    bench.drive(seconds, 0.0, -21.0 * PI / seconds, None);
    bench.assert_at(0.0, 0.0, PI);
    bench.drive(1.0, 0.4, 0.0, None);
    bench.assert_at(-0.4, 0.0, PI);
}

#[test]
fn gyro_is_believed_where_wheels_slip() {
    let mut bench = Bench::new(Placement::default());
    bench.drive(1.0, 0.0, 2.0, Some(1.5));
    bench.assert_at(0.0, 0.0, 1.5);
}

#[test]
fn bias_of_the_gyro_is_learnt_while_it_stands() {
    let bias = 0.02;
    let mut bench = Bench::new(Placement::default());
    bench.drive(10.0, 0.0, 0.0, Some(bias));
    let before = bench.odometry.pose().yaw;
    assert!(before.abs() < 0.3 * bias * 10.0, "{before}");
    bench.drive(5.0, 0.4, 0.0, Some(bias));
    let drift = (bench.odometry.pose().yaw - before).abs();
    assert!(drift < 0.05 * bias * 5.0, "{drift} rad in 5 s");
}

#[test]
fn silent_gyro_leaves_the_turn_to_the_wheels() {
    let mut bench = Bench::new(Placement::default());
    bench.drive(1.0, 0.0, 1.0, Some(1.0));
    bench.drive(2.0, 0.0, 0.0, None);
    let yaw = bench.odometry.pose().yaw;
    assert!(yaw < 1.0 + LONGEST_GAP_S + 0.01, "still turns: {yaw} rad");
    bench.drive(1.0, 0.0, -1.0, None);
    assert!((bench.odometry.pose().yaw - (yaw - 1.0)).abs() < 1e-6);
    bench.drive(1.0, 0.0, 0.5, Some(1.0));
    assert!((bench.odometry.pose().yaw - yaw).abs() < 0.01, "it is back");
}

#[test]
fn samples_that_are_no_numbers_are_refused_and_change_nothing() {
    let mut bench = Bench::new(Placement::default());
    bench.drive(1.0, 0.4, 0.2, Some(0.2));
    let before = bench.odometry.pose();
    for bad in [f64::NAN, f64::INFINITY] {
        let error = bench.odometry.gyro(bad).unwrap_err().to_string();
        assert!(error.contains("imu.angular_velocity.z is"), "{error}");
        let stamp = Time::from_seconds(1.01);
        let error = bench.odometry.wheels(stamp, [0.0, bad]).unwrap_err();
        assert!(error.to_string().contains("position[1] is"), "{error}");
    }
    assert_eq!(bench.odometry.pose(), before);
    bench.drive(1.0, -0.4, -0.2, Some(-0.2));
    bench.assert_at(0.0, 0.0, 0.0);
}

#[test]
fn step_back_in_time_is_refused_and_leaves_nothing_behind() {
    let mut bench = Bench::new(Placement::default());
    bench.drive(1.0, 0.4, 0.0, None);
    for back in [50, 1] {
        let (before, snapshot) = (bench.odometry.pose(), bench.odometry.snapshot());
        let (ticks, wheels) = (bench.ticks, bench.wheels);
        bench.ticks -= back;
        bench.wheels[0] += 1.0;
        let error = bench.tick().unwrap_err();
        assert!(matches!(error, Error::Stale { .. }), "{error}");
        assert_eq!(bench.odometry.snapshot(), snapshot);
        (bench.ticks, bench.wheels) = (ticks, wheels);
        bench.drive(1.0, 0.1, 0.0, None);
        assert!((bench.odometry.pose().x - before.x - 0.1).abs() < 1e-6);
    }
}

#[test]
fn way_in_a_gap_is_counted_and_makes_less_sure() {
    let mut bench = Bench::new(Placement::default());
    bench.drive(1.0, 0.4, 0.0, Some(0.5));
    let (before, sure) = (bench.odometry.pose(), bench.odometry.covariance());
    bench.ticks += 100;
    // Straight on: the gyro knows nothing of what it did not see.
    bench.wheels = bench.wheels.map(|w| w + 1.0);
    bench.tick().unwrap();
    let after = bench.odometry.pose();
    assert!(((after.x - before.x).hypot(after.y - before.y) - 0.08).abs() < 1e-9);
    assert_eq!(after.yaw, before.yaw);
    assert!(bench.odometry.covariance().trace() > sure.trace());
}

#[test]
fn angles_that_begin_anew_leave_the_pose_and_what_may_have_happened() {
    let mut bench = Bench::new(Placement::default());
    bench.drive(1.0, 0.4, 0.0, None);
    let (before, sure) = (bench.odometry.pose(), bench.odometry.covariance());
    bench.ticks += 40;
    bench.wheels = [-3.0; 2];
    let stamp = Time::from_nanoseconds(bench.ticks * 5_000_000);
    bench.odometry.rebase(stamp, bench.wheels, 0.2, 12.0);
    assert_eq!(bench.odometry.pose(), before);
    let unsure = bench.odometry.covariance();
    assert!((unsure[(0, 0)] - sure[(0, 0)] - 0.192f64.powi(2)).abs() < 1e-9);
    bench.drive(1.0, 0.4, 0.0, None);
    assert!((bench.odometry.pose().x - before.x - 0.4).abs() < 1e-6);
}

#[test]
fn uncertainty_grows_with_the_way_and_stays_a_covariance() {
    let mut bench = Bench::new(Placement::default());
    let mut trace = bench.odometry.covariance().trace();
    for _ in 0..20 {
        bench.drive(1.0, 0.4, 0.3, Some(0.3));
        let covariance = bench.odometry.covariance();
        assert!((covariance - covariance.transpose()).norm() < 1e-9);
        assert!(covariance.symmetric_eigenvalues().min() > 0.0);
        assert!(covariance[(2, 2)] < 1.0);
        let next = covariance.trace();
        assert!(next > trace, "{next} after {trace}");
        trace = next;
    }
}

#[test]
fn successor_goes_on_from_a_snapshot_and_is_less_sure() {
    let mut first = Bench::new(Placement::default());
    assert!(
        Odometry::new(first.drive.clone(), Placement::default())
            .snapshot()
            .is_none()
    );
    first.drive(2.0, 0.4, 0.3, Some(0.3));
    let kept = first.odometry.snapshot().unwrap();
    let mut second = Odometry::new(first.drive.clone(), Placement::default());
    let rolled = first.wheels.map(|w| w + 0.2);
    let stamp = kept.stamp.plus_seconds(1.5);
    second.resume(&kept, stamp, rolled).unwrap();
    let (before, after) = (first.odometry.pose(), second.pose());
    let moved = (after.x - before.x).hypot(after.y - before.y);
    let expected = first.drive.base(0.2, 0.2).0;
    assert!((moved - expected).abs() < 1e-9, "{moved} {expected}");
    assert!(second.covariance()[(0, 0)] > first.odometry.covariance()[(0, 0)]);
    // It is an ordinary estimate from there on.
    second.wheels(stamp.plus_seconds(TICK_S), rolled).unwrap();
}

#[test]
fn snapshot_of_another_run_changes_nothing() {
    let mut first = Bench::new(Placement::default());
    first.drive(2.0, 0.4, 0.0, None);
    let kept = first.odometry.snapshot().unwrap();
    let mut second = Odometry::new(first.drive.clone(), Placement::default());
    let check =
        |odometry: &mut Odometry, kept: &OdometrySnapshot, away_s: f64, wheels, expected: &str| {
            let stamp = kept.stamp.plus_seconds(away_s);
            let error = odometry
                .resume(kept, stamp, wheels)
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{error}");
            assert_eq!(odometry.pose().x, 0.0);
        };
    check(&mut second, &kept, -1.0, first.wheels, "snapshot");
    check(&mut second, &kept, 61.0, first.wheels, "snapshot");
    let jumped = first.wheels.map(|w| w - 90.0);
    check(
        &mut second,
        &kept,
        1.0,
        jumped,
        "the wheels turned by 90.0 rad",
    );
    let mut damaged = kept;
    damaged.state[1] = f64::NAN;
    check(&mut second, &damaged, 1.0, first.wheels, "snapshot");
}
