//! A plain rclpy client, as other people's code would be.

use std::time::Duration;

use nix::sys::signal::Signal;
use physical_ai_tests::{Suite, assert_stands};

const WAIT: Duration = Duration::from_secs(90);

#[test]
fn rclpy_client_runs_a_plan_with_feedback_and_cancels_on_interrupt() {
    let suite = Suite::start("demo");
    let mut client = suite.peer(
        "mission_client.py",
        &["--plan-file", "params/missions/demo.yaml"],
    );
    client.wait_for_text(WAIT, "executing");
    let status = client.wait_for_end(WAIT);
    let text = client.text();
    assert_eq!(status.code(), Some(0), "{text}");
    assert!(text.contains("succeeded"), "{text}");
    let mut rover = suite.observe("rover_1");
    let patrol = "rover_1 patrols dock_a and dock_b 50 times";
    let mut client = suite.peer("mission_client.py", &["--text", patrol]);
    rover.wait_for_event(WAIT, "moving");
    // The shell that sourced the environment became the client.
    client.signal(Signal::SIGINT);
    let status = client.wait_for_end(WAIT);
    let text = client.text();
    assert!(text.contains("canceled"), "{text}");
    assert_ne!(status.code(), Some(0));
    assert_stands(&mut rover, &text);
}
