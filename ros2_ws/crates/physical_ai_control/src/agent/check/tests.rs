use nalgebra::Isometry3;
use serde_json::{Value, json};

use super::super::Agent;
use super::*;
use crate::fixtures::{arm, at_rest, rover};
use crate::skills::SeenObject;
use crate::{DriveLimits, SafetyLimits};
use physical_ai_domain::World;

const WORLD: &str = "
robots:
  - {name: arm_1, model: arm, pose: {x: 0.0, y: 0.0, z: 0.4}}
  - {name: rover_1, model: rover, pose: {x: 2.0, y: -0.8}}
  - {name: rover_2, model: rover, pose: {x: 2.0, y: 1.2}}
fixtures:
  - {name: wall, size_m: [0.1, 8.0, 0.5], pose: {x: 5.0, y: 0.0, z: 0.25}}
places:
  - {name: bin_a, kind: surface, pose: {x: 0.35, y: 0.32, z: 0.4}}
  - {name: bin_far, kind: surface, pose: {x: 3.0, y: 0.3, z: 0.4}}
  - {name: dock_a, kind: floor, pose: {x: 2.8, y: -0.8}}
  - {name: dock_b, kind: floor, pose: {x: 3.8, y: 1.2}}
";

fn agent() -> Agent {
    let world = World::from_yaml("w", WORLD).unwrap();
    let mut second = rover();
    second.name = RobotName::try_new("rover_2").unwrap();
    let models = vec![arm(), rover(), second];
    let safety = SafetyLimits {
        geofence_max_m: [20.0, 20.0],
        ..Default::default()
    };
    let mut agent = Agent::try_new(
        world.clone(),
        models.clone(),
        DriveLimits::default(),
        safety,
    )
    .unwrap();
    let seen = |x, y| SeenObject {
        pose: Isometry3::translation(x, y, 0.42),
        size_m: [0.04; 3],
    };
    let objects = [("red_box", seen(0.42, 0.12)), ("far_box", seen(2.0, 0.0))];
    let objects = objects.map(|(name, seen)| (name.to_owned(), seen));
    let now = Time::from_seconds(1.0);
    agent.see_objects(now, &objects.into());
    for model in models {
        let rest = [0.0, 0.0, 1.6, 1.54, 0.0, 0.0, 0.0, 0.0];
        let mut state = at_rest(&model, &rest[..model.movable().len()], now);
        state.base.pose = world.robot(model.name.as_str()).unwrap().pose.isometry();
        agent.tick(state, now, 1.0).unwrap();
    }
    agent
}

fn check(tasks: Value, expected: &[&str]) {
    let plan = json!({ "tasks": tasks }).to_string();
    let found = agent().check_json(&plan, Time::from_seconds(1.0)).unwrap();
    assert_eq!(found.len(), expected.len(), "{plan}: {found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            found.contains(expected),
            "{found:?} instead of {expected:?}"
        );
    }
}

fn task(id: &str, robot: &str, skill: &str, params: Value, after: &[&str]) -> Value {
    json!({"id": id, "robot": robot, "skill": skill, "params": params, "after": after})
}

#[test]
fn plan_that_can_be_carried_out_has_no_violations() {
    check(
        json!([
            // Out of order: what counts is what comes after what.
            task(
                "put",
                "arm_1",
                "place",
                json!({"place": "bin_a"}),
                &["turn"]
            ),
            task("get", "arm_1", "pick", json!({"object": "red_box"}), &[]),
            task(
                "turn",
                "arm_1",
                "move_to",
                json!({"x": 0.4, "y": 0.0, "z": 0.7}),
                &["get"]
            ),
            task(
                "again",
                "arm_1",
                "pick_and_place",
                json!({"object": "red_box", "place": "bin_a"}),
                &["put"]
            ),
            task(
                "a",
                "rover_1",
                "navigate_to",
                json!({"place": "dock_a"}),
                &[]
            ),
            task(
                "b",
                "rover_2",
                "navigate_to",
                json!({"x": 3.8, "y": 1.2}),
                &[]
            ),
            task("c", "rover_1", "home", json!({}), &["a"]),
            task("d", "rover_9", "home", json!({}), &[]),
        ]),
        &[],
    );
}

