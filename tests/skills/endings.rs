//! How skills end: by what is measured, or with joint or object, error and likely cause.

use nalgebra::Isometry3;
use physical_ai_domain::{ErrorCode, RobotName, TaskReport, TaskState};
use physical_ai_sim::Fault;
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::succeeded;

fn robot(name: &str) -> RobotName {
    RobotName::try_new(name).unwrap()
}

fn jam(name: &str, joint: &str) -> Fault {
    Fault::Jam {
        robot: robot(name),
        joint: Some(joint.to_owned()),
    }
}

/// A bench on which faults are expected, and its robots have been seen.
fn bench(world: &str) -> Bench {
    let mut bench = Bench::new(world);
    bench.lenient = true;
    bench.tick();
    bench
}

fn assert_failed(report: &TaskReport, code: ErrorCode, reasons: &[&str]) {
    assert_eq!(
        (report.state, report.error),
        (TaskState::Failed, code),
        "{report:?}"
    );
    for reason in reasons {
        assert!(
            report.error_msg.contains(reason),
            "{:?} instead of {reason:?}",
            report.error_msg
        );
    }
}

/// Ticks until simulated time has moved on by so many seconds; nothing may end meanwhile.
fn pass(bench: &mut Bench, seconds: f64) {
    let until = bench.sim.time().plus_seconds(seconds);
    while bench.sim.time() < until {
        assert_eq!(bench.tick(), []);
    }
}

#[test]
fn arm_does_not_fold_into_itself() {
    let mut bench = bench("demo");
    let folded = json!({"positions": [0, -1.5, -2.5, -1.5, 0, 0]});
    let (code, reason) = bench.assign("arm_1", "move_joints", folded).unwrap_err();
    assert_eq!(code, ErrorCode::Unreachable);
    assert!(reason.contains("would run into each other"), "{reason}");
}

#[test]
fn motion_into_the_table_fails_with_the_joint_and_its_error() {
    let mut bench = bench("demo");
    // The wrist stays above the base's height, but the hand would lie in the table.
    let params = json!({"positions": [0.9, 1.5, 0.75, -0.6, 0.0, 1.57]});
    bench.assign("arm_1", "move_joints", params).unwrap();
    let report = bench.run(1, 20.0).remove(0);
    assert_failed(
        &report,
        ErrorCode::Blocked,
        &["joint_", "rad from its target", "allowed 0.02 rad"],
    );
}

#[test]
fn jammed_joint_is_named_with_its_error() {
    let mut bench = bench("demo");
    let params = json!({"positions": [0.6, 0.3, 0.5, 0.0, 0.0, 0.0]});
    bench.assign("arm_1", "move_joints", params).unwrap();
    pass(&mut bench, 0.1);
    bench.sim.inject(&jam("arm_1", "joint_3")).unwrap();
    let report = bench.run(1, 10.0).remove(0);
    // Said by the skill at the end of the motion, or by who watches the set points before that.
    let reasons = ["joint_3 ", " rad", "jammed"];
    assert_failed(&report, ErrorCode::Blocked, &reasons);
}

#[test]
fn tool_is_measured_where_it_was_sent() {
    let mut bench = bench("demo");
    let target = json!({"x": 0.4, "y": 0.1, "z": 0.7});
    bench.assign("arm_1", "move_to", target.clone()).unwrap();
    let result = succeeded(&bench.run(1, 10.0)[0]);
    assert!(result["final_error_m"].as_f64().unwrap() < 0.01, "{result}");
    assert_eq!(result["tolerance_m"], 0.01);
    assert!(
        result["final_error_rad"].as_f64().unwrap() < 0.02,
        "{result}"
    );
    assert_eq!(result["tolerance_rad"], 0.02);
    bench.assign("arm_1", "home", json!({})).unwrap();
    bench.sim.inject(&Fault::PowerOff(robot("arm_1"))).unwrap();
    let report = bench.run(1, 10.0).remove(0);
    assert_failed(&report, ErrorCode::Blocked, &["joint_", " rad", "power"]);
}

