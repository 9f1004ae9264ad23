//! The JSON Schema of mission plans for the skills that are offered now.

mod parameters;
#[cfg(test)]
mod tests;

use physical_ai_domain::Capability;
use serde_json::{Map, Value, json};

use crate::Error;
use crate::constraint::check_satisfiable;

/// Most tasks that a schema may allow.
pub const MAX_PLANNED_TASKS: usize = 64;
/// Longest reason of a refusal, characters.
const MAX_REFUSAL_CHARS: usize = 300;
/// Failure policies that need nothing else: `compensate` would have to name a task.
const FAILURE_POLICIES: [&str; 5] = ["fail_mission", "retry", "reassign", "ask_operator", "skip"];

/// How tasks are called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TaskIds {
    /// `t1`, `t2`, … by position, and `after` names earlier tasks only: ids are unique, every reference
    /// exists and nothing waits in a circle.
    #[default]
    Numbered,
    /// Any id; `after` may then name what does not exist, so that the plan needs validation.
    Free,
}

/// What plans may look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanSchemaOptions {
    /// Most tasks, 1 to [`MAX_PLANNED_TASKS`].
    pub max_tasks: usize,
    /// Ids of tasks.
    pub task_ids: TaskIds,
    /// `robot` may be left out: any robot that offers the skill.
    pub any_robot: bool,
    /// `{"refusal": "<reason>"}` may stand for a plan.
    pub refusal: bool,
}

impl Default for PlanSchemaOptions {
    fn default() -> Self {
        Self {
            max_tasks: 16,
            task_ids: TaskIds::Numbered,
            any_robot: false,
            refusal: true,
        }
    }
}

/// The schema of `{"tasks": [{"id", "skill", "robot", "params", "after", "on_failure"}, …]}` with one
/// branch for each skill and parameter schema, which lists the robots that offer just that.
///
/// `params` may be left out where the skill needs none; `after` and `on_failure` may always be left
/// out. Skills that cannot be run now (no object is in sight, say) have no branch. Parameters without
/// bounds get wide ones, so that every text ends and every number is finite.
///
/// # Errors
/// [`Error::InvalidRequest`] for a wrong number of tasks, [`Error::InvalidSchema`] naming skill and
/// robot if parameters are no JSON object or refer to other schemas, or if nothing is left to do and
/// refusal is not allowed.
pub fn plan_schema(
    capabilities: &[Capability],
    options: &PlanSchemaOptions,
) -> Result<Value, Error> {
    if !(1..=MAX_PLANNED_TASKS).contains(&options.max_tasks) {
        return Err(Error::InvalidRequest {
            field: "max_tasks",
            value: options.max_tasks.to_string(),
            problem: format!("must be 1 to {MAX_PLANNED_TASKS}"),
        });
    }
    let offers = offers(capabilities)?;
    let mut branches = Vec::new();
    if !offers.is_empty() {
        let tasks = tasks(&offers, options);
        branches.push(object([("tasks", tasks)], &["tasks"]));
    }
    if options.refusal {
        let reason = parameters::text(1, MAX_REFUSAL_CHARS);
        branches.push(object([("refusal", reason)], &["refusal"]));
    }
    match branches.len() {
        0 => Err(Error::InvalidSchema(
            "no robot offers a skill that can be run: there is nothing to plan with".to_owned(),
        )),
        1 => Ok(branches.remove(0)),
        _ => Ok(json!({"anyOf": branches})),
    }
}

/// A skill, what it takes, and the robots that offer it so.
struct Offer {
    skill: String,
    parameters: Value,
    /// Empty: not bound to a robot.
    robots: Vec<String>,
}

impl Offer {
    fn needs_parameters(&self) -> bool {
        let required = self.parameters.get("required").and_then(Value::as_array);
        required.is_some_and(|r| !r.is_empty())
    }
}

/// Offers that can be met; robots with equal parameters together, so that the grammar stays small.
fn offers(capabilities: &[Capability]) -> Result<Vec<Offer>, Error> {
    let mut offers: Vec<Offer> = Vec::new();
    for capability in capabilities {
        let parameters = parameters::bounded(&capability.parameters_schema).map_err(|problem| {
            let robot = capability
                .robot
                .as_ref()
                .map_or("any robot", |r| r.as_str());
            Error::InvalidSchema(format!(
                "parameters of {} of {robot}: {problem}",
                capability.skill
            ))
        })?;
        if check_satisfiable(&parameters).is_err() {
            continue;
        }
        let robot = capability.robot.as_ref().map(ToString::to_string);
        let same = offers.iter_mut().find(|o| {
            o.skill == capability.skill.as_str()
                && o.robots.is_empty() == robot.is_none()
                && o.parameters == parameters
        });
        match same {
            Some(offer) => {
                offer.robots.extend(robot);
                offer.robots.sort_unstable();
                offer.robots.dedup();
            }
            None => offers.push(Offer {
                skill: capability.skill.to_string(),
                parameters,
                robots: robot.into_iter().collect(),
            }),
        }
    }
    Ok(offers)
}

fn tasks(offers: &[Offer], options: &PlanSchemaOptions) -> Value {
    match options.task_ids {
        TaskIds::Free => {
            let id = json!({"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"});
            json!({"type": "array", "minItems": 1, "maxItems": options.max_tasks,
                   "items": task(offers, options, &id, Some(&id))})
        }
        TaskIds::Numbered => {
            let ids: Vec<String> = (1..=options.max_tasks).map(|i| format!("t{i}")).collect();
            let items: Vec<Value> = ids
                .iter()
                .enumerate()
                .map(|(i, id)| {
                    let earlier = (i > 0).then(|| json!({"enum": ids[..i]}));
                    task(offers, options, &json!({"enum": [id]}), earlier.as_ref())
                })
                .collect();
            json!({"type": "array", "minItems": 1, "maxItems": items.len(),
                   "prefixItems": items, "items": false})
        }
    }
}

fn task(
    offers: &[Offer],
    options: &PlanSchemaOptions,
    id: &Value,
    earlier: Option<&Value>,
) -> Value {
    let branches: Vec<Value> = offers
        .iter()
        .map(|offer| {
            let mut properties = vec![
                ("id", id.clone()),
                ("skill", json!({"enum": [offer.skill]})),
            ];
            let mut required = vec!["id", "skill"];
            if !offer.robots.is_empty() {
                properties.push(("robot", json!({"enum": offer.robots})));
                if !options.any_robot {
                    required.push("robot");
                }
            }
            properties.push(("params", offer.parameters.clone()));
            if offer.needs_parameters() {
                required.push("params");
            }
            if let Some(earlier) = earlier {
                let after = json!({"type": "array", "items": earlier, "minItems": 1,
                                   "maxItems": options.max_tasks});
                properties.push(("after", after));
            }
            properties.push(("on_failure", json!({"enum": FAILURE_POLICIES})));
            object(properties, &required)
        })
        .collect();
    json!({"anyOf": branches})
}

/// A closed object with these properties in this order.
fn object<'a>(properties: impl IntoIterator<Item = (&'a str, Value)>, required: &[&str]) -> Value {
    let properties: Map<String, Value> = properties
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    json!({"type": "object", "properties": properties, "required": required,
           "additionalProperties": false})
}
