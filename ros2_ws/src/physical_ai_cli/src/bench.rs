use std::process::ExitCode;

use crate::arguments::{BenchArguments, Global};

pub async fn run(_global: &Global, _options: &BenchArguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("placeholder")
}
