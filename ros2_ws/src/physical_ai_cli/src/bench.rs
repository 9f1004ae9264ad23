//! `bench`: measures, with numbers that others can compare.

mod control;
mod load;
mod result;
mod suite;
mod windows;

use std::process::ExitCode;

use self::control::Outcome;
use self::result::Measurement;
use crate::arguments::{BenchArguments, BenchCommand, BenchControlArguments, Global};
use crate::output;

pub async fn run(global: &Global, options: &BenchArguments) -> anyhow::Result<ExitCode> {
    match &options.what {
        BenchCommand::Control(options) => {
            let outcome = control::measure(global, options).await?;
            if global.json {
                for measurement in &outcome.measurements {
                    output::json_line(&serde_json::to_value(measurement)?);
                }
                eprintln!("bench: {}", load(&outcome));
            } else {
                print(options, &outcome);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(options: &BenchControlArguments, outcome: &Outcome) {
    let mut table = output::table(&["", "value", "min", "max", "unit", "target", ""]);
    for m in &outcome.measurements {
        table.add_row([
            m.name.to_owned(),
            number(m, m.value),
            number(m, m.min),
            number(m, m.max),
            m.unit.to_owned(),
            m.target
                .map_or_else(String::new, |t| format!("< {}", number(m, t))),
            match m.is_met() {
                Some(true) => "met".to_owned(),
                Some(false) => "missed".to_owned(),
                None => String::new(),
            },
        ]);
    }
    println!("{table}");
    println!(
        "{} runs of {} s; value: median of the runs. Percentiles come from windows of one second: p50 is \
         the median of the windows, p99 their mean, max the largest value.",
        options.runs, options.seconds
    );
    println!(
        "CPU and memory (PSS) are those of all nodes and of the supervisor `up`, not of this program."
    );
    println!("{}", load(outcome));
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
        "cores" => format!("{value:.3}"),
        _ => format!("{value:.0}"),
    }
}
