use std::ops::Range;
use std::time::Instant;

use crate::cache::PAGE_TOKENS;
use crate::sampling::{Largest, uniform};
use crate::stage::Span;
use crate::{ComputeDevice, Error, Forward, Model, Pass};

/// These tokens of an endless random text; each seed has its own.
pub(crate) fn random_tokens(vocabulary: usize, seed: u64, steps: Range<u64>) -> Vec<u32> {
    steps
        .map(|step| (uniform(seed, step) * vocabulary as f64) as u32)
        .collect()
}

/// Measures the bare speed of a model: no queue, no sampling but the best token.
pub struct SpeedTest {
    model: Box<dyn Forward + Send>,
    sequences: usize,
    pages_each: usize,
    /// Random tokens so far.
    drawn: u64,
    best: Largest,
}

impl SpeedTest {
    /// Room for so many sequences of so many tokens.
    ///
    /// # Errors
    /// See [`ComputeDevice::load`].
    pub fn try_new(
        model: &Model,
        (device, threads): (ComputeDevice, usize),
        sequences: usize,
        tokens: usize,
    ) -> Result<Self, Error> {
        let pages_each = tokens.div_ceil(PAGE_TOKENS);
        Ok(Self {
            model: device.load(model, threads, sequences * pages_each)?,
            sequences,
            pages_each,
            drawn: 0,
            best: Largest::default(),
        })
    }

    fn random_tokens(&mut self, count: usize) -> Vec<u32> {
        let drawn = self.drawn;
        self.drawn += count as u64;
        random_tokens(self.model.vocabulary(), 0, drawn..self.drawn)
    }

    /// One pass over consecutive tokens of the first sequences; the best next token of each.
    fn pass(&mut self, tokens: &[u32], start: usize, each: usize) -> Result<Vec<u32>, Error> {
        let count = tokens.len() / each;
        let pages: Vec<Vec<u32>> = (0..count)
            .map(|s| (s * self.pages_each..(s + 1) * self.pages_each).map(|p| p as u32))
            .map(Iterator::collect)
            .collect();
        let spans: Vec<Span<'_>> = pages
            .iter()
            .map(|pages| Span {
                start,
                tokens: each,
                reach: self.model.reach(start + each),
                pages,
            })
            .collect();
        let wanted: Vec<usize> = (1..=count).map(|s| s * each - 1).collect();
        let pass = Pass {
            spans: &spans,
            tokens,
            wanted: &wanted,
        };
        let vocabulary = self.model.vocabulary();
        let rows = self.model.forward(pass)?.chunks_exact(vocabulary);
        let best = &mut self.best;
        let tokens = rows.map(|logits| best.find(logits, 1).next().map_or(0, |(token, _)| token));
        Ok(tokens.collect())
    }

    /// Tokens per second of one prompt.
    ///
    /// # Errors
    /// See [`Forward::forward`].
    pub fn prompt(&mut self, tokens: usize) -> Result<f64, Error> {
        let prompt = self.random_tokens(tokens);
        let begin = Instant::now();
        self.pass(&prompt, 0, tokens)?;
        Ok(tokens as f64 / begin.elapsed().as_secs_f64())
    }

    /// Tokens per second of all sequences together, one token of each at a time, after prompts of `context`
    /// tokens each.
    ///
    /// # Errors
    /// See [`Forward::forward`].
    pub fn decode(&mut self, context: usize, steps: usize) -> Result<f64, Error> {
        let mut tokens = Vec::new();
        for _ in 0..self.sequences {
            tokens.extend(self.random_tokens(context));
        }
        let mut tokens = self.pass(&tokens, 0, context)?;
        let begin = Instant::now();
        for step in 0..steps {
            tokens = self.pass(&tokens, context + step, 1)?;
        }
        Ok((steps * self.sequences) as f64 / begin.elapsed().as_secs_f64())
    }
}
