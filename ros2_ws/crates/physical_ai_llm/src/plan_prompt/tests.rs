use physical_ai_domain::{Resources, RobotName, SkillName};
use serde_json::{Value, json};

use super::*;

fn capability(robot: &str, skill: &str, properties: Value) -> Capability {
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

fn fleet() -> Vec<Capability> {
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

#[test]
fn trained_model_reads_what_it_was_trained_on() {
    let prompt = plan_prompt(
        &fleet(),
        "  Rover_1 goes\tto  Dock_A, 그리고 Ä ",
        PlanPromptStyle::Trained,
    );
    let expected = "arm_1:pick_and_place\nrover_1,rover_2:navigate_to,patrol,wait\n\
                    objects:blue_box,red_box\nsurfaces:bin_a\nfloors:dock_a,dock_b";
    assert_eq!(prompt[0], Message::new(Role::System, expected));
    let sentence = "rover_1 goes to dock_a, 그리고 Ä";
    assert_eq!(prompt[1], Message::new(Role::User, sentence));
    let mut turned = fleet();
    turned.reverse();
    assert_eq!(
        plan_prompt(&turned, sentence, PlanPromptStyle::Trained),
        prompt
    );
}

#[test]
fn instructed_model_is_told_what_a_plan_is() {
    let sentence = "Drive to Dock_A!";
    let prompt = plan_prompt(&fleet(), sentence, PlanPromptStyle::Instructed);
    for expected in [
        "{\"tasks\":[",
        "floors:dock_a,dock_b",
        "- patrol: does patrol",
    ] {
        assert!(prompt[0].content.contains(expected), "{prompt:?}");
    }
    assert_eq!(prompt[1].content, sentence);
}
