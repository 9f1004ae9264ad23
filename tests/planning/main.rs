//! Planning with the engine in one process: what neither crate can test alone.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod ladder;
mod plan_schema;
mod walk;
