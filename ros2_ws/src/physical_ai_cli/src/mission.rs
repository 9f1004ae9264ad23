//! `mission`: run, list, show, cancel and check missions.

mod execute;
mod input;
mod inspect;
mod progress;
mod recording;
mod ros_time;
mod view;

use std::process::ExitCode;

use crate::arguments::{Global, MissionArguments, MissionCommand};

/// Does what was asked.
pub async fn run(global: &Global, options: MissionArguments) -> anyhow::Result<ExitCode> {
    match options.command {
        MissionCommand::Run(options) => execute::run(global, &options).await,
        MissionCommand::List => inspect::list(global).await,
        MissionCommand::Show { id } => inspect::show(global, &id).await,
        MissionCommand::Cancel { id } => inspect::cancel(global, &id).await,
        MissionCommand::Validate { mission } => inspect::validate(global, &mission).await,
    }
}
