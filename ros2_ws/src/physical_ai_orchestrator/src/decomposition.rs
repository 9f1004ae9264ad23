//! The planning ladder: the parser makes the plan; the language model is asked for what that cannot read.

use physical_ai_domain::{Plan, Time};
use physical_ai_mission::{ByRules, Error as Unread, Fleet, MissionError, is_korean, refusal};
use physical_ai_ros::msg::physical_ai_msgs::msg::Decomposition;
use physical_ai_ros::{Context, Error, GoalId, Publisher, Qos, time_to_msg};

use crate::intake::Refusal;
use crate::messages;
use crate::model_planner::{Answer, Asked, ModelPlanner, Outcome, answer};
use crate::node::Orchestrator;
use crate::parameters::OrchestratorParameters;

/// Why a deployment without a planner has no plan of a model: nothing that a user of English need be told.
const NO_PLANNER: &str = "no planner_worker is set";
/// Decompositions that late listeners hear of.
const KEPT: usize = 16;

/// A plan and the rung that made it.
pub type Made = Result<(Plan, &'static str), Refusal>;

/// A sentence that is to become a plan.
#[derive(Debug, Clone)]
pub struct Question {
    pub id: GoalId,
    /// Empty: of no mission yet.
    pub mission_id: String,
    pub text: String,
    pub deadline: Option<Time>,
}

/// The rungs, and who is told how each plan was made.
pub struct Ladder {
    model: Option<ModelPlanner>,
    told: Publisher<Decomposition>,
}

impl Ladder {
    pub fn try_new(
        context: &mut Context<Orchestrator>,
        p: &OrchestratorParameters,
    ) -> Result<Self, Error> {
        Ok(Self {
            model: ModelPlanner::try_new(context, p)?,
            told: context.publisher("decompositions", Qos::latched(KEPT))?,
        })
    }

    /// Takes over how long the model may think and how sure it must be, from the next question on.
    pub fn tune(&mut self, p: &OrchestratorParameters) {
        if let Some(model) = &mut self.model {
            model.tune(p);
        }
    }

    /// True if a model is meant to plan and is not up.
    pub fn misses_model(&self) -> bool {
        self.model.as_ref().is_some_and(|model| !model.is_up())
    }

    /// Takes a question back that nobody waits for any more.
    pub fn cancel(&self, context: &mut Context<Orchestrator>, id: GoalId) {
        if let Some(model) = &self.model {
            model.cancel(context, id);
        }
    }

    fn question<'a>(
        &'a self,
        question: &Question,
        fleet: &Fleet,
        now: Time,
    ) -> Result<(&'a ModelPlanner, Asked), String> {
        let model = self.model.as_ref().ok_or(NO_PLANNER)?;
        let asked = model.question(&question.text, fleet, now, question.deadline)?;
        Ok((model, asked))
    }
}

impl Orchestrator {
    /// Makes a plan of plain language; `then` gets it, at once or when the model has answered.
    ///
    /// What the parser reads is its plan, and what it finds wrong with a name, a number or the meaning stands: the
    /// model is asked only for what the parser cannot read as grammar.
    pub(crate) fn decompose(
        &mut self,
        context: &mut Context<Self>,
        question: Question,
        then: impl FnOnce(&mut Self, &mut Context<Self>, Made) + 'static,
    ) {
        let fleet = self.scheduler.state().fleet();
        let began_s = context.steady_s();
        let mut told = Decomposition {
            mission_id: question.mission_id.clone(),
            text: question.text.clone(),
            ..Default::default()
        };
        let unread = match ByRules::of(&question.text, &fleet) {
            ByRules::Unread(error) => error,
            ByRules::Plan(made) => {
                made.planner.clone_into(&mut told.planner);
                self.tell_decomposition(context, told, began_s);
                return then(self, context, Ok((made.plan, made.planner)));
            }
            ByRules::Refused(error) => {
                let refusal = Refusal::from(error);
                told.error_msg.clone_from(&refusal.error_msg);
                self.tell_decomposition(context, told, began_s);
                return then(self, context, Err(refusal));
            }
        };
        let (model, asked) = match self.ladder.question(&question, &fleet, context.now()) {
            Ok(asked) => asked,
            Err(reason) => {
                let made = conclude(Answer::None(reason), unread, &mut told);
                self.tell_decomposition(context, told, began_s);
                return then(self, context, made);
            }
        };
        model.worker().clone_into(&mut told.worker);
        let Asked {
            goal,
            question: plan_question,
        } = asked;
        told.prompt = messages::conversation(&goal.messages);
        let min_probability = model.min_probability();
        let id = question.id;
        let answered = move |app: &mut Self, context: &mut Context<Self>, outcome: Outcome| {
            if matches!(outcome, Err(Error::Timeout { .. })) {
                app.ladder.cancel(context, id);
            }
            // What is offered may have changed meanwhile.
            let fleet = app.scheduler.state().fleet();
            let (answer, result) = answer(outcome, &plan_question, min_probability, &fleet);
            (told.answer, told.usage) = (result.text, result.usage);
            let made = conclude(answer, unread, &mut told);
            app.tell_decomposition(context, told, began_s);
            then(app, context, made);
        };
        model.ask(context, id, goal, answered);
    }

