use std::process::ExitCode;

use physical_ai_description::{Doubt, Severity};
use serde_json::json;

use crate::arguments::{Global, RobotFileArguments};
use crate::output;

/// Says every doubt, one a line. Fails if the robot could not be started.
pub fn run(global: &Global, options: &RobotFileArguments) -> anyhow::Result<ExitCode> {
    let doubts = match super::load(options) {
        Ok(robot) => robot.doubts(),
        Err(error) => {
            let about = options.file.display().to_string();
            vec![Doubt::new(Severity::Error, about, format!("{error:#}"), "")]
        }
    };
    for doubt in &doubts {
        if global.json {
            output::json_line(&json!({
                "severity": doubt.severity,
                "about": doubt.about,
                "problem": doubt.problem,
                "advice": doubt.advice,
            }));
        } else {
            output::line(doubt);
        }
    }
    let count = |severity| doubts.iter().filter(|d| d.severity == severity).count();
    let errors = count(Severity::Error);
    if !global.json {
        let warnings = count(Severity::Warning);
        output::line(match (errors, warnings) {
            (0, 0) => "can be started".to_owned(),
            (0, warnings) => format!("can be started; warnings: {warnings}"),
            (errors, _) => format!("cannot be started; errors: {errors}"),
        });
    }
    Ok(if errors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
