//! Who may depend on whom.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::files::checkout;
use crate::none;

/// What the pure crates may name, as in ARCHITECTURE.md; serialisation and errors are everyone's.
const EVERY_PURE_CRATE: [&str; 3] = ["serde", "serde_json", "thiserror"];
const PURE: [(&str, &[&str]); 12] = [
    ("physical_ai_domain", &["nalgebra", "serde_yaml_ng"]),
    (
        "physical_ai_description",
        &[
            "physical_ai_domain",
            "mesh-loader",
            "nalgebra",
            "roxmltree",
            "serde_path_to_error",
            "serde_yaml_ng",
            "strsim",
        ],
    ),
    ("physical_ai_schema", &["jsonschema"]),
    (
        "physical_ai_fleet",
        &[
            "physical_ai_domain",
            "physical_ai_schema",
            "serde_path_to_error",
            "serde_yaml_ng",
        ],
    ),
    (
        "physical_ai_planning",
        &[
            "physical_ai_domain",
            "physical_ai_fleet",
            "physical_ai_schema",
        ],
    ),
    (
        "physical_ai_mission",
        &["physical_ai_domain", "physical_ai_fleet", "rusqlite"],
    ),
    (
        "physical_ai_llm",
        &[
            "physical_ai_schema",
            "candle-core",
            "candle-nn",
            "half",
            "llguidance",
            "memmap2",
            "minijinja",
            "safetensors",
            "tokenizers",
            "toktrie",
        ],
    ),
    (
        "physical_ai_rl",
        &["physical_ai_domain", "physical_ai_sim", "tch"],
    ),
    ("physical_ai_control", &["physical_ai_domain", "nalgebra"]),
    ("physical_ai_drivers", &["physical_ai_domain"]),
    (
        "physical_ai_sim",
        &[
            "physical_ai_domain",
            "gz-transport",
            "mujoco-rs",
            "nalgebra",
            "rand",
            "rand_chacha",
        ],
    ),
    ("physical_ai_memory", &["physical_ai_domain", "redis"]),
];

/// Crates of other platforms need not be on this machine.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// One crate of the workspace.
struct Crate {
    name: String,
    manifest: String,
    dependencies: Vec<String>,
}

