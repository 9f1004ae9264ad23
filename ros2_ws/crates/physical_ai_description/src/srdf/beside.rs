use std::path::{Path, PathBuf};

use super::{Srdf, read_srdf};
use crate::robot::read_text;
use crate::{Doubt, Error, Severity};

/// Folders in which the SRDF of a description is, seen from the description's.
const FOLDERS: [&str; 3] = ["", "../srdf", "../config"];

/// The SRDF that belongs to a description: the one of the same file name, else the one that names the same robot, and
/// among several of these the one whose file has the robot's name.
///
/// # Errors
/// An SRDF of the same file name that cannot be read or is wrong.
pub(crate) fn srdf_beside(
    description: &Path,
    robot: &str,
) -> Result<(Option<Srdf>, Vec<Doubt>), Error> {
    let stem = stem(description);
    let folder = description.parent().unwrap_or(Path::new(""));
    let mut files: Vec<PathBuf> = Vec::new();
    for beside in FOLDERS {
        let Ok(entries) = std::fs::read_dir(folder.join(beside)) else {
            continue;
        };
        let paths = entries.flatten().map(|entry| entry.path());
        files.extend(paths.filter(|p| p.extension().is_some_and(|e| e == "srdf")));
    }
    files.sort();
    if let Some(path) = files.iter().find(|p| self::stem(p) == stem) {
        let srdf = read(path)?;
        let mut doubts = Vec::new();
        if !srdf.robot.eq_ignore_ascii_case(robot) {
            doubts.push(Doubt::new(
                Severity::Note,
                format!("SRDF {}", path.display()),
                format!(
                    "names the robot {:?}, the description names it {robot:?}",
                    srdf.robot
                ),
                "it is used, since the file names are the same",
            ));
        }
        return Ok((Some(srdf), doubts));
    }
    // Files of other robots of the family may be wrong without being this robot's fault.
    let mut same: Vec<Srdf> = files
        .iter()
        .filter_map(|path| read(path).ok())
        .filter(|srdf| srdf.robot.eq_ignore_ascii_case(robot))
        .collect();
    let of_name = |srdf: &Srdf| {
        let path = srdf.path.as_deref();
        path.is_some_and(|p| self::stem(p).eq_ignore_ascii_case(robot))
    };
    if same.len() > 1 && same.iter().any(of_name) {
        same.retain(of_name);
    }
    if same.len() > 1 {
        let names: Vec<String> = same
            .iter()
            .filter_map(|s| s.path.as_ref().map(|p| p.display().to_string()))
            .collect();
        let doubt = Doubt::new(
            Severity::Note,
            format!("SRDF of robot {robot}"),
            format!("several files name it, none is used: {}", names.join(", ")),
            "give the right one the name of the description",
        );
        return Ok((None, vec![doubt]));
    }
    Ok((same.pop(), Vec::new()))
}

fn stem(path: &Path) -> &str {
    let name = path
        .file_name()
        .and_then(|n| n.to_str())
        .unwrap_or_default();
    // arm.urdf.xacro has the stem arm, as has arm.srdf; v1.2.urdf has v1.2.
    [".urdf.xacro", ".xacro", ".urdf", ".xml", ".srdf"]
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(name)
}

fn read(path: &Path) -> Result<Srdf, Error> {
    let text = read_text("SRDF", path)?;
    read_srdf(Some(path), &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)], description: &str, robot: &str) -> (Option<String>, usize) {
        let folder = tempfile::tempdir().unwrap();
        for sub in ["urdf", "srdf"] {
            std::fs::create_dir(folder.path().join(sub)).unwrap();
        }
        for (path, name) in files {
            let text = format!("<robot name={name:?}/>");
            std::fs::write(folder.path().join(path), text).unwrap();
        }
        let (srdf, doubts) = srdf_beside(&folder.path().join(description), robot).unwrap();
        let path = srdf.and_then(|s| s.path);
        (path.map(|p| stem(&p).to_owned()), doubts.len())
    }

    #[test]
    fn srdf_is_found_by_file_name_then_by_robot_name() {
        let check = |files: &[(&str, &str)], robot: &str, expected: Option<&str>, doubts: usize| {
            let found = found(files, "urdf/bot_v2.urdf", robot);
            assert_eq!(
                (found.0.as_deref(), found.1),
                (expected, doubts),
                "{files:?}"
            );
        };
        check(
            &[("srdf/bot_v2.srdf", "bot"), ("srdf/bot.srdf", "bot")],
            "bot",
            Some("bot_v2"),
            0,
        );
        check(&[("urdf/bot_v2.srdf", "other")], "bot", Some("bot_v2"), 1);
        check(
            &[("srdf/a.srdf", "Bot"), ("srdf/b.srdf", "other")],
            "bot",
            Some("a"),
            0,
        );
        check(
            &[("srdf/a.srdf", "bot"), ("srdf/bot.srdf", "bot")],
            "bot",
            Some("bot"),
            0,
        );
        check(
            &[("srdf/a.srdf", "bot"), ("srdf/b.srdf", "bot")],
            "bot",
            None,
            1,
        );
        check(&[], "bot", None, 0);
    }
}
