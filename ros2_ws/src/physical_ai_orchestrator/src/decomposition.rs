//! The planning ladder: the language model makes the plan, or else the parser does. Where both do and differ,
//! the parser's counts: it is certain of what it understands.

use physical_ai_domain::{Plan, Time};
use physical_ai_mission::{
    Decomposer, Decomposition as Rules, Fleet, MissionError, SentenceParser, agrees,
};
use physical_ai_ros::msg::physical_ai_msgs::msg::Decomposition;
use physical_ai_ros::{Context, Error, GoalId, Publisher, Qos, time_to_msg};

use crate::intake::Refusal;
use crate::messages;
use crate::model_planner::{Answer, Asked, ModelPlanner, Outcome, answer};
use crate::node::Orchestrator;
use crate::parameters::OrchestratorParameters;

/// Why a deployment without a planner has no plan of a model: nothing that a user need be told.
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
        let (model, asked) = match self.ladder.question(&question, &fleet, context.now()) {
            Ok(asked) => asked,
            Err(reason) => {
                let made = climb_down(Answer::None(reason), &fleet, &mut told);
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
            let made = climb_down(answer, &fleet, &mut told);
            app.tell_decomposition(context, told, began_s);
            then(app, context, made);
        };
        model.ask(context, id, goal, answered);
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

/// From what the model answered to a plan: where it has none, or another than the parser, the parser's
/// counts.
fn climb_down(answer: Answer, fleet: &Fleet, told: &mut Decomposition) -> Made {
    let by_rules = SentenceParser.decompose(&told.text, fleet);
    let refusal = match answer {
        Answer::Plan(plan) => {
            let differs = |made: &Rules| !agrees(&plan, &made.plan);
            if !by_rules.as_ref().is_ok_and(differs) {
                "model".clone_into(&mut told.planner);
                return Ok((plan, "model"));
            }
            "the model's plan is not what the rules understand".clone_into(&mut told.error_msg);
            None
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
    match (by_rules, refusal) {
        (Ok(made), _) => {
            made.planner.clone_into(&mut told.planner);
            Ok((made.plan, made.planner))
        }
        (Err(error), None) => {
            let mut refusal = Refusal::from(error);
            if told.error_msg != NO_PLANNER {
                let missing = format!(" (no plan of the model either: {})", told.error_msg);
                refusal.error_msg += &missing;
            }
            Err(refusal)
        }
        // The parser knows only what it has rules for; the model says what is wrong with the mission.
        (Err(error), Some(reason)) => Err(Refusal::new(
            MissionError::NotUnderstood,
            format!("the planner refuses: {reason} (and by rules: {error})"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use physical_ai_mission::parse_plan;
    use serde_json::json;

    use super::*;
    use crate::model_planner::tests::fleet;

    #[test]
    fn parser_counts_where_it_understands_something_else() {
        let fleet = fleet(&["arm_1", "arm_2"]);
        let plan = |robot: &str| {
            let text = json!({"tasks": [{"id": "t1", "skill": "home", "robot": robot}]});
            parse_plan(&text.to_string()).unwrap()
        };
        for (robot, expected) in [("arm_1", "model"), ("arm_2", "parser")] {
            let mut told = Decomposition {
                text: "arm_1 returns home".to_owned(),
                ..Default::default()
            };
            let (made, by) = climb_down(Answer::Plan(plan(robot)), &fleet, &mut told).unwrap();
            assert_eq!((by, told.planner.as_str()), (expected, expected));
            assert!(agrees(&made, &plan("arm_1")), "{made:?}");
            assert_eq!(told.error_msg.is_empty(), expected == "model");
        }
    }

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
        let failed = failed.unwrap_err().error_msg;
        assert!(
            failed.contains("sing") && failed.contains("gone"),
            "{failed}"
        );
        let alone = climb_down(Answer::None(NO_PLANNER.to_owned()), &fleet, &mut told);
        let alone = alone.unwrap_err().error_msg;
        assert!(!alone.contains("planner"), "{alone}");
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
