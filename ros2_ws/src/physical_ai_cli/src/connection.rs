//! The command line's ROS client, and waits that end with advice.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use physical_ai_ros::{Client, Error};

use crate::arguments::Global;
use crate::environment;

/// How long to wait for a suite that may still be starting or not be discovered yet.
pub const DISCOVERY: Duration = Duration::from_secs(5);

/// Starts a ROS client in the namespace of the suite.
///
/// # Errors
/// When ROS cannot be reached.
pub fn connect(global: &Global) -> anyhow::Result<Client> {
    let name = format!("physical_ai_cli_{}", std::process::id());
    Client::connect(&name, &global.namespace)
        .context("ROS cannot be reached; `physical-ai doctor` says why")
}

/// The error for somebody who does not answer, with what to do about it.
pub fn nobody(global: &Global, who: &str) -> anyhow::Error {
    anyhow!(
        "no {who} in {}: is the suite running? Start it with `physical-ai up`, or name another one \
         with --namespace and --domain-id",
        environment::place_of_suite(global)
    )
}

/// Explains a time-out as the absence of `who`.
pub fn explain(global: &Global, who: &str, error: Error) -> anyhow::Error {
    match error {
        Error::Timeout { .. } => nobody(global, who),
        error => error.into(),
    }
}
