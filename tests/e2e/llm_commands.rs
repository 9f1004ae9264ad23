//! `physical-ai llm` against a worker with a small model of random weights.

use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use physical_ai_tests::{Process, Suite, program};
use serde_json::{Value, json};

use crate::inference::{LONG, Served, send};

const WAIT: Duration = Duration::from_secs(60);

fn llm(domain: u16, arguments: &[&str]) -> Process {
    let mut command = Command::new(program("physical-ai"));
    Process::start(command.arg("llm").args(arguments), domain)
}

/// Exit code and everything that it wrote.
fn run(domain: u16, arguments: &[&str]) -> (i32, String) {
    let mut process = llm(domain, arguments);
    let status = process.wait_for_end(WAIT);
    (status.code().unwrap_or(-1), process.text())
}

fn events(text: &str, event: &str) -> Vec<Value> {
    text.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|value| value["event"] == event)
        .collect()
}

#[test]
fn text_goes_to_standard_output_and_its_cost_to_standard_error() {
    let served = Served::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let schema = r#"{"type": "array", "items": {"enum": ["arm_1", "rover_1"]}, "minItems": 3, "maxItems": 3}"#;
    std::fs::write(path("schema.json"), schema).unwrap();
    let ask = |script: &str, seed: &str| {
        let mut shell = Command::new("bash");
        shell.args(["-c", &format!("exec \"$0\" \"$@\" {script}")]);
        shell.arg(program("physical-ai"));
        shell.args(["llm", "generate", "-", "--schema", &path("schema.json")]);
        shell.args(["--system", "be short", "--temperature", "1", "--seed", seed]);
        let mut process = Process::start(&mut shell, served.domain);
        process.write_line("which robots?");
        process.close_input();
        let status = process.wait_for_end(WAIT);
        assert_eq!(status.code(), Some(0), "{}", process.text());
        process.text()
    };
    let cost = ask(&format!(">{}", path("answer.json")), "7");
    let answer = std::fs::read_to_string(path("answer.json")).unwrap();
    let robots: Vec<String> = serde_json::from_str(&answer).unwrap();
    assert_eq!(robots.len(), 3, "{answer}");
    assert!(answer.ends_with('\n'));
    for expected in ["tokens/s", "first token after", "cached"] {
        assert!(cost.contains(expected), "{cost}");
    }
    let events_of = ask("--json 2>/dev/null", "7");
    let result = &events(&events_of, "result")[0];
    assert_eq!(result["text"], answer.trim_end(), "{events_of}");
    assert!(result["generated_tokens"].as_u64() > Some(0), "{result}");
    let heard: String = events(&events_of, "feedback")
        .iter()
        .filter_map(|event| event["text"].as_str())
        .collect();
    assert_eq!(result["text"], heard);
    let (code, model) = run(served.domain, &["info", "--json"]);
    let model: Value = serde_json::from_str(&model).unwrap();
    assert_eq!((code, &model["quantization"]), (0, &"Q8_0".into()));
    served.stop();
}

#[test]
fn interrupt_cancels_the_goal_and_not_the_worker() {
    let served = Served::start_long(&[]);
    let long = ["--schema", LONG, "--max-tokens", "1000", "--json"];
    let slow_motion = served.worker.slow_motion();
    let mut process = llm(served.domain, &[&["generate", "go"], &long[..]].concat());
    process.wait_for_event(WAIT, "feedback");
    process.signal(Signal::SIGINT);
    let status = process.wait_for_end(WAIT);
    let text = process.text();
    assert_eq!(status.code(), Some(130), "{text}");
    let result = &events(&text, "result")[0];
    assert_eq!(result["error_code"], 5, "{result}");
    assert_eq!(result["finish_reason"], "canceled", "{result}");
    let tokens = result["generated_tokens"].as_u64().unwrap();
    assert!((1..800).contains(&tokens), "{result}");
    drop(slow_motion);
    let (code, text) = run(served.domain, &["generate", "go", "--max-tokens", "3"]);
    assert_eq!(code, 0, "{text}");
    served.stop();
}

