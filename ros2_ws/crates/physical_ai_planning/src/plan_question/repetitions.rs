//! Plans without what is said twice in a row: a small model repeats tasks.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::skill_roles::SkillRoles;

/// The plan without repetitions; `None` if it has none, or is no plan.
pub fn without_repetitions(answer: &str, skills: &SkillRoles) -> Option<String> {
    let mut answer: Value = serde_json::from_str(answer).ok()?;
    let tasks = answer.get_mut("tasks")?.as_array_mut()?;
    let before = tasks.len();
    leave_out_repetitions(tasks, skills);
    (tasks.len() < before).then(|| answer.to_string())
}

fn id(place: usize) -> String {
    format!("t{}", place + 1)
}

/// Places of the tasks that a task waits for.
fn places_of(after: &Value) -> Vec<usize> {
    let ids = after
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let numbers = ids.filter_map(|id| id.strip_prefix('t')?.parse::<usize>().ok());
    let mut places: Vec<usize> = numbers.filter_map(|n| n.checked_sub(1)).collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// Leaves out what a robot has just done or does at the same time; ids are counted anew.
fn leave_out_repetitions(tasks: &mut Vec<Value>, skills: &SkillRoles) {
    let what = |task: &Value| (task["skill"].clone(), task["params"].clone());
    let mut last: BTreeMap<String, (usize, Value)> = BTreeMap::new();
    let (mut kept, mut place_of): (Vec<Value>, Vec<usize>) = (Vec::new(), Vec::new());
    for task in tasks.drain(..) {
        let robot = task["robot"].to_string();
        let repeats = |(_, before): &&(usize, Value)| {
            let is_once = skills.of_task(&task).is_some_and(|skill| !skill.adds_up());
            let (waits, after) = (&task["after"], &before["after"]);
            let is_next = *waits == json!([before["id"]]) || waits == after;
            is_next && is_once && what(before) == what(&task)
        };
        if let Some((place, _)) = last.get(&robot).filter(repeats) {
            place_of.push(*place);
            continue;
        }
        place_of.push(kept.len());
        last.insert(robot, (kept.len(), task.clone()));
        kept.push(task);
    }
    for (place, task) in kept.iter_mut().enumerate() {
        let after = places_of(&task["after"]);
        let after = after.iter().filter_map(|old| place_of.get(*old));
        let mut ids: Vec<usize> = after.copied().filter(|before| *before < place).collect();
        ids.sort_unstable();
        ids.dedup();
        if let Some(task) = task.as_object_mut() {
            task.insert("id".to_owned(), json!(id(place)));
            if task.contains_key("after") {
                task.insert(
                    "after".to_owned(),
                    json!(ids.into_iter().map(id).collect::<Vec<_>>()),
                );
            }
        }
    }
    *tasks = kept;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_fleet::all_skills;

    /// Robot, skill and what each task waits for.
    fn plan(tasks: &[(&str, &str, &[usize])]) -> Value {
        let task = |(place, (robot, skill, after)): (usize, &(&str, &str, &[usize]))| {
            let mut task = json!({"id": id(place), "robot": robot, "skill": skill});
            if !after.is_empty() {
                task["after"] = json!(after.iter().map(|n| format!("t{n}")).collect::<Vec<_>>());
            }
            task
        };
        let tasks: Vec<Value> = tasks.iter().enumerate().map(task).collect();
        json!({ "tasks": tasks })
    }

    #[test]
    fn what_a_robot_has_just_done_is_left_out() {
        let skills = all_skills(&["a", "b", "c"]);
        let said = plan(&[
            ("a", "home", &[]),
            ("b", "home", &[]),
            ("a", "home", &[1]),
            ("c", "wait", &[2, 3]),
        ]);
        let meant = plan(&[
            ("a", "home", &[]),
            ("b", "home", &[]),
            ("c", "wait", &[1, 2]),
        ]);
        let found = without_repetitions(&said.to_string(), &skills).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&found).unwrap(), meant);
        let stays: [&[(&str, &str, &[usize])]; 3] = [
            &[("a", "wait", &[]), ("a", "wait", &[1])],
            &[("a", "home", &[]), ("b", "wait", &[1]), ("a", "home", &[2])],
            &[("a", "pick", &[]), ("a", "home", &[1])],
        ];
        for tasks in stays {
            let found = without_repetitions(&plan(tasks).to_string(), &skills);
            assert_eq!(found, None, "{tasks:?}");
        }
        for other in [r#"{"refusal":"x"}"#, "{"] {
            assert_eq!(without_repetitions(other, &skills), None, "{other}");
        }
    }
}
