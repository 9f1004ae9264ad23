//! What a worker remembers about attempts: which it may start, and which outcomes nobody has journalled.

use std::collections::BTreeMap;

use physical_ai_domain::{Assignment, FencingToken, MissionId, TaskId, TaskReport};

/// Tasks whose newest token is remembered. An older assignment than that many tasks ago cannot still
/// be under way.
const REMEMBERED_TASKS: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct Attempts {
    tokens: BTreeMap<(MissionId, TaskId), FencingToken>,
    order: BTreeMap<FencingToken, (MissionId, TaskId)>,
    reports: BTreeMap<FencingToken, TaskReport>,
    last_token: FencingToken,
}

impl Attempts {
    /// Judges an assignment: `false` for a repeated or an overtaken one.
    pub(crate) fn admit(&mut self, assignment: &Assignment) -> bool {
        let key = (assignment.mission.clone(), assignment.task.clone());
        let newest = self.tokens.get(&key).copied().unwrap_or_default();
        if assignment.token <= newest {
            return false;
        }
        self.order.remove(&newest);
        self.order.insert(assignment.token, key.clone());
        self.tokens.insert(key, assignment.token);
        self.last_token = self.last_token.max(assignment.token);
        if self.order.len() > REMEMBERED_TASKS
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.tokens.remove(&oldest);
        }
        true
    }

    /// Keeps the newest report of an attempt; `true` if the orchestrator must hear of it at once.
    ///
    /// An attempt that has ended stays ended: a late progress report does not bring it back.
    pub(crate) fn record(&mut self, report: TaskReport) -> bool {
        let previous = self.reports.get(&report.token).map(|r| r.state);
        if previous.is_some_and(|state| state.is_terminal()) {
            return false;
        }
        let urgent = previous != Some(report.state);
        self.reports.insert(report.token, report);
        urgent
    }

    /// The outcome is safe in the journal. Says nothing about an attempt that still runs.
    pub(crate) fn acknowledge(&mut self, token: FencingToken) {
        if self
            .reports
            .get(&token)
            .is_some_and(|r| r.state.is_terminal())
        {
            self.reports.remove(&token);
        }
    }

    pub(crate) fn is_running(&self, token: FencingToken) -> bool {
        self.reports
            .get(&token)
            .is_some_and(|r| !r.state.is_terminal())
    }

    /// What goes out with a heartbeat: progress always, outcomes when it is time to repeat them.
    pub(crate) fn due(&self, outcomes: bool) -> Vec<TaskReport> {
        let due = |r: &&TaskReport| outcomes || !r.state.is_terminal();
        self.reports.values().filter(due).cloned().collect()
    }

    pub(crate) fn unacknowledged(&self) -> Vec<TaskReport> {
        self.due(true)
    }

    pub(crate) fn last_token(&self) -> FencingToken {
        self.last_token
    }
}

#[cfg(test)]
mod tests {
    use physical_ai_domain::{Resources, SkillName, TaskState, Time};

    use super::*;

    fn assignment(task: &str, token: u64) -> Assignment {
        Assignment {
            mission: MissionId::try_new("m").unwrap(),
            task: TaskId::try_new(task).unwrap(),
            attempt: 1,
            token: FencingToken(token),
            skill: SkillName::try_new("move_to").unwrap(),
            robot: None,
            params: serde_json::Value::Null,
            resources: Resources::new(),
            timeout_s: 0.0,
            priority: 0,
            deadline: Time::ZERO,
            idempotent: false,
        }
    }

    fn report(token: u64, state: TaskState) -> TaskReport {
        TaskReport {
            state,
            ..crate::started_report(&assignment("t", token), Time::ZERO)
        }
    }

    #[test]
    fn repeated_and_overtaken_assignments_are_not_admitted() {
        let mut attempts = Attempts::default();
        for (task, token, expected) in [
            ("a", 5, true),
            ("a", 5, false),
            ("a", 4, false),
            ("b", 4, true),
            ("a", 6, true),
        ] {
            assert_eq!(
                attempts.admit(&assignment(task, token)),
                expected,
                "{task} {token}"
            );
        }
        assert_eq!(attempts.last_token(), FencingToken(6));
    }

    #[test]
    fn outcome_is_repeated_until_acknowledged() {
        let mut attempts = Attempts::default();
        assert!(attempts.record(report(1, TaskState::Running)));
        assert!(
            !attempts.record(report(1, TaskState::Running)),
            "progress waits for a heartbeat"
        );
        assert_eq!(attempts.due(false).len(), 1);
        attempts.acknowledge(FencingToken(1));
        assert!(
            attempts.is_running(FencingToken(1)),
            "a running attempt cannot be acknowledged"
        );
        assert!(attempts.record(report(1, TaskState::Succeeded)));
        assert!(attempts.due(false).is_empty());
        for _ in 0..3 {
            assert_eq!(attempts.due(true).len(), 1);
        }
        attempts.acknowledge(FencingToken(1));
        assert!(attempts.due(true).is_empty());
    }

    #[test]
    fn ended_attempt_stays_ended() {
        let mut attempts = Attempts::default();
        attempts.record(report(1, TaskState::Canceled));
        assert!(!attempts.record(report(1, TaskState::Running)));
        assert_eq!(attempts.due(true)[0].state, TaskState::Canceled);
    }

    #[test]
    fn memory_of_tokens_is_bounded() {
        let mut attempts = Attempts::default();
        for token in 1..=REMEMBERED_TASKS as u64 + 50 {
            assert!(attempts.admit(&assignment(&format!("t{token}"), token)));
        }
        assert_eq!(attempts.tokens.len(), REMEMBERED_TASKS);
        assert_eq!(attempts.order.len(), REMEMBERED_TASKS);
    }
}
