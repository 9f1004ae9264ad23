//! A command that the middleware does not take is a fault and a stop, never a motion that goes on.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use physical_ai_tests::{Process, STOP_S, Suite, checkout};
use serde_json::Value;

const WAIT: Duration = Duration::from_secs(60);
const PATROL: &str = "rover_1 patrols dock_a and dock_b 50 times";

/// A suite whose publications of one topic can be made to fail.
struct Broken {
    suite: Suite,
    topic_file: PathBuf,
    _folder: tempfile::TempDir,
}

/// Compiles what answers in the place of `rcl_publish`.
fn failing_publications(folder: &Path) -> PathBuf {
    let library = folder.join("failing_publications.so");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-Wall", "-Werror", "-o"])
        .arg(&library)
        .arg(checkout().join("tests/support/failing_publications.c"))
        .arg("-ldl")
        .status();
    assert!(built.unwrap().success());
    library
}

/// Waits until it is told that commands on this topic are not sent: by the agent as a fault in diagnostics, by the
/// actuator worker as the reason why the robot is not ready.
fn wait_for_fault(rover: &mut Process, topic: &str) {
    let until = Instant::now() + WAIT;
    loop {
        rover.write_line("mark");
        let mark = rover.wait_for_event(WAIT, "mark");
        let faults = mark["faults"].as_object().unwrap().values();
        let mut told = faults.chain([&mark["reason"]]).filter_map(Value::as_str);
        if told.any(|t| t.contains("commands are not sent") && t.contains(&topic[1..])) {
            return;
        }
        assert!(Instant::now() < until, "{topic}: {mark}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

impl Broken {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let topic_file = folder.path().join("topic");
        let library = failing_publications(folder.path());
        let suite = Suite::start_with(
            "demo",
            &[
                ("LD_PRELOAD", &library),
                ("FAILING_TOPIC_FILE", &topic_file),
            ],
        );
        Self {
            suite,
            topic_file,
            _folder: folder,
        }
    }

    /// Breaks `topic` while the rover drives: it stops, says why, its task fails, and it drives again afterwards.
    fn stops_while_broken(&self, topic: &str) {
        let mut rover = self.suite.observe("rover_1");
        let mut client = self.suite.cli(&["mission", "run", PATROL]);
        rover.wait_for_event(WAIT, "moving");
        rover.write_line("mark");
        let began = rover.wait_for_event(WAIT, "mark");
        std::fs::write(&self.topic_file, topic).unwrap();
        let rest = rover.wait_for_event(WAIT, "resting");
        let took_s = rest["sim_s"].as_f64().unwrap() - began["sim_s"].as_f64().unwrap();
        assert!(took_s < STOP_S + 0.2, "{topic}: {began} {rest}");
        wait_for_fault(&mut rover, topic);
        client.signal(Signal::SIGINT);
        assert_ne!(client.wait_for_end(WAIT).code(), Some(0), "{topic}");
        std::fs::remove_file(&self.topic_file).unwrap();
        self.suite.run_cli_until(
            WAIT,
            &["mission", "validate", "rover_1 goes to dock_a"],
            &["\"valid\": Bool(true)"],
        );
        let (code, lines) = self
            .suite
            .run_cli(&["mission", "run", "rover_1 goes to dock_a"]);
        assert_eq!(code, 0, "{topic}: {lines:#?}");
    }
}

#[test]
fn command_that_is_not_sent_is_a_fault_and_a_stop_until_commands_are_sent_again() {
    let broken = Broken::start();
    broken.stops_while_broken("/rover_1/command");
    broken.stops_while_broken("/rover_1/hardware_command");
}