#[test]
fn arm_that_could_not_is_told_before_it_moves() {
    let one = |skill, params, expected| {
        check(json!([task("t", "arm_1", skill, params, &[])]), &[expected])
    };
    one(
        "pick",
        json!({"object": "far_box"}),
        "task t: arm_1 pick: target (2.000",
    );
    one(
        "pick",
        json!({"object": "gold_box"}),
        "params.object: \"gold_box\" is not in sight",
    );
    one(
        "place",
        json!({"place": "bin_a"}),
        "arm_1 holds nothing that it could put down at bin_a",
    );
    one(
        "pick_and_place",
        json!({"object": "red_box", "place": "bin_far"}),
        "out of reach of arm_1",
    );
    one(
        "pick_and_place",
        json!({"object": "red_box", "place": "dock_a"}),
        "\"dock_a\" is not one of bin_a, bin_far",
    );
    one(
        "move_joints",
        json!({"positions": [4, 0, 0, 0, 0, 0]}),
        "joint_1: 4.0000 is outside",
    );
    one(
        "move_joints",
        json!({"positions": [0, -1.5, -2.5, -1.5, 0, 0]}),
        "would run into each other",
    );
    // What comes after it is another matter, but for what it should have picked up.
    check(
        json!([
            task("get", "arm_1", "pick", json!({"object": "far_box"}), &[]),
            task("put", "arm_1", "place", json!({"place": "bin_a"}), &["get"]),
            task(
                "bend",
                "arm_1",
                "move_joints",
                json!({"positions": [0, 9, 0, 0, 0, 0]}),
                &["put"]
            ),
        ]),
        &[
            "task get: ",
            "task bend: arm_1 move_joints: joint_2: 9.0000",
        ],
    );
    check(
        json!([
            task("get", "arm_1", "pick", json!({"object": "red_box"}), &[]),
            task(
                "let",
                "arm_1",
                "set_gripper",
                json!({"opening_m": 0.08}),
                &["get"]
            ),
            task("put", "arm_1", "place", json!({"place": "bin_a"}), &["let"]),
        ]),
        &["task put: arm_1 place: params.place: arm_1 holds nothing"],
    );
}

#[test]
fn goal_that_a_rover_cannot_come_to_is_told_before_it_drives() {
    let one = |params, expected| {
        check(
            json!([task("t", "rover_1", "navigate_to", params, &[])]),
            &[expected],
        )
    };
    one(
        json!({"x": 5.0, "y": 0.0}),
        "it is 0.00 m from wall, and 0.24 m are needed",
    );
    one(json!({"x": 4.75, "y": 0.0}), "it is 0.20 m from wall");
    one(
        json!({"x": 6.0, "y": 0.0}),
        "wall stands in the straight way from (2.00, -0.80) m",
    );
    one(
        json!({"x": 25.0, "y": 0.0}),
        "params.x: (25.00, 0.00) is out of the geofence: x is 25, from -1000 to 20",
    );
    one(json!({"x": 0.0, "y": -1e300}), "params.y: ");
    one(
        json!({"place": "bin_a"}),
        "\"bin_a\" is not one of dock_a, dock_b",
    );
    one(
        json!({"place": "dock_a", "x": 1}),
        "params.x: is given beside place",
    );
    check(
        json!([task(
            "t",
            "rover_1",
            "patrol",
            json!({"places": ["dock_a", "bin_a"]}),
            &[]
        )]),
        &["params.places: \"bin_a\""],
    );
}

#[test]
fn two_rovers_in_one_place_are_told_before_they_drive() {
    let go = |id, robot, params, after: &[&str]| task(id, robot, "navigate_to", params, after);
    let dock = || json!({"place": "dock_a"});
    check(
        json!([
            go("a", "rover_1", dock(), &[]),
            go("b", "rover_2", dock(), &["a"])
        ]),
        &[
            "tasks a and b: rover_1 ends at dock_a and rover_2 at dock_a, 0.00 m apart: 0.70 m are needed",
        ],
    );
    check(
        json!([go("b", "rover_1", json!({"x": 2.0, "y": 0.8}), &[])]),
        &["task b: rover_1 navigate_to: (2.00, 0.80) is occupied by rover_2"],
    );
    check(
        json!([
            go("a", "rover_1", dock(), &[]),
            task("away", "rover_1", "home", json!({}), &["a"]),
            go("b", "rover_2", dock(), &["away"]),
        ]),
        &[],
    );
}

#[test]
fn text_that_is_no_plan_is_refused() {
    let error = agent()
        .check_json("{\"tasks\": 3}", Time::ZERO)
        .unwrap_err();
    assert!(error.contains("plan cannot be read: "), "{error}");
}
