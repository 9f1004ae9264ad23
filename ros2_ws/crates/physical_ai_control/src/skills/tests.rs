use std::collections::BTreeSet;
use std::sync::Arc;

use physical_ai_domain::{Capability, RobotModel};
use serde_json::{Value, json};

use super::*;
use crate::fixtures::{arm, rover, world};
use crate::{DriveLimits, Error, SafetyLimits};

/// Resting posture of the arm, all joints.
const REST: [f64; 8] = [0.0, 0.0, 1.6, 1.54, 0.0, 0.0, 0.02, 0.02];

fn site() -> Site {
    Site::new(world())
}

fn sets(model: &RobotModel, site: &Site) -> Vec<Box<dyn SkillSet>> {
    let joints = Arc::new(JointBody::new(model));
    let limits = (DriveLimits::default(), SafetyLimits::default());
    skill_sets(model, &joints, site, limits).unwrap()
}

/// Plans a skill of a robot; `None`: it has no such skill.
fn plan(
    model: &RobotModel,
    skill: &str,
    params: &Value,
    perception: &Perception,
    measured: &[f64],
) -> Option<Result<(), Error>> {
    let site = site();
    let situation = Situation {
        site: &site,
        perception,
        set_points: &REST[..measured.len()],
        measured,
        root: world().robot(model.name.as_str()).unwrap().pose.isometry(),
    };
    let sets = sets(model, &site);
    let planned = sets.iter().map(|s| s.start(skill, params, &situation));
    let mut planned = planned.filter_map(Result::transpose);
    let first = planned.next()?;
    assert!(planned.next().is_none(), "two skills are called {skill}");
    Some(first.map(|_| ()))
}

fn plan_arm(skill: &str, params: &Value) -> Result<(), Error> {
    let base = world().robot("arm_1").unwrap().pose.isometry();
    let mut perception = Perception::default();
    let seen = |x, y, z| SeenObject {
        pose: Isometry3::translation(x, y, z),
        size_m: [0.04; 3],
    };
    perception
        .objects
        .insert("red_box".into(), seen(0.42, 0.12, 0.42));
    perception
        .objects
        .insert("far_box".into(), seen(3.0, 0.0, 0.42));
    let crate_box = SeenObject {
        size_m: [0.2; 3],
        ..seen(0.42, 0.12, 0.5)
    };
    perception.objects.insert("crate".into(), crate_box);
    // What is to be placed is in the hand.
    let mut holding = REST;
    if skill == "place" {
        let chain = crate::Chain::between(&arm(), "base_link", "tool0").unwrap();
        let seen = SeenObject {
            pose: base * chain.forward(&REST),
            size_m: [0.04; 3],
        };
        perception.objects.insert("blue_box".into(), seen);
        holding[6..].fill(0.02);
    }
    plan(&arm(), skill, params, &perception, &holding).unwrap()
}

fn plan_rover(skill: &str, params: &Value) -> Result<(), Error> {
    plan(&rover(), skill, params, &Perception::default(), &[0.0; 2]).unwrap()
}

fn offers(model: &RobotModel, site: &Site, objects: &BTreeSet<String>) -> Vec<Capability> {
    let sets = sets(model, site);
    sets.iter().flat_map(|s| s.offers(site, objects)).collect()
}

type Plan = fn(&str, &Value) -> Result<(), Error>;

fn assert_refuses(plan: Plan, skill: &str, params: Value, expected: &str) {
    match plan(skill, &params) {
        Ok(()) => panic!("{skill} takes {params}, instead of: {expected}"),
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains(expected), "{text:?} instead of {expected:?}");
        }
    }
}

