//! The upper rung of the planning ladder: a language model behind the `generate` action.

use std::time::Duration;

use physical_ai_domain::{Plan, Time};
use physical_ai_llm::{PlanPromptStyle, PlanQuestion, PlanReading, PlanSchemaOptions};
use physical_ai_mission::{Fleet, parse_plan, validate};
use physical_ai_ros::msg::physical_ai_msgs::action::Generate;
use physical_ai_ros::msg::physical_ai_msgs::msg::ChatMessage;
use physical_ai_ros::{ActionClient, Context, Error, GoalId, GoalOutcome, time_to_msg};

use crate::node::Orchestrator;
use crate::parameters::OrchestratorParameters;

/// Longest wait for a worker that is up to take a question.
const ACCEPT_TIMEOUT: Duration = Duration::from_secs(1);

/// What comes back from the worker.
pub type Outcome = Result<GoalOutcome<Generate::Result>, Error>;

/// What the model made of a sentence.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Plan(Plan),
    /// It says that the sentence cannot be planned, and why.
    Refusal(String),
    /// There is no answer that can be used, and why.
    None(String),
}

/// A question, and the goal that carries it.
pub struct Asked {
    pub goal: Generate::Goal,
    pub question: PlanQuestion,
}

/// Asks one worker for plans.
pub struct ModelPlanner {
    worker: String,
    client: ActionClient<Orchestrator, Generate::Action>,
    timeout: Duration,
    style: PlanPromptStyle,
    min_probability: f64,
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
            style: p.prompt_style().map_err(Error::application)?,
            min_probability: p.planner_min_probability,
        }))
    }

    /// See [`crate::decomposition::Ladder::tune`].
    pub fn tune(&mut self, p: &OrchestratorParameters) {
        self.timeout = Duration::from_secs_f64(p.planner_timeout_s);
        self.min_probability = p.planner_min_probability;
    }

    /// The worker that is asked.
    pub fn worker(&self) -> &str {
        &self.worker
    }

    /// Probability that an answer must have.
    pub fn min_probability(&self) -> f64 {
        self.min_probability
    }

    /// True if the worker is up. It is looked for while this is asked now and then.
    pub fn is_up(&self) -> bool {
        self.client.is_available()
    }

    /// The question for a sentence.
    ///
    /// # Errors
    /// Why the model is not asked: it is not up, there is no time, or what is offered has no schema.
    pub fn question(
        &self,
        text: &str,
        fleet: &Fleet,
        now: Time,
        deadline: Option<Time>,
    ) -> Result<Asked, String> {
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
        let options = PlanSchemaOptions::default();
        let question = PlanQuestion::try_new(fleet.capabilities(), text, self.style, &options)
            .map_err(|e| format!("no question for the model: {e}"))?;
        let messages = question
            .messages
            .iter()
            .map(|m| ChatMessage {
                role: m.role.to_string(),
                content: m.content.clone(),
            })
            .collect();
        let goal = Generate::Goal {
            messages,
            schema: question.schema.to_string(),
            deadline: time_to_msg(now.plus_seconds(allowed_s)),
            logprobs: u32::from(self.min_probability > 0.0),
            ..Default::default()
        };
        Ok(Asked { goal, question })
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

/// Reads what came back to a question, with the worker's result if there is one; its text has names then.
pub fn answer(
    outcome: Outcome,
    question: &PlanQuestion,
    min_probability: f64,
    fleet: &Fleet,
) -> (Answer, Generate::Result) {
    let mut result = match outcome {
        Ok(GoalOutcome::Ended(_, result)) => result,
        Ok(GoalOutcome::Rejected) => {
            let reason = "the worker does not take the question".to_owned();
            return (Answer::None(reason), Generate::Result::default());
        }
        Err(error) => return (Answer::None(error.to_string()), Generate::Result::default()),
    };
    let answer = if result.error_code == Generate::Result::OK as u16 {
        match question.read(&result.text, &result.token_logprobs, min_probability) {
            PlanReading::Refusal(reason) => Answer::Refusal(reason),
            PlanReading::Plan(plan) => read_plan(&plan, fleet),
        }
    } else {
        Answer::None(result.error_msg.clone())
    };
    result.text = question.with_names(&result.text);
    (answer, result)
}

/// A plan counts only if everything in it is right: what the model was bound to may have changed.
fn read_plan(text: &str, fleet: &Fleet) -> Answer {
    match parse_plan(text) {
        Ok(plan) => match validate(&plan, fleet) {
            violations if violations.is_empty() => Answer::Plan(plan),
            violations => Answer::None(violations.join("; ")),
        },
        Err(error) => Answer::None(error.to_string()),
    }
}

#[cfg(test)]
pub mod tests {
    use physical_ai_domain::{Capability, Resources, RobotName, SkillName};
    use physical_ai_ros::GoalStatus;
    use serde_json::json;

    use super::*;

    /// Robots that can go home.
    pub fn fleet(robots: &[&str]) -> Fleet {
        let offered = robots.iter().map(|robot| Capability {
            skill: SkillName::try_new("home").unwrap(),
            robot: Some(RobotName::try_new(*robot).unwrap()),
            description: String::new(),
            parameters_schema: json!({"type": "object"}),
            mean_duration_s: 1.0,
            requires: Resources::new(),
            idempotent: true,
            ready: true,
            reason: String::new(),
        });
        Fleet::new(offered.collect())
    }

    fn read_above(min_probability: f64, outcome: Outcome) -> (Answer, Generate::Result) {
        let (fleet, options) = (fleet(&["arm_1"]), PlanSchemaOptions::default());
        let style = PlanPromptStyle::Trained;
        let question = PlanQuestion::try_new(fleet.capabilities(), "go home", style, &options);
        answer(outcome, &question.unwrap(), min_probability, &fleet)
    }

    fn read(outcome: Outcome) -> (Answer, Generate::Result) {
        read_above(0.0, outcome)
    }

    #[test]
    fn plans_count_only_if_the_model_is_sure() {
        let plan = r#"{"tasks":[{"id":"t1","skill":"home","robot":"ref_r1"}]}"#;
        let sure = |logprobs: &[f32]| {
            let Ok(GoalOutcome::Ended(status, mut result)) = ended(0, plan) else {
                panic!("no result");
            };
            result.token_logprobs = logprobs.to_vec();
            match read_above(0.7, Ok(GoalOutcome::Ended(status, result))).0 {
                Answer::Plan(_) => true,
                Answer::Refusal(reason) => {
                    assert!(
                        reason.contains("planner_min_probability is 0.7"),
                        "{reason}"
                    );
                    false
                }
                Answer::None(reason) => panic!("{reason}"),
            }
        };
        assert!(sure(&[-0.1, -0.2]));
        assert!(!sure(&[-0.2, -0.2]));
        assert!(!sure(&[]));
        assert!(!sure(&[f32::NAN]));
    }

    fn ended(error_code: u16, text: &str) -> Outcome {
        let result = Generate::Result {
            error_code,
            error_msg: format!("code {error_code}"),
            text: text.to_owned(),
            ..Default::default()
        };
        Ok(GoalOutcome::Ended(GoalStatus::Succeeded, result))
    }

    #[test]
    fn only_valid_plans_count() {
        let plan = r#"{"tasks":[{"id":"t1","skill":"home","robot":"arm_1"}]}"#;
        for said in [plan, &plan.replace("arm_1", "ref_r1")] {
            let (found, result) = read(ended(0, said));
            assert!(matches!(found, Answer::Plan(p) if p.tasks.len() == 1));
            assert_eq!(result.text, plan);
        }
        let none = |outcome, expected: &str| match read(outcome).0 {
            Answer::None(reason) => assert!(reason.contains(expected), "{reason}"),
            other => panic!("{other:?}"),
        };
        none(ended(0, &plan.replace("arm_1", "arm_9")), "arm_9");
        none(ended(0, &plan[..plan.len() - 4]), "plan:");
        none(ended(6, plan), "code 6");
        none(Ok(GoalOutcome::Rejected), "does not take");
        none(
            Err(Error::Timeout {
                what: "service",
                name: "x".to_owned(),
                timeout_s: 1.0,
            }),
            "1",
        );
        let refused = read(ended(0, r#"{"refusal":"not a mission"}"#)).0;
        assert_eq!(refused, Answer::Refusal("not a mission".to_owned()));
    }
}
