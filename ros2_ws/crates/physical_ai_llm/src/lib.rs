//! Phi-3 and Phi-3.5 on the CPU: models, tokenizer, paged cache, batching, constrained decoding.

mod activations;
mod dequantize;
mod error;
mod format;
mod gguf;
mod kernels;
mod pool;
mod weight;

pub use error::Error;
pub use format::Format;
pub use gguf::{Gguf, TensorInfo, Value};
pub use kernels::InstructionSet;
pub use pool::Pool;
pub use weight::{Bytes, Weight};
