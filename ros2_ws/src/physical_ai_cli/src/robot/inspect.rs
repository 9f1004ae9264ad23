use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use physical_ai_description::{LoadedRobot, robot_file_text};
use serde_json::json;

use super::{roles, tables, tree};
use crate::arguments::{Global, RobotInspectArguments};
use crate::output;

/// Shows a robot, and writes the files that were asked for.
pub fn run(global: &Global, options: &RobotInspectArguments) -> anyhow::Result<ExitCode> {
    let robot = super::load(&options.robot)?;
    if global.json {
        output::json_line(&as_json(&robot));
    } else {
        print(&robot);
    }
    if let Some(path) = &options.svg {
        write(path, tree::svg(&robot).as_bytes())?;
    }
    if let Some(path) = &options.yaml {
        let description = described_from(&robot, path);
        write(path, robot_file_text(&robot, &description).as_bytes())?;
    }
    if let Some(path) = &options.png {
        super::picture::write(&robot, path)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("{} cannot be written", path.display()))
}

/// What names the description in a robot file at `yaml`.
fn described_from(robot: &LoadedRobot, yaml: &Path) -> String {
    if let Some(file) = &robot.robot_file
        && file.description.contains("://")
    {
        return file.description.clone();
    }
    let Some(path) = &robot.model.source.path else {
        return String::new();
    };
    let absolute = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
    let folder = yaml
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    relative(&absolute, &folder)
}

/// A path as it is seen from a folder, with at most a few steps up; else the path itself.
fn relative(path: &Path, folder: &Path) -> String {
    const MOST_UP: usize = 4;
    for (up, above) in folder.ancestors().enumerate().take(MOST_UP + 1) {
        if above.parent().is_none() {
            break;
        }
        if let Ok(inside) = path.strip_prefix(above) {
            let steps = "../".repeat(up);
            return format!("{steps}{}", inside.display());
        }
    }
    path.display().to_string()
}

fn print(robot: &LoadedRobot) {
    let roles = roles::roles(robot);
    let model = &robot.model;
    if let Some(path) = &model.source.path {
        output::line(format!("description: {}", path.display()));
    }
    if let Some(path) = &robot.srdf {
        output::line(format!("SRDF: {}", path.display()));
    }
    let mass: f64 = model.links.iter().map(|l| l.mass_kg).sum();
    output::line(format!(
        "{} links, {} joints, {} of them move by themselves; {mass:.3} kg",
        model.links.len(),
        model.joints.len(),
        model.movable().len()
    ));
    output::line(tables::joints(robot, &roles));
    if !robot.layout.chains.is_empty() {
        output::line(tables::chains(robot));
    }
    match &robot.layout.drive {
        None => output::line("drive: none"),
        Some(d) => output::line(format!(
            "drive: left {}, right {}; radius {} m, separation {} m",
            d.left.join(" "),
            d.right.join(" "),
            d.radius_m,
            d.separation_m
        )),
    }
    let named = |(name, posture): (&String, &std::collections::BTreeMap<String, f64>)| {
        format!("{name} ({} joints)", posture.len())
    };
    let postures: Vec<String> = robot.layout.postures.iter().map(named).collect();
    output::line(format!("postures: {}", listed(&postures)));
    let sensors: Vec<String> = robot
        .sensors
        .iter()
        .map(|s| format!("{} {}", s.kind.word(), s.link))
        .collect();
    output::line(format!("sensors: {}", listed(&sensors)));
    if !robot.findings.is_empty() {
        output::line(tables::findings(robot));
    }
    for doubt in robot.doubts() {
        output::line(doubt);
    }
}

fn listed(all: &[String]) -> String {
    if all.is_empty() {
        "none".to_owned()
    } else {
        all.join(", ")
    }
}

fn as_json(robot: &LoadedRobot) -> serde_json::Value {
    let roles = roles::roles(robot);
    let model = &robot.model;
    let name = |link: usize| model.links[link].name.as_str();
    let finite = |value: f64| value.is_finite().then_some(value);
    let joints: Vec<serde_json::Value> = model
        .joints
        .iter()
        .map(|joint| {
            json!({
                "name": joint.name,
                "type": tables::kind(joint.kind),
                "parent": name(joint.parent),
                "child": name(joint.child),
                "lower": finite(joint.limits.lower),
                "upper": finite(joint.limits.upper),
                "velocity": joint.given.velocity,
                "effort": joint.given.effort,
                "follows": joint.mimic.map(|m| model.joints[m.leader].name.as_str()),
                "for": roles.get(&joint.name).map(|r| r.words(robot)),
            })
        })
        .collect();
    let links: Vec<serde_json::Value> = model
        .links
        .iter()
        .map(|link| json!({ "name": link.name, "mass_kg": link.mass_kg }))
        .collect();
    json!({
        "description": model.source.path,
        "srdf": robot.srdf,
        "links": links,
        "joints": joints,
        "layout": robot.layout,
        "sensors": robot.sensors,
        "findings": robot.findings,
        "doubts": robot.doubts(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_named_from_the_robot_file() {
        let check = |path: &str, folder: &str, expected: &str| {
            assert_eq!(relative(Path::new(path), Path::new(folder)), expected);
        };
        check("/a/urdf/r.urdf", "/a/params/robots", "../../urdf/r.urdf");
        check("/a/r.urdf", "/a", "r.urdf");
        check("/b/r.urdf", "/a/c", "/b/r.urdf");
        check("/a/r.urdf", "/a/1/2/3/4/5", "/a/r.urdf");
    }
}
