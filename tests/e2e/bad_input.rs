//! Bad input, named by field and value; no robot moves, and the suite goes on.

use std::time::Duration;

use physical_ai_tests::{Suite, program};

const WAIT: Duration = Duration::from_secs(60);

#[test]
fn bad_missions_are_refused_by_field_and_value_and_nothing_moves() {
    let suite = Suite::start("demo");
    let mut rover = suite.observe("rover_1");
    let folder = tempfile::tempdir().unwrap();
    let plan = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let task = |fields: &str| format!("tasks: [{{id: a, {fields}}}]").into_bytes();
    let cases: Vec<(String, Vec<&str>)> = vec![
        (
            plan("robot.yaml", &task("skill: home, robot: arm_9")),
            vec!["arm_9", "did you mean arm_1"],
        ),
        (
            plan(
                "place.yaml",
                &task("skill: navigate_to, robot: rover_1, params: {place: dock_z}"),
            ),
            vec!["params.place", "dock_z"],
        ),
        (
            plan("skill.yaml", &task("skill: fly, robot: rover_1")),
            vec!["skill fly"],
        ),
        (
            plan(
                "nan.yaml",
                &task("skill: navigate_to, robot: rover_1, params: {x: .nan, y: 0}"),
            ),
            vec!["params.x", "nan"],
        ),
        (
            plan(
                "cycle.yaml",
                b"tasks: [{id: a, skill: home, after: [b]}, {id: b, skill: home, after: [a]}]",
            ),
            vec!["circle", "a"],
        ),
        (
            plan("unknown_field.yaml", &task("skill: home, speed: 3")),
            vec!["speed"],
        ),
        (
            plan("utf8.yaml", b"tasks: [{id: \xff\xfe}]"),
            vec!["UTF-8", "utf8.yaml"],
        ),
        (
            plan("long.yaml", &vec![b'x'; 10_000_000]),
            vec!["10000000", "long.yaml"],
        ),
        (
            plan(
                "both.yaml",
                &task("skill: navigate_to, robot: rover_1, params: {place: dock_a, x: 1}"),
            ),
            vec!["params", "fits none of its alternatives"],
        ),
        (
            plan(
                "absurd.yaml",
                &task("skill: navigate_to, robot: rover_1, params: {x: 1e308, y: 1}"),
            ),
            vec!["params.x is 1e308: must be"],
        ),
        (
            plan(
                "wall.yaml",
                &task("skill: navigate_to, robot: rover_1, params: {x: 2.0, y: -2.45}"),
            ),
            vec!["params.x", "cannot be reached", "wall_south"],
        ),
        (
            plan(
                "folded.yaml",
                &task(
                    "skill: move_joints, robot: arm_1, params: {positions: [0, -1.5, -2.5, -1.5, 0, 0]}",
                ),
            ),
            vec!["arm_1 move_joints", "would run into each other"],
        ),
        (
            plan(
                "reach.yaml",
                &task("skill: move_to, robot: arm_1, params: {x: 0.75, y: 0.75, z: 0.5}"),
            ),
            vec!["arm_1 move_to", "out of reach"],
        ),
        (
            plan(
                "empty.yaml",
                &task("skill: place, robot: arm_1, params: {place: bin_b}"),
            ),
            vec!["arm_1 holds nothing"],
        ),
        ("rover_1 flies to the moon".to_owned(), vec!["flies"]),
        ("rover_1 goes to dock_z".to_owned(), vec!["dock_z"]),
    ];
    for (mission, expected) in cases {
        let mut client = suite.cli(&["mission", "run", &mission]);
        let status = client.wait_for_end(WAIT);
        let text = client.text();
        assert_eq!(status.code(), Some(1), "{mission}: {text}");
        for expected in expected {
            assert!(text.contains(expected), "{mission}: {text}");
        }
    }
    // What the command line would not send, a client of its own can.
    let long = folder.path().join("long.yaml").display().to_string();
    let mut client = suite.peer("mission_client.py", &["--plan-file", &long]);
    let status = client.wait_for_end(WAIT);
    let text = client.text();
    assert!(text.contains("plan has 10000000 bytes"), "{text}");
    assert_ne!(status.code(), Some(0));
    let moved = rover.text();
    assert!(!moved.contains("\"moving\""), "{moved}");
    let (code, lines) = suite.run_cli(&["mission", "run", "rover_1 goes to dock_a"]);
    assert_eq!(code, 0, "the suite goes on: {lines:#?}");
}

#[test]
fn lies_of_a_worker_change_nothing() {
    let mut suite = Suite::start("demo");
    let mut liar = suite.peer("lying_worker.py", &["results"]);
    liar.wait_for_text(WAIT, "READY");
    let patrol = "rover_1 patrols dock_a and dock_b";
    let mut client = suite.cli(&["mission", "run", patrol]);
    liar.wait_for_text(WAIT, "DONE");
    for complaint in ["is old", "was not given", "does not exist"] {
        suite.up.wait_for_text(WAIT, complaint);
    }
    let result = client.wait_for_event(WAIT, "result");
    assert_eq!(result["error_code"], 0);
    let duration_s = result["tasks"][0]["result"]["duration_s"].as_f64().unwrap();
    assert!(duration_s > 3.0, "the patrol really took place: {result:#}");
}