#[test]
fn chat_remembers_what_was_said_until_it_is_too_long() {
    let served = Served::start(&[]);
    let arguments = [
        "chat",
        "--json",
        "--system",
        "be short",
        "--max-tokens",
        "20",
    ];
    let mut process = llm(served.domain, &arguments);
    let mut ask = |text: &str, forgets: bool| {
        process.write_line(text);
        if forgets {
            process.wait_for_text(WAIT, "beginning is forgotten");
        }
        let result = process.wait_for_event(WAIT, "result");
        assert_eq!(result["error_code"], 0, "{result}");
        result
    };
    let first = ask("hello", false);
    let second = ask("hello", false);
    assert!(
        second["prompt_tokens"].as_u64() > first["prompt_tokens"].as_u64(),
        "{first} {second}"
    );
    // What was said before is found in the cache, once all is beyond the model's original context.
    let third = ask("hello", false);
    assert!(third["cached_tokens"].as_u64() > Some(0), "{third}");
    // The context holds 1024 tokens.
    let long = "0123456789".repeat(60);
    ask(&long, false);
    ask(&long, true);
    process.close_input();
    let status = process.wait_for_end(WAIT);
    assert_eq!(status.code(), Some(0), "{}", process.text());
    served.stop();
}

#[test]
fn interrupt_cancels_the_answer_and_not_the_chat() {
    let served = Served::start_long(&["-p", "max_sequences:=1"]);
    let mut chat = llm(served.domain, &["chat", "--json", "--max-tokens", "5"]);
    chat.write_line("hello");
    let first = chat.wait_for_event(WAIT, "result");
    assert_eq!(first["error_code"], 0, "{first}");
    // Others are served first, and slowly: the answer cannot come before the interrupt does.
    let mut others = served.client();
    let slow_motion = served.worker.slow_motion();
    for name in ["a", "b"] {
        let fields = json!({"prompt": "go", "schema": LONG, "max_tokens": 1000, "priority": 255});
        send(&mut others, name, fields);
    }
    others.wait_for_event(WAIT, "feedback");
    chat.write_line("hello");
    let stopped = loop {
        chat.signal(Signal::SIGINT);
        // An interrupt that comes before the line finds nothing to cancel, and says so.
        let heard = chat.wait_for(WAIT, |line| {
            let value: Value = serde_json::from_str(line).unwrap_or_default();
            (value["event"] == "result" || line.contains("Ctrl-D ends")).then_some(value)
        });
        if heard["event"] == "result" {
            break heard;
        }
    };
    assert_eq!(stopped["error_code"], 5, "{stopped}");
    drop(slow_motion);
    // The question that had no answer was never asked.
    chat.write_line("hello");
    let last = chat.wait_for_event(WAIT, "result");
    assert_eq!(last["error_code"], 0, "{last}");
    chat.close_input();
    let status = chat.wait_for_end(WAIT);
    assert_eq!(status.code(), Some(0), "{}", chat.text());
    served.stop();
}

#[test]
fn requests_that_cannot_be_served_end_with_the_reason() {
    let served = Served::start(&[]);
    let check = |arguments: &[&str], expected: &[&str]| {
        let (code, text) = run(served.domain, &[&["generate"], arguments].concat());
        assert_eq!(code, 1, "{arguments:?}: {text}");
        for expected in expected {
            assert!(text.contains(expected), "{arguments:?}: {text}");
        }
    };
    check(
        &["x", "--max-tokens", "5000"],
        &["inference_worker: too long", "context"],
    );
    check(
        &["x", "--schema", "{\"type\": \"planet\"}"],
        &["invalid request", "planet"],
    );
    check(
        &["x", "--temperature", "NaN", "--json"],
        &["\"error_code\":1", "temperature"],
    );
    check(
        &["x", "--schema", "missing.json"],
        &["missing.json cannot be opened"],
    );
    check(
        &["x", "--worker", "nobody"],
        &["nobody", "inference_worker"],
    );
    let second = Served::start_in(served.domain, &["-r", "__node:=second"]);
    // A worker that has just started is seen a moment later.
    let end = Instant::now() + WAIT;
    let short = ["generate", "x", "--max-tokens", "1"];
    let mut answer = run(served.domain, &short);
    while answer.0 == 0 && Instant::now() < end {
        answer = run(served.domain, &short);
    }
    let (code, text) = answer;
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("--worker: inference_worker, second"),
        "{text}"
    );
    let named = ["generate", "x", "--worker", "second", "--max-tokens", "1"];
    let (code, text) = run(served.domain, &named);
    assert_eq!(code, 0, "{text}");
    second.stop();
    served.stop();
    let (code, text) = run(Suite::shared_domain(), &["info"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("inference.launch.py"), "{text}");
}
