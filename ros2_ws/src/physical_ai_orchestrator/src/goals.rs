//! The `execute_mission` action: goals in, feedback and results out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use physical_ai_domain::{MissionId, Plan};
use physical_ai_fleet::Error as InvalidPlan;
use physical_ai_mission::{Event, Mission, MissionError, MissionPhase, Submission};
use physical_ai_ros::msg::physical_ai_msgs::action::ExecuteMission;
use physical_ai_ros::{
    ActionServer, CancelDecision, Context, Error, GoalDecision, GoalHandle, GoalId, ServerOptions,
    time_from_msg,
};

use crate::confirmation::Confirming;
use crate::deadline::Clocks;
use crate::decomposition::{Made, Question};
use crate::intake::{Refusal, Source, given_plan, mission_id, validated};
use crate::messages;
use crate::node::Orchestrator;

type Handle = GoalHandle<ExecuteMission::Action>;

/// A goal that is no mission yet: no worker is there, its plan is being made or checked, or waits for a
/// user's word.
pub struct Waiting {
    pub handle: Handle,
    pub goal: ExecuteMission::Goal,
    /// Steady time since which it waits for workers and robots.
    pub since_s: f64,
    /// What the sentence became, once it did.
    pub made: Option<Made>,
    /// Its workers looked at the plan.
    pub is_checked: bool,
    /// A user said that the plan may run.
    pub is_confirmed: bool,
}

impl Waiting {
    /// Ends it.
    pub fn refuse(self, refusal: &Refusal) {
        tracing::warn!("mission refused: {}", refusal.error_msg);
        let result = messages::refusal(refusal, &self.goal.mission_id);
        self.handle.abort(result);
    }
}

/// Goals and the missions that they wait for.
#[derive(Default)]
pub struct Goals {
    by_mission: BTreeMap<MissionId, Vec<Handle>>,
    waiting: Vec<Waiting>,
    /// Goals whose plan somebody else makes or checks.
    asking: BTreeMap<GoalId, Waiting>,
    pub confirming: BTreeMap<MissionId, Confirming>,
    canceling: BTreeSet<GoalId>,
}

impl Goals {
    /// Serves the action.
    pub fn serve(
        context: &mut Context<Orchestrator>,
        result_timeout: Duration,
    ) -> Result<(), Error> {
        ActionServer::<Orchestrator, ExecuteMission::Action> {
            // A refusal by the protocol carries no reason, so every goal is taken and answered.
            on_goal: Box::new(|_, _, _, _| GoalDecision::Accept),
            on_accepted: Box::new(|app, context, goal, handle| {
                let since_s = context.steady_s();
                app.take_goal(
                    context,
                    Waiting {
                        handle,
                        goal,
                        since_s,
                        made: None,
                        is_checked: false,
                        is_confirmed: false,
                    },
                );
            }),
            on_cancel: Box::new(Orchestrator::cancel_goal),
            options: ServerOptions { result_timeout },
        }
        .serve(context, "execute_mission")
    }

    /// True if somebody listens to the mission.
    pub fn has(&self, id: &MissionId) -> bool {
        self.by_mission.contains_key(id)
    }

    /// Tells everybody who waits for a mission how far it is.
    pub fn feedback(&self, id: &MissionId, feedback: &ExecuteMission::Feedback) {
        for handle in self.by_mission.get(id).into_iter().flatten() {
            handle.feedback(feedback.clone());
        }
    }

    /// Tells everybody who waits for a mission how it ended.
    pub fn end(&mut self, id: &MissionId, mission: &Mission, result: ExecuteMission::Result) {
        let feedback = messages::feedback(mission);
        for handle in self.by_mission.remove(id).into_iter().flatten() {
            handle.feedback(feedback.clone());
            let canceling = self.canceling.remove(&handle.id());
            match mission.phase {
                MissionPhase::Succeeded => handle.succeed(result.clone()),
                MissionPhase::Canceled if canceling => handle.canceled(result.clone()),
                _ => handle.abort(result.clone()),
            }
        }
    }

    /// Answers everybody before the node goes.
    pub fn abandon(&mut self) {
        let refusal = Refusal::new(
            MissionError::Rejected,
            "the orchestrator is stopping; the mission is in its journal and goes on when it is \
             started again: see `physical-ai mission list`",
        );
        for (id, handles) in std::mem::take(&mut self.by_mission) {
            for handle in handles {
                handle.abort(messages::refusal(&refusal, id.as_str()));
            }
        }
        let refusal = Refusal::new(MissionError::Rejected, "the orchestrator is stopping");
        let asking = std::mem::take(&mut self.asking).into_values();
        for waiting in self.waiting.drain(..).chain(asking) {
            waiting.refuse(&refusal);
        }
        let refusal = Refusal::new(
            MissionError::Rejected,
            "the orchestrator is stopping; the plan was not confirmed, and nothing was started: send the mission \
             again",
        );
        while let Some(id) = self.confirming.keys().next().cloned() {
            self.end_confirming(&id, &refusal, None);
        }
    }
}

