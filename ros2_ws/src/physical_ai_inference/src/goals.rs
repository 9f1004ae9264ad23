//! The `generate` action: goals in, text as feedback, results out.

use std::collections::BTreeMap;

use physical_ai_llm::{Event, FinishReason, RequestId, Timings, Usage};
use physical_ai_ros::msg::physical_ai_msgs::action::Generate;
use physical_ai_ros::msg::physical_ai_msgs::msg::TokenUsage;
use physical_ai_ros::{GoalHandle, GoalId};

use crate::engine_thread::News;
use crate::refusal::{Code, Refusal};

type Handle = GoalHandle<Generate::Action>;

struct Goal {
    handle: Handle,
    text: String,
    logprobs: Vec<f32>,
    canceling: bool,
    /// What came since the last feedback.
    fresh: Generate::Feedback,
}

/// Goals that run, by the name of their request.
#[derive(Default)]
pub struct Goals {
    live: BTreeMap<RequestId, Goal>,
    taken: u64,
}

impl Goals {
    /// Takes a goal; its request must have the name that is returned, which is above all before.
    pub fn take(&mut self, handle: Handle) -> RequestId {
        self.taken += 1;
        let id = RequestId(self.taken);
        let goal = Goal {
            handle,
            text: String::new(),
            logprobs: Vec::new(),
            canceling: false,
            fresh: Generate::Feedback::default(),
        };
        self.live.insert(id, goal);
        id
    }

    /// How many run.
    pub fn len(&self) -> usize {
        self.live.len()
    }

    /// Marks a goal as being cancelled; none if it has ended.
    pub fn cancel(&mut self, goal: GoalId) -> Option<RequestId> {
        let found = self.live.iter_mut().find(|(_, g)| g.handle.id() == goal)?;
        found.1.canceling = true;
        Some(*found.0)
    }

    /// Passes news on: one feedback for each goal however many tokens there are.
    pub fn tell(&mut self, news: Vec<News>) {
        for news in news {
            match news {
                News::Refused(id, refusal) => self.refuse(id, &refusal),
                News::Event(Event::Token {
                    id,
                    token,
                    text,
                    logprob,
                    ..
                }) => {
                    if let Some(goal) = self.live.get_mut(&id) {
                        goal.fresh.text.push_str(&text);
                        goal.fresh.tokens.push(token);
                        goal.logprobs.extend(logprob);
                    }
                }
                News::Event(Event::Finished {
                    id,
                    reason,
                    text_tail,
                    usage,
                    timings,
                }) => {
                    if let Some(mut goal) = self.live.remove(&id) {
                        goal.fresh.text.push_str(&text_tail);
                        goal.flush();
                        goal.end(&reason, usage, timings);
                    }
                }
                News::Event(_) => {}
            }
        }
        self.live.values_mut().for_each(Goal::flush);
    }

    /// Ends a goal whose request is not served.
    pub fn refuse(&mut self, id: RequestId, refusal: &Refusal) {
        if let Some(goal) = self.live.remove(&id) {
            tracing::warn!(request = id.0, "refused: {}", refusal.reason);
            goal.abort(refusal);
        }
    }

    /// Answers everybody.
    pub fn abandon(&mut self, refusal: &Refusal) {
        for goal in std::mem::take(&mut self.live).into_values() {
            goal.abort(refusal);
        }
    }
}

impl Drop for Goals {
    /// A goal that is dropped would end without a reason.
    fn drop(&mut self) {
        self.abandon(&stopping());
    }
}

/// What clients hear when the worker goes.
pub fn stopping() -> Refusal {
    Refusal::new(
        Code::Canceled,
        "the worker is stopping; ask again when it is back",
    )
}

impl Goal {
    fn flush(&mut self) {
        let fresh = std::mem::take(&mut self.fresh);
        if !fresh.text.is_empty() || !fresh.tokens.is_empty() {
            self.text.push_str(&fresh.text);
            self.handle.feedback(fresh);
        }
    }

