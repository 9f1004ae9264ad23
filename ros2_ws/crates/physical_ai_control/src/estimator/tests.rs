use proptest::prelude::*;

use super::*;
use crate::fixtures::{arm, rover};

const TICK_S: f64 = 0.005;
/// Joints further from their model's than this are not those of the driver, radians.
const SAME_RAD: f64 = 1e-9;

/// An estimator, its clock and the true wheels.
struct Bench {
    estimator: StateEstimator,
    names: Vec<String>,
    ticks: i64,
    wheels: [f64; 2],
    speed: [f64; 2],
}

impl Bench {
    fn new() -> Self {
        Self::with(options(true))
    }

    fn with(options: EstimatorOptions) -> Self {
        let mut bench = Self {
            estimator: StateEstimator::new(rover(), Placement::default(), options),
            names: rover().joint_names(),
            ticks: 2000,
            wheels: [0.0; 2],
            speed: [0.0; 2],
        };
        bench.drive(3);
        bench
    }

    fn now(&self) -> Time {
        Time::from_nanoseconds(self.ticks * 5_000_000)
    }

    fn send(&mut self, stamp: Time, position: &[f64]) -> Result<Option<RobotState>, Error> {
        let sample = JointSample {
            stamp,
            names: &self.names,
            position,
            velocity: &self.speed,
        };
        let now = self.now();
        self.estimator.joints(&sample, now)
    }

    /// True samples, at the speed that was set.
    fn drive(&mut self, ticks: usize) {
        for _ in 0..ticks {
            self.ticks += 1;
            self.wheels = std::array::from_fn(|i| self.wheels[i] + self.speed[i] * TICK_S);
            let (now, wheels) = (self.now(), self.wheels);
            self.send(now, &wheels).unwrap();
        }
    }

    fn pose(&self) -> Placement {
        self.estimator.odometry.as_ref().unwrap().pose()
    }

    fn assert_at(&self, x: f64, tolerance_m: f64) {
        let pose = self.pose();
        assert!(
            (pose.x - x).hypot(pose.y) < tolerance_m,
            "{pose:?} instead of x {x}"
        );
    }
}

fn options(simulated_time: bool) -> EstimatorOptions {
    EstimatorOptions {
        simulated_time,
        ..EstimatorOptions::default()
    }
}

#[test]
fn sample_that_comes_again_changes_nothing() {
    let mut bench = Bench::new();
    bench.speed = [5.0; 2];
    bench.drive(400);
    bench.assert_at(0.8, 1e-3);
    for age in [0, 1, 3, 19] {
        let stamp = Time::from_nanoseconds((bench.ticks - age) * 5_000_000);
        let wheels = bench.wheels.map(|w| w - age as f64 * 5.0 * TICK_S);
        let before = bench.pose();
        bench.send(stamp, &wheels).unwrap_err();
        assert_eq!(bench.pose(), before, "{age} samples old");
        assert_eq!(bench.estimator.faulty_state(), None);
        bench.drive(20);
    }
    bench.assert_at(0.96, 1e-3);
    assert_eq!(bench.estimator.refused(), 4);
    assert_eq!(bench.estimator.take_news(), None);
}

#[test]
fn equal_stamp_with_other_values_changes_nothing() {
    let mut bench = Bench::new();
    bench.speed = [5.0; 2];
    bench.drive(100);
    let (stamp, off) = (bench.now(), bench.wheels.map(|w| w + 0.02));
    bench.send(stamp, &off).unwrap_err();
    bench.drive(100);
    bench.assert_at(0.4, 1e-3);
}

#[test]
fn sample_stamped_ahead_changes_nothing() {
    let mut bench = Bench::new();
    bench.speed = [5.0; 2];
    bench.drive(100);
    let (stamp, wheels) = (bench.now().plus_seconds(1.0), bench.wheels);
    let error = bench.send(stamp, &wheels).unwrap_err().to_string();
    assert!(error.contains("1.000 s ahead of the clock"), "{error}");
    bench.drive(100);
    bench.assert_at(0.4, 1e-3);
}

#[test]
fn wheel_that_jumps_changes_nothing() {
    let mut bench = Bench::new();
    bench.speed = [5.0; 2];
    bench.drive(100);
    let mut x = 0.2;
    for bad in [0.0, 1e18, -1e300, f64::NAN] {
        bench.ticks += 1;
        bench.wheels = bench.wheels.map(|w| w + 5.0 * TICK_S);
        let (now, right) = (bench.now(), bench.wheels[1]);
        bench.send(now, &[bad, right]).unwrap_err();
        bench.drive(19);
        x += 0.04;
        bench.assert_at(x, 1e-3);
    }
}

