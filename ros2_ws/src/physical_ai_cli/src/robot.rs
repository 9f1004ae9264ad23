//! `robot`: what is in a description, and what is made of it.

mod check;
mod inspect;
mod picture;
mod roles;
mod tables;
mod tree;

use std::path::Path;
use std::process::ExitCode;

use physical_ai_description::{LoadedRobot, PackagePaths, load_robot};
use physical_ai_domain::RobotName;

use crate::arguments::{Global, RobotCommand, RobotFileArguments};

/// Runs a command about a robot.
pub fn run(global: &Global, command: &RobotCommand) -> anyhow::Result<ExitCode> {
    match command {
        RobotCommand::Inspect(options) => inspect::run(global, options),
        RobotCommand::Check(options) => check::run(global, options),
    }
}

/// Reads the robot that a command names.
fn load(options: &RobotFileArguments) -> anyhow::Result<LoadedRobot> {
    let packages = PackagePaths::from_environment(options.package_path.clone());
    let name = RobotName::try_new(name_of(&options.file))?;
    Ok(load_robot(name, &options.file, &packages)?)
}

/// The name of a file as one of a robot: what is not allowed in it becomes `_`.
fn name_of(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let allowed = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_lowercase() || c.is_ascii_digit() => c,
        _ => '_',
    };
    let name: String = stem.chars().map(allowed).take(60).collect();
    if name.starts_with(|c: char| c.is_ascii_lowercase()) {
        name
    } else {
        format!("r_{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_name_gives_a_robot_name() {
        for file in [
            "/a/UR5e.urdf",
            "7dof.xml",
            "ä.urdf",
            "",
            "alexander_v1.lowerBodyOnly.urdf",
        ] {
            let name = name_of(Path::new(file));
            assert!(RobotName::try_new(&name).is_ok(), "{file}: {name}");
        }
        assert_eq!(name_of(Path::new("/a/UR5e.urdf")), "ur5e");
    }
}
