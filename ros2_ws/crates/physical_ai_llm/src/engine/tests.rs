//! With a fast model whose output shows every mistake of the page table, and with a real one.

mod embedding;
mod fake;
mod generating;
mod local;
mod memory;
mod properties;
mod requests;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::*;
use crate::{Constraint, ConstraintCompiler, GgufVocabulary, MaskVocabulary, TokenType};
use fake::Fake;

/// Rows of the models here.
const VOCABULARY: usize = 320;
/// Ends a text.
const END: u32 = 2;
/// The first of the tokens that stand for bytes.
const BYTES: u32 = 3;

fn gguf_vocabulary() -> GgufVocabulary {
    let mut tokens: Vec<String> = ["<unk>", "<s>", "</s>"].map(str::to_owned).to_vec();
    let mut token_types = vec![TokenType::Unknown, TokenType::Control, TokenType::Control];
    for byte in 0..=255u8 {
        tokens.push(format!("<0x{byte:02X}>"));
        token_types.push(TokenType::Byte);
    }
    tokens.extend((tokens.len()..VOCABULARY).map(|id| format!("w{id}▁")));
    token_types.resize(VOCABULARY, TokenType::Normal);
    GgufVocabulary {
        model: "llama".to_owned(),
        scores: vec![0.0; VOCABULARY],
        tokens,
        token_types,
        bos: Some(1),
        eos: Some(END),
        unk: Some(0),
        ..GgufVocabulary::default()
    }
}

static TOKENIZER: LazyLock<Arc<Tokenizer>> =
    LazyLock::new(|| Arc::new(Tokenizer::from_gguf_vocabulary(&gguf_vocabulary()).unwrap()));

static COMPILER: LazyLock<ConstraintCompiler> = LazyLock::new(|| {
    let bytes = |id| match TOKENIZER.is_special(id) {
        true => Vec::new(),
        false => TOKENIZER.token_bytes(id).to_vec(),
    };
    ConstraintCompiler::try_new(MaskVocabulary {
        tokens: (0..VOCABULARY as u32).map(bytes).collect(),
        special: vec![0, 1],
        end: vec![END],
        tokenize: Some(Arc::new(|text: &[u8]| {
            text.iter().map(|b| BYTES + u32::from(*b)).collect()
        })),
    })
    .unwrap()
});

fn regex(pattern: &str) -> Constraint {
    COMPILER.compile_regex(pattern).unwrap()
}

fn text_tokens(text: &str) -> Vec<u32> {
    text.bytes().map(|b| BYTES + u32::from(b)).collect()
}

/// Small limits, so that everything happens within a few tokens.
fn config() -> EngineConfig {
    EngineConfig {
        max_batch_tokens: 12,
        max_sequences: 4,
        max_waiting: 100,
        prefix_cache: true,
        speculative: None,
    }
}

fn engine(fake: Fake, config: EngineConfig) -> Engine<Fake> {
    Engine::try_new(fake, Arc::clone(&TOKENIZER), config).unwrap()
}

/// A prompt that differs from others at the beginning.
fn prompt(number: u32, length: usize) -> Vec<u32> {
    (0..length as u32)
        .map(|i| BYTES + 97 + (number * 7 + i * (number % 5 + 1)) % 26)
        .collect()
}

fn request(id: u64, prompt: Vec<u32>, max_tokens: usize) -> Request {
    Request {
        ignore_end: true,
        ..Request::new(RequestId(id), prompt, max_tokens)
    }
}

/// All that came of a request.
#[derive(Debug, Default)]
struct Outcome {
    started: usize,
    tokens: Vec<u32>,
    logprobs: Vec<Option<f32>>,
    tops: Vec<Vec<(u32, f32)>>,
    rows: Vec<Vec<f32>>,
    text: String,
    /// Debug form of the reason, once for each end.
    reasons: Vec<String>,
    usage: Usage,
    timings: Timings,
}

impl Outcome {
    fn reason(&self) -> &str {
        assert_eq!(self.reasons.len(), 1, "{self:?}");
        &self.reasons[0]
    }
}

/// Sorts events by request, and checks their order.
fn collect(outcomes: &mut BTreeMap<u64, Outcome>, events: Vec<Event>) {
    for event in events {
        match event {
            Event::Started { id, .. } => {
                let outcome = outcomes.entry(id.0).or_default();
                assert!(outcome.tokens.is_empty() && outcome.reasons.is_empty());
                outcome.started += 1;
                assert_eq!(outcome.started, 1);
            }
            Event::Token {
                id,
                token,
                text,
                logprob,
                top,
            } => {
                let outcome = outcomes.get_mut(&id.0).unwrap();
                assert!(outcome.started == 1 && outcome.reasons.is_empty());
                outcome.tokens.push(token);
                outcome.logprobs.push(logprob);
                outcome.tops.push(top);
                outcome.text += &text;
            }
            Event::Embedded { id, rows } => {
                let outcome = outcomes.entry(id.0).or_default();
                assert!(outcome.rows.is_empty() && outcome.reasons.is_empty());
                outcome.rows = rows;
            }
            Event::Finished {
                id,
                reason,
                text_tail,
                usage,
                timings,
            } => {
                let outcome = outcomes.entry(id.0).or_default();
                outcome.reasons.push(format!("{reason:?}"));
                outcome.text += &text_tail;
                (outcome.usage, outcome.timings) = (usage, timings);
            }
        }
    }
}

/// Steps until nothing is left to do. A clock of one second a reading starts at `now_s`.
fn finish_all<F: Forward>(engine: &mut Engine<F>, outcomes: &mut BTreeMap<u64, Outcome>) {
    let now_s = std::cell::Cell::new(100.0);
    let clock = || {
        now_s.set(now_s.get() + 1.0);
        now_s.get()
    };
    let mut steps = 0;
    while !engine.is_idle() {
        collect(outcomes, engine.step(&clock).unwrap());
        steps += 1;
        assert!(steps < 100_000, "it does not come to an end");
    }
    let metrics = engine.metrics();
    assert_eq!((metrics.waiting, metrics.running), (0, 0));
    assert_eq!(metrics.pages_used, 0, "pages have leaked");
}

fn serve<F: Forward>(engine: &mut Engine<F>, requests: Vec<Request>) -> BTreeMap<u64, Outcome> {
    let mut outcomes = BTreeMap::new();
    for request in requests {
        engine.submit(0.0, request).unwrap();
    }
    finish_all(engine, &mut outcomes);
    outcomes
}

/// What a request gives with plenty of everything and nobody else.
fn alone(request: Request) -> Outcome {
    let id = request.id.0;
    let config = EngineConfig {
        max_batch_tokens: 1000,
        prefix_cache: false,
        ..config()
    };
    let mut engine = engine(Fake::new(100), config);
    serve(&mut engine, vec![request]).remove(&id).unwrap()
}
