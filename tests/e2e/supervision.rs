//! Nodes that live and do not get on: the supervisor notices, says so, and starts them again.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use physical_ai_tests::{Process, Suite, checkout, program};

const WAIT: Duration = Duration::from_secs(60);

fn pid_of(suite: &Suite, node: &str) -> Pid {
    let pid = suite.node(node)["pid"].as_i64().unwrap();
    Pid::from_raw(i32::try_from(pid).unwrap())
}

/// Waits for an event about a node.
fn wait_for(up: &mut Process, event: &str, node: &str) -> serde_json::Value {
    loop {
        let found = up.wait_for_event(WAIT, event);
        if found["node"] == node {
            return found;
        }
    }
}

/// A deployment of one agent worker in a folder of its own.
fn deployment(folder: &std::path::Path, world: &std::path::Path) -> std::path::PathBuf {
    let path = folder.join("d.yaml");
    let root = checkout().canonicalize().unwrap();
    let text = format!(
        "root: {}\nrestart: {{stuck_after_s: 3.0}}\nnodes:\n  - executable: agent_worker\n    \
         parameters: {{world_file: {}, model_folder: urdf}}\n",
        root.display(),
        world.display()
    );
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn node_that_is_stuck_in_a_transition_is_killed_and_started_again() {
    let folder = tempfile::tempdir().unwrap();
    // Reading it never ends: configure does not, either.
    let world = folder.path().join("world.yaml");
    nix::unistd::mkfifo(&world, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let path = deployment(folder.path(), &world);
    let mut command = std::process::Command::new(program("physical-ai"));
    command
        .args(["--json", "up"])
        .arg(&path)
        .arg("--state-file")
        .arg(folder.path().join("up.json"));
    let mut up = Process::start(&mut command, Suite::shared_domain());
    let stuck = wait_for(&mut up, "stuck", "agent_worker");
    let reason = stuck["reason"].as_str().unwrap();
    assert!(reason.contains("for more than 3 s"), "{reason}");
    // From now on it can be read.
    std::fs::remove_file(&world).unwrap();
    let readable = std::fs::read(checkout().join("params/worlds/demo.yaml")).unwrap();
    std::fs::write(&world, readable).unwrap();
    let exited = wait_for(&mut up, "exited", "agent_worker");
    assert_eq!(exited["signal"], 9, "{exited}");
    wait_for(&mut up, "ready", "agent_worker");
    up.signal(Signal::SIGINT);
    assert_eq!(up.wait_for_end(WAIT).code(), Some(0));
}

#[test]
fn active_node_that_sends_nothing_is_called_silent_until_it_is_heard_again() {
    let mut suite = Suite::start("demo");
    let stopped = pid_of(&suite, "sensor_worker");
    kill(stopped, Signal::SIGSTOP).unwrap();
    let silent = wait_for(&mut suite.up, "silent", "sensor_worker");
    let reason = silent["reason"].as_str().unwrap();
    assert!(
        reason.contains("active, which is no proof of output"),
        "{reason}"
    );
    assert_eq!(suite.node("sensor_worker")["state"], "silent");
    kill(stopped, Signal::SIGCONT).unwrap();
    // It did not take long enough for a restart, and is heard again.
    wait_for(&mut suite.up, "ready", "sensor_worker");
    assert_eq!(pid_of(&suite, "sensor_worker"), stopped);
}

#[test]
fn heartbeat_that_is_missing_is_told_by_the_middleware_and_plain_subscriptions_match() {
    let suite = Suite::start("demo");
    let mut watch = suite.peer("heartbeat_watch.py", &["sensor_worker"]);
    watch.wait_for_text(WAIT, "READY");
    suite.signal_node("sensor_worker", Signal::SIGSTOP);
    let gone = loop {
        let event = watch.wait_for_event(WAIT, "liveliness");
        if event["gone"] == 1 {
            break event;
        }
    };
    assert!(
        gone["alive"].as_i64().unwrap() >= 1,
        "the others live: {gone}"
    );
    suite.signal_node("sensor_worker", Signal::SIGCONT);
    loop {
        let event = watch.wait_for_event(WAIT, "liveliness");
        if event["gone"] == 0 {
            break;
        }
    }
    // The topic has no key: its deadline is missed when nobody speaks.
    suite.signal_all(Signal::SIGSTOP);
    let missed = watch.wait_for_event(WAIT, "deadline");
    suite.signal_all(Signal::SIGCONT);
    assert!(missed["missed"].as_i64().unwrap() >= 1, "{missed}");
    assert!(!watch.text().contains("incompatible"), "{}", watch.text());
}

/// A process that stands still while it holds a lock in memory that it shares with others stops them, too.
#[test]
fn nodes_share_no_memory_of_the_middleware() {
    let suite = Suite::start("demo");
    for node in ["simulation_worker", "actuator_worker", "agent_worker"] {
        let maps = format!("/proc/{}/maps", pid_of(&suite, node));
        let maps = std::fs::read_to_string(maps).unwrap();
        assert!(maps.contains("libfastrtps"), "{node} has no Fast DDS");
        let shared: Vec<&str> = maps
            .lines()
            .filter(|l| l.contains("/dev/shm/fastrtps_"))
            .collect();
        assert!(shared.is_empty(), "{node}: {shared:#?}");
    }
}
