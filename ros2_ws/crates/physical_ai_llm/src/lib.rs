//! Phi-3 and Phi-3.5: models, tokenizer, paged cache, batching, constrained decoding.

mod activations;
mod attention;
mod cache;
mod chat_template;
mod compute_device;
mod config;
mod constraint;
mod dequantize;
#[cfg(any(feature = "cuda", test))]
mod device_model;
mod disjoint;
mod engine;
mod error;
mod exponential;
mod format;
mod gguf;
#[cfg(test)]
mod golden;
mod instruction_set;
mod kernels;
mod language_model;
mod local_chat;
mod message;
mod model;
mod pool;
mod rope;
mod sampling;
mod shared_prefix;
mod speed;
mod stage;
mod stop;
mod token_mask;
mod tokenizer;
mod vector;
mod weight;

pub use cache::{KvCache, PAGE_TOKENS};
pub use chat_template::ChatTemplate;
pub use compute_device::ComputeDevice;
pub use config::{Config, RopeConfig};
pub use constraint::{
    Constraint, ConstraintCompiler, JsonOptions, MASK_LEXER_FUEL, MASK_PARSER_ITEMS,
    MAX_LEXER_STATES, MaskVocabulary, Tokenize,
};
#[cfg(test)]
use device_model::DeviceModel;
pub use engine::{
    EmbedRequest, Engine, EngineConfig, Event, FinishReason, Forward, LocalModel, Metrics, Request,
    RequestId, Timings, Usage,
};
pub use error::Error;
pub use format::Format;
pub use gguf::{Gguf, TensorInfo, Value};
pub use instruction_set::InstructionSet;
pub use language_model::LanguageModel;
pub use local_chat::{ChatAnswer, LocalChat};
pub use message::{Message, Role};
pub use model::{Model, Pass, PassMemory};
pub use pool::Pool;
pub use rope::Reach;
pub use sampling::{MAX_TOP_LOGPROBS, Sampled, Sampler, SamplingParams};
pub use shared_prefix::{FirstTokens, PrefixCache, SharedPrefix};
pub use speed::SpeedTest;
pub use stage::{Layer, Scratch, Span, Stage};
pub use stop::{StopMatcher, StopStep};
pub use token_mask::TokenMask;
pub use tokenizer::{GgufVocabulary, SpecialIds, StreamDecoder, TextSpan, TokenType, Tokenizer};
pub use weight::{Bytes, Weight};
