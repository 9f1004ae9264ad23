use std::fmt;
use std::str::FromStr;

#[cfg(feature = "cuda")]
use crate::device_model::DeviceModel;
use crate::{Error, Forward, LocalModel, Model, Pool};

/// What a model is computed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComputeDevice {
    /// This machine's processor, by this crate's own kernels.
    Cpu,
    /// A GPU of NVIDIA by its number, through candle.
    Cuda(usize),
}

impl ComputeDevice {
    /// Makes a model ready to run there, with so many pages of cache. On a processor `threads` compute.
    ///
    /// # Errors
    /// [`Error::Device`], or [`Error::InvalidRequest`] if the cache cannot be reserved.
    pub fn load(
        self,
        model: &Model,
        threads: usize,
        cache_pages: usize,
    ) -> Result<Box<dyn Forward + Send>, Error> {
        Ok(match self {
            Self::Cpu => Box::new(LocalModel::try_new(model.clone(), threads, cache_pages)?),
            Self::Cuda(index) => self.load_on_gpu(index, model, cache_pages)?,
        })
    }

    /// The model with its weights as this device reads them fastest. [`Self::load`] does it too; who loads a model
    /// often saves time and memory by doing it once.
    ///
    /// # Errors
    /// [`Error::Device`] if there is no memory for them.
    pub fn prepare(self, model: &Model, threads: usize) -> Result<Model, Error> {
        match self {
            Self::Cpu => model.to_tiles(&mut Pool::new(threads)),
            Self::Cuda(_) => Ok(model.clone()),
        }
    }

    #[cfg(feature = "cuda")]
    fn load_on_gpu(
        self,
        index: usize,
        model: &Model,
        cache_pages: usize,
    ) -> Result<Box<dyn Forward + Send>, Error> {
        let device = candle_core::Device::new_cuda(index).map_err(|e| Error::Device {
            device: self.to_string(),
            problem: e.to_string(),
        })?;
        Ok(Box::new(DeviceModel::try_new(model, &device, cache_pages)?))
    }

    #[cfg(not(feature = "cuda"))]
    fn load_on_gpu(self, _: usize, _: &Model, _: usize) -> Result<Box<dyn Forward + Send>, Error> {
        Err(self.no_cuda())
    }

    #[cfg(not(feature = "cuda"))]
    fn no_cuda(self) -> Error {
        Error::Device {
            device: self.to_string(),
            problem: "this build has no CUDA: build physical_ai_inference with `--features cuda`, \
                      or use the device \"cpu\""
                .to_owned(),
        }
    }
}

impl fmt::Display for ComputeDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

impl FromStr for ComputeDevice {
    type Err = Error;

    /// Reads `cpu`, `cuda` or `cuda:1`.
    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once(':') {
            None if text == "cpu" => Some(Self::Cpu),
            None if text == "cuda" => Some(Self::Cuda(0)),
            Some(("cuda", index)) => index.parse().map(Self::Cuda).ok(),
            _ => None,
        }
        .ok_or_else(|| Error::InvalidRequest {
            field: "device",
            value: format!("{text:?}"),
            problem: "must be cpu, cuda or cuda:N with the number of a GPU".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        let read = |text: &str| text.parse::<ComputeDevice>();
        assert_eq!(read("cpu").unwrap(), ComputeDevice::Cpu);
        assert_eq!(read("cuda").unwrap(), ComputeDevice::Cuda(0));
        assert_eq!(read("cuda:3").unwrap().to_string(), "cuda:3");
        for bad in ["", "gpu", "cuda:", "cuda:-1", "cpu:0", "metal:0"] {
            let error = read(bad).unwrap_err().to_string();
            assert!(error.contains(&format!("{bad:?}")), "{error}");
        }
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_build_without_cuda_says_how_to_get_it() {
        let error = ComputeDevice::Cuda(1).no_cuda().to_string();
        assert!(
            error.contains("cuda:1") && error.contains("--features cuda"),
            "{error}"
        );
    }
}
