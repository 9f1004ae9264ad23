use std::process::ExitCode;

use crate::arguments::{Global, ReportArguments};

pub fn run(_global: &Global, _options: &ReportArguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("placeholder")
}
