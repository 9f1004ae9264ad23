use std::sync::Arc;

use nalgebra::{Isometry3, Matrix3, Vector3};

use super::*;

fn link(name: &str) -> Link {
    Link {
        name: name.into(),
        mass_kg: 1.0,
        inertial_origin: Isometry3::identity(),
        inertia: Matrix3::identity(),
        shapes: Vec::new(),
        visuals: Vec::new(),
    }
}

fn joint(name: &str, parent: usize, child: usize) -> Joint {
    let given = GivenLimits {
        lower: Some(-1.0),
        upper: Some(1.0),
        velocity: Some(2.0),
        effort: Some(10.0),
        ..GivenLimits::default()
    };
    Joint {
        name: name.into(),
        kind: JointKind::Revolute,
        parent,
        child,
        origin: Isometry3::identity(),
        axis: Vector3::z_axis(),
        limits: JointLimits::from_given(JointKind::Revolute, &given),
        given,
        mimic: None,
        damping: 0.0,
        friction: 0.0,
    }
}

fn model(links: &[&str], joints: Vec<Joint>) -> Result<RobotModel, Error> {
    RobotModel::try_new(RobotParts {
        name: RobotName::try_new("robot").unwrap(),
        links: links.iter().map(|n| link(n)).collect(),
        joints,
        source: DescriptionSource {
            format: DescriptionFormat::Urdf,
            path: None,
            urdf: Arc::from(""),
        },
        warnings: Vec::new(),
    })
}

fn follower(joint: Joint, leader: usize, multiplier: f64, offset: f64) -> Joint {
    let mimic = Some(Mimic {
        leader,
        multiplier,
        offset,
    });
    Joint { mimic, ..joint }
}

/// Leader `d`, follower `c` of it, follower `b` of that, in an order in which parents do not come first.
fn followers() -> RobotModel {
    let joints = vec![
        follower(joint("c", 2, 3), 2, -2.0, 0.1),
        follower(joint("b", 1, 2), 0, 3.0, 0.5),
        joint("d", 0, 1),
    ];
    model(&["root", "one", "two", "three"], joints).unwrap()
}

#[test]
fn joints_come_after_those_of_their_parents() {
    let names: Vec<String> = followers().joints.into_iter().map(|j| j.name).collect();
    assert_eq!(names, ["d", "b", "c"]);
}

#[test]
fn followers_are_one_coordinate_with_their_leader() {
    let model = followers();
    assert_eq!(model.joint_names(), ["d"]);
    let mut all = [f64::NAN; 3];
    model.expand_positions(&[0.2], &mut all);
    let c = -2.0 * 0.2 + 0.1;
    let expected = [0.2, 3.0 * c + 0.5, c];
    for (index, (value, expected)) in all.iter().zip(expected).enumerate() {
        assert!((value - expected).abs() < 1e-15, "{index}: {value}");
        assert_eq!(model.joint_position(index, &[0.2]), *value);
    }
    model.expand_velocities(&[0.2], &mut all);
    for (index, (value, expected)) in all.iter().zip([0.2, -1.2, -0.4]).enumerate() {
        assert!((value - expected).abs() < 1e-15, "{index}: {value}");
        assert_eq!(model.joint_velocity(index, &[0.2]), *value);
    }
}

#[test]
fn what_does_not_move_by_itself_is_not_movable() {
    let fixed = Joint {
        kind: JointKind::Fixed,
        ..joint("fixed", 0, 1)
    };
    let floating = Joint {
        kind: JointKind::Floating,
        ..joint("floating", 1, 2)
    };
    let model = model(
        &["a", "b", "c", "d"],
        vec![fixed, floating, joint("e", 2, 3)],
    )
    .unwrap();
    assert_eq!(model.joint_names(), ["e"]);
    assert_eq!(model.joint_position(1, &[0.7]), 0.0);
    assert_eq!(model.joint_position(2, &[0.7]), 0.7);
}

#[test]
fn parts_that_are_no_robot_are_refused_by_name() {
    let check = |links: &[&str], joints: Vec<Joint>, expected: &str| {
        let error = model(links, joints).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(&["a", "a"], vec![joint("j", 0, 1)], "link a: exists twice");
    check(
        &["a", "b", "c"],
        vec![joint("j", 0, 1), joint("j", 1, 2)],
        "joint j: exists twice",
    );
    check(&["a", "b"], vec![], "one root link, has 2: a, b");
    check(
        &["a", "b", "c"],
        vec![joint("j", 0, 2), joint("k", 1, 2)],
        "joint k: child: link c already hangs on link a",
    );
    check(
        &["a", "b"],
        vec![joint("j", 0, 1), joint("k", 1, 0)],
        "joint j: is part of a cycle",
    );
    let itself = vec![follower(joint("j", 0, 1), 0, 1.0, 0.0)];
    check(&["a", "b"], itself, "joint j: mimic");
    let fixed = Joint {
        kind: JointKind::Fixed,
        ..joint("k", 1, 2)
    };
    let of_fixed = vec![follower(joint("j", 0, 1), 1, 1.0, 0.0), fixed];
    check(&["a", "b", "c"], of_fixed, "joint j: mimic");
}

#[test]
fn joint_without_velocity_or_effort_limit_says_so() {
    let check = |given: GivenLimits, expected: Option<MotionBlock>| {
        let joint = Joint {
            given,
            ..joint("j", 0, 1)
        };
        assert_eq!(joint.motion_block(), expected);
    };
    let all = joint("j", 0, 1).given;
    check(all, None);
    let velocity = None;
    check(
        GivenLimits { velocity, ..all },
        Some(MotionBlock::NoVelocityLimit),
    );
    let effort = None;
    check(
        GivenLimits { effort, ..all },
        Some(MotionBlock::NoEffortLimit),
    );
}

#[test]
fn limits_that_nobody_gave_are_assumed() {
    let limits = JointLimits::from_given(JointKind::Revolute, &GivenLimits::default());
    assert_eq!((limits.lower, limits.upper), (0.0, 0.0));
    assert_eq!((limits.velocity, limits.effort), (0.0, f64::INFINITY));
    let given = GivenLimits {
        velocity: Some(2.0),
        deceleration: Some(3.0),
        ..GivenLimits::default()
    };
    let limits = JointLimits::from_given(JointKind::Revolute, &given);
    assert_eq!((limits.acceleration, limits.jerk), (3.0, f64::INFINITY));
    let limits = JointLimits::from_given(JointKind::Continuous, &given);
    assert_eq!((limits.lower, limits.velocity), (f64::NEG_INFINITY, 2.0));
    assert_eq!(
        JointLimits::from_given(JointKind::Fixed, &given),
        JointLimits::NONE
    );
}
