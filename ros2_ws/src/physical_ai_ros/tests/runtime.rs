//! The runtime in its own process against rclpy and against our own client.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot start its processes has failed"
)]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const WAIT: Duration = Duration::from_secs(90);

/// A ROS domain of this test's own.
fn domain() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let offset = NEXT.fetch_add(1, Ordering::Relaxed);
    (1 + (std::process::id() * 7 + offset) % 100).to_string()
}

const NODE: &str = env!("CARGO_BIN_EXE_runtime_node");
const CLIENT: &str = env!("CARGO_BIN_EXE_runtime_client");

/// A process that does not outlive its test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    fn spawn(command: &mut Command, domain: &str) -> Self {
        command
            .env("ROS_DOMAIN_ID", domain)
            .env("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
            .stdout(Stdio::piped());
        let child = command.spawn();
        Self(child.unwrap_or_else(|e| panic!("{command:?}: {e}")))
    }

    fn node(domain: &str, arguments: &[&str]) -> Self {
        Self::spawn(Command::new(NODE).args(arguments), domain)
    }

    fn client(domain: &str, arguments: &[&str]) -> Self {
        Self::spawn(Command::new(CLIENT).args(arguments), domain)
    }

    fn peer(domain: &str, scenario: &str) -> Self {
        Self::script(domain, "ros_runtime_peer.py", &[scenario])
    }

    fn script(domain: &str, name: &str, arguments: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/interop");
        Self::spawn(python().arg(folder.join(name)).args(arguments), domain)
    }

    fn wait(&mut self) -> ExitStatus {
        let end = Instant::now() + WAIT;
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < end, "no end within {WAIT:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn passes(self) {
        let said = self.ends_well();
        assert!(said.trim_end().ends_with("PASS"), "{said}");
    }

    fn ends_well(mut self) -> String {
        let status = self.wait();
        let mut said = String::new();
        self.0
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        assert!(status.success(), "{status}: {said}");
        said
    }

    fn until_ready(&mut self) {
        let mut line = String::new();
        let mut out = BufReader::new(self.0.stdout.as_mut().unwrap());
        out.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "READY");
    }

    fn signal(&self, name: &str) {
        let pid = self.0.id().to_string();
        let status = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(status.unwrap().success());
    }
}

/// Python with the ROS prefix and the interface packages that the crate was built against.
fn python() -> Command {
    let prefixes = std::env::var("AMENT_PREFIX_PATH").unwrap_or_default();
    let mut interpreter = PathBuf::from("python3");
    let mut setup = PathBuf::from("/dev/null");
    let (mut packages, mut libraries) = (Vec::new(), Vec::new());
    for prefix in prefixes.split(':').map(Path::new) {
        if prefix.join("bin/python").exists() {
            interpreter = prefix.join("bin/python");
        }
        if prefix.join("setup.bash").exists() {
            setup = prefix.join("setup.bash");
        }
        libraries.push(prefix.join("lib"));
        let folders = prefix.join("lib").read_dir();
        for version in folders.into_iter().flatten().flatten() {
            let folder = version.path().join("site-packages");
            if folder.is_dir() {
                packages.push(folder);
            }
        }
    }
    let mut command = Command::new("bash");
    command
        .arg("-c")
        .arg(". \"$0\" && exec \"$@\"")
        .arg(setup)
        .arg(interpreter)
        .env("PYTHONPATH", std::env::join_paths(packages).unwrap())
        .env("LD_LIBRARY_PATH", std::env::join_paths(libraries).unwrap())
        .env_remove("AMENT_PREFIX_PATH");
    command
}

fn against_peer(scenario: &str, arguments: &[&str]) {
    let domain = domain();
    let _node = Process::node(&domain, arguments);
    Process::peer(&domain, scenario).passes();
}

#[test]
fn parameters_are_declared_checked_and_set_atomically() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("example.yaml");
    let text = "/**: {ros__parameters: {rate_hz: 70}}\n\
                /**/runtime_node: {ros__parameters: {rate_hz: 80, number: 3, names: [x, z]}}\n\
                other_node: {ros__parameters: {unknown_here: true}}\n";
    std::fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    against_peer(
        "parameters",
        &["--ros-args", "-p", "number:=7", "--params-file", &file],
    );
}

#[test]
fn lifecycle_client_drives_every_transition() {
    against_peer("lifecycle", &["--ros-args", "-p", "autostart:=false"]);
}

#[test]
fn nothing_in_simulated_time_begins_before_the_first_clock_and_a_jump_back_begins_it_anew() {
    against_peer(
        "simulated_time",
        &["--ros-args", "-p", "use_sim_time:=true"],
    );
}

#[test]
fn subscriptions_come_and_go_while_the_node_runs() {
    against_peer("topics", &[]);
}

