//! What workers say about attempts, and what their silence means.

use physical_ai_domain::{ErrorCode, MissionId, TaskReport, TaskState, WorkerName, WorkerState};

use super::progress::Failure;
use super::{Effect, Now, Scheduler};

/// Orders that are not confirmed go out again after so many seconds.
const REPEAT_ORDER_S: f64 = 0.5;
/// Longest result of a task, bytes.
const MAX_RESULT_BYTES: usize = 64 * 1024;
/// Refused reports that are remembered so that each is complained about once.
const REMEMBERED_REFUSALS: usize = 1000;

impl Scheduler {
    pub(super) fn take_report(
        &mut self,
        now: Now,
        worker: &WorkerName,
        incarnation: u64,
        report: TaskReport,
    ) {
        let acknowledge = Effect::Acknowledge {
            worker: worker.clone(),
            incarnation,
            mission: report.mission.clone(),
            task: report.task.clone(),
            token: report.token,
        };
        let terminal = report.state.is_terminal();
        if let Err(problem) = self.judge_report(worker, incarnation, &report) {
            self.stop_stray(worker, incarnation, &report);
            self.refuse(problem);
        } else if self.has_ended(&report) {
            self.stop_stray(worker, incarnation, &report);
        } else {
            self.apply_report(now, report);
        }
        // Also what is refused: its sender would repeat it for ever.
        if terminal {
            self.effects.push(acknowledge);
        }
    }

    /// An attempt that was given up must not go on: it would move its robot for nobody, and keep the
    /// next attempt from starting. Missions of which nothing is known here may be somebody else's.
    fn stop_stray(&mut self, worker: &WorkerName, incarnation: u64, report: &TaskReport) {
        let is_ours = self.missions.contains_key(&report.mission);
        if is_ours && report.state == TaskState::Running {
            self.effects.push(Effect::CancelTask {
                worker: worker.clone(),
                incarnation,
                mission: report.mission.clone(),
                task: report.task.clone(),
                token: report.token,
                reason: "the attempt was given up by the orchestrator".to_owned(),
            });
        }
    }

    /// True if nobody waits for the attempt any more.
    fn has_ended(&self, report: &TaskReport) -> bool {
        let mission = self.missions.get(&report.mission);
        let task = mission.and_then(|m| Some(&m.tasks[m.find_task(report.task.as_str())?]));
        task.is_none_or(|t| !t.status.is_active())
    }

    fn judge_report(
        &self,
        worker: &WorkerName,
        incarnation: u64,
        report: &TaskReport,
    ) -> Result<(), String> {
        let name = format!(
            "worker {worker} reports task {} of mission {}",
            report.task, report.mission
        );
        let task = self
            .missions
            .get(&report.mission)
            .and_then(|m| m.find_task(report.task.as_str()).map(|i| &m.tasks[i]))
            .ok_or_else(|| format!("{name}, which does not exist"))?;
        let (given, status) = (report.token.0, &task.status);
        if given < status.token.0 {
            let current = status.token.0;
            return Err(format!(
                "{name} with fencing_token {given}, which is old: it is {current}"
            ));
        }
        if report.token != status.token
            || status.worker.as_ref() != Some(worker)
            || status.incarnation != incarnation
        {
            return Err(format!(
                "{name} with fencing_token {given}, which it was not given"
            ));
        }
        match report.state {
            TaskState::Running | TaskState::Succeeded | TaskState::Failed | TaskState::Canceled => {
                Ok(())
            }
            other => Err(format!(
                "{name} as {other:?}: only running, succeeded, failed and canceled may be reported"
            )),
        }
    }

    /// Complains once about each lie, and not at all when there are too many.
    fn refuse(&mut self, problem: String) {
        if self.refused.len() < REMEMBERED_REFUSALS && self.refused.insert(problem.clone()) {
            let text = format!("{problem}; the report was ignored");
            self.effects.push(Effect::Warning(text));
        }
    }

