//! `llm generate`: one question, one answer.

use std::process::ExitCode;

use physical_ai_ros::msg::physical_ai_msgs::action::Generate;

use super::generation::{self, Answer};
use super::stream::Stream;
use super::{goal, view, worker};
use crate::arguments::{Global, LlmGenerateArguments};
use crate::interrupts::Interrupts;
use crate::{connection, output};

pub async fn run(
    global: &Global,
    wanted: Option<&str>,
    options: &LlmGenerateArguments,
) -> anyhow::Result<ExitCode> {
    let goal = goal::of(options)?;
    let client = connection::connect(global)?;
    let worker = worker::find(&client, global, wanted).await?;
    let mut interrupts = Interrupts::try_new()?;
    let mut stream = Stream::new(global.json);
    let answer = generation::generate(&client, &worker, goal, &mut interrupts, &mut stream).await?;
    tell(global, &worker, &answer);
    Ok(exit_code(&answer))
}

/// Shows what an answer took, or why there is none.
pub fn tell(global: &Global, worker: &str, answer: &Answer) {
    let result = &answer.result;
    if global.json {
        output::json_line(&view::result_json(worker, result));
    } else {
        output::note(view::usage_line(result));
    }
    if result.error_code != 0 {
        output::note(format!("physical-ai: {}", view::problem(worker, result)));
    }
}

/// As shells tell the end by a signal, if that is how it ended.
fn exit_code(answer: &Answer) -> ExitCode {
    let is_cancelled = answer.result.error_code == Generate::Result::CANCELED as u16;
    match answer.stopped {
        Some(signal) if is_cancelled => signal_code(signal),
        _ if answer.result.error_code == 0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// The exit code of a program that a signal ended.
pub fn signal_code(signal: tokio::signal::unix::SignalKind) -> ExitCode {
    ExitCode::from(128 + signal.as_raw_value() as u8)
}

#[cfg(test)]
mod tests {
    use tokio::signal::unix::SignalKind;

    use super::*;

    #[test]
    fn exit_code_tells_how_it_ended() {
        let check = |error_code, stopped, expected: u8| {
            let result = Generate::Result {
                error_code,
                ..Generate::Result::default()
            };
            let code = exit_code(&Answer { result, stopped });
            assert_eq!(
                format!("{code:?}"),
                format!("{:?}", ExitCode::from(expected))
            );
        };
        check(0, None, 0);
        check(2, None, 1);
        check(5, Some(SignalKind::interrupt()), 130);
        check(5, Some(SignalKind::terminate()), 143);
        // A newer request took its place.
        check(5, None, 1);
        // It was over before the cancellation came.
        check(0, Some(SignalKind::interrupt()), 0);
    }
}
