//! Phi-3 and Phi-3.5 on the CPU: models, tokenizer, paged cache, batching, constrained decoding.

mod chat_template;
mod error;
mod message;
mod tokenizer;

pub use chat_template::ChatTemplate;
pub use error::Error;
pub use message::{Message, Role};
pub use tokenizer::{Span, SpecialIds, StreamDecoder, TokenType, Tokenizer, Vocabulary};
