use std::collections::BTreeSet;

use nalgebra::{Isometry3, Translation3, UnitQuaternion};
use physical_ai_domain::{
    Capability, Place, PlaceKind, Resources, RobotKind, RobotModel, SkillName, World,
};
use serde_json::{Value, json};

use crate::Error;

/// How long a robot may be told to wait, seconds.
pub(super) const DURATION_S: [f64; 2] = [0.0, 3600.0];
/// Width of the gripper, metres.
pub(super) const OPENING_M: [f64; 2] = [0.0, 0.09];
/// Angles, radians: a whole turn to either side.
pub(super) const ANGLE_RAD: [f64; 2] = [-6.3, 6.3];
/// Rounds of a patrol, whole numbers.
pub(super) const ROUNDS: [f64; 2] = [1.0, 1000.0];

/// The names that skills may be called with, from the world file.
#[derive(Debug, Clone)]
pub struct Site {
    world: World,
    /// Lowest and highest x, then y, of goals on the floor, metres.
    geofence_m: [[f64; 2]; 2],
}

/// A skill as offered to the orchestrator.
pub type Offer = Capability;

impl Site {
    /// A site from its world.
    pub fn new(world: World) -> Self {
        Self {
            world,
            geofence_m: [[-1e3, 1e3]; 2],
        }
    }

    /// The site with goals on the floor from the `lowest` x and y to the `highest`, metres.
    pub fn with_geofence(self, lowest: [f64; 2], highest: [f64; 2]) -> Self {
        Self {
            geofence_m: [0, 1].map(|i| [lowest[i], highest[i]]),
            ..self
        }
    }

    /// The world.
    pub fn world(&self) -> &World {
        &self.world
    }

    fn places(&self, kind: PlaceKind) -> Vec<&str> {
        self.world
            .places
            .iter()
            .filter(|p| p.kind == kind)
            .map(|p| p.name.as_str())
            .collect()
    }

    /// A place of the given kind; `field` is the parameter that names it.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] naming the places there are.
    pub fn place(&self, field: &str, name: &str, kind: PlaceKind) -> Result<&Place, Error> {
        self.world
            .place(name)
            .filter(|p| p.kind == kind)
            .ok_or_else(|| Error::InvalidParams {
                field: field.into(),
                problem: format!("{name:?} is not one of {}", self.places(kind).join(", ")),
            })
    }
}