#[test]
fn good_parameters_are_planned() {
    for (skill, params) in [
        ("home", json!({})),
        ("home", Value::Null),
        ("wait", json!({"duration_s": 0})),
        ("wait", json!({"duration_s": 3600.0})),
        (
            "move_joints",
            json!({"positions": [0.1, 0, 1.6, 1.5, 0, 0]}),
        ),
        ("move_to", json!({"x": 0.4, "y": 0.1, "z": 0.6})),
        (
            "move_to",
            json!({"x": 0.4, "y": 0, "z": 0.6, "roll": 3.0, "yaw": 0.3}),
        ),
        ("set_gripper", json!({"opening_m": 0.0})),
        ("set_gripper", json!({"opening_m": 0.09})),
        ("pick", json!({"object": "red_box"})),
        ("place", json!({"place": "bin_b"})),
        (
            "pick_and_place",
            json!({"object": "red_box", "place": "bin_a"}),
        ),
    ] {
        let planned = plan_arm(skill, &params);
        assert_eq!(planned, Ok(()), "{skill} {params}");
    }
    for (skill, params) in [
        ("home", json!({})),
        ("wait", json!({"duration_s": 1.5})),
        ("navigate_to", json!({"place": "dock_a"})),
        ("navigate_to", json!({"x": 1, "y": -1.5})),
        ("navigate_to", json!({"x": 1, "y": -1.5, "yaw": 0.5})),
        ("patrol", json!({"places": ["dock_a", "dock_b"]})),
        ("patrol", json!({"places": ["dock_a"], "rounds": 1000})),
        ("patrol", json!({"places": ["dock_a"], "rounds": 2.0})),
    ] {
        let planned = plan_rover(skill, &params);
        assert_eq!(planned, Ok(()), "{skill} {params}");
    }
}

#[test]
fn missing_parameters_are_named() {
    let check = |skill, params, expected| assert_refuses(plan_arm, skill, params, expected);
    check("wait", json!({}), "params.duration_s: is missing");
    check("wait", Value::Null, "params.duration_s: is missing");
    check("move_joints", json!({}), "params.positions: is missing");
    check(
        "move_to",
        json!({"x": 0.4, "y": 0.1}),
        "params.z: is missing",
    );
    check("set_gripper", json!({}), "params.opening_m: is missing");
    check("pick", json!({}), "params.object: is missing");
    check("place", json!({}), "params.place: is missing");
    check(
        "pick_and_place",
        json!({"place": "bin_a"}),
        "params.object: is missing",
    );
    check(
        "pick_and_place",
        json!({"object": "red_box"}),
        "params.place: is missing",
    );
    let check = |skill, params, expected| assert_refuses(plan_rover, skill, params, expected);
    check("wait", json!({}), "params.duration_s: is missing");
    check("navigate_to", json!({}), "params.x: is missing");
    check("navigate_to", json!({"x": 1.0}), "params.y: is missing");
    check("patrol", json!({}), "params.places: is missing");
}

#[test]
fn unknown_parameters_are_named_with_what_there_is() {
    for (skill, field) in [
        ("home", "speed"),
        ("wait", "duration"),
        ("move_to", "X"),
        ("move_joints", "position"),
        ("set_gripper", "opening"),
        ("pick", "place"),
        ("place", "object"),
        ("pick_and_place", "to"),
    ] {
        assert_refuses(
            plan_arm,
            skill,
            json!({field: 7}),
            &format!("params.{field}: 7 is not used: {skill}"),
        );
    }
    for (skill, field) in [
        ("home", "place"),
        ("wait", "s"),
        ("navigate_to", "z"),
        ("patrol", "place"),
    ] {
        assert_refuses(
            plan_rover,
            skill,
            json!({field: 7}),
            &format!("params.{field}: 7 is not used: {skill}"),
        );
    }
}

