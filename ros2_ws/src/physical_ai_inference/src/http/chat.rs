//! Requests of `/v1/chat/completions`.

use physical_ai_llm::MAX_TOP_LOGPROBS;
use physical_ai_ros::msg::physical_ai_msgs::msg::ChatMessage;
use serde::Deserialize;
use serde_json::{Value, json};

use super::options::{self, Asked};
use super::{ApiError, fields, response_format};

#[derive(Debug, Deserialize)]
struct Fields {
    messages: Vec<Message>,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
    logprobs: Option<bool>,
    top_logprobs: Option<u32>,
    #[serde(default)]
    response_format: Value,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Value,
}

/// Reads a request.
///
/// # Errors
/// Naming field and value.
pub fn read(body: &Value, seed: u64) -> Result<Asked, ApiError> {
    let f: Fields = fields::read(body)?;
    if f.messages.is_empty() {
        let problem = "at least one message is needed";
        return Err(ApiError::invalid("messages", &body["messages"], problem));
    }
    let mut asked = options::read(body, seed)?;
    asked.top_logprobs = top_logprobs(f.logprobs, f.top_logprobs)?;
    let goal = &mut asked.goal;
    // A goal without alternatives has no probabilities either.
    goal.logprobs = asked.top_logprobs.map_or(0, |top| top.max(1) as u32);
    goal.max_tokens = options::max_tokens(&[
        ("max_completion_tokens", f.max_completion_tokens),
        ("max_tokens", f.max_tokens),
    ])?;
    goal.schema = response_format::schema(&f.response_format)?;
    let messages = f.messages.into_iter().enumerate();
    goal.messages = messages
        .map(|(index, message)| {
            Ok(ChatMessage {
                // A newer name of the same role; the reader knows which roles there are.
                role: match message.role.as_str() {
                    "developer" => "system".to_owned(),
                    _ => message.role,
                },
                content: content(index, &message.content)?,
            })
        })
        .collect::<Result<_, ApiError>>()?;
    Ok(asked)
}

fn top_logprobs(wanted: Option<bool>, top: Option<u32>) -> Result<Option<usize>, ApiError> {
    match (wanted, top) {
        (Some(true), Some(top)) if top > MAX_TOP_LOGPROBS => {
            let problem = format!("must be 0 to {MAX_TOP_LOGPROBS}");
            Err(ApiError::invalid("top_logprobs", &json!(top), &problem))
        }
        (Some(true), top) => Ok(Some(top.unwrap_or(0) as usize)),
        (_, None | Some(0)) => Ok(None),
        (_, Some(top)) => {
            let problem = "only allowed when logprobs is true";
            Err(ApiError::invalid("top_logprobs", &json!(top), problem))
        }
    }
}

/// The text of a message: a text, or parts of type text, each on lines of its own.
fn content(index: usize, content: &Value) -> Result<String, ApiError> {
    let field = format!("messages[{index}].content");
    match content {
        Value::String(text) => Ok(text.clone()),
        Value::Array(parts) => {
            let parts = parts.iter().enumerate();
            let texts: Vec<&str> = parts
                .map(|(at, part)| match (part["type"].as_str(), &part["text"]) {
                    (Some("text"), Value::String(text)) => Ok(text.as_str()),
                    (Some("text"), other) => {
                        let field = format!("{field}[{at}].text");
                        Err(ApiError::invalid(field, other, "must be a text"))
                    }
                    _ => {
                        let field = format!("{field}[{at}].type");
                        let problem = "only text is understood";
                        Err(ApiError::invalid(field, &part["type"], problem))
                    }
                })
                .collect::<Result<_, ApiError>>()?;
            Ok(texts.join("\n"))
        }
        other => {
            let problem = "must be a text or a list of parts of type text";
            Err(ApiError::invalid(field, other, problem))
        }
    }
}
