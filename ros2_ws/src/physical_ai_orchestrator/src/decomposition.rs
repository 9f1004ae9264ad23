//! The planning ladder: the language model makes the plan, or else the parser does.

use physical_ai_domain::{Plan, Time};
use physical_ai_mission::{Decomposer, Fleet, MissionError, SentenceParser};
use physical_ai_ros::msg::physical_ai_msgs::action::Generate;
use physical_ai_ros::msg::physical_ai_msgs::msg::Decomposition;
use physical_ai_ros::{Context, Error, GoalId, Publisher, Qos, time_to_msg};

use crate::intake::Refusal;
use crate::messages;
use crate::model_planner::{Answer, ModelPlanner, Outcome, answer};
use crate::node::Orchestrator;
use crate::parameters::OrchestratorParameters;

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
    ) -> Result<(&'a ModelPlanner, Generate::Goal), String> {
        let model = self.model.as_ref().ok_or("no planner_worker is set")?;
        let goal = model.goal(&question.text, fleet, now, question.deadline)?;
        Ok((model, goal))
    }
}

impl Orchestrator {
    /// Makes a plan of plain language; `then` gets it, at once or when the model has answered.
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
        let (model, goal) = match self.ladder.question(&question, &fleet, context.now()) {
            Ok(asked) => asked,
            Err(reason) => {
                let made = climb_down(Answer::None(reason), &fleet, &mut told);
                self.tell_decomposition(context, told, began_s);
                return then(self, context, made);
            }
        };
        model.worker().clone_into(&mut told.worker);
        told.prompt = messages::conversation(&goal.messages);
        let answered = move |app: &mut Self, context: &mut Context<Self>, outcome: Outcome| {
            // What is offered may have changed meanwhile.
            let fleet = app.scheduler.state().fleet();
            let (answer, result) = answer(outcome, &fleet);
            (told.answer, told.usage) = (result.text, result.usage);
            let made = climb_down(answer, &fleet, &mut told);
            app.tell_decomposition(context, told, began_s);
            then(app, context, made);
        };
        model.ask(context, question.id, goal, answered);
    }

    fn tell_decomposition(&self, context: &Context<Self>, told: Decomposition, began_s: f64) {
        let duration_s = (context.steady_s() - began_s) as f32;
        let (planner, worker) = (&told.planner, &told.worker);
        if worker.is_empty() || told.error_msg.is_empty() {
            tracing::info!(planner, worker, duration_s, "decomposed {:?}", told.text);
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

/// From what the model answered to a plan: where it has none, the parser may.
fn climb_down(answer: Answer, fleet: &Fleet, told: &mut Decomposition) -> Made {
    let refusal = match answer {
        Answer::Plan(plan) => {
            "model".clone_into(&mut told.planner);
            return Ok((plan, "model"));
        }
        Answer::Refusal(reason) => {
            told.error_msg = format!("the model refuses: {reason}");
            Some(reason)
        }
        Answer::None(reason) => {
            told.error_msg = reason;
            None
        }
    };
    match (SentenceParser.decompose(&told.text, fleet), refusal) {
        (Ok(made), _) => {
            made.planner.clone_into(&mut told.planner);
            Ok((made.plan, made.planner))
        }
        (Err(error), None) => Err(error.into()),
        // The parser knows only what it has rules for; the model says what is wrong with the mission.
        (Err(error), Some(reason)) => Err(Refusal::new(
            MissionError::NotUnderstood,
            format!("the planner refuses: {reason} (and by rules: {error})"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_plan_of_the_model_the_parser_answers() {
        let fleet = Fleet::default();
        let mut told = Decomposition {
            text: "sing".to_owned(),
            ..Default::default()
        };
        let plan = Plan::default();
        let made = climb_down(Answer::Plan(plan.clone()), &fleet, &mut told);
        assert_eq!(made, Ok((plan, "model")));
        assert_eq!(
            (told.planner.as_str(), told.error_msg.as_str()),
            ("model", "")
        );
        told.planner.clear();
        let failed = climb_down(Answer::None("gone".to_owned()), &fleet, &mut told);
        let failed = failed.unwrap_err();
        assert!(failed.error_msg.contains("sing"), "{failed:?}");
        let refused = climb_down(
            Answer::Refusal("not a mission".to_owned()),
            &fleet,
            &mut told,
        );
        let refused = refused.unwrap_err();
        assert!(
            refused
                .error_msg
                .starts_with("the planner refuses: not a mission")
        );
        assert_eq!(refused.error, MissionError::NotUnderstood);
        assert_eq!(
            (told.planner.as_str(), told.error_msg.as_str()),
            ("", "the model refuses: not a mission")
        );
    }
}
