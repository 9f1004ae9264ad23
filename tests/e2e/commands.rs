//! The command line around a suite: up, workers, robots, doctor.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use nix::sys::signal::Signal;
use physical_ai_tests::{Process, Suite};

const WAIT: Duration = Duration::from_secs(30);

#[test]
fn up_stops_everything_on_interrupt_with_exit_code_0() {
    let mut suite = Suite::start("demo");
    let names = [
        "simulation_worker",
        "sensor_worker",
        "actuator_worker",
        "agent_worker",
        "orchestrator",
    ];
    let pids: Vec<i64> = names
        .iter()
        .map(|n| suite.node(n)["pid"].as_i64().unwrap())
        .collect();
    suite.up.signal(Signal::SIGINT);
    let status = suite.up.wait_for_end(WAIT);
    let text = suite.up.text();
    assert_eq!(status.code(), Some(0), "{text}");
    for name in names {
        let ended = format!("\"code\":0,\"event\":\"exited\",\"node\":\"{name}\"");
        let clean = text.lines().any(|l| {
            let event: serde_json::Value = serde_json::from_str(l).unwrap_or_default();
            event["event"] == "exited" && event["node"] == name && event["code"] == 0
        });
        assert!(clean, "{ended} is missing in {text}");
    }
    for pid in pids {
        assert!(
            !std::path::Path::new(&format!("/proc/{pid}")).exists(),
            "{pid} still runs"
        );
    }
}

#[test]
fn workers_and_robots_are_listed_with_what_they_offer() {
    let suite = Suite::start("demo");
    let workers = [
        "agent_worker",
        "sensor_worker",
        "actuator_worker",
        "simulation_worker",
    ];
    suite.run_cli_until(WAIT, &["workers"], &workers);
    let robots = ["arm_1", "rover_1", "pick_and_place", "navigate_to"];
    suite.run_cli_until(WAIT, &["robots"], &robots);
    let (code, lines) = suite.run_cli(&["doctor"]);
    assert_eq!(code, 0, "{lines:?}");
}

#[test]
fn command_without_a_suite_says_what_to_do() {
    let mut client = run_alone("rover_1 returns home");
    // On a machine whose cores are busy it is patient.
    let status = client.wait_for_end(Duration::from_secs(90));
    let text = client.text();
    assert_ne!(status.code(), Some(0));
    let advice = ["physical-ai up", "physical-ai doctor"];
    assert!(advice.iter().any(|a| text.contains(a)), "{text}");
}

#[test]
fn interrupt_ends_a_command_that_waits_for_a_suite_at_once() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut client = run_alone("rover_1 returns home");
        // By then it waits: nobody is there for five seconds at least.
        std::thread::sleep(Duration::from_secs(2));
        client.signal(signal);
        let status = client.wait_for_end(Duration::from_secs(2));
        assert_eq!(status.signal(), Some(signal as i32), "{}", client.text());
    }
}

/// `mission run` in a domain without a suite.
fn run_alone(sentence: &str) -> Process {
    let mut command = std::process::Command::new(physical_ai_tests::program("physical-ai"));
    command.args(["mission", "run", sentence]);
    Process::start(&mut command, Suite::shared_domain())
}