    fn abort(self, refusal: &Refusal) {
        let result = Generate::Result {
            error_code: refusal.code as u16,
            error_msg: refusal.reason.clone(),
            text: self.text,
            token_logprobs: self.logprobs,
            ..Generate::Result::default()
        };
        self.handle.abort(result);
    }

    fn end(self, reason: &FinishReason, usage: Usage, timings: Timings) {
        let outcome = Outcome::of(reason, self.canceling);
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
            Code::Canceled if self.canceling => self.handle.canceled(result),
            _ => self.handle.abort(result),
        }
    }
}

/// How an end is told.
struct Outcome {
    code: Code,
    reason: String,
    finish_reason: &'static str,
}

impl Outcome {
    fn of(reason: &FinishReason, canceling: bool) -> Self {
        let (code, finish_reason, reason) = match reason {
            FinishReason::Stop => (Code::Ok, "stop", String::new()),
            FinishReason::Complete => (Code::Ok, "schema", String::new()),
            FinishReason::Length => (Code::Ok, "length", String::new()),
            FinishReason::Cancelled if canceling => {
                let text = "cancelled by its client".to_owned();
                (Code::Canceled, "canceled", text)
            }
            FinishReason::Cancelled => (Code::Canceled, "canceled", "cancelled".to_owned()),
            FinishReason::Superseded => {
                let text = "replaced by a newer request with the same key".to_owned();
                (Code::Canceled, "canceled", text)
            }
            FinishReason::DeadlinePassed => {
                let text = "the deadline passed: allow more time or ask for fewer tokens";
                (Code::DeadlineMissed, "canceled", text.to_owned())
            }
            FinishReason::Error(error) => (Code::of(error), "", error.to_string()),
            other => (Code::Internal, "", format!("unknown end {other:?}")),
        };
        Self {
            code,
            reason,
            finish_reason,
        }
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

#[cfg(test)]
mod tests {
    use physical_ai_llm::Error;

    use super::*;

    #[test]
    fn codes_are_those_of_the_action() {
        use Generate::Result as R;
        for (code, number) in [
            (Code::Ok, R::OK as u32),
            (Code::InvalidRequest, R::INVALID_REQUEST as u32),
            (Code::TooLong, R::TOO_LONG as u32),
            (Code::OutOfMemory, R::OUT_OF_MEMORY as u32),
            (Code::Overloaded, R::OVERLOADED as u32),
            (Code::Canceled, R::CANCELED as u32),
            (Code::DeadlineMissed, R::DEADLINE_MISSED as u32),
            (Code::Internal, R::INTERNAL as u32),
        ] {
            assert_eq!(code as u32, number, "{code:?}");
        }
    }

    #[test]
    fn ends_are_told_by_code_and_reason() {
        let check = |reason: FinishReason, canceling, code, finish: &str, text: &str| {
            let outcome = Outcome::of(&reason, canceling);
            assert_eq!((outcome.code, outcome.finish_reason), (code, finish));
            assert!(outcome.reason.contains(text), "{}", outcome.reason);
            assert_eq!(outcome.reason.is_empty(), code == Code::Ok);
        };
        check(FinishReason::Stop, false, Code::Ok, "stop", "");
        // The end may come before the cancellation does.
        check(FinishReason::Complete, true, Code::Ok, "schema", "");
        check(FinishReason::Length, false, Code::Ok, "length", "");
        let canceled = Code::Canceled;
        check(
            FinishReason::Cancelled,
            true,
            canceled,
            "canceled",
            "client",
        );
        check(
            FinishReason::Superseded,
            false,
            canceled,
            "canceled",
            "newer",
        );
        let missed = Code::DeadlineMissed;
        check(
            FinishReason::DeadlinePassed,
            false,
            missed,
            "canceled",
            "deadline",
        );
        let damaged = FinishReason::Error(Error::InvalidLogits {
            token: 3,
            value: f32::NAN,
        });
        check(damaged, false, Code::Internal, "", "token 3 is NaN");
        let complex = FinishReason::Error(Error::ConstraintFailed("too complex".into()));
        check(complex, false, Code::InvalidRequest, "", "too complex");
    }
}
