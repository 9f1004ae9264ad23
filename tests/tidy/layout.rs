//! What lies where.

use std::collections::BTreeSet;
use std::process::Command;

use crate::files::{checkout, folders};
use crate::none;

const TOP: [&str; 16] = [
    ".cargo",
    ".ci",
    ".gitignore",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "Makefile",
    "README.md",
    "clippy.toml",
    "findings",
    "launch",
    "msg",
    "params",
    "ros2_ws",
    "tests",
    "urdf",
];
const MADE: [&str; 2] = ["reports", "target"];

/// Top-level entries: what git knows, or everything visible where there is no git.
fn top_level() -> BTreeSet<String> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached"])
        .current_dir(checkout())
        .output()
        .ok()
        .filter(|output| output.status.success())
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    match listed {
        Some(files) => files
            .lines()
            .filter_map(|file| file.split('/').next().map(str::to_owned))
            .collect(),
        None => std::fs::read_dir(checkout())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| !name.starts_with('.'))
            .collect(),
    }
}

#[test]
fn the_top_level_holds_only_what_the_architecture_names() {
    let problems: Vec<String> = top_level()
        .into_iter()
        .filter(|name| !TOP.contains(&name.as_str()) && !MADE.contains(&name.as_str()))
        .collect();
    none("put it into one of the folders", &problems);
}

#[test]
fn every_crate_is_in_the_code_map() {
    let map = std::fs::read_to_string(checkout().join("ros2_ws/ARCHITECTURE.md")).unwrap();
    let problems: Vec<String> = folders("ros2_ws/crates")
        .into_iter()
        .filter(|name| !map.contains(&format!("`ros2_ws/crates/{name}`")))
        .collect();
    none("missing in the code map of ARCHITECTURE.md", &problems);
}
