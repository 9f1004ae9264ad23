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
    /// Its description: the name of a URDF file in the folder of robot models, without folder and ending, or
    /// a path or URI (`package://…`, `file://…`) with ending; paths count from that folder.
    pub model: String,
    /// Where its root link starts.
    pub pose: Placement,
    /// The named posture (`home` or another of its robot file or SRDF) that it starts in; all joints at zero without it,
    /// or at the limit nearest to that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posture: Option<String>,
}

/// Endings of descriptions: URDF, xacro, MJCF.
const MODEL_ENDINGS: [&str; 3] = [".urdf", ".xacro", ".xml"];

impl RobotPlacement {
    /// Path or URI of its description, paths relative to the folder of robot models.
    pub fn model_file(&self) -> String {
        if is_plain_name(&self.model) {
            format!("{}.urdf", self.model)
        } else {
            self.model.clone()
        }
    }
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
    /// Gravity in the world frame, metres per second squared.
    #[serde(default = "gravity_of_the_earth")]
    pub gravity_mps2: [f64; 3],
}

fn gravity_of_the_earth() -> [f64; 3] {
    World::GRAVITY_OF_THE_EARTH
}

impl World {
    /// Gravity where a world file says nothing of it, as MuJoCo and Gazebo take it, metres per second squared.
    pub const GRAVITY_OF_THE_EARTH: [f64; 3] = [0.0, 0.0, -9.81];

    /// Reads a world file.
    ///
    /// # Errors
    /// [`Error::InvalidDescription`] naming file, field and value: YAML that does not fit, duplicate
    /// names, numbers that are not finite, sizes and masses that are not above 0.
    pub fn from_yaml(source_name: &str, yaml: &str) -> Result<Self, Error> {
        let fail = |(field, problem)| Error::InvalidDescription {
            source_name: source_name.to_owned(),
            field,
            problem,
        };
        let world: Self =
            serde_yaml_ng::from_str(yaml).map_err(|e| fail(("yaml".to_owned(), e.to_string())))?;
        world.check_names().map_err(fail)?;
        world.check_values().map_err(fail)?;
        Ok(world)
    }

    fn check_names(&self) -> Result<(), Violation> {
        let mut names = BTreeSet::new();
        let all = (self.robots.iter().map(|r| r.name.as_str()))
            .chain(self.boxes.iter().map(|b| b.name.as_str()))
            .chain(self.fixtures.iter().map(|f| f.name.as_str()))
            .chain(self.places.iter().map(|p| p.name.as_str()));
        for name in all {
            if !names.insert(name) {
                return Err((format!("name {name}"), "is used twice".to_owned()));
            }
        }
        Ok(())
    }

    fn check_values(&self) -> Result<(), Violation> {
        if let Some(value) = self.gravity_mps2.iter().find(|v| !v.is_finite()) {
            let problem = format!("{value} is not finite");
            return Err(("gravity_mps2".to_owned(), problem));
        }
        for robot in &self.robots {
            let field = format!("robot {}", robot.name);
            check_pose(&field, &robot.pose)?;
            check_model(&field, &robot.model)?;
        }
        for item in &self.boxes {
            let field = format!("box {}", item.name);
            check_pose(&field, &item.pose)?;
            check_above_zero(format!("{field}: size_m"), &item.size_m)?;
            check_above_zero(format!("{field}: mass_kg"), &[item.mass_kg])?;
        }
        for fixture in &self.fixtures {
            let field = format!("fixture {}", fixture.name);
            check_pose(&field, &fixture.pose)?;
            check_above_zero(format!("{field}: size_m"), &fixture.size_m)?;
        }
        for place in &self.places {
            check_pose(&format!("place {}", place.name), &place.pose)?;
        }
        Ok(())
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

/// A field and what is wrong with it.
type Violation = (String, String);

fn check_pose(field: &str, pose: &Placement) -> Result<(), Violation> {
    match [pose.x, pose.y, pose.z, pose.yaw]
        .iter()
        .find(|v| !v.is_finite())
    {
        Some(value) => Err((format!("{field}: pose"), format!("{value} is not finite"))),
        None => Ok(()),
    }
}

fn check_above_zero(field: String, values: &[f64]) -> Result<(), Violation> {
    match values.iter().find(|v| !v.is_finite() || **v <= 0.0) {
        Some(value) => Err((field, format!("{value} must be finite and above 0"))),
        None => Ok(()),
    }
}

fn is_plain_name(model: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !model.is_empty() && model.chars().all(plain)
}

fn check_model(field: &str, model: &str) -> Result<(), Violation> {
    let is_file = MODEL_ENDINGS.iter().any(|e| model.ends_with(e));
    let scheme = model.split_once("://").map(|(scheme, _)| scheme);
    let known = matches!(scheme, None | Some("package" | "file"));
    if is_plain_name(model) || (is_file && known && !model.contains(char::is_control)) {
        return Ok(());
    }
    Err((
        format!("{field}: model"),
        format!(
            "{model:?} must be the name of a file in urdf/ without folder and ending, or a path, package:// or \
             file:// that ends in {}",
            MODEL_ENDINGS.join(", ")
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORLD: &str = "robots: [{name: arm_1, model: arm, pose: {x: 0, y: 0}}]\n\
        boxes: [{name: red_box, size_m: [0.04, 0.04, 0.04], mass_kg: 0.1, pose: {x: 0.4, y: 0, z: 0.02}}]\n\
        places: [{name: bin_b, kind: surface, pose: {x: 0.3, y: -0.3}}]\n";

    #[test]
    fn model_is_a_name_or_a_file() {
        let check = |model: &str, expected: &str| {
            let yaml = WORLD.replacen("model: arm", &format!("model: {model}"), 1);
            let world = World::from_yaml("w", &yaml).unwrap();
            assert_eq!(world.robots[0].model_file(), expected);
        };
        check("arm", "arm.urdf");
        for file in ["../a/ur5.urdf", "package://p/a.xacro", "file:///a/b.xml"] {
            check(file, file);
        }
    }

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
        check(
            "model: arm",
            "model: http://x/arm.urdf",
            "robot arm_1: model",
        );
        check("model: arm", "model: \"\"", "robot arm_1: model");
        check("kind: surface", "kind: sky", "sky");
        check("mass_kg", "mass", "unknown field");
        check(
            "places:",
            "gravity_mps2: [0, 0, .inf]\nplaces:",
            "gravity_mps2: inf",
        );
        check("name: arm_1", "name: Arm 1", "robot name \"Arm 1\"");
    }
}
