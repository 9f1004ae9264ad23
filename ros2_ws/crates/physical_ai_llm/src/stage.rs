//! A range of layers: the unit that a model is made of, and that workers will share out among them.

mod scratch;

use std::io;
use std::ops::Range;
use std::sync::Arc;

use crate::activations::Activations;
use crate::attention::{GROUP, Queries, attend};
use crate::cache::{KvCache, PAGE_TOKENS};
use crate::disjoint::Disjoint;
use crate::kernels::{Input, multiply};
use crate::rope::{Reach, Rope, rotate};
use crate::vector;
use crate::{Config, InstructionSet, Pool, Weight};

pub use scratch::Scratch;

/// Weights of one layer.
#[derive(Debug, Clone)]
pub struct Layer {
    /// `[width]`.
    pub attention_norm: Vec<f32>,
    /// Queries, keys and values: `[(heads + 2 · kv_heads) · head_width, width]`.
    pub qkv: Weight,
    /// `[width, heads · head_width]`.
    pub attention_out: Weight,
    /// `[width]`.
    pub feed_forward_norm: Vec<f32>,
    /// Gate above up: `[2 · feed_forward, width]`.
    pub gate_up: Weight,
    /// `[width, feed_forward]`.
    pub down: Weight,
}

impl Layer {
    fn weights_mut(&mut self) -> [&mut Weight; 4] {
        [
            &mut self.qkv,
            &mut self.attention_out,
            &mut self.gate_up,
            &mut self.down,
        ]
    }
}

/// Consecutive tokens of one sequence in a pass.
#[derive(Debug, Clone, Copy)]
pub struct Span<'a> {
    /// Position of the first.
    pub start: usize,
    /// How many.
    pub tokens: usize,
    /// Factors that the whole sequence is rotated with.
    pub reach: Reach,
    /// The sequence's pages; enough for `start + tokens`.
    pub pages: &'a [u32],
}

/// One row of a pass.
#[derive(Debug, Clone, Copy)]
struct Row<'a> {
    position: usize,
    reach: Reach,
    pages: &'a [u32],
}

/// A range of layers of a model. Immutable; the cache and all scratch memory belong to the caller.
#[derive(Debug, Clone)]
pub struct Stage {
    config: Arc<Config>,
    rope: Rope,
    layers: Vec<Layer>,
    set: InstructionSet,
}

impl Stage {
    /// Takes layers whose weights have the shapes that `config` asks for.
    pub fn new(config: Arc<Config>, layers: Vec<Layer>, set: InstructionSet) -> Self {
        let rope = Rope::new(&config.rope);
        Self {
            config,
            rope,
            layers,
            set,
        }
    }

    /// The same with its weights in tiles (see [`Weight::to_tiles`]).
    ///
    /// # Errors
    /// If there is no memory for them.
    pub fn to_tiles(&self, pool: &mut Pool) -> io::Result<Self> {
        let mut tiled = self.clone();
        for layer in &mut tiled.layers {
            for weight in layer.weights_mut() {
                *weight = weight.to_tiles(pool)?;
            }
        }
        Ok(tiled)
    }

    /// Number of layers.
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// The layers' weights.
    #[cfg(any(feature = "cuda", test))]
    pub(crate) fn layer_weights(&self) -> &[Layer] {
        &self.layers
    }

    /// Cosines and sines that a token at a position is rotated with: `[rotated / 2]` each.
    #[cfg(any(feature = "cuda", test))]
    pub(crate) fn angles(
        &self,
        position: usize,
        reach: Reach,
        cosines: &mut [f32],
        sines: &mut [f32],
    ) {
        self.rope.angles(position, reach, cosines, sines);
    }

    /// Matrices of all layers.
    pub fn weights(&self) -> impl Iterator<Item = &Weight> {
        self.layers
            .iter()
            .flat_map(|l| [&l.qkv, &l.attention_out, &l.gate_up, &l.down])
    }

    /// The reach of a sequence of so many tokens.
    pub fn reach(&self, tokens: usize) -> Reach {
        self.rope.reach(tokens)
    }

