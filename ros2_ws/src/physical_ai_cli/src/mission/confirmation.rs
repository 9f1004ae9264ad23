//! A plan that waits for the user's word: shown, asked about, answered.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use physical_ai_ros::msg::physical_ai_msgs::srv::ConfirmMission;
use physical_ai_ros::{Client, Error};
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::progress::Display;
use super::view::{self, Progress};
use crate::arguments::Global;
use crate::connection::{self, DISCOVERY};
use crate::output;

/// Phase in which nothing moves before somebody answers.
pub const PHASE: &str = "confirming";
const QUESTION: &str = "Run this plan? [y/N] ";

/// What comes of a question.
pub enum Answer {
    /// The user's word.
    Said(bool),
    /// The orchestrator took the answer, or said why not.
    Taken(Result<ConfirmMission::Response, Error>),
}

/// Who answers for the user of `mission run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// `--yes`.
    Nobody,
    /// A person at this terminal.
    Here,
    /// `mission confirm`, from wherever.
    Elsewhere,
}

/// Asks once, and carries the answer.
pub struct Confirmation {
    client: Arc<Client>,
    mission_id: String,
    who: Who,
    is_asked: bool,
    /// The question stands at the terminal.
    is_open: bool,
    sender: UnboundedSender<Answer>,
    answers: UnboundedReceiver<Answer>,
}

impl Confirmation {
    /// For a mission; `yes` answers at once.
    pub fn new(client: Arc<Client>, mission_id: &str, yes: bool, as_json: bool) -> Self {
        let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        let (sender, answers) = unbounded_channel();
        Self {
            client,
            mission_id: mission_id.to_owned(),
            who: if yes {
                Who::Nobody
            } else if is_terminal && !as_json {
                Who::Here
            } else {
                Who::Elsewhere
            },
            is_asked: false,
            is_open: false,
            sender,
            answers,
        }
    }

    /// The next answer; waits for ever where nobody was asked.
    pub async fn next(&mut self) -> Answer {
        match self.answers.recv().await {
            Some(answer) => answer,
            // Never: the sender is kept.
            None => std::future::pending().await,
        }
    }

    /// True while a question stands at the terminal, which nothing else may overwrite.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Shows the plan and asks, once; notices that somebody else answered.
    pub fn look(&mut self, progress: &Progress, display: &Display) {
        if progress.phase != PHASE {
            if self.is_open {
                self.is_open = false;
                display.note("\nanswered elsewhere");
            }
            return;
        }
        if self.is_asked || progress.plan.is_empty() {
            return;
        }
        self.is_asked = true;
        let id = &self.mission_id;
        display.ask(progress, id);
        match self.who {
            Who::Nobody => self.send(true),
            Who::Here => {
                self.is_open = true;
                display.clear();
                self.ask_here();
            }
            Who::Elsewhere => display.note(&format!(
                "mission {id} waits to be confirmed; nothing moves before: `physical-ai mission confirm {id}` \
                 runs it, with --no it is declined (`mission run --yes` answers by itself)"
            )),
        }
    }

    /// Reads a line in a thread of its own: it may wait there for ever, and nobody waits for it.
    fn ask_here(&self) {
        let sender = self.sender.clone();
        std::thread::spawn(move || {
            let mut err = std::io::stderr().lock();
            let _ = err
                .write_all(QUESTION.as_bytes())
                .and_then(|()| err.flush());
            drop(err);
            let mut line = String::new();
            // What cannot be read is no "yes".
            let _ = std::io::stdin().lock().read_line(&mut line);
            let _ = sender.send(Answer::Said(is_yes(&line)));
        });
    }

    /// Takes in what came of the question.
    pub fn take(&mut self, answer: Answer, display: &Display) {
        match answer {
            // Somebody else was faster.
            Answer::Said(_) if !self.is_open => {}
            Answer::Said(yes) => {
                self.is_open = false;
                self.send(yes);
            }
            // The mission's result says how it went on.
            Answer::Taken(Ok(response)) if response.error_code == 0 => {}
            Answer::Taken(Ok(response)) => {
                display.note(&format!("not confirmed: {}", response.error_msg));
            }
            Answer::Taken(Err(error)) => {
                let id = &self.mission_id;
                display.note(&format!(
                    "the answer did not reach the orchestrator ({error}): `physical-ai mission confirm {id}`"
                ));
            }
        }
    }

    fn send(&self, confirm: bool) {
        let (client, sender) = (self.client.clone(), self.sender.clone());
        let request = ConfirmMission::Request {
            mission_id: self.mission_id.clone(),
            confirm,
        };
        tokio::spawn(async move {
            let answer = client
                .call::<ConfirmMission::Service>("confirm_mission", request, DISCOVERY)
                .await;
            let _ = sender.send(Answer::Taken(answer));
        });
    }
}

fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_lowercase().as_str(), "y" | "yes")
}

/// `mission confirm`: answers a mission that waits, whoever sent it.
///
/// # Errors
/// When no orchestrator answers, or none waits under this id.
pub async fn confirm(global: &Global, id: &str, confirm: bool) -> anyhow::Result<ExitCode> {
    let client = connection::connect(global)?;
    let request = ConfirmMission::Request {
        mission_id: id.to_owned(),
        confirm,
    };
    let answer = client
        .call::<ConfirmMission::Service>("confirm_mission", request, DISCOVERY)
        .await
        .map_err(|e| connection::explain(global, "orchestrator", e))?;
    if global.json {
        output::json_line(&json!({
            "mission_id": id,
            "confirm": confirm,
            "error_code": answer.error_code,
            "error_msg": answer.error_msg,
        }));
    } else if answer.error_code == 0 && confirm {
        output::line(format!(
            "mission {id} is confirmed: `physical-ai mission show {id}` says how it goes"
        ));
    } else if answer.error_code == 0 {
        output::line(format!("mission {id} is declined: nothing was started"));
    } else {
        let name = view::error_name(answer.error_code);
        anyhow::bail!(
            "mission {id} is not confirmed ({name}): {}",
            answer.error_msg
        );
    }
    Ok(if answer.error_code == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_one() {
        for line in ["y\n", "Y", "yes\r\n", " YES "] {
            assert!(is_yes(line), "{line:?}");
        }
        for line in ["", "\n", "n", "no", "yep", "y y", "네"] {
            assert!(!is_yes(line), "{line:?}");
        }
    }
}
