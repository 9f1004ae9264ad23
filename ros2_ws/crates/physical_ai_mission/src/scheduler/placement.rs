//! Which worker gets which task.

use std::collections::BTreeSet;

use physical_ai_domain::{
    Assignment, Capability, ErrorCode, FailurePolicyKind, MissionId, Resources, TaskState, Time,
};

use super::progress::Failure;
use super::workers::KnownWorker;
use super::{Effect, Now, Scheduler};
use crate::mission::{MissionError, Task};

/// The order that gives a task's current attempt to its worker.
pub(super) fn assign(
    mission: &MissionId,
    priority: u8,
    deadline: Time,
    task: &Task,
) -> Option<Effect> {
    let status = &task.status;
    let assignment = Assignment {
        mission: mission.clone(),
        task: task.spec.id.clone(),
        attempt: status.attempt,
        token: status.token,
        skill: task.spec.skill.clone(),
        robot: status.robot.clone(),
        params: task.spec.params.clone(),
        resources: status.resources.clone(),
        timeout_s: task.spec.timeout_s,
        priority,
        deadline,
        idempotent: status.idempotent,
    };
    Some(Effect::Assign {
        worker: status.worker.clone()?,
        incarnation: status.incarnation,
        assignment: Box::new(assignment),
    })
}

impl Scheduler {
    /// Gives ready tasks to workers: urgent missions first, then older ones, then the plan's order.
    pub(super) fn place(&mut self, now: Now, running: &[MissionId]) {
        let mut waiting: Vec<(u8, Time, u64, MissionId, usize)> = Vec::new();
        for mission in running.iter().filter_map(|id| self.missions.get(id)) {
            let deadline = if mission.deadline.is_zero() {
                Time::from_nanoseconds(i64::MAX)
            } else {
                mission.deadline
            };
            for (index, task) in mission.tasks.iter().enumerate() {
                let may_start = !mission.is_ending() || task.status.triggered;
                if task.status.state == TaskState::Ready && may_start {
                    let key = (255 - mission.priority, deadline, mission.sequence);
                    waiting.push((key.0, key.1, key.2, mission.id.clone(), index));
                }
            }
        }
        if waiting.is_empty() {
            return;
        }
        waiting.sort();
        let mut busy = self.busy_robots();
        for (_, _, _, id, index) in waiting {
            self.place_task(now, &id, index, &mut busy);
        }
    }

    /// Robots of every attempt that may still move them.
    fn busy_robots(&self) -> BTreeSet<String> {
        self.missions
            .values()
            .filter(|m| !m.phase.is_terminal())
            .flat_map(|m| &m.tasks)
            .filter(|t| t.status.is_active())
            .filter_map(|t| t.status.robot.as_ref().map(ToString::to_string))
            .collect()
    }

    fn place_task(&mut self, now: Now, id: &MissionId, index: usize, busy: &mut BTreeSet<String>) {
        let Some(task) = self.missions.get(id).map(|m| &m.tasks[index]) else {
            return;
        };
        let waited_s = now.steady_s - task.status.heard_s;
        if now.steady_s < task.status.not_before_s {
            return;
        }
        let Some((worker, offer)) = self.choose(task, busy) else {
            if waited_s > self.config.worker_wait_s && !self.is_offered(task) {
                self.give_up_waiting(now, id, index);
            }
            return;
        };
        let (worker, incarnation) = (worker.report.worker.clone(), worker.report.incarnation);
        let robot = offer.robot.clone().or_else(|| task.spec.robot.clone());
        // What the skill says holds unless the author of the task said otherwise.
        let idempotent = task.spec.idempotent.unwrap_or(offer.idempotent);
        let resources = needed(task, offer);
        busy.extend(robot.as_ref().map(ToString::to_string));
        self.last_token.0 += 1;
        let token = self.last_token;
        let Some(mut run) = self.progress(now, id) else {
            return;
        };
        let status = &mut run.mission.tasks[index].status;
        status.worker = Some(worker);
        status.incarnation = incarnation;
        status.robot = robot;
        status.idempotent = idempotent;
        status.resources = resources;
        status.token = token;
        status.attempt += 1;
        status.progress = 0.0;
        status.ordered_s = now.steady_s;
        run.set_state(index, TaskState::Assigned);
        let (priority, deadline) = (run.mission.priority, run.mission.deadline);
        let order = assign(
            &run.mission.id,
            priority,
            deadline,
            &run.mission.tasks[index],
        );
        run.effects.extend(order);
    }

