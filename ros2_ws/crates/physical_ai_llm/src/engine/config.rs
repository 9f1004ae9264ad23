use crate::Error;

use super::Forward;

/// Limits of an [`Engine`](super::Engine).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineConfig {
    /// Most tokens of a pass; more than `max_sequences`. Small values let the sequences that generate
    /// go on smoothly beside long prompts, large ones read prompts faster.
    pub max_batch_tokens: usize,
    /// Most sequences that generate at once, at least 1.
    pub max_sequences: usize,
    /// Most requests that wait; 0 refuses every request.
    pub max_waiting: usize,
    /// Whether sequences share the pages of equal beginnings, and later ones find them again.
    pub prefix_cache: bool,
    /// Most tokens that are guessed from the text so far and checked in one pass, at least 1; none: no
    /// guessing. The output is the same either way.
    pub speculative: Option<usize>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            max_batch_tokens: 256,
            max_sequences: 16,
            max_waiting: 1024,
            prefix_cache: true,
            speculative: None,
        }
    }
}

impl EngineConfig {
    /// Checks every field, and the model's cache.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] naming the field, its value and its range.
    pub(super) fn validate(&self, model: &impl Forward) -> Result<(), Error> {
        at_least("max_sequences", self.max_sequences, 1)?;
        // So that a prompt makes progress whatever else goes on.
        let least = self.max_sequences.saturating_add(1);
        at_least("max_batch_tokens", self.max_batch_tokens, least)?;
        at_least("speculative", self.speculative.unwrap_or(1), 1)?;
        at_least("cache_pages", model.pages(), 1)?;
        at_least("page_tokens", model.page_tokens(), 1)
    }
}

fn at_least(field: &'static str, value: usize, least: usize) -> Result<(), Error> {
    if value >= least {
        return Ok(());
    }
    Err(Error::InvalidRequest {
        field,
        value: value.to_string(),
        problem: format!("must be at least {least}"),
    })
}
