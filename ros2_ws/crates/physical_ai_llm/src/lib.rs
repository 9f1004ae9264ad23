//! Phi-3 and Phi-3.5 on the CPU: models, tokenizer, paged cache, batching, constrained decoding.

mod constraint;
mod error;
mod plan_schema;
mod sampling;
mod stop;
mod token_mask;

pub use constraint::{
    Constraint, ConstraintCompiler, JsonOptions, MASK_LEXER_FUEL, MASK_PARSER_ITEMS,
    MAX_LEXER_STATES, Tokenize, Vocabulary,
};
pub use error::Error;
pub use plan_schema::{MAX_PLANNED_TASKS, PlanSchemaOptions, TaskIds, plan_schema};
pub use sampling::{MAX_TOP_LOGPROBS, Sampled, Sampler, SamplingParams};
pub use stop::{StopMatcher, StopStep};
pub use token_mask::TokenMask;
