use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{RobotName, SkillName};

/// Amounts by resource name, in the unit that the name states.
pub type Resources = BTreeMap<String, f64>;

/// One resource and its amount.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Name, for example `gripper`.
    pub name: String,
    /// Amount; never negative.
    pub quantity: f64,
}

/// One skill that a worker offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Capability {
    /// Skill name.
    pub skill: SkillName,
    /// Robot that the offer is for; `None`: not bound to one.
    pub robot: Option<RobotName>,
    /// One sentence for people and for the language model.
    pub description: String,
    /// JSON Schema of the task's `params` object.
    pub parameters_schema: serde_json::Value,
    /// Mean duration in seconds; zero: not known yet.
    pub mean_duration_s: f64,
    /// What one running task holds.
    pub requires: Resources,
    /// True: running it twice does no harm.
    pub idempotent: bool,
    /// True: offered now.
    pub ready: bool,
    /// Why it is not ready.
    pub reason: String,
}

impl Capability {
    /// Names of places that the skill takes as `place` or `places`.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.names("/properties/place/enum")
            .chain(self.names("/properties/places/items/enum"))
    }

    /// Names of objects that the skill takes as `object`.
    pub fn objects(&self) -> impl Iterator<Item = &str> {
        self.names("/properties/object/enum")
    }

    /// Names stand in the schema, so that what is offered and what can be named are the same.
    fn names(&self, pointer: &str) -> impl Iterator<Item = &str> {
        let listed = self.parameters_schema.pointer(pointer);
        let listed = listed.and_then(serde_json::Value::as_array);
        listed
            .into_iter()
            .flatten()
            .filter_map(serde_json::Value::as_str)
    }
}
