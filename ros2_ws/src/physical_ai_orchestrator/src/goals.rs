//! The `execute_mission` action: goals in, feedback and results out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use physical_ai_domain::MissionId;
use physical_ai_mission::{Event, Mission, MissionError, MissionPhase, Submission};
use physical_ai_ros::msg::physical_ai_msgs::action::ExecuteMission;
use physical_ai_ros::{
    ActionServer, CancelDecision, Context, Error, GoalDecision, GoalHandle, GoalId, ServerOptions,
    time_from_msg,
};

use crate::intake::{Refusal, Source, mission_id};
use crate::messages;
use crate::node::Orchestrator;

type Handle = GoalHandle<ExecuteMission::Action>;

/// A goal that came before any worker did.
struct Waiting {
    handle: Handle,
    goal: ExecuteMission::Goal,
    since_s: f64,
}

/// Goals and the missions that they wait for.
#[derive(Default)]
pub struct Goals {
    by_mission: BTreeMap<MissionId, Vec<Handle>>,
    waiting: Vec<Waiting>,
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
        for waiting in self.waiting.drain(..) {
            let refusal = Refusal::new(MissionError::Rejected, "the orchestrator is stopping");
            let id = &waiting.goal.mission_id;
            waiting.handle.abort(messages::refusal(&refusal, id));
        }
    }
}

impl Orchestrator {
    fn take_goal(&mut self, context: &mut Context<Self>, waiting: Waiting) {
        let goal = &waiting.goal;
        let taken = mission_id(&goal.mission_id).and_then(|id| {
            let source = Source::try_new(goal.text.clone(), goal.plan.clone())?;
            Ok((id, source))
        });
        let (id, source) = match taken {
            Ok(taken) => taken,
            Err(refusal) => return refuse(waiting, &refusal),
        };
        if let Some(mission) = self.scheduler.state().mission(&id) {
            return self.join(mission.clone(), &source, waiting);
        }
        if let Err(refusal) = self.admit(context) {
            return refuse(waiting, &refusal);
        }
        let fleet = self.scheduler.state().fleet();
        let waited_s = context.steady_s() - waiting.since_s;
        if fleet.is_empty() && waited_s < self.fleet_wait_s {
            return self.wait_with(waiting, MissionPhase::Decomposing);
        }
        if fleet.is_empty() {
            let refusal = Refusal::new(
                MissionError::NoWorker,
                "no worker offers any skill: is an agent worker running in this namespace and \
                 domain? see `physical-ai workers`",
            );
            return refuse(waiting, &refusal);
        }
        let (plan, planner) = match source.validated_plan(&fleet) {
            Ok(made) => made,
            Err(refusal) => return refuse(waiting, &refusal),
        };
        if let Some(reason) = fleet.not_ready(&plan) {
            // A robot that was just started is ready in a moment; one that was stopped is not.
            if waited_s < self.fleet_wait_s {
                return self.wait_with(waiting, MissionPhase::Validating);
            }
            return refuse(waiting, &Refusal::new(MissionError::NoWorker, reason));
        }
        let submission = Submission {
            id,
            source: source.as_str().to_owned(),
            planner: planner.to_owned(),
            plan,
            priority: goal.priority,
            deadline: time_from_msg(&goal.deadline),
        };
        self.submit(context, submission, waiting);
    }

    fn submit(&mut self, context: &mut Context<Self>, submission: Submission, waiting: Waiting) {
        let (id, planner) = (submission.id.clone(), submission.planner.clone());
        let tasks = submission.plan.tasks.len();
        match self.scheduler.submit(Self::now(context), submission) {
            Ok(effects) => {
                tracing::info!(mission = %id, planner, tasks, "mission accepted");
                let handles = self.goals.by_mission.entry(id).or_default();
                handles.push(waiting.handle);
                self.perform(context, effects);
            }
            Err(error) => {
                let refusal = Refusal::new(MissionError::Rejected, error.to_string());
                refuse(waiting, &refusal);
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

    fn admit(&self, context: &Context<Self>) -> Result<(), Refusal> {
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
            let refusal = Refusal::new(
                MissionError::InvalidGoal,
                format!(
                    "mission_id {} is already used by another mission: choose another",
                    mission.id
                ),
            );
            return refuse(waiting, &refusal);
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
        if let Some(at) = self
            .goals
            .waiting
            .iter()
            .position(|w| w.handle.id() == goal)
        {
            let waiting = self.goals.waiting.swap_remove(at);
            let refusal = Refusal::new(MissionError::Canceled, "cancelled by the user");
            let id = waiting.goal.mission_id;
            waiting.handle.canceled(messages::refusal(&refusal, &id));
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

fn refuse(waiting: Waiting, refusal: &Refusal) {
    tracing::warn!("mission refused: {}", refusal.error_msg);
    let id = waiting.goal.mission_id.clone();
    waiting.handle.abort(messages::refusal(refusal, &id));
}
