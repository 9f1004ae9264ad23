use proptest::prelude::*;

use super::*;
use crate::fixtures::{arm, robot, rover};

const TICK_S: f64 = 0.005;

/// A gate and a driver that tells the truth until a test bends it.
struct Bench {
    gate: SampleGate,
    names: Vec<String>,
    ticks: i64,
    position: Vec<f64>,
    velocity: Vec<f64>,
}

impl Bench {
    fn new(model: &RobotModel) -> Self {
        let names = model.joint_names();
        let mut bench = Self {
            gate: SampleGate::new(model, SampleLimits::default()),
            ticks: 2000,
            position: vec![0.01; names.len()],
            velocity: vec![0.0; names.len()],
            names,
        };
        assert_eq!(bench.send(), Ok(Continuity::Awaited));
        assert_eq!(bench.send(), Ok(Continuity::Awaited));
        assert_eq!(bench.send(), Ok(Continuity::Start));
        bench
    }

    fn now(&self) -> Time {
        Time::from_nanoseconds(self.ticks * 5_000_000)
    }

    /// The next true sample.
    fn send(&mut self) -> Result<Continuity, Error> {
        self.ticks += 1;
        self.send_at(0.0)
    }

    /// A sample with a stamp that is `off_s` from now.
    fn send_at(&mut self, off_s: f64) -> Result<Continuity, Error> {
        let now = self.now();
        let sample = JointSample {
            stamp: now.plus_seconds(off_s),
            names: &self.names,
            position: &self.position,
            velocity: &self.velocity,
        };
        self.gate.check(&sample, now)
    }

    /// Sends one bent sample between true ones: it is refused with `expected` and leaves nothing behind.
    fn check(&mut self, bend: impl FnOnce(&mut Self) -> Result<Continuity, Error>, expected: &str) {
        let true_state = (
            self.names.clone(),
            self.position.clone(),
            self.velocity.clone(),
        );
        let before = (
            self.gate.position().to_vec(),
            self.gate.stamp(),
            self.gate.refused(),
        );
        let error = bend(self).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        (self.names, self.position, self.velocity) = true_state;
        assert_eq!(self.gate.position(), before.0);
        assert_eq!(self.gate.stamp(), before.1);
        assert_eq!(self.gate.refused(), before.2 + 1);
        assert_eq!(self.gate.fault(), None, "one alone does no harm");
        for _ in 0..8 {
            assert_eq!(self.send(), Ok(Continuity::Next));
        }
    }
}

#[test]
fn joints_are_found_by_name_in_every_message() {
    let mut bench = Bench::new(&rover());
    bench.position = vec![0.02, 0.03];
    bench.send().unwrap();
    assert_eq!(bench.gate.position(), [0.02, 0.03]);
    bench.names.reverse();
    bench.position.reverse();
    bench.velocity = vec![0.2, 0.1];
    assert_eq!(bench.send(), Ok(Continuity::Next));
    assert_eq!(bench.gate.position(), [0.02, 0.03]);
    assert_eq!(bench.gate.velocity(), [0.1, 0.2]);
}

#[test]
fn names_that_are_not_the_models_are_refused() {
    let mut bench = Bench::new(&rover());
    let mut check = |names: &[&str], expected: &str| {
        bench.check(
            |b| {
                b.names = names.iter().map(|n| (*n).to_owned()).collect();
                b.position = vec![0.01; names.len()];
                b.velocity = vec![0.0; names.len()];
                b.send()
            },
            expected,
        );
    };
    check(&[], "joint_states.name lacks left_wheel_joint");
    check(
        &["left_wheel_joint"],
        "joint_states.name lacks right_wheel_joint",
    );
    check(
        &["left_wheel_joint", "left_wheel_joint"],
        "joint_states.name holds left_wheel_joint twice",
    );
    check(
        &["left_wheel_joint", "right_wheel_joint", "left_wheel_joint"],
        "joint_states.name holds left_wheel_joint twice",
    );
    check(
        &["left_wheel_joint", "right_wheel_joint", "ghost"],
        "joint_states.name holds \"ghost\", which is no joint of the model: left_wheel_joint, right_wheel_joint are",
    );
}

