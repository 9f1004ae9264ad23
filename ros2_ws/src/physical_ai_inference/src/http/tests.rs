#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test whose fixture is not there has failed"
)]

mod requests;
mod served;
