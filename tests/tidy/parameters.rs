//! Parameter files.

use std::collections::BTreeMap;
use std::process::Command;

use physical_ai_domain::World;
use physical_ai_tests::program;
use serde_yaml_ng::{Mapping, Value};

use crate::files::{below, checkout, folders, short, text};
use crate::none;

/// What every node has; `--print-parameters` shows a node's own.
const STANDARD: [&str; 3] = ["use_sim_time", "autostart", "log_level"];

/// Executables of node packages, which print their parameters; those in `src/bin` are no nodes.
fn nodes() -> Vec<String> {
    let mut found = Vec::new();
    for package in folders("ros2_ws/src") {
        let manifest = checkout()
            .join("ros2_ws/src")
            .join(&package)
            .join("Cargo.toml");
        let is_node = !["physical_ai_ros", "physical_ai_cli"].contains(&package.as_str());
        if is_node && manifest.is_file() {
            let manifest = text(&manifest);
            let names = manifest.split("[[bin]]").skip(1);
            let names = names.filter(|b| !b.contains("path = \"src/bin/"));
            found.extend(names.map(|b| b.split('"').nth(1).unwrap().to_owned()));
        }
    }
    assert!(found.len() >= 5, "nodes found: {found:?}");
    found
}

fn values(yaml: &str, section: &str) -> BTreeMap<String, Value> {
    let yaml: Mapping = serde_yaml_ng::from_str(yaml).unwrap();
    let parameters = yaml[section]["ros__parameters"].as_mapping().unwrap();
    let entries = parameters.iter();
    entries
        .map(|(name, value)| (name.as_str().unwrap().to_owned(), value.clone()))
        .collect()
}

fn printed(node: &str) -> BTreeMap<String, Value> {
    let output = Command::new(program(node))
        .arg("--print-parameters")
        .output()
        .unwrap();
    assert!(output.status.success(), "{node} --print-parameters fails");
    values(&String::from_utf8(output.stdout).unwrap(), node)
}

#[test]
fn parameter_files_show_every_declared_parameter_with_its_default() {
    let mut problems = Vec::new();
    for node in nodes() {
        let path = checkout().join("params").join(format!("{node}.yaml"));
        let mut shown = values(&text(&path), "/**");
        for standard in STANDARD {
            if shown.remove(standard).is_none() {
                problems.push(format!("{}: {standard} is missing", short(&path)));
            }
        }
        let declared = printed(&node);
        for (name, default) in &declared {
            match shown.get(name) {
                None => problems.push(format!("{}: {name} is missing", short(&path))),
                Some(value) if value != default => problems.push(format!(
                    "{}: {name} is {value:?}, but its default is {default:?}",
                    short(&path)
                )),
                Some(_) => {}
            }
        }
        for name in shown.keys().filter(|name| !declared.contains_key(*name)) {
            problems.push(format!(
                "{}: {name} is not declared by {node}",
                short(&path)
            ));
        }
    }
    none("see `<node> --print-parameters`", &problems);
}

#[test]
fn every_parameter_has_a_comment_above_it() {
    let mut problems = Vec::new();
    for node in nodes() {
        let path = checkout().join("params").join(format!("{node}.yaml"));
        let source = text(&path);
        let lines: Vec<&str> = source.lines().collect();
        for pair in lines.windows(2) {
            let is_parameter = pair[1].starts_with("    ") && !pair[1].trim().starts_with('#');
            if is_parameter && !pair[0].trim().starts_with("# ") {
                problems.push(format!("{}: {}", short(&path), pair[1].trim()));
            }
        }
    }
    none("say what it is, with unit and range", &problems);
}

#[test]
fn every_parameter_file_loads() {
    let mut problems = Vec::new();
    for path in below("params", ".yaml") {
        let source = text(&path);
        let name = short(&path);
        if let Err(error) = serde_yaml_ng::from_str::<Value>(&source) {
            problems.push(format!("{name}: {error}"));
        }
        if name.contains("params/worlds/")
            && let Err(error) = World::from_yaml(&name, &source)
        {
            problems.push(format!("{name}: {error}"));
        }
    }
    none("files in params/", &problems);
}
