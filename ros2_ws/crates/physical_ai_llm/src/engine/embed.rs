//! Texts to vectors, beside what is generated.
//!
//! A text's vector is the mean of its hidden states behind the final norm, scaled to length 1. Of what
//! needs no training of its own, the mean is the usual choice (Reimers & Gurevych 2019, Sentence-BERT), and
//! in models that only look back it finds likeness better than the last token's state does (Muennighoff
//! 2022, SGPT, section 4).
//!
//! Texts have the passes for themselves while nothing else runs, and a small share of them otherwise: it
//! keeps them moving, and passes short for what generates. Their keys and values stay in pages only until
//! the text is read, are never found by others, and give way to every sequence.

use std::collections::{HashMap, VecDeque};

use crate::{Error, Reach, Span};

use super::pages::Pages;
use super::{Engine, Event, FinishReason, Forward, RequestId, Timings, Usage};

/// While sequences run, one in so many tokens of a pass is for texts to embed.
const SHARE: usize = 8;

/// Texts to embed.
#[derive(Debug, Clone)]
pub struct EmbedRequest {
    /// Its name, as of a [`Request`](super::Request).
    pub id: RequestId,
    /// Tokens of each text, at least one.
    pub texts: Vec<Vec<u32>>,
    /// When the request ends, finished or not, seconds of the caller's clock; none: never.
    pub deadline_s: Option<f64>,
}

/// A text on its way.
#[derive(Debug)]
struct Text {
    id: RequestId,
    /// Its place among the request's.
    index: usize,
    tokens: Vec<u32>,
    reach: Reach,
    /// Enough for all of it, or none.
    pages: Vec<u32>,
    computed: usize,
    /// Tokens of the next pass.
    span: usize,
    /// Of the states so far, `[D]`.
    sum: Vec<f64>,
}

/// A request on its way.
#[derive(Debug)]
struct Open {
    /// Empty for texts that are not read yet.
    rows: Vec<Vec<f32>>,
    left: usize,
    tokens: usize,
    deadline_s: Option<f64>,
    submitted_s: f64,
    started_s: Option<f64>,
}

/// Requests to embed, in the order in which they came. Those texts that hold pages come first.
#[derive(Debug, Default)]
pub(super) struct Embeddings {
    open: HashMap<RequestId, Open>,
    texts: VecDeque<Text>,
}

impl Embeddings {
    /// Tokens of the first text that have been read.
    #[cfg(test)]
    pub fn first_computed(&self) -> usize {
        self.texts.front().map_or(0, |text| text.computed)
    }

    /// How many requests there are.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether this one is here.
    pub fn contains(&self, id: RequestId) -> bool {
        self.open.contains_key(&id)
    }

    /// Pages that texts hold.
    pub fn pages(&self) -> usize {
        self.begun().map(|text| text.pages.len()).sum()
    }

    fn begun(&self) -> impl Iterator<Item = &Text> {
        self.texts.iter().take_while(|text| !text.pages.is_empty())
    }

    /// The text that came last of those that have begun gives its pages back, to be read again from its
    /// beginning. False if none holds any.
    pub fn give_way(&mut self, pages: &mut Pages) -> bool {
        let last = self.begun().count().checked_sub(1);
        let last = last.and_then(|at| self.texts.get_mut(at));
        last.map(|text| text.restart(pages)).is_some()
    }

    /// Their share of a pass of so many tokens.
    pub fn share(&self, most: usize) -> usize {
        match self.is_empty() {
            true => 0,
            false => (most / SHARE).max(1),
        }
    }

    /// Decides what is read in the next pass. Each sequence that runs may take a page more meanwhile.
    pub fn plan(&mut self, mut budget: usize, running: usize, pages: &mut Pages, now_s: f64) {
        for text in &mut self.texts {
            text.span = 0;
            // What has pages may have been planned for a pass that failed.
            let is_further = text.pages.is_empty();
            if is_further && (budget == 0 || !text.begin(running, pages)) {
                return;
            }
            if let Some(open) = self.open.get_mut(&text.id) {
                open.started_s.get_or_insert(now_s);
            }
            text.span = budget.min(text.tokens.len() - text.computed);
            budget -= text.span;
        }
    }

