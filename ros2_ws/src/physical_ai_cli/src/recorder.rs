use std::process::ExitCode;

use crate::arguments::{Global, RecordArguments};

pub async fn run(_global: &Global, _options: &RecordArguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("placeholder")
}
