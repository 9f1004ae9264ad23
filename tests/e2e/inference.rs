//! The inference worker as its clients see it: a small model of random weights, a plain rclpy client.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use physical_ai_tests::{Process, Suite, checkout, peer, program};
use serde_json::{Value, json};

pub const WAIT: Duration = Duration::from_secs(60);
/// 400 numbers, which takes some 800 passes whatever the weights are.
pub const LONG: &str =
    r#"{"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 400, "maxItems": 400}"#;

pub fn golden() -> PathBuf {
    checkout().join("tests/golden/llm/narrow/q8_0.gguf")
}

pub fn start_worker(domain: u16, model: &Path, more: &[&str]) -> Process {
    let mut command = Command::new(program("inference_worker"));
    command.args(["--ros-args", "-p", "cache_mb:=32", "-p", "threads:=1"]);
    if model != Path::new("") {
        command.args(["-p", &format!("model_file:={}", model.display())]);
    }
    command.args(more);
    Process::start(&mut command, domain)
}

/// A worker and the domain that it lives in.
pub struct Served {
    pub worker: Process,
    pub domain: u16,
}

impl Served {
    pub fn start(more: &[&str]) -> Self {
        Self::start_in(Suite::shared_domain(), more)
    }

    pub fn start_in(domain: u16, more: &[&str]) -> Self {
        Self::serve(domain, &golden(), more)
    }

    /// The same with a model that takes a second for [`LONG`], so that on a machine whose cores are busy, too, it can
    /// be interrupted in the middle.
    pub fn start_long(more: &[&str]) -> Self {
        let model = checkout().join("params/models/planner.gguf");
        Self::serve(Suite::shared_domain(), &model, more)
    }

    fn serve(domain: u16, model: &Path, more: &[&str]) -> Self {
        let mut worker = start_worker(domain, model, more);
        worker.wait_for_text(WAIT, "active");
        Self { worker, domain }
    }

    pub fn client(&self) -> Process {
        let mut client = Process::start(&mut peer("generate_client.py", &[]), self.domain);
        client.wait_for_event(WAIT, "ready");
        client
    }

    /// The worker stops cleanly and at once.
    pub fn stop(mut self) {
        let begin = Instant::now();
        self.worker.signal(Signal::SIGINT);
        let status = self.worker.wait_for_end(WAIT);
        let text = self.worker.text();
        assert_eq!(status.code(), Some(0), "{text}");
        assert!(begin.elapsed() < Duration::from_secs(5), "{text}");
        assert!(!text.contains("panicked"), "{text}");
    }
}

pub fn send(client: &mut Process, name: &str, fields: Value) {
    let mut request = json!({ "goal": name });
    if let (Some(request), Value::Object(fields)) = (request.as_object_mut(), fields) {
        request.extend(fields);
    }
    client.write_line(&request.to_string());
}

/// The result of a goal, and the text of its feedback before it.
fn result(client: &mut Process, name: &str) -> (Value, String) {
    let mut heard = String::new();
    let result = client.wait_for(WAIT, |line| {
        let value: Value = serde_json::from_str(line).ok()?;
        if value["goal"] == name && value["event"] == "feedback" {
            heard.push_str(value["text"].as_str()?);
        }
        (value["goal"] == name && value["event"] == "result").then_some(value)
    });
    (result, heard)
}

/// Waits until a goal has a result and feedback with all of its text was published; how often rclpy's action client
/// passed feedback on. It keeps ten at most while it is busy, and none after the result.
fn wait_for_all_feedback(client: &mut Process, name: &str) -> usize {
    let (mut published, mut heard, mut text) = (String::new(), 0, None);
    client.wait_for(WAIT, |line| {
        let value: Value = serde_json::from_str(line).ok()?;
        if value["goal"] != name {
            return None;
        }
        let part = value["text"].as_str()?;
        match value["event"].as_str()? {
            "published" => published.push_str(part),
            "feedback" => heard += 1,
            _ => text = Some(part.to_string()),
        }
        (text.as_deref() == Some(&published)).then_some(heard)
    })
}

