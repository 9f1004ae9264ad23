//! From what a clause asks for to a skill: found by what it takes and does, never by a name that stands here.

use std::collections::BTreeSet;

use physical_ai_domain::{Capability, OfferedParameter, Role};
use physical_ai_fleet::Fleet;
use physical_ai_schema as schema;
use serde_json::{Map, Value, json};

use super::clause::{Action, Objects, Opening};
use super::own_skills::own_words;
use super::verbs;

/// A skill with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) skill: String,
    pub(super) params: Map<String, Value>,
    /// Something is in the hand because of it.
    pub(super) takes: bool,
    /// Something that was in the hand is put somewhere.
    pub(super) releases: bool,
}

/// What a skill must be to do an action.
enum Wanted<'a> {
    /// It takes and releases just so, and has parameters of these roles; all that must be given are among them.
    Shape {
        takes: bool,
        releases: bool,
        roles: &'static [Role],
        /// Its names come as a list.
        list: bool,
    },
    /// It brings the robot back to where it rests, and nothing has to be said with it.
    Return,
    /// It was said by its own name.
    Named(&'a str),
}

impl Wanted<'_> {
    fn fits(&self, offer: &Capability) -> bool {
        match self {
            Self::Named(skill) => offer.skill.as_str() == *skill,
            Self::Return => offer.returns() && offer.parameters().next().is_none(),
            Self::Shape {
                takes,
                releases,
                roles,
                list,
            } => {
                let has = |role: &Role| {
                    let found = offer.parameter(*role);
                    found.is_some_and(|p| !role.is_name() || p.list == *list)
                };
                let is_given = |p: &OfferedParameter| p.role.is_some_and(|r| roles.contains(&r));
                let required = offer.parameters_schema.get("required");
                let required = required.and_then(Value::as_array).into_iter().flatten();
                let required: Vec<&str> = required.filter_map(Value::as_str).collect();
                let hand = (offer.takes().is_some(), offer.releases().is_some());
                // What has no hand in it is told from others of its shape by its verbs.
                (hand == (*takes, *releases))
                    && (*takes || *releases || own_words(offer).any(verbs::is_verb))
                    && roles.iter().all(has)
                    && offer
                        .parameters()
                        .filter(|p| required.contains(&p.name))
                        .all(|p| is_given(&p))
            }
        }
    }
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
        let wanted = wanted(action, held)?;
        let fitting = |offer: &&Capability| wanted.fits(offer);
        let all = || self.fleet.capabilities().iter().filter(fitting);
        let is_of = |offer: &&Capability| {
            robot.is_none_or(|r| offer.robot.as_ref().is_none_or(|own| own.as_str() == r))
        };
        let Some(skill) = simplest(all().filter(is_of)) else {
            return Err(self.not_offered(robot, simplest(all()), action));
        };
        let mut best: Option<(Call, Vec<String>)> = None;
        for offer in self.fleet.offers(skill, robot) {
            let call = Call {
                skill: skill.to_owned(),
                params: params_of(action, held, offer)?,
                takes: offer.takes().is_some(),
                releases: offer.releases().is_some(),
            };
            let mut problems = Vec::new();
            schema::check(
                &offer.parameters_schema,
                &Value::Object(call.params.clone()),
                skill,
                &mut problems,
            );
            if best.as_ref().is_none_or(|(_, b)| problems.len() < b.len()) {
                best = Some((call, problems));
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
            None => Err(self.not_offered(robot, Some(skill), action)),
        }
    }

    /// `skill` is what others would do it with, if there is one.
    fn not_offered(&self, robot: Option<&str>, skill: Option<&str>, action: &Action) -> String {
        let Some(skill) = skill else {
            let known: Vec<&str> = self.fleet.skills().into_iter().collect();
            let asked = asked_for(action);
            return format!("no robot offers {asked}: offered are {}", known.join(", "));
        };
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

/// Of the skills that fit, the one with the fewest parameters, and of these the one with the shortest name.
fn simplest<'a>(offers: impl Iterator<Item = &'a Capability>) -> Option<&'a str> {
    let ranked = offers.map(|offer| {
        let name = offer.skill.as_str();
        (offer.parameters().count(), name.split('_').count(), name)
    });
    ranked.min().map(|(.., skill)| skill)
}

