use std::ops::Range;
use std::time::Instant;

use crate::cache::{KvCache, PAGE_TOKENS};
use crate::sampling::{Largest, uniform};
use crate::stage::Span;
use crate::{Error, Model, Pass, PassMemory, Pool};

/// These tokens of an endless random text; each seed has its own.
pub(crate) fn random_tokens(vocabulary: usize, seed: u64, steps: Range<u64>) -> Vec<u32> {
    steps
        .map(|step| (uniform(seed, step) * vocabulary as f64) as u32)
        .collect()
}

/// Measures the bare speed of a model: no queue, no sampling but the best token.
#[derive(Debug)]
pub struct SpeedTest {
    model: Model,
    pool: Pool,
    memory: PassMemory,
    cache: KvCache,
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
    /// See [`KvCache::try_new`].
    pub fn try_new(
        model: Model,
        threads: usize,
        sequences: usize,
        tokens: usize,
    ) -> Result<Self, Error> {
        let pages_each = tokens.div_ceil(PAGE_TOKENS);
        Ok(Self {
            cache: model.cache(sequences * pages_each)?,
            model,
            pool: Pool::new(threads),
            memory: PassMemory::default(),
            sequences,
            pages_each,
            drawn: 0,
            best: Largest::default(),
        })
    }

    fn random_tokens(&mut self, count: usize) -> Vec<u32> {
        let drawn = self.drawn;
        self.drawn += count as u64;
        random_tokens(self.model.config().vocabulary, 0, drawn..self.drawn)
    }

    /// One pass over consecutive tokens of the first sequences; the best next token of each.
    fn pass(&mut self, tokens: &[u32], start: usize, each: usize) -> Vec<u32> {
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
                reach: self.model.stage().reach(start + each),
                pages,
            })
            .collect();
        let wanted: Vec<usize> = (1..=count).map(|s| s * each - 1).collect();
        let pass = Pass {
            spans: &spans,
            tokens,
            wanted: &wanted,
        };
        self.model
            .forward(&mut self.pool, &mut self.memory, &mut self.cache, pass);
        let rows = self
            .memory
            .logits
            .chunks_exact(self.model.config().vocabulary);
        let best = &mut self.best;
        rows.map(|logits| best.find(logits, 1).next().map_or(0, |(token, _)| token))
            .collect()
    }

    /// Tokens per second of one prompt.
    pub fn prompt(&mut self, tokens: usize) -> f64 {
        let prompt = self.random_tokens(tokens);
        let begin = Instant::now();
        self.pass(&prompt, 0, tokens);
        tokens as f64 / begin.elapsed().as_secs_f64()
    }

    /// Tokens per second of all sequences together, one token of each at a time, after prompts of `context`
    /// tokens each.
    pub fn decode(&mut self, context: usize, steps: usize) -> f64 {
        let mut tokens = Vec::new();
        for _ in 0..self.sequences {
            tokens.extend(self.random_tokens(context));
        }
        let mut tokens = self.pass(&tokens, 0, context);
        let begin = Instant::now();
        for step in 0..steps {
            tokens = self.pass(&tokens, context + step, 1);
        }
        (steps * self.sequences) as f64 / begin.elapsed().as_secs_f64()
    }
}
