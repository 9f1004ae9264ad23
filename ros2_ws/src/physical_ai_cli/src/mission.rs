//! `mission`: run, list, show, confirm, cancel and check missions.

mod confirmation;
mod execute;
mod input;
mod inspect;
mod plan;
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
        MissionCommand::Confirm { id, no } => confirmation::confirm(global, &id, !no).await,
        MissionCommand::Validate {
            mission,
            deadline_s,
        } => inspect::validate(global, &mission, deadline_s).await,
    }
}
