//! Requests of `/v1/completions`.

use serde::Deserialize;
use serde_json::Value;

use super::options::{self, Asked};
use super::{ApiError, fields, response_format};

/// Fields that mean something else than on the chat route.
const UNSERVED: [(&str, &[&str]); 1] = [("logprobs", &[])];

#[derive(Debug, Deserialize)]
struct Fields {
    prompt: Value,
    max_tokens: Option<u32>,
    #[serde(default)]
    response_format: Value,
}

/// Reads a request. Its prompt is a raw one: control tokens in it are read as such.
///
/// # Errors
/// Naming field and value.
pub fn read(body: &Value, seed: u64) -> Result<Asked, ApiError> {
    let f: Fields = fields::read(body)?;
    fields::check_unserved(body, &UNSERVED)?;
    let mut asked = options::read(body, seed)?;
    let mut prompts = fields::texts("prompt", &f.prompt)?;
    asked.goal.prompt = match (prompts.pop(), prompts.is_empty()) {
        (Some(prompt), true) if !prompt.is_empty() => prompt,
        (Some(_), false) => {
            let problem = "must be one text: send a request for each";
            return Err(ApiError::invalid("prompt", &f.prompt, problem));
        }
        _ => {
            let problem = "must not be empty";
            return Err(ApiError::invalid("prompt", &f.prompt, problem));
        }
    };
    asked.goal.max_tokens = options::max_tokens(&[("max_tokens", f.max_tokens)])?;
    asked.goal.schema = response_format::schema(&f.response_format)?;
    Ok(asked)
}
