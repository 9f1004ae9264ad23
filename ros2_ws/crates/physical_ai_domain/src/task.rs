use serde::{Deserialize, Serialize};

use crate::{Resources, RobotName, SkillName, TaskId};

/// Grows with every assignment that the orchestrator ever makes; workers ignore older ones.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct FencingToken(pub u64);

/// State of a task; the numbers are those of `physical_ai_msgs/msg/TaskState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum TaskState {
    /// Waits for the tasks it comes after.
    Pending = 0,
    /// May start; waits for a worker.
    Ready = 1,
    /// Sent to a worker, not yet confirmed.
    Assigned = 2,
    /// The worker executes it.
    Running = 3,
    /// Done.
    Succeeded = 4,
    /// Failed for good.
    Failed = 5,
    /// Cancelled.
    Canceled = 6,
    /// Not run because a task it comes after did not succeed.
    Skipped = 7,
    /// Cancel sent to the worker, not yet confirmed.
    Canceling = 8,
}

impl TaskState {
    /// True when the state never changes again.
    pub const fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::Failed | Self::Canceled | Self::Skipped
        )
    }

    /// From the number on the wire.
    pub const fn from_wire(value: u8) -> Option<Self> {
        Some(match value {
            0 => Self::Pending,
            1 => Self::Ready,
            2 => Self::Assigned,
            3 => Self::Running,
            4 => Self::Succeeded,
            5 => Self::Failed,
            6 => Self::Canceled,
            7 => Self::Skipped,
            8 => Self::Canceling,
            _ => return None,
        })
    }
}

/// Why a task failed; the numbers are the constants of `physical_ai_msgs/msg/TaskResult`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u16)]
#[allow(missing_docs, reason = "TaskResult.msg documents each constant")]
pub enum ErrorCode {
    Ok = 0,
    InvalidParams = 1,
    Unreachable = 2,
    Timeout = 3,
    Blocked = 4,
    SafetyStop = 5,
    StaleData = 6,
    WorkerLost = 7,
    Canceled = 8,
    DependencyFailed = 9,
    GraspFailed = 10,
    Busy = 11,
    UnknownSkill = 12,
    Internal = 13,
}

impl ErrorCode {
    /// From the number on the wire; unknown numbers are [`ErrorCode::Internal`].
    pub const fn from_wire(value: u16) -> Self {
        match value {
            0 => Self::Ok,
            1 => Self::InvalidParams,
            2 => Self::Unreachable,
            3 => Self::Timeout,
            4 => Self::Blocked,
            5 => Self::SafetyStop,
            6 => Self::StaleData,
            7 => Self::WorkerLost,
            8 => Self::Canceled,
            9 => Self::DependencyFailed,
            10 => Self::GraspFailed,
            11 => Self::Busy,
            12 => Self::UnknownSkill,
            _ => Self::Internal,
        }
    }
}

/// What kind of reaction a failure calls for; numbers of `physical_ai_msgs/msg/FailurePolicy`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum FailurePolicyKind {
    /// The mission fails; unfinished tasks are cancelled.
    #[default]
    FailMission = 0,
    /// Same worker again.
    Retry = 1,
    /// Another worker, or the same one restarted.
    Reassign = 2,
    /// Run the compensation, then fail the mission.
    Compensate = 3,
    /// Hold until an operator decides.
    AskOperator = 4,
    /// Skip the task and what depends on it.
    Skip = 5,
}

/// What a failed task means for its mission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailurePolicy {
    /// Reaction.
    pub kind: FailurePolicyKind,
    /// Attempts in all, the first included; at least 1.
    #[serde(default = "default_attempts")]
    pub max_attempts: u32,
    /// Seconds before the next attempt.
    #[serde(default)]
    pub backoff_s: f64,
    /// Task that undoes this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compensation: Option<TaskId>,
}

const fn default_attempts() -> u32 {
    3
}

impl Default for FailurePolicy {
    fn default() -> Self {
        Self {
            kind: FailurePolicyKind::default(),
            max_attempts: default_attempts(),
            backoff_s: 0.0,
            compensation: None,
        }
    }
}

/// One task of a plan, as its author wrote it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskSpec {
    /// Unique within the plan.
    pub id: TaskId,
    /// Skill to run.
    pub skill: SkillName,
    /// Robot; `None`: any that offers the skill.
    #[serde(default)]
    pub robot: Option<RobotName>,
    /// JSON object that fits the skill's schema.
    #[serde(default)]
    pub params: serde_json::Value,
    /// Tasks that must succeed first.
    #[serde(default)]
    pub after: Vec<TaskId>,
    /// What a failure means.
    #[serde(default)]
    pub on_failure: FailurePolicy,
    /// What the task needs beyond what its capability declares.
    #[serde(default)]
    pub resources: Resources,
    /// Seconds after which an attempt fails; zero: none.
    #[serde(default)]
    pub timeout_s: f64,
    /// May run twice; `None`: as its capability says.
    #[serde(default)]
    pub idempotent: Option<bool>,
}

/// A validated shape of a mission: a list of tasks whose `after` edges form a DAG.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What its author calls it; empty: nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Tasks in the author's order.
    pub tasks: Vec<TaskSpec>,
}
