//! The inference worker's OpenAI-compatible endpoint, with a real HTTP client.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use physical_ai_tests::{Suite, peer};
use serde_json::{Value, json};
use ureq::Agent;

use crate::inference::{LONG, Served, WAIT, generate, golden, start_worker};

/// A worker with an endpoint, and a client of it.
struct Endpoint {
    served: Served,
    port: u16,
    agent: Agent,
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Endpoint {
    fn start(more: &[&str]) -> Self {
        Self::with(Served::start, more)
    }

    fn with(serve: fn(&[&str]) -> Served, more: &[&str]) -> Self {
        let port = free_port();
        let parameter = format!("http_port:={port}");
        let mut all = vec!["-p", &parameter];
        all.extend(more);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(WAIT))
            .build();
        Self {
            served: serve(&all),
            port,
            agent: config.into(),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn get(&self, path: &str) -> (u16, Value) {
        let mut answer = self.agent.get(self.url(path)).call().unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (
            answer.status().as_u16(),
            serde_json::from_str(&text).unwrap(),
        )
    }

    fn send(&self, path: &str, body: &str) -> ureq::http::Response<ureq::Body> {
        let request = self.agent.post(self.url(path));
        request.content_type("application/json").send(body).unwrap()
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let mut answer = self.send(path, &body.to_string());
        let text = answer.body_mut().read_to_string().unwrap();
        (
            answer.status().as_u16(),
            serde_json::from_str(&text).unwrap(),
        )
    }

    /// An answer that is as it should be.
    fn ask(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.post(path, body);
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// A client that sends and listens no further.
    fn open(&self, body: &Value) -> TcpStream {
        let mut body = body.clone();
        body["stream"] = json!(true);
        let body = body.to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(WAIT)).unwrap();
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: worker\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        stream
    }

    /// The lines of a stream as they come.
    fn stream(&self, body: &Value) -> impl Iterator<Item = String> + use<> {
        let mut body = body.clone();
        body["stream"] = json!(true);
        let answer = self.send("/v1/chat/completions", &body.to_string());
        assert_eq!(answer.status(), 200);
        let lines = BufReader::new(answer.into_body().into_reader()).lines();
        lines.map_while(Result::ok).filter(|line| !line.is_empty())
    }
}

fn chat(content: &str, fields: &Value) -> Value {
    let mut body = json!({"messages": [{"role": "user", "content": content}]});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// 400 numbers.
fn long() -> Value {
    let schema: Value = serde_json::from_str(LONG).unwrap();
    let format = json!({"type": "json_schema", "json_schema": {"name": "long", "schema": schema}});
    chat("go", &json!({"max_tokens": 900, "response_format": format}))
}

/// Waits until nobody is served any more.
fn wait_until_idle(endpoint: &Endpoint, timeout: Duration) {
    let end = Instant::now() + timeout;
    loop {
        let (status, health) = endpoint.get("/health");
        assert_eq!(status, 200, "{health}");
        if health["running"] == 0 && health["waiting"] == 0 {
            return;
        }
        assert!(
            Instant::now() < end,
            "still busy after {timeout:?}: {health}"
        );
    }
}

#[test]
fn answer_is_that_of_the_action_and_of_the_stream() {
    let endpoint = Endpoint::start(&[]);
    let path = "/v1/chat/completions";
    let sampling = json!({"max_tokens": 40, "temperature": 1.0, "seed": 7, "logprobs": true});
    let body = chat("where is arm_1?", &sampling);
    let whole = endpoint.ask(path, &body);
    let text = whole["choices"][0]["message"]["content"].as_str().unwrap();
    let (by_action, _) = generate(
        &mut endpoint.served.client(),
        json!({
            "messages": [{"role": "user", "content": "where is arm_1?"}],
            "max_tokens": 40, "temperature": 1.0, "seed": 7,
        }),
    );
    assert_eq!(by_action["text"], text);
    assert_eq!(
        whole["usage"]["completion_tokens"],
        by_action["generated_tokens"]
    );
    let logprobs = whole["choices"][0]["logprobs"]["content"]
        .as_array()
        .unwrap();
    assert!(
        logprobs
            .iter()
            .all(|token| token["logprob"].as_f64().unwrap() <= 0.0)
    );
    let mut streamed = String::new();
    let mut last = String::new();
    for line in endpoint.stream(&body) {
        last = line.strip_prefix("data: ").unwrap().to_owned();
        if let Ok(chunk) = serde_json::from_str::<Value>(&last) {
            let delta = &chunk["choices"][0]["delta"];
            streamed.push_str(delta["content"].as_str().unwrap_or_default());
        }
    }
    assert_eq!((streamed.as_str(), last.as_str()), (text, "[DONE]"));
    let (_, models) = endpoint.get("/v1/models");
    let model = models["data"][0]["id"].as_str().unwrap();
    let path = format!("/v1/models/{}", model.replace(' ', "%20"));
    assert_eq!(endpoint.get(&path).0, 200);
    assert_eq!(whole["model"], model);
    let body = json!({"prompt": "arm_1", "max_tokens": 5, "temperature": 0, "model": model});
    let completion = endpoint.ask("/v1/completions", &body);
    assert!(completion["choices"][0]["text"].is_string(), "{completion}");
    endpoint.served.stop();
}

#[test]
fn schemas_are_obeyed_over_http() {
    let endpoint = Endpoint::start(&[]);
    let schema = json!({
        "type": "object",
        "properties": {"robot": {"enum": ["arm_1", "rover_1"]}, "ready": {"type": "boolean"}},
        "required": ["robot", "ready"],
        "additionalProperties": false,
    });
    let format = json!({"type": "json_schema", "json_schema": {"name": "plan", "schema": schema}});
    let fields = json!({"response_format": format, "max_completion_tokens": 300, "priority": 200});
    let answer = endpoint.ask("/v1/chat/completions", &chat("plan", &fields));
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
    let plan: Value = serde_json::from_str(text).unwrap();
    assert!(["arm_1", "rover_1"].contains(&plan["robot"].as_str().unwrap()));
    assert!(plan["ready"].is_boolean());
    endpoint.served.stop();
}

#[test]
fn clients_that_leave_are_served_no_further() {
    const CLIENTS: usize = 40;
    let endpoint = Endpoint::start(&["-p", "max_sequences:=1"]);
    let begin = Instant::now();
    endpoint.ask("/v1/chat/completions", &long());
    let one = begin.elapsed();
    let clients: Vec<TcpStream> = (0..CLIENTS).map(|_| endpoint.open(&long())).collect();
    let mut first = [0; 16];
    (&clients[0]).read_exact(&mut first).unwrap();
    assert!(first.starts_with(b"HTTP/1.1 200"));
    drop(clients);
    // Whoever served them all would take as many times as long.
    wait_until_idle(&endpoint, one * 10 + Duration::from_secs(1));
    let answer = endpoint.ask(
        "/v1/chat/completions",
        &chat("x", &json!({"max_tokens": 3})),
    );
    assert_eq!(answer["object"], "chat.completion");
    endpoint.served.stop();
}

#[test]
fn bad_requests_are_answered_with_status_field_and_value_and_the_worker_lives_on() {
    let endpoint = Endpoint::start(&[]);
    let path = "/v1/chat/completions";
    let check = |fields: Value, status: u16, expected: &str| {
        let (got, answer) = endpoint.post(path, &chat("x", &fields));
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(got, status, "{answer}");
        assert!(message.contains(expected), "{message}");
    };
    check(
        json!({"messages": [{"role": "root", "content": "x"}]}),
        400,
        "messages[0].role is \"root\"",
    );
    check(json!({"temperature": 1000}), 400, "temperature is 1000");
    check(json!({"stop": [""]}), 400, "stop");
    let format = json!({"type": "json_schema", "json_schema": {"schema": {"type": "planet"}}});
    check(json!({"response_format": format}), 400, "planet");
    check(json!({"max_tokens": 5000}), 400, "the prompt has");
    check(json!({"model": "gpt-4o"}), 404, "gpt-4o");
    check(json!({"timeout_s": 0}), 504, "deadline");
    let (status, answer) = endpoint.post(path, &chat(&"x".repeat(5 << 20), &json!({})));
    assert_eq!(status, 413, "{answer}");
    check(json!({"max_tokens": 1}), 200, "");
    endpoint.served.stop();
}

#[test]
fn full_queue_is_answered_with_429() {
    // No request may wait, so none is taken.
    let endpoint = Endpoint::start(&["-p", "max_waiting:=0"]);
    let (status, answer) = endpoint.post("/v1/chat/completions", &chat("x", &json!({})));
    let message = answer["error"]["message"].as_str().unwrap();
    assert_eq!(status, 429, "{message}");
    assert!(message.contains("try again later"), "{message}");
    endpoint.served.stop();
}

#[test]
fn inactive_worker_refuses_and_serves_again_when_it_is_activated() {
    let endpoint = Endpoint::start(&[]);
    let mut client = endpoint.served.client();
    let mut change = |label: &str| {
        client.write_line(&json!({"transition": label}).to_string());
        let changed = client.wait_for_event(WAIT, "changed");
        assert_eq!(changed["success"], true, "{label}");
    };
    let brief = chat("x", &json!({"max_tokens": 1}));
    change("deactivate");
    let (status, answer) = endpoint.post("/v1/chat/completions", &brief);
    assert_eq!(
        (status, &answer["error"]["code"]),
        (503, &json!("inactive"))
    );
    assert_eq!(endpoint.get("/health").0, 503);
    change("activate");
    assert_eq!(endpoint.get("/health").0, 200);
    endpoint.ask("/v1/chat/completions", &brief);
    endpoint.served.stop();
}

#[test]
fn worker_stops_at_once_and_tells_its_clients() {
    let mut endpoint = Endpoint::with(Served::start_long, &[]);
    let slow_motion = endpoint.served.worker.slow_motion();
    let mut stream = endpoint.stream(&long());
    stream.next().unwrap();
    let begin = Instant::now();
    endpoint.served.worker.signal(Signal::SIGINT);
    drop(slow_motion);
    let status = endpoint.served.worker.wait_for_end(WAIT);
    let took = begin.elapsed();
    assert_eq!(status.code(), Some(0), "{}", endpoint.served.worker.text());
    assert!(took < Duration::from_secs(2), "{took:?}");
    let last = stream.last().unwrap();
    assert!(last.contains("worker is stopping"), "{last}");
}

#[test]
fn rows_over_http_are_those_of_the_service() {
    let endpoint = Endpoint::start(&[]);
    let body = json!({"input": ["arm_1", "go to dock_a"]});
    let answer = endpoint.ask("/v1/embeddings", &body);
    let rows = [0, 1].map(|i| answer["data"][i]["embedding"].as_array().unwrap().clone());
    let mut client = endpoint.served.client();
    client.write_line(r#"{"embed": ["arm_1", "go to dock_a"]}"#);
    let by_service = client.wait_for_event(WAIT, "rows");
    for (row, other) in rows.iter().zip(by_service["rows"].as_array().unwrap()) {
        let pairs = row.iter().zip(other.as_array().unwrap());
        let floats = |(a, b): (&Value, &Value)| (a.as_f64().unwrap(), b.as_f64().unwrap());
        assert!(pairs.map(floats).all(|(a, b)| (a - b).abs() < 1e-6));
        let length: f64 = row.iter().map(|x| x.as_f64().unwrap().powi(2)).sum();
        assert!((length - 1.0).abs() < 1e-4, "{length}");
    }
    assert_ne!(rows[0], rows[1]);
    endpoint.served.stop();
}

#[test]
fn endpoint_that_cannot_be_served_ends_the_node_with_the_reason() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let check = |parameters: &[&str], expected: &str| {
        let mut node = start_worker(Suite::shared_domain(), &golden(), parameters);
        let status = node.wait_for_end(WAIT);
        let text = node.text();
        assert_eq!(status.code(), Some(2), "{text}");
        assert!(
            text.contains("configure failed") && text.contains(expected),
            "{text}"
        );
    };
    let parameter = format!("http_port:={port}");
    check(&["-p", &parameter], &format!("http_port {port}"));
    let address = ["-p", "http_port:=8080", "-p", "http_address:=localhost"];
    check(&address, "http_address is \"localhost\"");
}

#[test]
fn openai_client_works() {
    let endpoint = Endpoint::start(&[]);
    let url = endpoint.url("/v1");
    let said = peer("openai_client.py", &["--url", &url]).output().unwrap();
    let text = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
    // Says that it was skipped where the client is not installed.
    println!("{text}");
    assert!(said.status.success(), "{text}");
    assert!(text.contains("PASS") || text.contains("SKIPPED"), "{text}");
    endpoint.served.stop();
}
