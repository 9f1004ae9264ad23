use candle_core::quantized::QMatMul;
use candle_core::{Device, Module, Tensor};

use crate::{Config, Layer};

use super::cache::DeviceCache;
use super::matrix;
use super::places::{Places, Seen};

/// One layer on a device; see [`Layer`] for shapes.
pub struct DeviceLayer {
    attention_norm: Tensor,
    qkv: QMatMul,
    attention_out: QMatMul,
    feed_forward_norm: Tensor,
    gate_up: QMatMul,
    down: QMatMul,
    norm_epsilon: f32,
}

impl DeviceLayer {
    pub fn load(device: &Device, config: &Config, layer: &Layer) -> candle_core::Result<Self> {
        Ok(Self {
            attention_norm: Tensor::new(&layer.attention_norm[..], device)?,
            qkv: matrix(device, &layer.qkv)?,
            attention_out: matrix(device, &layer.attention_out)?,
            feed_forward_norm: Tensor::new(&layer.feed_forward_norm[..], device)?,
            gate_up: matrix(device, &layer.gate_up)?,
            down: matrix(device, &layer.down)?,
            norm_epsilon: config.norm_epsilon,
        })
    }

    /// Moves hidden states `[T, width]` through the layer, and fills its cache.
    pub fn forward(
        &self,
        config: &Config,
        cache: &mut DeviceCache,
        index: usize,
        places: &Places,
        hidden: Tensor,
    ) -> candle_core::Result<Tensor> {
        let normed = candle_nn::ops::rms_norm(&hidden, &self.attention_norm, self.norm_epsilon)?;
        let qkv = self.qkv.forward(&normed)?;
        let attended = attend(config, cache, index, places, &qkv)?;
        let hidden = (hidden + self.attention_out.forward(&attended)?)?;
        let normed = candle_nn::ops::rms_norm(&hidden, &self.feed_forward_norm, self.norm_epsilon)?;
        let gate_up = self.gate_up.forward(&normed)?;
        let gate = gate_up.narrow(1, 0, config.feed_forward)?.silu()?;
        let up = gate_up.narrow(1, config.feed_forward, config.feed_forward)?;
        hidden + self.down.forward(&(gate * up)?)?
    }
}

/// From joint queries, keys and values to attended values: `[T, heads · head_width]`.
fn attend(
    config: &Config,
    cache: &mut DeviceCache,
    layer: usize,
    places: &Places,
    qkv: &Tensor,
) -> candle_core::Result<Tensor> {
    let (inner, kv_inner) = (
        config.heads * config.head_width,
        config.kv_heads * config.head_width,
    );
    let queries = rotate(config, places, &qkv.narrow(1, 0, inner)?, config.heads)?;
    let queries = (queries * (config.head_width as f64).powf(-0.5))?;
    let keys = rotate(
        config,
        places,
        &qkv.narrow(1, inner, kv_inner)?,
        config.kv_heads,
    )?;
    let keys = keys.transpose(0, 1)?.reshape(((), kv_inner))?;
    let values = qkv.narrow(1, inner + kv_inner, kv_inner)?;
    cache.store(layer, &places.stored, &keys, &values)?;
    let spans = places.spans.iter().map(|seen| {
        let queries = queries.narrow(1, seen.start, seen.tokens)?;
        attend_span(config, cache, layer, seen, &queries)
    });
    let spans: Vec<Tensor> = spans.collect::<candle_core::Result<_>>()?;
    Tensor::cat(&spans, 0)
}

/// Rotates heads `[T, heads · head_width]`: `[heads, T, head_width]`.
fn rotate(
    config: &Config,
    places: &Places,
    x: &Tensor,
    heads: usize,
) -> candle_core::Result<Tensor> {
    let tokens = x.dim(0)?;
    let x = x
        .reshape((tokens, heads, config.head_width))?
        .transpose(0, 1)?;
    let turned = config.rope.rotated;
    let first = x.narrow(2, 0, turned)?.contiguous()?.unsqueeze(0)?;
    let first = candle_nn::rotary_emb::rope(&first, &places.cosines, &places.sines)?.squeeze(0)?;
    if turned == config.head_width {
        return Ok(first);
    }
    Tensor::cat(
        &[
            first,
            x.narrow(2, turned, config.head_width - turned)?
                .contiguous()?,
        ],
        2,
    )
}

/// Attention of one span's queries `[heads, t, head_width]`: `[t, heads · head_width]`.
fn attend_span(
    config: &Config,
    cache: &DeviceCache,
    layer: usize,
    seen: &Seen,
    queries: &Tensor,
) -> candle_core::Result<Tensor> {
    let (heads, kv_heads, width) = (config.heads, config.kv_heads, config.head_width);
    let (keys, values) = cache.read(layer, &seen.rows)?;
    let count = keys.dim(0)?;
    let by_head = |x: Tensor| {
        x.reshape((count, kv_heads, width))?
            .transpose(0, 1)?
            .contiguous()
    };
    let (keys, values) = (by_head(keys)?, by_head(values)?);
    // Heads that share keys are neighbours: their queries stand below one another.
    let grouped = (kv_heads, heads / kv_heads * seen.tokens);
    let queries = queries
        .contiguous()?
        .reshape((grouped.0, grouped.1, width))?;
    let scores = queries.matmul(&keys.t()?)?;
    let scores = scores.reshape((heads, seen.tokens, count))?;
    let scores = match &seen.mask {
        Some(mask) => scores.broadcast_add(mask)?,
        None => scores,
    };
    let weights = candle_nn::ops::softmax_last_dim(&scores)?;
    let weights = weights.reshape((grouped.0, grouped.1, count))?;
    let out = weights
        .matmul(&values)?
        .reshape((heads, seen.tokens, width))?;
    out.transpose(0, 1)?.reshape((seen.tokens, heads * width))
}
