//! One mission's state machine: what follows from outcomes, policies and deadlines.

use physical_ai_domain::{ErrorCode, FailurePolicyKind, TaskState, Time};

use super::{Decision, Effect, Now};
use crate::mission::{Mission, MissionError, MissionPhase};

/// Refusals in a row after which a task counts as failed.
const MAX_REFUSALS: u32 = 50;
/// Pause after a refusal, seconds.
const REFUSAL_BACKOFF_S: f64 = 0.2;

/// How an attempt failed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Failure {
    pub(super) error: ErrorCode,
    pub(super) error_msg: String,
    /// A new attempt may succeed.
    pub(super) retryable: bool,
    /// Nobody knows how far the attempt came: only an idempotent task may be repeated.
    pub(super) outcome_unknown: bool,
}

pub(super) struct Progress<'a> {
    pub(super) mission: &'a mut Mission,
    pub(super) effects: &'a mut Vec<Effect>,
    pub(super) now: Now,
}

impl Progress<'_> {
    pub(super) fn set_state(&mut self, index: usize, state: TaskState) {
        let now = self.now;
        let status = &mut self.mission.tasks[index].status;
        status.state = state;
        status.heard_s = now.steady_s;
        if state.is_terminal() {
            status.held = false;
            if status.finished.is_zero() {
                status.finished = now.ros;
            }
        }
        let id = self.mission.id.clone();
        self.effects.push(Effect::SaveTask(id.clone(), index));
        self.effects.push(Effect::MissionChanged(id));
    }

    fn end_task(&mut self, index: usize, state: TaskState, error: ErrorCode, message: &str) {
        let status = &mut self.mission.tasks[index].status;
        status.error = error;
        message.clone_into(&mut status.error_msg);
        self.set_state(index, state);
    }

    /// An attempt did not succeed: the task's policy says what that means.
    pub(super) fn attempt_failed(&mut self, index: usize, failure: Failure) {
        let now_s = self.now.steady_s;
        let ending = self.mission.is_ending();
        let task = &mut self.mission.tasks[index];
        let canceling = task.status.state == TaskState::Canceling;
        task.status.error = failure.error;
        task.status.error_msg.clone_from(&failure.error_msg);
        task.status.progress = 0.0;
        if canceling || ending && !task.status.triggered {
            return self.set_state(index, TaskState::Canceled);
        }
        // A robot that cannot see yet is refused before its worker's heartbeat says so.
        let never_started = failure.error == ErrorCode::Busy
            || failure.error == ErrorCode::StaleData && task.status.state == TaskState::Assigned;
        if never_started && task.status.refusals < MAX_REFUSALS {
            // So neither does it count as an attempt.
            task.status.refusals += 1;
            task.status.attempt -= u32::from(task.status.attempt > 0);
            task.status.not_before_s = now_s + REFUSAL_BACKOFF_S;
            return self.set_state(index, TaskState::Ready);
        }
        let policy = task.spec.on_failure.clone();
        let repeats = matches!(
            policy.kind,
            FailurePolicyKind::Retry | FailurePolicyKind::Reassign
        );
        let may_repeat = !failure.outcome_unknown || task.status.idempotent;
        if repeats && failure.retryable && may_repeat && task.status.attempt < policy.max_attempts {
            task.status.not_before_s = now_s + policy.backoff_s;
            return self.set_state(index, TaskState::Ready);
        }
        let mut message = failure.error_msg;
        if repeats && !may_repeat {
            message.push_str(
                "; not repeated, because it may have been done in part \
                 (set `idempotent: true` on tasks that may run twice)",
            );
        }
        self.apply_policy(index, policy.kind, failure.error, &message);
    }

    fn apply_policy(
        &mut self,
        index: usize,
        kind: FailurePolicyKind,
        error: ErrorCode,
        message: &str,
    ) {
        let id = self.mission.tasks[index].spec.id.to_string();
        match kind {
            FailurePolicyKind::AskOperator => {
                let task = &mut self.mission.tasks[index];
                task.status.held = true;
                task.status.error_msg = format!("{message}; waits for an operator (resolve_task)");
                self.set_state(index, TaskState::Pending);
            }
            FailurePolicyKind::Skip => self.end_task(index, TaskState::Skipped, error, message),
            FailurePolicyKind::Compensate => {
                self.end_task(index, TaskState::Failed, error, message);
                let undo = self.mission.tasks[index]
                    .spec
                    .on_failure
                    .compensation
                    .clone();
                if let Some(undo) = undo.and_then(|u| self.mission.find_task(u.as_str())) {
                    self.mission.tasks[undo].status.triggered = true;
                    self.set_state(undo, TaskState::Ready);
                }
                self.end_early(
                    MissionError::TaskFailed,
                    &format!("task {id}: {message}"),
                    false,
                );
            }
            _ => {
                self.end_task(index, TaskState::Failed, error, message);
                self.end_early(
                    MissionError::TaskFailed,
                    &format!("task {id}: {message}"),
                    false,
                );
            }
        }
    }

    pub(super) fn resolve(&mut self, index: usize, decision: Decision) {
        let status = &mut self.mission.tasks[index].status;
        status.held = false;
        let (error, message) = (status.error, status.error_msg.clone());
        match decision {
            Decision::Retry => self.set_state(index, TaskState::Ready),
            Decision::Skip => self.end_task(index, TaskState::Skipped, error, &message),
            Decision::Fail => {
                self.apply_policy(index, FailurePolicyKind::FailMission, error, &message);
            }
        }
    }

    /// Begins to end the mission: nothing new starts but compensations, what runs is stopped.
    pub(super) fn end_early(
        &mut self,
        error: MissionError,
        message: &str,
        even_compensations: bool,
    ) {
        if !self.mission.is_ending() {
            self.mission.error = error;
            message.clone_into(&mut self.mission.error_msg);
        }
        self.mission.phase = MissionPhase::Cancelling;
        let id = self.mission.id.clone();
        self.effects.push(Effect::SaveMission(id.clone()));
        self.effects.push(Effect::MissionChanged(id));
        for index in 0..self.mission.tasks.len() {
            let status = &self.mission.tasks[index].status;
            if status.triggered && !even_compensations {
                continue;
            }
            match status.state {
                TaskState::Assigned | TaskState::Running => {
                    self.mission.tasks[index].status.ordered_s = f64::NEG_INFINITY;
                    self.set_state(index, TaskState::Canceling);
                }
                TaskState::Pending | TaskState::Ready => self.give_up(index),
                _ => {}
            }
        }
    }

    /// A task that will not start any more: skipped if it hung on one that failed, else cancelled.
    fn give_up(&mut self, index: usize) {
        let task = &self.mission.tasks[index];
        if task.compensates && !task.status.triggered {
            return self.end_task(index, TaskState::Skipped, ErrorCode::Ok, "");
        }
        match self.failed_dependency(index) {
            Some(message) => self.end_task(
                index,
                TaskState::Skipped,
                ErrorCode::DependencyFailed,
                &message,
            ),
            None => {
                let why = self.mission.error_msg.clone();
                self.end_task(index, TaskState::Canceled, ErrorCode::Canceled, &why);
            }
        }
    }

    fn failed_dependency(&self, index: usize) -> Option<String> {
        let tasks = &self.mission.tasks;
        tasks[index]
            .after
            .iter()
            .map(|i| &tasks[*i])
            .find(|t| t.status.state.is_terminal() && t.status.state != TaskState::Succeeded)
            .map(|t| format!("task {}, which it comes after, did not succeed", t.spec.id))
    }

    pub(super) fn check_deadline(&mut self) {
        let deadline = self.mission.deadline;
        if !deadline.is_zero() && self.now.ros > deadline && !self.mission.is_ending() {
            let late = format!("the deadline, {:.3} s, passed", deadline.seconds());
            self.end_early(MissionError::DeadlineMissed, &late, true);
        }
    }

    /// Readies tasks whose predecessors succeeded, skips those whose predecessors did not.
    pub(super) fn release(&mut self) {
        loop {
            let mut changed = false;
            for index in 0..self.mission.tasks.len() {
                let task = &self.mission.tasks[index];
                let waits = task.status.state == TaskState::Pending
                    && !task.status.held
                    && !task.compensates;
                if !waits {
                    continue;
                }
                if let Some(message) = self.failed_dependency(index) {
                    let error = ErrorCode::DependencyFailed;
                    self.end_task(index, TaskState::Skipped, error, &message);
                    changed = true;
                } else if task
                    .after
                    .iter()
                    .all(|i| self.mission.tasks[*i].status.state == TaskState::Succeeded)
                {
                    self.set_state(index, TaskState::Ready);
                    changed = true;
                }
            }
            if !changed {
                return;
            }
        }
    }

    /// Works out the phase, and ends the mission when all its tasks have ended.
    pub(super) fn conclude(&mut self) {
        let open = |t: &&crate::mission::Task| !t.status.state.is_terminal();
        let unused = |t: &&crate::mission::Task| t.compensates && !t.status.triggered;
        if self.mission.tasks.iter().filter(open).all(|t| unused(&t)) {
            return self.end();
        }
        let phase = if self.mission.is_ending() {
            MissionPhase::Cancelling
        } else if self.mission.tasks.iter().any(|t| t.status.is_active()) {
            MissionPhase::Executing
        } else {
            MissionPhase::Waiting
        };
        if phase != self.mission.phase {
            self.mission.phase = phase;
            self.effects
                .push(Effect::MissionChanged(self.mission.id.clone()));
        }
    }

    fn end(&mut self) {
        for index in 0..self.mission.tasks.len() {
            if !self.mission.tasks[index].status.state.is_terminal() {
                self.give_up(index);
            }
        }
        self.mission.phase = match self.mission.error {
            MissionError::Ok => MissionPhase::Succeeded,
            MissionError::Canceled => MissionPhase::Canceled,
            _ => MissionPhase::Failed,
        };
        self.mission.finished = self.now.ros;
        let id = self.mission.id.clone();
        self.effects.push(Effect::SaveMission(id.clone()));
        self.effects.push(Effect::MissionEnded(id));
    }

    /// Notes the start of an attempt as its worker saw it.
    pub(super) fn started(&mut self, index: usize, at: Time) {
        let now = self.now.ros;
        let status = &mut self.mission.tasks[index].status;
        if status.started.is_zero() {
            status.started = if at.is_zero() { now } else { at };
        }
    }
}
