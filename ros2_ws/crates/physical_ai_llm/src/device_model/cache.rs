use candle_core::{DType, Device, Tensor};

use crate::Config;
use crate::cache::PAGE_TOKENS;

/// Keys and values on a device, in pages that sequences borrow.
///
/// # Shapes
/// Of each layer keys and values `[pages · PAGE_TOKENS, kv_heads · head_width]`, as IEEE halves: a token of
/// a sequence has a row of its own.
#[derive(Debug)]
pub struct DeviceCache {
    layers: Vec<(Tensor, Tensor)>,
    pages: usize,
}

impl DeviceCache {
    /// Reserves pages.
    pub fn try_new(device: &Device, config: &Config, pages: usize) -> candle_core::Result<Self> {
        let shape = (
            pages.max(1) * PAGE_TOKENS,
            config.kv_heads * config.head_width,
        );
        let zeros = || Tensor::zeros(shape, DType::F16, device);
        let layers = (0..config.layers).map(|_| Ok((zeros()?, zeros()?)));
        Ok(Self {
            layers: layers.collect::<candle_core::Result<_>>()?,
            pages,
        })
    }

    /// Pages in all.
    pub fn pages(&self) -> usize {
        self.pages
    }

    /// Stores keys and values `[T, kv_heads · head_width]` in rows; `rows` has that shape, too.
    pub fn store(
        &mut self,
        layer: usize,
        rows: &Tensor,
        keys: &Tensor,
        values: &Tensor,
    ) -> candle_core::Result<()> {
        let half = |x: &Tensor| x.to_dtype(DType::F16)?.contiguous();
        let (k, v) = &self.layers[layer];
        k.scatter_set(rows, &half(keys)?, 0)?;
        v.scatter_set(rows, &half(values)?, 0)
    }

    /// Keys and values of rows `[L]`, in single precision: `[L, kv_heads · head_width]`.
    pub fn read(&self, layer: usize, rows: &Tensor) -> candle_core::Result<(Tensor, Tensor)> {
        let (k, v) = &self.layers[layer];
        let read = |x: &Tensor| x.index_select(rows, 0)?.to_dtype(DType::F32);
        Ok((read(k)?, read(v)?))
    }
}
