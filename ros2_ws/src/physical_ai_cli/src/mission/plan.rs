//! A plan as people read it.

use serde_json::{Value, json};

use super::view::Progress;
use crate::output;

/// A plan that waits to be confirmed, as text.
pub fn question(progress: &Progress, mission_id: &str) -> String {
    let by = match progress.planner.as_str() {
        "model" => "the language model understands",
        "parser" => "the parser understands",
        _ => "the plan says",
    };
    let plan: Value = serde_json::from_str(&progress.plan).unwrap_or_default();
    let name = plan["name"]
        .as_str()
        .map_or_else(String::new, |n| format!(" ({n})"));
    format!(
        "mission {mission_id}{name} waits to be confirmed; {by}:\n{}",
        table(&plan)
    )
}

/// The same for `--json`.
pub fn question_json(progress: &Progress, mission_id: &str) -> Value {
    json!({
        "event": "confirm",
        "mission_id": mission_id,
        "planner": progress.planner,
        "plan": serde_json::from_str::<Value>(&progress.plan).unwrap_or(Value::Null),
        "confirm_with": format!("physical-ai mission confirm {mission_id}"),
    })
}

/// Who does what, with which parameters, and after what.
fn table(plan: &Value) -> String {
    let mut table = output::table(&[
        "task",
        "robot",
        "skill",
        "parameters",
        "after",
        "on failure",
    ]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for task in plan["tasks"].as_array().into_iter().flatten() {
        let robot = task["robot"].as_str().unwrap_or("any that can");
        let after: Vec<String> = task["after"]
            .as_array()
            .into_iter()
            .flatten()
            .map(text)
            .collect();
        let after = if after.is_empty() {
            "at once".to_owned()
        } else {
            after.join(", ")
        };
        let on_failure = text(&task["on_failure"]["kind"]).replace('_', " ");
        table.add_row([
            text(&task["id"]),
            robot.to_owned(),
            text(&task["skill"]),
            parameters(&task["params"]),
            after,
            on_failure,
        ]);
    }
    table.to_string()
}

fn parameters(params: &Value) -> String {
    let fields = params.as_object().into_iter().flatten();
    let said: Vec<String> = fields
        .map(|(name, value)| format!("{name}: {}", said(value)))
        .collect();
    said.join(", ")
}

/// Names without quotes, lists in order.
fn said(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(said).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress() -> Progress {
        let plan = json!({"name": "sort", "tasks": [
            {"id": "t1", "skill": "patrol", "robot": "rover_1", "after": [],
             "params": {"places": ["dock_b", "dock_a"], "rounds": 2}, "on_failure": {"kind": "fail_mission"}},
            {"id": "t2", "skill": "navigate_to", "robot": null, "params": {"x": 1.5, "y": -2},
             "after": ["t1"], "on_failure": {"kind": "ask_operator"}},
        ]});
        Progress {
            phase: "confirming".to_owned(),
            planner: "model".to_owned(),
            plan: plan.to_string(),
            ..Default::default()
        }
    }

    #[test]
    fn question_shows_robots_parameters_and_order() {
        let text = question(&progress(), "m-1");
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(
            rows[0],
            "mission m-1 (sort) waits to be confirmed; the language model understands:"
        );
        let row = |id: &str| *rows.iter().find(|r| r.contains(id)).unwrap();
        for part in [
            "rover_1",
            "patrol",
            "places: [dock_b, dock_a], rounds: 2",
            "at once",
        ] {
            assert!(row("│ t1").contains(part), "{text}");
        }
        for part in [
            "any that can",
            "navigate_to",
            "x: 1.5, y: -2",
            "t1",
            "ask operator",
        ] {
            assert!(row("│ t2").contains(part), "{text}");
        }
    }

    #[test]
    fn question_for_programs_says_how_to_answer() {
        let json = question_json(&progress(), "m-1");
        assert_eq!(json["event"], "confirm");
        assert_eq!(json["plan"]["tasks"][1]["params"]["y"], -2);
        assert_eq!(json["confirm_with"], "physical-ai mission confirm m-1");
    }
}
