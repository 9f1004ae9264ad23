//! Plans put in order: nothing is done twice in a row, robots put down what they hold, and tasks wait for what a
//! sentence can say.
//!
//! What sentences mean (see `planner/missions.py`): steps run one after the other, in a step robots work side
//! by side, each of them one thing after the other. So a task waits for its robot's task before, for all that
//! the step waits for, or for the whole step before; which of these is the model's to say.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::skill_roles::{Skill, SkillRoles};

/// Ways to read the steps of a plan that are followed.
const MOST_READINGS: usize = 16;

/// The plan in order; `None` if it is in order already, or no plan.
pub fn in_order(answer: &str, skills: &SkillRoles) -> Option<String> {
    let mut answer: Value = serde_json::from_str(answer).ok()?;
    let before = answer.clone();
    let tasks = answer.get_mut("tasks")?.as_array_mut()?;
    without_repetitions(tasks, skills);
    put_down_what_is_held(tasks, skills);
    let mut readings = vec![Reading::default()];
    for (place, task) in tasks.iter().enumerate() {
        let robot = task.get("robot")?.as_str()?;
        let waits = places_of(&task["after"]);
        readings = readings
            .iter()
            .flat_map(|r| r.with(place, robot, &waits))
            .collect();
        // Equally good ones stay in order: steps are as few as can be.
        readings.sort_by(|a, b| b.nearness.total_cmp(&a.nearness));
        readings.truncate(MOST_READINGS);
    }
    for (task, after) in tasks.iter_mut().zip(&readings.first()?.after) {
        let task = task.as_object_mut()?;
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
fn without_repetitions(tasks: &mut Vec<Value>, skills: &SkillRoles) {
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

/// "Picks the cup up, waits, and puts the cup on the tray" puts down what the robot holds; "puts the cup in the
/// sink and then puts it on the tray" picks it up again.
fn put_down_what_is_held(tasks: &mut [Value], skills: &SkillRoles) {
    let (mut held, mut moved) = (BTreeMap::new(), BTreeMap::new());
    for task in tasks {
        let (Some(robot), Some(skill)) = (task["robot"].as_str(), skills.of_task(task)) else {
            continue;
        };
        let robot = robot.to_owned();
        let of = |name: &Option<String>| name.as_ref().map(|name| task["params"][name].clone());
        let object = of(&skill.takes).filter(|object| !object.is_null());
        let place = of(&skill.releases);
        match (object, place) {
            (Some(object), None) => {
                held.insert(robot, object);
            }
            (Some(object), Some(place)) => {
                if held.remove(&robot).as_ref() == Some(&object)
                    && let Some((name, put)) = skills.of_hand(&robot, false, true)
                {
                    make(task, name, put, None, &place);
                }
                moved.insert(robot, object);
            }
            (None, Some(place)) => {
                let again = moved.get(&robot).filter(|_| held.remove(&robot).is_none());
                if let Some(object) = again
                    && let Some((name, transfer)) = skills.of_hand(&robot, true, true)
                {
                    make(task, name, transfer, Some(object), &place);
                }
            }
            (None, None) => {}
        }
    }
}

/// Makes a task one of another skill of the hand.
fn make(task: &mut Value, name: &str, skill: &Skill, object: Option<&Value>, place: &Value) {
    let mut params = serde_json::Map::new();
    if let (Some(parameter), Some(object)) = (&skill.takes, object) {
        params.insert(parameter.clone(), object.clone());
    }
    if let Some(parameter) = &skill.releases {
        params.insert(parameter.clone(), place.clone());
    }
    task["skill"] = json!(name);
    task["params"] = Value::Object(params);
}

/// Steps that tasks may form, and the last of them.
#[derive(Clone, Default)]
struct Reading {
    /// What each task waits for.
    after: Vec<Vec<usize>>,
    /// How much of that the plan says.
    nearness: f64,
    /// What the last step waits for.
    barrier: Vec<usize>,
    /// Tasks of the step that no other waits for.
    open: Vec<usize>,
    /// The last task of each robot in the step.
    last: BTreeMap<String, usize>,
}

impl Reading {
    /// One more task, in the step or as the first of another; `waits` is what the plan says.
    fn with(&self, place: usize, robot: &str, waits: &[usize]) -> Vec<Self> {
        let mut in_step = self.clone();
        let own = self.last.get(robot).map(|before| vec![*before]);
        let after = own.unwrap_or_else(|| self.barrier.clone());
        in_step.open.retain(|open| !after.contains(open));
        in_step.push(place, robot, after, waits);
        let mut found = vec![in_step];
        if !self.open.is_empty() {
            let mut next = self.clone();
            next.barrier = std::mem::take(&mut next.open);
            next.last.clear();
            next.push(place, robot, self.open.clone(), waits);
            found.push(next);
        }
        found
    }

    fn push(&mut self, place: usize, robot: &str, after: Vec<usize>, waits: &[usize]) {
        let common = waits.iter().filter(|w| after.contains(w)).count();
        let all = waits.len() + after.len() - common;
        self.nearness += if all == 0 {
            1.0
        } else {
            common as f64 / all as f64
        };
        self.open.push(place);
        self.last.insert(robot.to_owned(), place);
        self.after.push(after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_fleet::all_skills;

    fn in_order(answer: &str) -> Option<String> {
        super::in_order(answer, &all_skills(&["a", "b", "c"]))
    }

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
            &[
                ("a", "pick", &[]),
                ("b", "wait", &[1]),
                ("b", "home", &[2]),
                ("a", "home", &[2]),
            ],
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

    #[test]
    fn robots_put_down_what_they_hold() {
        let task = |place, robot: &str, skill: &str, params: Value| json!({"id": id(place), "robot": robot, "skill": skill, "params": params});
        let cup = |place: &str| json!({"object": "cup", "place": place});
        let tasks = [
            task(0, "a", "pick", json!({"object": "cup"})),
            task(1, "b", "pick_and_place", cup("sink")),
        ];
        let plan = |skill: &str, robot: &str, params: Value| {
            let mut last = task(2, robot, skill, params);
            last["after"] = json!(["t1", "t2"]);
            let tasks = [&tasks[..], &[last]].concat();
            json!({ "tasks": tasks }).to_string()
        };
        let tray = || json!({"place": "tray"});
        for (said, meant) in [
            (
                plan("pick_and_place", "a", cup("tray")),
                plan("place", "a", tray()),
            ),
            (
                plan("place", "b", tray()),
                plan("pick_and_place", "b", cup("tray")),
            ),
        ] {
            let found: Value = serde_json::from_str(&in_order(&said).unwrap()).unwrap();
            assert_eq!(found, serde_json::from_str::<Value>(&meant).unwrap());
            assert_eq!(super::in_order(&said, &all_skills(&["x"])), None);
            assert_eq!(in_order(&meant), None);
        }
    }
}
