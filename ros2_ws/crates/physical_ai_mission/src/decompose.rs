use physical_ai_domain::Plan;

use crate::{Error, Fleet};

/// A plan and who made it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decomposition {
    /// The plan.
    pub plan: Plan,
    /// Rung of the ladder: `model`, `parser` or `given`.
    pub planner: &'static str,
}

/// Port: turns plain language into tasks.
///
/// # Implementation
/// Must not name robots, places or objects that the fleet does not know, and must say what it did not
/// understand rather than guess.
pub trait Decomposer {
    /// Decomposes `text` for `fleet`.
    ///
    /// # Errors
    /// [`Error::Sentence`] naming the part that is not understood, [`Error::TooLong`].
    fn decompose(&self, text: &str, fleet: &Fleet) -> Result<Decomposition, Error>;
}
