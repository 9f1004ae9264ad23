//! What a skill is, said once: everything else (offers, constructors, sentences, plans) reads it from here.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::Capability;

/// What a parameter means, whatever it is called. On the wire the annotation `role` of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Name of a movable object.
    Object,
    /// Name of a place on which things are put.
    Surface,
    /// Name of a place to which robots drive.
    FloorPlace,
    /// Name of another robot.
    Robot,
    /// A time span, seconds.
    Duration,
    /// How often, a whole number.
    Count,
    /// How wide a gripper is open, metres.
    Opening,
    /// Positions of the joints, radians or metres, in the order of the offer.
    JointPositions,
    /// Coordinate in the world, metres.
    X,
    /// Coordinate in the world, metres.
    Y,
    /// Coordinate in the world, metres.
    Z,
    /// Rotation about the world's x, radians.
    Roll,
    /// Rotation about the world's y, radians.
    Pitch,
    /// Rotation about the world's z, radians.
    Yaw,
}

impl Role {
    /// True for names of things, places and robots; other values are numbers.
    pub fn is_name(self) -> bool {
        matches!(
            self,
            Self::Object | Self::Surface | Self::FloorPlace | Self::Robot
        )
    }

    /// As on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Surface => "surface",
            Self::FloorPlace => "floor_place",
            Self::Robot => "robot",
            Self::Duration => "duration",
            Self::Count => "count",
            Self::Opening => "opening",
            Self::JointPositions => "joint_positions",
            Self::X => "x",
            Self::Y => "y",
            Self::Z => "z",
            Self::Roll => "roll",
            Self::Pitch => "pitch",
            Self::Yaw => "yaw",
        }
    }
}

/// A parameter of a skill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParameterSpec {
    /// Name in the task's `params`.
    pub name: &'static str,
    /// What it means.
    pub role: Role,
    /// True: a list of at least one, in order.
    pub list: bool,
    /// False: may be left out.
    pub required: bool,
}

impl ParameterSpec {
    /// A parameter that has to be given.
    pub const fn required(name: &'static str, role: Role) -> Self {
        Self {
            name,
            role,
            list: false,
            required: true,
        }
    }

    /// A parameter that may be left out.
    pub const fn optional(name: &'static str, role: Role) -> Self {
        Self {
            required: false,
            ..Self::required(name, role)
        }
    }

    /// A list, in order, that has to be given.
    pub const fn list(name: &'static str, role: Role) -> Self {
        Self {
            list: true,
            ..Self::required(name, role)
        }
    }
}

/// A skill: its name, its parameters and what it does to the hand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkillSpec {
    /// Name in plans.
    pub name: &'static str,
    /// One sentence for people and for the language model.
    pub description: &'static str,
    /// Ways of calling it, each with the parameters that go together; one way where there is no choice.
    pub ways: &'static [&'static [ParameterSpec]],
    /// True: running it twice does no harm.
    pub idempotent: bool,
    /// Parameter that names what is in the hand because of it, if it takes something.
    pub takes: Option<&'static str>,
    /// Parameter that says where what is in the hand is put, if it lets something go.
    pub releases: Option<&'static str>,
    /// True: it brings the robot back to where it rests, as people mean by "go home".
    pub returns: bool,
    /// Verbs, in their base form and in one word, with which people ask for it beside those in its name.
    pub verbs: &'static [&'static str],
    /// Duration, seconds, until one was measured.
    pub typical_s: f64,
}

impl SkillSpec {
    /// All parameters, those of the first way first.
    pub fn parameters(&self) -> impl Iterator<Item = &'static ParameterSpec> + use<> {
        let ways = self.ways;
        ways.iter().enumerate().flat_map(move |(i, way)| {
            let before = &ways[..i];
            way.iter()
                .filter(move |p| !before.iter().any(|w| w.iter().any(|q| q.name == p.name)))
        })
    }

    /// JSON Schema of `params`: `values` gives the schema of one value of a parameter (its names or its range).
    ///
    /// Roles, what is taken and released, whether it returns, and its verbs stand in it as annotations (`role`, `takes`,
    /// `releases`, `returns`, `verbs`). Where there are several ways, all properties stand above for those who only look
    /// for names, and `oneOf` says what goes together.
    pub fn schema(&self, values: impl Fn(&ParameterSpec) -> Value) -> Value {
        let property = |p: &ParameterSpec| {
            let mut value = values(p);
            if p.list && p.role.is_name() {
                value = json!({"type": "array", "items": value, "minItems": 1});
            }
            if let Some(fields) = value.as_object_mut() {
                fields.insert("role".into(), p.role.as_str().into());
            }
            value
        };
        let object = |way: &[ParameterSpec]| {
            let properties: Map<String, Value> = (way.iter())
                .map(|p| (p.name.to_owned(), property(p)))
                .collect();
            let required: Vec<&str> = way.iter().filter(|p| p.required).map(|p| p.name).collect();
            json!({"type": "object", "properties": properties, "required": required,
                   "additionalProperties": false})
        };
        let mut schema = match self.ways {
            [] => object(&[]),
            [way] => object(way),
            ways => {
                let all: Vec<ParameterSpec> = self
                    .parameters()
                    .map(|p| ParameterSpec {
                        required: false,
                        ..*p
                    })
                    .collect();
                let mut schema = object(&all);
                schema["oneOf"] = ways.iter().map(|way| object(way)).collect();
                schema
            }
        };
        for (annotation, parameter) in [("takes", self.takes), ("releases", self.releases)] {
            if let Some(parameter) = parameter {
                schema[annotation] = parameter.into();
            }
        }
        if self.returns {
            schema["returns"] = true.into();
        }
        if !self.verbs.is_empty() {
            schema["verbs"] = self.verbs.into();
        }
        schema
    }
}

