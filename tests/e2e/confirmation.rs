//! Plans that wait for a user's word, workers that look at plans first, and deadlines of another clock.

use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::sys::signal::Signal;
use physical_ai_tests::{Process, Suite, program};
use serde_json::Value;

const WAIT: Duration = Duration::from_secs(60);
const HOME: &str = "rover_1 returns home";
const PATROL: &str = "rover_1 patrols dock_a and dock_b";
/// The parser knows no Korean; it says what [`HOME`] says.
const KOREAN: &str = "rover_1을 홈으로 보내줘";
const NOT_CONFIRMED: i64 = 10;
const CANCELED: i64 = 5;

/// A suite whose plans wait as `confirm_plans` says.
fn start(confirm_plans: &str, timeout_s: f64, more: &[&str]) -> Suite {
    let confirm = format!("orchestrator.confirm_plans={confirm_plans}");
    let timeout = format!("orchestrator.confirm_timeout_s={timeout_s:.1}");
    let mut set = vec![confirm.as_str(), timeout.as_str()];
    set.extend(more);
    Suite::start_in("demo", Suite::shared_domain(), "", &set)
}

/// A client that is told so when its plan waits.
fn run_and_wait(suite: &Suite, id: &str, text: &str) -> Process {
    let mut client = suite.cli(&["mission", "run", text, "--mission-id", id]);
    let asked = client.wait_for_event(WAIT, "confirm");
    assert_eq!(asked["mission_id"], id, "{asked}");
    assert_eq!(asked["plan"]["tasks"][0]["robot"], "rover_1", "{asked}");
    let how = asked["confirm_with"].as_str().unwrap();
    assert_eq!(how, format!("physical-ai mission confirm {id}"));
    client
}

/// How a mission ended: code, message, and the client's exit code.
fn end_of(client: &mut Process) -> (i64, String, Option<i32>) {
    let result = client.wait_for_event(WAIT, "result");
    let text = result["error_msg"].as_str().unwrap().to_owned();
    let status = client.wait_for_end(WAIT);
    (result["error_code"].as_i64().unwrap(), text, status.code())
}

/// The mission as another terminal sees it.
fn shown(suite: &Suite, id: &str) -> Option<Value> {
    let (_, lines) = suite.run_cli(&["mission", "list"]);
    lines.into_iter().find(|m| m["mission_id"] == id)
}

fn assert_never_moved(rover: &mut Process) {
    let moved = rover.text();
    assert!(!moved.contains("\"moving\""), "{moved}");
}

#[test]
fn plan_that_waits_is_seen_and_answered_from_another_terminal() {
    let suite = start("always", 60.0, &[]);
    let mut rover = suite.observe("rover_1");
    // Declined.
    let mut client = run_and_wait(&suite, "m-no", PATROL);
    let waiting = shown(&suite, "m-no").unwrap();
    assert_eq!(waiting["phase"], "confirming", "{waiting}");
    let params = &waiting["plan"]["tasks"][0]["params"];
    assert_eq!(params["places"][1], "dock_b", "{waiting}");
    let (code, _) = suite.run_cli(&["mission", "confirm", "m-no", "--no"]);
    assert_eq!(code, 0);
    let (error, text, code) = end_of(&mut client);
    assert_eq!((error, code), (NOT_CONFIRMED, Some(1)), "{text}");
    assert!(text.contains("declined"), "{text}");
    assert_eq!(shown(&suite, "m-no"), None);
    let (code, lines) = suite.run_cli(&["mission", "confirm", "m-no"]);
    let text = lines[0]["error_msg"].as_str().unwrap();
    assert!(
        code == 1 && text.contains("no such mission waits"),
        "{text}"
    );
    // Cancelled: by its client, and by somebody else.
    let mut client = run_and_wait(&suite, "m-int", PATROL);
    client.signal(Signal::SIGINT);
    let (error, text, code) = end_of(&mut client);
    assert_eq!((error, code), (CANCELED, Some(1)), "{text}");
    let mut client = run_and_wait(&suite, "m-cancel", PATROL);
    let (_, lines) = suite.run_cli(&["mission", "cancel", "m-cancel"]);
    assert_eq!(lines[0]["cancelling"][0], "m-cancel", "{lines:?}");
    assert_eq!(end_of(&mut client).0, CANCELED);
    assert_never_moved(&mut rover);
    // Confirmed: everybody who sent it hears of it, and nobody else may use its id.
    let mut first = run_and_wait(&suite, "m-yes", HOME);
    let mut second = run_and_wait(&suite, "m-yes", HOME);
    let (code, lines) = suite.run_cli(&["mission", "run", PATROL, "--mission-id", "m-yes"]);
    let text = Suite::result(&lines)["error_msg"].as_str().unwrap();
    assert!(code == 1 && text.contains("already used"), "{text}");
    let (code, _) = suite.run_cli(&["mission", "confirm", "m-yes"]);
    assert_eq!(code, 0);
    for client in [&mut first, &mut second] {
        let (error, text, code) = end_of(client);
        assert_eq!((error, code), (0, Some(0)), "{text}");
    }
    let (code, lines) = suite.run_cli(&["mission", "confirm", "m-yes"]);
    let text = lines[0]["error_msg"].as_str().unwrap();
    assert!(code == 1 && text.contains("it is succeeded"), "{text}");
    // Answered beforehand.
    let (code, lines) = suite.run_cli(&["mission", "run", HOME, "--yes"]);
    assert_eq!(code, 0, "{lines:#?}");
    assert!(lines.iter().any(|l| l["event"] == "confirm"), "{lines:#?}");
}

