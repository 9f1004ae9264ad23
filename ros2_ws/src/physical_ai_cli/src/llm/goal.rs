//! What is asked of a worker.

use std::path::Path;

use anyhow::{Context as _, ensure};
use physical_ai_ros::msg::physical_ai_msgs::action::Generate;
use physical_ai_ros::msg::physical_ai_msgs::msg::ChatMessage;

use crate::arguments::{GenerationArguments, LlmGenerateArguments};
use crate::text_input::read_text;

/// A message of a conversation.
pub fn message(role: &str, content: &str) -> ChatMessage {
    ChatMessage {
        role: role.to_owned(),
        content: content.to_owned(),
    }
}

/// A goal that says how, but not yet of what, text is generated.
pub fn empty(options: &GenerationArguments) -> Generate::Goal {
    Generate::Goal {
        max_tokens: options.max_tokens,
        temperature: options.temperature,
        top_k: options.top_k,
        top_p: options.top_p,
        min_p: options.min_p,
        repetition_penalty: options.repetition_penalty,
        seed: options.seed,
        stop: options.stop.clone(),
        priority: options.priority,
        ..Generate::Goal::default()
    }
}

/// The goal of `llm generate`.
///
/// # Errors
/// If the text or the schema cannot be read; names the file.
pub fn of(options: &LlmGenerateArguments) -> anyhow::Result<Generate::Goal> {
    let text = match options.text.as_str() {
        "-" => read_text(std::io::stdin().lock(), "standard input")?,
        text => text.to_owned(),
    };
    ensure!(
        !text.is_empty(),
        "the text is empty: say something, or - for standard input"
    );
    let schema = options.schema.as_deref().map(schema).transpose()?;
    let mut goal = empty(&options.generation);
    goal.schema = schema.unwrap_or_default();
    if options.raw {
        goal.prompt = text;
    } else {
        let system = options.system.iter().map(|text| message("system", text));
        goal.messages = system.collect();
        // The end of a line that came through a pipe is not meant.
        goal.messages.push(message("user", text.trim_end()));
    }
    Ok(goal)
}

/// A schema that was given as JSON or as a file; that it is JSON is checked before it is sent.
fn schema(argument: &str) -> anyhow::Result<String> {
    let (text, name) = if argument.trim_start().starts_with('{') {
        (argument.to_owned(), "--schema".to_owned())
    } else {
        let name = format!("schema file {}", Path::new(argument).display());
        let file = std::fs::File::open(argument)
            .with_context(|| format!("{name} cannot be opened; JSON itself begins with {{"))?;
        (read_text(file, &name)?, name)
    };
    serde_json::from_str::<serde::de::IgnoredAny>(&text)
        .with_context(|| format!("{name} is not JSON"))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::arguments::{Arguments, Command, LlmCommand};

    fn goal(arguments: &[&str]) -> anyhow::Result<Generate::Goal> {
        let line = ["physical-ai", "llm", "generate"].iter().chain(arguments);
        let Command::Llm(llm) = Arguments::parse_from(line).command else {
            panic!("{arguments:?}");
        };
        let LlmCommand::Generate(options) = llm.command else {
            panic!("{arguments:?}");
        };
        of(&options)
    }

    #[test]
    fn text_is_a_message_or_a_raw_prompt() {
        let asked = goal(&["where is arm_1?\n", "--system", "be short", "--seed", "7"]).unwrap();
        let expected = [
            message("system", "be short"),
            message("user", "where is arm_1?"),
        ];
        assert_eq!(asked.messages, expected);
        assert_eq!((asked.prompt.as_str(), asked.seed), ("", 7));
        let raw = goal(&["<|user|>\n", "--raw"]).unwrap();
        assert_eq!(raw.prompt, "<|user|>\n");
        assert!(raw.messages.is_empty());
        assert!(goal(&[""]).unwrap_err().to_string().contains("empty"));
    }

    #[test]
    fn schema_is_json_or_the_name_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.json");
        let path = path.to_str().unwrap();
        let text = r#"{"type": "object"}"#;
        std::fs::write(path, text).unwrap();
        for argument in [text, path] {
            assert_eq!(goal(&["x", "--schema", argument]).unwrap().schema, text);
        }
        let error = |argument| format!("{:#}", goal(&["x", "--schema", argument]).unwrap_err());
        assert!(error("{\"type\"").contains("--schema is not JSON"));
        let missing = error("missing.json");
        assert!(
            missing.contains("missing.json cannot be opened"),
            "{missing}"
        );
        std::fs::write(path, "type: object").unwrap();
        assert!(error(path).contains("plan.json is not JSON"));
    }
}
