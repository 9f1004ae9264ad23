//! Missions: tasks that workers carry out, whatever dies meanwhile, without ROS.
//!
//! - [`Scheduler::step`] is the whole scheduler: state and event in, effects out.
//! - [`Journal`] makes the state survive the process.
//! - [`JournaledScheduler`] lets effects happen only after the journal holds them.

mod error;
mod journal;
mod journaled_scheduler;
mod mission;
mod scheduler;

pub use error::Error;
pub use journal::{Journal, Recovered};
pub use journaled_scheduler::JournaledScheduler;
pub use mission::{Mission, MissionError, MissionPhase, Task, TaskStatus};
pub use scheduler::{
    Decision, Effect, Event, KnownWorker, Now, Scheduler, SchedulerConfig, Submission,
};
