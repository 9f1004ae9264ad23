use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::{Process, peer, program};

const START: Duration = Duration::from_secs(30);

/// A whole suite started with `physical-ai up`, in a ROS domain and with a journal of its own.
pub struct Suite {
    /// Its supervisor; every line is a JSON event.
    pub up: Process,
    /// ROS domain.
    pub domain: u16,
    /// Namespace; empty: the root.
    pub namespace: String,
    folder: tempfile::TempDir,
}

/// A domain that no other test of this run uses, below those whose ports programs use by themselves.
fn next_domain() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let offset = NEXT.fetch_add(1, Ordering::Relaxed);
    1 + (std::process::id() as u16 % 90 + offset * 7) % 100
}

impl Suite {
    /// Starts a deployment of params/deployments and waits until every node is active.
    pub fn start(deployment: &str) -> Self {
        Self::start_in(deployment, next_domain(), "", &[])
    }

    /// Starts a deployment in a namespace of a domain, with `--set` assignments.
    pub fn start_in(deployment: &str, domain: u16, namespace: &str, set: &[&str]) -> Self {
        let mut suite = Self::launch(deployment, domain, namespace, set, &[]);
        suite.up.wait_for_event(START, "all_ready");
        suite
    }

    /// Starts a deployment whose processes have these variables in their environment, too.
    pub fn start_with(deployment: &str, variables: &[(&str, &Path)]) -> Self {
        let mut suite = Self::launch(deployment, next_domain(), "", &[], variables);
        suite.up.wait_for_event(START, "all_ready");
        suite
    }

    /// Starts the nodes of a deployment in another world, of robots in the packages that set-up fetched.
    pub fn start_in_world(deployment: &str, world: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("world.yaml");
        std::fs::write(&file, world).unwrap();
        let world_file = format!("*.world_file={}", file.display());
        let mut suite = Self::launch(deployment, next_domain(), "", &[&world_file], &[]);
        suite.up.wait_for_event(START, "all_ready");
        suite
    }

    /// Starts a deployment in a fresh domain without waiting.
    pub fn launch_alone(deployment: &str, set: &[&str]) -> Self {
        Self::launch(deployment, next_domain(), "", set, &[])
    }

    /// The same in a namespace of a domain.
    pub fn launch_beside(deployment: &str, domain: u16, namespace: &str, set: &[&str]) -> Self {
        Self::launch(deployment, domain, namespace, set, &[])
    }

    /// A domain for suites that share it.
    pub fn shared_domain() -> u16 {
        next_domain()
    }

    fn launch(
        deployment: &str,
        domain: u16,
        namespace: &str,
        set: &[&str],
        variables: &[(&str, &Path)],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("missions.sqlite");
        let state = folder.path().join("up.json");
        let mut command = Command::new(program("physical-ai"));
        command
            .args(["--json", "--namespace", namespace, "up"])
            .arg(format!("params/deployments/{deployment}.yaml"))
            .arg("--set")
            .arg(format!("orchestrator.journal_file={}", journal.display()))
            .arg("--state-file")
            .arg(&state)
            .arg("--package-path")
            .arg(crate::checkout().join("ros2_ws/.deps/robots/share"))
            // What nodes remember beyond their lives, as the emergency stop, is this suite's alone.
            .env("XDG_STATE_HOME", folder.path())
            .envs(variables.iter().copied());
        for assignment in set {
            command.args(["--set", assignment]);
        }
        Self {
            up: Process::start(&mut command, domain),
            domain,
            namespace: namespace.to_owned(),
            folder,
        }
    }

    /// Starts a command of the CLI against this suite.
    pub fn cli(&self, arguments: &[&str]) -> Process {
        let mut command = Command::new(program("physical-ai"));
        command
            .args(["--json", "--namespace", &self.namespace])
            .args(arguments);
        Process::start(&mut command, self.domain)
    }

    /// Runs a command of the CLI to its end: exit code and JSON lines.
    pub fn run_cli(&self, arguments: &[&str]) -> (i32, Vec<Value>) {
        let mut process = self.cli(arguments);
        let status = process.wait_for_end(Duration::from_secs(60));
        let lines = process
            .text()
            .lines()
            .filter_map(|l| serde_json::from_str(l).ok())
            .collect();
        (status.code().unwrap_or(-1), lines)
    }

    /// Runs a command until its output names all that is expected; heartbeats make their rounds only
    /// some time after all nodes are active.
    ///
    /// # Panics
    /// If it fails, or still lacks something after `timeout`.
    pub fn run_cli_until(&self, timeout: Duration, arguments: &[&str], expected: &[&str]) {
        let end = Instant::now() + timeout;
        loop {
            let (code, lines) = self.run_cli(arguments);
            let text = format!("{lines:?}");
            assert_eq!(code, 0, "{arguments:?}: {text}");
            match expected.iter().find(|e| !text.contains(**e)) {
                None => return,
                Some(missing) => assert!(Instant::now() < end, "{missing} is missing in {text}"),
            }
        }
    }

    /// Starts a Python peer against this suite.
    pub fn peer(&self, script: &str, arguments: &[&str]) -> Process {
        let mut all = arguments.to_vec();
        if !self.namespace.is_empty() {
            all.extend(["--namespace", &self.namespace]);
        }
        Process::start(&mut peer(script, &all), self.domain)
    }

    /// Watches a robot; returns when its joint states arrive.
    pub fn observe(&self, robot: &str) -> Process {
        let mut observer = self.peer("motion_observer.py", &["--robot", robot]);
        observer.wait_for_text(START, "READY");
        observer
    }

    /// The state that the supervisor wrote about a node.
    pub fn node(&self, name: &str) -> Value {
        let nodes = self.nodes();
        let found = nodes.iter().find(|n| n["name"] == name).cloned();
        found.unwrap_or_else(|| panic!("no node {name} in {nodes:?}"))
    }

    fn nodes(&self) -> Vec<Value> {
        let path = self.folder.path().join("up.json");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let state: Value = serde_json::from_str(&text).unwrap_or_default();
        state["nodes"].as_array().cloned().unwrap_or_default()
    }

    /// The orchestrator's journal.
    pub fn journal(&self) -> std::path::PathBuf {
        self.folder.path().join("missions.sqlite")
    }

    /// Kills a node's process for good, as a crash would.
    pub fn kill_node(&self, name: &str) {
        self.signal_node(name, Signal::SIGKILL);
    }

    /// Sends a signal to a node's process.
    pub fn signal_node(&self, name: &str, signal: Signal) {
        let pid = self.node(name)["pid"].as_i64().unwrap();
        kill(Pid::from_raw(i32::try_from(pid).unwrap()), signal).unwrap();
    }

    /// Sends a signal to every node's process.
    pub fn signal_all(&self, signal: Signal) {
        for node in self.nodes() {
            self.signal_node(node["name"].as_str().unwrap(), signal);
        }
    }

    /// Waits until a node that died is active again.
    ///
    /// # Panics
    /// If it is not within `timeout`.
    pub fn wait_for_restart(&mut self, name: &str, timeout: Duration) {
        let end = Instant::now() + timeout;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let event = self.up.wait_for_event(left, "ready");
            if event["node"] == name {
                return;
            }
        }
    }

    /// The last `result` among JSON lines.
    pub fn result(lines: &[Value]) -> &Value {
        let found = lines.iter().rev().find(|l| l["event"] == "result");
        found.unwrap_or_else(|| panic!("no result in {lines:#?}"))
    }
}
