//! From words to plans, without ROS and without a language model of its own.
//!
//! - [`SentenceParser`] reads plain English by rules.
//! - [`PlanQuestion`] is what a language model is asked for what the rules cannot read, and reads its answer.
//! - [`Ladder`] is both in order: each rung plans, refuses or passes on.
//! - [`Case`] holds what a planner made of a sentence against what was expected.

mod agreement;
mod error;
mod evaluation;
mod ladder;
mod message;
mod plan_question;
mod plan_schema;
mod sentence;
#[cfg(test)]
mod test_fleet;

pub use agreement::{agrees, same_values};
pub use error::Error;
pub use evaluation::{Case, CaseFleet, Verdict, same_effect};
pub use ladder::{Asking, Decomposition, Descent, Ladder, ModelAnswer, ModelRung, Rung, is_korean};
pub use message::{Message, Speaker};
pub use plan_question::{PlanPromptStyle, PlanQuestion, PlanReading};
pub use plan_schema::{MAX_PLANNED_TASKS, PlanSchemaOptions, TaskIds, plan_schema};
pub use sentence::{Fault, MAX_TEXT_BYTES, SentenceParser};