#[test]
fn refused_samples_in_a_row_are_a_fault_with_the_last_good_values() {
    let mut bench = Bench::new();
    bench.speed = [5.0; 2];
    bench.drive(100);
    let (good, stamp) = (bench.wheels, bench.now());
    for i in 0..5 {
        assert_eq!(bench.estimator.faulty_state(), None, "after {i}");
        bench.ticks += 1;
        let now = bench.now();
        bench.send(now, &[1e18, 0.0]).unwrap_err();
    }
    let state = bench.estimator.faulty_state().unwrap();
    assert_eq!((state.position.as_slice(), state.stamp), (&good[..], stamp));
    let fault = state.fault.unwrap();
    assert!(
        fault.contains("joint_states.position of left_wheel_joint is 1000000000000000000 rad"),
        "{fault}"
    );
    // The driver is well again, and the wheels turned on meanwhile.
    bench.wheels = bench.wheels.map(|w| w + 5.0 * 5.0 * TICK_S);
    bench.drive(40);
    assert_eq!(bench.estimator.fault(), None);
    bench.assert_at(0.29, 1e-3);
}

#[test]
fn encoders_that_were_reset_leave_the_pose_and_make_it_uncertain() {
    let mut bench = Bench::new();
    bench.speed = [5.0; 2];
    bench.drive(400);
    bench.speed = [0.0; 2];
    bench.drive(10);
    let before = bench.pose();
    let sure = bench.estimator.odometry.as_ref().unwrap().covariance();
    bench.wheels = [0.0; 2];
    for _ in 0..60 {
        bench.ticks += 1;
        let now = bench.now();
        let _ = bench.send(now, &[0.0; 2]);
    }
    assert_eq!(bench.pose(), before);
    let unsure = bench.estimator.odometry.as_ref().unwrap().covariance();
    // Two times 12 rad/s and 0.08 m, for a tenth of a second.
    assert!(unsure[(0, 0)] - sure[(0, 0)] > 0.15f64.powi(2), "{unsure}");
    let news = bench.estimator.take_news().unwrap();
    assert!(
        news.is_warning && news.text.contains("elsewhere"),
        "{news:?}"
    );
    bench.speed = [5.0; 2];
    bench.drive(100);
    assert_eq!(bench.estimator.fault(), None);
    bench.assert_at(1.0, 1e-3);
}

#[test]
fn only_the_simulations_clock_or_the_user_starts_the_estimate_anew() {
    for simulated in [true, false] {
        let mut bench = Bench::with(options(simulated));
        bench.speed = [5.0; 2];
        bench.drive(400);
        if simulated {
            let stamp = bench.now();
            let sample = ImuSample {
                stamp,
                yaw_rate_rps: 0.0,
            };
            bench.estimator.imu(sample, stamp).unwrap();
        }
        // A stamp alone starts nothing.
        for _ in 0..60 {
            bench.ticks += 1;
            let _ = bench.send(Time::from_seconds(0.5), &[0.0; 2]);
        }
        assert!(bench.pose().x > 0.7);
        bench.wheels = [0.0; 2];
        bench.speed = [0.0; 2];
        bench.ticks = 10;
        let stamp = bench.now();
        let first = ImuSample {
            stamp,
            yaw_rate_rps: 0.0,
        };
        // The gyro may be the first to speak in the new world.
        bench.estimator.imu(first, stamp).unwrap();
        for _ in 0..60 {
            bench.ticks += 1;
            let now = bench.now();
            let _ = bench.send(now, &[0.0; 2]);
        }
        let is_anew = bench.pose().x.abs() < 1e-9;
        assert_eq!(
            is_anew, simulated,
            "a system clock that is set back moves no robot"
        );
        bench.drive(40);
        assert_eq!(bench.estimator.fault(), None);
        let news = bench.estimator.take_news().unwrap();
        assert_eq!(news.text.contains("the clock went back"), simulated);
        bench.estimator.reset();
        assert_eq!(bench.pose(), Placement::default());
    }
}

