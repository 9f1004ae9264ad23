use physical_ai_domain::{Resources, RobotName, SkillName};
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;

pub fn capability(robot: &str, skill: &str, properties: Value) -> Capability {
    Capability {
        skill: SkillName::try_new(skill).unwrap(),
        robot: Some(RobotName::try_new(robot).unwrap()),
        description: format!("does {skill}"),
        parameters_schema: json!({"type": "object", "properties": properties}),
        mean_duration_s: 0.0,
        requires: Resources::new(),
        idempotent: true,
        ready: true,
        reason: String::new(),
    }
}

pub fn fleet() -> Vec<Capability> {
    let mut all = Vec::new();
    for rover in ["rover_2", "rover_1"] {
        all.push(capability(rover, "wait", json!({})));
        all.push(capability(
            rover,
            "navigate_to",
            json!({"place": {"enum": ["dock_b"]}}),
        ));
        all.push(capability(
            rover,
            "patrol",
            json!({"places": {"type": "array", "items": {"enum": ["dock_b", "dock_a"]}}}),
        ));
    }
    all.push(capability(
        "arm_1",
        "pick_and_place",
        json!({"object": {"enum": ["red_box", "blue_box"]}, "place": {"enum": ["bin_a"]}}),
    ));
    all
}

fn question(fleet: &[Capability], sentence: &str, style: PlanPromptStyle) -> PlanQuestion {
    PlanQuestion::try_new(
        &Fleet::new(fleet.to_vec()),
        sentence,
        style,
        &PlanSchemaOptions::default(),
    )
    .unwrap()
}

#[test]
fn trained_model_points_at_names() {
    let sentence = "  Rover_1 goes\tto  Dock_A, 그리고 Ä ";
    let asked = question(&fleet(), sentence, PlanPromptStyle::Trained);
    let expected = "arm_1=ref_r1:pick_and_place\n\
                    rover_1=ref_r2,rover_2=ref_r3:navigate_to,patrol,wait\n\
                    objects:blue_box=ref_o1,red_box=ref_o2\nsurfaces:bin_a=ref_s1\n\
                    floors:dock_a=ref_f1,dock_b=ref_f2";
    assert_eq!(asked.messages[0], Message::new(Speaker::System, expected));
    let expected = "ref_r2 goes to ref_f1, 그리고 Ä";
    assert_eq!(asked.messages[1], Message::new(Speaker::User, expected));
    let mut turned = fleet();
    turned.reverse();
    let again = question(&turned, sentence, PlanPromptStyle::Trained);
    assert_eq!(again.messages, asked.messages);
    let schema = asked.schema.to_string();
    for name in ["rover_1", "arm_1", "dock_a", "red_box", "bin_a"] {
        assert!(!schema.contains(name), "{schema}");
    }
    let answer = r#"{"robot":"ref_r2","params":{"places":["ref_f2","ref_f1","ref_f3","ref_"]}}"#;
    assert_eq!(
        asked.with_names(answer),
        r#"{"robot":"rover_1","params":{"places":["dock_b","dock_a","ref_f3","ref_"]}}"#
    );
}

#[test]
fn references_stand_where_parameters_exclude_each_other() {
    let place = json!({"type": "string", "enum": ["dock_a", "dock_b"]});
    let metres = json!({"type": "number", "minimum": -9, "maximum": 9});
    let either = |properties: Value, required: Value| {
        json!({"type": "object", "properties": properties, "required": required,
            "additionalProperties": false})
    };
    let all = json!({"place": place, "x": metres, "y": metres});
    let mut offer = capability("rover_1", "navigate_to", all);
    offer.parameters_schema["oneOf"] = json!([
        either(json!({ "place": place }), json!(["place"])),
        either(json!({"x": metres, "y": metres}), json!(["x", "y"])),
    ]);
    let asked = question(&[offer], "rover_1 goes to dock_b", PlanPromptStyle::Trained);
    let at = |pointer: &str| asked.schema.pointer(pointer).cloned().unwrap_or_default();
    let alternatives = "/$defs/params_0/anyOf";
    assert_eq!(
        at(alternatives).as_array().unwrap().len(),
        2,
        "{}",
        asked.schema
    );
    let named = at(&format!("{alternatives}/0/properties/place/enum"));
    assert_eq!(named, json!(["ref_f1", "ref_f2"]), "{}", asked.schema);
    assert_eq!(at(&format!("{alternatives}/1/required")), json!(["x", "y"]));
}

#[test]
fn instructed_model_is_told_what_a_plan_is() {
    let sentence = "Drive to Dock_A!";
    let asked = question(&fleet(), sentence, PlanPromptStyle::Instructed);
    for expected in [
        "{\"tasks\":[",
        "floors:dock_a,dock_b",
        "- patrol: does patrol",
    ] {
        assert!(asked.messages[0].content.contains(expected), "{asked:?}");
    }
    assert_eq!(asked.messages[1].content, sentence);
    assert!(asked.schema.to_string().contains("rover_1"));
    assert_eq!(asked.with_names("ref_r1"), "ref_r1");
}

