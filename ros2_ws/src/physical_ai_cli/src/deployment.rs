//! Deployment files: which nodes run, with what parameters, in which order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail, ensure};
use physical_ai_ros::ParameterValue;
use serde::Deserialize;
use serde_yaml_ng::Value;

use crate::supervisor::RestartPolicy;

/// What to do when a node ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restart {
    /// Start it again.
    Always,
    /// Start it again unless it ended with exit code 0.
    #[default]
    OnFailure,
    /// Leave it.
    Never,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDeployment {
    #[serde(default = "here")]
    root: String,
    #[serde(default)]
    restart: RestartPolicy,
    nodes: Vec<RawNode>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNode {
    executable: String,
    package: Option<String>,
    name: Option<String>,
    #[serde(default)]
    params_files: Vec<String>,
    #[serde(default)]
    parameters: BTreeMap<String, Value>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    depends: Vec<String>,
    #[serde(default)]
    restart: Restart,
    stuck_after_s: Option<f64>,
    #[serde(default = "yes")]
    required: bool,
}

fn here() -> String {
    ".".to_owned()
}

const fn yes() -> bool {
    true
}

/// One node of a deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Node name, unique.
    pub name: String,
    /// ROS package of the executable.
    pub package: String,
    /// Program.
    pub executable: String,
    /// Parameter files, later ones win.
    pub params_files: Vec<String>,
    /// Parameters, over the files.
    pub parameters: BTreeMap<String, Value>,
    /// More arguments.
    pub args: Vec<String>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Nodes that must be active before this one starts.
    pub depends: Vec<String>,
    /// What to do when it ends.
    pub restart: Restart,
    /// The same of this node as [`RestartPolicy::stuck_after_s`] of all, seconds.
    pub stuck_after_s: Option<f64>,
    /// Whether the deployment stops when this node cannot be kept alive.
    pub required: bool,
}

/// A checked deployment; nodes are in the order in which they start.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployment {
    /// The file.
    pub path: PathBuf,
    /// Working folder of the nodes: relative paths in parameters start here.
    pub root: PathBuf,
    /// How dead nodes come back.
    pub restart: RestartPolicy,
    /// Nodes.
    pub nodes: Vec<Node>,
}

impl Deployment {
    /// Reads a deployment file.
    ///
    /// # Errors
    /// Names the file, the field and the value.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let yaml = std::fs::read_to_string(path)
            .with_context(|| format!("deployment {} cannot be read", path.display()))?;
        Self::parse(path, &yaml).with_context(|| format!("deployment {}", path.display()))
    }

    fn parse(path: &Path, yaml: &str) -> anyhow::Result<Self> {
        let raw: RawDeployment = serde_yaml_ng::from_str(yaml)?;
        raw.restart.validate()?;
        ensure!(!raw.nodes.is_empty(), "nodes: at least one is needed");
        let folder = path.parent().unwrap_or(Path::new(""));
        let root = folder.join(&raw.root);
        let root = root
            .canonicalize()
            .with_context(|| format!("root {:?}: {} does not exist", raw.root, root.display()))?;
        let order = start_order(&raw.nodes)?;
        let mut nodes: Vec<Option<Node>> = raw
            .nodes
            .into_iter()
            .map(|node| Node::try_from(node).map(Some))
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            path: path.to_path_buf(),
            root,
            restart: raw.restart,
            nodes: order
                .into_iter()
                .filter_map(|index| nodes.get_mut(index).and_then(Option::take))
                .collect(),
        })
    }

    /// Applies a `NODE.PARAMETER=VALUE` from the command line.
    ///
    /// # Errors
    /// Names what is wrong with it.
    pub fn set(&mut self, assignment: &str) -> anyhow::Result<()> {
        let (target, value) = assignment
            .split_once('=')
            .with_context(|| format!("--set {assignment:?}: expected NODE.PARAMETER=VALUE"))?;
        let (node_name, parameter) = target
            .split_once('.')
            .with_context(|| format!("--set {assignment:?}: expected NODE.PARAMETER=VALUE"))?;
        let value = match value {
            // Nodes know no null.
            "" => Value::String(String::new()),
            // As the node's own `-p` reads it.
            _ => ParameterValue::from_text(value)
                .map(|v| to_yaml(&v))
                .map_err(|e| anyhow!("--set {assignment:?}: {e}"))?,
        };
        let mut found = false;
        for node in &mut self.nodes {
            let every = node_name == "*" && node.parameters.contains_key(parameter);
            if node.name == node_name || every {
                node.parameters.insert(parameter.to_owned(), value.clone());
                found = true;
            }
        }
        let names: Vec<&str> = self.nodes.iter().map(|n| n.name.as_str()).collect();
        ensure!(
            found,
            "--set {assignment:?}: no such node or parameter; nodes are {}",
            names.join(", ")
        );
        Ok(())
    }

    /// The value of a text parameter, from the first node that has it.
    pub fn text_parameter(&self, name: &str) -> Option<&str> {
        self.nodes
            .iter()
            .find_map(|n| n.parameters.get(name).and_then(Value::as_str))
    }
}

