use std::sync::Arc;

use crate::{Constraint, Error, Sampled, Sampler, StopMatcher, StreamDecoder, Tokenizer};

use super::{Event, FinishReason, Request, RequestId};

/// Chooses the tokens of a sequence and turns them into text.
pub(super) struct Output {
    id: RequestId,
    tokenizer: Arc<Tokenizer>,
    sampler: Sampler,
    constraint: Option<Constraint>,
    decoder: StreamDecoder,
    stop: StopMatcher,
    ignore_end: bool,
    wants_logprobs: bool,
}

impl Output {
    /// Takes what it needs out of the request.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] naming the field.
    pub fn try_new(request: &mut Request, tokenizer: &Arc<Tokenizer>) -> Result<Self, Error> {
        let mut sampling = request.sampling.clone();
        if !request.want_logprobs {
            sampling.top_logprobs = 0;
        }
        let shared = Arc::clone(tokenizer);
        Ok(Self {
            id: request.id,
            tokenizer: Arc::clone(tokenizer),
            sampler: Sampler::try_new(sampling, request.prompt.len())?,
            constraint: request.constraint.take(),
            decoder: if request.continues_text {
                StreamDecoder::continuing(shared, true)
            } else {
                StreamDecoder::new(shared, true)
            },
            stop: StopMatcher::try_new(std::mem::take(&mut request.stop))?,
            ignore_end: request.ignore_end,
            wants_logprobs: request.want_logprobs,
        })
    }

    /// Whether every token needs the logits before it.
    pub fn wants_logprobs(&self) -> bool {
        self.wants_logprobs
    }

    /// Chooses the token after `tokens` and goes on with it.
    ///
    /// # Errors
    /// As [`Sampler::sample`] and [`Constraint::commit`].
    pub fn sample(&mut self, logits: &[f32], tokens: &[u32]) -> Result<Sampled, Error> {
        let Some(constraint) = &mut self.constraint else {
            return self.sampler.sample(logits, None, tokens);
        };
        let mask = constraint.mask()?;
        let sampled = self.sampler.sample(logits, Some(mask), tokens)?;
        constraint.commit(sampled.token)?;
        Ok(sampled)
    }

    /// What is to be reported of a token that was not sampled.
    ///
    /// # Errors
    /// As [`Sampler::report`].
    pub fn report(&mut self, logits: &[f32], token: u32) -> Result<Sampled, Error> {
        self.sampler.report(logits, token)
    }

    /// Adds the tokens that must come next to `tokens`, by `limit` at most, and goes on with them.
    ///
    /// # Errors
    /// As [`Constraint::forced`] and [`Constraint::commit`].
    pub fn force(&mut self, limit: usize, tokens: &mut Vec<u32>) -> Result<(), Error> {
        let Some(constraint) = &mut self.constraint else {
            return Ok(());
        };
        for token in constraint.forced()?.into_iter().take(limit) {
            constraint.commit(token)?;
            tokens.push(token);
        }
        Ok(())
    }

    /// Cuts off what the constraint will not let pass.
    pub fn trim(&mut self, draft: &mut Vec<u32>) {
        if let Some(constraint) = &mut self.constraint {
            // An error shows when the mask is asked for.
            draft.truncate(constraint.accepted(draft).unwrap_or(0));
        }
    }

    /// Hands a token out. Returns why it was the last, if it was.
    pub fn emit(&mut self, token: &Sampled, events: &mut Vec<Event>) -> Option<FinishReason> {
        if !self.ignore_end && self.tokenizer.is_eos(token.token) {
            return Some(match self.constraint {
                Some(_) => FinishReason::Complete,
                None => FinishReason::Stop,
            });
        }
        let text = self.decoder.push(token.token).unwrap_or_default();
        let step = self.stop.push(&text);
        events.push(Event::Token {
            id: self.id,
            token: token.token,
            text: step.emit,
            logprob: self.wants_logprobs.then_some(token.logprob),
            top: token.top_logprobs.clone(),
        });
        step.stopped.then_some(FinishReason::Stop)
    }

    /// True if nothing may follow.
    pub fn is_complete(&self) -> bool {
        self.constraint
            .as_ref()
            .is_some_and(Constraint::is_complete)
    }

    /// Text that was held back, at the end.
    pub fn flush(&mut self) -> String {
        let last = self.decoder.flush().unwrap_or_default();
        let mut text = self.stop.push(&last).emit;
        text += &self.stop.flush();
        text
    }
}