fn wanted<'a>(action: &'a Action, held: Option<&str>) -> Result<Wanted<'a>, String> {
    let shape = |roles, list| Wanted::Shape {
        takes: false,
        releases: false,
        roles,
        list,
    };
    let hand = |takes, releases, roles| Wanted::Shape {
        takes,
        releases,
        roles,
        list: false,
    };
    const BOTH: &[Role] = &[Role::Object, Role::Surface];
    Ok(match action {
        Action::Transfer { objects, place } => match (objects, place) {
            (Objects::Named(names), Some(_)) if is_held(names, held) => {
                hand(false, true, &[Role::Surface])
            }
            (Objects::Named(_), Some(_)) => hand(true, true, BOTH),
            (Objects::Named(_), None) => hand(true, false, &[Role::Object]),
            (Objects::Pronoun, Some(_)) => hand(false, true, &[Role::Surface]),
            (Objects::Pronoun, None) => return Err("say which object".into()),
        },
        Action::Go { .. } => shape(&[Role::FloorPlace], false),
        Action::GoToPoint(point) => match point.len() {
            2 => shape(&[Role::X, Role::Y], false),
            3 => shape(&[Role::X, Role::Y, Role::Z], false),
            n => {
                return Err(format!(
                    "a point has 2 numbers on the floor, (x, y), or 3 in space, (x, y, z), in metres: {n} were given"
                ));
            }
        },
        Action::MoveJoints(_) => shape(&[Role::JointPositions], false),
        Action::Home => Wanted::Return,
        Action::Patrol { rounds: None, .. } => shape(&[Role::FloorPlace], true),
        Action::Patrol { .. } => shape(&[Role::FloorPlace, Role::Count], true),
        Action::Wait { .. } => shape(&[Role::Duration], false),
        Action::Gripper(_) => shape(&[Role::Opening], false),
        Action::Own { skill, .. } => Wanted::Named(skill),
    })
}

fn is_held(names: &[String], held: Option<&str>) -> bool {
    held.is_some_and(|h| names.iter().any(|n| n == h))
}

/// What an action is, where no skill of the fleet does it.
fn asked_for(action: &Action) -> &str {
    match action {
        Action::Transfer { place: None, .. } => "to pick up an object",
        Action::Transfer { .. } => "to put an object somewhere",
        Action::Go { .. } => "to go to a place",
        Action::GoToPoint(_) => "to go to a point",
        Action::MoveJoints(_) => "to move its joints",
        Action::Home => "to go home",
        Action::Patrol { .. } => "to patrol places",
        Action::Wait { .. } => "to wait",
        Action::Gripper(_) => "to open or close a gripper",
        Action::Own { skill, .. } => skill,
    }
}

/// What an action gives to the parameters of an offer, by their roles.
fn params_of(
    action: &Action,
    held: Option<&str>,
    offer: &Capability,
) -> Result<Map<String, Value>, String> {
    let mut given: Vec<(Role, Value)> = Vec::new();
    match action {
        Action::Transfer { objects, place } => {
            if let Objects::Named(names) = objects
                && !(place.is_some() && is_held(names, held))
            {
                given.extend(names.first().map(|name| (Role::Object, json!(name))));
            }
            given.extend(place.iter().map(|name| (Role::Surface, json!(name))));
        }
        Action::Go { place } => given.push((Role::FloorPlace, json!(place))),
        Action::GoToPoint(point) => {
            let axes = [Role::X, Role::Y, Role::Z].into_iter().zip(point);
            given.extend(axes.map(|(axis, metres)| (axis, json!(metres))));
        }
        Action::MoveJoints(positions) => given.push((Role::JointPositions, json!(positions))),
        Action::Home => {}
        Action::Patrol { places, rounds } => {
            given.push((Role::FloorPlace, json!(places)));
            given.extend(rounds.map(|rounds| (Role::Count, json!(rounds))));
        }
        Action::Wait { duration_s } => given.push((Role::Duration, json!(duration_s))),
        Action::Gripper(opening) => given.push((Role::Opening, json!(opening_m(*opening, offer)?))),
        Action::Own { values, .. } => {
            let named = values.iter().map(|v| (v.name.clone(), v.value.clone()));
            return Ok(named.collect());
        }
    }
    let of_role =
        |(role, value): (Role, Value)| Some((offer.parameter(role)?.name.to_owned(), value));
    Ok(given.into_iter().filter_map(of_role).collect())
}

fn opening_m(opening: Opening, offer: &Capability) -> Result<f64, String> {
    let bound = |keyword: &str| {
        let name = offer.parameter(Role::Opening).map_or("", |p| p.name);
        let value = offer
            .parameters_schema
            .pointer(&format!("/properties/{name}/{keyword}"))
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
