use std::path::Path;

use physical_ai_domain::{DescriptionFormat, RobotModel, RobotName};

use crate::{DescriptionOptions, Error, mjcf, urdf, xacro};

/// Descriptions have no more; what has is no description.
const MOST_BYTES: u64 = 64 << 20;

/// Reads a robot's description: URDF (1.0 to 1.2), xacro by the installed `xacro` command (ending `.xacro`), or MJCF
/// by MuJoCo.
///
/// # Errors
/// Whatever is wrong, with file, element, value and what to do: a file, mesh or package that is not there, an
/// element or attribute that is not known, numbers that are not finite, sizes and scales that are 0, limits that
/// cross or are missing, an inertia that no body has, a link that moves without a mass, names that occur twice,
/// two roots, a cycle, a joint that follows itself.
pub fn read_robot(
    name: RobotName,
    path: &Path,
    options: &DescriptionOptions,
) -> Result<RobotModel, Error> {
    let what = format!("robot {name}: model");
    let is_xacro = path.extension().is_some_and(|e| e == "xacro");
    let text = read_text(&what, path)?;
    if is_xacro {
        let urdf = xacro::expand(path)?;
        return urdf::read(name, &urdf, DescriptionFormat::Xacro, Some(path), options);
    }
    if mjcf::is_mjcf(&text) {
        let (urdf, warnings) = mjcf::convert(path)?;
        let mut model = urdf::read(name, &urdf, DescriptionFormat::Mjcf, Some(path), options)?;
        model.warnings.extend(warnings);
        return Ok(model);
    }
    urdf::read(name, &text, DescriptionFormat::Urdf, Some(path), options)
}

/// A file as text.
pub(crate) fn read_text(what: &str, path: &Path) -> Result<String, Error> {
    let fail = |problem: String| Error::UnreadableFile {
        what: what.to_owned(),
        path: path.to_owned(),
        problem,
    };
    let length = std::fs::metadata(path)
        .map_err(|e| fail(e.to_string()))?
        .len();
    if length > MOST_BYTES {
        let problem = format!(
            "has {} MB: at most {} are read",
            length >> 20,
            MOST_BYTES >> 20
        );
        return Err(fail(problem));
    }
    std::fs::read_to_string(path).map_err(|e| fail(e.to_string()))
}
