//! Phi-3 and Phi-3.5 on the CPU: models, tokenizer, paged cache, batching, constrained decoding.

mod chat_template;
mod error;
mod tokenizer;

pub use chat_template::{ChatTemplate, Message, Role};
pub use error::Error;
pub use tokenizer::{Span, SpecialIds, StreamDecoder, TokenType, Tokenizer, Vocabulary};
