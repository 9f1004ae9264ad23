//! `bench`: measures, with numbers that others can compare.

mod control;
mod kinematics;
mod llm;
mod load;
mod planning;
mod result;
mod stops;
mod suite;
mod windows;

use std::process::ExitCode;

use self::control::Outcome;
use self::result::Measurement;
use crate::arguments::{
    BenchArguments, BenchCommand, BenchControlArguments, BenchKinematicsArguments,
    BenchLlmArguments, BenchPlanningArguments, Global,
};
use crate::output;

pub async fn run(global: &Global, options: &BenchArguments) -> anyhow::Result<ExitCode> {
    match &options.what {
        BenchCommand::Control(options) => run_control(global, options).await?,
        BenchCommand::Kinematics(options) => run_kinematics(global, options)?,
        BenchCommand::Llm(options) => run_llm(global, options)?,
        BenchCommand::Planning(options) => run_planning(global, options).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn run_control(global: &Global, options: &BenchControlArguments) -> anyhow::Result<()> {
    let outcome = control::measure(global, options).await?;
    print(global, &outcome.measurements)?;
    if global.json {
        output::note(format!("bench: {}", load(&outcome)));
        return Ok(());
    }
    output::line(format!(
        "{} runs of {} s; value: median of the runs. Percentiles come from windows of one second: p50 is \
         the median of the windows, p99 their mean, max the largest value.",
        options.runs, options.seconds
    ));
    output::line(
        "CPU and memory (PSS) are those of all nodes and of the supervisor `up`, not of this program.",
    );
    output::line(load(&outcome));
    Ok(())
}

fn run_kinematics(global: &Global, options: &BenchKinematicsArguments) -> anyhow::Result<()> {
    print(global, &kinematics::measure(options)?)?;
    if !global.json {
        output::line(kinematics::explanation(options));
    }
    Ok(())
}

fn run_llm(global: &Global, options: &BenchLlmArguments) -> anyhow::Result<()> {
    print(global, &llm::measure(options)?)?;
    if !global.json {
        output::line(llm::explanation(options));
    }
    Ok(())
}

async fn run_planning(global: &Global, options: &BenchPlanningArguments) -> anyhow::Result<()> {
    print(global, &planning::measure(global, options).await?)?;
    if !global.json {
        output::line(format!(
            "p50: median of {} sentences of four tasks each, from the call of validate_mission to its answer, robots \
             standing still; percentages: of the sentences of a set (see the planner's card), by who plans them.",
            options.runs
        ));
    }
    Ok(())
}

/// As JSON lines, or as a table; targets are shown where there are any.
fn print(global: &Global, measurements: &[Measurement]) -> anyhow::Result<()> {
    if global.json {
        for measurement in measurements {
            output::json_line(&serde_json::to_value(measurement)?);
        }
        return Ok(());
    }
    let has_targets = measurements.iter().any(|m| m.target.is_some());
    let mut header = vec!["", "value", "min", "max", "unit"];
    if has_targets {
        header.extend(["target", ""]);
    }
    let mut table = output::table(&header);
    for m in measurements {
        let mut row = vec![
            m.name.to_string(),
            number(m, m.value),
            number(m, m.min),
            number(m, m.max),
            m.unit.to_owned(),
        ];
        if has_targets {
            let target = m.target.map(|t| format!("< {}", number(m, t)));
            let verdict = m.is_met().map(|met| if met { "met" } else { "missed" });
            row.push(target.unwrap_or_default());
            row.push(verdict.unwrap_or_default().to_owned());
        }
        table.add_row(row);
    }
    output::line(table);
    Ok(())
}

/// Under what load was measured.
fn load(outcome: &Outcome) -> String {
    let (work, overruns) = (&outcome.work, outcome.overruns);
    let robots = if work.succeeded + work.failed > 0 {
        format!(
            "missions without pause; {} succeeded, {} failed",
            work.succeeded, work.failed
        )
    } else {
        "no mission ended while this was measured".to_owned()
    };
    let problem = if work.problem.is_empty() {
        String::new()
    } else {
        format!(" ({})", work.problem)
    };
    format!("load: {robots}{problem}; {overruns} overruns of the period")
}

fn number(measurement: &Measurement, value: f64) -> String {
    match measurement.unit {
        "cores" | "s" => format!("{value:.3}"),
        "tokens/s" | "ratio" | "ms" => format!("{value:.2}"),
        "%" => format!("{value:.1}"),
        "us" if value < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