/// Runs a command with a terminal around it, and says what it says.
const TERMINAL: &str =
    "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

#[test]
fn question_at_a_terminal_is_answered_there_or_elsewhere() {
    let suite = start("always", 60.0, &[]);
    let mut rover = suite.observe("rover_1");
    let ask = |id: &str, text: &str| {
        let mut command = Command::new("python3");
        command.args(["-c", TERMINAL]).arg(program("physical-ai"));
        command.args(["mission", "run", text, "--mission-id", id]);
        let mut client = Process::start(&mut command, suite.domain);
        let asked = client.wait_for_text(WAIT, "waits to be confirmed");
        assert!(asked.contains(id), "{asked}");
        client.wait_for_text(WAIT, "rover_1");
        client
    };
    let mut client = ask("m-n", PATROL);
    client.write_line("n");
    let status = client.wait_for_end(WAIT);
    let text = client.text();
    assert_eq!(status.code(), Some(1), "{text}");
    assert!(
        text.contains("Run this plan? [y/N]") && text.contains("declined"),
        "{text}"
    );
    assert_never_moved(&mut rover);
    let mut client = ask("m-y", HOME);
    client.write_line("y");
    assert_eq!(
        client.wait_for_end(WAIT).code(),
        Some(0),
        "{}",
        client.text()
    );
    let mut client = ask("m-else", HOME);
    let (code, _) = suite.run_cli(&["mission", "confirm", "m-else"]);
    assert_eq!(code, 0);
    assert_eq!(
        client.wait_for_end(WAIT).code(),
        Some(0),
        "{}",
        client.text()
    );
}

#[test]
fn plan_that_nobody_confirms_ends_and_says_how_to() {
    let suite = start("always", 6.0, &[]);
    let mut rover = suite.observe("rover_1");
    let mut client = run_and_wait(&suite, "m-late", PATROL);
    let (error, text, code) = end_of(&mut client);
    assert_eq!((error, code), (NOT_CONFIRMED, Some(1)), "{text}");
    for part in ["within 6 s", "physical-ai mission confirm m-late", "--yes"] {
        assert!(text.contains(part), "{text}");
    }
    // A client that dies leaves nothing behind for ever.
    let client = run_and_wait(&suite, "m-dead", PATROL);
    client.signal(Signal::SIGKILL);
    assert!(shown(&suite, "m-dead").is_some());
    let end = Instant::now() + WAIT;
    while shown(&suite, "m-dead").is_some() {
        assert!(Instant::now() < end, "it waits still");
    }
    // The deadline comes first.
    let mut client = suite.cli(&["mission", "run", PATROL, "--deadline-s", "0.5"]);
    let (error, text, _) = end_of(&mut client);
    assert_eq!(error, 6, "{text}");
    assert_never_moved(&mut rover);
}

