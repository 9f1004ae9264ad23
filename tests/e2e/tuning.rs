//! Limits that are changed while robots move.

use std::time::Duration;

use physical_ai_tests::Suite;

const WAIT: Duration = Duration::from_secs(120);

#[test]
fn speed_limit_that_is_set_in_mid_drive_is_kept_at_once_and_bad_ones_change_nothing() {
    let suite = Suite::start("demo");
    let mut tuner = suite.peer("live_tuning.py", &[]);
    tuner.wait_for_text(WAIT, "READY");
    let text = "rover_1 patrols dock_a and dock_b 5 times";
    let mut mission = suite.cli(&["mission", "run", text]);
    let status = tuner.wait_for_end(WAIT);
    assert!(status.success(), "{}", tuner.text());
    assert!(tuner.text().trim_end().ends_with("PASS"));
    suite.run_cli(&["mission", "cancel", "all"]);
    mission.wait_for_end(WAIT);
}
