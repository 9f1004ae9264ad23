//! Time of masks, forced tokens and sampling for a fleet's plans at V = 32064.
//!
//! `cargo run --release -p physical_ai_tests --example mask_speed`

use std::collections::BTreeSet;
use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use physical_ai_domain::{Capability, Resources, RobotName, SkillName};
use physical_ai_llm::{
    Constraint, ConstraintCompiler, JsonOptions, MaskVocabulary, Sampler, SamplingParams, Tokenize,
};
use physical_ai_planning::{PlanSchemaOptions, TaskIds, plan_schema};
use serde_json::{Value, json};

/// MaskVocabulary of Phi-3.5-mini.
const VOCABULARY: usize = 32_064;
/// Token that ends a text.
const END: u32 = 2;
/// First of the byte tokens.
const BYTES: u32 = 3;
/// Texts to follow.
const TEXTS: u64 = 60;
/// Tokens after which a text is given up.
const MAX_TOKENS: usize = 600;

fn main() -> Result<(), Box<dyn Error>> {
    let tokens = tokens();
    let longest = tokens.iter().map(Vec::len).max().unwrap_or(0);
    let ids: std::collections::HashMap<Vec<u8>, u32> = tokens.iter().cloned().zip(0..).collect();
    let tokenize: Tokenize = Arc::new(move |mut text| {
        let mut found = Vec::new();
        while !text.is_empty() {
            let length = (1..=longest.min(text.len()))
                .rev()
                .find(|&n| ids.contains_key(&text[..n]));
            let Some(length) = length else { break };
            found.push(ids[&text[..length]]);
            text = &text[length..];
        }
        found
    });
    for (name, task_ids, tokenize) in [
        ("numbered ids", TaskIds::Numbered, None),
        ("free ids", TaskIds::Free, None),
        (
            "numbered ids, forced tokens",
            TaskIds::Numbered,
            Some(tokenize),
        ),
    ] {
        println!("{name}");
        measure(&tokens, task_ids, tokenize)?;
    }
    hostile(&tokens)?;
    sampling()
}

fn compiler(
    tokens: &[Vec<u8>],
    tokenize: Option<Tokenize>,
) -> Result<ConstraintCompiler, physical_ai_llm::Error> {
    let control = VOCABULARY as u32 - 64..VOCABULARY as u32;
    ConstraintCompiler::try_new(MaskVocabulary {
        tokens: tokens.to_vec(),
        special: (0..BYTES).chain(control).collect(),
        end: vec![END],
        tokenize,
    })
}

fn measure(
    tokens: &[Vec<u8>],
    task_ids: TaskIds,
    tokenize: Option<Tokenize>,
) -> Result<(), Box<dyn Error>> {
    let begin = Instant::now();
    let compiler = compiler(tokens, tokenize)?;
    println!("  vocabulary: {:.1} ms", ms(begin.elapsed()));
    let options = PlanSchemaOptions {
        task_ids,
        ..PlanSchemaOptions::default()
    };
    let begin = Instant::now();
    let schema = plan_schema(&fleet()?, &options)?;
    let bytes = schema.to_string().len();
    println!("  schema of {bytes} bytes: {:.1} ms", ms(begin.elapsed()));
    let begin = Instant::now();
    let template = compiler.compile_json_schema(&schema, &JsonOptions::default())?;
    println!("  compile: {:.1} ms", ms(begin.elapsed()));
    let begin = Instant::now();
    black_box(template.clone());
    println!("  clone: {:.3} ms", ms(begin.elapsed()));

    let mut times = Times::default();
    for seed in 0..TEXTS {
        times.follow(template.clone(), tokens, seed)?;
    }
    println!(
        "  {} of {TEXTS} texts complete, {} masks, {} forced tokens",
        times.complete,
        times.masks.len(),
        times.forced
    );
    print("mask", times.masks);
    print("commit", times.commits);
    Ok(())
}

#[derive(Default)]
struct Times {
    masks: Vec<Duration>,
    commits: Vec<Duration>,
    forced: usize,
    complete: usize,
}

