use thiserror::Error;

/// What a caller can do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// The same call may succeed later.
    Retry,
    /// Go on with less.
    Degrade,
    /// Bring the robot to rest.
    SafeStop,
    /// The input has to change.
    Reject,
}

/// Everything that can be wrong with a description or a value of the domain.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// A name breaks the naming rule.
    #[error(
        "{kind} name {value:?} is not allowed: use 1 to 64 of a-z, 0-9 and _, starting with a letter"
    )]
    InvalidName {
        /// What the name is for.
        kind: &'static str,
        /// The offending text, shortened.
        value: String,
    },
    /// A number that must be finite is not.
    #[error("{field} is {value}: it must be finite")]
    NotFinite {
        /// Field that holds the value.
        field: String,
        /// The value, as text (NaN, inf).
        value: String,
    },
    /// A number outside its range.
    #[error("{field} is {value} {unit}: it must be {allowed}")]
    OutOfRange {
        /// Field that holds the value.
        field: String,
        /// Observed value.
        value: f64,
        /// What is allowed, in words.
        allowed: String,
        /// Unit of the value.
        unit: &'static str,
    },
    /// A description (URDF, world file) that cannot be used.
    #[error("{source_name}: {field}: {problem}")]
    InvalidDescription {
        /// Which file or robot.
        source_name: String,
        /// Element or field, for example `joint elbow: limit`.
        field: String,
        /// What is wrong with it and what to do.
        problem: String,
    },
}

impl Error {
    /// What to do about it: inputs of this crate never get better by waiting.
    pub fn reaction(&self) -> Reaction {
        match self {
            Self::NotFinite { .. } => Reaction::SafeStop,
            _ => Reaction::Reject,
        }
    }
}
