//! A mission as it is shown: tables and JSON of what the orchestrator tells.

use physical_ai_ros::msg::builtin_interfaces::msg::Time;
use physical_ai_ros::msg::physical_ai_msgs::action::ExecuteMission;
use physical_ai_ros::msg::physical_ai_msgs::msg::{MissionStatus, TaskResult, TaskStatus};
use physical_ai_ros::time_from_msg;
use serde_json::{Value, json};

use crate::output;

/// Live state of a mission, from feedback or from the `missions` topic.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Progress {
    /// What the orchestrator does with it.
    pub phase: String,
    /// 0 to 1.
    pub fraction: f32,
    /// Who made the plan.
    pub planner: String,
    /// All tasks.
    pub tasks: Vec<TaskStatus>,
    /// The plan as JSON while it waits to be confirmed; empty otherwise.
    pub plan: String,
}

impl From<ExecuteMission::Feedback> for Progress {
    fn from(feedback: ExecuteMission::Feedback) -> Self {
        Self {
            phase: feedback.phase,
            fraction: feedback.progress,
            planner: feedback.planner,
            tasks: feedback.tasks,
            plan: feedback.plan,
        }
    }
}

impl From<&MissionStatus> for Progress {
    fn from(mission: &MissionStatus) -> Self {
        Self {
            phase: mission.phase.clone(),
            fraction: mission.progress,
            planner: mission.planner.clone(),
            tasks: mission.tasks.clone(),
            plan: mission.plan.clone(),
        }
    }
}

impl Progress {
    /// For `--json`.
    pub fn to_json(&self, mission_id: &str) -> Value {
        json!({
            "event": "feedback",
            "mission_id": mission_id,
            "phase": self.phase,
            "progress": self.fraction,
            "planner": self.planner,
            "tasks": self.tasks.iter().map(task_status).collect::<Vec<_>>(),
        })
    }
}

/// Name of an ExecuteMission result.
pub const fn error_name(code: u16) -> &'static str {
    match code {
        0 => "ok",
        1 => "invalid goal",
        2 => "not understood",
        3 => "invalid mission",
        4 => "task failed",
        5 => "canceled",
        6 => "deadline missed",
        7 => "no worker",
        8 => "rejected",
        9 => "internal error",
        10 => "not confirmed",
        _ => "unknown error",
    }
}

/// Seconds of a time; none for zero, which stands for "never".
fn seconds(time: &Time) -> Option<f64> {
    let time = time_from_msg(time);
    (time.nanoseconds() != 0).then(|| time.seconds())
}

/// None either if the clock went back in between, as that of a simulation that starts again does.
fn duration_s(started: &Time, finished: &Time) -> Option<f64> {
    let duration = seconds(finished)? - seconds(started)?;
    (duration >= 0.0).then_some(duration)
}

fn task_status(task: &TaskStatus) -> Value {
    json!({
        "id": task.id,
        "skill": task.skill,
        "robot": task.robot,
        "worker": task.worker,
        "state": output::task_state(task.state.value),
        "attempt": task.attempt,
        "progress": task.progress,
    })
}

fn task_result(task: &TaskResult) -> Value {
    json!({
        "id": task.id,
        "skill": task.skill,
        "robot": task.robot,
        "worker": task.worker,
        "state": output::task_state(task.state.value),
        "attempts": task.attempts,
        "started_s": seconds(&task.started),
        "finished_s": seconds(&task.finished),
        "duration_s": duration_s(&task.started, &task.finished),
        "error_code": task.error_code,
        "error_msg": task.error_msg,
        // A JSON text; what does not parse is shown as it came.
        "result": serde_json::from_str::<Value>(&task.result).unwrap_or_else(|_| json!(task.result)),
    })
}

/// The end of a mission as JSON.
pub fn result_json(result: &ExecuteMission::Result) -> Value {
    json!({
        "event": "result",
        "mission_id": result.mission_id,
        "error_code": result.error_code,
        "error_msg": result.error_msg,
        "tasks": result.tasks.iter().map(task_result).collect::<Vec<_>>(),
    })
}

