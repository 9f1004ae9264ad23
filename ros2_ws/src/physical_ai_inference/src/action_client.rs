//! Who came by the `generate` action.

use physical_ai_llm::{Timings, Usage};
use physical_ai_ros::msg::physical_ai_msgs::action::Generate;
use physical_ai_ros::msg::physical_ai_msgs::msg::TokenUsage;
use physical_ai_ros::{GoalHandle, GoalId};

use crate::goals::{Client, Fresh};
use crate::outcome::Outcome;
use crate::refusal::{Code, Refusal};

/// A goal of the action: text as feedback, and the whole of it in the result.
pub struct ActionClient {
    handle: GoalHandle<Generate::Action>,
    text: String,
    logprobs: Vec<f32>,
}

impl ActionClient {
    /// Of an accepted goal.
    pub fn new(handle: GoalHandle<Generate::Action>) -> Self {
        Self {
            handle,
            text: String::new(),
            logprobs: Vec::new(),
        }
    }
}

impl Client for ActionClient {
    fn goal(&self) -> Option<GoalId> {
        Some(self.handle.id())
    }

    fn hear(&mut self, fresh: Fresh) {
        self.text.push_str(&fresh.text);
        let logprobs = fresh.tokens.iter().filter_map(|token| token.logprob);
        self.logprobs.extend(logprobs);
        self.handle.feedback(Generate::Feedback {
            text: fresh.text,
            tokens: fresh.tokens.iter().map(|token| token.id).collect(),
        });
    }

    fn end(self: Box<Self>, outcome: Outcome, usage: Usage, timings: Timings) {
        let canceled = outcome.code == Code::Canceled && outcome.is_wanted;
        let result = Generate::Result {
            error_code: outcome.code as u16,
            error_msg: outcome.reason,
            text: self.text,
            finish_reason: outcome.finish_reason.to_owned(),
            usage: usage_msg(usage, timings),
            token_logprobs: self.logprobs,
        };
        match outcome.code {
            Code::Ok => self.handle.succeed(result),
            _ if canceled => self.handle.canceled(result),
            _ => self.handle.abort(result),
        }
    }

    fn refuse(self: Box<Self>, refusal: &Refusal) {
        self.handle.abort(Generate::Result {
            error_code: refusal.code as u16,
            error_msg: refusal.reason.clone(),
            text: self.text,
            token_logprobs: self.logprobs,
            ..Generate::Result::default()
        });
    }
}

fn usage_msg(usage: Usage, timings: Timings) -> TokenUsage {
    let count = |tokens: usize| u32::try_from(tokens).unwrap_or(u32::MAX);
    TokenUsage {
        prompt_tokens: count(usage.prompt_tokens),
        cached_tokens: count(usage.cached_tokens),
        generated_tokens: count(usage.generated_tokens),
        queue_s: timings.queued_s,
        first_token_s: timings.first_token_s.unwrap_or(timings.total_s),
        total_s: timings.total_s,
    }
}