fn metadata(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline"])
        .args(arguments)
        .current_dir(checkout())
        .output()
        .unwrap();
    let problem = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "cargo metadata: {problem}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

fn string(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Crates of the workspace with what they name outside of tests.
fn workspace() -> Vec<Crate> {
    items(&metadata(&["--no-deps"])["packages"])
        .map(|package| Crate {
            name: string(&package["name"]),
            manifest: string(&package["manifest_path"]),
            dependencies: items(&package["dependencies"])
                .filter(|dependency| dependency["kind"] != "dev")
                .map(|dependency| string(&dependency["name"]))
                .collect(),
        })
        .collect()
}

fn is_pure(member: &Crate) -> bool {
    member.manifest.contains("/ros2_ws/crates/")
}

fn is_node_package(member: &Crate) -> bool {
    member.manifest.contains("/ros2_ws/src/") && member.name != "physical_ai_ros"
}

#[test]
fn pure_crates_name_only_what_the_table_allows() {
    let table: BTreeMap<_, _> = PURE.into_iter().collect();
    let mut problems = Vec::new();
    for member in workspace().iter().filter(|member| is_pure(member)) {
        let Some(allowed) = table.get(member.name.as_str()) else {
            problems.push(format!("{} is not in the table", member.name));
            continue;
        };
        for name in &member.dependencies {
            let name = name.as_str();
            if !allowed.contains(&name) && !EVERY_PURE_CRATE.contains(&name) {
                problems.push(format!("{} names {name}", member.name));
            }
        }
    }
    none("dependencies of pure crates", &problems);
}

#[test]
fn only_the_ros_runtime_names_r2r() {
    let problems: Vec<String> = workspace()
        .iter()
        .filter(|member| member.name != "physical_ai_ros")
        .flat_map(|member| member.dependencies.iter().map(move |d| (member, d)))
        .filter(|(_, dependency)| dependency.starts_with("r2r"))
        .map(|(member, dependency)| format!("{} names {dependency}", member.name))
        .collect();
    none("only physical_ai_ros depends on r2r", &problems);
}

#[test]
fn nodes_do_not_depend_on_nodes() {
    let members = workspace();
    let nodes: BTreeSet<&str> = members
        .iter()
        .filter(|member| is_node_package(member))
        .map(|member| member.name.as_str())
        .collect();
    assert!(nodes.len() >= 6, "node packages found: {nodes:?}");
    let problems: Vec<String> = members
        .iter()
        .filter(|member| member.name != "physical_ai_tests")
        .flat_map(|member| member.dependencies.iter().map(move |d| (member, d)))
        .filter(|(_, dependency)| nodes.contains(dependency.as_str()))
        .map(|(member, dependency)| format!("{} depends on {dependency}", member.name))
        .collect();
    none("nodes talk over topics, not over crates", &problems);
}

/// What each crate of the workspace links, with what that links, by name.
fn linked() -> BTreeMap<String, BTreeSet<String>> {
    let graph = metadata(&["--locked", "--filter-platform", PLATFORM]);
    let names: BTreeMap<&str, &str> = items(&graph["packages"])
        .map(|p| (p["id"].as_str().unwrap(), p["name"].as_str().unwrap()))
        .collect();
    let edges: BTreeMap<&str, Vec<&str>> = items(&graph["resolve"]["nodes"])
        .map(|node| {
            let linked = items(&node["deps"])
                .filter(|d| items(&d["dep_kinds"]).any(|kind| kind["kind"].is_null()))
                .map(|d| d["pkg"].as_str().unwrap())
                .collect();
            (node["id"].as_str().unwrap(), linked)
        })
        .collect();
    let of_member = |member: &Value| {
        let mut reached = BTreeSet::new();
        let mut open = vec![member.as_str().unwrap()];
        while let Some(id) = open.pop() {
            if reached.insert(id) {
                open.extend(&edges[id]);
            }
        }
        let reached = reached.iter().map(|id| names[id].to_owned()).collect();
        (names[member.as_str().unwrap()].to_owned(), reached)
    };
    items(&graph["workspace_members"]).map(of_member).collect()
}

#[test]
fn no_process_links_candle_and_libtorch() {
    // Candle comes with the engine, where its feature is on.
    let mut linked = linked();
    linked.retain(|_, with| with.contains("physical_ai_llm") && with.contains("torch-sys"));
    let problems: Vec<String> = linked.into_keys().collect();
    none("links both candle and libtorch", &problems);
}

/// Kernels of our own compute on processors; candle is what drives a GPU.
#[test]
fn nothing_links_candle_without_the_feature_that_needs_it() {
    let mut linked = linked();
    linked.retain(|_, with| with.iter().any(|name| name.starts_with("candle-")));
    let problems: Vec<String> = linked.into_keys().collect();
    none("links candle without its feature", &problems);
}

/// Words become plans without the engine: who asks a model does not carry one.
#[test]
fn only_inference_and_the_command_line_link_the_engine() {
    let allowed = [
        "physical_ai_llm",
        "physical_ai_inference",
        "physical_ai_cli",
    ];
    let linked = linked();
    let is_engine = |name: &String| {
        name == "physical_ai_llm" || name == "tokenizers" || name.starts_with("candle-")
    };
    let links = |with: &BTreeSet<String>| with.iter().any(is_engine);
    assert!(links(&linked["physical_ai_inference"]), "{linked:?}");
    let problems: Vec<String> = linked
        .iter()
        .filter(|(name, with)| !allowed.contains(&name.as_str()) && links(with))
        .map(|(name, _)| name.clone())
        .collect();
    none("links the engine of language models", &problems);
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let mut problems: Vec<String> = workspace()
        .iter()
        .filter(|member| {
            let manifest = std::fs::read_to_string(&member.manifest).unwrap();
            !manifest.contains("[lints]\nworkspace = true")
        })
        .map(|member| format!("{}: no `[lints] workspace = true`", member.name))
        .collect();
    let top = std::fs::read_to_string(checkout().join("Cargo.toml")).unwrap();
    for lint in ["unwrap_used", "expect_used", "panic", "todo"] {
        if !top.contains(&format!("\n{lint} = \"deny\"")) {
            problems.push(format!("Cargo.toml does not deny clippy::{lint}"));
        }
    }
    none("lints", &problems);
}
