//! What real robots offer, as those who plan with it take it.

use physical_ai_fleet::Fleet;
use physical_ai_llm::{ConstraintCompiler, JsonOptions, MaskVocabulary};
use physical_ai_planning::{PlanPromptStyle, PlanQuestion, PlanSchemaOptions, SentenceParser};
use serde_json::json;

use crate::bench::Bench;

/// A vocabulary of bytes.
fn compiler() -> ConstraintCompiler {
    let bytes = (0..=255).map(|b| vec![b]);
    let tokens = bytes.chain([b"</s>".to_vec()]).collect();
    ConstraintCompiler::try_new(MaskVocabulary {
        tokens,
        special: Vec::new(),
        end: vec![256],
        tokenize: None,
    })
    .unwrap()
}

#[test]
fn offers_are_honoured_by_fleet_parser_and_engine() {
    let mut bench = Bench::new("demo");
    bench.tick();
    let fleet = Fleet::new(bench.agent.capabilities(bench.sim.time()));
    assert!(fleet.refused().is_empty(), "{:?}", fleet.refused());
    let every_role = |c: &physical_ai_domain::Capability| c.parameters().all(|p| p.role.is_some());
    assert!(fleet.capabilities().iter().all(every_role));

    let text = "rover_1 goes to (2, 0.5) while arm_1 puts the red box in bin_b, then rover_1 patrols dock_a and dock_b \
                twice, then both return home, then arm_1 opens its gripper and waits 5 seconds";
    let plan = SentenceParser.read(text, &fleet).unwrap();
    let found: Vec<_> = plan
        .tasks
        .iter()
        .map(|t| (t.skill.as_str(), &t.params))
        .collect();
    assert_eq!(found[0], ("navigate_to", &json!({"x": 2.0, "y": 0.5})));
    let both = json!({"object": "red_box", "place": "bin_b"});
    assert_eq!(found[1], ("pick_and_place", &both));
    let tour = json!({"places": ["dock_a", "dock_b"], "rounds": 2});
    assert_eq!(found[2], ("patrol", &tour));
    assert_eq!((found[3].0, found[4].0), ("home", "home"));
    assert_eq!((found[5].0, found[6].0), ("set_gripper", "wait"));

    for style in [PlanPromptStyle::Trained, PlanPromptStyle::Instructed] {
        let options = PlanSchemaOptions::default();
        let question = PlanQuestion::try_new(&fleet, text, style, &options).unwrap();
        compiler()
            .compile_json_schema(&question.schema, &JsonOptions::default())
            .unwrap();
    }
}
