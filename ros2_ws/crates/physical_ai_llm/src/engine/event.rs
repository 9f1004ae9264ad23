use crate::Error;

use super::RequestId;

/// What happened to a request. One `Started` at most, then tokens, then exactly one `Finished`.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The prompt is being read.
    Started {
        /// Of which request.
        id: RequestId,
        /// Tokens of the prompt that were found in the cache.
        cached_tokens: usize,
    },
    /// A token of the output.
    Token {
        /// Of which request.
        id: RequestId,
        /// Token id.
        token: u32,
        /// Text that is certain now; empty if a character is incomplete or a stop string may have
        /// begun.
        text: String,
        /// Natural logarithm of its probability by the model alone, if asked for.
        logprob: Option<f32>,
        /// The likeliest tokens with their logarithms, if asked for.
        top: Vec<(u32, f32)>,
    },
    /// Texts are embedded; `Finished` follows at once.
    Embedded {
        /// Of which request.
        id: RequestId,
        /// One row of length 1 for each text, `[texts, D]`.
        rows: Vec<Vec<f32>>,
    },
    /// The end.
    Finished {
        /// Of which request.
        id: RequestId,
        /// Why.
        reason: FinishReason,
        /// Text that was held back.
        text_tail: String,
        /// What it took.
        usage: Usage,
        /// How long it took.
        timings: Timings,
    },
}

/// Why a request finished.
#[derive(Debug)]
#[non_exhaustive]
pub enum FinishReason {
    /// The model ended its text, or a stop string came.
    Stop,
    /// The text is complete by the request's constraint, or every text is embedded.
    Complete,
    /// `max_tokens` were generated.
    Length,
    /// It was cancelled.
    Cancelled,
    /// A newer request with the same key came.
    Superseded,
    /// Its deadline passed.
    DeadlinePassed,
    /// It failed; others are not affected.
    Error(Error),
}

/// Tokens of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Of the prompt.
    pub prompt_tokens: usize,
    /// Of the prompt, found in the cache when its reading began or while it went on.
    pub cached_tokens: usize,
    /// Of the output, the end of the text included.
    pub generated_tokens: usize,
    /// Guessed tokens that were right.
    pub speculative_accepted: usize,
}

/// Times of a request, seconds since it was submitted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Timings {
    /// Until its prompt began to be read; all of its life if it never was.
    pub queued_s: f64,
    /// Until its first token, if there was one.
    pub first_token_s: Option<f64>,
    /// Until its end.
    pub total_s: f64,
}
