//! The `physical-ai` command: starts deployments, runs missions, asks models, watches, records and
//! measures.

mod arguments;
mod bench;
mod connection;
mod deployment;
mod doctor;
mod environment;
mod estop;
mod fleet;
mod interrupts;
mod llm;
mod mission;
mod output;
mod process_usage;
mod recorder;
mod report;
mod robot;
mod supervisor;
mod text_input;
mod up;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    environment::prepare(&arguments);
    if arguments.command.only_asks() {
        environment::give_way();
    }
    let json = arguments.global.json;
    let code = match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            if json {
                output::json_line(&serde_json::json!({ "error": format!("{error:#}") }));
            }
            eprintln!("physical-ai: {error:#}");
            if error.is::<connection::Nobody>() {
                ExitCode::from(connection::EXIT_NOBODY)
            } else {
                ExitCode::FAILURE
            }
        }
    };
    leave(code)
}

/// Ends without the exit handlers where those would wait for a middleware that hangs.
fn leave(code: ExitCode) -> ExitCode {
    if !physical_ai_ros::middleware_hangs() {
        return code;
    }
    // What cannot be written any more is nobody's to read.
    let _ = std::io::stdout().flush();
    let number = (0..=u8::MAX).find(|n| ExitCode::from(*n) == code);
    // SAFETY: ends the process; no other code runs after it.
    unsafe { nix::libc::_exit(number.unwrap_or(1).into()) }
}

/// One thread runs everything, because children must be started by a thread that lives as long as
/// the program: they are told to stop when the thread that started them ends.
fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let code = runtime.block_on(dispatch(arguments));
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    code
}

async fn dispatch(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let global = arguments.global;
    match arguments.command {
        Command::Up(options) => up::run(&global, &options).await,
        Command::Mission(options) => mission::run(&global, options).await,
        Command::Workers => fleet::workers(&global).await,
        Command::Robots => fleet::robots(&global).await,
        Command::Estop(options) => estop::run(&global, &options).await,
        Command::Llm(options) => llm::run(&global, &options).await,
        Command::Record(options) => recorder::run(&global, &options).await,
        Command::Report(options) => report::run(&global, &options),
        Command::Robot(options) => robot::run(&global, &options.command),
        Command::Doctor(options) => doctor::run(&global, &options).await,
        Command::Bench(options) => bench::run(&global, &options).await,
    }
}
