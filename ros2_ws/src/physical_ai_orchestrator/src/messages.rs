//! Missions as messages.

use physical_ai_domain::{MissionId, TaskSpec, Time};
use physical_ai_mission::{KnownWorker, Mission, MissionPhase, Task};
use physical_ai_ros::msg::physical_ai_msgs::action::ExecuteMission;
use physical_ai_ros::msg::physical_ai_msgs::msg::{
    ChatMessage, MissionStatus, MissionStatusArray, TaskResult, TaskState, TaskStatus,
    WorkerStatusArray,
};
use physical_ai_ros::msg::std_msgs::msg::Header;
use physical_ai_ros::{time_to_msg, worker_to_msg};

use crate::confirmation::Confirming;
use crate::intake::Refusal;

const MAX_EXCERPT_CHARS: usize = 200;

fn header(now: Time) -> Header {
    Header {
        stamp: time_to_msg(now),
        ..Default::default()
    }
}

fn text<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn robot(task: &Task) -> String {
    text(task.status.robot.as_ref().or(task.spec.robot.as_ref()))
}

fn task_status(task: &Task) -> TaskStatus {
    TaskStatus {
        id: task.spec.id.to_string(),
        skill: task.spec.skill.to_string(),
        robot: robot(task),
        worker: text(task.status.worker.as_ref()),
        state: TaskState {
            value: task.status.state as u8,
        },
        attempt: task.status.attempt,
        progress: if task.status.state.is_terminal() {
            1.0
        } else {
            task.status.progress
        },
    }
}

fn task_result(task: &Task) -> TaskResult {
    TaskResult {
        id: task.spec.id.to_string(),
        skill: task.spec.skill.to_string(),
        robot: robot(task),
        worker: text(task.status.worker.as_ref()),
        state: TaskState {
            value: task.status.state as u8,
        },
        attempts: task.status.attempt,
        started: time_to_msg(task.status.started),
        finished: time_to_msg(task.status.finished),
        error_code: task.status.error as u16,
        error_msg: task.status.error_msg.clone(),
        result: task.status.result.clone(),
    }
}

pub fn feedback(mission: &Mission) -> ExecuteMission::Feedback {
    ExecuteMission::Feedback {
        phase: mission.phase.as_str().to_owned(),
        progress: mission.progress(),
        planner: mission.planner.clone(),
        tasks: mission.tasks.iter().map(task_status).collect(),
        plan: String::new(),
    }
}

pub fn result(mission: &Mission) -> ExecuteMission::Result {
    ExecuteMission::Result {
        error_code: mission.error as u16,
        error_msg: mission.error_msg.clone(),
        mission_id: mission.id.to_string(),
        tasks: mission.tasks.iter().map(task_result).collect(),
    }
}

pub fn refusal(refusal: &Refusal, mission_id: &str) -> ExecuteMission::Result {
    ExecuteMission::Result {
        error_code: refusal.error as u16,
        error_msg: refusal.error_msg.clone(),
        mission_id: mission_id.to_owned(),
        tasks: Vec::new(),
    }
}

/// A mission that waits for a user's word, for its clients.
pub fn confirming_feedback(asked: &Confirming) -> ExecuteMission::Feedback {
    ExecuteMission::Feedback {
        phase: MissionPhase::Confirming.as_str().to_owned(),
        planner: asked.planner.to_owned(),
        tasks: asked.plan.tasks.iter().map(unsubmitted).collect(),
        plan: asked.plan_json.clone(),
        ..Default::default()
    }
}

/// The same for everybody.
pub fn confirming_status(id: &MissionId, asked: &Confirming) -> MissionStatus {
    MissionStatus {
        mission_id: id.to_string(),
        name: asked.plan.name.clone(),
        phase: MissionPhase::Confirming.as_str().to_owned(),
        planner: asked.planner.to_owned(),
        text: excerpt(&asked.source),
        priority: asked.priority,
        accepted: time_to_msg(asked.since),
        tasks: asked.plan.tasks.iter().map(unsubmitted).collect(),
        plan: asked.plan_json.clone(),
        ..Default::default()
    }
}

fn unsubmitted(task: &TaskSpec) -> TaskStatus {
    TaskStatus {
        id: task.id.to_string(),
        skill: task.skill.to_string(),
        robot: text(task.robot.as_ref()),
        ..Default::default()
    }
}

/// A conversation as people read it.
pub fn conversation(messages: &[ChatMessage]) -> String {
    let parts: Vec<String> = messages
        .iter()
        .map(|m| format!("[{}]\n{}", m.role, m.content))
        .collect();
    parts.join("\n")
}

/// The mission in a line that people recognise.
fn excerpt(source: &str) -> String {
    let line = source.lines().find(|l| !l.trim().is_empty());
    line.unwrap_or_default()
        .trim()
        .chars()
        .take(MAX_EXCERPT_CHARS)
        .collect()
}

/// Missions that were submitted, and those that wait for a user's word.
pub fn missions<'a>(
    missions: &[&Mission],
    confirming: impl Iterator<Item = (&'a MissionId, &'a Confirming)>,
    now: Time,
) -> MissionStatusArray {
    let submitted = missions.iter().map(|m| MissionStatus {
        mission_id: m.id.to_string(),
        name: m.name.clone(),
        phase: m.phase.as_str().to_owned(),
        progress: m.progress(),
        planner: m.planner.clone(),
        text: excerpt(&m.source),
        priority: m.priority,
        accepted: time_to_msg(m.accepted),
        finished: time_to_msg(m.finished),
        error_code: m.error as u16,
        error_msg: m.error_msg.clone(),
        tasks: m.tasks.iter().map(task_status).collect(),
        plan: String::new(),
    });
    let confirming = confirming.map(|(id, asked)| confirming_status(id, asked));
    MissionStatusArray {
        header: header(now),
        missions: submitted.chain(confirming).collect(),
    }
}

pub fn workers<'a>(workers: impl Iterator<Item = &'a KnownWorker>, now: Time) -> WorkerStatusArray {
    WorkerStatusArray {
        header: header(now),
        workers: workers.map(|w| worker_to_msg(&w.report, now)).collect(),
    }
}
