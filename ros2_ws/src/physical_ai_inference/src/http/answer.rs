use std::sync::Arc;

use physical_ai_llm::{Tokenizer, Usage};
use serde_json::{Value, json};

use crate::goals::Token;

/// Stands for the logarithm of 0, which JSON does not have; OpenAI's own choice.
const LEAST_LOGPROB: f32 = -9999.0;

/// Writes the answer to one request that generates.
pub struct Answer {
    /// From `/v1/chat/completions`, else from `/v1/completions`.
    pub is_chat: bool,
    /// Its name.
    pub id: String,
    /// The model's name.
    pub model: String,
    /// When it was asked for, seconds of Unix time.
    pub created: u64,
    /// The stream ends with the tokens that were used.
    pub include_usage: bool,
    /// Alternatives to report for each token; none: no probabilities either.
    pub top_logprobs: Option<usize>,
    /// Gives tokens their text.
    pub tokenizer: Arc<Tokenizer>,
}

impl Answer {
    /// The whole answer at once.
    pub fn whole(&self, text: &str, tokens: &[Token], reason: &str, usage: Usage) -> Value {
        let logprobs = self.logprobs(tokens);
        let mut choice = json!({"index": 0, "logprobs": logprobs, "finish_reason": reason});
        let object = if self.is_chat {
            choice["message"] = json!({"role": "assistant", "content": text, "refusal": null});
            "chat.completion"
        } else {
            choice["text"] = json!(text);
            "text_completion"
        };
        let mut answer = self.envelope(object, json!([choice]));
        answer["usage"] = usage_json(usage);
        answer
    }

    /// What a stream begins with, if anything.
    pub fn opening(&self) -> Option<Value> {
        let delta = json!({"role": "assistant", "content": "", "refusal": null});
        self.is_chat.then(|| self.chunk("", Some(delta), &[], None))
    }

    /// A piece of a stream.
    pub fn piece(&self, text: &str, tokens: &[Token]) -> Value {
        self.chunk(text, None, tokens, None)
    }

    /// What a stream ends with.
    pub fn closing(&self, reason: &str, usage: Usage) -> Vec<Value> {
        let mut chunks = vec![self.chunk("", Some(json!({})), &[], Some(reason))];
        if self.include_usage {
            let mut last = self.envelope(self.chunk_object(), json!([]));
            last["usage"] = usage_json(usage);
            chunks.push(last);
        }
        chunks
    }

    fn chunk_object(&self) -> &'static str {
        match self.is_chat {
            true => "chat.completion.chunk",
            false => "text_completion",
        }
    }

    fn chunk(
        &self,
        text: &str,
        delta: Option<Value>,
        tokens: &[Token],
        reason: Option<&str>,
    ) -> Value {
        let logprobs = self.logprobs(tokens);
        let mut choice = json!({"index": 0, "logprobs": logprobs, "finish_reason": reason});
        if self.is_chat {
            choice["delta"] = delta.unwrap_or_else(|| json!({"content": text}));
        } else {
            choice["text"] = json!(text);
        }
        let mut chunk = self.envelope(self.chunk_object(), json!([choice]));
        if self.include_usage {
            chunk["usage"] = Value::Null;
        }
        chunk
    }

    fn envelope(&self, object: &str, choices: Value) -> Value {
        json!({
            "id": self.id,
            "object": object,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        })
    }

    fn logprobs(&self, tokens: &[Token]) -> Value {
        let Some(top) = self.top_logprobs.filter(|_| !tokens.is_empty()) else {
            return Value::Null;
        };
        let content: Vec<Value> = tokens
            .iter()
            .map(|token| {
                let mut entry = self.token(token.id, token.logprob.unwrap_or(LEAST_LOGPROB));
                let likeliest = token.top.iter().take(top);
                entry["top_logprobs"] = likeliest.map(|(id, l)| self.token(*id, *l)).collect();
                entry
            })
            .collect();
        json!({"content": content, "refusal": null})
    }

    fn token(&self, id: u32, logprob: f32) -> Value {
        let bytes = self.tokenizer.token_bytes(id);
        json!({
            "token": String::from_utf8_lossy(bytes),
            "logprob": logprob.max(LEAST_LOGPROB),
            "bytes": bytes,
        })
    }
}

fn usage_json(usage: Usage) -> Value {
    json!({
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.generated_tokens,
        "total_tokens": usage.prompt_tokens + usage.generated_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    })
}
