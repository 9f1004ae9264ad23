use std::collections::BTreeMap;

use physical_ai_domain::{
    FailurePolicy, FailurePolicyKind, Plan, RobotName, SkillName, TaskId, TaskSpec,
};
use serde::Deserialize;
use serde_json::{Map, Number, Value};

use crate::Error;

/// Longest plan, bytes.
pub const MAX_PLAN_BYTES: usize = 1 << 20;
/// Most tasks in a plan.
const MAX_TASKS: usize = 10_000;
/// Longest name of a plan, characters.
const MAX_NAME_CHARS: usize = 100;
/// Deepest nesting of a plan.
const MAX_DEPTH: usize = 32;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlan {
    #[serde(default)]
    name: Option<String>,
    tasks: Vec<RawTask>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTask {
    id: TaskId,
    skill: SkillName,
    #[serde(default)]
    robot: Option<RobotName>,
    #[serde(default)]
    params: Map<String, Value>,
    #[serde(default)]
    after: Vec<TaskId>,
    #[serde(default)]
    on_failure: Option<RawPolicy>,
    #[serde(default)]
    resources: BTreeMap<String, f64>,
    #[serde(default)]
    timeout_s: f64,
    #[serde(default)]
    idempotent: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawPolicy {
    Short(FailurePolicyKind),
    Long(FailurePolicy),
}

/// Reads a plan from YAML or JSON (which is YAML).
///
/// # Errors
/// [`Error::TooLong`], or [`Error::Plan`] naming the field and its value.
pub fn parse_plan(text: &str) -> Result<Plan, Error> {
    if text.len() > MAX_PLAN_BYTES {
        return Err(Error::TooLong {
            field: "plan",
            observed: text.len(),
            allowed: MAX_PLAN_BYTES,
        });
    }
    let fail = |field: String, problem: String| Error::Plan { field, problem };
    // The YAML reader itself refuses aliases that multiply.
    let yaml: serde_yaml_ng::Value =
        serde_yaml_ng::from_str(text).map_err(|e| fail("yaml".into(), e.to_string()))?;
    let json = to_json(yaml, "plan", 0)?;
    let raw: RawPlan = serde_path_to_error::deserialize(&json)
        .map_err(|e| fail(e.path().to_string(), e.into_inner().to_string()))?;
    if raw.tasks.is_empty() {
        return Err(fail(
            "tasks".into(),
            "is empty: a mission needs a task".into(),
        ));
    }
    if raw.tasks.len() > MAX_TASKS {
        return Err(fail(
            "tasks".into(),
            format!(
                "has {} tasks: at most {MAX_TASKS} are allowed",
                raw.tasks.len()
            ),
        ));
    }
    let name = raw.name.unwrap_or_default();
    check_name(&name)?;
    Ok(Plan {
        name,
        tasks: raw.tasks.into_iter().map(RawTask::into_spec).collect(),
    })
}

/// A name stands in a line of a table.
fn check_name(name: &str) -> Result<(), Error> {
    let fail = |problem| Error::Plan {
        field: "name".to_owned(),
        problem,
    };
    let chars = name.chars().count();
    if chars > MAX_NAME_CHARS {
        let problem = format!("has {chars} characters: at most {MAX_NAME_CHARS} are allowed");
        return Err(fail(problem));
    }
    match name.chars().find(|c| c.is_control()) {
        Some(c) => Err(fail(format!(
            "has the control character {c:?}: must be one line of text"
        ))),
        None => Ok(()),
    }
}

impl RawTask {
    fn into_spec(self) -> TaskSpec {
        TaskSpec {
            id: self.id,
            skill: self.skill,
            robot: self.robot,
            params: Value::Object(self.params),
            after: self.after,
            on_failure: match self.on_failure {
                None => FailurePolicy::default(),
                Some(RawPolicy::Short(kind)) => FailurePolicy {
                    kind,
                    ..FailurePolicy::default()
                },
                Some(RawPolicy::Long(policy)) => policy,
            },
            resources: self.resources,
            timeout_s: self.timeout_s,
            idempotent: self.idempotent,
        }
    }
}

/// YAML as JSON; what JSON cannot hold is an error with its path, not a silent null.
fn to_json(yaml: serde_yaml_ng::Value, path: &str, depth: usize) -> Result<Value, Error> {
    use serde_yaml_ng::Value as Yaml;
    let fail = |problem: String| Error::Plan {
        field: path.to_owned(),
        problem,
    };
    if depth > MAX_DEPTH {
        return Err(fail(format!("is nested deeper than {MAX_DEPTH}")));
    }
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::String(value) => Value::String(value),
        Yaml::Number(number) => {
            let json = number
                .as_i64()
                .map(Number::from)
                .or_else(|| number.as_u64().map(Number::from))
                .or_else(|| number.as_f64().and_then(Number::from_f64));
            Value::Number(json.ok_or_else(|| fail(format!("is {number}: must be finite")))?)
        }
        Yaml::Sequence(items) => Value::Array(
            items
                .into_iter()
                .enumerate()
                .map(|(i, item)| to_json(item, &format!("{path}[{i}]"), depth + 1))
                .collect::<Result<_, _>>()?,
        ),
        Yaml::Mapping(entries) => {
            let mut fields = Map::new();
            for (key, value) in entries {
                let Yaml::String(key) = key else {
                    return Err(fail(format!("has the key {key:?}: keys must be texts")));
                };
                let value = to_json(value, &format!("{path}.{key}"), depth + 1)?;
                fields.insert(key, value);
            }
            Value::Object(fields)
        }
        Yaml::Tagged(tagged) => {
            return Err(fail(format!(
                "has the tag {}: tags are not allowed",
                tagged.tag
            )));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plan_reads_short_and_long_policies() {
        let plan = parse_plan(
            "tasks:\n- {id: a, skill: home, robot: arm_1, on_failure: retry}\n\
             - {id: b, skill: home, after: [a], on_failure: {kind: reassign, max_attempts: 5}}\n",
        )
        .unwrap();
        assert_eq!(plan.tasks[0].on_failure.kind, FailurePolicyKind::Retry);
        assert_eq!(plan.tasks[1].on_failure.max_attempts, 5);
        assert_eq!(plan.tasks[1].robot, None);
    }

    #[test]
    fn plan_keeps_its_name_in_json() {
        let plan = parse_plan("{name: sort the boxes, tasks: [{id: a, skill: home}]}").unwrap();
        assert_eq!(plan.name, "sort the boxes");
        let json = serde_json::to_string(&plan).unwrap();
        assert_eq!(parse_plan(&json).unwrap(), plan);
        let nameless = parse_plan("tasks: [{id: a, skill: home}]").unwrap();
        assert!(!serde_json::to_string(&nameless).unwrap().contains("name"));
    }

    #[test]
    fn broken_plans_name_field_and_value() {
        let check = |text: &str, expected: &str| {
            let error = parse_plan(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("tasks: []", "tasks: is empty");
        check("tasks: [{id: a}]", "tasks[0]: missing field `skill`");
        check(
            "tasks: [{id: a, skill: home, speed: 3}]",
            "unknown field `speed`",
        );
        check("tasks: [{id: a, skill: Home!}]", "skill name \"Home!\"");
        check(
            "tasks: [{id: a, skill: home, params: {x: .nan}}]",
            "plan.tasks[0].params.x: is .nan",
        );
        check(
            "tasks: [{id: a, skill: home, timeout_s: soon}]",
            "tasks[0].timeout_s",
        );
        check(
            "{name: 3, tasks: [{id: a, skill: home}]}",
            "name: invalid type",
        );
        check(
            "{name: \"a\\nb\", tasks: [{id: a, skill: home}]}",
            "name: has the control character '\\n'",
        );
        let long = format!(
            "{{name: {}, tasks: [{{id: a, skill: home}}]}}",
            "x".repeat(101)
        );
        check(&long, "name: has 101 characters");
        check("tasks: {", "yaml");
        check(&"x".repeat(MAX_PLAN_BYTES + 1), "bytes");
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
            d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
        assert!(parse_plan(bomb).is_err());
    }
}