impl TryFrom<RawNode> for Node {
    type Error = anyhow::Error;

    fn try_from(raw: RawNode) -> anyhow::Result<Self> {
        let name = raw.name().to_owned();
        for (parameter, value) in &raw.parameters {
            ensure!(
                yaml_flow(value).is_some(),
                "node {name}: parameter {parameter}: must be a scalar or a list of scalars"
            );
        }
        if let Some(limit_s) = raw.stuck_after_s {
            ensure!(
                (0.0..=86_400.0).contains(&limit_s),
                "node {name}: stuck_after_s: {limit_s} must be from 0 to 86400"
            );
        }
        Ok(Self {
            package: raw
                .package
                .clone()
                .unwrap_or_else(|| package_of(&raw.executable)),
            name,
            executable: raw.executable,
            params_files: raw.params_files,
            parameters: raw.parameters,
            args: raw.args,
            env: raw.env,
            depends: raw.depends,
            restart: raw.restart,
            stuck_after_s: raw.stuck_after_s,
            required: raw.required,
        })
    }
}

impl RawNode {
    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.executable)
    }
}

fn to_yaml(value: &ParameterValue) -> Value {
    use ParameterValue as V;
    match value.clone() {
        V::Bool(v) => v.into(),
        V::Integer(v) => v.into(),
        V::Double(v) => v.into(),
        V::String(v) => v.into(),
        V::BoolArray(v) => v.into(),
        V::IntegerArray(v) => v.into(),
        V::DoubleArray(v) => v.into(),
        V::StringArray(v) => v.into(),
    }
}

fn package_of(executable: &str) -> String {
    match executable {
        "sensor_worker" => "physical_ai_sensors".to_owned(),
        "actuator_worker" => "physical_ai_actuators".to_owned(),
        "rollout_worker" | "learner" => "physical_ai_learning".to_owned(),
        other => format!("physical_ai_{}", other.trim_end_matches("_worker")),
    }
}