impl Orchestrator {
    pub(crate) fn take_goal(&mut self, context: &mut Context<Self>, mut waiting: Waiting) {
        let goal = &waiting.goal;
        let taken = mission_id(&goal.mission_id).and_then(|id| {
            let source = Source::try_new(goal.text.clone(), goal.plan.clone())?;
            Ok((id, source))
        });
        let (id, source) = match taken {
            Ok(taken) => taken,
            Err(refusal) => return waiting.refuse(&refusal),
        };
        // A goal that comes here again keeps the id that it was given.
        waiting.goal.mission_id = id.to_string();
        if let Some(mission) = self.scheduler.state().mission(&id) {
            return self.join(mission.clone(), &source, waiting);
        }
        let Some(waiting) = self.join_confirming(&id, &source, waiting) else {
            return;
        };
        let deadline = time_from_msg(&waiting.goal.deadline);
        let clocks = Clocks::read(context.now(), context.uses_sim_time());
        if let Err(refusal) = self.admit(context).and_then(|()| clocks.check(deadline)) {
            return waiting.refuse(&refusal);
        }
        let fleet = self.scheduler.state().fleet();
        let waited_s = context.steady_s() - waiting.since_s;
        // A suite that was just started has its workers, and the model that plans, in a moment.
        let is_young = context.steady_s() < self.fleet_wait_s;
        if (fleet.is_empty() && waited_s < self.fleet_wait_s)
            || (is_young && source.is_text() && self.planners.misses_model())
        {
            return self.wait_with(waiting, MissionPhase::Decomposing);
        }
        if fleet.is_empty() {
            let refusal = Refusal::new(
                MissionError::NoWorker,
                "no worker offers any skill: is an agent worker running in this namespace and \
                 domain? see `physical-ai workers`",
            );
            return waiting.refuse(&refusal);
        }
        let made = match (&source, waiting.made.clone()) {
            (Source::Text(text), None) => return self.decompose_goal(context, text, waiting),
            (Source::Text(_), Some(made)) => made,
            (Source::Plan(text), _) => given_plan(text),
        };
        match made.and_then(|made| validated(made, &fleet)) {
            Ok(made) => self.take_plan(context, id, &source, made, waiting),
            Err(refusal) => waiting.refuse(&refusal),
        }
    }

