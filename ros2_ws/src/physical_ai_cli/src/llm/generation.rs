//! One goal from its sending to its end.

use std::time::Duration;

use anyhow::anyhow;
use physical_ai_ros::msg::physical_ai_msgs::action::Generate;
use physical_ai_ros::{Client, Error, GoalOutcome};
use tokio::signal::unix::SignalKind;
use tokio::time::{Instant, interval};

use super::stream::Stream;
use crate::interrupts::Interrupts;

/// From the goal to its acceptance.
const ACCEPTANCE: Duration = Duration::from_secs(10);
/// Text may take as long as it takes; whether its worker lives is watched separately.
const NO_LIMIT: Duration = Duration::from_secs(30 * 86_400);
/// From a cancel to the end of the goal.
const CANCELLATION: Duration = Duration::from_secs(10);
/// A worker that has not taken the goal yet refuses to cancel it, so it is asked again.
const AGAIN: Duration = Duration::from_millis(300);

/// How a goal ended.
pub struct Answer {
    pub result: Generate::Result,
    /// The user stopped it.
    pub stopped: Option<SignalKind>,
}

/// Sends a goal, shows its text while it comes and waits for its end; a signal cancels it, another one
/// gives up waiting for that.
///
/// # Errors
/// If the worker does not take the goal, or goes away before it ends.
pub async fn generate(
    client: &Client,
    worker: &str,
    goal: Generate::Goal,
    interrupts: &mut Interrupts,
    stream: &mut Stream,
) -> anyhow::Result<Answer> {
    let action = format!("{worker}/generate");
    let mut sent = client
        .send_goal::<Generate::Action>(&action, goal, ACCEPTANCE, NO_LIMIT)
        .await?;
    let mut stopped: Option<(SignalKind, Instant)> = None;
    let mut feedback_open = true;
    let mut tick = interval(AGAIN);
    let outcome = loop {
        tokio::select! {
            // What was said before the end is shown before the end.
            biased;
            feedback = sent.feedback.recv(), if feedback_open => match feedback {
                Some(feedback) => stream.add(&feedback.text),
                None => feedback_open = false,
            },
            outcome = &mut sent.outcome => break outcome.unwrap_or(Err(Error::Stopping)),
            signal = interrupts.next() => {
                if stopped.is_some() {
                    break Err(Error::Stopping);
                }
                stopped = Some((signal, Instant::now()));
                sent.cancel();
            }
            _ = tick.tick() => match stopped {
                Some((_, at)) if at.elapsed() > CANCELLATION => break Err(Error::Stopping),
                Some((_, at)) if at.elapsed() > AGAIN => sent.cancel(),
                _ => {}
            },
        }
    };
    let stopped = stopped.map(|(signal, _)| signal);
    let result = match outcome {
        Ok(GoalOutcome::Ended(_, result)) => result,
        // Whoever stopped it need not know why its end is not told.
        _ if stopped.is_some() => unconfirmed(worker),
        Ok(GoalOutcome::Rejected) => Err(anyhow!(
            "{worker} does not take the request now; its log says why"
        ))?,
        Err(Error::ServerGone { .. }) => Err(anyhow!(
            "{worker} went away before it had answered; ask again when it is back"
        ))?,
        Err(error) => Err(error)?,
    };
    stream.finish(&result.text);
    Ok(Answer { result, stopped })
}

fn unconfirmed(worker: &str) -> Generate::Result {
    Generate::Result {
        error_code: Generate::Result::CANCELED as u16,
        error_msg: format!("{worker} did not confirm the cancellation"),
        ..Generate::Result::default()
    }
}