/// The end of a mission as a table.
pub fn result_table(tasks: &[TaskResult]) -> String {
    let mut table = output::table(&[
        "task", "skill", "robot", "worker", "state", "attempts", "duration", "error",
    ]);
    for task in tasks {
        let duration = duration_s(&task.started, &task.finished);
        table.add_row([
            task.id.clone(),
            task.skill.clone(),
            task.robot.clone(),
            task.worker.clone(),
            output::task_state(task.state.value).to_owned(),
            task.attempts.to_string(),
            duration.map_or_else(String::new, |d| format!("{d:.1} s")),
            task.error_msg.clone(),
        ]);
    }
    table.to_string()
}

/// One line about how a mission ended.
pub fn summary(result: &ExecuteMission::Result) -> String {
    let id = &result.mission_id;
    let done = result.tasks.iter().filter(|t| t.state.value == 4).count();
    let of = result.tasks.len();
    if result.error_code == 0 {
        return format!("mission {id} succeeded: {done} of {of} tasks");
    }
    let name = error_name(result.error_code);
    let code = result.error_code;
    let message = &result.error_msg;
    format!("mission {id} failed ({name}, code {code}; {done} of {of} tasks done): {message}")
}

/// The end of a mission whose action result was lost with its orchestrator, from its status.
pub fn result_of(mission: &MissionStatus) -> ExecuteMission::Result {
    ExecuteMission::Result {
        error_code: mission.error_code,
        error_msg: mission.error_msg.clone(),
        mission_id: mission.mission_id.clone(),
        tasks: mission
            .tasks
            .iter()
            .map(|t| TaskResult {
                id: t.id.clone(),
                skill: t.skill.clone(),
                robot: t.robot.clone(),
                worker: t.worker.clone(),
                state: t.state.clone(),
                attempts: t.attempt,
                ..Default::default()
            })
            .collect(),
    }
}

/// True for phases in which a mission stays.
pub fn is_over(phase: &str) -> bool {
    matches!(phase, "succeeded" | "failed" | "canceled")
}

/// One mission as JSON.
pub fn mission_json(mission: &MissionStatus) -> Value {
    json!({
        "mission_id": mission.mission_id,
        "name": mission.name,
        "phase": mission.phase,
        "progress": mission.progress,
        "planner": mission.planner,
        "text": mission.text,
        "priority": mission.priority,
        "accepted_s": seconds(&mission.accepted),
        "finished_s": seconds(&mission.finished),
        "error_code": mission.error_code,
        "error_msg": mission.error_msg,
        "tasks": mission.tasks.iter().map(task_status).collect::<Vec<_>>(),
        // Null unless it waits to be confirmed.
        "plan": serde_json::from_str::<Value>(&mission.plan).unwrap_or(Value::Null),
    })
}

/// What a mission is called: its plan's own name, or the mission as it came.
pub fn title(mission: &MissionStatus) -> &str {
    if mission.name.is_empty() {
        &mission.text
    } else {
        &mission.name
    }
}

/// Missions as a table, newest last.
pub fn mission_table(missions: &[MissionStatus]) -> String {
    let mut table = output::table(&[
        "mission",
        "phase",
        "progress",
        "tasks",
        "planner",
        "priority",
        "error",
        "name or text",
    ]);
    for m in missions {
        let done = m.tasks.iter().filter(|t| t.state.value == 4).count();
        table.add_row([
            m.mission_id.clone(),
            m.phase.clone(),
            percent(m.progress),
            format!("{done}/{}", m.tasks.len()),
            m.planner.clone(),
            m.priority.to_string(),
            m.error_msg.clone(),
            title(m).to_owned(),
        ]);
    }
    table.to_string()
}