    fn tell_decomposition(&self, context: &Context<Self>, told: Decomposition, began_s: f64) {
        let duration_s = (context.steady_s() - began_s) as f32;
        let (planner, worker) = (&told.planner, &told.worker);
        if !planner.is_empty() {
            tracing::info!(planner, worker, duration_s, "decomposed {:?}", told.text);
        } else if worker.is_empty() {
            tracing::info!(duration_s, "no plan of {:?}: {}", told.text, told.error_msg);
        } else {
            tracing::warn!(
                planner,
                worker,
                duration_s,
                "no plan of the model for {:?}: {}",
                told.text,
                told.error_msg
            );
        }
        let mut told = Decomposition { duration_s, ..told };
        told.header.stamp = time_to_msg(context.now());
        self.ladder.told.publish(&told);
    }
}

/// What becomes of a sentence that the parser cannot read, given what the model answered.
fn conclude(answer: Answer, unread: Unread, told: &mut Decomposition) -> Made {
    let (reason, is_missing) = match answer {
        Answer::Plan(plan) => {
            "model".clone_into(&mut told.planner);
            return Ok((plan, "model"));
        }
        Answer::Refusal(reason) => {
            told.error_msg = format!("the model refuses: {reason}");
            (reason, false)
        }
        Answer::None(reason) => {
            told.error_msg.clone_from(&reason);
            (reason, true)
        }
    };
    if reason == NO_PLANNER && !is_korean(&told.text) {
        return Err(unread.into());
    }
    let error_msg = refusal(&told.text, &unread, &reason, is_missing);
    Err(Refusal::new(MissionError::NotUnderstood, error_msg))
}

#[cfg(test)]
mod tests {
    use physical_ai_domain::Plan;

    use super::*;
    use crate::model_planner::tests::fleet;

    fn unread(text: &str) -> Unread {
        match ByRules::of(text, &fleet(&["arm_1"])) {
            ByRules::Unread(error) => error,
            other => panic!("{other:?}"),
        }
    }

    fn concluded(text: &str, answer: Answer) -> (Made, Decomposition) {
        let mut told = Decomposition {
            text: text.to_owned(),
            ..Default::default()
        };
        (conclude(answer, unread(text), &mut told), told)
    }

    #[test]
    fn plan_of_the_model_counts_where_the_parser_cannot_read() {
        let plan = Plan::default();
        let (made, told) = concluded("sing", Answer::Plan(plan.clone()));
        assert_eq!(made, Ok((plan, "model")));
        assert_eq!(
            (told.planner.as_str(), told.error_msg.as_str()),
            ("model", "")
        );
    }

    #[test]
    fn without_a_plan_of_the_model_both_say_why() {
        let (made, told) = concluded("sing", Answer::None("gone".to_owned()));
        let reason = made.unwrap_err().error_msg;
        assert!(
            reason.contains("sing") && reason.contains("gone"),
            "{reason}"
        );
        assert_eq!(
            (told.planner.as_str(), told.error_msg.as_str()),
            ("", "gone")
        );
        let (made, _) = concluded("sing", Answer::None(NO_PLANNER.to_owned()));
        let reason = made.unwrap_err().error_msg;
        assert!(!reason.contains("planner"), "{reason}");
        let (made, told) = concluded("sing", Answer::Refusal("not a mission".to_owned()));
        let refused = made.unwrap_err();
        assert!(
            refused
                .error_msg
                .starts_with("the planner refuses: not a mission")
        );
        assert_eq!(refused.error, MissionError::NotUnderstood);
        assert_eq!(told.error_msg, "the model refuses: not a mission");
    }

    #[test]
    fn korean_is_answered_in_korean() {
        for answer in [
            Answer::None(NO_PLANNER.to_owned()),
            Answer::Refusal("임무가 아닙니다".to_owned()),
        ] {
            let reason = concluded("노래해", answer).0.unwrap_err().error_msg;
            assert!(
                is_korean(&reason) && !reason.contains("by rules"),
                "{reason}"
            );
        }
    }
}