    fn planned(&self) -> impl Iterator<Item = &Text> {
        self.begun().filter(|text| text.span > 0)
    }

    /// What the next pass reads.
    pub fn spans(&self) -> impl Iterator<Item = Span<'_>> {
        self.planned().map(|text| Span {
            start: text.computed,
            tokens: text.span,
            reach: text.reach,
            pages: &text.pages,
        })
    }

    /// Its tokens.
    pub fn gather(&self, tokens: &mut Vec<u32>) {
        for text in self.planned() {
            tokens.extend_from_slice(&text.tokens[text.computed..text.computed + text.span]);
        }
    }

    /// Names requests whose deadline has come.
    fn late(&self, now_s: f64) -> Vec<RequestId> {
        let open = self.open.iter();
        open.filter(|(_, open)| open.deadline_s.is_some_and(|end_s| end_s <= now_s))
            .map(|(id, _)| *id)
            .collect()
    }
}

impl Text {
    fn restart(&mut self, pages: &mut Pages) {
        for page in self.pages.drain(..) {
            pages.release(page);
        }
        self.computed = 0;
        self.span = 0;
        self.sum.clear();
    }

    /// Takes pages if it has none; false if there are too few.
    fn begin(&mut self, running: usize, pages: &mut Pages) -> bool {
        if !self.pages.is_empty() {
            return true;
        }
        let needed = self.tokens.len().div_ceil(pages.page_tokens());
        if pages.available() < needed + running {
            return false;
        }
        self.pages.extend((0..needed).map_while(|_| pages.take()));
        true
    }

    /// Takes the states of its span, `[span, width]`.
    fn advance(&mut self, states: &[f32], width: usize) {
        self.sum.resize(width, 0.0);
        for state in states.chunks_exact(width) {
            for (sum, value) in self.sum.iter_mut().zip(state) {
                *sum += f64::from(*value);
            }
        }
        self.computed += self.span;
        self.span = 0;
    }

    /// The sum's direction, which is the mean's.
    fn row(&self) -> Result<Vec<f32>, Error> {
        let length = self.sum.iter().map(|x| x * x).sum::<f64>().sqrt();
        if !length.is_finite() || length == 0.0 {
            return Err(Error::InvalidEmbedding {
                text: self.index,
                length,
            });
        }
        Ok(self.sum.iter().map(|x| (x / length) as f32).collect())
    }
}

impl<F: Forward> Engine<F> {
    /// Accepts texts to embed; [`Event::Embedded`] and [`Event::Finished`] come from [`Engine::step`].
    ///
    /// # Errors
    /// As [`Engine::submit`].
    pub fn embed(&mut self, now_s: f64, request: EmbedRequest) -> Result<(), Error> {
        if let Err(error) = self.check_embed(&request) {
            self.metrics.refused += 1;
            return Err(error);
        }
        self.metrics.submitted += 1;
        let id = request.id;
        let open = Open {
            rows: vec![Vec::new(); request.texts.len()],
            left: request.texts.len(),
            tokens: request.texts.iter().map(Vec::len).sum(),
            deadline_s: request.deadline_s,
            submitted_s: now_s,
            started_s: None,
        };
        self.embeddings.open.insert(id, open);
        for (index, tokens) in request.texts.into_iter().enumerate() {
            self.embeddings.texts.push_back(Text {
                id,
                index,
                reach: self.model.reach(tokens.len()),
                tokens,
                pages: Vec::new(),
                computed: 0,
                span: 0,
                sum: Vec::new(),
            });
        }
        Ok(())
    }

