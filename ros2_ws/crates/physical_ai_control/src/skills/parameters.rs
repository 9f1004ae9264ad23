use std::collections::BTreeSet;

use nalgebra::{Isometry3, Translation3, UnitQuaternion};
use physical_ai_domain::{
    Capability, Place, PlaceKind, Resources, RobotKind, RobotModel, SkillName, World,
};
use serde_json::{Value, json};

use crate::Error;

/// The names that skills may be called with, from the world file.
#[derive(Debug, Clone)]
pub struct Site {
    world: World,
}

/// A skill as offered to the orchestrator.
pub type Offer = Capability;

impl Site {
    /// A site from its world.
    pub fn new(world: World) -> Self {
        Self { world }
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

    /// A place of the given kind.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] naming the places there are.
    pub fn place(&self, name: &str, kind: PlaceKind) -> Result<&Place, Error> {
        self.world
            .place(name)
            .filter(|p| p.kind == kind)
            .ok_or_else(|| Error::InvalidParams {
                field: "place".into(),
                problem: format!("{name:?} is not one of {}", self.places(kind).join(", ")),
            })
    }
}

/// Everything that a robot of this model offers at this site, with `objects` in sight.
pub fn offers(model: &RobotModel, site: &Site, objects: &BTreeSet<String>) -> Vec<Offer> {
    let number = |unit: &str| json!({"type": "number", "description": unit});
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
        json!({"duration_s": {"type": "number", "minimum": 0.0, "maximum": 3600.0}}),
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
                object(
                    json!({"place": choice(places.clone()), "x": number("m"), "y": number("m"), "yaw": number("rad")}),
                    json!([]),
                ),
                8.0,
                true,
            );
            offer(
                "patrol",
                "Visits places in order, as many rounds as asked.",
                object(
                    json!({"places": {"type": "array", "items": choice(places), "minItems": 1},
                              "rounds": {"type": "integer", "minimum": 1, "maximum": 1000}}),
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
            let joints = model
                .movable()
                .filter(|j| j.name.starts_with("joint_"))
                .count();
            offer("home", "Folds into its resting posture.", none(), 3.0, true);
            offer(
                "move_to",
                "Moves its tool to a point in the world, pointing down unless told otherwise.",
                object(
                    json!({"x": number("m"), "y": number("m"), "z": number("m"),
                              "roll": number("rad"), "pitch": number("rad"), "yaw": number("rad")}),
                    json!(["x", "y", "z"]),
                ),
                3.0,
                true,
            );
            offer(
                "move_joints",
                "Moves its joints to given positions.",
                object(
                    json!({"positions": {"type": "array", "items": number("rad"), "minItems": joints, "maxItems": joints}}),
                    json!(["positions"]),
                ),
                3.0,
                true,
            );
            offer(
                "set_gripper",
                "Opens or closes its gripper to a width.",
                object(
                    json!({"opening_m": {"type": "number", "minimum": 0.0, "maximum": 0.09}}),
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
    }
    offers
}

/// Reads task parameters.
pub(super) struct Params<'a>(pub(super) &'a Value);

impl Params<'_> {
    fn error(field: &str, problem: String) -> Error {
        Error::InvalidParams {
            field: field.to_owned(),
            problem,
        }
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

    pub(super) fn text(&self, field: &str) -> Result<&str, Error> {
        match self.0.get(field) {
            Some(Value::String(text)) => Ok(text),
            Some(value) => Err(Self::error(field, format!("{value} is not a text"))),
            None => Err(Self::error(field, "is missing: give a name".into())),
        }
    }

    pub(super) fn has(&self, field: &str) -> bool {
        self.0.get(field).is_some()
    }

    pub(super) fn texts(&self, field: &str) -> Result<Vec<&str>, Error> {
        let problem = || Self::error(field, "must be a list of names, not empty".into());
        let items = self
            .0
            .get(field)
            .and_then(Value::as_array)
            .ok_or_else(problem)?;
        let names: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
        names.filter(|n| !n.is_empty()).ok_or_else(problem)
    }

    pub(super) fn numbers(&self, field: &str) -> Result<Vec<f64>, Error> {
        let problem = || Self::error(field, "must be a list of finite numbers".into());
        let items = self
            .0
            .get(field)
            .and_then(Value::as_array)
            .ok_or_else(problem)?;
        items
            .iter()
            .map(|v| v.as_f64().filter(|v| v.is_finite()))
            .collect::<Option<_>>()
            .ok_or_else(problem)
    }

    /// x, y, z and optional roll, pitch, yaw. The second value says whether a rotation was given.
    pub(super) fn pose(&self) -> Result<(Isometry3<f64>, bool), Error> {
        let at = Translation3::new(self.number("x")?, self.number("y")?, self.number("z")?);
        let angle = |field| Ok::<f64, Error>(self.optional_number(field)?.unwrap_or(0.0));
        let rotation =
            UnitQuaternion::from_euler_angles(angle("roll")?, angle("pitch")?, angle("yaw")?);
        let given = ["roll", "pitch", "yaw"].iter().any(|f| self.has(f));
        Ok((Isometry3::from_parts(at, rotation), given))
    }
}