/// A parameter of an offer, read from its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedParameter<'a> {
    /// Name in the task's `params`.
    pub name: &'a str,
    /// What it means, if the offer says so; offers with a role that is none are refused before they get here.
    pub role: Option<Role>,
    /// True: a list.
    pub list: bool,
    /// Names that may be given; empty for numbers.
    pub names: Vec<&'a str>,
}

impl Capability {
    /// The offer's parameters.
    pub fn parameters(&self) -> impl Iterator<Item = OfferedParameter<'_>> {
        let properties = self.parameters_schema.get("properties");
        let properties = properties.and_then(Value::as_object).into_iter().flatten();
        properties.map(|(name, schema)| {
            let role = schema.get("role").cloned();
            let names = [schema.pointer("/enum"), schema.pointer("/items/enum")];
            let names = names.into_iter().flatten().filter_map(Value::as_array);
            OfferedParameter {
                name,
                role: role.and_then(|role| serde_json::from_value(role).ok()),
                list: schema.get("type").and_then(Value::as_str) == Some("array"),
                names: names.flatten().filter_map(Value::as_str).collect(),
            }
        })
    }

    /// The first parameter of a role.
    pub fn parameter(&self, role: Role) -> Option<OfferedParameter<'_>> {
        self.parameters().find(|p| p.role == Some(role))
    }

    /// Parameter that names what is in the hand because of this skill, if it takes something.
    pub fn takes(&self) -> Option<&str> {
        self.parameters_schema.get("takes").and_then(Value::as_str)
    }

    /// Parameter that says where what is in the hand is put, if this skill lets something go.
    pub fn releases(&self) -> Option<&str> {
        self.parameters_schema
            .get("releases")
            .and_then(Value::as_str)
    }

    /// True if this skill brings its robot back to where it rests.
    pub fn returns(&self) -> bool {
        self.parameters_schema.get("returns") == Some(&Value::Bool(true))
    }

    /// Verbs with which people ask for this skill beside those in its name, in their base form.
    pub fn verbs(&self) -> impl Iterator<Item = &str> {
        let listed = self
            .parameters_schema
            .get("verbs")
            .and_then(Value::as_array);
        listed.into_iter().flatten().filter_map(Value::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Resources, SkillName};

    const POLISH: SkillSpec = SkillSpec {
        name: "polish",
        description: "Polishes an object, or a point.",
        ways: &[
            &[
                ParameterSpec::required("item", Role::Object),
                ParameterSpec::optional("rounds", Role::Count),
            ],
            &[
                ParameterSpec::required("x", Role::X),
                ParameterSpec::required("y", Role::Y),
                ParameterSpec::optional("rounds", Role::Count),
            ],
        ],
        idempotent: true,
        takes: Some("item"),
        releases: None,
        returns: false,
        verbs: &[],
        typical_s: 1.0,
    };

    fn offer(spec: &SkillSpec) -> Capability {
        Capability {
            skill: SkillName::try_new(spec.name).unwrap(),
            robot: None,
            description: spec.description.to_owned(),
            parameters_schema: spec.schema(|p| match p.role {
                Role::Object => json!({"type": "string", "enum": ["cup"]}),
                _ => json!({"type": "number"}),
            }),
            mean_duration_s: spec.typical_s,
            requires: Resources::new(),
            idempotent: spec.idempotent,
            ready: true,
            reason: String::new(),
        }
    }

    #[test]
    fn roles_go_through_the_schema_and_back() {
        let offer = offer(&POLISH);
        let item = offer.parameter(Role::Object).unwrap();
        assert_eq!((item.name, item.names), ("item", vec!["cup"]));
        let names: Vec<&str> = offer.parameters().map(|p| p.name).collect();
        assert_eq!(names, ["item", "rounds", "x", "y"]);
        assert_eq!((offer.takes(), offer.releases()), (Some("item"), None));
        assert!(offer.parameters().all(|p| p.role.is_some() && !p.list));
    }

    #[test]
    fn ways_say_which_parameters_go_together() {
        let schema = offer(&POLISH).parameters_schema;
        assert_eq!(schema["required"], json!([]));
        assert_eq!(schema["oneOf"][0]["required"], json!(["item"]));
        assert_eq!(schema["oneOf"][1]["required"], json!(["x", "y"]));
    }

    #[test]
    fn every_role_is_on_the_wire_as_it_is_called() {
        for role in [Role::Object, Role::FloorPlace, Role::JointPositions] {
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
    }
}
