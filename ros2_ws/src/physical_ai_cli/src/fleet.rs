use std::process::ExitCode;

use crate::arguments::Global;

pub async fn workers(_global: &Global) -> anyhow::Result<ExitCode> {
    anyhow::bail!("placeholder")
}

pub async fn robots(_global: &Global) -> anyhow::Result<ExitCode> {
    anyhow::bail!("placeholder")
}