#[test]
fn what_a_model_planned_waits_and_a_plain_client_answers() {
    let set = [
        "orchestrator.planner_worker=planner",
        "orchestrator.planner_prompt=instructed",
        "orchestrator.planner_min_probability=0.0",
    ];
    let suite = start("model", 60.0, &set);
    let mut rover = suite.observe("rover_1");
    let mut planner = suite.peer("planner_peer.py", &[]);
    planner.wait_for_event(WAIT, "ready");
    let end = Instant::now() + WAIT;
    while suite.run_cli(&["mission", "validate", KOREAN]).1[0]["planner"] != "model" {
        assert!(Instant::now() < end, "the model does not plan");
    }
    let run = |answer: &str| {
        let arguments = ["--json", "--text", KOREAN, "--confirm", answer];
        let mut client = suite.peer("mission_client.py", &arguments);
        let asked = client.wait_for_event(WAIT, "confirm");
        assert_eq!(asked["planner"], "model", "{asked}");
        let task = &asked["plan"]["tasks"][0];
        assert_eq!(
            (&task["skill"], &task["robot"]),
            (&"home".into(), &"rover_1".into())
        );
        let phases = client.text();
        assert!(!phases.contains("\"executing\""), "{phases}");
        end_of(&mut client)
    };
    let (error, text, code) = run("no");
    assert_eq!((error, code), (NOT_CONFIRMED, Some(1)), "{text}");
    assert_never_moved(&mut rover);
    let (error, text, code) = run("yes");
    assert_eq!((error, code), (0, Some(0)), "{text}");
    // Nobody is asked about what somebody wrote.
    let plan =
        r#"{"name": "back home", "tasks": [{"id": "a", "skill": "home", "robot": "rover_1"}]}"#;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.json");
    std::fs::write(&path, plan).unwrap();
    let (code, lines) = suite.run_cli(&["mission", "run", path.to_str().unwrap()]);
    assert_eq!(code, 0, "{lines:#?}");
    assert!(lines.iter().all(|l| l["event"] != "confirm"), "{lines:#?}");
    let id = Suite::result(&lines)["mission_id"].as_str().unwrap();
    assert_eq!(shown(&suite, id).unwrap()["name"], "back home");
}

/// Checks a plan: its violations as one text.
fn violations(suite: &Suite, tasks: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.yaml");
    std::fs::write(&path, format!("tasks: [{tasks}]")).unwrap();
    let (_, lines) = suite.run_cli(&["mission", "validate", path.to_str().unwrap()]);
    let answer = lines.first().cloned().unwrap_or_default();
    let listed = answer["violations"].as_array().cloned().unwrap_or_default();
    assert_eq!(answer["valid"], listed.is_empty(), "{answer}");
    let texts: Vec<&str> = listed.iter().filter_map(Value::as_str).collect();
    texts.join("; ")
}

#[test]
fn workers_are_asked_before_a_plan_is_taken_and_when_it_is_confirmed() {
    const SING: &str = "{id: a, skill: sing, robot: robot_9, params: {note_hz: 440}}";
    const OBJECTION: &str = "robot_9 is hoarse";
    let mut suite = start("always", 60.0, &[]);
    let mut checker = suite.peer("checking_worker.py", &[]);
    checker.wait_for_event(WAIT, "ready");
    let tell = |checker: &mut Process, mode: &str| {
        checker.write_line(mode);
        assert_eq!(checker.wait_for_event(WAIT, "mode")["mode"], mode);
    };
    let end = Instant::now() + WAIT;
    while !violations(&suite, SING).is_empty() {
        assert!(Instant::now() < end, "{}", violations(&suite, SING));
    }
    assert_eq!(checker.wait_for_event(WAIT, "asked")["tasks"][0], "sing");
    // What the schema forbids is said without the worker; so is a schema that nobody understands.
    let both = SING.replace("440", "440, song: la");
    let found = violations(&suite, &both);
    assert!(
        found.contains("note_hz and song exclude each other"),
        "{found}"
    );
    let absurd = violations(&suite, &SING.replace("440", "1e308"));
    assert!(
        absurd.contains("note_hz is 1e308: must be 20000 or less"),
        "{absurd}"
    );
    let hum = violations(&suite, "{id: a, skill: hum, robot: robot_9}");
    assert!(hum.contains("hum of robot_9 cannot be checked"), "{hum}");
    tell(&mut checker, "object");
    let found = violations(&suite, SING);
    assert!(found.contains(OBJECTION), "{found}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.yaml");
    std::fs::write(&path, format!("tasks: [{SING}]")).unwrap();
    let plan = path.to_str().unwrap();
    let mut client = suite.cli(&["mission", "run", plan]);
    let (error, text, _) = end_of(&mut client);
    assert!(error == 3 && text.contains(OBJECTION), "{error}: {text}");
    // It changes its mind while the plan waits.
    tell(&mut checker, "agree");
    for (mode, expected) in [
        ("object", OBJECTION),
        ("withdraw", "robot robot_9 is not known"),
    ] {
        let mut client = suite.cli(&["mission", "run", plan, "--mission-id", mode]);
        client.wait_for_event(WAIT, "confirm");
        tell(&mut checker, mode);
        let end = Instant::now() + WAIT;
        while mode == "withdraw" && !violations(&suite, SING).contains("not known") {
            assert!(Instant::now() < end, "its offers are still there");
        }
        let (code, lines) = suite.run_cli(&["mission", "confirm", mode]);
        let text = lines[0]["error_msg"].as_str().unwrap();
        assert!(code == 1 && text.contains(expected), "{text}");
        let (error, text, _) = end_of(&mut client);
        assert!(error == 3 && text.contains(expected), "{error}: {text}");
        tell(&mut checker, "agree");
        let end = Instant::now() + WAIT;
        while !violations(&suite, SING).is_empty() {
            assert!(Instant::now() < end, "{mode}");
        }
    }
    // Who does not answer, or cannot, objects to nothing, and nobody waits for long.
    for (mode, logged) in [
        ("unable", "what is it?"),
        ("silent", "does not check tasks"),
    ] {
        tell(&mut checker, mode);
        let begin = Instant::now();
        assert_eq!(violations(&suite, SING), "", "{mode}");
        assert!(begin.elapsed() < Duration::from_secs(10));
        suite.up.wait_for_text(WAIT, logged);
    }
}