pub fn generate(client: &mut Process, fields: Value) -> (Value, String) {
    send(client, "only", fields);
    result(client, "only")
}

#[test]
fn text_comes_as_feedback_and_the_same_seed_gives_the_same_text() {
    let served = Served::start(&[]);
    let mut client = served.client();
    let ask = |seed: u64| {
        json!({
            "messages": [{"role": "user", "content": "where is arm_1?"}],
            "max_tokens": 40, "temperature": 1.0, "seed": seed, "logprobs": 1,
        })
    };
    let (first, _) = generate(&mut client, ask(7));
    assert_eq!(first["status"], "succeeded", "{first}");
    assert_eq!(first["error_code"], 0, "{first}");
    let tokens = first["generated_tokens"].as_u64().unwrap();
    assert!((1..=40).contains(&tokens), "{first}");
    let logprobs = first["token_logprobs"].as_array().unwrap();
    assert!(!logprobs.is_empty() && logprobs.iter().all(|l| l.as_f64().unwrap() <= 0.0));
    let (second, _) = generate(&mut client, ask(7));
    assert_eq!(first["text"], second["text"]);
    assert!(second["cached_tokens"].as_u64() >= first["cached_tokens"].as_u64());
    let (other, _) = generate(&mut client, ask(8));
    assert_ne!(first["text"], other["text"]);
    let slow_motion = served.worker.slow_motion();
    let fields = json!({"prompt": "go", "schema": LONG, "max_tokens": 1000});
    send(&mut client, "long", fields);
    let heard = wait_for_all_feedback(&mut client, "long");
    drop(slow_motion);
    assert!(heard > 0);
    client.write_line(r#"{"tokenize": "arm_1"}"#);
    let tokens = client.wait_for_event(WAIT, "tokens");
    assert_eq!(tokens["error_code"], 0);
    assert!(!tokens["tokens"].as_array().unwrap().is_empty());
    client.write_line(r#"{"embed": ["arm_1", "rover_1"]}"#);
    let rows = client.wait_for_event(WAIT, "rows");
    assert_eq!(rows["error_code"], 0, "{rows}");
    let rows = rows["rows"].as_array().unwrap();
    let width = |row: &Value| row.as_array().unwrap().len();
    assert_eq!((rows.len(), width(&rows[0]), width(&rows[1])), (2, 64, 64));
    client.write_line(r#"{"embed": ["arm_1", ""]}"#);
    let refused = client.wait_for_event(WAIT, "rows");
    let reason = refused["error_msg"].as_str().unwrap();
    assert!(reason.contains("texts[1] is empty"), "{refused}");
    client.write_line(r#"{"model_info": true}"#);
    let model = client.wait_for_event(WAIT, "model");
    let shape = [&model["context_tokens"], &model["vocabulary"]];
    assert_eq!(shape, [1024, 320]);
    assert_eq!(model["quantization"], "Q8_0");
    served.stop();
}

#[test]
fn schemas_are_obeyed_for_two_clients_at_once() {
    let served = Served::start(&[]);
    let mut clients = [served.client(), served.client()];
    let schema = json!({
        "type": "object",
        "properties": {
            "robot": {"enum": ["arm_1", "rover_1"]},
            "ready": {"type": "boolean"},
            "steps": {"type": "array", "items": {"enum": [1, 2]}, "minItems": 2, "maxItems": 4},
        },
        "required": ["robot", "ready", "steps"],
        "additionalProperties": false,
    });
    let mut texts = Vec::new();
    for client in &mut clients {
        for (name, temperature) in [("greedy", 0.0), ("free", 1.0)] {
            let fields = json!({
                "prompt": "plan", "schema": schema.to_string(), "temperature": temperature,
                "max_tokens": 300, "seed": 5,
            });
            send(client, name, fields);
        }
    }
    for client in &mut clients {
        let mut open = 2;
        client.wait_for(WAIT, |line| {
            let value: Value = serde_json::from_str(line).ok()?;
            if value["event"] == "result" {
                open -= 1;
                texts.push(value);
            }
            (open == 0).then_some(())
        });
    }
    for answer in &texts {
        assert_eq!(answer["finish_reason"], "schema", "{answer}");
        let plan: Value = serde_json::from_str(answer["text"].as_str().unwrap()).unwrap();
        assert!(["arm_1", "rover_1"].contains(&plan["robot"].as_str().unwrap()));
        assert!(plan["ready"].is_boolean() && plan.as_object().unwrap().len() == 3);
        let steps = plan["steps"].as_array().unwrap();
        assert!((2..=4).contains(&steps.len()) && steps.iter().all(|s| *s == 1 || *s == 2));
    }
    let greedy: Vec<&Value> = texts.iter().filter(|t| t["goal"] == "greedy").collect();
    assert_eq!(greedy.len(), 2, "{texts:?}");
    assert_eq!(greedy[0]["text"], greedy[1]["text"]);
    served.stop();
}

#[test]
fn cancelled_and_abandoned_requests_leave_the_worker_serving() {
    let mut served = Served::start_long(&["-p", "max_sequences:=8"]);
    let long = || json!({"prompt": "go", "schema": LONG, "max_tokens": 1000});
    let mut deserter = served.client();
    for name in ["a", "b", "c", "d", "e", "f"] {
        send(&mut deserter, name, long());
    }
    let mut client = served.client();
    deserter.wait_for_event(WAIT, "feedback");
    let slow_motion = served.worker.slow_motion();
    deserter.signal(Signal::SIGKILL);
    let mut fields = long();
    fields["cancel_at"] = json!("first");
    let (canceled, heard) = generate(&mut client, fields);
    assert_eq!(canceled["status"], "canceled", "{canceled}");
    assert_eq!(canceled["error_code"], 5);
    assert_eq!(canceled["finish_reason"], "canceled");
    let tokens = canceled["generated_tokens"].as_u64().unwrap();
    assert!(
        (1..800).contains(&tokens) && !heard.is_empty(),
        "{canceled}"
    );
    let late = json!({"prompt": "go", "schema": LONG, "max_tokens": 1000, "deadline_s": -1.0});
    let (late, _) = generate(&mut client, late);
    assert_eq!(
        (&late["error_code"], &late["status"]),
        (&json!(6), &json!("aborted"))
    );
    let mut older = long();
    older["key"] = json!("arm_1");
    older["latest_wins"] = json!(true);
    send(&mut client, "older", older);
    let newer = json!({"prompt": "go", "max_tokens": 1, "key": "arm_1", "latest_wins": true});
    send(&mut client, "newer", newer);
    let mut results = Vec::new();
    client.wait_for(WAIT, |line| {
        let value: Value = serde_json::from_str(line).ok()?;
        if value["event"] == "result" {
            results.push(value);
        }
        (results.len() == 2).then_some(())
    });
    let of = |name: &str| results.iter().find(|r| r["goal"] == name).unwrap();
    assert_eq!(of("older")["error_code"], 5, "{results:?}");
    let reason = of("older")["error_msg"].as_str().unwrap();
    assert!(reason.contains("newer request"), "{reason}");
    assert_eq!(of("newer")["error_code"], 0, "{results:?}");
    drop(slow_motion);
    let text = served.worker.text();
    assert!(!text.contains("ERROR"), "{text}");
    served.stop();
}

#[test]
fn goals_that_run_are_told_when_the_worker_stops() {
    let served = Served::start_long(&[]);
    let mut client = served.client();
    let slow_motion = served.worker.slow_motion();
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let fields = json!({"prompt": "go", "schema": LONG, "max_tokens": 1000});
        send(&mut client, name, fields);
    }
    client.wait_for_event(WAIT, "feedback");
    drop(slow_motion);
    served.stop();
    let end = client.wait_for_event(WAIT, "result");
    assert_eq!(end["error_code"], 5, "{end}");
    let reason = end["error_msg"].as_str().unwrap();
    assert!(reason.contains("worker is stopping"), "{reason}");
}

#[test]
fn bad_requests_are_refused_by_field_and_value_and_the_worker_lives_on() {
    let served = Served::start(&[]);
    let mut client = served.client();
    let cases = [
        (
            r#"{"goal": "only", "prompt": "x", "messages": [{"role": "user", "content": "y"}]}"#,
            1,
            vec!["messages has 1", "exactly one"],
        ),
        (r#"{"goal": "only"}"#, 1, vec!["both empty"]),
        (
            r#"{"goal": "only", "messages": [{"role": "root", "content": "y"}]}"#,
            1,
            vec!["messages[0].role", "root"],
        ),
        (
            r#"{"goal": "only", "prompt": "x", "temperature": NaN}"#,
            1,
            vec!["temperature", "NaN"],
        ),
        (
            r#"{"goal": "only", "prompt": "x", "schema": "{"}"#,
            1,
            vec!["schema is not JSON"],
        ),
        (
            r#"{"goal": "only", "prompt": "x", "schema": "{\"type\": \"planet\"}"}"#,
            1,
            vec!["schema", "planet"],
        ),
        (
            r#"{"goal": "only", "prompt": "x", "stop": [""]}"#,
            1,
            vec!["stop", "empty"],
        ),
        (
            r#"{"goal": "only", "prompt": "x", "max_tokens": 5000}"#,
            2,
            vec!["tokens", "context"],
        ),
    ];
    for (line, code, expected) in cases {
        client.write_line(line);
        let (answer, _) = result(&mut client, "only");
        assert_eq!(answer["error_code"], code, "{line}: {answer}");
        assert_eq!(answer["status"], "aborted", "{line}: {answer}");
        let reason = answer["error_msg"].as_str().unwrap();
        for expected in expected {
            assert!(reason.contains(expected), "{line}: {reason}");
        }
    }
    let (long, _) = generate(&mut client, json!({"prompt": "xyzw ".repeat(600)}));
    assert_eq!(long["error_code"], 2, "{long}");
    let (fine, _) = generate(&mut client, json!({"prompt": "x", "max_tokens": 3}));
    assert_eq!(fine["error_code"], 0, "{fine}");
    served.stop();
}

#[test]
fn model_that_does_not_load_ends_the_node_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(golden()).unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let check = |model: &Path, more: &[&str], expected: &[&str]| {
        let mut node = start_worker(Suite::shared_domain(), model, more);
        let status = node.wait_for_end(WAIT);
        let text = node.text();
        assert_eq!(status.code(), Some(2), "{text}");
        for expected in ["configure failed"].iter().chain(expected) {
            assert!(text.contains(expected), "{text}");
        }
        assert!(!text.contains("panicked"), "{text}");
    };
    check(
        Path::new("/nonexistent.gguf"),
        &[],
        &["model_file", "/nonexistent.gguf"],
    );
    let half = file("half.gguf", &bytes[..bytes.len() / 2]);
    check(&half, &[], &["model_file", "half.gguf"]);
    let text = file("text.gguf", b"this is no model at all, but some text");
    check(&text, &[], &["model_file", "text.gguf"]);
    check(Path::new(""), &[], &["model_file is empty", "GGUF"]);
    check(
        &golden(),
        &["-p", "max_sequences:=300"],
        &["max_batch_tokens is 256", "301"],
    );
    check(
        &golden(),
        &["-p", "device:=gpu"],
        &["device is \"gpu\"", "cuda:N"],
    );
    check(
        &golden(),
        &["-p", "device:=cuda:0"],
        &["cuda:0", "--features cuda"],
    );
}