#[test]
fn gripper_reaches_its_opening_or_holds_something() {
    let mut bench = bench("demo");
    bench
        .assign("arm_1", "set_gripper", json!({"opening_m": 0.06}))
        .unwrap();
    let result = succeeded(&bench.run(1, 5.0)[0]);
    assert!(
        (result["opening_m"].as_f64().unwrap() - 0.06).abs() < 0.006,
        "{result}"
    );
    bench
        .sim
        .inject(&jam("arm_1", "finger_left_joint"))
        .unwrap();
    bench
        .assign("arm_1", "set_gripper", json!({"opening_m": 0.0}))
        .unwrap();
    let report = bench.run(1, 5.0).remove(0);
    assert_failed(
        &report,
        ErrorCode::Blocked,
        &["finger_left_joint is at 0.03", "jammed"],
    );
    bench
        .sim
        .inject(&jam("arm_1", "finger_right_joint"))
        .unwrap();
    bench
        .assign("arm_1", "set_gripper", json!({"opening_m": 0.09}))
        .unwrap();
    let report = bench.run(1, 5.0).remove(0);
    assert_failed(&report, ErrorCode::Blocked, &["finger_"]);
}

fn pick(bench: &mut Bench) {
    bench
        .assign("arm_1", "pick", json!({"object": "red_box"}))
        .unwrap();
    succeeded(&bench.run(1, 10.0)[0]);
}

#[test]
fn closed_gripper_says_what_it_holds() {
    let mut bench = bench("demo");
    pick(&mut bench);
    bench
        .assign("arm_1", "set_gripper", json!({"opening_m": 0.0}))
        .unwrap();
    let result = succeeded(&bench.run(1, 5.0)[0]);
    assert_eq!(result["holds"], "red_box", "{result}");
}

fn refused_place(bench: &mut Bench) {
    let placed = bench.assign("arm_1", "place", json!({"place": "bin_b"}));
    let (code, reason) = placed.unwrap_err();
    assert_eq!(code, ErrorCode::GraspFailed);
    assert!(
        reason.contains("arm_1 holds nothing that it could put down at bin_b"),
        "{reason}"
    );
}

#[test]
fn what_is_not_held_is_not_placed() {
    let mut bench = bench("demo");
    refused_place(&mut bench);
    bench
        .assign("arm_1", "set_gripper", json!({"opening_m": 0.04}))
        .unwrap();
    succeeded(&bench.run(1, 5.0)[0]);
    refused_place(&mut bench);
    pick(&mut bench);
    bench
        .assign("arm_1", "set_gripper", json!({"opening_m": 0.08}))
        .unwrap();
    succeeded(&bench.run(1, 5.0)[0]);
    refused_place(&mut bench);
}

#[test]
fn box_that_is_placed_lies_there_and_the_result_says_how_well() {
    let mut bench = bench("demo");
    pick(&mut bench);
    bench
        .assign("arm_1", "place", json!({"place": "bin_b"}))
        .unwrap();
    let result = succeeded(&bench.run(1, 15.0)[0]);
    assert!(bench.distance("red_box", "bin_b") < 0.02);
    assert!(
        result["object_error_m"].as_f64().unwrap() < 0.02,
        "{result}"
    );
    assert_eq!(result["object_tolerance_m"], 0.02);
    // A second one comes to stand on it, and is measured there.
    let params = json!({"object": "blue_box", "place": "bin_b"});
    bench.assign("arm_1", "pick_and_place", params).unwrap();
    succeeded(&bench.run(1, 20.0)[0]);
    assert!(bench.distance("blue_box", "bin_b") < 0.02);
    let rise_m = bench.object("blue_box").z - bench.object("red_box").z;
    assert!((rise_m - 0.04).abs() < 0.01, "{rise_m}");
}

#[test]
fn box_that_is_taken_away_is_missed_with_where_it_is() {
    // Out of the hand on the way, and from the bin after the release.
    for (after_s, reasons) in [
        (4.4, ["red_box is ", "m from the tool: it was lost"]),
        (
            5.9,
            ["red_box is at (0.2", "beside bin_b (allowed 0.020 m)"],
        ),
    ] {
        let mut bench = bench("demo");
        let params = json!({"object": "red_box", "place": "bin_b"});
        bench.assign("arm_1", "pick_and_place", params).unwrap();
        pass(&mut bench, after_s);
        let fault = Fault::PlaceObject {
            object: "red_box".into(),
            pose: Isometry3::translation(0.2, 0.3, 0.425),
        };
        bench.sim.inject(&fault).unwrap();
        let report = bench.run(1, 15.0).remove(0);
        assert_failed(&report, ErrorCode::GraspFailed, &reasons);
    }
}

