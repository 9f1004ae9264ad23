//! Missions: from a sentence or a plan to tasks that workers execute, without ROS.
//!
//! - [`parse_plan`] reads YAML and JSON, [`SentenceParser`] reads plain English; both give a
//!   [`Plan`](physical_ai_domain::Plan).
//! - [`validate`] lists everything that a plan violates, given the [`Fleet`] that is there.
//! - [`Scheduler::step`] is the whole scheduler: state and event in, effects out.
//! - [`ByRules`] is the first rung of the planning ladder and decides whether there is a second.
//! - [`Journal`] makes the state survive the process.
//! - [`JournaledScheduler`] lets effects happen only after the journal holds them.

mod agreement;
mod decompose;
mod error;
mod evaluation;
mod fleet;
mod journal;
mod journaled_scheduler;
mod ladder;
mod mission;
mod plan_text;
mod predict;
mod scheduler;
mod schema;
mod sentence;
mod validate;

pub use agreement::{agrees, same_values};
pub use decompose::{Decomposer, Decomposition};
pub use error::Error;
pub use evaluation::{Case, CaseFleet, Verdict, same_effect};
pub use fleet::Fleet;
pub use journal::{Journal, Recovered};
pub use journaled_scheduler::JournaledScheduler;
pub use ladder::{ByRules, is_korean, refusal};
pub use mission::{Mission, MissionError, MissionPhase, Task, TaskStatus};
pub use plan_text::{MAX_PLAN_BYTES, parse_plan};
pub use predict::{Prediction, predict};
pub use scheduler::{
    Decision, Effect, Event, KnownWorker, Now, Scheduler, SchedulerConfig, Submission,
};
pub use sentence::{Fault, MAX_TEXT_BYTES, SentenceParser};
pub use validate::validate;
