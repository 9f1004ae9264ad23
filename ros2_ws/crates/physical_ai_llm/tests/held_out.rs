//! The planner model that ships with the project, on sentences that it was not trained on.
//!
//! `cargo test --release --test held_out -- --nocapture` prints what is wrong and how long it takes;
//! `PLANNER_MODEL=FILE.gguf` measures another file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use physical_ai_domain::{Capability, Resources, RobotName, SkillName};
use physical_ai_llm::{
    ConstraintCompiler, Engine, EngineConfig, Event, FinishReason, JsonOptions, LanguageModel,
    LocalModel, PlanPromptStyle, PlanSchemaOptions, Request, RequestId, plan_prompt, plan_schema,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// Of 200 sentences; what the model card states.
const LEAST_EXACT: usize = 190;
const CACHE_BYTES: usize = 32 << 20;

#[derive(Deserialize)]
struct Case {
    language: String,
    fleet: Fleet,
    sentence: String,
    plan: Value,
}

#[derive(Deserialize)]
struct Fleet {
    robots: BTreeMap<String, Vec<String>>,
    objects: Vec<String>,
    surfaces: Vec<String>,
    floors: Vec<String>,
}

impl Fleet {
    fn capabilities(&self) -> Vec<Capability> {
        let offers = self
            .robots
            .iter()
            .flat_map(|(robot, skills)| skills.iter().map(move |skill| (robot, skill)));
        offers
            .map(|(robot, skill)| Capability {
                skill: SkillName::try_new(skill.as_str()).unwrap(),
                robot: Some(RobotName::try_new(robot.as_str()).unwrap()),
                description: String::new(),
                parameters_schema: self.parameters(skill),
                mean_duration_s: 1.0,
                requires: Resources::new(),
                idempotent: true,
                ready: true,
                reason: String::new(),
            })
            .collect()
    }

    /// As agent workers offer them.
    fn parameters(&self, skill: &str) -> Value {
        let number = json!({"type": "number"});
        let choice = |names: &[String]| json!({"type": "string", "enum": names});
        let (properties, required) = match skill {
            "navigate_to" => (
                json!({"place": choice(&self.floors), "x": number, "y": number, "yaw": number}),
                json!([]),
            ),
            "patrol" => (
                json!({"places": {"type": "array", "items": choice(&self.floors), "minItems": 1},
                    "rounds": {"type": "integer", "minimum": 1, "maximum": 1000}}),
                json!(["places"]),
            ),
            "wait" => (
                json!({"duration_s": {"type": "number", "minimum": 0.0, "maximum": 3600.0}}),
                json!(["duration_s"]),
            ),
            "move_to" => (
                json!({"x": number, "y": number, "z": number,
                    "roll": number, "pitch": number, "yaw": number}),
                json!(["x", "y", "z"]),
            ),
            "move_joints" => (
                json!({"positions":
                    {"type": "array", "items": number, "minItems": 6, "maxItems": 6}}),
                json!(["positions"]),
            ),
            "set_gripper" => (
                json!({"opening_m": {"type": "number", "minimum": 0.0, "maximum": 0.09}}),
                json!(["opening_m"]),
            ),
            "pick" => (json!({"object": choice(&self.objects)}), json!(["object"])),
            "place" => (json!({"place": choice(&self.surfaces)}), json!(["place"])),
            "pick_and_place" => (
                json!({"object": choice(&self.objects), "place": choice(&self.surfaces)}),
                json!(["object", "place"]),
            ),
            _ => (json!({}), json!([])),
        };
        json!({"type": "object", "properties": properties, "required": required,
            "additionalProperties": false})
    }
}

struct Planner {
    language: LanguageModel,
    compiler: ConstraintCompiler,
    engine: Engine<LocalModel>,
}

impl Planner {
    fn open(path: &Path) -> Self {
        let language = LanguageModel::open(path).unwrap();
        let pages = LocalModel::pages_within(language.model.config(), CACHE_BYTES);
        let model = LocalModel::try_new(language.model.clone(), 2, pages).unwrap();
        let tokenizer = language.tokenizer.clone();
        Self {
            compiler: ConstraintCompiler::try_new(language.mask_vocabulary()).unwrap(),
            engine: Engine::try_new(model, tokenizer, EngineConfig::default()).unwrap(),
            language,
        }
    }

    fn plan(&mut self, case: &Case) -> (String, FinishReason) {
        let capabilities = case.fleet.capabilities();
        let schema = plan_schema(&capabilities, &PlanSchemaOptions::default()).unwrap();
        let messages = plan_prompt(&capabilities, &case.sentence, PlanPromptStyle::Trained);
        let constraint = self
            .compiler
            .compile_json_schema(&schema, &JsonOptions::default());
        let prompt = self
            .language
            .template
            .encode_chat(&self.language.tokenizer, &messages, true);
        let request = Request {
            constraint: Some(constraint.unwrap()),
            ..Request::new(RequestId(1), prompt.unwrap(), 700)
        };
        self.engine.submit(0.0, request).unwrap();
        let mut answer = String::new();
        loop {
            for event in self.engine.step(&|| 0.0).unwrap() {
                match event {
                    Event::Token { text, .. } => answer.push_str(&text),
                    Event::Finished {
                        reason, text_tail, ..
                    } => return (answer + &text_tail, reason),
                    _ => {}
                }
            }
        }
    }
}

fn model() -> PathBuf {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../params/models/planner.gguf");
    std::env::var_os("PLANNER_MODEL").map_or(shipped, PathBuf::from)
}

#[test]
fn held_out_sentences_become_the_right_plans() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("planner/held_out.jsonl");
    let cases = std::fs::read_to_string(cases).unwrap();
    let mut planner = Planner::open(&model());
    let mut exact: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    let mut times: Vec<Duration> = Vec::new();
    for line in cases.lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let begin = Instant::now();
        let (text, reason) = planner.plan(&case);
        times.push(begin.elapsed());
        let is_exact = serde_json::from_str::<Value>(&text).is_ok_and(|plan| plan == case.plan);
        if !is_exact {
            let sentence = &case.sentence;
            println!(
                "{sentence}\n  expected {}\n  planned  {text} ({reason:?})",
                case.plan
            );
        }
        for group in [&case.language, "all"] {
            let [right, all] = exact.entry(group.to_owned()).or_default();
            *right += usize::from(is_exact);
            *all += 1;
        }
    }
    times.sort_unstable();
    println!(
        "median {:.1} ms",
        times[times.len() / 2].as_secs_f64() * 1e3
    );
    println!("exact, of all: {exact:?}");
    assert!(exact["all"][0] >= LEAST_EXACT, "{exact:?}");
}