#[test]
fn named_robot_does_something_or_the_mission_is_refused() {
    let plan = |robot: &str| json!({"tasks": [{"skill": "pick_and_place", "robot": robot}]});
    let object = |style, sentence: &str, robot: &str| {
        question(&fleet(), sentence, style).objection(&plan(robot).to_string())
    };
    let trained = PlanPromptStyle::Trained;
    for style in [trained, PlanPromptStyle::Instructed] {
        let robot = if style == trained { "ref_r1" } else { "arm_1" };
        let idle = object(style, "rover_1: red_box into bin_a", robot).unwrap();
        assert!(idle.contains("\"rover_1\" would be ignored"), "{idle}");
        let lost = object(style, "arm_1: red_box into bin_a hastily", robot).unwrap();
        assert!(lost.contains("would be ignored"), "{lost}");
    }
    let asked = question(&fleet(), "rover_1 sings", trained);
    for other in [r#"{"refusal":"no robot can do that"}"#, "{", "[]"] {
        assert_eq!(asked.objection(other), None, "{other}");
    }
}

#[test]
fn names_with_quotes_stay_json() {
    let fleet = [capability(
        "arm_1",
        "pick",
        json!({"object": {"enum": ["a \"b\""]}}),
    )];
    let asked = question(&fleet, "pick", PlanPromptStyle::Trained);
    let answer = asked.with_names(r#"{"object":"ref_o1"}"#);
    let value: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(value["object"], "a \"b\"");
}

#[test]
fn more_names_than_references_are_refused() {
    let names: Vec<String> = (0..25).map(|n| format!("box_{n}")).collect();
    let fleet = [capability(
        "arm_1",
        "pick",
        json!({"object": {"enum": names}}),
    )];
    let ask = |style| {
        PlanQuestion::try_new(
            &Fleet::new(fleet.to_vec()),
            "pick",
            style,
            &PlanSchemaOptions::default(),
        )
    };
    let error = ask(PlanPromptStyle::Trained).unwrap_err().to_string();
    assert!(error.contains("objects") && error.contains("25"), "{error}");
    assert!(ask(PlanPromptStyle::Instructed).is_ok());
}

#[derive(Deserialize)]
struct Golden {
    objects: Vec<String>,
    surfaces: Vec<String>,
    floors: Vec<String>,
    arms: Vec<String>,
    rovers: Vec<String>,
    sentence: String,
    system: String,
    user: String,
}

/// The training data are made in Python; a model must be asked as it was taught.
#[test]
fn questions_are_those_of_the_training_data() {
    let golden = include_str!("../../planner/references_golden.jsonl");
    assert!(golden.lines().count() > 100);
    for line in golden.lines() {
        let case: Golden = serde_json::from_str(line).unwrap();
        let mut fleet = Vec::new();
        for arm in &case.arms {
            let names = json!({"object": {"enum": case.objects}, "place": {"enum": case.surfaces}});
            fleet.push(capability(arm, "pick_and_place", names));
        }
        for rover in &case.rovers {
            let floors = json!({"place": {"enum": case.floors}});
            fleet.push(capability(rover, "navigate_to", floors));
        }
        let asked = question(&fleet, &case.sentence, PlanPromptStyle::Trained);
        assert_eq!(asked.messages[0].content, case.system);
        assert_eq!(asked.messages[1].content, case.user, "{line}");
    }
}

#[test]
fn trained_model_is_offered_one_way_for_each_role() {
    let positions = json!({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2,
        "role": "joint_positions"});
    let by_name = json!({"type": "object", "properties": {"a": {"type": "number"}}, "minProperties": 1,
        "additionalProperties": false, "role": "joint_positions"});
    let mut offer = capability(
        "arm_1",
        "move_joints",
        json!({"positions": positions, "joints": by_name}),
    );
    let way = |name: &str, schema: &Value| {
        json!({"type": "object", "properties": {name: schema},
        "required": [name], "additionalProperties": false})
    };
    offer.parameters_schema["oneOf"] =
        json!([way("positions", &positions), way("joints", &by_name)]);
    offer.parameters_schema["additionalProperties"] = false.into();
    assert_eq!(physical_ai_fleet::objection(&offer), None);
    let asked = |style| question(&[offer.clone()], "arm_1 moves its joints to 1, 2", style);
    let schema = asked(PlanPromptStyle::Trained).schema["$defs"]["params_0"].clone();
    assert_eq!(
        schema["properties"].as_object().unwrap().len(),
        1,
        "{schema}"
    );
    assert_eq!(schema["required"], json!(["positions"]), "{schema}");
    let both = asked(PlanPromptStyle::Instructed).schema["$defs"]["params_0"].clone();
    assert_eq!(both["anyOf"].as_array().unwrap().len(), 2, "{both}");
    assert!(!both.to_string().contains("role"), "{both}");
}
