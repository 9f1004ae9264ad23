mod checks;
mod limits;
mod text;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use physical_ai_domain::{ChainLayout, DiffDriveLayout, GivenLimits};
use serde::{Deserialize, Deserializer, Serialize};

use crate::robot::read_text;
use crate::{Error, SensorLayout};

pub(crate) use checks::check_layout;
pub use text::robot_file_text;

/// What its owner says about a robot. A section that is left out is found by looking; one that is there counts
/// alone.
///
/// # Units
/// Radians, metres, seconds, newtons and newton metres.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobotFile {
    /// The description: `package://…`, `file://…` or a path from the robot file's folder.
    pub description: String,
    /// Chains with a tip.
    #[serde(default)]
    pub chains: Option<Vec<ChainLayout>>,
    /// How it drives; `Some(None)` says that it does not, in the file `drive: null`.
    #[serde(default, deserialize_with = "said")]
    pub drive: Option<Option<DiffDriveLayout>>,
    /// Named postures: joint positions by name.
    #[serde(default)]
    pub postures: Option<BTreeMap<String, BTreeMap<String, f64>>>,
    /// Limits of joints that are tighter than the description's, or that it does not give.
    #[serde(default)]
    pub limits: BTreeMap<String, FileLimits>,
    /// Sensors.
    #[serde(default)]
    pub sensors: Option<Vec<SensorLayout>>,
    /// Where the file is.
    #[serde(skip)]
    pub path: PathBuf,
}

/// Limits of one joint in a robot file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileLimits {
    /// Lowest position, radians or metres.
    pub lower: Option<f64>,
    /// Highest position, radians or metres.
    pub upper: Option<f64>,
    /// Largest speed, radians or metres per second.
    pub velocity: Option<f64>,
    /// Largest effort, newton metres or newtons.
    pub effort: Option<f64>,
    /// Largest acceleration, radians or metres per second squared.
    pub acceleration: Option<f64>,
    /// Largest deceleration, radians or metres per second squared.
    pub deceleration: Option<f64>,
    /// Largest jerk, radians or metres per second cubed.
    pub jerk: Option<f64>,
}

/// Tells a section that says "none" from one that is left out.
fn said<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<DiffDriveLayout>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl RobotFile {
    /// Reads the text of a robot file; `path` names it in errors.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming file, field and what is wrong: no YAML, an unknown or missing field, a number that
    /// is not finite or not positive where it has to be.
    pub fn from_yaml(path: &Path, text: &str) -> Result<Self, Error> {
        let yaml = serde_yaml_ng::Deserializer::from_str(text);
        let mut file: Self = serde_path_to_error::deserialize(yaml).map_err(|e| {
            let field = match e.path().to_string() {
                path if path == "." => "robot file".to_owned(),
                path => path,
            };
            Error::Invalid {
                source_name: path.display().to_string(),
                element: field,
                problem: e.into_inner().to_string(),
            }
        })?;
        file.path = path.to_owned();
        if file.description.trim().is_empty() {
            let problem = "is empty: name the URDF, xacro or MJCF file".to_owned();
            return Err(file.error("description", problem));
        }
        limits::check_numbers(&file)?;
        Ok(file)
    }

    /// Reads a robot file.
    ///
    /// # Errors
    /// A file that cannot be read, and whatever is wrong in it.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = read_text("robot file", path)?;
        Self::from_yaml(path, &text)
    }

    /// Its limits, for the reader of the description: they count where that gives none.
    pub fn given_limits(&self) -> BTreeMap<String, GivenLimits> {
        let all = self.limits.iter();
        all.map(|(joint, limits)| (joint.clone(), limits.given()))
            .collect()
    }

    /// An error about one of its fields.
    pub(crate) fn error(&self, field: impl Into<String>, problem: String) -> Error {
        Error::Invalid {
            source_name: self.path.display().to_string(),
            element: field.into(),
            problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<RobotFile, Error> {
        RobotFile::from_yaml(Path::new("params/robots/r.yaml"), text)
    }

    #[test]
    fn sections_left_out_are_told_from_those_that_say_none() {
        let file = read("description: a.urdf").unwrap();
        assert_eq!((file.chains, file.drive), (None, None));
        let file = read("description: a.urdf\nchains: []\ndrive: null").unwrap();
        assert_eq!((file.chains, file.drive), (Some(Vec::new()), Some(None)));
    }

    #[test]
    fn wrong_fields_are_named_with_file_and_way_out() {
        let check = |text: &str, expected: &[&str]| {
            let error = read(&format!("description: a.urdf\n{text}")).unwrap_err();
            let error = error.to_string();
            let all = expected.iter().all(|e| error.contains(e));
            assert!(
                all && error.starts_with("params/robots/r.yaml: "),
                "{error}"
            );
        };
        check("chanis: []", &["unknown field `chanis`", "`chains`"]);
        check(
            "chains: [{name: a, base: b}]",
            &["chains[0]", "missing field `tip`"],
        );
        check(
            "drive: {left: [a], right: [b], radius_m: big, separation_m: 1}",
            &["drive", "radius_m", "big"],
        );
        check(
            "limits: {j: {speed: 1}}",
            &["limits.j", "unknown field `speed`"],
        );
        check(
            "limits: {j: {velocity: 0}}",
            &["limits.j.velocity: is 0", "above 0"],
        );
        check(
            "limits: {j: {lower: .nan}}",
            &["limits.j.lower: is NaN", "finite"],
        );
        check(
            "limits: {j: {lower: 2, upper: 1}}",
            &["limits.j: lower 2 is above upper 1"],
        );
        check("postures: {home: {j: .inf}}", &["postures.home.j: is inf"]);
        check(
            "sensors: [{kind: nose, link: l}]",
            &["sensors[0].kind", "nose"],
        );
        assert!(
            read("description: ''")
                .unwrap_err()
                .to_string()
                .contains("name the URDF")
        );
        assert!(
            read("chains: []")
                .unwrap_err()
                .to_string()
                .contains("missing field `description`")
        );
        assert!(
            read("a: [")
                .unwrap_err()
                .to_string()
                .starts_with("params/robots/r.yaml: ")
        );
    }
}
