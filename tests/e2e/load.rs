//! Bursts of clients, processes that stand still, and files that are taken away.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use physical_ai_tests::{Process, Suite};
use serde_json::Value;

const WAIT: Duration = Duration::from_secs(120);
const PATROL: &str = "rover_1 patrols dock_a and dock_b";
const PAUSE: &str = "tasks: [{id: pause, skill: wait, robot: rover_1, params: {duration_s: 0.05}}]";

#[test]
fn every_goal_of_ten_rclpy_clients_at_once_is_answered() {
    let suite = Suite::start("demo");
    let mut clients = suite.peer(
        "burst_clients.py",
        &["execute_mission", "10", "20", "--wait-s", "90"],
    );
    let burst = clients.wait_for_event(WAIT, "burst");
    assert_eq!(burst["sent"], 200, "{burst}");
    assert_eq!(
        (&burst["accepted"], &burst["answered"]),
        (&200.into(), &200.into()),
        "{burst}"
    );
}

#[test]
fn commands_at_once_are_all_answered() {
    // Each is a participant of DDS that finds all others: fifty keep two cores busy for a minute.
    let is_long = std::env::var_os("PHYSICAL_AI_LONG").is_some_and(|v| v == "1");
    let commands = if is_long { 50 } else { 12 };
    let mut suite = Suite::start("demo");
    let folder = tempfile::tempdir().unwrap();
    let plan = folder.path().join("pause.yaml");
    std::fs::write(&plan, PAUSE).unwrap();
    let plan = plan.display().to_string();
    let mut clients: Vec<Process> = (0..commands)
        .map(|_| suite.cli(&["mission", "run", &plan]))
        .collect();
    let mut successes = 0;
    for client in &mut clients {
        let status = client.wait_for_end(WAIT);
        let text = client.text();
        // With fifty the machine may be too busy for the robot; then the orchestrator says so, and nobody else.
        let is_answered = text.contains("\"event\":\"result\"");
        let succeeded = status.code() == Some(0);
        assert!(
            is_answered && (succeeded || is_long),
            "{text}\n{}",
            suite.up.text()
        );
        successes += usize::from(succeeded);
    }
    println!("{commands} commands at once: all answered, {successes} missions succeeded");
}

/// The mission succeeded, every start was ordered once, and nobody was called silent. A loaded machine may
/// stop a robot and have its task tried again, so attempts may be more than one.
fn assert_no_pause_counted(suite: &mut Suite, result: &Value) {
    assert_eq!(result["error_code"], 0, "{result:#}");
    let tasks = result["tasks"].as_array().unwrap();
    let attempts: u64 = tasks.iter().filter_map(|t| t["attempts"].as_u64()).sum();
    let log = suite.up.text();
    let starts = log.matches("task started").count();
    assert_eq!(starts as u64, attempts, "{log}");
    assert!(!log.contains("is lost: silent"), "{log}");
}

#[test]
fn orchestrator_that_stood_still_calls_nobody_silent_and_rotates_no_token() {
    let mut suite = Suite::start("demo");
    let mut rover = suite.observe("rover_1");
    let mission = "rover_1 patrols dock_a and dock_b while arm_1 puts the red box in bin_b";
    let mut client = suite.cli(&["mission", "run", mission]);
    rover.wait_for_event(WAIT, "moving");
    for _ in 0..2 {
        suite.signal_node("orchestrator", Signal::SIGSTOP);
        std::thread::sleep(Duration::from_secs(3));
        suite.signal_node("orchestrator", Signal::SIGCONT);
        std::thread::sleep(Duration::from_secs(2));
    }
    let result = client.wait_for_event(WAIT, "result");
    assert_no_pause_counted(&mut suite, &result);
}

#[test]
fn orchestrator_that_says_nothing_is_noticed_within_five_seconds() {
    let suite = Suite::start("demo");
    let mut rover = suite.observe("rover_1");
    let mut client = suite.cli(&["mission", "run", PATROL, "--mission-id", "lonely"]);
    rover.wait_for_event(WAIT, "moving");
    suite.signal_node("orchestrator", Signal::SIGSTOP);
    let began = Instant::now();
    client.wait_for_text(WAIT, "has said nothing for");
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    suite.signal_node("orchestrator", Signal::SIGCONT);
    client.wait_for_text(WAIT, "is back");
    let result = client.wait_for_event(WAIT, "result");
    assert_eq!(result["error_code"], 0, "{result:#}");
    // With its whole suite silent, nothing will bring it back.
    let mut client = suite.cli(&["mission", "run", PATROL]);
    client.wait_for_text(WAIT, "executing");
    suite.signal_all(Signal::SIGSTOP);
    let began = Instant::now();
    let status = client.wait_for_end(WAIT);
    let took = began.elapsed();
    suite.signal_all(Signal::SIGCONT);
    let text = client.text();
    assert_eq!(status.code(), Some(3), "{text}");
    assert!(text.contains("is in its journal"), "{text}");
    assert!(took < Duration::from_millis(5500), "{took:?}: {text}");
}

#[test]
fn journal_that_is_deleted_in_mid_mission_is_kept_and_survives_a_kill() {
    let mut suite = Suite::start("demo");
    let mut rover = suite.observe("rover_1");
    let mut client = suite.cli(&["mission", "run", PATROL, "--mission-id", "kept"]);
    rover.wait_for_event(WAIT, "moving");
    let journal = suite.journal();
    for file in journal.parent().unwrap().read_dir().unwrap().flatten() {
        if file
            .file_name()
            .to_string_lossy()
            .starts_with("missions.sqlite")
        {
            std::fs::remove_file(file.path()).unwrap();
        }
    }
    let second = Duration::from_secs(1);
    suite
        .up
        .wait_for_text(second, "was deleted by another program");
    assert!(journal.is_file());
    suite.kill_node("orchestrator");
    suite.wait_for_restart("orchestrator", WAIT);
    let result = client.wait_for_event(WAIT, "result");
    assert_no_pause_counted(&mut suite, &result);
    let (code, lines) = suite.run_cli(&["mission", "show", "kept"]);
    assert_eq!((code, &lines[0]["phase"]), (0, &"succeeded".into()));
}

#[test]
fn killed_recorder_leaves_a_whole_recording_of_clock_imu_states_and_commands() {
    let suite = Suite::start("demo");
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().display().to_string();
    let mut recorder = suite.cli(&["record", "--out", &out]);
    recorder.wait_for_text(WAIT, "recording to");
    let (code, lines) = suite.run_cli(&["mission", "run", "rover_1 goes to dock_a"]);
    assert_eq!(code, 0, "{lines:#?}");
    std::thread::sleep(Duration::from_secs(2));
    recorder.signal(Signal::SIGKILL);
    recorder.wait_for_end(WAIT);
    let bytes = std::fs::read(folder.path().join("run.mcap")).unwrap();
    assert!(bytes.ends_with(b"\x89MCAP0\r\n"), "no end");
    // Chunks are compressed: readable names are those of the summary.
    let text = String::from_utf8_lossy(&bytes);
    for topic in [
        "/clock",
        "/rover_1/imu",
        "/rover_1/state",
        "/rover_1/command",
        "/rover_1/hardware_command",
        "/arm_1/state",
        "/missions",
    ] {
        assert!(text.contains(topic), "{topic}");
    }
    let (code, lines) = suite.run_cli(&["report", &out]);
    assert_eq!(code, 0, "{lines:#?}");
    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains("rover_1 goes to dock_a"));
    assert!(!page.contains("the end of the run is missing"));
}
