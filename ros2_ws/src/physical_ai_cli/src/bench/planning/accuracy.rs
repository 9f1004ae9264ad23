//! How often the plan of a sentence is the one that was meant, by rung, language and set.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use physical_ai_control::skills::skill_specs;
use physical_ai_domain::{Plan, SkillSpec};
use physical_ai_fleet::Fleet;
use physical_ai_llm::{LocalChat, Message};
use physical_ai_planning::{
    Case, Descent, Ladder, ModelAnswer, ModelRung, PlanPromptStyle, PlanQuestion, Rung, Verdict,
};

use super::super::result::Measurement;
use crate::arguments::BenchPlanningArguments;
use crate::{environment, output};

/// As in the demo's deployments.
const MODEL: ModelRung = ModelRung {
    style: PlanPromptStyle::Trained,
    min_probability: 0.7,
};
/// Longest plan, tokens.
const MOST_TOKENS: usize = 700;
const THREADS: usize = 2;
/// Wrong plans, of a hundred.
const MOST_WRONG_PERCENT: f64 = 1.0;
const SETS: &str = "ros2_ws/crates/physical_ai_planning/planner";
const SET_NAMES: [&str; 2] = ["held_out", "adversarial"];

/// Exact, refused and wrong plans.
type Counts = [usize; 3];

/// Percentages for each set that is there; where none is, a note says so.
pub fn measure(options: &BenchPlanningArguments) -> anyhow::Result<Vec<Measurement>> {
    let root = environment::project_root();
    let of_root = |path: &str| root.as_ref().map(|r| r.join(path));
    let folder = options.sets.clone().or_else(|| of_root(SETS));
    let model = options
        .model
        .clone()
        .or_else(|| of_root("params/models/planner.gguf"));
    let (Some(folder), Some(model)) = (folder, model) else {
        output::note("bench: no sets of sentences: --sets says where they are");
        return Ok(Vec::new());
    };
    let mut chat = LocalChat::open(&model, THREADS)
        .with_context(|| format!("{}: the model", model.display()))?;
    let mut measurements = Vec::new();
    for set in SET_NAMES {
        let file = folder.join(format!("{set}.jsonl"));
        if !file.exists() {
            output::note(format!("bench: {} is not there", file.display()));
            continue;
        }
        output::note(format!("bench: plans {}", file.display()));
        let counts = counts(&read(&file)?, &mut chat)?;
        measurements.extend(shown(set, &counts));
    }
    Ok(measurements)
}

fn read(file: &PathBuf) -> anyhow::Result<Vec<Case>> {
    let text = std::fs::read_to_string(file)?;
    let named = |problem| anyhow!("{}: {problem}", Path::display(file));
    Case::read_all(&text).map_err(named)
}

fn counts(
    cases: &[Case],
    chat: &mut LocalChat,
) -> anyhow::Result<BTreeMap<(String, &'static str), Counts>> {
    let rungs = [
        ("parser", Ladder::with_rules(None)),
        ("model", Ladder::new([Rung::Model(MODEL)])),
        ("ladder", Ladder::with_rules(Some(MODEL))),
    ];
    let mut counts: BTreeMap<(String, &'static str), Counts> = BTreeMap::new();
    let skills: Vec<SkillSpec> = skill_specs().copied().collect();
    for case in cases {
        let fleet = case.fleet(&skills);
        for (rung, ladder) in &rungs {
            let made = planned(ladder, chat, &case.sentence, &fleet)?;
            let verdict = case.verdict(made.as_ref(), &fleet);
            let of_rung = counts.entry((case.language.clone(), *rung)).or_default();
            of_rung[verdict as usize] += 1;
        }
    }
    Ok(counts)
}

/// The plan of a ladder whose model is in this process, if it has one.
fn planned(
    ladder: &Ladder,
    chat: &mut LocalChat,
    text: &str,
    fleet: &Fleet,
) -> anyhow::Result<Option<Plan>> {
    let mut descent = ladder.descend(text, fleet);
    loop {
        descent = match descent {
            Descent::Ended(made) => return Ok(made.ok().map(|made| made.plan)),
            Descent::Asks(asking) => {
                let answer = answer(chat, asking.question())?;
                asking.answered(Ok(answer), fleet)
            }
        };
    }
}

fn answer(chat: &mut LocalChat, question: &PlanQuestion) -> anyhow::Result<ModelAnswer> {
    let messages: Vec<Message> = question
        .messages
        .iter()
        .map(|m| Ok(Message::new(m.speaker.as_str().parse()?, &m.content)))
        .collect::<anyhow::Result<_>>()?;
    let answer = chat.answer(&messages, &question.schema, MOST_TOKENS)?;
    Ok(ModelAnswer {
        text: answer.text,
        token_logprobs: answer.token_logprobs,
    })
}

fn shown(set: &str, counts: &BTreeMap<(String, &'static str), Counts>) -> Vec<Measurement> {
    let verdicts = [
        ("exact", Verdict::Exact),
        ("refused", Verdict::Refused),
        ("wrong", Verdict::Wrong),
    ];
    let rows = counts.iter().flat_map(|((language, rung), of_rung)| {
        let all: usize = of_rung.iter().sum();
        verdicts.iter().filter_map(move |(name, verdict)| {
            let percent = of_rung[*verdict as usize] as f64 * 100.0 / all as f64;
            let is_bound = *rung == "ladder" && *verdict == Verdict::Wrong;
            // A target is to be stayed below.
            let target = is_bound.then_some(MOST_WRONG_PERCENT + f64::EPSILON);
            let name = format!("planning.{set}.{language}.{rung}.{name}_percent");
            Measurement::of(name, "%", target, &[percent])
        })
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_named_by_set_language_and_rung() {
        let counts = BTreeMap::from([(("ko".to_owned(), "ladder"), [7, 2, 1])]);
        let rows = shown("held_out", &counts);
        let rows: Vec<_> = rows
            .iter()
            .map(|m| (m.name.as_ref(), m.value, m.is_met()))
            .collect();
        assert_eq!(
            rows,
            [
                ("planning.held_out.ko.ladder.exact_percent", 70.0, None),
                ("planning.held_out.ko.ladder.refused_percent", 20.0, None),
                (
                    "planning.held_out.ko.ladder.wrong_percent",
                    10.0,
                    Some(false)
                ),
            ]
        );
    }
}
