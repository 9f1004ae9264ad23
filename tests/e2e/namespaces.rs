//! Two suites side by side.

use std::time::Duration;

use physical_ai_tests::Suite;

const WAIT: Duration = Duration::from_secs(90);

#[test]
fn two_suites_in_two_namespaces_do_not_touch_each_other() {
    let domain = Suite::shared_domain();
    let mut a = Suite::start_in("two_by_two", domain, "fleet_a", &[]);
    let mut b = Suite::start_in("two_by_two", domain, "fleet_b", &[]);
    let mut still = b.observe("rover_2");
    let first = "rover_1 goes to dock_a, rover_2 goes to dock_a_2, arm_1 puts the red box in bin_b \
                 and arm_2 puts the red_box_2 in bin_b_2";
    let second = "rover_1 goes to dock_b, arm_1 puts the blue box in bin_a";
    let mut clients = [
        a.cli(&["mission", "run", first]),
        b.cli(&["mission", "run", second]),
    ];
    let results: Vec<_> = clients
        .iter_mut()
        .map(|c| c.wait_for_event(WAIT, "result"))
        .collect();
    for ((result, tasks), suite) in results.iter().zip([4, 2]).zip([&mut a, &mut b]) {
        assert_eq!(result["error_code"], 0, "{result:#}\n{}", suite.up.text());
        assert_eq!(result["tasks"].as_array().unwrap().len(), tasks);
    }
    let text = still.text();
    assert!(
        !text.contains("\"moving\""),
        "rover_2 of fleet_b was not asked to move: {text}"
    );
    for suite in [&a, &b] {
        let (_, lines) = suite.run_cli(&["mission", "list"]);
        let text = format!("{lines:?}");
        assert!(text.contains("\"succeeded\""), "{text}");
        assert!(
            !text.contains(if suite.namespace == "fleet_a" {
                "blue box"
            } else {
                "rover_2"
            }),
            "{text}"
        );
        let (_, lines) = suite.run_cli(&["workers"]);
        assert_eq!(
            format!("{lines:?}").matches("\"agent\"").count(),
            2,
            "{lines:?}"
        );
    }
}
