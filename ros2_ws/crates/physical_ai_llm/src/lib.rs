//! Phi-3 and Phi-3.5 on the CPU: models, tokenizer, paged cache, batching, constrained decoding.

mod error;

pub use error::Error;
