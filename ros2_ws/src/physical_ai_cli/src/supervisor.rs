//! Keeps a deployment's processes alive and stops them.

mod backoff;
mod process;
mod state_file;

pub use backoff::{Backoff, Exit, RestartPolicy, Verdict};
pub use process::{Event, EventKind, Launch, StopLevel, supervise};
pub use state_file::{NodeState, State};