#[test]
fn second_worker_of_a_name_gets_nothing() {
    let mut suite = Suite::start("demo");
    let mut twin = suite.peer("lying_worker.py", &["twin"]);
    twin.wait_for_text(WAIT, "READY");
    suite.up.wait_for_text(WAIT, "claimed by two processes");
    let (code, lines) = suite.run_cli(&["mission", "run", "rover_1 goes to dock_a"]);
    assert_eq!(code, 0, "{lines:#?}");
}

#[test]
fn garbage_in_heartbeats_is_named_and_ignored() {
    let mut suite = Suite::start("demo");
    let mut liar = suite.peer("lying_worker.py", &["garbage"]);
    liar.wait_for_text(WAIT, "DONE");
    let mut missing: Vec<&str> = vec![
        "../../etc",
        "lease_s is NaN",
        "state is 77",
        "parameters_schema",
    ];
    suite.up.wait_for(WAIT, |line| {
        missing.retain(|m| !line.contains(m));
        missing.is_empty().then_some(())
    });
    let (code, lines) = suite.run_cli(&["mission", "run", "rover_1 goes to dock_a"]);
    assert_eq!(code, 0, "{lines:#?}");
}

#[test]
fn node_with_a_bad_configuration_says_so_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let urdf =
        std::fs::read_to_string(physical_ai_tests::checkout().join("urdf/rover.urdf")).unwrap();
    let broken = urdf.replacen("<mass value=\"", "<mass value=\"-", 1);
    assert_ne!(broken, urdf);
    file("rover.urdf", &broken);
    let world = file(
        "world.yaml",
        "robots: [{name: rover_1, model: rover, pose: {x: 0, y: 0}}]",
    );
    let params = file("p.yaml", "/**: {ros__parameters: {real_time_factor: fast}}");
    let typo = file("t.yaml", "/**: {ros__parameters: {real_time_facter: 1.0}}");
    let models = format!("model_folder:={}", folder.path().display());
    let check = |arguments: &[&str], expected: &[&str]| {
        let mut command = std::process::Command::new(program("simulation_worker"));
        command.arg("--ros-args").args(arguments);
        let mut node = physical_ai_tests::Process::start(&mut command, Suite::shared_domain());
        let status = node.wait_for_end(WAIT);
        let text = node.text();
        assert_eq!(status.code(), Some(2), "{text}");
        for expected in expected {
            assert!(text.contains(expected), "{text}");
        }
        assert!(!text.contains("panicked"), "{text}");
    };
    check(
        &["--params-file", &params],
        &["p.yaml", "real_time_factor", "fast"],
    );
    check(
        &["--params-file", &typo],
        &["t.yaml", "real_time_facter", "not declared"],
    );
    check(
        &["-p", "world_file:=/nonexistent.yaml"],
        &["world_file", "/nonexistent.yaml"],
    );
    check(
        &["-p", &format!("world_file:={world}"), "-p", &models],
        &["rover_1", "mass", "-"],
    );
}

const WITHOUT_MESH: &str = r#"<robot name="a"><link name="base"><inertial><mass value="1"/>
  <inertia ixx="0.1" ixy="0" ixz="0" iyy="0.1" iyz="0" izz="0.1"/></inertial>
  <collision><geometry><mesh filename="gone.stl"/></geometry></collision></link></robot>"#;

#[test]
fn suite_whose_robot_cannot_be_loaded_ends_with_the_reason_and_touches_no_other() {
    let domain = Suite::shared_domain();
    let whole = Suite::start_in("demo", domain, "whole", &[]);
    let mut rover = whole.observe("rover_1");
    let mut client = whole.cli(&["mission", "run", "rover_1 patrols dock_a and dock_b"]);
    rover.wait_for_event(WAIT, "moving");
    let folder = tempfile::tempdir().unwrap();
    let robot = folder.path().join("robot.urdf");
    std::fs::write(&robot, WITHOUT_MESH).unwrap();
    let world = folder.path().join("world.yaml");
    let text = format!(
        "robots: [{{name: rover_1, model: \"{}\", pose: {{x: 0, y: 0}}}}]",
        robot.display()
    );
    std::fs::write(&world, text).unwrap();
    let world = format!("*.world_file={}", world.display());
    let mut broken = Suite::launch_beside("demo", domain, "broken", &[&world]);
    let status = broken.up.wait_for_end(WAIT);
    let said = broken.up.text();
    assert_eq!(status.code(), Some(1), "{said}");
    for part in ["robot.urdf", "link base", "gone.stl", "put the file there"] {
        assert!(said.contains(part), "{part:?} is not in: {said}");
    }
    let result = client.wait_for_event(WAIT, "result");
    assert_eq!(result["error_code"], 0, "{result:#}");
    assert_eq!(result["tasks"][0]["attempts"], 1, "{result:#}");
}
