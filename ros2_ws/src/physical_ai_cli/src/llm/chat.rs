//! `llm chat`: a conversation.

use std::io::{BufRead as _, IsTerminal as _, Read as _};
use std::process::ExitCode;

use anyhow::Context as _;
use physical_ai_ros::Client;
use physical_ai_ros::msg::physical_ai_msgs::action::Generate;
use serde_json::json;
use tokio::signal::unix::SignalKind;
use tokio::sync::mpsc;

use super::conversation::Conversation;
use super::generate::{signal_code, tell};
use super::generation::{self, Answer};
use super::stream::Stream;
use super::{goal, worker};
use crate::arguments::{Global, LlmChatArguments};
use crate::interrupts::Interrupts;
use crate::text_input::{MAX_BYTES, read_text};
use crate::{connection, output};

/// Talks until the input ends.
pub async fn run(
    global: &Global,
    wanted: Option<&str>,
    options: &LlmChatArguments,
) -> anyhow::Result<ExitCode> {
    let client = connection::connect(global)?;
    let worker = worker::find(&client, global, wanted).await?;
    let mut chat = Chat {
        global,
        client,
        worker,
        options,
        interrupts: Interrupts::try_new()?,
        conversation: Conversation::new(options.system.as_deref()),
        has_failed: false,
    };
    chat.talk(read_lines()?).await
}

type Lines = mpsc::Receiver<anyhow::Result<String>>;

/// Lines of standard input, from a thread of its own: reading cannot be interrupted.
fn read_lines() -> anyhow::Result<Lines> {
    let (sender, lines) = mpsc::channel(1);
    let read = move || {
        let mut input = std::io::stdin().lock();
        loop {
            let mut bytes = Vec::new();
            let mut line = input.by_ref().take(MAX_BYTES + 1);
            let line = match line.read_until(b'\n', &mut bytes) {
                Ok(0) => return,
                Ok(_) if bytes.trim_ascii().is_empty() => Ok(String::new()),
                Ok(_) => read_text(bytes.as_slice(), "the line"),
                Err(error) => Err(error).context("standard input cannot be read"),
            };
            let is_last = line.is_err();
            if sender.blocking_send(line).is_err() || is_last {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("stdin".to_owned())
        .spawn(read)?;
    Ok(lines)
}

struct Chat<'a> {
    global: &'a Global,
    client: Client,
    worker: String,
    options: &'a LlmChatArguments,
    interrupts: Interrupts,
    conversation: Conversation,
    /// A question had no answer.
    has_failed: bool,
}

impl Chat<'_> {
    async fn talk(&mut self, mut lines: Lines) -> anyhow::Result<ExitCode> {
        let is_interactive = std::io::stdin().is_terminal() && !self.global.json;
        if is_interactive {
            output::note(format!(
                "{} listens; Ctrl-C cancels an answer, Ctrl-D ends the chat",
                self.worker
            ));
        }
        loop {
            if is_interactive {
                output::text("> ");
            }
            let line = tokio::select! {
                line = lines.recv() => line,
                signal = self.interrupts.next() => {
                    if signal == SignalKind::terminate() {
                        return Ok(signal_code(signal));
                    }
                    output::note("\nCtrl-D ends the chat");
                    continue;
                }
            };
            let Some(line) = line.transpose()? else { break };
            if line.is_empty() {
                continue;
            }
            if let Some(signal) = self.ask(line.trim_end()).await {
                return Ok(signal_code(signal));
            }
        }
        if is_interactive {
            output::text("\n");
        }
        Ok(if self.has_failed {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }

    /// Asks and shows the answer; returns the signal that ends the chat, if one came.
    async fn ask(&mut self, text: &str) -> Option<SignalKind> {
        self.conversation.ask(text);
        let answer = loop {
            let mut stream = Stream::new(self.global.json);
            let answer = self.generate(&mut stream).await;
            let is_too_long = answer
                .as_ref()
                .is_ok_and(|a| a.result.error_code == Generate::Result::TOO_LONG as u16);
            if !(is_too_long && self.conversation.forget_oldest()) {
                self.conversation.answer(stream.shown());
                break answer;
            }
            output::note(
                "[the conversation is too long for the model: its beginning is forgotten]",
            );
        };
        match answer {
            Ok(answer) => {
                tell(self.global, &self.worker, &answer);
                // An answer that the user stopped is as long as the user wanted it.
                self.has_failed |= answer.result.error_code != 0 && answer.stopped.is_none();
                answer.stopped.filter(|s| *s == SignalKind::terminate())
            }
            Err(error) => {
                if self.global.json {
                    output::json_line(&json!({"error": format!("{error:#}")}));
                }
                output::note(format!("physical-ai: {error:#}"));
                self.has_failed = true;
                None
            }
        }
    }

    async fn generate(&mut self, stream: &mut Stream) -> anyhow::Result<Answer> {
        let goal = Generate::Goal {
            messages: self.conversation.messages(),
            ..goal::empty(&self.options.generation)
        };
        let interrupts = &mut self.interrupts;
        generation::generate(&self.client, &self.worker, goal, interrupts, stream).await
    }
}
