//! `mission list`, `show`, `cancel` and `validate`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{bail, ensure};
use physical_ai_ros::msg::physical_ai_msgs::msg::{MissionStatus, MissionStatusArray};
use physical_ai_ros::msg::physical_ai_msgs::srv::{CancelMission, ValidateMission};
use physical_ai_ros::{Client, Qos};
use serde_json::{Value, json};

use super::input::Mission;
use super::{plan, ros_time, view};
use crate::arguments::Global;
use crate::connection::{self, PATIENCE};
use crate::output;

/// A plan by a language model takes its time.
const VALIDATION: Duration = Duration::from_secs(30);

/// A client whose orchestrator is there.
async fn connect(global: &Global) -> anyhow::Result<Client> {
    let client = connection::connect(global)?;
    connection::wait_for::<CancelMission::Service>(
        global,
        &client,
        "cancel_mission",
        "orchestrator",
    )
    .await?;
    Ok(client)
}

async fn missions(global: &Global) -> anyhow::Result<Vec<MissionStatus>> {
    let client = connect(global).await?;
    let mut missions = client
        .subscribe::<MissionStatusArray>("missions", Qos::state_latched())
        .await?;
    match tokio::time::timeout(PATIENCE, missions.recv()).await {
        Ok(Some(array)) => Ok(array.missions),
        _ => Err(connection::nobody(global, "orchestrator")),
    }
}

/// All missions that the orchestrator knows.
pub async fn list(global: &Global) -> anyhow::Result<ExitCode> {
    let missions = missions(global).await?;
    if global.json {
        for mission in &missions {
            output::json_line(&view::mission_json(mission));
        }
    } else if missions.is_empty() {
        output::line("no missions");
    } else {
        output::line(view::mission_table(&missions));
    }
    Ok(ExitCode::SUCCESS)
}

/// One mission and its tasks.
pub async fn show(global: &Global, id: &str) -> anyhow::Result<ExitCode> {
    let missions = missions(global).await?;
    let Some(mission) = missions.iter().find(|m| m.mission_id == id) else {
        let known: Vec<&str> = missions.iter().map(|m| m.mission_id.as_str()).collect();
        bail!(
            "no mission {id:?}; known are: {}",
            if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            }
        );
    };
    if global.json {
        output::json_line(&view::mission_json(mission));
    } else {
        output::line(view::mission_table(std::slice::from_ref(mission)));
        if mission.plan.is_empty() {
            output::line(view::task_table(&mission.tasks));
        } else {
            let progress = view::Progress::from(mission);
            output::line(plan::question(&progress, id));
            output::line(format!(
                "`physical-ai mission confirm {id}` runs it, with --no it is declined"
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Cancels one mission, or all.
pub async fn cancel(global: &Global, id: &str) -> anyhow::Result<ExitCode> {
    ensure!(
        !id.is_empty(),
        "mission id is empty; `all` cancels every mission"
    );
    let mission_id = if id == "all" { "" } else { id };
    let client = connect(global).await?;
    let request = CancelMission::Request {
        mission_id: mission_id.to_owned(),
    };
    let answer = client
        .call::<CancelMission::Service>("cancel_mission", request, PATIENCE)
        .await?;
    if global.json {
        output::json_line(&json!({
            "cancelling": answer.cancelling,
            "error_code": answer.error_code,
            "error_msg": answer.error_msg,
        }));
    } else if answer.error_code != 0 {
        bail!("mission {id}: {}", answer.error_msg);
    } else if answer.cancelling.is_empty() {
        output::line("no mission runs");
    } else {
        output::line(format!("cancelling {}", answer.cancelling.join(", ")));
    }
    Ok(exit_code(answer.error_code == 0))
}

/// Checks a mission without running it.
pub async fn validate(
    global: &Global,
    mission: &str,
    deadline_s: Option<f64>,
) -> anyhow::Result<ExitCode> {
    let mission = Mission::read(mission)?;
    let client = connect(global).await?;
    let request = ValidateMission::Request {
        text: mission.text,
        plan: mission.plan,
        deadline: ros_time::deadline(&client, global, deadline_s).await?,
    };
    let answer = client
        .call::<ValidateMission::Service>("validate_mission", request, VALIDATION)
        .await?;
    if global.json {
        output::json_line(&validation_json(&answer));
    } else {
        output::line(validation_text(&answer));
    }
    Ok(exit_code(answer.valid))
}

fn exit_code(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Task, predicted start and end.
fn schedule(answer: &ValidateMission::Response) -> impl Iterator<Item = (&str, f64, f64)> {
    let times = answer.predicted_start_s.iter().zip(&answer.predicted_end_s);
    answer
        .task_ids
        .iter()
        .zip(times)
        .map(|(id, (start, end))| (id.as_str(), *start, *end))
}

fn validation_json(answer: &ValidateMission::Response) -> Value {
    let tasks: Vec<Value> = schedule(answer)
        .map(|(id, start, end)| {
            json!({"id": id, "predicted_start_s": start, "predicted_end_s": end})
        })
        .collect();
    json!({
        "valid": answer.valid,
        "violations": answer.violations,
        "planner": answer.planner,
        "plan": serde_json::from_str::<Value>(&answer.plan).unwrap_or(Value::Null),
        "tasks": tasks,
        "predicted_duration_s": answer.predicted_duration_s,
        "error_code": answer.error_code,
        "error_msg": answer.error_msg,
    })
}

fn validation_text(answer: &ValidateMission::Response) -> String {
    if !answer.valid {
        let mut text = format!("not valid ({})", view::error_name(answer.error_code));
        for violation in &answer.violations {
            text += &format!("\n- {violation}");
        }
        if answer.violations.is_empty() {
            text += &format!(": {}", answer.error_msg);
        }
        return text;
    }
    let mut table = output::table(&["task", "start", "end"]);
    for (id, start, end) in schedule(answer) {
        table.add_row([
            id.to_owned(),
            format!("{start:.1} s"),
            format!("{end:.1} s"),
        ]);
    }
    format!(
        "{table}\nvalid (plan: {}); predicted to take {:.1} s",
        answer.planner, answer.predicted_duration_s
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_missions_are_shown_with_predicted_times() {
        let answer = ValidateMission::Response {
            valid: true,
            plan: "{\"tasks\": []}".to_owned(),
            planner: "parser".to_owned(),
            task_ids: vec!["go".to_owned()],
            predicted_start_s: vec![0.0],
            predicted_end_s: vec![4.25],
            predicted_duration_s: 4.25,
            ..Default::default()
        };
        let text = validation_text(&answer);
        assert!(text.contains("go") && text.contains("4.2 s"), "{text}");
        let json = validation_json(&answer);
        assert_eq!(json["tasks"][0]["predicted_end_s"], 4.25);
        assert!(json["plan"]["tasks"].is_array());
    }

    #[test]
    fn every_violation_is_shown() {
        let answer = ValidateMission::Response {
            violations: vec!["robot: \"x\"".to_owned(), "place: \"y\"".to_owned()],
            error_code: 3,
            ..Default::default()
        };
        let text = validation_text(&answer);
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.contains("invalid mission"));
    }
}
