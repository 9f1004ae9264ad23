use physical_ai_domain::{Plan, TaskId, TaskSpec};
use serde_json::Value;

/// True if a plan does what another asks for: the same tasks in the same order with the same parameters,
/// waiting for the same tasks. Where `asked` names no robot, any may do it. Ids and what a failure means do
/// not count.
pub fn agrees(plan: &Plan, asked: &Plan) -> bool {
    let pairs = || plan.tasks.iter().zip(&asked.tasks);
    plan.tasks.len() == asked.tasks.len()
        && pairs().all(|(a, b)| {
            a.skill == b.skill
                && (b.robot.is_none() || a.robot == b.robot)
                && same_values(&a.params, &b.params)
                && waits_for(plan, a) == waits_for(asked, b)
        })
}

/// Places in the plan of the tasks that a task waits for.
fn waits_for(plan: &Plan, task: &TaskSpec) -> Vec<usize> {
    let place = |id: &TaskId| plan.tasks.iter().position(|t| t.id == *id);
    let mut places: Vec<usize> = task.after.iter().filter_map(place).collect();
    places.sort_unstable();
    places
}

/// Equal as values: `5` and `5.0` are, and no parameters are an empty object.
pub fn same_values(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_values(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(k, a)| b.get(k).is_some_and(|b| same_values(a, b)))
        }
        (Value::Null, Value::Object(fields)) | (Value::Object(fields), Value::Null) => {
            fields.is_empty()
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use physical_ai_fleet::parse_plan;

    const ASKED: &str = r#"{"tasks":[
        {"id":"a","skill":"patrol","robot":"rover_1","params":{"places":["x","y"],"rounds":2}},
        {"id":"b","skill":"home"},
        {"id":"c","skill":"wait","robot":"arm_1","params":{"duration_s":5},"after":["a","b"]}]}"#;

    #[test]
    fn plans_agree_if_they_do_the_same() {
        let asked = parse_plan(ASKED).unwrap();
        let said = |from: &str, to: &str| {
            assert!(ASKED.contains(from), "{from}");
            agrees(&parse_plan(&ASKED.replace(from, to)).unwrap(), &asked)
        };
        for (from, to) in [
            ("tasks", "tasks"),
            (r#""duration_s":5"#, r#""duration_s":5.0"#),
            (
                r#""skill":"home""#,
                r#""skill":"home","robot":"rover_2","params":{}"#,
            ),
            (r#"["a","b"]"#, r#"["b","a"]"#),
            (r#""skill":"wait""#, r#""skill":"wait","on_failure":"skip""#),
        ] {
            assert!(said(from, to), "{from} {to}");
        }
        for (from, to) in [
            (r#""duration_s":5"#, r#""duration_s":6"#),
            (r#"["x","y"]"#, r#"["y","x"]"#),
            (r#"["a","b"]"#, r#"["b"]"#),
            (r#""robot":"arm_1""#, r#""robot":"arm_2""#),
            (r#","rounds":2"#, ""),
            (r#"{"id":"b","skill":"home"},"#, ""),
        ] {
            assert!(!said(from, to), "{from} {to}");
        }
    }
}
