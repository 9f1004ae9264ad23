use std::process::ExitCode;

use crate::arguments::{Global, UpArguments};

pub async fn run(_global: &Global, _options: &UpArguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("placeholder")
}
