use std::time::{Duration, Instant};

use physical_ai_ros::msg::physical_ai_msgs::action::Generate;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ApiError, fields};

/// Longest time that a request may ask for, s.
const MOST_TIMEOUT_S: f64 = 1e6;
/// Fields that would change the text, with the values that do not.
const UNSERVED: [(&str, &[&str]); 13] = [
    ("n", &["1"]),
    ("best_of", &["1"]),
    ("frequency_penalty", &["0", "0.0"]),
    ("presence_penalty", &["0", "0.0"]),
    ("logit_bias", &["{}"]),
    ("tools", &["[]"]),
    ("tool_choice", &["\"none\"", "\"auto\""]),
    ("functions", &["[]"]),
    ("function_call", &["\"none\"", "\"auto\""]),
    ("modalities", &["[\"text\"]"]),
    ("audio", &[]),
    ("echo", &["false"]),
    ("suffix", &["\"\""]),
];

/// What both routes that generate have in common. The fields after `timeout_s` are not OpenAI's: they are
/// those of the `generate` action.
#[derive(Debug, Default, Deserialize)]
struct Fields {
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    seed: Option<i64>,
    stop: Option<Value>,
    timeout_s: Option<f64>,
    priority: Option<u8>,
    key: Option<String>,
    latest_wins: Option<bool>,
    top_k: Option<u32>,
    min_p: Option<f32>,
    repetition_penalty: Option<f32>,
}

#[derive(Debug, Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

/// A request as the node takes it, and how its answer is wanted.
pub struct Asked {
    /// What the `generate` action would have brought.
    pub goal: Generate::Goal,
    /// When it has to be over.
    pub deadline: Option<Instant>,
    /// Piece by piece.
    pub stream: bool,
    /// The stream ends with the tokens that were used.
    pub include_usage: bool,
    /// Alternatives to report for each token; none: no probabilities either.
    pub top_logprobs: Option<usize>,
}

/// Reads what both routes have in common. `seed` is taken if the client gives none, which means that it
/// wants to be surprised.
///
/// # Errors
/// Naming field and value.
pub fn read(body: &Value, seed: u64) -> Result<Asked, ApiError> {
    fields::check_unserved(body, &UNSERVED)?;
    let f: Fields = fields::read(body)?;
    let stream = f.stream.unwrap_or(false);
    if !stream && !body["stream_options"].is_null() {
        let problem = "only allowed when stream is true";
        let options = &body["stream_options"];
        return Err(ApiError::invalid("stream_options", options, problem));
    }
    let goal = Generate::Goal {
        // OpenAI's default; 0 would take the likeliest token.
        temperature: f.temperature.unwrap_or(1.0),
        top_k: f.top_k.unwrap_or(0),
        top_p: not_zero("top_p", f.top_p)?,
        min_p: f.min_p.unwrap_or(0.0),
        repetition_penalty: not_zero("repetition_penalty", f.repetition_penalty)?,
        // Numbers below zero are seeds like any other.
        seed: f.seed.map_or(seed, |seed| seed as u64),
        stop: match &f.stop {
            None => Vec::new(),
            Some(stop) => fields::texts("stop", stop)?,
        },
        priority: f.priority.unwrap_or(0),
        key: f.key.unwrap_or_default(),
        latest_wins: f.latest_wins.unwrap_or(false),
        ..Generate::Goal::default()
    };
    Ok(Asked {
        goal,
        deadline: f.timeout_s.map(deadline).transpose()?,
        stream,
        include_usage: f.stream_options.and_then(|o| o.include_usage) == Some(true),
        top_logprobs: None,
    })
}

/// When a time from now has passed.
///
/// # Errors
/// Naming field and value.
pub fn deadline(timeout_s: f64) -> Result<Instant, ApiError> {
    if !(0.0..=MOST_TIMEOUT_S).contains(&timeout_s) {
        let problem = format!("must be 0 to {MOST_TIMEOUT_S} seconds");
        return Err(ApiError::invalid("timeout_s", &json!(timeout_s), &problem));
    }
    Ok(Instant::now() + Duration::from_secs_f64(timeout_s))
}

/// The first length that is given.
///
/// # Errors
/// Naming field and value.
pub fn max_tokens(given: &[(&str, Option<u32>)]) -> Result<u32, ApiError> {
    for (field, tokens) in given {
        match tokens {
            // The goal's zero stands for the worker's default.
            Some(0) => {
                let problem = "must be at least 1";
                return Err(ApiError::invalid(*field, &json!(0), problem));
            }
            Some(tokens) => return Ok(*tokens),
            None => {}
        }
    }
    Ok(0)
}

/// Zero in a goal stands for "off", which a client that writes 0 does not mean.
fn not_zero(field: &str, value: Option<f32>) -> Result<f32, ApiError> {
    match value {
        Some(0.0) => Err(ApiError::invalid(field, &json!(0.0), "must be above 0")),
        value => Ok(value.unwrap_or(0.0)),
    }
}
