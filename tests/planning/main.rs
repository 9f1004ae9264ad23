//! Planning with the engine in one process: what neither crate can test alone.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod ladder;
mod plan_schema;
#[path = "../../ros2_ws/crates/physical_ai_planning/src/plan_schema/tests/fleet.rs"]
mod schema_fleet;
mod walk;
