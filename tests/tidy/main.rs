//! The architecture's rules as tests: see ros2_ws/CONTRIBUTING.md. Nothing here starts a node.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot read its files has failed"
)]

mod dependencies;
mod documents;
mod files;
mod interfaces;
mod layout;
mod packages;
mod parameters;
mod scripts;
mod sources;

/// Fails with every problem, one a line, so that one run shows all of them.
#[track_caller]
fn none(rule: &str, problems: &[String]) {
    assert!(problems.is_empty(), "{rule}:\n  {}", problems.join("\n  "));
}