    /// Moves the hidden states of a pass through all layers, and fills the cache.
    ///
    /// # Shapes
    /// `hidden`: `[T, width]`, the spans' tokens one after another.
    pub fn forward(
        &self,
        pool: &mut Pool,
        scratch: &mut Scratch,
        cache: &mut KvCache,
        spans: &[Span<'_>],
        hidden: &mut [f32],
    ) {
        let rows: Vec<Row<'_>> = spans
            .iter()
            .flat_map(|s| {
                (s.start..s.start + s.tokens).map(|position| Row {
                    position,
                    reach: s.reach,
                    pages: s.pages,
                })
            })
            .collect();
        scratch.resize(&self.config, rows.len(), pool.threads());
        self.prepare_angles(scratch, &rows);
        for (index, layer) in self.layers.iter().enumerate() {
            self.attention(pool, scratch, cache, spans, &rows, (index, layer), hidden);
            self.feed_forward(pool, scratch, layer, rows.len(), hidden);
        }
    }

    fn prepare_angles(&self, scratch: &mut Scratch, rows: &[Row<'_>]) {
        let half = self.rope.half();
        let places = scratch
            .cosines
            .chunks_exact_mut(half)
            .zip(scratch.sines.chunks_exact_mut(half));
        for (row, (cosines, sines)) in rows.iter().zip(places) {
            self.rope.angles(row.position, row.reach, cosines, sines);
        }
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "one step of `forward`, split off to be read by itself"
    )]
    fn attention(
        &self,
        pool: &mut Pool,
        scratch: &mut Scratch,
        cache: &mut KvCache,
        spans: &[Span<'_>],
        rows: &[Row<'_>],
        (index, layer): (usize, &Layer),
        hidden: &mut [f32],
    ) {
        let s = scratch;
        let set = self.set;
        let norm = (&layer.attention_norm[..], self.config.norm_epsilon);
        normalize(pool, set, hidden, norm, &mut s.normed);
        let input = round(pool, set, &layer.qkv, &s.normed, rows.len(), &mut s.rounded);
        project(pool, set, &layer.qkv, input, &mut s.qkv, false);
        self.rotate_and_store(pool, s, cache, rows, index);
        self.attend_all(pool, s, cache, spans, index);
        let out = &layer.attention_out;
        let input = round(pool, set, out, &s.attended, rows.len(), &mut s.rounded);
        project(pool, set, out, input, hidden, true);
    }

    /// Rotates queries and keys in place and stores keys and values.
    fn rotate_and_store(
        &self,
        pool: &mut Pool,
        s: &mut Scratch,
        cache: &mut KvCache,
        rows: &[Row<'_>],
        layer: usize,
    ) {
        let c = &*self.config;
        let (width, half, columns) = (c.head_width, self.rope.half(), c.qkv_rows());
        let scale = 1.0 / (width as f32).sqrt();
        let writer = cache.writer();
        let (cosines, sines) = (&s.cosines, &s.sines);
        let qkv = Disjoint::new(&mut s.qkv);
        pool.share(rows.len(), 4, |_, range| {
            for t in range {
                let row = rows[t];
                // SAFETY: each row of the pass is taken once.
                let qkv = unsafe { qkv.part(t * columns..(t + 1) * columns) };
                let angles = t * half..(t + 1) * half;
                let (queries, rest) = qkv.split_at_mut(c.heads * width);
                let (keys, values) = rest.split_at_mut(c.kv_heads * width);
                for head in queries.chunks_exact_mut(width) {
                    rotate(head, &cosines[angles.clone()], &sines[angles.clone()]);
                    head.iter_mut().for_each(|q| *q *= scale);
                }
                let place = (
                    row.pages[row.position / PAGE_TOKENS],
                    row.position % PAGE_TOKENS,
                );
                let heads = keys.chunks_exact_mut(width).zip(values.chunks_exact(width));
                for (head, (key, value)) in heads.enumerate() {
                    rotate(key, &cosines[angles.clone()], &sines[angles.clone()]);
                    // SAFETY: a token of a sequence occurs once in a pass.
                    unsafe { writer.store(place, (layer, head), key, value) }
                }
            }
        });
    }

    fn attend_all(
        &self,
        pool: &mut Pool,
        s: &mut Scratch,
        cache: &KvCache,
        spans: &[Span<'_>],
        layer: usize,
    ) {
        let c = &*self.config;
        let (width, columns) = (c.head_width, c.qkv_rows());
        let out_columns = c.heads * width;
        // Groups of consecutive tokens of a sequence read the cache together.
        s.groups.clear();
        let mut first = 0;
        for (index, span) in spans.iter().enumerate() {
            for at in (0..span.tokens).step_by(GROUP) {
                let count = GROUP.min(span.tokens - at);
                s.groups.push((index, first + at, span.start + at, count));
            }
            first += span.tokens;
        }
        let (groups, qkv) = (&s.groups, &s.qkv);
        let out = Disjoint::new(&mut s.attended);
        let scores = Disjoint::new(&mut s.scores);
        // Late groups see more tokens: small portions even that out.
        pool.share(groups.len() * c.heads, 4, |thread, range| {
            // SAFETY: one thread has one number.
            let local = unsafe { &mut scores.part(thread..thread + 1)[0] };
            for item in range {
                let (span, row, position, count) = groups[item / c.heads];
                let head = item % c.heads;
                local.queries.clear();
                for t in row..row + count {
                    let at = t * columns + head * width;
                    local.queries.extend_from_slice(&qkv[at..at + width]);
                }
                let queries = Queries {
                    pages: spans[span].pages,
                    layer,
                    kv_head: head * c.kv_heads / c.heads,
                    position,
                    window: c.window,
                    queries: &local.queries,
                    width,
                };
                local.out.resize(count * width, 0.0);
                attend(self.set, cache, &queries, &mut local.scores, &mut local.out);
                for (t, values) in (row..row + count).zip(local.out.chunks_exact(width)) {
                    let at = t * out_columns + head * width;
                    // SAFETY: each head of each row is computed once.
                    unsafe { out.part(at..at + width) }.copy_from_slice(values);
                }
            }
        });
    }

    fn feed_forward(
        &self,
        pool: &mut Pool,
        s: &mut Scratch,
        layer: &Layer,
        rows: usize,
        hidden: &mut [f32],
    ) {
        let (set, inner) = (self.set, self.config.feed_forward);
        let norm = (&layer.feed_forward_norm[..], self.config.norm_epsilon);
        normalize(pool, set, hidden, norm, &mut s.normed);
        let input = round(pool, set, &layer.gate_up, &s.normed, rows, &mut s.rounded);
        project(pool, set, &layer.gate_up, input, &mut s.gate_up, false);
        let gate_up = &s.gate_up;
        let gated = Disjoint::new(&mut s.gated);
        let portions = inner.div_ceil(PORTION);
        pool.share(rows * portions, 4, |_, range| {
            for item in range {
                let (t, part) = (item / portions, item % portions * PORTION);
                let part = part..inner.min(part + PORTION);
                let both = &gate_up[t * 2 * inner..(t + 1) * 2 * inner];
                let (gate, up) = both.split_at(inner);
                // SAFETY: each portion is taken once.
                let out = unsafe { gated.part(t * inner + part.start..t * inner + part.end) };
                vector::gated_silu(set, &gate[part.clone()], &up[part], out);
            }
        });
        let input = round(pool, set, &layer.down, &s.gated, rows, &mut s.rounded);
        project(pool, set, &layer.down, input, hidden, true);
    }
}

/// Places of a row that one thread computes at a time.
const PORTION: usize = 1024;

/// Normalises each row.
pub(crate) fn normalize(
    pool: &mut Pool,
    set: InstructionSet,
    rows: &[f32],
    (weight, epsilon): (&[f32], f32),
    out: &mut [f32],
) {
    let width = weight.len();
    let out = Disjoint::new(out);
    pool.share(rows.len() / width, 4, |_, range| {
        for t in range {
            // SAFETY: each row is taken once.
            let out = unsafe { out.part(t * width..(t + 1) * width) };
            vector::rms_norm(set, &rows[t * width..(t + 1) * width], weight, epsilon, out);
        }
    });
}

/// Rounds the rows to what the weight is multiplied with.
pub(crate) fn round<'a>(
    pool: &mut Pool,
    set: InstructionSet,
    weight: &Weight,
    floats: &'a [f32],
    rows: usize,
    rounded: &'a mut Activations,
) -> Input<'a> {
    let floats = &floats[..rows * weight.columns()];
    if let Some(block) = weight.format().activation_block() {
        rounded.resize(rows, weight.columns(), block);
        rounded.quantize(pool, set, floats);
    }
    Input {
        floats,
        rounded,
        rows,
    }
}

/// `out[t, row]` becomes the product, or grows by it.
pub(crate) fn project(
    pool: &mut Pool,
    set: InstructionSet,
    weight: &Weight,
    input: Input<'_>,
    out: &mut [f32],
    grow: bool,
) {
    let rows = weight.rows();
    let out = Disjoint::new(out);
    // A whole number of tiles.
    let portion = (rows / (pool.threads() * 8)).next_multiple_of(32).min(256);
    pool.share(rows, portion, |_, range: Range<usize>| {
        multiply(set, weight, range, input, |t, row, values| {
            let at = t * rows + row;
            // SAFETY: each row of the weight is taken once.
            let places = unsafe { out.part(at..at + values.len()) };
            if grow {
                for (place, value) in places.iter_mut().zip(values) {
                    *place += value;
                }
            } else {
                places.copy_from_slice(values);
            }
        });
    });
}
