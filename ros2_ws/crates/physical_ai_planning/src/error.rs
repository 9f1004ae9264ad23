use thiserror::Error;

use crate::Fault;

/// Why words have no plan, or why nobody can be asked for one.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Text over the limit.
    #[error("{field} has {observed} bytes: at most {allowed} are allowed")]
    TooLong {
        /// `text`.
        field: &'static str,
        /// Bytes given.
        observed: usize,
        /// Bytes allowed.
        allowed: usize,
    },
    /// A sentence that is not understood.
    #[error("text: in {clause:?}: {problem}")]
    Sentence {
        /// The part that is not understood.
        clause: String,
        /// What is not understood and what is known.
        problem: String,
        /// What kind of thing it is.
        fault: Fault,
    },
    /// No rung of the ladder has a plan.
    #[error("{message}")]
    NotPlanned {
        /// What all of them say, in the language of the sentence.
        message: String,
        /// What the last of them says.
        reason: String,
    },
    /// A plan that violates constraints; every one is listed.
    #[error("{}", .0.join("; "))]
    Invalid(Vec<String>),
    /// A question that cannot be asked.
    #[error("{field} is {value}: {problem}")]
    Question {
        /// Field.
        field: &'static str,
        /// What was given.
        value: String,
        /// What is allowed.
        problem: String,
    },
    /// What is offered has no schema of plans.
    #[error("schema: {0}")]
    Schema(String),
}
