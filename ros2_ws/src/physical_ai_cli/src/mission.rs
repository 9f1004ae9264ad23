use std::process::ExitCode;

use crate::arguments::{Global, MissionArguments};

pub async fn run(_global: &Global, _options: MissionArguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("placeholder")
}
