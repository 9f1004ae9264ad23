use std::sync::Arc;

use crate::{Error, Reach, Sampled, Tokenizer};

use super::output::Output;
use super::pages::Pages;
use super::queue::Rank;
use super::table::Table;
use super::{Event, FinishReason, Forward, Request, RequestId, Timings, Usage};

/// The wanted logits of one sequence in a pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a> {
    /// `[rows, V]`.
    pub logits: &'a [f32],
    /// V.
    pub vocabulary: usize,
    /// Position of the first.
    pub first: usize,
    /// When they were there, seconds.
    pub now_s: f64,
}

/// One request on its way. All that it is asked for next follows from `tokens`, of which the table holds
/// the first `computed`: reading the prompt, generating, reading forced tokens and reading everything
/// again after it gave way are the same.
pub(super) struct Sequence {
    pub id: RequestId,
    pub rank: Rank,
    pub key: Option<String>,
    /// Prompt and output.
    pub tokens: Vec<u32>,
    pub table: Table,
    /// True until everything that was known has been read; that may take many passes.
    pub is_filling: bool,
    /// Tokens of the next pass.
    pub span: usize,
    /// Guesses that come after the span; only if it reaches the end of `tokens`.
    pub draft: Vec<u32>,
    /// Why it is at its end, if it is.
    pub finished: Option<FinishReason>,
    output: Output,
    prompt_tokens: usize,
    max_tokens: usize,
    /// Tokens that were handed out, and the prompt.
    reported: usize,
    cached_tokens: usize,
    /// Tokens that the table has held at some time.
    furthest: usize,
    accepted: usize,
    submitted_s: f64,
    started_s: Option<f64>,
    first_token_s: Option<f64>,
}

impl Sequence {
    /// Takes a request that is valid.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] naming the field.
    pub fn try_new(
        mut request: Request,
        tokenizer: &Arc<Tokenizer>,
        rank: Rank,
        now_s: f64,
    ) -> Result<Self, Error> {
        Ok(Self {
            output: Output::try_new(&mut request, tokenizer)?,
            id: request.id,
            rank,
            key: request.key.filter(|_| request.latest_wins),
            prompt_tokens: request.prompt.len(),
            reported: request.prompt.len(),
            tokens: request.prompt,
            max_tokens: request.max_tokens,
            table: Table::new(Reach::Short),
            is_filling: true,
            span: 0,
            draft: Vec::new(),
            finished: None,
            cached_tokens: 0,
            furthest: 0,
            accepted: 0,
            submitted_s: now_s,
            started_s: None,
            first_token_s: None,
        })
    }

    /// Tokens that its next logits see, which decide the reach. Forced tokens whose probabilities are
    /// wanted may be known beyond them.
    pub fn seen(&self) -> usize {
        self.reported
    }

    /// Tokens that the table does not hold yet and that one reach can hold.
    pub fn pending(&self, model: &impl Forward) -> usize {
        let mut end = self.tokens.len();
        while end > self.reported && model.reach(end) != self.table.reach {
            end -= 1;
        }
        end - self.table.computed
    }

    /// Most guesses that can be of use: the token after them is sampled.
    pub fn useful_draft(&self) -> usize {
        let left = self.prompt_tokens + self.max_tokens - self.tokens.len();
        left.saturating_sub(1)
    }

    /// Cuts off guesses that the constraint will not let pass.
    pub fn trim_draft(&mut self) {
        self.output.trim(&mut self.draft);
    }

    /// Uses pages that already hold what comes next; returns the number of tokens that need not be
    /// computed.
    pub fn adopt(&mut self, pages: &mut Pages) -> usize {
        // What is still to be reported needs its logits.
        let found = self.table.adopt(pages, &self.tokens[..self.reported]);
        // What is read again is no gain.
        let held = self.table.computed.min(self.prompt_tokens);
        self.cached_tokens += held.saturating_sub(self.furthest);
        self.furthest = self.furthest.max(self.table.computed);
        found
    }

    /// Whether the other will soon have computed what this one needs next.
    pub fn can_wait_for(&self, other: &Self, page_tokens: usize) -> bool {
        let mine = &self.tokens[..self.reported];
        other.is_filling
            && other.span >= page_tokens
            && self
                .table
                .is_next_shared(&other.table, mine, &other.tokens, page_tokens)
    }

    /// Gives way: all pages go back, and everything will be read again.
    pub fn restart(&mut self, reach: Reach, pages: &mut Pages) {
        self.table.release(pages);
        self.table.reach = reach;
        self.is_filling = true;
        self.span = 0;
        self.draft.clear();
    }

