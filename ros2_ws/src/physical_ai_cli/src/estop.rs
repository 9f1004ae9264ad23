use std::process::ExitCode;

use crate::arguments::{EstopArguments, Global};

pub async fn run(_global: &Global, _options: &EstopArguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("placeholder")
}
