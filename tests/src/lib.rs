//! What process-level tests share: processes that do not outlive their test, and suites.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot start or read its processes has failed"
)]

mod process;
mod slow_motion;
mod standstill;
mod suite;

pub use process::{Process, checkout, peer, program};
pub use slow_motion::SlowMotion;
pub use standstill::{STOP_S, assert_stands};
pub use suite::Suite;