/// A value as YAML on one line, as `-p name:=value` takes it.
fn yaml_flow(value: &Value) -> Option<String> {
    match value {
        Value::Bool(b) => Some(b.to_string()),
        // Keeps 1.0 a float.
        Value::Number(n) => Some(serde_yaml_ng::to_string(n).ok()?.trim_end().to_owned()),
        Value::String(s) => serde_json::to_string(s).ok(),
        Value::Sequence(items) => {
            let items: Option<Vec<String>> = items
                .iter()
                .map(|i| if i.is_sequence() { None } else { yaml_flow(i) })
                .collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        _ => None,
    }
}

impl Node {
    /// Command-line arguments of the node in `namespace`.
    pub fn arguments(&self, namespace: &str) -> Vec<String> {
        let mut arguments = self.args.clone();
        arguments.push("--ros-args".to_owned());
        let mut push = |flag: &str, value: String| {
            arguments.push(flag.to_owned());
            arguments.push(value);
        };
        push("-r", format!("__node:={}", self.name));
        if !namespace.is_empty() {
            push("-r", format!("__ns:=/{namespace}"));
            // Absolute by convention; two suites in two namespaces must not share them.
            for topic in ["clock", "tf", "tf_static"] {
                push("-r", format!("/{topic}:={topic}"));
            }
        }
        for file in &self.params_files {
            push("--params-file", file.clone());
        }
        for (name, value) in &self.parameters {
            if let Some(text) = yaml_flow(value) {
                push("-p", format!("{name}:={text}"));
            }
        }
        arguments
    }
}

/// Indices in an order in which every node comes after those it depends on; otherwise as in the file.
fn start_order(nodes: &[RawNode]) -> anyhow::Result<Vec<usize>> {
    let mut names = BTreeSet::new();
    for node in nodes {
        let name = node.name();
        ensure!(!name.is_empty(), "nodes: a name is empty");
        ensure!(
            names.insert(name),
            "node name {name:?} is used twice; give one of them another `name`"
        );
    }
    for node in nodes {
        for dependency in &node.depends {
            ensure!(
                names.contains(dependency.as_str()),
                "node {}: depends: {dependency:?} is not a node of this deployment",
                node.name()
            );
        }
    }
    let mut order: Vec<usize> = Vec::new();
    let mut started: BTreeSet<&str> = BTreeSet::new();
    while order.len() < nodes.len() {
        let next = nodes.iter().enumerate().find(|(index, node)| {
            !order.contains(index) && node.depends.iter().all(|d| started.contains(d.as_str()))
        });
        let Some((index, node)) = next else {
            let waiting: Vec<&str> = nodes
                .iter()
                .map(RawNode::name)
                .filter(|n| !started.contains(n))
                .collect();
            bail!("depends: {} wait for each other", waiting.join(", "));
        };
        order.push(index);
        started.insert(node.name());
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(yaml: &str) -> anyhow::Result<Deployment> {
        Deployment::parse(Path::new("./d.yaml"), yaml)
    }

    #[test]
    fn nodes_start_after_what_they_depend_on() {
        let deployment = parse(
            "nodes: [{executable: orchestrator, depends: [a, simulation_worker]}, \
             {executable: agent_worker, name: a, depends: [simulation_worker]}, {executable: simulation_worker}]",
        )
        .unwrap();
        let names: Vec<&str> = deployment.nodes.iter().map(|n| n.name.as_str()).collect();
        assert_eq!(names, ["simulation_worker", "a", "orchestrator"]);
        assert_eq!(deployment.nodes[0].package, "physical_ai_simulation");
        assert_eq!(deployment.nodes[1].package, "physical_ai_agent");
    }

    #[test]
    fn wrong_deployments_name_field_and_value() {
        let check = |yaml: &str, expected: &str| {
            let error = format!("{:#}", parse(yaml).unwrap_err());
            assert!(error.contains(expected), "{error}");
        };
        check("nodes: []", "at least one");
        check(
            "nodes: [{executable: a}, {executable: a}]",
            "\"a\" is used twice",
        );
        check(
            "nodes: [{executable: a, depends: [b]}]",
            "\"b\" is not a node",
        );
        check(
            "nodes: [{executable: a, depends: [b]}, {executable: b, depends: [a]}]",
            "a, b wait for each other",
        );
        check(
            "nodes: [{executable: a, dependz: []}]",
            "unknown field `dependz`",
        );
        check(
            "nodes: [{executable: a, parameters: {p: {q: 1}}}]",
            "parameter p",
        );
        check(
            "root: /nonexistent\nnodes: [{executable: a}]",
            "/nonexistent",
        );
        check(
            "restart: {factor: 0.5}\nnodes: [{executable: a}]",
            "factor: 0.5",
        );
        check("nodes: 3", "nodes");
    }

    #[test]
    fn arguments_keep_types_and_carry_the_namespace() {
        let mut deployment = parse(
            "nodes: [{executable: a, params_files: [p.yaml], parameters: {rate: 1.0, list: [x, 'y z'], on: true}}]",
        )
        .unwrap();
        deployment.set("a.rate=2.5").unwrap();
        deployment.set("*.on=false").unwrap();
        deployment.set("a.text=").unwrap();
        assert_eq!(
            deployment.nodes[0].arguments("fleet").join(" "),
            "--ros-args -r __node:=a -r __ns:=/fleet -r /clock:=clock -r /tf:=tf -r /tf_static:=tf_static \
             --params-file p.yaml -p list:=[\"x\", \"y z\"] -p on:=false -p rate:=2.5 -p text:=\"\""
        );
        assert!(!deployment.nodes[0].arguments("").join(" ").contains("__ns"));
        for wrong in ["a.rate", "rate=1", "b.rate=1", "*.nothing=1"] {
            assert!(deployment.set(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn shipped_deployments_load() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../params/deployments");
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let deployment = Deployment::load(&entry.unwrap().path()).unwrap();
            let world = deployment.text_parameter("world_file").unwrap();
            assert!(deployment.root.join(world).is_file(), "{world}");
            for node in &deployment.nodes {
                for file in &node.params_files {
                    assert!(deployment.root.join(file).is_file(), "{file}");
                }
            }
            count += 1;
        }
        assert!(count >= 2, "{count}");
    }
}
