//! The rung of the planning ladder that is elsewhere: a language model behind the `generate` action.

use std::time::Duration;

use physical_ai_domain::Time;
use physical_ai_planning::{Asking, ModelAnswer, ModelRung};
use physical_ai_ros::msg::physical_ai_msgs::action::Generate;
use physical_ai_ros::msg::physical_ai_msgs::msg::ChatMessage;
use physical_ai_ros::{ActionClient, Context, Error, GoalId, GoalOutcome, time_to_msg};

use crate::node::Orchestrator;
use crate::parameters::OrchestratorParameters;

/// Longest wait for a worker that is up to take a question.
const ACCEPT_TIMEOUT: Duration = Duration::from_secs(1);

/// What comes back from the worker.
pub type Outcome = Result<GoalOutcome<Generate::Result>, Error>;

/// Asks one worker for plans.
pub struct ModelPlanner {
    worker: String,
    client: ActionClient<Orchestrator, Generate::Action>,
    timeout: Duration,
    rung: ModelRung,
}

impl ModelPlanner {
    /// None where no worker is named.
    pub fn try_new(
        context: &mut Context<Orchestrator>,
        p: &OrchestratorParameters,
    ) -> Result<Option<Self>, Error> {
        if p.planner_worker.is_empty() {
            return Ok(None);
        }
        let client = ActionClient::try_new(context, &format!("{}/generate", p.planner_worker))?;
        Ok(Some(Self {
            worker: p.planner_worker.clone(),
            client,
            timeout: Duration::from_secs_f64(p.planner_timeout_s),
            rung: ModelRung {
                style: p.prompt_style().map_err(Error::application)?,
                min_probability: p.planner_min_probability,
            },
        }))
    }

    /// See [`crate::decomposition::Planners::tune`].
    pub fn tune(&mut self, p: &OrchestratorParameters) {
        self.timeout = Duration::from_secs_f64(p.planner_timeout_s);
        self.rung.min_probability = p.planner_min_probability;
    }

    /// The worker that is asked.
    pub fn worker(&self) -> &str {
        &self.worker
    }

    /// How it is asked, and when its answer counts.
    pub fn rung(&self) -> ModelRung {
        self.rung
    }

    /// True if the worker is up. It is looked for while this is asked now and then.
    pub fn is_up(&self) -> bool {
        self.client.is_available()
    }

    /// The goal that carries a question.
    ///
    /// # Errors
    /// Why the model is not asked: it is not up, or there is no time.
    pub fn goal(
        &self,
        asking: &Asking,
        now: Time,
        deadline: Option<Time>,
    ) -> Result<Generate::Goal, String> {
        if !self.is_up() {
            return Err(format!("{}/generate is not served now", self.worker));
        }
        let allowed_s = self.timeout.as_secs_f64();
        let left_s = deadline.map_or(f64::INFINITY, |d| d.seconds_since(now));
        if left_s < allowed_s {
            return Err(format!(
                "the deadline is in {left_s:.1} s and the model may take {allowed_s:.1} s"
            ));
        }
        let question = asking.question();
        let messages = question.messages.iter().map(|m| ChatMessage {
            role: m.speaker.as_str().to_owned(),
            content: m.content.clone(),
        });
        Ok(Generate::Goal {
            messages: messages.collect(),
            schema: question.schema.to_string(),
            deadline: time_to_msg(now.plus_seconds(allowed_s)),
            logprobs: u32::from(asking.wants_logprobs()),
            ..Default::default()
        })
    }

    /// Asks; `then` is called once.
    pub fn ask(
        &self,
        context: &mut Context<Orchestrator>,
        id: GoalId,
        goal: Generate::Goal,
        then: impl FnOnce(&mut Orchestrator, &mut Context<Orchestrator>, Outcome) + 'static,
    ) {
        // The worker's own deadline comes first, and with it a reason.
        let timeouts = (ACCEPT_TIMEOUT, self.timeout + ACCEPT_TIMEOUT);
        self.client
            .send(context, id, goal, timeouts, |_, _, _| {}, then);
    }

    /// Tells the worker that nobody waits for an answer any more.
    pub fn cancel(&self, context: &mut Context<Orchestrator>, id: GoalId) {
        self.client.cancel(context, id, ACCEPT_TIMEOUT);
    }
}

/// What came back to a question, or why nothing did, with the worker's result if there is one.
pub fn answer(outcome: Outcome) -> (Result<ModelAnswer, String>, Generate::Result) {
    let result = match outcome {
        Ok(GoalOutcome::Ended(_, result)) => result,
        Ok(GoalOutcome::Rejected) => {
            let reason = "the worker does not take the question".to_owned();
            return (Err(reason), Generate::Result::default());
        }
        Err(error) => return (Err(error.to_string()), Generate::Result::default()),
    };
    let answer = if result.error_code == Generate::Result::OK as u16 {
        Ok(ModelAnswer {
            text: result.text.clone(),
            token_logprobs: result.token_logprobs.clone(),
        })
    } else {
        Err(result.error_msg.clone())
    };
    (answer, result)
}

#[cfg(test)]
mod tests {
    use physical_ai_ros::GoalStatus;

    use super::*;

    fn ended(error_code: u16, text: &str) -> Outcome {
        let result = Generate::Result {
            error_code,
            error_msg: format!("code {error_code}"),
            text: text.to_owned(),
            token_logprobs: vec![-0.5],
            ..Default::default()
        };
        Ok(GoalOutcome::Ended(GoalStatus::Succeeded, result))
    }

    #[test]
    fn answers_count_only_if_the_worker_says_that_they_are_whole() {
        let (answer_, result) = answer(ended(0, "x"));
        let expected = ModelAnswer {
            text: "x".to_owned(),
            token_logprobs: vec![-0.5],
        };
        assert_eq!((answer_, result.text.as_str()), (Ok(expected), "x"));
        let none = |outcome, expected: &str| {
            let reason = answer(outcome).0.unwrap_err();
            assert!(reason.contains(expected), "{reason}");
        };
        none(ended(6, "x"), "code 6");
        none(Ok(GoalOutcome::Rejected), "does not take");
        let timeout = Error::Timeout {
            what: "service",
            name: "x".to_owned(),
            timeout_s: 1.0,
        };
        none(Err(timeout), "1");
    }
}
