//! Skills executed against real physics, without ROS, faster than real time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test whose fixture is not there has failed"
)]

mod bench;
mod endings;
mod faults;
mod grasps;
mod lidar_mounts;
mod offers;
mod public_robots;

use physical_ai_domain::{ErrorCode, RobotName, TaskReport, TaskState};
use serde_json::{Value, json};

use bench::Bench;

fn succeeded(report: &TaskReport) -> Value {
    assert_eq!(report.state, TaskState::Succeeded, "{report:?}");
    serde_json::from_str(&report.result).unwrap()
}

#[test]
fn arm_puts_the_red_box_in_bin_b_while_the_rover_patrols() {
    let mut bench = Bench::new("demo");
    bench.tick();
    bench
        .assign(
            "arm_1",
            "pick_and_place",
            json!({"object": "red_box", "place": "bin_b"}),
        )
        .unwrap();
    bench
        .assign("rover_1", "patrol", json!({"places": ["dock_a", "dock_b"]}))
        .unwrap();
    for report in bench.run(2, 40.0) {
        let result = succeeded(&report);
        assert!(
            result["tracking_error_max"].as_f64().unwrap() < 0.2,
            "{result}"
        );
    }
    let (at, bin) = (
        bench.object("red_box"),
        bench.world.place("bin_b").unwrap().pose,
    );
    assert!(bench.distance("red_box", "bin_b") < 0.03, "box is at {at}");
    assert!(at.z < bin.z + 0.03, "box is at {at}");
    bench.assign("rover_1", "home", json!({})).unwrap();
    succeeded(&bench.run(1, 30.0)[0]);
    let rover = RobotName::try_new("rover_1").unwrap();
    let really = bench.sim.true_base_pose(&rover).unwrap().translation.vector;
    let home = bench.world.robot("rover_1").unwrap().pose;
    assert!(
        (really.x - home.x).hypot(really.y - home.y) < 0.15,
        "rover is at {really}"
    );
}

#[test]
fn agent_that_stands_still_for_a_moment_loses_nothing_of_what_its_arm_holds() {
    // In the lift, in the swing to the bin and on the way down.
    for before_s in [2.6, 3.2, 3.8, 4.4, 4.88, 5.06] {
        let mut bench = Bench::new("demo");
        bench.tick();
        let params = json!({"object": "red_box", "place": "bin_b"});
        bench.assign("arm_1", "pick_and_place", params).unwrap();
        while bench.sim.time().seconds() < before_s {
            assert!(bench.tick().is_empty());
        }
        bench.stall(60);
        succeeded(&bench.run(1, 20.0)[0]);
        let off_m = bench.distance("red_box", "bin_b");
        assert!(off_m < 0.03, "held at {before_s} s: {off_m} m off");
    }
}

#[test]
fn commands_of_a_busy_network_lose_nothing_of_what_the_arm_holds() {
    for (most_late_ms, object, bin) in [(12, "red_box", "bin_b"), (24, "blue_box", "bin_a")] {
        let mut bench = Bench::new("demo");
        bench.most_late_ms = most_late_ms;
        bench.tick();
        let params = json!({"object": object, "place": bin});
        bench.assign("arm_1", "pick_and_place", params).unwrap();
        succeeded(&bench.run(1, 20.0)[0]);
        let off_m = bench.distance(object, bin);
        assert!(off_m < 0.03, "{most_late_ms} ms: {off_m} m off");
    }
}

#[test]
fn picking_what_is_not_there_fails_before_or_in_the_grasp() {
    let mut bench = Bench::new("demo");
    bench.tick();
    let (code, reason) = bench
        .assign("arm_1", "pick", json!({"object": "gold_box"}))
        .unwrap_err();
    assert_eq!(code, ErrorCode::InvalidParams);
    assert!(reason.contains("gold_box"), "{reason}");
    let (code, reason) = bench
        .assign("arm_1", "move_to", json!({"x": 3.0, "y": 0.0, "z": 0.5}))
        .unwrap_err();
    assert_eq!(code, ErrorCode::Unreachable, "{reason}");
    let (code, _) = bench.assign("rover_1", "fly", json!({})).unwrap_err();
    assert_eq!(code, ErrorCode::UnknownSkill);
}

#[test]
fn cancel_brings_both_robots_to_rest() {
    let mut bench = Bench::new("demo");
    bench.tick();
    let arm = bench.assign("arm_1", "home", json!({})).unwrap();
    let rover = bench
        .assign("rover_1", "navigate_to", json!({"place": "dock_b"}))
        .unwrap();
    for _ in 0..200 {
        assert!(bench.tick().is_empty());
    }
    let busy = bench.assign("arm_1", "home", json!({})).unwrap_err();
    assert_eq!(busy.0, ErrorCode::Busy);
    bench.agent.cancel(arm);
    bench.agent.cancel(rover);
    for report in bench.run(2, 1.0) {
        assert_eq!(report.state, TaskState::Canceled);
    }
    let names: Vec<RobotName> = bench.models.keys().cloned().collect();
    for _ in 0..40 {
        bench.tick();
    }
    for name in names {
        let speed = bench
            .sim
            .joint_sample(&name)
            .unwrap()
            .velocity
            .iter()
            .fold(0.0, |a: f64, v| a.max(v.abs()));
        assert!(speed < 0.05, "{name} still moves at {speed}");
    }
}
