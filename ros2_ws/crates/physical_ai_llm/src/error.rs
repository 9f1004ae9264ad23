use std::path::PathBuf;

/// What can go wrong with a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that cannot be opened, mapped or read.
    #[error("{}: {problem}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        problem: String,
    },
    /// A file that is no model, or a damaged one.
    #[error("{source_name}: {field}: {problem}")]
    InvalidModel {
        /// File or other origin.
        source_name: String,
        /// Field, key or tensor.
        field: String,
        /// What is wrong, with the value.
        problem: String,
    },
    /// A tokenizer or chat template that cannot be used.
    #[error("tokenizer: {field}: {problem}")]
    InvalidTokenizer {
        /// Field.
        field: String,
        /// What is wrong, with the value.
        problem: String,
    },
    /// A request that makes no sense.
    #[error("{field} is {value}: {problem}")]
    InvalidRequest {
        /// Field.
        field: &'static str,
        /// What was given.
        value: String,
        /// What is allowed.
        problem: String,
    },
    /// A schema that cannot be compiled or met.
    #[error("schema: {0}")]
    InvalidSchema(String),
    /// The prompt and what is to be generated do not fit into the context.
    #[error(
        "the prompt has {tokens} tokens, {limit} fit into the context beside what is to be \
         generated: shorten it"
    )]
    PromptTooLong {
        /// Tokens of the prompt.
        tokens: usize,
        /// Tokens that fit.
        limit: usize,
    },
    /// The cache has no room.
    #[error("the request needs {needed} cache pages, {free} of {total} are free")]
    OutOfCache {
        /// Pages needed.
        needed: usize,
        /// Pages free.
        free: usize,
        /// Pages in all.
        total: usize,
    },
    /// Too many requests wait.
    #[error("{waiting} requests wait already, at most {limit} may: try again later")]
    Busy {
        /// Requests that wait.
        waiting: usize,
        /// Most that may.
        limit: usize,
    },
    /// The model's output is broken.
    #[error("the logit of token {token} is {value}: the weights or the cache are damaged")]
    InvalidLogits {
        /// Token.
        token: usize,
        /// NaN or +∞.
        value: f32,
    },
    /// A text whose hidden states have no direction.
    #[error(
        "the hidden states of text {text} add up to a vector of length {length}: the weights or the \
         cache are damaged"
    )]
    InvalidEmbedding {
        /// Which of the request's.
        text: usize,
        /// NaN, infinite or 0.
        length: f64,
    },
    /// A GPU that is not there, or cannot do what it is asked.
    #[error("device {device}: {problem}")]
    Device {
        /// Its name.
        device: String,
        /// What its driver says.
        problem: String,
    },
    /// Nothing is left to choose from.
    #[error("no token is allowed: every logit is -inf or forbidden by the constraint")]
    NoTokenAllowed,
    /// A token that the constraint does not allow at this place.
    #[error("token {token} is not allowed here by the constraint")]
    TokenRefused {
        /// Token.
        token: u32,
    },
    /// A constraint that cannot go on: it is too complex for its limits of time and memory.
    #[error("constraint: {0}")]
    ConstraintFailed(String),
}
