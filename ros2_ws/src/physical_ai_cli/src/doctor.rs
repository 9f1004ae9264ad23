use std::process::ExitCode;

use crate::arguments::{DoctorArguments, Global};

pub async fn run(_global: &Global, _options: &DoctorArguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("placeholder")
}
