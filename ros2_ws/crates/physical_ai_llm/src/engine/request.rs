use crate::{Constraint, Error, SamplingParams, StopMatcher};

/// Names a request; chosen by the caller, and free again once the request has finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// What is to be generated.
#[derive(Clone)]
pub struct Request {
    /// Its name.
    pub id: RequestId,
    /// At least one token.
    pub prompt: Vec<u32>,
    /// Most tokens to generate, at least 1.
    pub max_tokens: usize,
    /// How tokens are chosen.
    pub sampling: SamplingParams,
    /// What the text must be; none: anything.
    pub constraint: Option<Constraint>,
    /// Texts that end the output and are no part of it.
    pub stop: Vec<String>,
    /// 0 lowest, 255 highest.
    pub priority: u8,
    /// When the request ends, finished or not, seconds of the caller's clock; none: never.
    pub deadline_s: Option<f64>,
    /// Requests with the same key may replace each other.
    pub key: Option<String>,
    /// Whether a newer request with the same key ends this one.
    pub latest_wins: bool,
    /// Whether tokens are reported with their probabilities.
    pub want_logprobs: bool,
    /// Whether the output goes on in the middle of the prompt's text, so that a first space counts.
    pub continues_text: bool,
    /// Goes on after the model has ended its text; only for measurements.
    pub ignore_end: bool,
}

impl Request {
    /// A greedy request of middle priority, without anything special.
    pub fn new(id: RequestId, prompt: Vec<u32>, max_tokens: usize) -> Self {
        Self {
            id,
            prompt,
            max_tokens,
            sampling: SamplingParams::greedy(),
            constraint: None,
            stop: Vec::new(),
            priority: 128,
            deadline_s: None,
            key: None,
            latest_wins: false,
            want_logprobs: false,
            continues_text: false,
            ignore_end: false,
        }
    }

    /// Checks what does not depend on the state of an engine.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] naming the field, [`Error::PromptTooLong`].
    pub(super) fn validate(&self, vocabulary: usize, context: usize) -> Result<(), Error> {
        let invalid = |field, value: String, problem: String| {
            Err(Error::InvalidRequest {
                field,
                value,
                problem,
            })
        };
        if self.prompt.is_empty() {
            let problem = "must have at least one token".to_owned();
            return invalid("prompt", "empty".to_owned(), problem);
        }
        if self.max_tokens == 0 {
            return invalid(
                "max_tokens",
                "0".to_owned(),
                "must be at least 1".to_owned(),
            );
        }
        if self.prompt.len().saturating_add(self.max_tokens) > context {
            return Err(Error::PromptTooLong {
                tokens: self.prompt.len(),
                limit: context.saturating_sub(self.max_tokens),
            });
        }
        if let Some(token) = self.prompt.iter().find(|t| **t as usize >= vocabulary) {
            let problem = format!("the vocabulary has {vocabulary} tokens");
            return invalid("prompt token", token.to_string(), problem);
        }
        match self.deadline_s {
            Some(deadline_s) if !deadline_s.is_finite() => {
                let problem = "must be finite".to_owned();
                invalid("deadline_s", deadline_s.to_string(), problem)
            }
            _ => StopMatcher::try_new(self.stop.iter().map(String::as_str)).map(drop),
        }
    }
}
