//! Serves many requests with one model: continuous batching over a paged cache.
//!
//! Each [`Engine::step`] is one pass over what all running sequences need next: a token each of those
//! that generate, and as much of the prompts as the budget allows, most urgent first. What is computed
//! for a sequence never depends on the others, so its tokens are the same in any company.
//!
//! When pages run out the least urgent sequence gives way; it is read again later and goes on where it
//! was. The most urgent one can take every page, and no request is accepted that would not fit alone:
//! so something always moves.

mod config;
mod draft;
mod embed;
mod event;
mod forward;
mod local;
mod lru;
mod metrics;
mod output;
mod pages;
mod pass;
mod queue;
mod request;
mod schedule;
mod sequence;
mod table;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use crate::{Error, Tokenizer};

use embed::Embeddings;
use metrics::RecentTimes;
use pages::Pages;
use queue::{Queue, Rank};
use sequence::Sequence;

pub use config::EngineConfig;
pub use embed::EmbedRequest;
pub use event::{Event, FinishReason, Timings, Usage};
pub use forward::Forward;
pub use local::LocalModel;
pub use metrics::Metrics;
pub use request::{Request, RequestId};

/// Serves requests with one model. It has no thread and no clock: somebody calls [`Engine::step`]
/// until [`Engine::is_idle`].
pub struct Engine<F> {
    model: F,
    tokenizer: Arc<Tokenizer>,
    config: EngineConfig,
    pages: Pages,
    queue: Queue,
    /// Most urgent first.
    #[expect(
        clippy::vec_box,
        reason = "they move between here and the queue, and within both"
    )]
    running: Vec<Box<Sequence>>,
    live: HashMap<RequestId, Rank>,
    embeddings: Embeddings,
    /// Requests that a newer one with the same key ends.
    keys: HashMap<String, RequestId>,
    arrivals: u64,
    events: Vec<Event>,
    batch: pass::Batch,
    metrics: Metrics,
    times: RecentTimes,
}

impl<F: Forward> Engine<F> {
    /// An engine without requests.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for limits that make no sense, [`Error::InvalidTokenizer`] if the
    /// tokenizer's tokens are not the model's ([`Tokenizer::fit_model`] adds rows to spare).
    pub fn try_new(
        model: F,
        tokenizer: Arc<Tokenizer>,
        config: EngineConfig,
    ) -> Result<Self, Error> {
        config.validate(&model)?;
        if tokenizer.len() != model.vocabulary() {
            return Err(Error::InvalidTokenizer {
                field: "tokens".to_owned(),
                problem: format!(
                    "{} tokens do not fit a model with a vocabulary of {}",
                    tokenizer.len(),
                    model.vocabulary()
                ),
            });
        }
        Ok(Self {
            pages: Pages::new(model.pages(), model.page_tokens(), config.prefix_cache),
            model,
            tokenizer,
            config,
            queue: Queue::default(),
            running: Vec::new(),
            live: HashMap::new(),
            embeddings: Embeddings::default(),
            keys: HashMap::new(),
            arrivals: 0,
            events: Vec::new(),
            batch: pass::Batch::default(),
            metrics: Metrics::default(),
            times: RecentTimes::default(),
        })
    }

    /// The model.
    pub fn model(&self) -> &F {
        &self.model
    }

    /// Accepts a request; its events come from [`Engine::step`]. `now_s` is a monotonic clock's.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] naming the field, [`Error::PromptTooLong`] and [`Error::OutOfCache`]
    /// if it can never be served, [`Error::Busy`] if too many wait.
    pub fn submit(&mut self, now_s: f64, request: Request) -> Result<(), Error> {
        let result = self.accept(now_s, request);
        match &result {
            Ok(()) => self.metrics.submitted += 1,
            Err(_) => self.metrics.refused += 1,
        }
        result
    }

    /// Ends a request before its next token; false if there is none of this name. Its last event comes
    /// with the next step.
    pub fn cancel(&mut self, now_s: f64, id: RequestId) -> bool {
        self.end(id, FinishReason::Cancelled, now_s)
            || self.end_embedding(id, FinishReason::Cancelled, now_s)
    }

    /// Runs one pass, if there is anything to do, and returns what happened since the last call.
    ///
    /// `clock` gives seconds of the clock that deadlines are of; it is read before and after the pass.
    ///
    /// # Errors
    /// The model's, if a pass could not be run; nothing is lost then, and the next step tries again.
    pub fn step(&mut self, clock: &dyn Fn() -> f64) -> Result<Vec<Event>, Error> {
        let now_s = clock();
        self.end_late(now_s);
        self.end_late_embeddings(now_s);
        self.admit(now_s);
        self.plan(now_s);
        self.run_pass(now_s, clock)?;
        Ok(std::mem::take(&mut self.events))
    }

    /// Whether there is nothing to do and nothing to tell.
    pub fn is_idle(&self) -> bool {
        self.live.is_empty() && self.embeddings.is_empty() && self.events.is_empty()
    }

