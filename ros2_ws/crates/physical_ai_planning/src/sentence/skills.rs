use std::collections::BTreeSet;

use physical_ai_domain::Capability;
use physical_ai_fleet::Fleet;
use physical_ai_schema as schema;
use serde_json::{Map, Value, json};

use super::clause::{Action, Objects, Opening};

/// A skill with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) skill: &'static str,
    pub(super) params: Map<String, Value>,
}

/// What the fleet offers, asked for by action.
pub(super) struct Skills<'f> {
    fleet: &'f Fleet,
}

impl<'f> Skills<'f> {
    pub(super) fn new(fleet: &'f Fleet) -> Self {
        Self { fleet }
    }

    pub(super) fn robots(&self) -> BTreeSet<String> {
        self.fleet.robots().into_iter().map(str::to_owned).collect()
    }

    /// The call that makes `robot`, or any, do `action` while it holds `held`.
    ///
    /// The error says what the robot lacks, or what is wrong with the parameters.
    pub(super) fn call(
        &self,
        robot: Option<&str>,
        action: &Action,
        held: Option<&str>,
    ) -> Result<Call, String> {
        let skill = skill_of(action, held)?;
        let offers: Vec<&Capability> = self.fleet.offers(skill, robot).collect();
        if offers.is_empty() {
            return Err(self.not_offered(robot, skill));
        }
        let mut best: Option<(Call, Vec<String>)> = None;
        for offer in offers {
            let params = params_of(action, skill, &offer.parameters_schema)?;
            let mut problems = Vec::new();
            schema::check(
                &offer.parameters_schema,
                &Value::Object(params.clone()),
                skill,
                &mut problems,
            );
            if best.as_ref().is_none_or(|(_, b)| problems.len() < b.len()) {
                best = Some((Call { skill, params }, problems));
            }
        }
        match best {
            Some((call, problems)) if problems.is_empty() => Ok(call),
            Some((_, problems)) => {
                let who = robot.map_or_else(
                    || "nobody can do that".to_owned(),
                    |r| format!("{r} cannot do that"),
                );
                Err(format!("{who}: {}", problems.join("; ")))
            }
            None => Err(self.not_offered(robot, skill)),
        }
    }

    fn not_offered(&self, robot: Option<&str>, skill: &str) -> String {
        let Some(robot) = robot else {
            let known: Vec<&str> = self.fleet.skills().into_iter().collect();
            return format!("no robot offers {skill}: offered are {}", known.join(", "));
        };
        let own: Vec<&str> = self
            .fleet
            .skills()
            .into_iter()
            .filter(|s| self.fleet.can(robot, s))
            .collect();
        let others: Vec<&str> = self
            .fleet
            .robots()
            .into_iter()
            .filter(|r| self.fleet.can(r, skill))
            .collect();
        let who = if others.is_empty() {
            String::new()
        } else {
            format!("; {skill} is offered by {}", others.join(", "))
        };
        format!(
            "{robot} does not offer {skill}: it offers {}{who}",
            own.join(", ")
        )
    }
}

fn skill_of(action: &Action, held: Option<&str>) -> Result<&'static str, String> {
    Ok(match action {
        Action::Transfer { objects, place } => match (objects, place) {
            (Objects::Named(names), Some(_))
                if held.is_some_and(|h| names.iter().any(|n| n == h)) =>
            {
                "place"
            }
            (Objects::Named(_), Some(_)) => "pick_and_place",
            (Objects::Named(_), None) => "pick",
            (Objects::Pronoun, Some(_)) => "place",
            (Objects::Pronoun, None) => return Err("say which object".into()),
        },
        Action::Go { .. } => "navigate_to",
        Action::GoToPoint(point) => match point.len() {
            2 => "navigate_to",
            3 => "move_to",
            n => {
                return Err(format!(
                    "a point has 2 numbers on the floor, (x, y), or 3 in space, (x, y, z), in metres: {n} were given"
                ));
            }
        },
        Action::MoveJoints(_) => "move_joints",
        Action::Home => "home",
        Action::Patrol { .. } => "patrol",
        Action::Wait { .. } => "wait",
        Action::Gripper(_) => "set_gripper",
    })
}

fn params_of(action: &Action, skill: &str, schema: &Value) -> Result<Map<String, Value>, String> {
    let value = match action {
        Action::Transfer { objects, place } => {
            let object = match objects {
                Objects::Named(names) if skill != "place" => names.first(),
                _ => None,
            };
            let fields = [("object", object), ("place", place.as_ref())];
            return Ok(fields
                .into_iter()
                .filter_map(|(field, name)| Some((field.to_owned(), json!(name?))))
                .collect());
        }
        Action::Go { place } => json!({ "place": place }),
        Action::GoToPoint(point) => {
            let axes = ["x", "y", "z"].into_iter().zip(point);
            return Ok(axes
                .map(|(axis, metres)| (axis.to_owned(), json!(metres)))
                .collect());
        }
        Action::MoveJoints(positions) => json!({ "positions": positions }),
        Action::Home => json!({}),
        Action::Patrol {
            places,
            rounds: None,
        } => json!({ "places": places }),
        Action::Patrol {
            places,
            rounds: Some(rounds),
        } => json!({ "places": places, "rounds": rounds }),
        Action::Wait { duration_s } => json!({ "duration_s": duration_s }),
        Action::Gripper(opening) => json!({ "opening_m": opening_m(*opening, schema)? }),
    };
    match value {
        Value::Object(fields) => Ok(fields),
        _ => Ok(Map::new()),
    }
}

fn opening_m(opening: Opening, schema: &Value) -> Result<f64, String> {
    let bound = |name: &str| {
        let value = schema
            .pointer(&format!("/properties/opening_m/{name}"))
            .and_then(Value::as_f64);
        value.ok_or_else(|| {
            "how wide the gripper opens is not known: say it, for example \"to 5 cm\"".to_owned()
        })
    };
    match opening {
        Opening::Widest => bound("maximum"),
        Opening::Closed => bound("minimum"),
        Opening::Metres(metres) => Ok(metres),
    }
}
