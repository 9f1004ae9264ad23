use std::collections::{BTreeMap, BTreeSet};

use physical_ai_domain::{
    ErrorCode, FencingToken, MissionId, Plan, Resources, RobotName, TaskSpec, TaskState, Time,
    WorkerName,
};
use serde::{Deserialize, Serialize};

/// How a mission ends; the numbers are those of `physical_ai_msgs/action/ExecuteMission`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u16)]
#[allow(missing_docs, reason = "ExecuteMission.action documents each constant")]
pub enum MissionError {
    #[default]
    Ok = 0,
    InvalidGoal = 1,
    NotUnderstood = 2,
    InvalidMission = 3,
    TaskFailed = 4,
    Canceled = 5,
    DeadlineMissed = 6,
    NoWorker = 7,
    Rejected = 8,
    Internal = 9,
    NotConfirmed = 10,
}

/// Where a mission is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "ExecuteMission.action names the phases")]
pub enum MissionPhase {
    Decomposing,
    Validating,
    /// The plan waits for a user's word; nothing was submitted to the scheduler.
    Confirming,
    /// Nothing runs: tasks wait for workers, for a backoff or for an operator.
    Waiting,
    Executing,
    Cancelling,
    Aggregating,
    Succeeded,
    Failed,
    Canceled,
}

impl MissionPhase {
    /// Name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decomposing => "decomposing",
            Self::Validating => "validating",
            Self::Confirming => "confirming",
            Self::Waiting => "waiting",
            Self::Executing => "executing",
            Self::Cancelling => "cancelling",
            Self::Aggregating => "aggregating",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// True when the mission is over.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Canceled)
    }
}

/// What is known about the execution of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskStatus {
    /// State.
    pub state: TaskState,
    /// Current attempt; 0 before the first.
    pub attempt: u32,
    /// Token of the current attempt.
    pub token: FencingToken,
    /// Worker of the current attempt.
    pub worker: Option<WorkerName>,
    /// That worker's process.
    pub incarnation: u64,
    /// Robot, once placed.
    pub robot: Option<RobotName>,
    /// What the current attempt holds on its worker.
    pub resources: Resources,
    /// True if an attempt of unknown outcome may be repeated.
    pub idempotent: bool,
    /// ROS time at which the first attempt started; zero: none did.
    pub started: Time,
    /// ROS time at which the task ended; zero: it has not.
    pub finished: Time,
    /// Why the last attempt failed.
    pub error: ErrorCode,
    /// What happened and what to do about it.
    pub error_msg: String,
    /// JSON object of measurements, as text.
    pub result: String,
    /// True while an operator has to decide.
    pub held: bool,
    /// True for a compensation that has become necessary.
    pub triggered: bool,
    /// 0 to 1.
    #[serde(skip)]
    pub progress: f32,
    /// Steady time before which no attempt starts, seconds.
    #[serde(skip)]
    pub(crate) not_before_s: f64,
    /// Steady time at which the state last changed or the worker last spoke of the attempt, seconds.
    #[serde(skip)]
    pub(crate) heard_s: f64,
    /// Steady time at which the last order about the attempt went out, seconds.
    #[serde(skip)]
    pub(crate) ordered_s: f64,
    /// Refusals in a row: the worker was busy, or had no fresh state of the robot.
    #[serde(skip)]
    pub(crate) refusals: u32,
}

impl Default for TaskStatus {
    fn default() -> Self {
        Self {
            state: TaskState::Pending,
            attempt: 0,
            token: FencingToken(0),
            worker: None,
            incarnation: 0,
            robot: None,
            resources: Resources::new(),
            idempotent: false,
            started: Time::ZERO,
            finished: Time::ZERO,
            error: ErrorCode::Ok,
            error_msg: String::new(),
            result: String::new(),
            held: false,
            triggered: false,
            progress: 0.0,
            not_before_s: 0.0,
            heard_s: 0.0,
            ordered_s: 0.0,
            refusals: 0,
        }
    }
}

impl TaskStatus {
    /// True while a worker has an attempt.
    pub const fn is_active(&self) -> bool {
        matches!(
            self.state,
            TaskState::Assigned | TaskState::Running | TaskState::Canceling
        )
    }
}

/// A task of a mission.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// As its author wrote it.
    pub spec: TaskSpec,
    /// How far it is.
    pub status: TaskStatus,
    pub(crate) after: Vec<usize>,
    pub(crate) compensates: bool,
}

/// A mission that was accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mission {
    /// Id.
    pub id: MissionId,
    /// What its plan calls itself; empty: nothing.
    #[serde(default)]
    pub name: String,
    /// Text or plan, as it came.
    pub source: String,
    /// Rung of the ladder that made the plan: `model`, `parser` or `given`.
    pub planner: String,
    /// 0 lowest, 255 highest.
    pub priority: u8,
    /// ROS time; zero: none.
    pub deadline: Time,
    /// ROS time.
    pub accepted: Time,
    /// ROS time; zero: it runs.
    pub finished: Time,
    /// Phase.
    pub phase: MissionPhase,
    /// Why it ends or ended; [`MissionError::Ok`] while nothing went wrong.
    pub error: MissionError,
    /// What to do about it.
    pub error_msg: String,
    /// Grows with each mission.
    pub sequence: u64,
    /// Tasks in the plan's order.
    #[serde(skip)]
    pub tasks: Vec<Task>,
}

impl Mission {
    /// Replaces the tasks and works out how they hang together. References to tasks that do not
    /// exist are ignored: the validator has refused them.
    pub(crate) fn set_tasks(&mut self, tasks: Vec<(TaskSpec, TaskStatus)>) {
        let index: BTreeMap<String, usize> = tasks
            .iter()
            .enumerate()
            .map(|(i, (spec, _))| (spec.id.to_string(), i))
            .collect();
        let compensations: BTreeSet<usize> = tasks
            .iter()
            .filter_map(|(spec, _)| spec.on_failure.compensation.as_ref())
            .filter_map(|id| index.get(id.as_str()).copied())
            .collect();
        self.tasks = tasks
            .into_iter()
            .enumerate()
            .map(|(i, (spec, status))| Task {
                after: spec
                    .after
                    .iter()
                    .filter_map(|id| index.get(id.as_str()).copied())
                    .collect(),
                compensates: compensations.contains(&i),
                spec,
                status,
            })
            .collect();
    }

    pub(crate) fn set_plan(&mut self, plan: Plan) {
        self.name = plan.name;
        self.set_tasks(
            plan.tasks
                .into_iter()
                .map(|spec| (spec, TaskStatus::default()))
                .collect(),
        );
    }

    /// Share that is done, 0 to 1.
    pub fn progress(&self) -> f32 {
        let done: f32 = self
            .tasks
            .iter()
            .map(|t| {
                if t.status.state.is_terminal() {
                    1.0
                } else {
                    t.status.progress
                }
            })
            .sum();
        done / self.tasks.len().max(1) as f32
    }

    /// True from the first sign that it will not succeed.
    pub(crate) fn is_ending(&self) -> bool {
        self.error != MissionError::Ok
    }

    pub(crate) fn find_task(&self, id: &str) -> Option<usize> {
        self.tasks.iter().position(|t| t.spec.id.as_str() == id)
    }
}