/// Everything that a robot of this model offers at this site, with `objects` in sight.
pub fn offers(model: &RobotModel, site: &Site, objects: &BTreeSet<String>) -> Vec<Offer> {
    let range = |kind: &str, [lowest, highest]: [f64; 2]| json!({"type": kind, "minimum": lowest, "maximum": highest});
    let number = |unit: &str, [lowest, highest]: [f64; 2]| json!({"type": "number", "description": unit, "minimum": lowest, "maximum": highest});
    let angle = || number("rad", ANGLE_RAD);
    let choice = |names: Vec<&str>| json!({"type": "string", "enum": names});
    let object = |properties: Value, required: Value| {
        json!({"type": "object", "properties": properties, "required": required,
               "additionalProperties": false})
    };
    let mut offers = Vec::new();
    let mut offer = |skill: &str, description: &str, schema: Value, typical_s: f64, idempotent| {
        let Ok(skill) = SkillName::try_new(skill) else {
            return;
        };
        offers.push(Capability {
            skill,
            robot: Some(model.name.clone()),
            description: description.to_owned(),
            parameters_schema: schema,
            mean_duration_s: typical_s,
            requires: Resources::new(),
            idempotent,
            ready: true,
            reason: String::new(),
        });
    };
    let none = || object(json!({}), json!([]));
    let duration = object(
        json!({"duration_s": range("number", DURATION_S)}),
        json!(["duration_s"]),
    );
    offer("wait", "Stays where it is for a time.", duration, 1.0, true);
    match model.kind {
        RobotKind::Rover => {
            let places = site.places(PlaceKind::Floor);
            offer(
                "home",
                "Drives back to where it started.",
                none(),
                8.0,
                true,
            );
            offer(
                "navigate_to",
                "Drives to a place, or to a point in the world.",
                place_or_point(
                    json!({"place": choice(places.clone())}),
                    json!({"x": number("m", site.geofence_m[0]), "y": number("m", site.geofence_m[1]), "yaw": angle()}),
                ),
                8.0,
                true,
            );
            offer(
                "patrol",
                "Visits places in order, as many rounds as asked.",
                object(
                    json!({"places": {"type": "array", "items": choice(places), "minItems": 1},
                              "rounds": range("integer", ROUNDS)}),
                    json!(["places"]),
                ),
                20.0,
                true,
            );
        }
        RobotKind::Arm => {
            let places = || choice(site.places(PlaceKind::Surface));
            let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
            let things = || choice(objects.clone());
            let [x, y, z] = reach_m(model, site);
            let joints = model.movable().filter(|j| j.name.starts_with("joint_"));
            let (lowest, highest) = joints.clone().fold((0.0, 0.0), |(low, high), j| {
                (j.limits.lower.min(low), j.limits.upper.max(high))
            });
            let joints = joints.count();
            offer("home", "Folds into its resting posture.", none(), 3.0, true);
            offer(
                "move_to",
                "Moves its tool to a point in the world, pointing down unless told otherwise.",
                object(
                    json!({"x": number("m", x), "y": number("m", y), "z": number("m", z),
                              "roll": angle(), "pitch": angle(), "yaw": angle()}),
                    json!(["x", "y", "z"]),
                ),
                3.0,
                true,
            );
            offer(
                "move_joints",
                "Moves its joints to given positions.",
                object(
                    json!({"positions": {"type": "array", "items": number("rad", [lowest, highest]), "minItems": joints, "maxItems": joints}}),
                    json!(["positions"]),
                ),
                3.0,
                true,
            );
            offer(
                "set_gripper",
                "Opens or closes its gripper to a width.",
                object(
                    json!({"opening_m": range("number", OPENING_M)}),
                    json!(["opening_m"]),
                ),
                1.0,
                true,
            );
            offer(
                "pick",
                "Picks an object up.",
                object(json!({"object": things()}), json!(["object"])),
                6.0,
                false,
            );
            offer(
                "place",
                "Puts down what it holds.",
                object(json!({"place": places()}), json!(["place"])),
                6.0,
                false,
            );
            offer(
                "pick_and_place",
                "Picks an object up and puts it down at a place.",
                object(
                    json!({"object": things(), "place": places()}),
                    json!(["object", "place"]),
                ),
                11.0,
                false,
            );
        }
        RobotKind::Other => {}
    }
    offers
}

/// The schema of parameters that name a place, or give a point with x and y: not both, and not half of one.
fn place_or_point(place: Value, point: Value) -> Value {
    let one_of = |properties: &Value, required: Value| {
        json!({"type": "object", "properties": properties, "required": required,
               "additionalProperties": false})
    };
    let mut all = place.clone();
    if let (Some(all), Some(point)) = (all.as_object_mut(), point.as_object()) {
        all.extend(point.clone());
    }
    // What there is stands above, for those who only look for names; what goes together stands in oneOf.
    json!({"type": "object", "properties": all, "required": [], "additionalProperties": false,
           "oneOf": [one_of(&place, json!(["place"])), one_of(&point, json!(["x", "y"]))]})
}

/// Lowest and highest x, y and z in the world, metres, that an arm could come to with its links in one line.
fn reach_m(model: &RobotModel, site: &Site) -> [[f64; 2]; 3] {
    let tool = model.link_index("tool0").unwrap_or(model.root);
    let chain = model.chain_to(tool).into_iter();
    let length_m: f64 = chain.map(|j| j.origin.translation.vector.norm()).sum();
    let base = site.world().robot(model.name.as_str());
    let base = base.map(|r| r.pose).unwrap_or_default();
    let millimetres = |v: f64| (v * 1e3).round() / 1e3;
    [base.x, base.y, base.z].map(|b| [millimetres(b - length_m), millimetres(b + length_m)])
}

/// Fields that the parameters of a skill may have; `None` for a skill that no robot has.
fn fields(skill: &str) -> Option<&'static [&'static str]> {
    Some(match skill {
        "home" => &[],
        "wait" => &["duration_s"],
        "navigate_to" => &["place", "x", "y", "yaw"],
        "patrol" => &["places", "rounds"],
        "move_to" => &["x", "y", "z", "roll", "pitch", "yaw"],
        "move_joints" => &["positions"],
        "set_gripper" => &["opening_m"],
        "pick" => &["object"],
        "place" => &["place"],
        "pick_and_place" => &["object", "place"],
        _ => return None,
    })
}

/// Reads task parameters.
pub(super) struct Params<'a>(&'a Value);

