//! Schemas of plans, as the engine writes texts under them.

use physical_ai_domain::Capability;
use physical_ai_fleet::{Fleet, parse_plan, validate};
use physical_ai_llm::{ConstraintCompiler, JsonOptions};
use physical_ai_planning::{MAX_PLANNED_TASKS, PlanSchemaOptions, TaskIds, plan_schema};
use serde_json::{Value, json};

use crate::schema_fleet::{capability, closed, fleet};
use crate::walk::{vocabulary, walk};

fn check_plans(capabilities: &[Capability], options: &PlanSchemaOptions) {
    let vocabulary = vocabulary();
    let compiler = ConstraintCompiler::try_new(vocabulary.clone()).unwrap();
    let schema = plan_schema(capabilities, options).unwrap();
    let template = compiler
        .compile_json_schema(&schema, &JsonOptions::default())
        .unwrap();
    let fleet = Fleet::new(capabilities.to_vec());
    let (mut plans, mut refusals) = (0, 0);
    for seed in 0..60 {
        let (text, complete) = walk(&mut template.clone(), &vocabulary, seed, 1500);
        if !complete {
            continue;
        }
        let value: Value = serde_json::from_str(&text).unwrap();
        if value.get("refusal").is_some() {
            refusals += 1;
            continue;
        }
        let plan = parse_plan(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
        assert!(plan.tasks.len() <= options.max_tasks);
        if options.task_ids == TaskIds::Numbered {
            assert_eq!(validate(&plan, &fleet), Vec::<String>::new(), "{text}");
        }
        plans += 1;
    }
    assert!(
        plans + refusals >= 40 && plans >= 10,
        "{plans} plans, {refusals} refusals"
    );
    assert_eq!(refusals > 0, options.refusal);
}

#[test]
fn every_numbered_plan_is_valid_for_the_fleet() {
    let options = PlanSchemaOptions::default();
    check_plans(&fleet(&["red_box", "blue_box"]), &options);
    check_plans(&fleet(&["red_box"]), &options);
}

#[test]
fn every_free_plan_is_read() {
    let options = PlanSchemaOptions {
        max_tasks: 5,
        task_ids: TaskIds::Free,
        any_robot: true,
        refusal: false,
        ..PlanSchemaOptions::default()
    };
    check_plans(&fleet(&["red_box"]), &options);
}

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
fn parameters_that_exclude_each_other_cannot_be_written_together() {
    for schema in goals() {
        let fleet = [capability(Some("rover_1"), "navigate_to", schema.clone())];
        let options = PlanSchemaOptions::default();
        let compiled = plan_schema(&fleet, &options).unwrap();
        let start = r#"{"tasks":[{"id":"t1","skill":"navigate_to","robot":"rover_1""#;
        let check = |params: &str, rest: &str| {
            let text = format!("{start}{params}");
            assert_eq!(&text[accepted(&compiled, &text)..], rest, "{schema}");
        };
        check(r#","params":{"place":"dock_a"}}]}"#, "");
        check(r#","params":{"x":1,"y":2.5}}]}"#, "");
        check(r#","params":{"x":1,"y":2.5,"yaw":0}}]}"#, "");
        check(r#","params":{"place":"dock_a","x"#, r#","x"#);
        check(r#","params":{"x":1}"#, "}");
        check(r#","params":{"yaw"#, "yaw");
        check(r#","params":{}"#, "}");
        check("}", "}");
        check_plans(&fleet, &options);
    }
}

/// Says how much of `text` the schema allows, in bytes.
fn accepted(schema: &Value, text: &str) -> usize {
    let compiler = ConstraintCompiler::try_new(vocabulary()).unwrap();
    let mut constraint = compiler
        .compile_json_schema(schema, &JsonOptions::default())
        .unwrap();
    let bytes: Vec<u32> = text.bytes().map(u32::from).collect();
    constraint.accepted(&bytes).unwrap()
}

#[test]
fn only_what_exists_can_be_named() {
    let schema = plan_schema(&fleet(&["red_box"]), &PlanSchemaOptions::default()).unwrap();
    let check = |text: &str, rest: &str| {
        assert_eq!(&text[accepted(&schema, text)..], rest);
    };
    check(
        r#"{"tasks":[{"id":"t1","skill":"pick","robot":"arm_1","params":{"object":"red_box"}}]}"#,
        "",
    );
    check(
        r#"{"tasks":[{"id":"t1","skill":"pick","robot":"arm_1","params":{"object":"blue"#,
        "blue",
    );
    check(
        r#"{"tasks":[{"id":"t1","skill":"pick","robot":"rover_1"#,
        "rover_1",
    );
    check(
        r#"{"tasks":[{"id":"t1","skill":"patrol","robot":"rover_2","params":{"places":["dock_z"#,
        "z",
    );
    check(
        r#"{"tasks":[{"id":"t1","skill":"home","robot":"arm_1"},{"id":"t1"#,
        "1",
    );
    check(
        r#"{"tasks":[{"id":"t1","skill":"home","robot":"arm_1"},{"id":"t2","skill":"home","robot":"rover_1","after":["t1"],"on_failure":"retry"}]}"#,
        "",
    );
    check(
        r#"{"tasks":[{"id":"t1","skill":"home","robot":"arm_1"},{"id":"t2","skill":"home","robot":"rover_1","after":["t2"#,
        "2",
    );
    check(
        r#"{"tasks":[{"id":"t1","skill":"say","params":{"text":"안녕하세요"}}]}"#,
        "",
    );
    check(r#"{"tasks":[]"#, "]");
    check(r#"{"refusal":"no robot can fly"}"#, "");
    check(r#"{"refusal":""}"#, "\"}");
}

#[test]
fn skills_that_cannot_be_run_have_no_branch() {
    let schema = plan_schema(&fleet(&[]), &PlanSchemaOptions::default()).unwrap();
    let text = schema.to_string();
    assert!(!text.contains("\"pick\"") && text.contains("\"patrol\""));
}

#[test]
fn steps_of_numbers_leave_room_in_their_range() {
    let check = |low: f64, high: f64, expected: Value, text: &str| {
        let range = closed(
            json!({"n": {"type": "number", "minimum": low, "maximum": high}}),
            json!(["n"]),
        );
        let capability = capability(None, "say", range);
        let schema = plan_schema(&[capability], &PlanSchemaOptions::default()).unwrap();
        let bounded = schema["$defs"]["params_0"].clone();
        let step = bounded["properties"]["n"].get("multipleOf").cloned();
        assert_eq!(step.unwrap_or_default(), expected);
        let text = format!("{{\"n\":{text}}}");
        assert_eq!(accepted(&bounded, &text), text.len(), "{text} in {bounded}");
    };
    check(-1e6, 1e6, json!(1e-3), "-123456.789");
    check(0.0, 0.09, json!(1e-4), "0.0405");
    check(0.0, 0.0005, json!(1e-6), "0.000123");
    check(0.0, 1e-9, json!(null), "0.0000000005");
    check(1.5, 1.5, json!(null), "1.5");
}

#[test]
fn fleet_without_robots_can_only_refuse() {
    let schema = plan_schema(&[], &PlanSchemaOptions::default()).unwrap();
    assert_eq!(accepted(&schema, r#"{"tasks"#), 2);
    assert_eq!(accepted(&schema, r#"{"refusal":"nobody is here"}"#), 28);
}

#[test]
fn largest_plans_still_compile() {
    let options = PlanSchemaOptions {
        max_tasks: MAX_PLANNED_TASKS,
        ..PlanSchemaOptions::default()
    };
    let schema = plan_schema(&fleet(&["red_box"]), &options).unwrap();
    let mut tasks = vec![r#"{"id":"t1","skill":"home","robot":"arm_1"}"#.to_owned()];
    for i in 2..=MAX_PLANNED_TASKS {
        let before = i - 1;
        tasks.push(format!(
            r#"{{"id":"t{i}","skill":"home","robot":"rover_1","after":["t{before}","t1"]}}"#
        ));
    }
    let text = format!(r#"{{"tasks":[{}]}}"#, tasks.join(","));
    assert_eq!(accepted(&schema, &text), text.len());
}