#[test]
fn deadline_of_another_clock_is_refused_with_both_times() {
    let suite = start("never", 60.0, &[]);
    let mut rover = suite.observe("rover_1");
    let system_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let in_a_minute = (system_s + Duration::from_secs(60)).as_secs().to_string();
    let send = |at_s: &str, more: &[&str], event: &str| {
        let mut arguments = vec!["--json", "--text", PATROL, "--deadline-at-s", at_s];
        arguments.extend(more);
        let mut client = suite.peer("mission_client.py", &arguments);
        let answer = client.wait_for_event(WAIT, event);
        assert_eq!(client.wait_for_end(WAIT).code(), Some(1), "{answer}");
        answer
    };
    for (at_s, error, parts) in [
        (
            &*in_a_minute,
            1,
            [&*in_a_minute, "another clock", "simulated time"],
        ),
        (
            "0.001",
            6,
            ["before now", "simulated time", "deadline 0.001 s"],
        ),
    ] {
        let result = send(at_s, &[], "result");
        let checked = send(at_s, &["--validate"], "validation");
        assert_eq!(result["error_code"], error, "{result}");
        assert_eq!(checked["error_code"], error, "{checked}");
        for text in [&result["error_msg"], &checked["violations"][0]] {
            let text = text.as_str().unwrap();
            assert!(parts.iter().all(|p| text.contains(p)), "{text}");
        }
    }
    assert_never_moved(&mut rover);
    let (code, lines) = suite.run_cli(&["mission", "validate", HOME, "--deadline-s", "60"]);
    assert_eq!((code, &lines[0]["valid"]), (0, &true.into()), "{lines:?}");
    let (code, lines) = suite.run_cli(&["mission", "run", HOME, "--deadline-s", "60"]);
    assert_eq!(code, 0, "{lines:#?}");
}

#[test]
fn deadlines_of_the_command_line_are_of_the_orchestrators_clock() {
    let suite = start("never", 60.0, &["orchestrator.use_sim_time=false"]);
    let (code, lines) = suite.run_cli(&["mission", "validate", HOME, "--deadline-s", "60"]);
    assert_eq!((code, &lines[0]["valid"]), (0, &true.into()), "{lines:?}");
    let (code, lines) = suite.run_cli(&["mission", "run", HOME, "--deadline-s", "60"]);
    assert_eq!(code, 0, "{lines:#?}");
    let simulated = ["--json", "--text", PATROL, "--deadline-at-s", "72"];
    let mut client = suite.peer("mission_client.py", &simulated);
    let (error, text, _) = end_of(&mut client);
    assert_eq!(error, 1, "{text}");
    assert!(
        text.contains("the system's clock") && text.contains("another clock"),
        "{text}"
    );
}
