//! A fleet for tests of plan schemas, here and with the engine (`tests/planning`).

use physical_ai_domain::{Capability, Resources, RobotName, SkillName};
use serde_json::{Value, json};

/// An offer.
pub fn capability(robot: Option<&str>, skill: &str, parameters_schema: Value) -> Capability {
    Capability {
        skill: SkillName::try_new(skill).unwrap(),
        robot: robot.map(|r| RobotName::try_new(r).unwrap()),
        description: String::new(),
        parameters_schema,
        mean_duration_s: 1.0,
        requires: Resources::new(),
        idempotent: true,
        ready: true,
        reason: String::new(),
    }
}

/// The schema of an object with these properties and no others.
pub fn closed(properties: Value, required: Value) -> Value {
    json!({"type": "object", "properties": properties, "required": required,
        "additionalProperties": false})
}

/// Two rovers, an arm that sees `objects`, and a skill of no robot.
pub fn fleet(objects: &[&str]) -> Vec<Capability> {
    let floor = json!({"type": "string", "enum": ["dock_a", "dock_b", "depot"]});
    let number = json!({"type": "number", "description": "m"});
    let home = closed(json!({}), json!([]));
    let wait = closed(
        json!({"duration_s": {"type": "number", "minimum": 0.0, "maximum": 3600.0}}),
        json!(["duration_s"]),
    );
    let mut all = Vec::new();
    for rover in ["rover_1", "rover_2"] {
        all.push(capability(Some(rover), "home", home.clone()));
        all.push(capability(Some(rover), "wait", wait.clone()));
        let to = closed(json!({"place": floor, "x": number, "y": number}), json!([]));
        all.push(capability(Some(rover), "navigate_to", to));
        let patrol = closed(
            json!({"places": {"type": "array", "items": floor, "minItems": 1},
                "rounds": {"type": "integer", "minimum": 1, "maximum": 1000}}),
            json!(["places"]),
        );
        all.push(capability(Some(rover), "patrol", patrol));
    }
    let pick = closed(
        json!({"object": {"type": "string", "enum": objects}}),
        json!(["object"]),
    );
    all.push(capability(Some("arm_1"), "pick", pick));
    all.push(capability(Some("arm_1"), "home", home));
    let say = json!({"properties": {"text": {"type": "string"}}, "required": ["text"]});
    all.push(capability(None, "say", say));
    all
}