#[test]
fn parameters_of_a_wrong_type_are_named_with_their_value() {
    let check = |skill, params, expected| assert_refuses(plan_arm, skill, params, expected);
    check(
        "wait",
        json!({"duration_s": "1"}),
        "params.duration_s: \"1\" is not a finite number",
    );
    check(
        "move_joints",
        json!({"positions": 1}),
        "params.positions: 1 is not a list",
    );
    check(
        "move_joints",
        json!({"positions": [0, 0, 0, 0, 0, "a"]}),
        "\"a\"] is not a list of finite numbers",
    );
    check(
        "move_to",
        json!({"x": [], "y": 0, "z": 0}),
        "params.x: [] is not",
    );
    check(
        "move_to",
        json!({"x": 0.4, "y": 0, "z": 0.6, "yaw": true}),
        "params.yaw: true is not",
    );
    check(
        "set_gripper",
        json!({"opening_m": {}}),
        "params.opening_m: {} is not",
    );
    check(
        "pick",
        json!({"object": 3}),
        "params.object: 3 is not a text",
    );
    check(
        "place",
        json!({"place": null}),
        "params.place: null is not a text",
    );
    let check = |skill, params, expected| assert_refuses(plan_rover, skill, params, expected);
    check(
        "navigate_to",
        json!({"place": 1}),
        "params.place: 1 is not a text",
    );
    check(
        "navigate_to",
        json!({"x": "a", "y": 0}),
        "params.x: \"a\" is not",
    );
    check(
        "patrol",
        json!({"places": "dock_a"}),
        "params.places: \"dock_a\" is not a list",
    );
    check(
        "patrol",
        json!({"places": ["dock_a", 1]}),
        "params.places: [\"dock_a\",1] is not a list",
    );
    check(
        "patrol",
        json!({"places": ["dock_a"], "rounds": "2"}),
        "params.rounds: \"2\" is not",
    );
}

#[test]
fn parameters_out_of_range_are_named_with_their_value() {
    let check = |skill, params, expected| assert_refuses(plan_arm, skill, params, expected);
    check(
        "wait",
        json!({"duration_s": -1}),
        "params.duration_s: -1 is outside 0 to 3600",
    );
    check(
        "wait",
        json!({"duration_s": 3601}),
        "params.duration_s: 3601 is outside",
    );
    check(
        "set_gripper",
        json!({"opening_m": 0.2}),
        "params.opening_m: 0.2 is outside 0 to 0.09",
    );
    check(
        "set_gripper",
        json!({"opening_m": -0.01}),
        "params.opening_m: -0.01 is outside",
    );
    check(
        "move_joints",
        json!({"positions": [0, 0, 0]}),
        "params.positions: [0.0, 0.0, 0.0] has 3 values, not 6",
    );
    check(
        "move_joints",
        json!({"positions": [4, 0, 0, 0, 0, 0]}),
        "joint_1: 4.0000 is outside -3.1000 to 3.1000",
    );
    check(
        "move_to",
        json!({"x": 3, "y": 0, "z": 0.6}),
        "(3.000, 0.000, 0.200) m is out of reach",
    );
    check(
        "pick",
        json!({"object": "gold_box"}),
        "params.object: \"gold_box\" is not in sight",
    );
    check(
        "pick",
        json!({"object": "far_box"}),
        "is out of reach of arm_1",
    );
    check(
        "place",
        json!({"place": "dock_a"}),
        "params.place: \"dock_a\" is not one of bin_a, bin_b",
    );
    let check = |skill, params, expected| assert_refuses(plan_rover, skill, params, expected);
    check(
        "wait",
        json!({"duration_s": 1e9}),
        "params.duration_s: 1000000000 is outside",
    );
    check(
        "navigate_to",
        json!({"place": "bin_a"}),
        "params.place: \"bin_a\" is not one of dock_a, dock_b, dock_c",
    );
    check(
        "patrol",
        json!({"places": []}),
        "params.places: [] must not be empty",
    );
    check(
        "patrol",
        json!({"places": ["dock_a", "x"]}),
        "params.places: \"x\" is not one of dock_a",
    );
    check(
        "patrol",
        json!({"places": ["dock_a"], "rounds": 0}),
        "params.rounds: 0 is outside 1 to 1000",
    );
    check(
        "patrol",
        json!({"places": ["dock_a"], "rounds": 1.5}),
        "params.rounds: 1.5 is not a whole number",
    );
}

#[test]
fn place_and_point_exclude_each_other() {
    let params = json!({"place": "dock_a", "y": 1.0});
    assert_refuses(
        plan_rover,
        "navigate_to",
        params,
        "y: is given beside place",
    );
}

