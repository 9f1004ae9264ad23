//! Sentences become plans: the ladder of the planning crate, with its model behind the `generate` action.

use physical_ai_domain::{Plan, Time};
use physical_ai_planning::{Asking, Descent, Error as Unplanned, Ladder};
use physical_ai_ros::msg::physical_ai_msgs::msg::Decomposition;
use physical_ai_ros::{Context, Error, GoalId, Publisher, Qos, time_to_msg};

use crate::intake::Refusal;
use crate::messages;
use crate::model_planner::{ModelPlanner, Outcome, answer};
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

/// Who plans, and who is told how each plan was made.
pub struct Planners {
    ladder: Ladder,
    model: Option<ModelPlanner>,
    told: Publisher<Decomposition>,
}

impl Planners {
    pub fn try_new(
        context: &mut Context<Orchestrator>,
        p: &OrchestratorParameters,
    ) -> Result<Self, Error> {
        let model = ModelPlanner::try_new(context, p)?;
        Ok(Self {
            ladder: Ladder::with_rules(model.as_ref().map(ModelPlanner::rung)),
            model,
            told: context.publisher("decompositions", Qos::latched(KEPT))?,
        })
    }

    /// Takes over how long the model may think and how sure it must be, from the next question on.
    pub fn tune(&mut self, p: &OrchestratorParameters) {
        if let Some(model) = &mut self.model {
            model.tune(p);
            self.ladder = Ladder::with_rules(Some(model.rung()));
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
}

type Then = Box<dyn FnOnce(&mut Orchestrator, &mut Context<Orchestrator>, Made)>;

/// Who gets a plan, and what is told of how it was made.
struct Waiting {
    question: Question,
    told: Decomposition,
    began_s: f64,
    then: Then,
}

impl Orchestrator {
    /// Makes a plan of plain language; `then` gets it, at once or when the model has answered.
    pub(crate) fn decompose(
        &mut self,
        context: &mut Context<Self>,
        question: Question,
        then: impl FnOnce(&mut Self, &mut Context<Self>, Made) + 'static,
    ) {
        let told = Decomposition {
            mission_id: question.mission_id.clone(),
            text: question.text.clone(),
            ..Default::default()
        };
        let fleet = self.scheduler.state().fleet();
        let descent = self.planners.ladder.descend(&question.text, &fleet);
        let waiting = Waiting {
            question,
            told,
            began_s: context.steady_s(),
            then: Box::new(then),
        };
        self.go_on(context, descent, waiting);
    }

    fn go_on(&mut self, context: &mut Context<Self>, descent: Descent, mut waiting: Waiting) {
        match descent {
            Descent::Ended(ended) => {
                let made = ended
                    .map(|made| (made.plan, made.planner))
                    .inspect(|(_, planner)| (*planner).clone_into(&mut waiting.told.planner))
                    .map_err(|error| {
                        waiting.told.error_msg = told_reason(&error);
                        Refusal::from(error)
                    });
                self.tell_decomposition(context, waiting.told, waiting.began_s);
                (waiting.then)(self, context, made);
            }
            Descent::Asks(asking) => self.ask(context, *asking, waiting),
        }
    }

    fn ask(&mut self, context: &mut Context<Self>, asking: Asking, mut waiting: Waiting) {
        let now = context.now();
        let goal = match &self.planners.model {
            Some(model) => model.goal(&asking, now, waiting.question.deadline),
            None => Err("no model is there".to_owned()),
        };
        let (Ok(goal), Some(model)) = (&goal, &self.planners.model) else {
            let reason = goal.err().unwrap_or_default();
            let fleet = self.scheduler.state().fleet();
            return self.go_on(context, asking.answered(Err(reason), &fleet), waiting);
        };
        model.worker().clone_into(&mut waiting.told.worker);
        waiting.told.prompt = messages::conversation(&goal.messages);
        let id = waiting.question.id;
        let answered = move |app: &mut Self, context: &mut Context<Self>, outcome: Outcome| {
            if matches!(outcome, Err(Error::Timeout { .. })) {
                app.planners.cancel(context, id);
            }
            let (answer, result) = answer(outcome);
            waiting.told.answer = asking.question().with_names(&result.text);
            waiting.told.usage = result.usage;
            // What is offered may have changed meanwhile.
            let fleet = app.scheduler.state().fleet();
            app.go_on(context, asking.answered(answer, &fleet), waiting);
        };
        model.ask(context, id, goal.clone(), answered);
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
        self.planners.told.publish(&told);
    }
}

/// Why there is no plan, as it is told: what the last rung said.
fn told_reason(error: &Unplanned) -> String {
    match error {
        Unplanned::NotPlanned { reason, .. } => reason.clone(),
        other => other.to_string(),
    }
}
