use thiserror::Error;

/// What keeps a mission from being taken or kept.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
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