#[test]
fn offers_name_the_parameters_that_skills_read() {
    let objects: BTreeSet<String> = ["red_box".to_owned()].into();
    for (model, plan, count) in [
        (arm(), plan_arm as Plan, 8),
        (rover(), plan_rover as Plan, 4),
    ] {
        let offers = offers(&model, &site(), &objects);
        assert_eq!(offers.len(), count);
        for offer in offers {
            let skill = offer.skill.as_str();
            let schema = &offer.parameters_schema;
            assert_eq!(schema["additionalProperties"], json!(false), "{skill}");
            assert!(offer.parameters().all(|p| p.role.is_some()), "{skill}");
            // A field that is offered is not one too many, and what is not offered is.
            for parameter in offer.parameters() {
                let name = parameter.name;
                let refused = plan(skill, &json!({name: {}})).unwrap_err().to_string();
                assert!(!refused.contains("is not used"), "{skill}: {refused}");
            }
            let refused = plan(skill, &json!({"no_such": 1})).unwrap_err().to_string();
            assert!(
                refused.contains("params.no_such: 1 is not used"),
                "{refused}"
            );
            // What is required is missed, and what is missed is required.
            let missed = plan(skill, &json!({}));
            let required = schema["required"].as_array().unwrap();
            if schema.get("oneOf").is_none() {
                assert_eq!(missed.is_err(), !required.is_empty(), "{skill}");
            }
        }
    }
}

#[test]
fn what_is_taken_and_released_stands_in_the_offers() {
    let site = site();
    let all = offers(&arm(), &site, &BTreeSet::new());
    let find = |skill: &str| all.iter().find(|o| o.skill.as_str() == skill).unwrap();
    let check = |skill, takes, releases| {
        assert_eq!(
            (find(skill).takes(), find(skill).releases()),
            (takes, releases),
            "{skill}"
        );
    };
    check("pick", Some("object"), None);
    check("place", None, Some("place"));
    check("pick_and_place", Some("object"), Some("place"));
    check("move_to", None, None);
}

#[test]
fn joints_are_moved_by_name_each_within_its_own_limits() {
    let check = |joints: Value, expected: &str| {
        assert_refuses(plan_arm, "move_joints", json!({"joints": joints}), expected);
    };
    assert_eq!(
        plan_arm(
            "move_joints",
            &json!({"joints": {"joint_5": 0.5, "finger_left_joint": 0.03}})
        ),
        Ok(())
    );
    check(
        json!({"joint_5": 2.5}),
        "joint_5: 2.5000 is outside -2.0000 to 2.0000",
    );
    check(
        json!({"elbow": 1}),
        "params.joints: \"elbow\" is not one of joint_1, joint_2",
    );
    check(
        json!({"joint_5": "a"}),
        "params.joints: joint_5: \"a\" is not a finite number",
    );
    check(json!({}), "params.joints: {} must not be empty");
    check(json!([1.0]), "params.joints: [1.0] is not an object");
    let both = json!({"positions": [0, 0, 0, 0, 0, 0], "joints": {"joint_1": 0}});
    assert_refuses(
        plan_arm,
        "move_joints",
        both,
        "params.positions: is given beside joints",
    );
    let all = offers(&arm(), &site(), &BTreeSet::new());
    let offer = all
        .iter()
        .find(|o| o.skill.as_str() == "move_joints")
        .unwrap();
    let joints = &offer.parameters_schema["properties"]["joints"]["properties"];
    assert_eq!(
        joints["joint_5"],
        json!({"type": "number", "minimum": -2.0, "maximum": 2.0})
    );
}

#[test]
fn object_wider_than_the_gripper_opens_is_refused_with_both() {
    let expected = "params.object: \"crate\" is 0.200 m wide: the gripper opens to 0.090 m only";
    assert_refuses(plan_arm, "pick", json!({"object": "crate"}), expected);
}

