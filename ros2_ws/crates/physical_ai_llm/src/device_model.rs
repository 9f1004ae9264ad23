//! The same model on a device that candle drives.

mod cache;
mod layer;
mod places;

use std::ops::Range;
use std::sync::Arc;

use candle_core::quantized::{GgmlDType, QMatMul, QStorage, QTensor};
use candle_core::{Device, Module, Tensor};

use crate::cache::PAGE_TOKENS;
use crate::dequantize::dequantize;
use crate::{Config, Error, Format, Forward, Model, Pass, Reach, Weight};
use cache::DeviceCache;
use layer::DeviceLayer;
use places::Places;

/// A whole model on a device, with its cache.
///
/// Matrices lie on the device as they are stored; those in F32, F16 and BF16 as F32. Its kernels are
/// candle's, which choose their order of sums by the number of rows: the last bits of a result may depend
/// on what else is in the pass.
pub struct DeviceModel {
    config: Arc<Config>,
    model: Model,
    device: Device,
    layers: Vec<DeviceLayer>,
    norm: Tensor,
    head: QMatMul,
    cache: DeviceCache,
    /// Of the last pass, before the final norm: `[T, width]`.
    hidden: Option<Tensor>,
    logits: Vec<f32>,
    states: Vec<f32>,
}

impl DeviceModel {
    /// Copies the weights onto a device and reserves so many pages of cache there.
    ///
    /// # Errors
    /// [`Error::Device`] if its memory does not suffice.
    pub fn try_new(model: &Model, device: &Device, cache_pages: usize) -> Result<Self, Error> {
        Self::load(device, model, cache_pages).map_err(|e| failed(device, &e))
    }

    fn load(device: &Device, model: &Model, pages: usize) -> candle_core::Result<Self> {
        let config = Arc::new(model.config().clone());
        let layers = model.stage().layer_weights().iter();
        Ok(Self {
            layers: layers
                .map(|layer| DeviceLayer::load(device, &config, layer))
                .collect::<candle_core::Result<_>>()?,
            norm: Tensor::new(model.norm(), device)?,
            head: matrix(device, model.head())?,
            cache: DeviceCache::try_new(device, &config, pages)?,
            device: device.clone(),
            model: model.clone(),
            config,
            hidden: None,
            logits: Vec::new(),
            states: Vec::new(),
        })
    }

    fn run(&mut self, pass: Pass<'_>) -> candle_core::Result<()> {
        let places = Places::new(&self.device, self.model.stage(), &self.config, pass.spans)?;
        let mut hidden = self.embed(pass.tokens)?;
        for (index, layer) in self.layers.iter().enumerate() {
            hidden = layer.forward(&self.config, &mut self.cache, index, &places, hidden)?;
        }
        self.logits.clear();
        if !pass.wanted.is_empty() {
            let rows = numbers(pass.wanted);
            let rows = Tensor::new(rows, &self.device)?;
            let chosen = hidden.index_select(&rows, 0)?;
            let normed = candle_nn::ops::rms_norm(&chosen, &self.norm, self.config.norm_epsilon)?;
            self.logits = self.head.forward(&normed)?.flatten_all()?.to_vec1()?;
        }
        self.hidden = Some(hidden);
        Ok(())
    }

    /// Rows of the embedding, which stays in the machine's memory: `[T, width]`.
    fn embed(&self, tokens: &[u32]) -> candle_core::Result<Tensor> {
        let (width, embedding) = (self.config.width, self.model.embedding());
        let mut rows = vec![0.0; tokens.len() * width];
        for (token, row) in tokens.iter().zip(rows.chunks_exact_mut(width)) {
            dequantize(embedding.format(), embedding.row(*token as usize), row);
        }
        Tensor::from_vec(rows, (tokens.len(), width), &self.device)
    }

    fn read_states(&self, rows: Range<usize>) -> candle_core::Result<Vec<f32>> {
        let Some(hidden) = &self.hidden else {
            return Ok(Vec::new());
        };
        let rows = hidden.narrow(0, rows.start, rows.len())?.contiguous()?;
        let normed = candle_nn::ops::rms_norm(&rows, &self.norm, self.config.norm_epsilon)?;
        normed.flatten_all()?.to_vec1()
    }
}

impl Forward for DeviceModel {
    fn vocabulary(&self) -> usize {
        self.config.vocabulary
    }

    fn width(&self) -> usize {
        self.config.width
    }

    fn context(&self) -> usize {
        self.config.context
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
        self.run(pass).map_err(|e| failed(&self.device, &e))?;
        Ok(&self.logits)
    }

    fn states(&mut self, rows: Range<usize>) -> &[f32] {
        // Numbers that are not finite are told apart by who asks.
        let broken = vec![f32::NAN; rows.len() * self.config.width];
        self.states = self.read_states(rows).unwrap_or(broken);
        &self.states
    }
}

impl std::fmt::Debug for DeviceModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeviceModel on {:?}", self.device.location())
    }
}

/// What candle says, with the device.
fn failed(device: &Device, error: &candle_core::Error) -> Error {
    let device = match device.location() {
        candle_core::DeviceLocation::Cuda { gpu_id } => format!("cuda:{gpu_id}"),
        other => format!("{other:?}").to_lowercase(),
    };
    Error::Device {
        device,
        problem: error.to_string(),
    }
}

/// A matrix on the device.
fn matrix(device: &Device, weight: &Weight) -> candle_core::Result<QMatMul> {
    let kind = match weight.format() {
        Format::F32 => GgmlDType::F32,
        Format::F16 => GgmlDType::F16,
        Format::BF16 => GgmlDType::BF16,
        Format::Q4_0 => GgmlDType::Q4_0,
        Format::Q8_0 => GgmlDType::Q8_0,
        Format::Q4K => GgmlDType::Q4K,
        Format::Q5K => GgmlDType::Q5K,
        Format::Q6K => GgmlDType::Q6K,
    };
    let storage = QStorage::from_data(weight.bytes().into(), device, kind)?;
    QMatMul::from_qtensor(QTensor::new(storage, (weight.rows(), weight.columns()))?)
}

/// Indices as candle takes them.
fn numbers(indices: &[usize]) -> Vec<u32> {
    indices
        .iter()
        .map(|i| u32::try_from(*i).unwrap_or(u32::MAX))
        .collect()
}