    fn apply_report(&mut self, now: Now, mut report: TaskReport) {
        if !is_result(&report.result) {
            let text = format!(
                "task {}: its result is no JSON of at most 64 KiB and was dropped",
                report.task
            );
            self.effects.push(Effect::Warning(text));
            report.result.clear();
        }
        let Some(mut run) = self.progress(now, &report.mission) else {
            return;
        };
        let Some(index) = run.mission.find_task(report.task.as_str()) else {
            return;
        };
        let status = &mut run.mission.tasks[index].status;
        status.heard_s = now.steady_s;
        status.progress = report.progress;
        match report.state {
            TaskState::Running if status.state == TaskState::Assigned => {
                status.refusals = 0;
                run.started(index, report.started);
                run.set_state(index, TaskState::Running);
            }
            TaskState::Running => {}
            TaskState::Succeeded => {
                status.finished = report.finished;
                status.result = report.result;
                status.error = ErrorCode::Ok;
                status.error_msg.clear();
                run.started(index, report.started);
                run.set_state(index, TaskState::Succeeded);
            }
            _ => {
                if !report.started.is_zero() && report.error != ErrorCode::Busy {
                    run.started(index, report.started);
                }
                run.attempt_failed(index, failure(report));
            }
        }
    }

    /// Fails attempts whose worker is gone, was replaced, or no longer knows of them.
    pub(super) fn fence_lost(&mut self, now: Now, id: &MissionId) {
        let Some(mission) = self.missions.get(id) else {
            return;
        };
        let recovers = self.awake.is_within(super::RECOVERY_S);
        let lost: Vec<(usize, String)> = mission
            .tasks
            .iter()
            .enumerate()
            .filter(|(_, t)| t.status.is_active())
            .filter_map(|(i, t)| {
                let silent_s = now.steady_s - t.status.heard_s;
                let worker = t.status.worker.as_ref()?;
                let known = self.workers.get(worker);
                let reason = match known {
                    Some(k) if k.report.incarnation != t.status.incarnation => {
                        format!("worker {worker} was restarted while it had the task")
                    }
                    Some(k) if k.report.state == WorkerState::Lost => {
                        format!("worker {worker} fell silent while it had the task")
                    }
                    _ if silent_s > self.config.confirm_s && !recovers => {
                        format!("worker {worker} did not mention the task for {silent_s:.1} s")
                    }
                    _ => return None,
                };
                Some((i, reason))
            })
            .collect();
        for (index, error_msg) in lost {
            let Some(mut run) = self.progress(now, id) else {
                return;
            };
            run.attempt_failed(
                index,
                Failure {
                    error: ErrorCode::WorkerLost,
                    error_msg,
                    retryable: true,
                    outcome_unknown: true,
                },
            );
        }
    }

    /// Repeats orders that were not confirmed; workers take each of them once.
    pub(super) fn repeat_orders(&mut self, now: Now, id: &MissionId) {
        // After a pause the confirmation may wait to be read.
        let settles = self.awake.is_within(super::SETTLE_S);
        let Some(mission) = self.missions.get_mut(id) else {
            return;
        };
        for task in &mut mission.tasks {
            let status = &mut task.status;
            if now.steady_s - status.ordered_s < REPEAT_ORDER_S {
                continue;
            }
            let Some(worker) = status.worker.clone() else {
                continue;
            };
            let order = match status.state {
                TaskState::Assigned if settles => None,
                TaskState::Assigned => {
                    super::placement::assign(&mission.id, mission.priority, mission.deadline, task)
                }
                TaskState::Canceling => Some(Effect::CancelTask {
                    worker,
                    incarnation: status.incarnation,
                    mission: mission.id.clone(),
                    task: task.spec.id.clone(),
                    token: status.token,
                    reason: mission.error_msg.clone(),
                }),
                _ => None,
            };
            if let Some(order) = order {
                task.status.ordered_s = now.steady_s;
                self.effects.push(order);
            }
        }
    }
}

/// Nothing, or JSON that is not too long to be kept.
fn is_result(text: &str) -> bool {
    text.is_empty()
        || text.len() <= MAX_RESULT_BYTES && serde_json::from_str::<serde_json::Value>(text).is_ok()
}

/// Why an attempt ended without success. One that its worker canceled may go to another.
fn failure(report: TaskReport) -> Failure {
    let canceled = report.state == TaskState::Canceled;
    Failure {
        error: if canceled {
            ErrorCode::Canceled
        } else {
            report.error
        },
        error_msg: report.error_msg,
        retryable: canceled || report.retryable,
        outcome_unknown: false,
    }
}