#[test]
fn clock_that_was_wrong_for_a_moment_resets_nothing() {
    let mut bench = Bench::new();
    bench.speed = [5.0; 2];
    bench.drive(100);
    let truth = bench.ticks;
    bench.ticks += 1000;
    let stamp = Time::from_nanoseconds((truth + 1) * 5_000_000);
    bench.wheels = bench.wheels.map(|w| w + 5.0 * TICK_S);
    let wheels = bench.wheels;
    let error = bench.send(stamp, &wheels).unwrap_err().to_string();
    assert!(error.contains("behind the clock"), "{error}");
    bench.ticks = truth + 1;
    bench.drive(99);
    bench.assert_at(0.4, 1e-3);
    assert_eq!(bench.estimator.take_news(), None);
}

#[test]
fn gyro_samples_that_cannot_be_true_change_nothing() {
    let mut bench = Bench::new();
    bench.speed = [5.0; 2];
    bench.drive(100);
    let check = |bench: &mut Bench, off_s: f64, yaw_rate_rps: f64, expected: &str| {
        let now = bench.now();
        let stamp = now.plus_seconds(off_s);
        let sample = ImuSample {
            stamp,
            yaw_rate_rps,
        };
        let error = bench.estimator.imu(sample, now).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        bench.drive(4);
    };
    check(&mut bench, 0.0, f64::NAN, "imu.angular_velocity.z is NaN");
    check(&mut bench, 0.0, 1e3, "is 1000 rad/s: at most 12.294");
    check(&mut bench, 1.0, 0.5, "imu.header.stamp is 1.000 s ahead");
    let now = bench.now();
    let good = ImuSample {
        stamp: now,
        yaw_rate_rps: 0.0,
    };
    bench.estimator.imu(good, now).unwrap();
    check(&mut bench, 0.0, 0.5, "came twice or late");
    check(&mut bench, -0.6, 0.5, "is 0.600 s behind");
    check(&mut bench, 0.0, -1e3, "is -1000 rad/s");
    bench.assert_at(0.2 + 24.0 * 5.0 * TICK_S * 0.08, 1e-3);
    assert_eq!(bench.estimator.imu_refused(), 6);
    assert!(bench.estimator.fault().unwrap().contains("imu"));
    for _ in 0..20 {
        bench.drive(1);
        let stamp = bench.now();
        let sample = ImuSample { stamp, ..good };
        bench.estimator.imu(sample, stamp).unwrap();
    }
    assert_eq!(bench.estimator.fault(), None);
}

#[test]
fn successor_goes_on_where_the_predecessor_was() {
    let mut first = Bench::new();
    first.speed = [4.0; 2];
    first.drive(400);
    let before = first.pose();
    let kept = first.estimator.snapshot().unwrap();
    let successor = |ticks: i64, wheels: [f64; 2]| {
        let mut second = Bench {
            estimator: StateEstimator::new(rover(), Placement::default(), options(true)),
            names: first.names.clone(),
            ticks,
            wheels,
            speed: [0.0; 2],
        };
        second.estimator.inherit(kept);
        second.drive(3);
        second
    };
    // It rolled on for a moment while nobody looked.
    let mut second = successor(first.ticks + 160, first.wheels.map(|w| w + 0.1));
    let resumed = second.pose();
    assert!(
        resumed.x > before.x && resumed.x < before.x + 0.02,
        "{resumed:?}"
    );
    let news = second.estimator.take_news().unwrap();
    assert!(news.text.contains("goes on from where it was"), "{news:?}");
    assert_eq!(second.estimator.take_news(), None);

    let mut other_run = successor(100, [0.0; 2]);
    let news = other_run.estimator.take_news().unwrap();
    assert!(news.text.contains("starts at its place"), "{news:?}");
    other_run.assert_at(0.0, 1e-9);
}

#[test]
fn arm_stands_where_it_was_put_and_takes_no_nonsense() {
    let start = Placement {
        x: 1.0,
        z: 0.4,
        ..Placement::default()
    };
    let mut estimator = StateEstimator::new(arm(), start, options(true));
    let names = arm().joint_names();
    let mut send = |ticks: i64, first: f64| {
        let mut position = vec![0.0; 8];
        position[0] = first;
        let now = Time::from_nanoseconds(ticks * 5_000_000);
        let sample = JointSample {
            stamp: now,
            names: &names,
            position: &position,
            velocity: &[0.0; 8],
        };
        estimator.joints(&sample, now)
    };
    assert_eq!(send(100, 0.0), Ok(None));
    assert_eq!(send(101, 0.0), Ok(None));
    let state = send(102, 0.001).unwrap().unwrap();
    assert_eq!(state.base.pose, start.isometry());
    assert!((state.position[0] - 0.001).abs() < SAME_RAD);
    for bad in [1e18, -1.5, f64::NAN] {
        send(103, bad).unwrap_err();
    }
    let state = send(104, 0.002).unwrap().unwrap();
    assert!((state.position[0] - 0.002).abs() < SAME_RAD);
    assert_eq!(state.fault, None);
}

