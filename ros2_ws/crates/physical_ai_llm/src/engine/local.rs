use std::ops::Range;

use crate::cache::{KvCache, PAGE_TOKENS};
use crate::{Config, Error, Model, Pass, PassMemory, Pool, Reach};

use super::Forward;

/// A whole model on this machine, with its threads and its cache.
#[derive(Debug)]
pub struct LocalModel {
    model: Model,
    pool: Pool,
    memory: PassMemory,
    cache: KvCache,
}

impl LocalModel {
    /// Starts the threads, reserves the cache and brings the weights into tiles where they are not yet.
    ///
    /// # Errors
    /// See [`KvCache::try_new`] and [`Model::to_tiles`].
    pub fn try_new(model: Model, threads: usize, cache_pages: usize) -> Result<Self, Error> {
        let mut pool = Pool::new(threads);
        Ok(Self {
            cache: model.cache(cache_pages)?,
            model: model.to_tiles(&mut pool)?,
            pool,
            memory: PassMemory::default(),
        })
    }

    /// Pages of a whole model that fit into so many bytes.
    pub fn pages_within(config: &Config, cache_bytes: usize) -> usize {
        cache_bytes / KvCache::page_bytes(config, config.layers).max(1)
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }
}

impl Forward for LocalModel {
    fn vocabulary(&self) -> usize {
        self.model.config().vocabulary
    }

    fn width(&self) -> usize {
        self.model.config().width
    }

    fn context(&self) -> usize {
        self.model.config().context
    }

    fn reach(&self, tokens: usize) -> Reach {
        self.model.stage().reach(tokens)
    }

    fn pages(&self) -> usize {
        self.cache.pages()
    }

    fn page_tokens(&self) -> usize {
        PAGE_TOKENS
    }

    fn forward(&mut self, pass: Pass<'_>) -> Result<&[f32], Error> {
        self.model
            .forward(&mut self.pool, &mut self.memory, &mut self.cache, pass);
        Ok(&self.memory.logits)
    }

    fn states(&mut self, rows: Range<usize>) -> &[f32] {
        self.model.states(&mut self.pool, &mut self.memory, rows)
    }
}
