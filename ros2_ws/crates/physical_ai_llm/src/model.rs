//! A whole model: embedding, one stage with all layers, head.

mod from_gguf;
mod from_safetensors;
mod tensors;

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::cache::KvCache;
use crate::dequantize::dequantize;
use crate::stage::{Scratch, Span, Stage, normalize, project, round};
use crate::{Config, Error, Gguf, InstructionSet, Pool, Weight};
use tensors::Tensors;

/// A model in memory. Immutable, and cheap to clone: weights are shared.
#[derive(Debug, Clone)]
pub struct Model {
    config: Arc<Config>,
    embedding: Weight,
    stage: Stage,
    norm: Arc<[f32]>,
    head: Weight,
    set: InstructionSet,
}

/// What one pass asks for.
#[derive(Debug, Clone, Copy)]
pub struct Pass<'a> {
    /// Consecutive tokens of each sequence.
    pub spans: &'a [Span<'a>],
    /// All tokens, `[T]`, the spans' one after another; below the vocabulary.
    pub tokens: &'a [u32],
    /// Rows of the pass whose logits are wanted.
    pub wanted: &'a [usize],
}

/// Memory of one pass, kept between passes.
#[derive(Debug, Default)]
pub struct PassMemory {
    scratch: Scratch,
    hidden: Vec<f32>,
    chosen: Vec<f32>,
    normed: Vec<f32>,
    rounded: crate::activations::Activations,
    /// Logits of the wanted rows: `[wanted, vocabulary]`.
    pub logits: Vec<f32>,
}

impl Model {
    /// Opens a GGUF file, or a folder with `config.json` and safetensors.
    ///
    /// # Errors
    /// [`Error::File`] or [`Error::InvalidModel`] naming key or tensor.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if path.is_dir() {
            return from_safetensors::open(path);
        }
        Self::from_gguf(&Gguf::open(path)?)
    }

    /// From a mapped GGUF file; its weights are used where they are.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] naming key or tensor.
    pub fn from_gguf(gguf: &Gguf) -> Result<Self, Error> {
        let config = Config::from_gguf(gguf)?;
        Self::assemble(config, &from_gguf::Source(gguf))
    }

    fn assemble(config: Config, tensors: &impl Tensors) -> Result<Self, Error> {
        let set = InstructionSet::detect();
        let config = Arc::new(config);
        let layers = (0..config.layers)
            .map(|index| tensors.layer(&config, index))
            .collect::<Result<Vec<_>, _>>()?;
        let (width, vocabulary) = (config.width, config.vocabulary);
        Ok(Self {
            embedding: tensors.matrix(tensors::EMBEDDING, vocabulary, width)?,
            norm: Arc::from(tensors.norm(tensors::NORM, width)?),
            head: tensors.matrix(tensors::HEAD, vocabulary, width)?,
            stage: Stage::new(Arc::clone(&config), layers, set),
            config,
            set,
        })
    }

    /// The same model with its weights in tiles, where this CPU multiplies them so; in memory of their own, but for
    /// the embedding, of which single rows are read.
    ///
    /// # Errors
    /// [`Error::Device`] if there is no memory for them.
    pub fn to_tiles(&self, pool: &mut Pool) -> Result<Self, Error> {
        let mut tiled = || {
            let mut model = self.clone();
            model.stage = self.stage.to_tiles(pool)?;
            model.head = self.head.to_tiles(pool)?;
            Ok(model)
        };
        tiled().map_err(|e: io::Error| {
            let bytes: usize = self.weights().map(|w| w.bytes().len()).sum();
            Error::Device {
                device: "cpu".to_owned(),
                problem: format!("{bytes} bytes of memory for weights cannot be had: {e}"),
            }
        })
    }

    /// Its shape.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Its layers.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// One row for each token: `[vocabulary, width]`.
    #[cfg(any(feature = "cuda", test))]
    pub(crate) fn embedding(&self) -> &Weight {
        &self.embedding
    }

    /// Weights of the final norm: `[width]`.
    #[cfg(any(feature = "cuda", test))]
    pub(crate) fn norm(&self) -> &[f32] {
        &self.norm
    }

    /// From hidden states to logits: `[vocabulary, width]`.
    #[cfg(any(feature = "cuda", test))]
    pub(crate) fn head(&self) -> &Weight {
        &self.head
    }

    /// Its matrices.
    pub fn weights(&self) -> impl Iterator<Item = &Weight> {
        let ends = [&self.embedding, &self.head];
        ends.into_iter().chain(self.stage.weights())
    }

    /// Reserves cache for all layers.
    ///
    /// # Errors
    /// See [`KvCache::try_new`].
    pub fn cache(&self, pages: usize) -> Result<KvCache, Error> {
        KvCache::try_new(&self.config, self.stage.layers(), pages)
    }

    /// Runs one pass; the logits are in `memory.logits`.
    pub fn forward(
        &self,
        pool: &mut Pool,
        memory: &mut PassMemory,
        cache: &mut KvCache,
        pass: Pass<'_>,
    ) {
        let width = self.config.width;
        memory.hidden.resize(pass.tokens.len() * width, 0.0);
        for (token, hidden) in pass
            .tokens
            .iter()
            .zip(memory.hidden.chunks_exact_mut(width))
        {
            let row = self.embedding.row(*token as usize);
            dequantize(self.embedding.format(), row, hidden);
        }
        let hidden = &mut memory.hidden;
        self.stage
            .forward(pool, &mut memory.scratch, cache, pass.spans, hidden);
        self.logits(pool, memory, pass.wanted);
    }

    /// Hidden states of rows of the last pass, behind the final norm: `[rows, width]`.
    pub fn states<'a>(
        &self,
        pool: &mut Pool,
        memory: &'a mut PassMemory,
        rows: Range<usize>,
    ) -> &'a [f32] {
        let width = self.config.width;
        memory.normed.resize(rows.len() * width, 0.0);
        let hidden = &memory.hidden[rows.start * width..rows.end * width];
        let norm = (&*self.norm, self.config.norm_epsilon);
        normalize(pool, self.set, hidden, norm, &mut memory.normed);
        &memory.normed
    }

    fn logits(&self, pool: &mut Pool, memory: &mut PassMemory, wanted: &[usize]) {
        let (width, vocabulary) = (self.config.width, self.config.vocabulary);
        memory.logits.resize(wanted.len() * vocabulary, 0.0);
        if wanted.is_empty() {
            return;
        }
        memory.chosen.clear();
        for row in wanted {
            let row = &memory.hidden[row * width..(row + 1) * width];
            memory.chosen.extend_from_slice(row);
        }
        memory.normed.resize(wanted.len() * width, 0.0);
        let norm = (&*self.norm, self.config.norm_epsilon);
        normalize(pool, self.set, &memory.chosen, norm, &mut memory.normed);
        let rows = wanted.len();
        let input = round(
            pool,
            self.set,
            &self.head,
            &memory.normed,
            rows,
            &mut memory.rounded,
        );
        project(pool, self.set, &self.head, input, &mut memory.logits, false);
    }
}

#[cfg(test)]
mod tests;
