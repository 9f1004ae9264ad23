use physical_ai_llm::Error;

/// Codes of `Generate`'s result; the services use the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Code {
    /// Finished.
    Ok = 0,
    /// A field that makes no sense.
    InvalidRequest = 1,
    /// More tokens than the context has.
    TooLong = 2,
    /// More tokens than the cache has.
    OutOfMemory = 3,
    /// Too many requests wait, or the worker takes none.
    Overloaded = 4,
    /// Cancelled or replaced.
    Canceled = 5,
    /// The deadline passed.
    DeadlineMissed = 6,
    /// A defect.
    Internal = 7,
}

/// Why a request is not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Kind.
    pub code: Code,
    /// Field, value and what is allowed.
    pub reason: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(code: Code, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }

    /// After a defect of the engine.
    pub fn engine_has_ended() -> Self {
        let reason = "the engine has ended by a defect: see the worker's log and restart it";
        Self::new(Code::Internal, reason)
    }

    /// A field of a request that cannot be used.
    pub fn invalid(reason: impl Into<String>) -> Self {
        Self::new(Code::InvalidRequest, reason)
    }
}

impl Code {
    /// The code of an error of the engine.
    pub fn of(error: &Error) -> Self {
        match error {
            // A constraint that needs more than its limits comes from the caller's schema.
            Error::InvalidRequest { .. } | Error::InvalidSchema(_) | Error::ConstraintFailed(_) => {
                Self::InvalidRequest
            }
            Error::PromptTooLong { .. } => Self::TooLong,
            Error::OutOfCache { .. } => Self::OutOfMemory,
            Error::Busy { .. } => Self::Overloaded,
            _ => Self::Internal,
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::new(Code::of(&error), error.to_string())
    }
}
