mod fleet;

use super::*;
use fleet::{capability, closed, fleet};

/// A place, or a point with or without a direction, said in five ways.
fn goals() -> [Value; 5] {
    let number = json!({"type": "number", "minimum": -9, "maximum": 9});
    let place = json!({"type": "string", "enum": ["dock_a"]});
    let goal = |conditions: Value| {
        let properties = json!({"place": place, "x": number, "y": number, "yaw": number});
        let mut schema = closed(properties, json!([]));
        let fields = conditions.as_object().unwrap().clone();
        schema.as_object_mut().unwrap().extend(fields);
        schema
    };
    let only_place =
        json!({"required": ["place"], "properties": {"x": false, "y": false, "yaw": false}});
    let only_point = json!({"required": ["x", "y"], "properties": {"place": false}});
    let dependent = json!({"x": ["y"], "y": ["x"], "yaw": ["x"]});
    let place_with = |name: &str| json!({"required": ["place", name]});
    let whole_place = closed(json!({ "place": place }), json!(["place"]));
    let whole_point = json!({"x": number, "y": number, "yaw": number});
    let whole_point = closed(whole_point, json!(["x", "y"]));
    [
        goal(json!({"oneOf": [whole_place, whole_point]})),
        goal(json!({"oneOf": [only_place, only_point]})),
        goal(
            json!({"oneOf": [{"required": ["place"]}, {"required": ["x"]}], "dependentRequired": dependent}),
        ),
        goal(json!({"anyOf": [only_place, only_point]})),
        goal(json!({
            "allOf": [
                {"not": place_with("x")},
                {"not": {"anyOf": [place_with("y"), place_with("yaw")]}},
                {"anyOf": [{"required": ["place"]}, {"required": ["x", "y"]}]},
            ],
        })),
    ]
}

#[test]
fn conditions_become_as_few_alternatives_as_can_be() {
    let [spelled, ..] = goals().map(|schema| parameters::bounded(&schema).unwrap());
    let required: Vec<&Value> = spelled["anyOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alternative| &alternative["required"])
        .collect();
    assert_eq!(required, [&json!(["place"]), &json!(["x", "y"])]);
    // A place that nobody knows is no alternative.
    let mut schema = goals()[1].clone();
    schema["properties"]["place"]["enum"] = json!([]);
    let spelled = parameters::bounded(&schema).unwrap();
    assert_eq!(spelled["required"], json!(["x", "y"]));
    assert!(spelled["properties"].get("place").is_none());
    // What depends on a value is left to the decoder.
    let valued = json!({"properties": {"a": {"enum": [1, 2]}, "b": {"enum": [1, 2]}},
        "anyOf": [{"properties": {"a": {"const": 1}}}, {"required": ["b"]}]});
    assert!(
        parameters::bounded(&valued)
            .unwrap()
            .get("properties")
            .is_some()
    );
    let many: Map<String, Value> = (0..11)
        .map(|i| (format!("p{i}"), json!({"type": "null"})))
        .collect();
    let names: Vec<&String> = many.keys().collect();
    let many = json!({"properties": many, "not": {"required": names}});
    let problem = parameters::bounded(&many).unwrap_err();
    assert!(problem.contains("11 parameters"), "{problem}");
}

#[test]
fn robots_with_equal_parameters_share_a_branch() {
    let options = PlanSchemaOptions {
        max_tasks: 1,
        ..PlanSchemaOptions::default()
    };
    let schema = plan_schema(&fleet(&["red_box"]), &options).unwrap();
    let branches = &schema["anyOf"][0]["properties"]["tasks"]["prefixItems"][0]["anyOf"];
    assert_eq!(branches.as_array().unwrap().len(), 6);
    assert_eq!(
        schema["$defs"]["robot_0"],
        json!({"enum": ["arm_1", "rover_1", "rover_2"]})
    );
}

#[test]
fn parameters_without_bounds_get_them() {
    let open = json!({"properties": {"n": {"type": "integer"}, "all": {"type": "array",
        "items": {"type": "number", "minimum": 0.0}}, "s": {"type": "string", "minLength": 3}}});
    let bounded = parameters::bounded(&open).unwrap();
    let at = |pointer: &str| bounded.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(at("/additionalProperties"), json!(false));
    assert_eq!(at("/properties/n/minimum"), json!(-1e6));
    assert_eq!(at("/properties/n/multipleOf"), json!(null));
    assert_eq!(at("/properties/all/items/multipleOf"), json!(1e-3));
    assert_eq!(at("/properties/all/maxItems"), json!(64));
    assert_eq!(at("/properties/all/items/minimum"), json!(0.0));
    assert_eq!(at("/properties/all/items/maximum"), json!(1e6));
    assert!(
        at("/properties/s/pattern")
            .as_str()
            .unwrap()
            .ends_with("{3,200}$")
    );
}

#[test]
fn unusable_capabilities_and_options_are_named() {
    let check = |capabilities: &[Capability], options: &PlanSchemaOptions, expected: &str| {
        let error = plan_schema(capabilities, options).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let options = PlanSchemaOptions::default;
    let one = |schema: Value| vec![capability(Some("arm_1"), "home", schema)];
    check(
        &one(json!(true)),
        &options(),
        "parameters of home of arm_1: the schema is true",
    );
    check(
        &one(json!({"type": "string"})),
        &options(),
        "type is \"string\"",
    );
    let reference = json!({"properties": {"x": {"$ref": "#/$defs/x"}}});
    check(
        &one(reference),
        &options(),
        "$ref \"#/$defs/x\" is not supported",
    );
    let mute = PlanSchemaOptions {
        refusal: false,
        ..options()
    };
    check(&[], &mute, "nothing to plan with");
    check(
        &[],
        &PlanSchemaOptions {
            max_tasks: 0,
            ..options()
        },
        "max_tasks is 0",
    );
    check(
        &[],
        &PlanSchemaOptions {
            max_tasks: 65,
            ..options()
        },
        "max_tasks is 65",
    );
}