/// Tasks of a mission that may still run, as a table.
pub fn task_table(tasks: &[TaskStatus]) -> String {
    let mut table = output::table(&[
        "task", "skill", "robot", "worker", "state", "attempt", "progress",
    ]);
    for task in tasks {
        table.add_row([
            task.id.clone(),
            task.skill.clone(),
            task.robot.clone(),
            task.worker.clone(),
            output::task_state(task.state.value).to_owned(),
            task.attempt.to_string(),
            percent(task.progress),
        ]);
    }
    table.to_string()
}

/// A fraction for people.
pub fn percent(fraction: f32) -> String {
    format!("{:.0} %", fraction * 100.0)
}

#[cfg(test)]
mod tests {
    use physical_ai_ros::msg::physical_ai_msgs::msg::TaskState;

    use super::*;

    fn result(error_code: u16) -> ExecuteMission::Result {
        ExecuteMission::Result {
            error_code,
            error_msg: "put the box back".to_owned(),
            mission_id: "m".to_owned(),
            tasks: vec![TaskResult {
                id: "pick".to_owned(),
                robot: "arm_1".to_owned(),
                state: TaskState { value: 4 },
                attempts: 2,
                started: Time { sec: 1, nanosec: 0 },
                finished: Time {
                    sec: 3,
                    nanosec: 500_000_000,
                },
                result: "{\"lifted_m\": 0.1}".to_owned(),
                ..Default::default()
            }],
        }
    }

    #[test]
    fn results_carry_duration_attempts_and_measurements() {
        let json = result_json(&result(0));
        assert_eq!(json["tasks"][0]["duration_s"], 2.5);
        assert_eq!(json["tasks"][0]["state"], "succeeded");
        assert_eq!(json["tasks"][0]["result"]["lifted_m"], 0.1);
        let table = result_table(&result(0).tasks);
        assert!(
            table.contains("2.5 s") && table.contains("arm_1"),
            "{table}"
        );
    }

    #[test]
    fn tasks_that_never_started_have_no_duration() {
        let mut result = result(0);
        result.tasks[0].started = Time::default();
        assert!(result_json(&result)["tasks"][0]["duration_s"].is_null());
    }

    #[test]
    fn clock_that_went_back_gives_no_duration() {
        let mut result = result(0);
        result.tasks[0].started.sec = 74;
        assert!(result_json(&result)["tasks"][0]["duration_s"].is_null());
        assert!(!result_table(&result.tasks).contains("-7"));
    }

    #[test]
    fn missions_are_called_by_their_plan_name() {
        let mut mission = MissionStatus {
            text: "tasks:".to_owned(),
            ..Default::default()
        };
        assert!(mission_table(std::slice::from_ref(&mission)).contains("tasks:"));
        assert!(mission_json(&mission)["plan"].is_null());
        mission.name = "sort the boxes".to_owned();
        mission.plan = "{\"tasks\": []}".to_owned();
        let table = mission_table(std::slice::from_ref(&mission));
        assert!(
            table.contains("sort the boxes") && !table.contains("tasks:"),
            "{table}"
        );
        assert!(mission_json(&mission)["plan"]["tasks"].is_array());
    }

    #[test]
    fn summaries_say_what_went_wrong() {
        assert_eq!(summary(&result(0)), "mission m succeeded: 1 of 1 tasks");
        let text = summary(&result(6));
        assert!(text.contains("deadline missed") && text.contains("put the box back"));
    }

    #[test]
    fn a_lost_result_is_rebuilt_from_the_status() {
        let mission = MissionStatus {
            mission_id: "m".to_owned(),
            error_code: 4,
            tasks: vec![TaskStatus {
                id: "t".to_owned(),
                attempt: 3,
                state: TaskState { value: 5 },
                ..Default::default()
            }],
            ..Default::default()
        };
        let result = result_of(&mission);
        assert_eq!((result.error_code, result.tasks[0].attempts), (4, 3));
    }
}