#[test]
fn goals_are_rejected_fed_back_ended_and_kept_for_late_clients() {
    against_peer("actions", &[]);
}

#[test]
fn all_four_cancel_selectors_work() {
    against_peer("cancels", &[]);
}

#[test]
fn ended_goals_expire() {
    against_peer("expiry", &["--ros-args", "-p", "result_timeout_s:=1.0"]);
}

/// Plain rclpy clients have room for ten replies, of which each of them gets all.
#[test]
fn all_goals_of_ten_rclpy_clients_at_once_are_answered() {
    let domain = domain();
    let _node = Process::node(&domain, &[]);
    let said = Process::script(&domain, "burst_clients.py", &["generate", "10", "20"]).ends_well();
    assert!(said.contains("\"answered\": 200"), "{said}");
}

#[test]
fn server_that_stood_still_answers_all_that_came_meanwhile() {
    against_peer("stall", &[]);
}

#[test]
fn goal_under_a_running_id_is_refused_and_the_first_goes_on() {
    against_peer("same_id", &[]);
}

#[test]
fn goals_that_a_foreign_server_loses_end_as_not_answered() {
    let domain = domain();
    let mut server = Process::peer(&domain, "sleepy_server");
    server.until_ready();
    Process::client(&domain, &["burst"]).passes();
}

#[test]
fn result_that_the_server_dropped_is_lost_and_no_success() {
    let domain = domain();
    let mut server = Process::peer(&domain, "forgetful_server");
    server.until_ready();
    Process::client(&domain, &["lost"]).passes();
}

#[test]
fn a_client_that_dies_leaves_its_goal_to_others() {
    let domain = domain();
    let _node = Process::node(&domain, &[]);
    let mut orphan = Process::peer(&domain, "orphan");
    orphan.until_ready();
    orphan.signal("KILL");
    Process::peer(&domain, "heir").passes();
}

#[test]
fn our_client_sends_goals_messages_and_calls() {
    let domain = domain();
    let _node = Process::node(&domain, &[]);
    Process::client(&domain, &[]).passes();
}

#[test]
fn our_client_is_told_when_the_server_stops_or_is_killed() {
    for signal in ["TERM", "KILL"] {
        let domain = domain();
        let node = Process::node(&domain, &[]);
        let mut client = Process::client(&domain, &["survive"]);
        client.until_ready();
        node.signal(signal);
        client.passes();
    }
}

#[test]
fn signals_end_the_node_cleanly_in_mid_goal() {
    for signal in ["INT", "TERM", "INT", "TERM"] {
        let domain = domain();
        let mut node = Process::node(&domain, &[]);
        let mut orphan = Process::peer(&domain, "orphan");
        orphan.until_ready();
        let began = Instant::now();
        node.signal(signal);
        assert_eq!(node.wait().code(), Some(0), "{signal}");
        assert!(
            began.elapsed() < Duration::from_secs(2),
            "{:?}",
            began.elapsed()
        );
    }
}

#[test]
fn wrong_arguments_end_the_node_with_one_line_that_names_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.yaml");
    let check = |yaml: &str, arguments: &[&str], expected: &str| {
        std::fs::write(&file, yaml).unwrap();
        let file = file.display().to_string();
        let output = Command::new(NODE)
            .args(["--ros-args", "--params-file", &file])
            .args(arguments)
            .env("ROS_DOMAIN_ID", domain())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains(expected),
            "{said:?} does not say {expected:?}"
        );
        let ours = said.lines().filter(|line| !line.contains("[rcl]"));
        assert_eq!(ours.count(), 1, "{said}");
    };
    let good = "/**: {ros__parameters: {rate_hz: 80}}";
    check(
        "runtime_node: {ros__parameters: {rates: 1}}",
        &[],
        "bad.yaml: parameter rates: not declared",
    );
    check(
        "/**: {ros__parameters: {rates: 1}}",
        &[],
        "rates: not declared; known are",
    );
    check(
        "/**: {ros__parameters: {rate_hz: fast}}",
        &[],
        "\"fast\" is a string, but must be a double",
    );
    check(
        "/**: {ros__parameters: {rate_hz: .nan}}",
        &[],
        "rate_hz: NaN is not finite",
    );
    check("/**: [", &[], "bad.yaml: Sequences can only be values");
    check(
        "/**: {ros__parameters: {names: [1, 2.5]}}",
        &[],
        "Sequence should be of same type",
    );
    check(
        good,
        &["-p", "number:=101"],
        "-p: parameter number: 101 is outside 0 to 100",
    );
    check(good, &["-p", "number"], "expected name:=value");
    check(
        good,
        &["--log-level", "loud"],
        "log_level: \"loud\" is no level",
    );
    check(good, &["-r", "__node:=no-name"], "no-name");
    check(
        good,
        &["-p", "fail:=configure"],
        "told to fail in configure",
    );
}
