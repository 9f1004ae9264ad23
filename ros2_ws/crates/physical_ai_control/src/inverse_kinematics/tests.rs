mod random_chain;

use nalgebra::{Isometry3, UnitQuaternion, Vector3};
use physical_ai_description::read_urdf;
use physical_ai_domain::RobotName;
use proptest::prelude::*;

use super::*;
use crate::fixtures::arm;
use random_chain::{Random, random_chain};

fn chain() -> Chain {
    Chain::between(&arm(), "base_link", "tool0").unwrap()
}

/// Metres and radians between two poses.
fn between(a: &Isometry3<f64>, b: &Isometry3<f64>) -> (f64, f64) {
    let metres = (a.translation.vector - b.translation.vector).norm();
    (metres, a.rotation.angle_to(&b.rotation))
}

fn assert_done(chain: &Chain, positions: &[f64], target: &Isometry3<f64>) {
    let (metres, radians) = between(&chain.forward(positions), target);
    assert!(metres < 2e-5 && radians < 2e-5, "{metres} m, {radians} rad");
    for (position, joint) in positions.iter().zip(chain.joints()) {
        let limits = joint.limits;
        assert!(
            (limits.lower..=limits.upper).contains(position),
            "{}: {position}",
            joint.name
        );
    }
}

fn why(result: Result<IkSolution, Error>) -> NoPosture {
    match result {
        Err(Error::Unreachable { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

fn ask(chain: &Chain, task: &PoseTask, start: &[f64]) -> Result<IkSolution, Error> {
    solve(chain, task, start, IkOptions::default(), |_| true)
}

#[test]
fn same_question_has_the_same_answer() {
    let chain = chain();
    let target = chain.forward(&[0.8, 0.4, 1.2, 1.0, 0.3, -0.5]);
    let solve = || inverse_kinematics(&chain, &target, &[0.0; 6]).unwrap();
    assert_eq!(solve(), solve());
}

#[test]
fn random_poses_of_random_chains_of_four_to_eight_joints_are_reached() {
    for joints in 4..=8 {
        let seed = 100 + joints as u64;
        let mut random = Random::new(seed);
        let (mut solved, mut asked) = (0, 0);
        for _ in 0..25 {
            let chain = random_chain(&mut random, joints);
            for _ in 0..20 {
                let target = chain.forward(&random.posture(&chain));
                let start = random.posture(&chain);
                asked += 1;
                if let Ok(found) = ask(&chain, &PoseTask::new(target), &start) {
                    assert_done(&chain, &found.positions, &target);
                    solved += 1;
                }
            }
        }
        println!("seed {seed}: {joints} joints: {solved} of {asked}");
        assert!(
            f64::from(solved) >= 0.995 * f64::from(asked),
            "seed {seed}: {solved} of {asked}"
        );
    }
}

#[test]
fn what_is_found_from_where_the_joints_are_is_near_them() {
    let mut random = Random::new(5);
    for _ in 0..50 {
        let chain = random_chain(&mut random, 7);
        let at = random.posture(&chain);
        let mut near = at.clone();
        for (to, joint) in near.iter_mut().zip(chain.joints()) {
            *to = (*to + random.between(-0.05, 0.05)).clamp(joint.limits.lower, joint.limits.upper);
        }
        let found = ask(&chain, &PoseTask::new(chain.forward(&near)), &at).unwrap();
        for (found, at) in found.positions.iter().zip(&at) {
            assert!((found - at).abs() < 0.6, "{found} from {at}");
        }
    }
}

#[test]
fn joints_that_turn_without_end_stay_on_the_nearest_turn() {
    let urdf = random_chain::urdf(&mut Random::new(3), 6, Some("continuous"));
    let model = read_urdf(RobotName::try_new("turner").unwrap(), &urdf).unwrap();
    let chain = Chain::between(&model, "l0", "tool0").unwrap();
    let start = [20.0, -13.0, 0.0, 40.0, 3.0, -3.0];
    let mut random = Random::new(8);
    for _ in 0..50 {
        let target = chain.forward(&random.posture(&chain));
        let found = ask(&chain, &PoseTask::new(target), &start).unwrap();
        assert_done(&chain, &found.positions, &target);
        for (found, start) in found.positions.iter().zip(&start) {
            assert!(
                (found - start).abs() <= std::f64::consts::PI + 1e-9,
                "{found} from {start}"
            );
        }
    }
}

#[test]
fn what_seven_joints_leave_free_brings_them_nearer_to_the_start() {
    let mut random = Random::new(11);
    let (mut settled, mut plain) = (0.0, 0.0);
    for _ in 0..40 {
        let chain = random_chain(&mut random, 7);
        let (target, start) = (
            chain.forward(&random.posture(&chain)),
            random.posture(&chain),
        );
        let task = PoseTask::new(target);
        let bounds = Bounds::new(&chain);
        let solver = Solver::new(&chain, &task, &bounds);
        let mut from = [0.0; MAX_DOF];
        from[..7].copy_from_slice(&start);
        let (mut joints, missed) = solver.descend(&from, 60);
        if missed.is_some() {
            continue;
        }
        plain += solver.merit(&joints, &from);
        solver.settle(&mut joints, &from);
        settled += solver.merit(&joints, &from);
        assert_done(&chain, &joints[..7], &target);
    }
    assert!(plain > 1.0 && settled < 0.9 * plain, "{settled} of {plain}");
}

#[test]
fn arm_of_five_joints_brings_a_round_tool_to_any_direction_it_can_have() {
    let mut random = Random::new(21);
    for _ in 0..100 {
        let chain = random_chain(&mut random, 5);
        let pose = chain.forward(&random.posture(&chain));
        let turn = UnitQuaternion::from_axis_angle(&Vector3::z_axis(), random.between(-3.0, 3.0));
        let target = pose * turn;
        let task = PoseTask::new(target).any_turn_about_z();
        let found = ask(&chain, &task, &random.posture(&chain)).unwrap();
        let reached = chain.forward(&found.positions);
        let tilt = (reached.rotation * Vector3::z()).angle(&(target.rotation * Vector3::z()));
        assert!(
            between(&reached, &target).0 < 2e-5 && tilt < 1e-4,
            "{tilt} rad"
        );
    }
}

#[test]
fn what_cannot_be_had_of_a_rotation_is_said_and_the_point_is_kept() {
    let chain = random_chain(&mut Random::new(4), 4);
    let pose = chain.forward(&[0.3, -0.2, 0.1, 0.4]);
    let target = pose * UnitQuaternion::from_euler_angles(0.7, -0.4, 0.2);
    let reason = why(ask(&chain, &PoseTask::new(target), &[0.0; 4]));
    let NoPosture::Orientation { missed_rad } = reason else {
        panic!("{reason:?}");
    };
    let wish = PoseTask::new(target).rotation_as_far_as_possible();
    let found = ask(&chain, &wish, &[0.0; 4]).unwrap();
    assert!(between(&chain.forward(&found.positions), &target).0 < 2e-5);
    assert!(
        found.missed_rad > 0.01 && found.missed_rad < 0.9,
        "{}",
        found.missed_rad
    );
    assert!((found.missed_rad - missed_rad).abs() < 0.3, "{missed_rad}");
}

#[test]
fn target_beyond_the_reach_says_where_and_by_how_much() {
    let chain = chain();
    let mut target = chain.forward(&[0.0, 1.57, 0.0, 0.0, 0.0, 0.0]);
    target.translation.x = 2.0;
    let error = inverse_kinematics(&chain, &target, &[0.0; 6]).unwrap_err();
    let Error::Unreachable {
        robot, x_m, why, ..
    } = error
    else {
        panic!("2 m are out of reach of an arm of 0.875 m");
    };
    assert_eq!((robot.as_str(), x_m), ("arm_1", 2.0));
    let NoPosture::Distance { missed_m } = why else {
        panic!("{why:?}");
    };
    assert!((missed_m - 1.125).abs() < 0.005, "{missed_m}");
}

#[test]
fn limit_that_is_in_the_way_is_named_with_its_bound() {
    // A chain of two joints in a plane: the elbow would have to bend the other way round.
    let joint = |name: &str, parent: &str, child: &str, x: f64, upper: f64| {
        format!(
            r#"<joint name="{name}" type="revolute"><parent link="{parent}"/><child link="{child}"/>
            <origin xyz="{x} 0 0"/><axis xyz="0 0 1"/>
            <limit lower="-0.5" upper="{upper}" velocity="1" effort="1"/></joint>"#
        )
    };
    let link = |name: &str| {
        format!(
            r#"<link name="{name}"><inertial><mass value="1"/>
            <inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>"#
        )
    };
    let urdf = format!(
        r#"<robot name="planar"><link name="base"/>{}{}{}{}<link name="tool0"/>
        <joint name="tip" type="fixed"><parent link="b"/><child link="tool0"/><origin xyz="0.4 0 0"/></joint></robot>"#,
        link("a"),
        link("b"),
        joint("shoulder", "base", "a", 0.0, 0.5),
        joint("elbow", "a", "b", 0.4, 0.6),
    );
    let model = read_urdf(RobotName::try_new("planar").unwrap(), &urdf).unwrap();
    let chain = Chain::between(&model, "base", "tool0").unwrap();
    let target = chain.forward(&[0.2, 1.4]);
    let reason = why(ask(&chain, &PoseTask::new(target), &[0.0; 2]));
    let NoPosture::Limit {
        joint,
        position,
        limit,
        is_upper,
    } = &reason
    else {
        panic!("{reason:?}");
    };
    assert_eq!((joint.as_str(), *limit, *is_upper), ("elbow", 0.6, true));
    assert!((position - 1.4).abs() < 1e-3, "{position}");
    assert!(
        reason
            .to_string()
            .contains("elbow would have to be at 1.400, and its upper limit is 0.600")
    );
}

#[test]
fn postures_that_are_not_accepted_are_counted() {
    let chain = chain();
    let target = chain.forward(&[0.8, 0.4, 1.2, 1.0, 0.3, -0.5]);
    let options = IkOptions {
        attempts: 20,
        ..IkOptions::default()
    };
    let task = PoseTask::new(target);
    let reason = why(solve(&chain, &task, &[0.0; 6], options, |_| false));
    assert!(
        matches!(reason, NoPosture::Rejected { count } if count > 3),
        "{reason:?}"
    );
    let elbow_up = solve(&chain, &task, &[0.0; 6], options, |q| q[2] > 0.0).unwrap();
    let elbow_down = solve(&chain, &task, &[0.0; 6], options, |q| q[2] < 0.0).unwrap();
    assert!(elbow_up.positions[2] > 0.0 && elbow_down.positions[2] < 0.0);
    assert_done(&chain, &elbow_down.positions, &target);
}

#[test]
fn target_that_is_no_number_is_told_by_its_field() {
    let chain = chain();
    let mut target = chain.forward(&[0.0; 6]);
    target.translation.y = f64::NAN;
    let error = inverse_kinematics(&chain, &target, &[0.0; 6]).unwrap_err();
    assert_eq!(error.to_string(), "target.y is NaN: it must be finite");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_posture_of_the_arm_is_found_again(positions in prop::collection::vec(-2.0..2.0f64, 6..=6)) {
        let chain = chain();
        let target = chain.forward(&positions);
        let within = positions.iter().zip(chain.limits()).all(|(q, l)| (l.lower..=l.upper).contains(q));
        prop_assume!(within);
        let solved = inverse_kinematics(&chain, &target, &[0.0, 0.0, 1.6, 1.54, 0.0, 0.0]);
        prop_assert!(solved.is_ok(), "{:?}", solved);
        assert_done(&chain, &solved.unwrap(), &target);
    }
}