    fn check_embed(&self, request: &EmbedRequest) -> Result<(), Error> {
        self.check_name(request.id)?;
        let invalid = |field, value: String, problem: &str| {
            Err(Error::InvalidRequest {
                field,
                value,
                problem: problem.to_owned(),
            })
        };
        if request.texts.is_empty() {
            return invalid("texts", "empty".to_owned(), "must have at least one text");
        }
        if let Some(end_s) = request.deadline_s.filter(|end_s| !end_s.is_finite()) {
            return invalid("deadline_s", end_s.to_string(), "must be finite");
        }
        let (vocabulary, limit) = (self.model.vocabulary(), self.model.context());
        for tokens in &request.texts {
            if tokens.is_empty() {
                let problem = "each must have at least one token";
                return invalid("text", "empty".to_owned(), problem);
            }
            if tokens.len() > limit {
                return Err(Error::PromptTooLong {
                    tokens: tokens.len(),
                    limit,
                });
            }
            if let Some(token) = tokens.iter().find(|t| **t as usize >= vocabulary) {
                let problem = format!("the vocabulary has {vocabulary} tokens");
                return invalid("text token", token.to_string(), &problem);
            }
            self.check_pages(tokens.len())?;
        }
        self.check_waiting(self.embeddings.len())
    }

    /// Takes the states of the pass from this row on.
    pub(super) fn take_states(&mut self, mut row: usize, now_s: f64) {
        let width = self.model.width();
        let mut ended = Vec::new();
        let begun = self.embeddings.begun().count();
        let texts = self.embeddings.texts.iter_mut().take(begun);
        for text in texts.filter(|text| text.span > 0) {
            let rows = row..row + text.span;
            row = rows.end;
            text.advance(self.model.states(rows), width);
            if text.computed < text.tokens.len() {
                continue;
            }
            let row = text.row();
            // Nobody needs its pages any more; this empties them.
            text.restart(&mut self.pages);
            let Some(open) = self.embeddings.open.get_mut(&text.id) else {
                continue;
            };
            open.left -= 1;
            match row {
                Ok(row) => {
                    open.rows[text.index] = row;
                    if open.left == 0 {
                        ended.push((text.id, FinishReason::Complete));
                    }
                }
                Err(error) => ended.push((text.id, FinishReason::Error(error))),
            }
            text.tokens.clear();
        }
        if begun > 0 {
            let texts = &mut self.embeddings.texts;
            texts.retain(|text| !text.tokens.is_empty());
        }
        for (id, reason) in ended {
            self.end_embedding(id, reason, now_s);
        }
    }

    /// Ends the requests whose deadline has come.
    pub(super) fn end_late_embeddings(&mut self, now_s: f64) {
        for id in self.embeddings.late(now_s) {
            self.end_embedding(id, FinishReason::DeadlinePassed, now_s);
        }
    }

    /// Ends a request; false if there is none of this name.
    pub(super) fn end_embedding(
        &mut self,
        id: RequestId,
        reason: FinishReason,
        now_s: f64,
    ) -> bool {
        let Some(open) = self.embeddings.open.remove(&id) else {
            return false;
        };
        for text in self.embeddings.texts.iter_mut().filter(|t| t.id == id) {
            text.restart(&mut self.pages);
        }
        self.embeddings.texts.retain(|text| text.id != id);
        self.metrics.finished += 1;
        self.metrics.prompt_tokens += open.tokens as u64;
        if matches!(reason, FinishReason::Complete) {
            let rows = open.rows;
            self.events.push(Event::Embedded { id, rows });
        }
        self.events.push(Event::Finished {
            id,
            reason,
            text_tail: String::new(),
            usage: Usage {
                prompt_tokens: open.tokens,
                ..Usage::default()
            },
            timings: Timings {
                queued_s: open.started_s.unwrap_or(now_s) - open.submitted_s,
                first_token_s: None,
                total_s: now_s - open.submitted_s,
            },
        });
        true
    }
}