    /// From a plan that is valid to a mission: its robots are ready, its workers object to nothing, and a
    /// user confirmed it where one has to.
    fn take_plan(
        &mut self,
        context: &mut Context<Self>,
        id: MissionId,
        source: &Source,
        (plan, planner): (Plan, &'static str),
        waiting: Waiting,
    ) {
        if let Some(reason) = self.scheduler.state().fleet().not_ready(&plan) {
            // A robot that was just started is ready in a moment; one that was stopped is not.
            if context.steady_s() - waiting.since_s < self.fleet_wait_s {
                return self.wait_with(waiting, MissionPhase::Validating);
            }
            return waiting.refuse(&Refusal::new(MissionError::NoWorker, reason));
        }
        if !waiting.is_checked {
            return self.check_goal(context, &plan, waiting);
        }
        if !waiting.is_confirmed && self.confirm_plans.concerns(planner) {
            return self.ask_to_confirm(context, id, source, (plan, planner), waiting);
        }
        let submission = Submission {
            id,
            source: source.as_str().to_owned(),
            planner: planner.to_owned(),
            plan,
            priority: waiting.goal.priority,
            deadline: time_from_msg(&waiting.goal.deadline),
        };
        self.submit(context, submission, waiting);
    }

    fn check_goal(&mut self, context: &mut Context<Self>, plan: &Plan, waiting: Waiting) {
        let id = waiting.handle.id();
        self.goals.asking.insert(id, waiting);
        self.check_tasks(context, plan, move |app, context, violations| {
            // It may have been cancelled meanwhile.
            let Some(waiting) = app.goals.asking.remove(&id) else {
                return;
            };
            if violations.is_empty() {
                let is_checked = true;
                let checked = Waiting {
                    is_checked,
                    ..waiting
                };
                app.take_goal(context, checked);
            } else {
                waiting.refuse(&Refusal::from(InvalidPlan::Invalid(violations)));
            }
        });
    }

    fn decompose_goal(&mut self, context: &mut Context<Self>, text: &str, waiting: Waiting) {
        let id = waiting.handle.id();
        let deadline = time_from_msg(&waiting.goal.deadline);
        let question = Question {
            id,
            mission_id: waiting.goal.mission_id.clone(),
            text: text.to_owned(),
            deadline: (!deadline.is_zero()).then_some(deadline),
        };
        waiting.handle.feedback(ExecuteMission::Feedback {
            phase: MissionPhase::Decomposing.as_str().to_owned(),
            ..Default::default()
        });
        self.goals.asking.insert(id, waiting);
        self.decompose(context, question, move |app, context, made| {
            // It may have been cancelled meanwhile.
            if let Some(mut waiting) = app.goals.asking.remove(&id) {
                waiting.made = Some(made);
                app.take_goal(context, waiting);
            }
        });
    }

    fn submit(&mut self, context: &mut Context<Self>, submission: Submission, waiting: Waiting) {
        let (id, planner) = (submission.id.clone(), submission.planner.clone());
        let tasks = submission.plan.tasks.len();
        match self.scheduler.submit(Self::now(context), submission) {
            Ok(effects) => {
                tracing::info!(mission = %id, planner, tasks, "mission accepted");
                let handles = self.goals.by_mission.entry(id.clone()).or_default();
                handles.push(waiting.handle);
                self.settle_confirming(context, &id);
                self.perform(context, effects);
            }
            Err(error) => {
                waiting.refuse(&Refusal::new(MissionError::Rejected, error.to_string()));
                self.perform(context, Vec::new());
            }
        }
    }

    fn wait_with(&mut self, waiting: Waiting, phase: MissionPhase) {
        waiting.handle.feedback(ExecuteMission::Feedback {
            phase: phase.as_str().to_owned(),
            ..Default::default()
        });
        self.goals.waiting.push(waiting);
    }

    pub(crate) fn admit(&self, context: &Context<Self>) -> Result<(), Refusal> {
        if !context.is_active() {
            return Err(Refusal::new(
                MissionError::Rejected,
                "the orchestrator is not active: activate it (ros2 lifecycle set)",
            ));
        }
        if let Some(fault) = self.scheduler.fault() {
            return Err(Refusal::new(MissionError::Rejected, fault));
        }
        self.scheduler.state().admits().map_err(Refusal::from)
    }

    /// A client that asks again for a mission that it already sent, for example after a restart,
    /// gets that mission's feedback and result.
    fn join(&mut self, mission: Mission, source: &Source, waiting: Waiting) {
        if mission.source != source.as_str() {
            return waiting.refuse(&Refusal::id_in_use(&mission.id));
        }
        let id = mission.id.clone();
        self.goals
            .by_mission
            .entry(id.clone())
            .or_default()
            .push(waiting.handle);
        if mission.phase.is_terminal() {
            self.goals.end(&id, &mission, messages::result(&mission));
        }
    }

    pub(crate) fn retry_waiting_goals(&mut self, context: &mut Context<Self>) {
        for waiting in std::mem::take(&mut self.goals.waiting) {
            self.take_goal(context, waiting);
        }
    }

    fn cancel_goal(&mut self, context: &mut Context<Self>, goal: GoalId) -> CancelDecision {
        let at = self
            .goals
            .waiting
            .iter()
            .position(|w| w.handle.id() == goal);
        let waiting = match at {
            Some(at) => Some(self.goals.waiting.swap_remove(at)),
            None => self.goals.asking.remove(&goal).inspect(|_| {
                self.planners.cancel(context, goal);
            }),
        };
        if let Some(waiting) = waiting {
            let refusal = Refusal::new(MissionError::Canceled, "cancelled by the user");
            let id = waiting.goal.mission_id;
            waiting.handle.canceled(messages::refusal(&refusal, &id));
            return CancelDecision::Accept;
        }
        if let Some(id) = self.goals.confirming_of(goal) {
            let refusal = Refusal::new(MissionError::Canceled, "cancelled by the user");
            self.goals.end_confirming(&id, &refusal, Some(goal));
            self.missions_changed = true;
            return CancelDecision::Accept;
        }
        let mission = self
            .goals
            .by_mission
            .iter()
            .find(|(_, handles)| handles.iter().any(|h| h.id() == goal))
            .map(|(id, _)| id.clone());
        let Some(mission) = mission else {
            return CancelDecision::Reject;
        };
        self.goals.canceling.insert(goal);
        self.step(context, Event::Cancel(mission));
        CancelDecision::Accept
    }
}
