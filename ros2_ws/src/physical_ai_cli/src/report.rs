use std::path::{Path,PathBuf};
use std::process::ExitCode;

use crate::arguments::{Global, ReportArguments};

pub fn run(_global: &Global, _options: &ReportArguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("placeholder")
}
pub fn write(r: &Path, _out: Option<&Path>) -> anyhow::Result<PathBuf> { Ok(r.to_path_buf()) }