#[test]
fn values_that_no_joint_has_are_refused() {
    let mut bench = Bench::new(&arm());
    bench.check(
        |b| {
            b.position.pop();
            b.send()
        },
        "joint_states.position has 7 values for 8 names",
    );
    bench.check(
        |b| {
            b.velocity.clear();
            b.send()
        },
        "joint_states.velocity has 0 values",
    );
    for bad in [f64::NAN, f64::INFINITY, 1e18, -1e18, 3.5] {
        bench.check(
            |b| {
                b.position[0] = bad;
                b.send()
            },
            &format!("joint_states.position of joint_1 is {bad} rad: -3.430 to 3.430 is allowed"),
        );
    }
    for bad in [f64::NAN, f64::NEG_INFINITY, 1e18, 4.5] {
        bench.check(
            |b| {
                b.velocity[1] = bad;
                b.send()
            },
            &format!("joint_states.velocity of joint_2 is {bad} rad/s: at most 4.400"),
        );
    }
    // Within its limits, but no joint gets there in 5 ms.
    bench.check(
        |b| {
            b.position[0] = 1.0;
            b.send()
        },
        "joint_states.position of joint_1 is 1.0000 rad, 0.005 s after 0.0100: a step of at most 0.0420",
    );
}

#[test]
fn stamps_off_the_clock_and_old_ones_are_refused() {
    let mut bench = Bench::new(&rover());
    bench.check(|b| b.send_at(1.0), "is 1.000 s ahead of the clock");
    bench.check(|b| b.send_at(-1.0), "is 1.000 s behind the clock");
    for off_s in [0.0, -0.005, -0.015, -0.095] {
        // The same stamp again with other values, or one that was overtaken.
        bench.check(
            |b| {
                b.position = vec![0.02; 2];
                b.send_at(off_s)
            },
            "it came twice or late, or from a second driver",
        );
    }
    bench.check(
        |b| b.send_at(-b.now().seconds()),
        "joint_states.header.stamp is",
    );
}

#[test]
fn several_refused_samples_are_a_fault_until_as_many_good_ones_came() {
    let mut bench = Bench::new(&rover());
    for i in 0..5 {
        assert_eq!(bench.gate.fault(), None, "after {i}");
        bench.ticks += 1;
        bench.position[0] = 1e18;
        bench.send().unwrap_err();
    }
    let fault = bench.gate.fault().unwrap().to_owned();
    assert!(
        fault.contains("left_wheel_joint is 1000000000000000000 rad"),
        "{fault}"
    );
    bench.position[0] = 0.01;
    for _ in 0..19 {
        assert_eq!(bench.send(), Ok(Continuity::Next));
        assert_eq!(bench.gate.fault(), Some(fault.as_str()));
    }
    bench.send().unwrap();
    assert_eq!(bench.gate.fault(), None);
}

#[test]
fn two_drivers_in_turn_are_a_fault_and_the_first_one_counts() {
    let mut bench = Bench::new(&rover());
    for _ in 0..100 {
        bench.position = vec![0.01; 2];
        assert_eq!(bench.send(), Ok(Continuity::Next));
        bench.position = vec![2.0; 2];
        bench.send_at(0.001).unwrap_err();
        assert_eq!(bench.gate.position(), [0.01; 2]);
    }
    assert!(bench.gate.fault().is_some());
    // The other one again and again, but never alone.
    assert_eq!(bench.gate.refused(), 100);
}

#[test]
fn stream_that_goes_on_elsewhere_counts_once_it_was_consistent_for_a_while() {
    let mut bench = Bench::new(&rover());
    bench.position = vec![7.0, -3.0];
    let mut refused = 0;
    let rebased = loop {
        match bench.send() {
            Ok(continuity) => break continuity,
            Err(_) => refused += 1,
        }
        assert!(refused < 100);
    };
    let Continuity::Rebased { unseen_s } = rebased else {
        panic!("{rebased:?}");
    };
    assert!((0.09..0.2).contains(&unseen_s), "{unseen_s}");
    assert!(refused >= 19, "{refused}");
    assert!(bench.gate.fault().is_some(), "it has to prove itself");
    for _ in 0..20 {
        assert_eq!(bench.send(), Ok(Continuity::Next));
    }
    assert_eq!(bench.gate.fault(), None);
}

