use std::collections::BTreeSet;

use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};
use serde::{Deserialize, Serialize};

use crate::{Error, ObjectName, PlaceName, RobotName};

/// Position and heading, metres and radians, in the world frame.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// Metres.
    pub x: f64,
    /// Metres.
    pub y: f64,
    /// Metres.
    #[serde(default)]
    pub z: f64,
    /// Radians about the world's z.
    #[serde(default)]
    pub yaw: f64,
}

impl Placement {
    /// As a rigid transform.
    pub fn isometry(&self) -> Isometry3<f64> {
        Isometry3::from_parts(
            Translation3::new(self.x, self.y, self.z),
            UnitQuaternion::from_axis_angle(&Vector3::z_axis(), self.yaw),
        )
    }
}

/// A robot in the world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobotPlacement {
    /// Name.
    pub name: RobotName,
    /// URDF file, without folder and ending, in the folder of robot models.
    pub model: String,
    /// Where its root link starts.
    pub pose: Placement,
}

/// A movable box.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MovableBox {
    /// Name.
    pub name: ObjectName,
    /// Full extents, metres.
    pub size_m: [f64; 3],
    /// Mass, kilograms.
    pub mass_kg: f64,
    /// Where its centre starts.
    pub pose: Placement,
    /// Red, green, blue from 0 to 1.
    #[serde(default = "grey")]
    pub color: [f64; 3],
}

/// Something that does not move: a wall, a table, the rim of a bin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixture {
    /// Name, for messages.
    pub name: String,
    /// Full extents, metres.
    pub size_m: [f64; 3],
    /// Where its centre is.
    pub pose: Placement,
}

fn grey() -> [f64; 3] {
    [0.5; 3]
}

/// What a place is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// Rovers drive there.
    Floor,
    /// Arms put things there.
    Surface,
}

/// A named place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Name.
    pub name: PlaceName,
    /// What it is for.
    pub kind: PlaceKind,
    /// Where; for surfaces z is the height on which things come to stand.
    pub pose: Placement,
}

/// Everything that is where at the start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// Robots.
    #[serde(default)]
    pub robots: Vec<RobotPlacement>,
    /// Movable boxes.
    #[serde(default)]
    pub boxes: Vec<MovableBox>,
    /// What does not move.
    #[serde(default)]
    pub fixtures: Vec<Fixture>,
    /// Named places.
    #[serde(default)]
    pub places: Vec<Place>,
}

impl World {
    /// Reads a world file.
    ///
    /// # Errors
    /// [`Error::InvalidDescription`] naming file, field and value: YAML that does not fit, duplicate
    /// names, numbers that are not finite, sizes and masses that are not above 0.
    pub fn from_yaml(source_name: &str, yaml: &str) -> Result<Self, Error> {
        let fail = |field: String, problem: String| Error::InvalidDescription {
            source_name: source_name.to_owned(),
            field,
            problem,
        };
        let world: Self =
            serde_yaml_ng::from_str(yaml).map_err(|e| fail("yaml".into(), e.to_string()))?;
        let check_pose = |field: String, p: &Placement| match [p.x, p.y, p.z, p.yaw]
            .iter()
            .find(|v| !v.is_finite())
        {
            Some(value) => Err(fail(
                format!("{field}: pose"),
                format!("{value} is not finite"),
            )),
            None => Ok(()),
        };
        let check_sizes = |field: String, values: &[f64]| match values
            .iter()
            .find(|v| !v.is_finite() || **v <= 0.0)
        {
            Some(value) => Err(fail(field, format!("{value} must be finite and above 0"))),
            None => Ok(()),
        };
        let mut names = BTreeSet::new();
        let mut unique = |name: &str| {
            if names.insert(name.to_owned()) {
                Ok(())
            } else {
                Err(fail(format!("name {name}"), "is used twice".into()))
            }
        };
        for robot in &world.robots {
            unique(robot.name.as_str())?;
            check_pose(format!("robot {}", robot.name), &robot.pose)?;
            if !robot
                .model
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_')
                || robot.model.is_empty()
            {
                return Err(fail(
                    format!("robot {}: model", robot.name),
                    format!(
                        "{:?} must be the name of a file in urdf/, without folder and ending",
                        robot.model
                    ),
                ));
            }
        }
        for item in &world.boxes {
            unique(item.name.as_str())?;
            check_pose(format!("box {}", item.name), &item.pose)?;
            check_sizes(format!("box {}: size_m", item.name), &item.size_m)?;
            check_sizes(format!("box {}: mass_kg", item.name), &[item.mass_kg])?;
        }
        for fixture in &world.fixtures {
            unique(&fixture.name)?;
            check_pose(format!("fixture {}", fixture.name), &fixture.pose)?;
            check_sizes(format!("fixture {}: size_m", fixture.name), &fixture.size_m)?;
        }
        for place in &world.places {
            unique(place.name.as_str())?;
            check_pose(format!("place {}", place.name), &place.pose)?;
        }
        Ok(world)
    }

    /// Finds a place.
    pub fn place(&self, name: &str) -> Option<&Place> {
        self.places.iter().find(|p| p.name.as_str() == name)
    }

    /// Finds a robot.
    pub fn robot(&self, name: &str) -> Option<&RobotPlacement> {
        self.robots.iter().find(|r| r.name.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORLD: &str = "robots: [{name: arm_1, model: arm, pose: {x: 0, y: 0}}]\n\
        boxes: [{name: red_box, size_m: [0.04, 0.04, 0.04], mass_kg: 0.1, pose: {x: 0.4, y: 0, z: 0.02}}]\n\
        places: [{name: bin_b, kind: surface, pose: {x: 0.3, y: -0.3}}]\n";

    #[test]
    fn broken_world_is_refused_with_field_and_value() {
        assert!(World::from_yaml("w", WORLD).is_ok());
        let check = |from: &str, to: &str, expected: &str| {
            let error = World::from_yaml("w", &WORLD.replacen(from, to, 1))
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("red_box", "arm_1", "name arm_1: is used twice");
        check("mass_kg: 0.1", "mass_kg: -1", "box red_box: mass_kg: -1");
        check("x: 0.4", "x: .nan", "box red_box: pose: NaN");
        check("model: arm", "model: ../arm", "robot arm_1: model");
        check("kind: surface", "kind: sky", "sky");
        check("mass_kg", "mass", "unknown field");
        check("name: arm_1", "name: Arm 1", "robot name \"Arm 1\"");
    }
}