    /// Begins, if it has not begun yet. The output may already be complete, if the constraint leaves no
    /// choice.
    pub fn begin(&mut self, now_s: f64, events: &mut Vec<Event>) {
        if self.started_s.is_some() {
            return;
        }
        self.started_s = Some(now_s);
        events.push(Event::Started {
            id: self.id,
            cached_tokens: self.cached_tokens,
        });
        self.finished = self.force(now_s, events);
    }

    /// Positions whose logits the pass must give.
    pub fn wanted(&self) -> std::ops::Range<usize> {
        let start = self.table.computed;
        let end = start + self.span + self.draft.len();
        (self.reported - 1).clamp(start, end)..end
    }

    /// Takes what the pass gave.
    pub fn advance(&mut self, rows: Rows<'_>, events: &mut Vec<Event>) {
        let (start, known) = (self.table.computed, self.tokens.len());
        let end = start + self.span + self.draft.len();
        // Positions that were computed with the tokens that are really there.
        let mut right = start + self.span;
        loop {
            // A draft is only as good as its tokens.
            while right < end.min(self.tokens.len())
                && self.tokens[right] == self.draft[right - known]
            {
                right += 1;
            }
            let position = self.reported - 1;
            if self.finished.is_some() || position < rows.first || position >= right {
                break;
            }
            let row = (position - rows.first) * rows.vocabulary;
            let logits = &rows.logits[row..row + rows.vocabulary];
            self.finished = self.go_on(logits, rows.now_s, events);
        }
        self.table.computed = right;
        self.furthest = self.furthest.max(right);
        self.accepted += right.saturating_sub(known);
        if right >= known {
            self.is_filling = false;
        }
    }

    /// Lets others find the pages that became full.
    pub fn publish(&mut self, pages: &mut Pages) {
        // What led to an error may be damaged.
        if !matches!(self.finished, Some(FinishReason::Error(_))) {
            self.table.publish(pages, &self.tokens);
        }
    }

    /// Text that was held back.
    pub fn tail(&mut self) -> String {
        self.output.flush()
    }

    /// What it took.
    pub fn usage(&self) -> Usage {
        Usage {
            prompt_tokens: self.prompt_tokens,
            cached_tokens: self.cached_tokens,
            generated_tokens: self.reported - self.prompt_tokens,
            speculative_accepted: self.accepted,
        }
    }

    /// How long it took.
    pub fn timings(&self, now_s: f64) -> Timings {
        Timings {
            queued_s: self.started_s.unwrap_or(now_s) - self.submitted_s,
            first_token_s: self.first_token_s.map(|t| t - self.submitted_s),
            total_s: now_s - self.submitted_s,
        }
    }

    /// Reports the next known token, or samples one, by the logits before it.
    fn go_on(
        &mut self,
        logits: &[f32],
        now_s: f64,
        events: &mut Vec<Event>,
    ) -> Option<FinishReason> {
        if let Some(token) = self.tokens.get(self.reported) {
            return match self.output.report(logits, *token) {
                Ok(forced) => self.hand_out(&forced, now_s, events),
                Err(error) => Some(FinishReason::Error(error)),
            };
        }
        match self.output.sample(logits, &self.tokens) {
            Ok(sampled) => {
                self.tokens.push(sampled.token);
                self.hand_out(&sampled, now_s, events)
                    .or_else(|| self.force(now_s, events))
            }
            Err(error) => Some(FinishReason::Error(error)),
        }
    }

    /// Adds forced tokens. They are handed out at once, unless their probabilities are wanted, which
    /// only the next pass will tell.
    fn force(&mut self, now_s: f64, events: &mut Vec<Event>) -> Option<FinishReason> {
        let limit = self.prompt_tokens + self.max_tokens - self.tokens.len();
        if let Err(error) = self.output.force(limit, &mut self.tokens) {
            return Some(FinishReason::Error(error));
        }
        while !self.output.wants_logprobs() && self.reported < self.tokens.len() {
            let forced = Sampled {
                token: self.tokens[self.reported],
                logprob: 0.0,
                top_logprobs: Vec::new(),
            };
            let finished = self.hand_out(&forced, now_s, events);
            if finished.is_some() {
                return finished;
            }
        }
        None
    }

    fn hand_out(
        &mut self,
        token: &Sampled,
        now_s: f64,
        events: &mut Vec<Event>,
    ) -> Option<FinishReason> {
        self.reported += 1;
        self.first_token_s.get_or_insert(now_s);
        let finished = self.output.emit(token, events);
        if finished.is_some() {
            return finished;
        }
        let is_last = self.reported == self.tokens.len();
        if is_last && self.output.is_complete() {
            Some(FinishReason::Complete)
        } else if self.reported == self.prompt_tokens + self.max_tokens {
            Some(FinishReason::Length)
        } else {
            None
        }
    }
}