#[test]
fn stream_that_jumps_about_never_counts() {
    let mut bench = Bench::new(&rover());
    for i in 0..200 {
        bench.position = vec![10.0 + 5.0 * f64::from(i % 3); 2];
        bench.send().unwrap_err();
    }
    assert_eq!(bench.gate.position(), [0.01; 2]);
}

#[test]
fn joints_that_moved_while_nothing_was_heard_are_believed_as_far_as_they_can_have_moved() {
    let mut bench = Bench::new(&rover());
    bench.ticks += 60;
    bench.position = vec![3.0; 2];
    assert_eq!(bench.send(), Ok(Continuity::Next));
    // A wheel that was reset to 0 while its driver was restarted.
    bench.position = vec![3.0; 2];
    bench.ticks += 2000;
    bench.position = vec![-20.0; 2];
    bench.send().unwrap_err();
}

#[test]
fn wheels_may_turn_at_full_speed_for_ever() {
    let mut bench = Bench::new(&rover());
    for _ in 0..20_000 {
        bench.position[0] += 12.0 * TICK_S;
        bench.position[1] -= 12.0 * TICK_S;
        bench.velocity = vec![12.0, -12.0];
        assert_eq!(bench.send(), Ok(Continuity::Next));
    }
    assert_eq!(bench.gate.refused(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_order_the_names_come_in_the_values_are_the_joints(
        orders in prop::collection::vec(Just((0..8usize).collect::<Vec<_>>()).prop_shuffle(), 1..20),
        seed in 0.0..0.02f64,
    ) {
        let mut bench = Bench::new(&arm());
        let names = bench.names.clone();
        for (i, order) in orders.iter().enumerate() {
            let position: Vec<f64> = (0..8).map(|j| 0.01 + seed * 0.1 + f64::from(j) * 1e-4 + i as f64 * 1e-5).collect();
            bench.names = order.iter().map(|j| names[*j].clone()).collect();
            bench.position = order.iter().map(|j| position[*j]).collect();
            prop_assert_eq!(bench.send(), Ok(Continuity::Next));
            prop_assert_eq!(bench.gate.position(), position.as_slice());
        }
    }
}

/// A driver of a hand tells where both fingers are, of which one follows the other.
const HAND: &str = r#"<robot name="hand">
  <link name="palm"/>
  <link name="one"><inertial><mass value="0.1"/>
    <inertia ixx="1e-4" ixy="0" ixz="0" iyy="1e-4" iyz="0" izz="1e-4"/></inertial></link>
  <link name="two"><inertial><mass value="0.1"/>
    <inertia ixx="1e-4" ixy="0" ixz="0" iyy="1e-4" iyz="0" izz="1e-4"/></inertial></link>
  <joint name="leader" type="prismatic"><parent link="palm"/><child link="one"/><axis xyz="0 1 0"/>
    <limit lower="0" upper="0.04" velocity="0.2" effort="20"/></joint>
  <joint name="follower" type="prismatic"><parent link="palm"/><child link="two"/><axis xyz="0 -1 0"/>
    <limit lower="0" upper="0.04" velocity="0.2" effort="20"/><mimic joint="leader"/></joint>
</robot>"#;

#[test]
fn joints_that_follow_may_be_told_and_others_may_not() {
    let mut bench = Bench::new(&robot("hand", HAND, "{}"));
    assert_eq!(bench.names, ["leader"]);
    bench.names = vec!["follower".into(), "leader".into()];
    (bench.position, bench.velocity) = (vec![0.5, 0.01], vec![0.0; 2]);
    assert_eq!(bench.send(), Ok(Continuity::Next));
    assert_eq!(bench.gate.position(), [0.01]);
    bench.check(
        |b| {
            b.names[0] = "stranger".into();
            b.send()
        },
        "\"stranger\", which is no joint",
    );
}
