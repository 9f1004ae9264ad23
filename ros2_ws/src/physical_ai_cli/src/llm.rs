//! `llm`: text from the language model of an inference worker.

mod chat;
mod conversation;
mod generate;
mod generation;
mod goal;
mod info;
mod stream;
mod view;
mod worker;

use std::process::ExitCode;

use crate::arguments::{Global, LlmArguments, LlmCommand};

/// Does what was asked.
pub async fn run(global: &Global, options: &LlmArguments) -> anyhow::Result<ExitCode> {
    let worker = options.worker.as_deref();
    match &options.command {
        LlmCommand::Generate(options) => generate::run(global, worker, options).await,
        LlmCommand::Chat(options) => chat::run(global, worker, options).await,
        LlmCommand::Info => info::run(global, worker).await,
    }
}
