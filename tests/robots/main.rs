//! Descriptions of robots that the public uses: they load, or are refused for a reason that is right, and their
//! numbers are those of pinocchio.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test whose fixture is not there has failed"
)]

mod layouts;
mod mjcf;
mod numbers;
mod public_robots;
mod reading;
mod xacro;
