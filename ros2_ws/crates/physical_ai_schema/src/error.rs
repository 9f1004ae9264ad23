/// Why a schema is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It is too large, or certainly has no instance.
    #[error("{0}")]
    NoInstance(String),
}
