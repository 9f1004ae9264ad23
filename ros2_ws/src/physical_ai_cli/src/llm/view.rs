//! How answers are shown.

use physical_ai_ros::msg::physical_ai_msgs::action::Generate;
use physical_ai_ros::msg::physical_ai_msgs::msg::TokenUsage;
use serde_json::{Value, json};

/// An answer as JSON.
pub fn result_json(worker: &str, result: &Generate::Result) -> Value {
    let usage = &result.usage;
    json!({
        "event": "result",
        "worker": worker,
        "error_code": result.error_code,
        "error_msg": result.error_msg,
        "text": result.text,
        "finish_reason": result.finish_reason,
        "prompt_tokens": usage.prompt_tokens,
        "cached_tokens": usage.cached_tokens,
        "generated_tokens": usage.generated_tokens,
        "queue_s": usage.queue_s,
        "first_token_s": usage.first_token_s,
        "total_s": usage.total_s,
        "tokens_per_s": tokens_per_s(usage),
    })
}

/// Speed after the first token, which waits for the prompt; none with fewer than two.
fn tokens_per_s(usage: &TokenUsage) -> Option<f64> {
    let seconds = usage.total_s - usage.first_token_s;
    let tokens = f64::from(usage.generated_tokens) - 1.0;
    (tokens > 0.0 && seconds > 0.0).then(|| tokens / seconds)
}

/// One line on what an answer took.
pub fn usage_line(result: &Generate::Result) -> String {
    let usage = &result.usage;
    let mut line = format!("[{} tokens", usage.generated_tokens);
    if let Some(speed) = tokens_per_s(usage) {
        line += &format!(", {speed:.1} tokens/s");
    }
    if usage.generated_tokens > 0 {
        line += &format!(", first token after {:.2} s", usage.first_token_s);
    }
    line += &format!(
        "; prompt: {} tokens, {} of them cached",
        usage.prompt_tokens, usage.cached_tokens
    );
    if result.finish_reason == "length" {
        line += "; cut off: more --max-tokens, or a shorter text, if there is no room";
    }
    line + "]"
}

/// One line on why there is no answer, or only a part of one.
pub fn problem(worker: &str, result: &Generate::Result) -> String {
    use Generate::Result as R;
    let code = u32::from(result.error_code);
    let kind = match code {
        _ if code == R::INVALID_REQUEST as u32 => "invalid request",
        _ if code == R::TOO_LONG as u32 => "too long",
        _ if code == R::OUT_OF_MEMORY as u32 => "out of memory",
        _ if code == R::OVERLOADED as u32 => "overloaded",
        _ if code == R::CANCELED as u32 => "cancelled",
        _ if code == R::DEADLINE_MISSED as u32 => "deadline missed",
        _ if code == R::INTERNAL as u32 => "internal error",
        _ => return format!("{worker}: error {code}: {}", result.error_msg),
    };
    format!("{worker}: {kind}: {}", result.error_msg)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(generated_tokens: u32) -> Generate::Result {
        Generate::Result {
            text: "hello".to_owned(),
            finish_reason: "stop".to_owned(),
            usage: TokenUsage {
                prompt_tokens: 12,
                cached_tokens: 8,
                generated_tokens,
                queue_s: 0.0,
                first_token_s: 0.5,
                total_s: 2.5,
            },
            ..Generate::Result::default()
        }
    }

    #[test]
    fn speed_is_that_after_the_first_token() {
        let line = usage_line(&result(21));
        assert_eq!(
            line,
            "[21 tokens, 10.0 tokens/s, first token after 0.50 s; prompt: 12 tokens, 8 of them cached]"
        );
        assert_eq!(result_json("llm_1", &result(21))["tokens_per_s"], 10.0);
        assert_eq!(
            result_json("llm_1", &result(1))["tokens_per_s"],
            Value::Null
        );
        assert!(!usage_line(&result(0)).contains("first token"));
        let mut cut = result(21);
        cut.finish_reason = "length".to_owned();
        assert!(usage_line(&cut).contains("--max-tokens"));
    }

    #[test]
    fn problems_name_worker_kind_and_reason() {
        let mut failed = result(0);
        (failed.error_code, failed.error_msg) = (2, "shorten it".to_owned());
        assert_eq!(problem("llm_1", &failed), "llm_1: too long: shorten it");
        failed.error_code = 77;
        assert_eq!(problem("llm_1", &failed), "llm_1: error 77: shorten it");
    }
}
