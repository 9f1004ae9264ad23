//! What a parameter may be, by its role: everything that does not depend on the robot.

use std::collections::BTreeSet;

use physical_ai_domain::{PlaceKind, Role};
use serde_json::{Value, json};

use super::Site;

/// How long a robot may be told to wait, seconds.
pub(super) const DURATION_S: [f64; 2] = [0.0, 3600.0];
/// Angles, radians: a whole turn to either side.
pub(super) const ANGLE_RAD: [f64; 2] = [-6.3, 6.3];
/// How often something is repeated, whole numbers.
pub(super) const ROUNDS: [f64; 2] = [1.0, 1000.0];

/// A number with its unit.
pub(super) fn number(unit: &str, [lowest, highest]: [f64; 2]) -> Value {
    json!({"type": "number", "description": unit, "minimum": lowest, "maximum": highest})
}

/// A number whose unit stands in its name, or that has none.
pub(super) fn range(kind: &str, [lowest, highest]: [f64; 2]) -> Value {
    json!({"type": kind, "minimum": lowest, "maximum": highest})
}

/// Schema of one value of this role.
pub(super) fn value(role: Role, site: &Site, objects: &BTreeSet<String>) -> Value {
    let choice = |names: Vec<&str>| json!({"type": "string", "enum": names});
    match role {
        Role::Object => choice(objects.iter().map(String::as_str).collect()),
        Role::Surface => choice(site.places(PlaceKind::Surface)),
        Role::FloorPlace => choice(site.places(PlaceKind::Floor)),
        Role::Robot => {
            let robots = site.world().robots.iter();
            choice(robots.map(|r| r.name.as_str()).collect())
        }
        Role::Duration => range("number", DURATION_S),
        Role::Count => range("integer", ROUNDS),
        Role::X => number("m", site.geofence_m()[0]),
        Role::Y => number("m", site.geofence_m()[1]),
        Role::Roll | Role::Pitch | Role::Yaw => number("rad", ANGLE_RAD),
        Role::Z | Role::Opening => json!({"type": "number", "description": "m"}),
        Role::JointPositions => json!({"type": "array", "items": {"type": "number"}}),
    }
}
