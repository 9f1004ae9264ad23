//! Plans put in order: nothing is done twice in a row, and tasks wait for what a sentence can say.
//!
//! What sentences mean (see `planner/missions.py`): steps run one after the other, in a step robots work side
//! by side, each of them one thing after the other. So a task waits for its robot's task before, for all that
//! the step waits for, or for the whole step before; which of these is the model's to say.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Doing them twice in a row is the same as doing them once.
const IDEMPOTENT: [&str; 8] = [
    "home",
    "navigate_to",
    "pick",
    "pick_and_place",
    "place",
    "set_gripper",
    "move_to",
    "move_joints",
];

/// The plan in order; `None` if it is in order already, or no plan.
pub fn in_order(answer: &str) -> Option<String> {
    let mut answer: Value = serde_json::from_str(answer).ok()?;
    let before = answer.clone();
    let tasks = answer.get_mut("tasks")?.as_array_mut()?;
    without_repetitions(tasks);
    let mut steps = Steps::default();
    for index in 0..tasks.len() {
        let robot = tasks[index].get("robot")?.as_str()?.to_owned();
        let waits = places_of(&tasks[index]["after"]);
        let after = steps.add(index, robot, &waits);
        let task = tasks[index].as_object_mut()?;
        if after.is_empty() {
            task.shift_remove("after");
        } else {
            let ids: Vec<String> = after.iter().map(|place| id(*place)).collect();
            task.insert("after".to_owned(), json!(ids));
        }
    }
    (answer != before).then(|| answer.to_string())
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
fn without_repetitions(tasks: &mut Vec<Value>) {
    let what = |task: &Value| (task["skill"].clone(), task["params"].clone());
    let mut last: BTreeMap<String, (usize, Value)> = BTreeMap::new();
    let (mut kept, mut place_of): (Vec<Value>, Vec<usize>) = (Vec::new(), Vec::new());
    for task in tasks.drain(..) {
        let robot = task["robot"].to_string();
        let repeats = |(_, before): &&(usize, Value)| {
            let skill = task["skill"].as_str().unwrap_or_default();
            let (waits, after) = (&task["after"], &before["after"]);
            let is_next = *waits == json!([before["id"]]) || waits == after;
            is_next && IDEMPOTENT.contains(&skill) && what(before) == what(&task)
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

/// The step that a plan has come to.
#[derive(Default)]
struct Steps {
    /// What the step waits for.
    barrier: Vec<usize>,
    /// Tasks of the step that no other waits for.
    open: Vec<usize>,
    /// The last task of each robot in the step.
    last: BTreeMap<String, usize>,
}

impl Steps {
    /// What a task is to wait for, given what it says it does.
    fn add(&mut self, place: usize, robot: String, waits: &[usize]) -> Vec<usize> {
        let own = self.last.get(&robot).map(|before| vec![*before]);
        let in_step = own.clone().unwrap_or_else(|| self.barrier.clone());
        let begins = !self.open.is_empty() && {
            let common = |other: &[usize]| waits.iter().filter(|w| other.contains(w)).count();
            // Of what is said and what is possible, the part that is in both.
            let nearness = |other: &[usize]| {
                let all = waits.len() + other.len() - common(other);
                if all == 0 {
                    1.0
                } else {
                    common(other) as f64 / all as f64
                }
            };
            nearness(&self.open) > nearness(&in_step)
        };
        let after = if begins {
            self.barrier = std::mem::take(&mut self.open);
            self.last.clear();
            self.barrier.clone()
        } else {
            in_step
        };
        if !begins {
            self.open.retain(|open| !after.contains(open));
        }
        self.open.push(place);
        self.last.insert(robot, place);
        after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Robot, skill and what each task waits for.
    fn plan(tasks: &[(&str, &str, &[usize])]) -> String {
        let task = |(place, (robot, skill, after)): (usize, &(&str, &str, &[usize]))| {
            let mut task = json!({"id": id(place), "robot": robot, "skill": skill});
            if !after.is_empty() {
                task["after"] = json!(after.iter().map(|n| format!("t{n}")).collect::<Vec<_>>());
            }
            task
        };
        let tasks: Vec<Value> = tasks.iter().enumerate().map(task).collect();
        json!({ "tasks": tasks }).to_string()
    }

    #[test]
    fn plans_in_order_stay() {
        for tasks in [
            &[
                ("a", "pick", &[][..]),
                ("b", "home", &[]),
                ("a", "place", &[1, 2]),
                ("b", "wait", &[1, 2]),
            ][..],
            &[
                ("a", "pick", &[]),
                ("a", "wait", &[1]),
                ("b", "home", &[]),
                ("c", "wait", &[2, 3]),
            ],
            &[
                ("a", "wait", &[]),
                ("a", "wait", &[1]),
                ("b", "home", &[2]),
                ("a", "home", &[2]),
            ],
            &[("a", "home", &[]), ("b", "wait", &[1]), ("a", "home", &[2])],
        ] {
            assert_eq!(in_order(&plan(tasks)), None, "{tasks:?}");
        }
        for other in [r#"{"refusal":"x"}"#, "{", r#"{"tasks":[{"id":"t1"}]}"#] {
            assert_eq!(in_order(other), None, "{other}");
        }
    }

    #[test]
    fn tasks_wait_for_what_can_be_said() {
        for (wrong, right) in [
            (
                &[
                    ("a", "pick", &[][..]),
                    ("b", "home", &[]),
                    ("a", "place", &[2]),
                ][..],
                &[
                    ("a", "pick", &[][..]),
                    ("b", "home", &[]),
                    ("a", "place", &[1, 2]),
                ][..],
            ),
            (
                &[("a", "pick", &[]), ("a", "wait", &[])],
                &[("a", "pick", &[]), ("a", "wait", &[1])],
            ),
            (
                &[
                    ("a", "home", &[]),
                    ("b", "home", &[]),
                    ("a", "home", &[1]),
                    ("c", "wait", &[3, 2]),
                ],
                &[
                    ("a", "home", &[]),
                    ("b", "home", &[]),
                    ("c", "wait", &[1, 2]),
                ],
            ),
        ] {
            let found: Value = serde_json::from_str(&in_order(&plan(wrong)).unwrap()).unwrap();
            let expected: Value = serde_json::from_str(&plan(right)).unwrap();
            assert_eq!(found, expected, "{wrong:?}");
        }
    }
}
