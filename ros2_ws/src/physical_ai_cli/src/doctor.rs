//! `doctor`: what is missing on this machine and how to get it, and what runs.

mod check;
mod deployment_files;
mod machine;
mod running;

use std::process::ExitCode;

use crate::arguments::{DoctorArguments, Global};
use crate::{environment, output};

use check::{Check, Verdict};

/// Runs all checks; the exit code tells whether one failed.
pub async fn run(global: &Global, options: &DoctorArguments) -> anyhow::Result<ExitCode> {
    let mut failed = 0;
    let mut show = |checks: Vec<Check>| {
        for check in checks {
            failed += u32::from(check.verdict == Verdict::Fail);
            if global.json {
                output::json_line(&check.to_json());
            } else {
                output::line(check.to_text());
            }
        }
    };
    show(machine::checks());
    show(machine::python().await);
    match environment::deployment(options.deployment.as_deref()) {
        Ok(path) => show(deployment_files::checks(&path).await),
        Err(error) => show(vec![Check::fail(
            "deployment",
            error.to_string(),
            "name one with --deployment, or go to the checkout",
        )]),
    }
    show(running::checks(global).await);
    if !global.json {
        output::line(match failed {
            0 => "nothing is missing".to_owned(),
            n => format!("{n} checks failed"),
        });
    }
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
