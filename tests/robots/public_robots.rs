//! The table of all robots in the public package `example-robot-data` 6.0.0.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::reading::{read, robots};

/// One line per URDF: its path, and why it is refused, or `loads`.
const TABLE: &str = include_str!("public_robots.tsv");

/// At least so many have to load.
const LOADED: usize = 60;

fn table() -> BTreeMap<&'static str, &'static str> {
    TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once('\t').unwrap())
        .collect()
}

fn urdfs(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            urdfs(&path, found);
        } else if path.extension().is_some_and(|e| e == "urdf") {
            found.push(path);
        }
    }
}

#[test]
fn every_public_robot_loads_or_is_refused_for_the_reason_in_the_table() {
    let (folder, table) = (robots(), table());
    let mut files = Vec::new();
    urdfs(&folder, &mut files);
    assert_eq!(
        files.len(),
        table.len(),
        "robots in the package and in the table"
    );
    let mut problems = Vec::new();
    for file in &files {
        let name = file.strip_prefix(&folder).unwrap().to_str().unwrap();
        let expected = table.get(name).copied().unwrap_or("is not in the table");
        let found = match read(file) {
            Ok(_) => "loads".to_owned(),
            // Without the places of this machine.
            Err(error) => {
                let text = error.to_string();
                let reason = text.strip_prefix(&format!("robot robot: {}: ", file.display()));
                let reason = reason.unwrap_or(&text);
                reason.replace(&format!("{}/", folder.display()), "")
            }
        };
        if found != expected {
            problems.push(format!("{name}\n  found    {found}\n  expected {expected}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let loaded = table.values().filter(|v| **v == "loads").count();
    assert!(loaded >= LOADED, "{loaded} of {} load", table.len());
}

#[test]
fn what_is_assumed_of_a_public_robot_is_said() {
    let check = |name: &str, expected: &[&str]| {
        let model = read(&robots().join(name)).unwrap();
        let warnings: Vec<String> = model.warnings.iter().map(ToString::to_string).collect();
        for expected in expected {
            let said = warnings.iter().any(|w| w.contains(expected));
            assert!(said, "{name}: {expected}: {warnings:#?}");
        }
    };
    check(
        "tiago_description/robots/tiago.urdf",
        &["link base_antenna_left_link: inertia: has principal moments"],
    );
    check(
        "double_pendulum_description/urdf/double_pendulum.urdf",
        &[
            "joint joint1: limit: velocity: is not given",
            "joint joint1: limit: effort: is not given",
            "joint joint1: limit: bounds: lower and upper are 0: the joint is locked there",
        ],
    );
    check(
        "centauro_description/urdf/centauro.urdf",
        &["joint j_wheel_1: limit: lower: is left out: 0, as URDF says"],
    );
}
