//! Choosing the next token.
//!
//! # Order
//! As in HF transformers: repetition, presence and frequency penalties → mask → temperature →
//! top-k → top-p (of what top-k left) → min-p → draw. The mask comes before top-k and top-p, so that
//! forbidden tokens take no room from allowed ones.

mod largest;
mod noise;
mod penalties;
mod sampler;
mod sum_of_exp;
#[cfg(test)]
mod tests;

use crate::Error;

pub(crate) use largest::Largest;
pub(crate) use noise::uniform;
pub use sampler::{Sampled, Sampler};

/// Most alternatives that a request may ask to be reported.
pub const MAX_TOP_LOGPROBS: u32 = 20;

/// How the next token is chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct SamplingParams {
    /// 0 takes the likeliest token; up to 100.
    pub temperature: f32,
    /// Only this many of the likeliest tokens; 0: all.
    pub top_k: u32,
    /// Only the likeliest tokens that together reach this probability, above 0 up to 1; 1: all.
    pub top_p: f32,
    /// Only tokens with at least this share of the likeliest one's probability, 0 to 1; 0: all.
    pub min_p: f32,
    /// Divides positive logits and multiplies negative ones of tokens in prompt or output; 0.01 to 100;
    /// 1: none (Keskar et al. 2019).
    pub repetition_penalty: f32,
    /// Taken from the logits of tokens in the output, -2 to 2; 0: none.
    pub presence_penalty: f32,
    /// Taken from the logits once for each time that a token is in the output, -2 to 2; 0: none.
    pub frequency_penalty: f32,
    /// Same seed, prompt and model: same output.
    pub seed: u64,
    /// Alternatives to report for each token, at most [`MAX_TOP_LOGPROBS`]; 0: none.
    pub top_logprobs: u32,
}

impl Default for SamplingParams {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            top_k: 0,
            top_p: 1.0,
            min_p: 0.0,
            repetition_penalty: 1.0,
            presence_penalty: 0.0,
            frequency_penalty: 0.0,
            seed: 0,
            top_logprobs: 0,
        }
    }
}

impl SamplingParams {
    /// Always the likeliest token.
    pub fn greedy() -> Self {
        Self {
            temperature: 0.0,
            ..Self::default()
        }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] naming the field, its value and its range.
    pub fn validate(&self) -> Result<(), Error> {
        let within = |field, value: f32, low: f32, high: f32| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                Err(invalid(field, value, format!("must be {low} to {high}")))
            }
        };
        within("temperature", self.temperature, 0.0, 100.0)?;
        within("top_p", self.top_p, 0.0, 1.0)?;
        if self.top_p == 0.0 {
            let problem = "must be above 0; temperature 0 takes the likeliest token";
            return Err(invalid("top_p", self.top_p, problem.to_owned()));
        }
        within("min_p", self.min_p, 0.0, 1.0)?;
        within("repetition_penalty", self.repetition_penalty, 0.01, 100.0)?;
        within("presence_penalty", self.presence_penalty, -2.0, 2.0)?;
        within("frequency_penalty", self.frequency_penalty, -2.0, 2.0)?;
        if self.top_logprobs > MAX_TOP_LOGPROBS {
            let problem = format!("must be at most {MAX_TOP_LOGPROBS}");
            return Err(invalid("top_logprobs", self.top_logprobs, problem));
        }
        Ok(())
    }
}

fn invalid(field: &'static str, value: impl ToString, problem: String) -> Error {
    Error::InvalidRequest {
        field,
        value: value.to_string(),
        problem,
    }
}
