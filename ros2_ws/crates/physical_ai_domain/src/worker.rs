use serde::{Deserialize, Serialize};

use crate::{
    Capability, ErrorCode, FencingToken, MissionId, Resources, RobotName, SkillName, TaskId,
    TaskState, Time, WorkerName,
};

/// One attempt of one task, as a worker gets it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// Mission of the task.
    pub mission: MissionId,
    /// Task.
    pub task: TaskId,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Token of this attempt.
    pub token: FencingToken,
    /// Skill to run.
    pub skill: SkillName,
    /// Robot; `None`: any.
    pub robot: Option<RobotName>,
    /// JSON object that fits the skill's schema.
    pub params: serde_json::Value,
    /// Held while the attempt runs.
    pub resources: Resources,
    /// Seconds after which the worker fails the attempt; zero: none.
    pub timeout_s: f64,
    /// 0 lowest, 255 highest.
    pub priority: u8,
    /// ROS time; zero: none.
    pub deadline: Time,
    /// May be repeated after a crash.
    pub idempotent: bool,
}

/// State of one attempt, as its worker reports it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskReport {
    /// Mission of the task.
    pub mission: MissionId,
    /// Task.
    pub task: TaskId,
    /// Attempt number of the assignment.
    pub attempt: u32,
    /// Token of the assignment.
    pub token: FencingToken,
    /// Running, succeeded, failed or canceled.
    pub state: TaskState,
    /// 0 to 1.
    pub progress: f32,
    /// ROS time at which it started; zero: not yet.
    pub started: Time,
    /// ROS time at which it ended; zero: it runs.
    pub finished: Time,
    /// Why it failed.
    pub error: ErrorCode,
    /// What happened and what to do about it.
    pub error_msg: String,
    /// JSON object of measurements, as text.
    pub result: String,
    /// A new attempt may succeed.
    pub retryable: bool,
}

/// Life of a worker; the numbers are those of `physical_ai_msgs/msg/WorkerStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum WorkerState {
    /// Loading.
    Starting = 0,
    /// Takes tasks.
    Active = 1,
    /// Takes nothing new.
    Draining = 2,
    /// Silent for longer than its lease.
    Suspected = 3,
    /// Its tasks are fenced.
    Lost = 4,
}

impl WorkerState {
    /// From the number on the wire.
    pub const fn from_wire(value: u8) -> Option<Self> {
        Some(match value {
            0 => Self::Starting,
            1 => Self::Active,
            2 => Self::Draining,
            3 => Self::Suspected,
            4 => Self::Lost,
            _ => return None,
        })
    }
}

/// A worker's heartbeat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerReport {
    /// Name, unique in the namespace.
    pub worker: WorkerName,
    /// agent, inference, learning, sensor, actuator or simulation.
    pub kind: String,
    /// Differs for each process.
    pub incarnation: u64,
    /// Host name.
    pub host: String,
    /// Process id.
    pub pid: u32,
    /// State.
    pub state: WorkerState,
    /// Seconds of silence after which it counts as suspected.
    pub lease_s: f64,
    /// 0 idle, 1 fully used.
    pub load: f64,
    /// What it has.
    pub resources_total: Resources,
    /// What is free.
    pub resources_free: Resources,
    /// What it offers.
    pub capabilities: Vec<Capability>,
    /// Keys of bulk data that it holds.
    pub data: Vec<String>,
    /// Attempts in execution, and ended ones that are not acknowledged.
    pub running: Vec<TaskReport>,
    /// Newest token accepted.
    pub last_token: FencingToken,
}
