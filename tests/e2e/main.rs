//! The suite as its users run it: real processes, real DDS, real signals.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test whose fixture is not there has failed"
)]

mod bad_input;
mod commands;
mod confirmation;
mod crashes;
mod estop;
mod http;
mod inference;
mod interop;
mod llm_commands;
mod load;
mod missions;
mod namespaces;
mod no_motion;
mod planning;
mod publications;
mod real_robots;
mod states;
mod supervision;
mod trajectories;
mod tuning;
