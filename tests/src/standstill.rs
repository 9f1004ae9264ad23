use std::time::Duration;

use crate::Process;

const WAIT: Duration = Duration::from_secs(30);

/// Simulated seconds in which a robot comes to rest that nobody drives any more.
pub const STOP_S: f64 = 0.1;

/// Asserts that a robot watched with [`crate::Suite::observe`] is at rest.
///
/// What is known of it may be old where the machine or the simulation stands still for a while: then it has
/// [`STOP_S`] of simulated time from there.
///
/// # Panics
/// If it moves on; with `story`, what led to it.
pub fn assert_stands(observer: &mut Process, story: &str) {
    observer.write_line("mark");
    let mark = observer.wait_for_event(WAIT, "mark");
    if mark["moving"] == false {
        return;
    }
    let rest = observer.wait_for_event(WAIT, "resting");
    let took_s = rest["sim_s"].as_f64().unwrap() - mark["sim_s"].as_f64().unwrap();
    assert!(
        took_s <= STOP_S,
        "moved on for {took_s:.3} s from {mark}: {rest}\n{story}"
    );
}