#[test]
fn offers_say_what_contradicts_itself_and_what_no_robot_can_reach() {
    let site = site().with_geofence([-5.0, -4.0], [6.0, 7.0]);
    let schema = |model: &RobotModel, skill: &str| {
        let offers = offers(model, &site, &BTreeSet::new());
        let offer = offers.into_iter().find(|o| o.skill.as_str() == skill);
        offer.unwrap().parameters_schema
    };
    let go = schema(&rover(), "navigate_to");
    assert_eq!(go["properties"]["x"]["minimum"], -5.0);
    assert_eq!(go["properties"]["y"]["maximum"], 7.0);
    let branches = go["oneOf"].as_array().unwrap();
    let required: Vec<&Value> = branches.iter().map(|b| &b["required"]).collect();
    assert_eq!(required, [&json!(["place"]), &json!(["x", "y"])]);
    for branch in branches {
        assert_eq!(branch["additionalProperties"], false);
    }
    assert_eq!(branches[1]["properties"]["x"], go["properties"]["x"]);
    assert!(branches[0]["properties"].get("x").is_none());
    // The base of the arm is at 0, 0 and 0.4 m.
    let x = &schema(&arm(), "move_to")["properties"]["x"];
    assert_eq!(
        (&x["minimum"], &x["maximum"]),
        (&json!(-1.055), &json!(1.055))
    );
    let items = &schema(&arm(), "move_joints")["properties"]["positions"]["items"];
    assert_eq!(
        (&items["minimum"], &items["maximum"]),
        (&json!(-3.1), &json!(3.1))
    );
}

#[test]
fn goal_that_no_robot_may_have_is_refused() {
    let check = |params, expected| assert_refuses(plan_rover, "navigate_to", params, expected);
    check(json!({"x": 1e308, "y": 1}), "params.x: ");
    check(
        json!({"x": 1, "y": -1001}),
        "is out of the geofence: y is -1001",
    );
    check(json!({"x": 1, "y": -2.4}), "0.05 m from wall_south");
    check(
        json!({"x": 1, "y": -4}),
        "wall_south stands in the straight way",
    );
    check(
        json!({"x": 1, "y": 0, "yaw": 7}),
        "params.yaw: 7 is outside",
    );
}

/// Postures spread over the range of an arm's six joints, its fingers as at rest.
fn postures(count: usize) -> Vec<Vec<f64>> {
    let mut state = 1u64;
    let mut share = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as f64 / (1u64 << 31) as f64
    };
    let limits = JointBody::new(&arm()).limits().to_vec();
    let mut posture = || {
        let drawn = limits[..6]
            .iter()
            .map(|l| l.lower + (l.upper - l.lower) * share());
        drawn.chain(REST[6..].iter().copied()).collect()
    };
    (0..count).map(|_| posture()).collect()
}

#[test]
fn tip_takes_a_free_way_where_the_shortest_runs_into_the_robot() {
    let (model, base) = (arm(), world().robot("arm_1").unwrap().pose.isometry());
    let joints = JointBody::new(&model);
    let chain = crate::Chain::between(&model, "base_link", "tool0").unwrap();
    let height_m = |at: &[f64]| chain.lowest_frame_m(&chain.of_all(at));
    let mut asked = 0;
    for posture in postures(400) {
        let mut along = (1..=20).map(|i| {
            let share = f64::from(i) / 20.0;
            let joints = REST.iter().zip(&posture);
            let at: Vec<f64> = joints.map(|(a, b)| a + (b - a) * share).collect();
            height_m(&at)
        });
        let is_free = joints.collision().first(&REST, &posture).is_none();
        if !is_free || along.any(|height_m| height_m < 0.0) {
            continue;
        }
        asked += 1;
        let tip = base * chain.forward(&chain.of_all(&posture));
        let (at, (roll, pitch, yaw)) = (tip.translation, tip.rotation.euler_angles());
        let pose =
            json!({"x": at.x, "y": at.y, "z": at.z, "roll": roll, "pitch": pitch, "yaw": yaw});
        let planned = plan_arm("move_to", &pose);
        assert_eq!(planned, Ok(()), "{posture:?}");
    }
    assert!(asked > 50, "only {asked} postures are free");
}