#[test]
fn failure_after_a_stop_in_mid_carry_names_the_stop() {
    let mut bench = bench("demo");
    let params = json!({"object": "red_box", "place": "bin_b"});
    bench.assign("arm_1", "pick_and_place", params).unwrap();
    pass(&mut bench, 3.6);
    bench.stall(600);
    let fault = Fault::PlaceObject {
        object: "red_box".into(),
        pose: Isometry3::translation(0.2, 0.3, 0.425),
    };
    bench.sim.inject(&fault).unwrap();
    let report = bench.run(1, 15.0).remove(0);
    assert!(
        report
            .error_msg
            .starts_with("after it was stopped for 3.0 s ("),
        "{report:?}"
    );
    assert_failed(&report, ErrorCode::GraspFailed, &["red_box is "]);
}

#[test]
fn wheel_that_does_not_turn_is_named_within_seconds() {
    let check = |fault: Option<Fault>, patience_s: f64, reasons: &[&str]| {
        let mut bench = bench("demo");
        bench
            .assign("rover_1", "navigate_to", json!({"place": "dock_a"}))
            .unwrap();
        pass(&mut bench, 0.8);
        match &fault {
            Some(fault) => bench.sim.inject(fault).unwrap(),
            None => drop(bench.cut.insert(robot("rover_1"))),
        }
        let report = bench.run(1, patience_s).remove(0);
        assert_failed(&report, ErrorCode::Blocked, reasons);
    };
    let left = jam("rover_1", "left_wheel_joint");
    check(Some(left), 3.0, &["left_wheel_joint ", " rad/s", "jammed"]);
    let off = Fault::PowerOff(robot("rover_1"));
    check(Some(off), 12.0, &["_wheel_joint ", " rad/s", "power"]);
    check(None, 3.0, &["_wheel_joint ", " rad/s", "power"]);
}

fn true_distance(bench: &Bench) -> f64 {
    let at = |name| {
        bench
            .sim
            .true_base_pose(&robot(name))
            .unwrap()
            .translation
            .vector
    };
    (at("rover_1") - at("rover_2")).norm()
}

fn go(bench: &mut Bench, rover: &str, params: Value) {
    bench.assign(rover, "navigate_to", params).unwrap();
}

/// Two rovers and nothing else that moves; the safety filter must stop nobody.
fn rovers() -> Bench {
    let mut bench = Bench::new("two_by_two");
    bench.active = [robot("rover_1"), robot("rover_2")].into();
    bench.tick();
    bench
}

#[test]
fn second_rover_at_a_place_waits_and_says_who_is_there() {
    let mut bench = rovers();
    go(&mut bench, "rover_1", json!({"place": "dock_a"}));
    succeeded(&bench.run(1, 20.0)[0]);
    go(&mut bench, "rover_2", json!({"place": "dock_a"}));
    let report = bench.run(1, 60.0).remove(0);
    let reasons = [
        "dock_a is occupied by rover_1: it stands 0.0",
        "0.70 m are needed",
        "waited 10 s",
    ];
    assert_failed(&report, ErrorCode::Blocked, &reasons);
    let apart_m = true_distance(&bench);
    assert!((0.6..0.8).contains(&apart_m), "{apart_m}");
}

#[test]
fn second_rover_goes_on_when_the_place_is_free() {
    let mut bench = rovers();
    go(&mut bench, "rover_1", json!({"place": "dock_a"}));
    succeeded(&bench.run(1, 20.0)[0]);
    go(&mut bench, "rover_2", json!({"place": "dock_a"}));
    pass(&mut bench, 15.0);
    go(&mut bench, "rover_1", json!({"x": 1.2, "y": -1.6}));
    for report in bench.run(2, 60.0) {
        succeeded(&report);
    }
}
