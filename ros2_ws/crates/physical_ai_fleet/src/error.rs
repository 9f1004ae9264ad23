use thiserror::Error;

/// What can be wrong with a plan.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A plan over the limit.
    #[error("{field} has {observed} bytes: at most {allowed} are allowed")]
    TooLong {
        /// `text` or `plan`.
        field: &'static str,
        /// Bytes given.
        observed: usize,
        /// Bytes allowed.
        allowed: usize,
    },
    /// A plan that does not parse.
    #[error("plan: {field}: {problem}")]
    Plan {
        /// Path of the field, for example `tasks[1].after`.
        field: String,
        /// Value and what is allowed.
        problem: String,
    },
    /// A plan that violates constraints; every one is listed.
    #[error("{}", .0.join("; "))]
    Invalid(Vec<String>),
}
