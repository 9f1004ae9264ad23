//! The agent as a worker: what the orchestrator assigns, and what it is told.

use physical_ai_domain::{Assignment, FencingToken, Resources, TaskState};
use physical_ai_ros::{Context, Worker, WorkerLink, started_report};

use crate::node::AgentNode;

impl Worker for AgentNode {
    fn link(&mut self) -> &mut WorkerLink {
        &mut self.link
    }

    fn assign(&mut self, context: &mut Context<Self>, assignment: Assignment) {
        let now = context.now();
        let (mission, task) = (assignment.mission.clone(), assignment.task.clone());
        let refused = started_report(&assignment, now);
        let result = if !context.is_time_known() {
            // Its times would be counted from zero.
            Err((
                physical_ai_domain::ErrorCode::StaleData,
                "simulated time has not begun: no /clock yet".to_owned(),
            ))
        } else if context.is_active() {
            self.agent.assign(assignment, now)
        } else {
            Err((
                physical_ai_domain::ErrorCode::Busy,
                "the agent is not active".to_owned(),
            ))
        };
        let report = match result {
            Ok(report) => {
                tracing::info!(%mission, %task, "task started");
                report
            }
            Err((error, error_msg)) => {
                tracing::warn!(%mission, %task, "task refused: {error_msg}");
                physical_ai_domain::TaskReport {
                    state: TaskState::Failed,
                    finished: now,
                    error,
                    error_msg,
                    retryable: error == physical_ai_domain::ErrorCode::Busy
                        || error == physical_ai_domain::ErrorCode::StaleData,
                    ..refused
                }
            }
        };
        self.link.report(now, report);
        self.refresh_offer(context);
    }

    fn cancel(&mut self, _context: &mut Context<Self>, token: FencingToken, reason: &str) {
        tracing::info!(token = token.0, "task is being cancelled: {reason}");
        self.agent.cancel(token);
    }
}

impl AgentNode {
    /// Tells the orchestrator what is offered now.
    pub fn refresh_offer(&mut self, context: &Context<Self>) {
        let now = context.now();
        self.link.set_capabilities(self.agent.capabilities(now));
        let robots = self.agent.robots().count() as f64;
        let load = self.agent.load();
        let total = Resources::from([("robots".to_owned(), robots)]);
        let free = Resources::from([("robots".to_owned(), robots * (1.0 - load))]);
        self.link.set_load(load, total, free);
        self.link.flush(now);
    }
}
