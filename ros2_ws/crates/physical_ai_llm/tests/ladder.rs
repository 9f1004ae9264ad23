//! The planning ladder as the demo deploys it: the parser, and the shipped model for what that cannot read.
//!
//! `cargo test --release -p physical_ai_llm --test ladder -- --nocapture` prints what is exact, refused and wrong by
//! set, language and rung; with `SHOW=1` each sentence that is not exact, with the reason, too. `PLANNER_MODEL=FILE.gguf`
//! measures another model, `SETS=NAME=FILE.jsonl,…` other sentences.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use physical_ai_domain::Plan;
use physical_ai_llm::{
    LocalPlanner, PlanPromptStyle, PlanQuestion, PlanReading, PlanSchemaOptions,
};
use physical_ai_mission::{
    ByRules, Case, Decomposer, Fleet, SentenceParser, Verdict, parse_plan, refusal, validate,
};

/// Below it an answer is no plan, in the demo's deployments.
const MIN_PROBABILITY: f64 = 0.7;
/// Wrong plans that a set may have, of a hundred sentences.
const MOST_WRONG_PERCENT: usize = 1;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn open() -> LocalPlanner {
    let shipped = || here("../../../params/models/planner.gguf");
    let file = std::env::var_os("PLANNER_MODEL").map_or_else(shipped, PathBuf::from);
    LocalPlanner::open(&file, 2).unwrap()
}

fn by_model(planner: &mut LocalPlanner, text: &str, fleet: &Fleet) -> Result<Plan, String> {
    let options = PlanSchemaOptions::default();
    let question = PlanQuestion::try_new(
        fleet.capabilities(),
        text,
        PlanPromptStyle::Trained,
        &options,
    )
    .unwrap();
    let answer = planner.answer(&question).unwrap();
    match question.read(&answer.text, &answer.token_logprobs, MIN_PROBABILITY) {
        PlanReading::Refusal(reason) => Err(reason),
        PlanReading::Plan(text) => {
            let plan = parse_plan(&text).map_err(|e| e.to_string())?;
            let violations = validate(&plan, fleet);
            if violations.is_empty() {
                Ok(plan)
            } else {
                Err(violations.join("; "))
            }
        }
    }
}

fn ladder(planner: &mut LocalPlanner, text: &str, fleet: &Fleet) -> Result<Plan, String> {
    match ByRules::of(text, fleet) {
        ByRules::Plan(made) => Ok(made.plan),
        ByRules::Refused(error) => Err(error.to_string()),
        ByRules::Unread(error) => {
            by_model(planner, text, fleet).map_err(|reason| refusal(text, &error, &reason, false))
        }
    }
}

fn sets() -> Vec<(String, PathBuf)> {
    let Ok(listed) = std::env::var("SETS") else {
        return ["held_out", "adversarial"]
            .map(|name| (name.to_owned(), here(&format!("planner/{name}.jsonl"))))
            .into();
    };
    let pairs = listed.split(',').filter_map(|set| set.split_once('='));
    pairs
        .map(|(name, file)| (name.to_owned(), PathBuf::from(file)))
        .collect()
}

#[test]
fn wrong_plans_are_rarer_than_one_in_a_hundred() {
    let (mut planner, is_shown) = (open(), std::env::var_os("SHOW").is_some());
    let mut failed = Vec::new();
    for (set, file) in sets() {
        let cases = Case::read_all(&std::fs::read_to_string(file).unwrap()).unwrap();
        let mut counts: BTreeMap<(String, &str), [usize; 3]> = BTreeMap::new();
        for case in &cases {
            let (fleet, text) = (case.fleet(), case.sentence.as_str());
            let rules = SentenceParser.decompose(text, &fleet);
            let results = [
                (
                    "parser",
                    rules.map(|made| made.plan).map_err(|e| e.to_string()),
                ),
                ("model", by_model(&mut planner, text, &fleet)),
                ("ladder", ladder(&mut planner, text, &fleet)),
            ];
            for (rung, made) in results {
                let verdict = case.verdict(made.as_ref().ok());
                for language in [case.language.as_str(), "all"] {
                    counts.entry((language.to_owned(), rung)).or_default()[verdict as usize] += 1;
                }
                if is_shown && rung == "ladder" && verdict != Verdict::Exact {
                    println!(
                        "{verdict:?} {set}: {text}\n  expected {}\n  {made:?}",
                        case.plan
                    );
                }
            }
        }
        for ((language, rung), [exact, refused, wrong]) in &counts {
            println!("{set} {language} {rung}: {exact} exact, {refused} refused, {wrong} wrong");
        }
        let [_, _, wrong] = counts[&("all".to_owned(), "ladder")];
        if wrong * 100 > MOST_WRONG_PERCENT * cases.len() {
            failed.push(format!("{set}: {wrong} of {} are wrong", cases.len()));
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}