    /// What it does.
    pub fn metrics(&self) -> Metrics {
        let [first_token_p50_s, first_token_p95_s] = self.times.first_token_s([0.5, 0.95]);
        Metrics {
            waiting: self.queue.len(),
            running: self.running.len(),
            embedding: self.embeddings.len(),
            pages_total: self.pages.total(),
            pages_used: self.pages.total() - self.pages.available(),
            pages_cached: self.pages.cached(),
            first_token_p50_s,
            first_token_p95_s,
            ..self.metrics.clone()
        }
    }

    fn accept(&mut self, now_s: f64, request: Request) -> Result<(), Error> {
        request.validate(self.model.vocabulary(), self.model.context())?;
        let id = request.id;
        self.check_name(id)?;
        // The last token's keys and values are never needed.
        self.check_pages(request.prompt.len() + request.max_tokens - 1)?;
        let older = request.key.as_ref().and_then(|key| self.keys.get(key));
        let older = older.copied();
        let place = older.and_then(|id| self.live.get(&id)).copied();
        let gives_place = place.is_some_and(|rank| self.queue.contains(rank));
        self.check_waiting(self.queue.len() - usize::from(gives_place))?;
        self.arrivals += 1;
        let rank = Rank::new(request.priority, request.deadline_s, self.arrivals);
        let sequence = Sequence::try_new(request, &self.tokenizer, rank, now_s)?;
        if let Some(older) = older {
            self.end(older, FinishReason::Superseded, now_s);
        }
        if let Some(key) = &sequence.key {
            self.keys.insert(key.clone(), id);
        }
        self.live.insert(id, rank);
        self.queue.push(Box::new(sequence));
        Ok(())
    }

    fn check_name(&self, id: RequestId) -> Result<(), Error> {
        if !self.live.contains_key(&id) && !self.embeddings.contains(id) {
            return Ok(());
        }
        Err(Error::InvalidRequest {
            field: "id",
            value: id.0.to_string(),
            problem: "a request of this name has not finished yet".to_owned(),
        })
    }

    fn check_waiting(&self, waiting: usize) -> Result<(), Error> {
        let limit = self.config.max_waiting;
        if waiting < limit {
            return Ok(());
        }
        Err(Error::Busy { waiting, limit })
    }

    fn check_pages(&self, tokens: usize) -> Result<(), Error> {
        let needed = tokens.div_ceil(self.pages.page_tokens());
        if needed <= self.pages.total() {
            return Ok(());
        }
        Err(Error::OutOfCache {
            needed,
            free: self.pages.available(),
            total: self.pages.total(),
        })
    }

    fn end(&mut self, id: RequestId, reason: FinishReason, now_s: f64) -> bool {
        let Some(rank) = self.live.get(&id).copied() else {
            return false;
        };
        let sequence = self.queue.remove(rank).or_else(|| {
            let at = self.running.binary_search_by_key(&rank, |s| s.rank).ok()?;
            Some(self.running.remove(at))
        });
        if let Some(sequence) = sequence {
            self.finish(sequence, reason, now_s);
        }
        true
    }

    fn end_late(&mut self, now_s: f64) {
        while let Some(sequence) = self.queue.pop_late(now_s) {
            self.finish(sequence, FinishReason::DeadlinePassed, now_s);
        }
        for sequence in &mut self.running {
            if sequence.rank.is_late(now_s) {
                sequence.finished = Some(FinishReason::DeadlinePassed);
            }
        }
        self.sweep(now_s);
    }

    /// Finishes the running sequences that are at their end.
    fn sweep(&mut self, now_s: f64) {
        let mut at = 0;
        while at < self.running.len() {
            match self.running[at].finished.take() {
                Some(reason) => {
                    let sequence = self.running.remove(at);
                    self.finish(sequence, reason, now_s);
                }
                None => at += 1,
            }
        }
    }

    fn finish(&mut self, mut sequence: Box<Sequence>, reason: FinishReason, now_s: f64) {
        let table = &mut sequence.table;
        if matches!(reason, FinishReason::Error(Error::InvalidLogits { .. })) {
            table.discard(&mut self.pages);
        } else {
            table.release(&mut self.pages);
        }
        self.live.remove(&sequence.id);
        if let Some(key) = &sequence.key
            && self.keys.get(key) == Some(&sequence.id)
        {
            self.keys.remove(key);
        }
        let (usage, timings) = (sequence.usage(), sequence.timings(now_s));
        self.metrics.finished += 1;
        self.metrics.prompt_tokens += usage.prompt_tokens as u64;
        self.metrics.generated_tokens += usage.generated_tokens as u64;
        self.metrics.speculative_accepted += usage.speculative_accepted as u64;
        self.times.push(&timings);
        self.events.push(Event::Finished {
            id: sequence.id,
            reason,
            text_tail: sequence.tail(),
            usage,
            timings,
        });
    }
}
