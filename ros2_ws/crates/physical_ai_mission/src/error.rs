use thiserror::Error;

use crate::Fault;

/// What can be wrong with a mission, or with keeping it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Text or plan over the limit.
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
    /// A plan that violates constraints; every one is listed.
    #[error("{}", .0.join("; "))]
    Invalid(Vec<String>),
    /// No more missions now.
    #[error("{running} missions run already: at most {allowed} are allowed; try again later")]
    Busy {
        /// Missions that run.
        running: usize,
        /// Limit.
        allowed: usize,
    },
    /// The journal cannot be read or written.
    #[error("journal {path}: {problem}")]
    Journal {
        /// File.
        path: String,
        /// What is wrong and what to do.
        problem: String,
    },
}
