//! The JSON Schema of mission plans for the skills that are offered now.

mod alternatives;
mod parameters;
#[cfg(test)]
mod tests;

use physical_ai_domain::Capability;
use physical_ai_schema::check_satisfiable;
use serde_json::{Map, Value, json};

use crate::Error;

pub(crate) use alternatives::by_presence;

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
    /// Patterns of the reasons; none: any printable text.
    pub reasons: Vec<String>,
}

impl Default for PlanSchemaOptions {
    fn default() -> Self {
        Self {
            max_tasks: 16,
            task_ids: TaskIds::Numbered,
            any_robot: false,
            refusal: true,
            reasons: Vec::new(),
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
/// [`Error::Question`] for a wrong number of tasks, [`Error::Schema`] naming skill and
/// robot if parameters are no JSON object or refer to other schemas, or if nothing is left to do and
/// refusal is not allowed.
pub fn plan_schema(
    capabilities: &[Capability],
    options: &PlanSchemaOptions,
) -> Result<Value, Error> {
    if !(1..=MAX_PLANNED_TASKS).contains(&options.max_tasks) {
        return Err(Error::Question {
            field: "max_tasks",
            value: options.max_tasks.to_string(),
            problem: format!("must be 1 to {MAX_PLANNED_TASKS}"),
        });
    }
    let offers = offers(capabilities)?;
    let mut definitions = Map::new();
    let mut branches = Vec::new();
    if !offers.is_empty() {
        let tasks = tasks(&offers, options, &mut definitions);
        branches.push(object([("tasks", tasks)], &["tasks"]));
    }
    if options.refusal {
        let texts = options.reasons.iter();
        let texts: Vec<Value> = texts
            .map(|pattern| json!({"type": "string", "pattern": pattern}))
            .collect();
        let reason = if texts.is_empty() {
            parameters::text(1, MAX_REFUSAL_CHARS)
        } else {
            json!({ "anyOf": texts })
        };
        branches.push(object([("refusal", reason)], &["refusal"]));
    }
    if branches.is_empty() {
        return Err(Error::Schema(
            "no robot offers a skill that can be run: there is nothing to plan with".to_owned(),
        ));
    }
    Ok(json!({"anyOf": branches, "$defs": definitions}))
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
        let needs = |schema: &Value| {
            let required = schema.get("required").and_then(Value::as_array);
            required.is_some_and(|r| !r.is_empty())
        };
        let branches = self.parameters.get("anyOf").and_then(Value::as_array);
        needs(&self.parameters) || branches.is_some_and(|b| b.iter().all(needs))
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
            Error::Schema(format!(
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

fn tasks(
    offers: &[Offer],
    options: &PlanSchemaOptions,
    definitions: &mut Map<String, Value>,
) -> Value {
    // What stands in every task is defined once: compiling it again for each would take most of the
    // time.
    let mut define = |name: String, schema: Value| {
        let reference = json!({"$ref": format!("#/$defs/{name}")});
        definitions.insert(name, schema);
        reference
    };
    let policy = define("on_failure".to_owned(), json!({"enum": FAILURE_POLICIES}));
    let shared: Vec<Shared> = offers
        .iter()
        .enumerate()
        .map(|(i, offer)| Shared {
            offer,
            robot: define(format!("robot_{i}"), json!({"enum": offer.robots})),
            parameters: define(format!("params_{i}"), offer.parameters.clone()),
        })
        .collect();
    let mut after = |name: String, ids: Value| {
        let list = json!({"type": "array", "items": ids, "minItems": 1,
                          "maxItems": options.max_tasks});
        define(name, list)
    };
    match options.task_ids {
        TaskIds::Free => {
            let id = json!({"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"});
            let after = after("after".to_owned(), id.clone());
            json!({"type": "array", "minItems": 1, "maxItems": options.max_tasks,
                   "items": task(&shared, options, &id, Some(&after), &policy)})
        }
        TaskIds::Numbered => {
            let ids: Vec<String> = (1..=options.max_tasks).map(|i| format!("t{i}")).collect();
            let items: Vec<Value> = ids
                .iter()
                .enumerate()
                .map(|(i, id)| {
                    let after =
                        (i > 0).then(|| after(format!("after_{id}"), json!({"enum": ids[..i]})));
                    task(
                        &shared,
                        options,
                        &json!({"enum": [id]}),
                        after.as_ref(),
                        &policy,
                    )
                })
                .collect();
            json!({"type": "array", "minItems": 1, "maxItems": items.len(),
                   "prefixItems": items, "items": false})
        }
    }
}

/// References to what an offer adds to each task.
struct Shared<'a> {
    offer: &'a Offer,
    robot: Value,
    parameters: Value,
}

fn task(
    offers: &[Shared],
    options: &PlanSchemaOptions,
    id: &Value,
    after: Option<&Value>,
    policy: &Value,
) -> Value {
    let branches: Vec<Value> = offers
        .iter()
        .map(|shared| {
            let mut properties = vec![
                ("id", id.clone()),
                ("skill", json!({"enum": [shared.offer.skill]})),
            ];
            let mut required = vec!["id", "skill"];
            if !shared.offer.robots.is_empty() {
                properties.push(("robot", shared.robot.clone()));
                if !options.any_robot {
                    required.push("robot");
                }
            }
            properties.push(("params", shared.parameters.clone()));
            if shared.offer.needs_parameters() {
                required.push("params");
            }
            properties.extend(after.map(|after| ("after", after.clone())));
            properties.push(("on_failure", policy.clone()));
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
