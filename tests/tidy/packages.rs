//! ROS packages.

use crate::files::{checkout, folders, text};
use crate::none;

/// Folders of ros2_ws/src that colcon builds; the ROS runtime is a library of the cargo workspace only.
fn packages() -> Vec<String> {
    let mut names = folders("ros2_ws/src");
    names.retain(|name| name != "physical_ai_ros");
    names
}

fn file(package: &str, name: &str) -> String {
    let path = checkout().join("ros2_ws/src").join(package).join(name);
    std::fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn every_ros_package_has_a_manifest_of_format_3() {
    let mut problems = Vec::new();
    for package in packages() {
        let manifest = file(&package, "package.xml");
        for needed in [
            "<package format=\"3\">".to_owned(),
            format!("<name>{package}</name>"),
            "<build_type>ament_cmake</build_type>".to_owned(),
        ] {
            if !manifest.contains(&needed) {
                problems.push(format!("{package}/package.xml: no {needed}"));
            }
        }
        if !file(&package, "CMakeLists.txt").contains(&format!("project({package}")) {
            problems.push(format!("{package}/CMakeLists.txt: no project({package} …)"));
        }
    }
    none("package.xml", &problems);
}

#[test]
fn node_packages_depend_on_every_interface_package_that_is_compiled_in() {
    let environment = text(&checkout().join("ros2_ws/setup/ros-environment.sh"));
    let list = environment
        .lines()
        .find_map(|line| line.strip_prefix("interface_packages="))
        .unwrap();
    let mut problems = Vec::new();
    for package in packages() {
        let manifest = file(&package, "package.xml");
        if file(&package, "Cargo.toml").is_empty() {
            continue;
        }
        for interfaces in list.trim_matches('"').split(';') {
            if !manifest.contains(&format!("<depend>{interfaces}</depend>")) {
                problems.push(format!("{package}/package.xml: no depend {interfaces}"));
            }
        }
    }
    none("package.xml", &problems);
}

#[test]
fn every_executable_of_a_node_package_is_installed() {
    let mut problems = Vec::new();
    for package in packages() {
        let manifest = file(&package, "Cargo.toml");
        let installed = file(&package, "CMakeLists.txt");
        for binary in manifest.split("[[bin]]").skip(1) {
            let name = binary.split('"').nth(1).unwrap();
            let call = installed.split("cargo_package(").nth(1).unwrap_or_default();
            let listed = call.split(')').next().unwrap_or_default();
            if !listed.split_whitespace().any(|word| word == name) {
                problems.push(format!(
                    "{package}/CMakeLists.txt: no cargo_package({name})"
                ));
            }
        }
    }
    none("CMakeLists.txt", &problems);
}
