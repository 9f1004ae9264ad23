//! Runs what was planned.

use crate::{Error, Pass, Span};

use super::sequence::Rows;
use super::{Engine, Forward};

/// Memory of one pass, kept between passes.
#[derive(Debug, Default)]
pub(super) struct Batch {
    tokens: Vec<u32>,
    wanted: Vec<usize>,
    /// The first row of texts to embed, which come last.
    embedded_from: usize,
}

impl<F: Forward> Engine<F> {
    /// Runs the planned pass, if anything is planned, and takes what it gives.
    pub(super) fn run_pass(&mut self, begin_s: f64, clock: &dyn Fn() -> f64) -> Result<(), Error> {
        self.gather();
        if self.batch.tokens.is_empty() {
            return Ok(());
        }
        let spans: Vec<Span<'_>> = self
            .running
            .iter()
            .filter(|sequence| sequence.span > 0)
            .map(|sequence| Span {
                start: sequence.table.computed,
                tokens: sequence.span + sequence.draft.len(),
                reach: sequence.table.reach,
                pages: &sequence.table.pages,
            })
            .chain(self.embeddings.spans())
            .collect();
        let vocabulary = self.model.vocabulary();
        let logits = self.model.forward(Pass {
            spans: &spans,
            tokens: &self.batch.tokens,
            wanted: &self.batch.wanted,
        })?;
        check_length(logits.len(), self.batch.wanted.len(), vocabulary)?;
        let now_s = clock();
        self.metrics.passes += 1;
        self.metrics.busy_s += now_s - begin_s;
        self.metrics.computed_tokens += self.batch.tokens.len() as u64;
        let mut rest = logits;
        for sequence in self.running.iter_mut().filter(|s| s.span > 0) {
            let wanted = sequence.wanted();
            let rows;
            (rows, rest) = rest.split_at(wanted.len() * vocabulary);
            let rows = Rows {
                logits: rows,
                vocabulary,
                first: wanted.start,
                now_s,
            };
            sequence.advance(rows, &mut self.events);
            sequence.publish(&mut self.pages);
        }
        self.take_states(self.batch.embedded_from, now_s);
        self.sweep(now_s);
        Ok(())
    }

    fn gather(&mut self) {
        self.batch.tokens.clear();
        self.batch.wanted.clear();
        for sequence in self.running.iter().filter(|sequence| sequence.span > 0) {
            let (start, row) = (sequence.table.computed, self.batch.tokens.len());
            let span = &sequence.tokens[start..start + sequence.span];
            self.batch.tokens.extend_from_slice(span);
            self.batch.tokens.extend_from_slice(&sequence.draft);
            let wanted = sequence.wanted().map(|position| row + position - start);
            self.batch.wanted.extend(wanted);
        }
        self.batch.embedded_from = self.batch.tokens.len();
        self.embeddings.gather(&mut self.batch.tokens);
    }
}

fn check_length(logits: usize, wanted: usize, vocabulary: usize) -> Result<(), Error> {
    if logits == wanted * vocabulary {
        return Ok(());
    }
    Err(Error::InvalidModel {
        source_name: "pass".to_owned(),
        field: "logits".to_owned(),
        problem: format!("there are {logits} instead of {wanted} rows of {vocabulary}"),
    })
}