/// What a hostile or unlucky driver sends beside the true samples.
#[derive(Debug, Clone)]
enum Lie {
    Again(i64),
    Ahead(f64),
    Wheel(usize, f64),
    Both(f64, f64),
    EqualStamp(f64),
    Names(u8),
    Gyro(f64, f64),
}

fn lies() -> impl Strategy<Value = Lie> {
    prop_oneof![
        (0..60i64).prop_map(Lie::Again),
        prop_oneof![-5.0..-0.005, 0.11..1e6f64].prop_map(Lie::Ahead),
        (0..2usize, prop::num::f64::ANY).prop_map(|(i, v)| Lie::Wheel(i, v)),
        (-50.0..50.0f64, -50.0..50.0f64).prop_map(|(a, b)| Lie::Both(a, b)),
        (-50.0..50.0f64).prop_map(Lie::EqualStamp),
        any::<u8>().prop_map(Lie::Names),
        (prop::num::f64::ANY, -2.0..2.0f64).prop_map(|(r, t)| Lie::Gyro(r, t)),
    ]
}

impl Bench {
    fn tell(&mut self, lie: &Lie) {
        let (now, wheels) = (self.now(), self.wheels);
        match *lie {
            Lie::Again(age) => {
                let stamp = Time::from_nanoseconds((self.ticks - age) * 5_000_000);
                let back = age as f64 * TICK_S;
                let old = std::array::from_fn::<f64, 2, _>(|i| wheels[i] - self.speed[i] * back);
                let _ = self.send(stamp, &old);
            }
            Lie::Ahead(off_s) => drop(self.send(now.plus_seconds(off_s), &wheels)),
            Lie::Wheel(i, value) => {
                let mut lie = wheels;
                lie[i] = value;
                let _ = self.send(now.plus_seconds(0.001), &lie);
            }
            Lie::Both(left, right) => drop(self.send(now.plus_seconds(0.002), &[left, right])),
            Lie::EqualStamp(by) => drop(self.send(now, &wheels.map(|w| w + by))),
            Lie::Names(kind) => {
                let truth = self.names.clone();
                match kind % 4 {
                    0 => self.names.clear(),
                    1 => self.names[0] = truth[1].clone(),
                    2 => self.names.push("ghost".into()),
                    _ => self.names.truncate(1),
                }
                let count = self.names.len();
                let _ = self.send(now.plus_seconds(0.001), &vec![0.0; count]);
                self.names = truth;
            }
            Lie::Gyro(yaw_rate_rps, off_s) => {
                // A gyro that is off by what could be true is another matter: slipping wheels.
                let is_possible = yaw_rate_rps.abs() < 13.0 && (-0.5..0.1).contains(&off_s);
                if !is_possible {
                    let stamp = now.plus_seconds(off_s);
                    let _ = self.estimator.imu(
                        ImuSample {
                            stamp,
                            yaw_rate_rps,
                        },
                        now,
                    );
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn lies_among_true_samples_never_move_the_estimate(
        legs in prop::collection::vec((-12.0..12.0f64, -12.0..12.0f64, 1..60usize, lies()), 1..40),
    ) {
        let (mut lied_to, mut honest) = (Bench::new(), Bench::new());
        for (left, right, ticks, lie) in &legs {
            for bench in [&mut lied_to, &mut honest] {
                bench.speed = [*left, *right];
                bench.drive(*ticks);
            }
            let before = lied_to.pose();
            lied_to.tell(lie);
            let (after, truth) = (lied_to.pose(), honest.pose());
            // A lie that could be true counts until the next sample: as much as one wheel can turn in its time.
            let moved = (after.x - before.x).hypot(after.y - before.y);
            prop_assert!(moved < 0.08 * (24.0 * 0.002 + 0.02), "{moved} m by {lie:?}");
            let off = (before.x - truth.x).hypot(before.y - truth.y);
            prop_assert!(off < 2e-3, "{off} m after {legs:?}");
        }
    }
}