impl<'a> Params<'a> {
    /// Parameters of a skill.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] naming a field that the skill does not have.
    pub(super) fn try_new(skill: &str, params: &'a Value) -> Result<Self, Error> {
        if let (Some(known), Value::Object(given)) = (fields(skill), params)
            && let Some((field, value)) = given.iter().find(|(f, _)| !known.contains(&f.as_str()))
        {
            let problem = format!("{value} is not used: {skill} takes {known:?}");
            return Err(Self::error(field, problem));
        }
        Ok(Self(params))
    }

    fn error(field: &str, problem: String) -> Error {
        Error::InvalidParams {
            field: field.to_owned(),
            problem,
        }
    }

    pub(super) fn has(&self, field: &str) -> bool {
        self.0.get(field).is_some()
    }

    pub(super) fn number(&self, field: &str) -> Result<f64, Error> {
        self.optional_number(field)?
            .ok_or_else(|| Self::error(field, "is missing: give a number".into()))
    }

    pub(super) fn optional_number(&self, field: &str) -> Result<Option<f64>, Error> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value
                .as_f64()
                .filter(|v| v.is_finite())
                .map(Some)
                .ok_or_else(|| Self::error(field, format!("{value} is not a finite number"))),
        }
    }

    /// A number from the lowest to the highest of a range.
    pub(super) fn number_in(&self, field: &str, [lowest, highest]: [f64; 2]) -> Result<f64, Error> {
        let value = self.number(field)?;
        if (lowest..=highest).contains(&value) {
            Ok(value)
        } else {
            let problem = format!("{value} is outside {lowest} to {highest}");
            Err(Self::error(field, problem))
        }
    }

    /// An angle, if one is given, radians.
    pub(super) fn optional_angle(&self, field: &str) -> Result<Option<f64>, Error> {
        match self.optional_number(field)? {
            None => Ok(None),
            Some(_) => self.number_in(field, ANGLE_RAD).map(Some),
        }
    }

    /// A whole number of a range; `default` where none is given.
    pub(super) fn count(
        &self,
        field: &str,
        range: [f64; 2],
        default: usize,
    ) -> Result<usize, Error> {
        if self.optional_number(field)?.is_none() {
            return Ok(default);
        }
        let value = self.number_in(field, range)?;
        if value.fract() != 0.0 {
            return Err(Self::error(field, format!("{value} is not a whole number")));
        }
        Ok(value as usize)
    }

    pub(super) fn text(&self, field: &str) -> Result<&'a str, Error> {
        match self.0.get(field) {
            Some(Value::String(text)) => Ok(text),
            Some(value) => Err(Self::error(field, format!("{value} is not a text"))),
            None => Err(Self::error(field, "is missing: give a name".into())),
        }
    }

    /// Names, at least one.
    pub(super) fn texts(&self, field: &str) -> Result<Vec<&'a str>, Error> {
        let names = self.list(field, "names", Value::as_str)?;
        if names.is_empty() {
            return Err(Self::error(field, "[] must not be empty".into()));
        }
        Ok(names)
    }

    /// `count` finite numbers.
    pub(super) fn numbers(&self, field: &str, count: usize) -> Result<Vec<f64>, Error> {
        let finite = |v: &Value| v.as_f64().filter(|v| v.is_finite());
        let numbers = self.list(field, "finite numbers", finite)?;
        if numbers.len() != count {
            let problem = format!("{numbers:?} has {} values, not {count}", numbers.len());
            return Err(Self::error(field, problem));
        }
        Ok(numbers)
    }

    fn list<T>(
        &self,
        field: &str,
        of: &str,
        item: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Vec<T>, Error> {
        let Some(value) = self.0.get(field) else {
            return Err(Self::error(
                field,
                format!("is missing: give a list of {of}"),
            ));
        };
        value
            .as_array()
            .and_then(|items| items.iter().map(item).collect())
            .ok_or_else(|| Self::error(field, format!("{value} is not a list of {of}")))
    }

    /// x, y, z in metres and optional roll, pitch, yaw in radians. The second value says whether a
    /// rotation was given.
    pub(super) fn pose(&self) -> Result<(Isometry3<f64>, bool), Error> {
        let at = Translation3::new(self.number("x")?, self.number("y")?, self.number("z")?);
        let angle = |field| Ok::<f64, Error>(self.optional_angle(field)?.unwrap_or(0.0));
        let rotation =
            UnitQuaternion::from_euler_angles(angle("roll")?, angle("pitch")?, angle("yaw")?);
        let given = ["roll", "pitch", "yaw"].iter().any(|f| self.has(f));
        Ok((Isometry3::from_parts(at, rotation), given))
    }
}

#[cfg(test)]
mod tests;
