//! Phi-3 and Phi-3.5 on the CPU: models, tokenizer, paged cache, batching, constrained decoding.

mod activations;
mod attention;
mod cache;
mod config;
mod dequantize;
mod error;
mod format;
mod gguf;
mod kernels;
mod model;
mod pool;
mod rope;
mod speed;
mod stage;
mod vector;
mod weight;

pub use cache::{KvCache, PAGE_TOKENS};
pub use config::{Config, RopeConfig};
pub use error::Error;
pub use format::Format;
pub use gguf::{Gguf, TensorInfo, Value};
pub use kernels::InstructionSet;
pub use model::{Model, Pass, PassMemory};
pub use pool::Pool;
pub use rope::Reach;
pub use speed::SpeedTest;
pub use stage::{Layer, Scratch, Span, Stage};
pub use weight::{Bytes, Weight};