impl Times {
    /// Follows one text of random tokens.
    fn follow(
        &mut self,
        mut constraint: Constraint,
        tokens: &[Vec<u8>],
        seed: u64,
    ) -> Result<(), Box<dyn Error>> {
        // Strings would go on for ever among 32,000 equal tokens.
        let closes = |token: &Vec<u8>| if token.ends_with(b"\"") { 6.0 } else { 0.0 };
        let logits: Vec<f32> = tokens.iter().map(closes).collect();
        let params = SamplingParams {
            seed,
            ..SamplingParams::default()
        };
        let mut sampler = Sampler::try_new(params, 0)?;
        for _ in 0..MAX_TOKENS {
            if constraint.is_complete() {
                self.complete += 1;
                break;
            }
            let begin = Instant::now();
            let next = constraint.forced()?;
            for &token in &next {
                constraint.commit(token)?;
            }
            if !next.is_empty() {
                self.forced += next.len();
                self.commits.push(begin.elapsed() / next.len() as u32);
                continue;
            }
            let begin = Instant::now();
            let mask = constraint.mask()?;
            self.masks.push(begin.elapsed());
            let token = sampler.sample(&logits, Some(mask), &[])?.token;
            let begin = Instant::now();
            constraint.commit(token)?;
            self.commits.push(begin.elapsed());
        }
        Ok(())
    }
}

/// An automaton whose states double with each letter: what the limits allow at most.
fn hostile(tokens: &[Vec<u8>]) -> Result<(), Box<dyn Error>> {
    println!("hostile expression");
    let mut constraint = compiler(tokens, None)?.compile_regex("(a|b)*a(a|b){24}")?;
    let mut masks = Vec::new();
    let mut bits = 1u32;
    for step in 0u32..1_000_000 {
        let begin = Instant::now();
        let result = constraint.mask().map(|_| ());
        masks.push(begin.elapsed());
        bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let letter = BYTES + u32::from(b'a') + (bits >> 31);
        let result = result.and_then(|()| constraint.commit(letter));
        if let Err(error) = result {
            println!("  after {step} tokens: {error}");
            break;
        }
    }
    print("mask", masks);
    Ok(())
}

fn sampling() -> Result<(), Box<dyn Error>> {
    println!("sampling, no mask");
    let logits = logits();
    let base = SamplingParams::default;
    for (name, params) in [
        ("greedy", SamplingParams::greedy()),
        ("temperature", base()),
        (
            "top-k 40",
            SamplingParams {
                top_k: 40,
                ..base()
            },
        ),
        (
            "top-p 0.95",
            SamplingParams {
                top_p: 0.95,
                temperature: 0.7,
                ..base()
            },
        ),
        (
            "min-p 0.05",
            SamplingParams {
                min_p: 0.05,
                ..base()
            },
        ),
        (
            "top-k, repetition, 20 logprobs",
            SamplingParams {
                top_k: 40,
                repetition_penalty: 1.1,
                top_logprobs: 20,
                ..base()
            },
        ),
    ] {
        let mut sampler = Sampler::try_new(params, 0)?;
        let history: Vec<u32> = (0..500).collect();
        let mut times = Vec::new();
        for _ in 0..500 {
            let begin = Instant::now();
            black_box(sampler.sample(&logits, None, &history)?);
            times.push(begin.elapsed());
        }
        print(name, times);
    }
    Ok(())
}

/// A few likely tokens over a wide floor, as a model gives them.
fn logits() -> Vec<f32> {
    let mut bits = 1u32;
    (0..VOCABULARY)
        .map(|_| {
            bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let even = (bits >> 8) as f32 / (1 << 24) as f32;
            -2.0 * (1.0 - even).max(1e-7).ln()
        })
        .collect()
}