    /// The best worker that can start the task now.
    fn choose(&self, task: &Task, busy: &BTreeSet<String>) -> Option<(&KnownWorker, &Capability)> {
        let previous = task.status.worker.as_ref();
        let kind = task.spec.on_failure.kind;
        self.workers
            .iter()
            .filter(|w| w.takes_tasks())
            .flat_map(|w| w.report.capabilities.iter().map(move |c| (w, c)))
            .filter(|(_, c)| fits(task, c) && c.ready)
            .filter(|(_, c)| c.robot.as_ref().is_none_or(|r| !busy.contains(r.as_str())))
            .filter(|(w, c)| self.has_resources(w, task, c))
            .min_by(|a, b| {
                let rank = |(w, c): &(&KnownWorker, &Capability)| {
                    let same = previous == Some(&w.report.worker);
                    let unwanted = match kind {
                        FailurePolicyKind::Reassign => same,
                        FailurePolicyKind::Retry => previous.is_some() && !same,
                        _ => false,
                    };
                    let holds = task.spec.params.get("data").and_then(|d| d.as_str());
                    let far = holds.is_some_and(|d| !w.report.data.iter().any(|k| k == d));
                    let load = (w.report.load * 1000.0) as u32;
                    let robot = c.robot.as_ref().map(ToString::to_string);
                    (unwanted, far, w.losses, load, robot)
                };
                rank(a).cmp(&rank(b))
            })
    }

    /// What running tasks hold is counted here, because a worker's own report may be older.
    fn has_resources(&self, worker: &KnownWorker, task: &Task, offer: &Capability) -> bool {
        needed(task, offer).iter().all(|(name, quantity)| {
            let total = worker.report.resources_total.get(name).copied();
            let held: f64 = self
                .missions
                .values()
                .flat_map(|m| &m.tasks)
                .filter(|t| t.status.is_active())
                .filter(|t| t.status.worker.as_ref() == Some(&worker.report.worker))
                .filter_map(|t| t.status.resources.get(name))
                .sum();
            total.unwrap_or(0.0) - held >= *quantity
        })
    }

    fn is_offered(&self, task: &Task) -> bool {
        self.workers
            .iter()
            .filter(|w| w.takes_tasks())
            .flat_map(|w| &w.report.capabilities)
            .any(|c| fits(task, c) && c.ready)
    }

    fn why_not_ready(&self, task: &Task) -> Option<String> {
        self.workers
            .iter()
            .filter(|w| w.takes_tasks())
            .flat_map(|w| &w.report.capabilities)
            .find(|c| fits(task, c) && !c.ready)
            .map(|c| c.reason.clone())
    }

    fn give_up_waiting(&mut self, now: Now, id: &MissionId, index: usize) {
        let wait_s = self.config.worker_wait_s;
        let reason = self
            .missions
            .get(id)
            .and_then(|m| self.why_not_ready(&m.tasks[index]));
        let Some(mut run) = self.progress(now, id) else {
            return;
        };
        let spec = &run.mission.tasks[index].spec;
        let robot = spec.robot.as_ref().map_or("any robot", |r| r.as_str());
        let error_msg = match reason {
            Some(reason) => format!(
                "{robot} was not ready for {} within {wait_s} s: {reason}",
                spec.skill
            ),
            None => format!(
                "no live worker offered {} for {robot} within {wait_s} s: see `physical-ai workers`",
                spec.skill
            ),
        };
        let before = run.mission.error;
        run.attempt_failed(
            index,
            Failure {
                error: ErrorCode::WorkerLost,
                error_msg,
                retryable: false,
                outcome_unknown: false,
            },
        );
        if before == MissionError::Ok && run.mission.error == MissionError::TaskFailed {
            run.mission.error = MissionError::NoWorker;
        }
    }
}

fn needed(task: &Task, offer: &Capability) -> Resources {
    let mut needed = task.spec.resources.clone();
    for (name, quantity) in &offer.requires {
        *needed.entry(name.clone()).or_default() += quantity;
    }
    needed
}

fn fits(task: &Task, offer: &Capability) -> bool {
    let robot = task.spec.robot.as_ref();
    offer.skill == task.spec.skill
        && robot.is_none_or(|wanted| offer.robot.as_ref().is_none_or(|r| r == wanted))
}