fn print(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| {
        let index = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
        times.get(index).map_or(0.0, |t| t.as_secs_f64() * 1e6)
    };
    println!(
        "  {name}: p50 {:.1} µs, p99 {:.1} µs, most {:.1} µs",
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Control tokens, bytes, pieces of JSON, digits, fragments of words with and without a space before
/// them, Korean syllables: the mixture of a SentencePiece vocabulary.
fn tokens() -> Vec<Vec<u8>> {
    let mut tokens: Vec<Vec<u8>> = [&b"<unk>"[..], b"<s>", b"</s>"].map(<[u8]>::to_vec).into();
    tokens.extend((0..=255).map(|b| vec![b]));
    let mut seen: BTreeSet<Vec<u8>> = tokens.iter().cloned().collect();
    let letters: Vec<char> = ('a'..='z').collect();
    let mut pieces: Vec<String> = [
        "\":", "\":\"", "\",\"", "\",", "\"}", "{\"", "},{\"", "[{\"", "}]", "}]}", "]}", "\"]",
        "[\"", "\"],\"", "\":{\"", "\":[", "\"},\"", "},", "{}", "[]", "task", "tasks", "skill",
        "robot", "params", "after", "place", "object", "rover", "dock",
    ]
    .map(str::to_owned)
    .into();
    pieces.extend((0..1000).map(|n| n.to_string()));
    for a in &letters {
        for b in &letters {
            pieces.extend(["", " ", "_", "\""].map(|before| format!("{before}{a}{b}")));
            pieces.extend(letters.iter().step_by(2).map(|c| format!("{a}{b}{c}")));
            pieces.extend(letters.iter().step_by(3).map(|c| format!(" {a}{b}{c}e")));
            pieces.extend(letters.iter().step_by(4).map(|c| format!("{a}{b}{c}ing")));
        }
    }
    pieces.extend(('가'..='힣').step_by(3).map(String::from));
    for piece in pieces {
        if tokens.len() < VOCABULARY - 64 && seen.insert(piece.clone().into_bytes()) {
            tokens.push(piece.into_bytes());
        }
    }
    tokens.resize(VOCABULARY, Vec::new());
    tokens
}

/// Four robots with eight skills each.
fn fleet() -> Result<Vec<Capability>, Box<dyn Error>> {
    let mut all = Vec::new();
    for (robot, places) in [
        ("arm_1", ["bin_a", "bin_b", "tray", "conveyor"]),
        ("arm_2", ["bin_c", "bin_d", "shelf", "conveyor"]),
        ("rover_1", ["dock_a", "dock_b", "depot", "gate"]),
        ("rover_2", ["dock_a", "dock_b", "depot", "gate"]),
    ] {
        let place = json!({"type": "string", "enum": places});
        let object = json!({"type": "string",
            "enum": ["red_box", "blue_box", "green_box", "bottle", "wrench", "gear"]});
        let number = json!({"type": "number"});
        let many = json!({"type": "array", "items": place, "minItems": 1});
        let rounds = json!({"type": "integer", "minimum": 1, "maximum": 1000});
        let opening = json!({"type": "number", "minimum": 0.0, "maximum": 0.09});
        let seconds = json!({"type": "number", "minimum": 0.0, "maximum": 3600.0});
        for (skill, properties, required) in [
            ("home", json!({}), json!([])),
            (
                "wait",
                json!({"duration_s": seconds}),
                json!(["duration_s"]),
            ),
            (
                "navigate_to",
                json!({"place": place, "x": number, "y": number, "yaw": number}),
                json!([]),
            ),
            (
                "patrol",
                json!({"places": many, "rounds": rounds}),
                json!(["places"]),
            ),
            ("pick", json!({"object": object}), json!(["object"])),
            ("place", json!({"place": place}), json!(["place"])),
            (
                "set_gripper",
                json!({"opening_m": opening}),
                json!(["opening_m"]),
            ),
            (
                "pick_and_place",
                json!({"object": object, "place": place}),
                json!(["object", "place"]),
            ),
        ] {
            all.push(capability(
                robot,
                skill,
                json!({"type": "object", "properties": properties,
                "required": required, "additionalProperties": false}),
            )?);
        }
    }
    Ok(all)
}

fn capability(robot: &str, skill: &str, schema: Value) -> Result<Capability, Box<dyn Error>> {
    Ok(Capability {
        skill: SkillName::try_new(skill)?,
        robot: Some(RobotName::try_new(robot)?),
        description: String::new(),
        parameters_schema: schema,
        mean_duration_s: 1.0,
        requires: Resources::new(),
        idempotent: true,
        ready: true,
        reason: String::new(),
    })
}
