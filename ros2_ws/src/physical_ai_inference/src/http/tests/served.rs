//! What goes over the wire, with a node that plays by a script.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use physical_ai_llm::{FinishReason, LanguageModel, Timings, Tokenizer, Usage};
use serde_json::{Value, json};

use crate::engine_thread::Ask;
use crate::goals::{Client, Fresh, Token, stopping};
use crate::http::client::HttpClient;
use crate::http::{ApiError, Front, Health, HttpServer, Order};
use crate::outcome::Outcome;
use crate::refusal::{Code, Refusal};

const WAIT: Duration = Duration::from_secs(10);

fn tokenizer() -> Arc<Tokenizer> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../tests/golden/llm/narrow/q8_0.gguf"
    );
    LanguageModel::open(Path::new(path)).unwrap().tokenizer
}

fn start(post: impl Fn(Order) -> bool + Send + Sync + 'static) -> HttpServer {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let front = Front::new("small", &tokenizer(), Box::new(post));
    HttpServer::start(address, front).unwrap()
}

/// A node that does the same with every client.
fn play(script: impl Fn(Box<HttpClient>) + Send + Sync + 'static) -> HttpServer {
    start(move |order| {
        if let Order::Serve { client, .. } = order {
            script(Box::new(client));
        }
        true
    })
}

fn fresh(text: &str, tokens: &[u32]) -> Fresh {
    let token = |id: &u32| Token {
        id: *id,
        logprob: Some(-0.5),
        top: vec![(*id, -0.5), (9, f32::NEG_INFINITY)],
    };
    Fresh {
        text: text.to_owned(),
        tokens: tokens.iter().map(token).collect(),
    }
}

fn end(client: Box<HttpClient>, reason: &FinishReason) {
    let usage = Usage {
        prompt_tokens: 5,
        cached_tokens: 2,
        generated_tokens: 3,
        speculative_accepted: 0,
    };
    client.end(Outcome::of(reason, false), usage, Timings::default());
}

fn says_hello(mut client: Box<HttpClient>) {
    client.hear(fresh("hel", &[70, 71]));
    client.hear(fresh("lo", &[72]));
    end(client, &FinishReason::Complete);
}

fn connect(server: &HttpServer) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(WAIT)).unwrap();
    stream
}

fn request(method: &str, path: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Status, head and body of an answer.
fn exchange(server: &HttpServer, request: &str) -> (u16, String, String) {
    let mut stream = connect(server);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_lowercase(), body.to_owned())
}

fn ask(server: &HttpServer, path: &str, body: &Value) -> (u16, Value) {
    let (status, _, body) = exchange(server, &request("POST", path, &body.to_string()));
    (status, serde_json::from_str(&body).unwrap())
}

fn hello() -> Value {
    json!({"model": "small", "messages": [{"role": "user", "content": "hi"}]})
}

fn with(fields: &Value) -> Value {
    let mut body = hello();
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Data of the events in a chunked body.
fn events(body: &str) -> Vec<String> {
    let lines = body.lines().filter_map(|line| line.strip_prefix("data: "));
    lines.map(str::to_owned).collect()
}

#[test]
fn answer_comes_at_once_with_usage_and_probabilities() {
    let server = play(says_hello);
    let body = with(&json!({"logprobs": true, "top_logprobs": 1}));
    let (status, answer) = ask(&server, "/v1/chat/completions", &body);
    assert_eq!(status, 200, "{answer}");
    let choice = &answer["choices"][0];
    assert_eq!(choice["message"]["content"], "hello");
    assert_eq!(choice["finish_reason"], "stop");
    let logprobs = choice["logprobs"]["content"].as_array().unwrap();
    assert_eq!(logprobs.len(), 3);
    assert_eq!(logprobs[0]["logprob"], -0.5);
    assert_eq!(logprobs[0]["top_logprobs"].as_array().unwrap().len(), 1);
    let usage = json!({
        "prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8,
        "prompt_tokens_details": {"cached_tokens": 2},
    });
    assert_eq!(answer["usage"], usage);
    assert_eq!(answer["object"], "chat.completion");
    let body = json!({"prompt": "x", "max_tokens": 5});
    let (status, answer) = ask(&server, "/v1/completions", &body);
    assert_eq!(
        (status, &answer["choices"][0]["text"]),
        (200, &json!("hello"))
    );
    assert_eq!(answer["object"], "text_completion");
}

#[test]
fn stream_opens_goes_on_and_ends_as_clients_expect() {
    let server = play(says_hello);
    let options = json!({"stream": true, "stream_options": {"include_usage": true}});
    let body = with(&options).to_string();
    let (status, head, body) = exchange(&server, &request("POST", "/v1/chat/completions", &body));
    assert_eq!(status, 200);
    assert!(head.contains("content-type: text/event-stream"), "{head}");
    let events = events(&body);
    assert_eq!(events.last().unwrap(), "[DONE]");
    let chunks: Vec<Value> = events[..events.len() - 1]
        .iter()
        .map(|e| serde_json::from_str(e).unwrap())
        .collect();
    assert_eq!(chunks.len(), 5, "{chunks:#?}");
    let delta = |i: usize| chunks[i]["choices"][0]["delta"].clone();
    assert_eq!(delta(0)["role"], "assistant");
    assert_eq!(
        (&delta(1)["content"], &delta(2)["content"]),
        (&json!("hel"), &json!("lo"))
    );
    assert_eq!(chunks[3]["choices"][0]["finish_reason"], "stop");
    assert_eq!(
        (&chunks[3]["usage"], &chunks[4]["choices"]),
        (&Value::Null, &json!([]))
    );
    assert_eq!(chunks[4]["usage"]["total_tokens"], 8);
    assert!(chunks.iter().all(|c| c["id"] == chunks[0]["id"]));
}

#[test]
fn ends_and_refusals_have_their_status() {
    let check = |script: fn(Box<HttpClient>), stream: bool, expected: (u16, &str)| {
        let server = play(script);
        let body = with(&json!({"stream": stream})).to_string();
        let (status, head, body) =
            exchange(&server, &request("POST", "/v1/chat/completions", &body));
        let answer: Value = serde_json::from_str(&body).unwrap();
        let code = answer["error"]["code"].as_str().unwrap();
        assert_eq!((status, code), expected, "{answer}");
        assert!(!answer["error"]["message"].as_str().unwrap().is_empty());
        assert_eq!(head.contains("retry-after: 1"), status == 429, "{head}");
        assert_eq!(
            head.contains("x-should-retry: false"),
            status == 504,
            "{head}"
        );
    };
    for stream in [false, true] {
        check(
            |c| end(c, &FinishReason::DeadlinePassed),
            stream,
            (504, "deadline_missed"),
        );
        check(
            |c| end(c, &FinishReason::Superseded),
            stream,
            (410, "canceled"),
        );
        check(|c| c.refuse(&stopping()), stream, (503, "stopping"));
        check(|c| c.fail(ApiError::inactive()), stream, (503, "inactive"));
        check(drop, stream, (503, "stopping"));
        check(
            |c| c.refuse(&Refusal::invalid("top_k")),
            stream,
            (400, "invalid_value"),
        );
        let refuse: fn(Box<HttpClient>) = |c| c.refuse(&Refusal::new(Code::Overloaded, "full"));
        check(refuse, stream, (429, "overloaded"));
        let refuse: fn(Box<HttpClient>) = |c| c.refuse(&Refusal::new(Code::TooLong, "long"));
        check(refuse, stream, (400, "context_length_exceeded"));
        let refuse: fn(Box<HttpClient>) = |c| c.refuse(&Refusal::new(Code::Internal, "defect"));
        check(refuse, stream, (500, "internal_error"));
    }
}

#[test]
fn stream_that_breaks_ends_with_an_error_event() {
    let server = play(|mut client| {
        client.hear(fresh("hel", &[70]));
        end(client, &FinishReason::DeadlinePassed);
    });
    let body = with(&json!({"stream": true})).to_string();
    let (status, _, body) = exchange(&server, &request("POST", "/v1/chat/completions", &body));
    assert_eq!(status, 200);
    let last: Value = serde_json::from_str(events(&body).last().unwrap()).unwrap();
    assert_eq!(last["error"]["code"], "deadline_missed");
}

#[test]
fn bad_requests_are_refused_with_status_field_and_value() {
    let server = play(|_| panic!("nothing of this is served"));
    let check = |sent: &str, status: u16, expected: &str| {
        let (got, _, body) = exchange(&server, sent);
        let answer: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{body}"));
        let message = answer["error"]["message"].as_str().unwrap();
        assert_eq!(got, status, "{message}");
        assert!(message.contains(expected), "{message}");
        assert_eq!(answer["error"]["type"], "invalid_request_error");
    };
    let chat = "/v1/chat/completions";
    check(&request("GET", "/v2", ""), 404, "there is no GET /v2");
    check(&request("GET", chat, ""), 405, "does not take GET");
    check(&request("POST", chat, "{"), 400, "the body is not JSON");
    check(
        &request("POST", chat, "[1]"),
        400,
        "body is [1]: must be an object",
    );
    let deep = "[".repeat(100_000);
    check(&request("POST", chat, &deep), 400, "the body is not JSON");
    let form = request("POST", chat, "{}").replace("application/json", "text/plain");
    check(&form, 415, "text/plain");
    let body = with(&json!({"model": "gpt-4o"})).to_string();
    check(
        &request("POST", chat, &body),
        404,
        "model is \"gpt-4o\": this worker serves \"small\"",
    );
    check(
        &request("POST", chat, &with(&json!({"model": 5})).to_string()),
        400,
        "model is 5",
    );
    check(
        &request("POST", chat, &with(&json!({"n": 3})).to_string()),
        400,
        "n is 3",
    );
    let large = "x".repeat(super::super::body::MOST_BYTES + 1);
    check(
        &request("POST", chat, &large),
        413,
        "at most 4194304 are allowed",
    );
    check(
        &request("GET", "/v1/models/other", ""),
        404,
        "model is \"other\"",
    );
}

#[test]
fn full_node_is_429_and_models_are_listed_all_the_same() {
    let server = start(|_| false);
    let (status, answer) = ask(&server, "/v1/chat/completions", &hello());
    assert_eq!(
        (status, &answer["error"]["code"]),
        (429, &json!("overloaded"))
    );
    let (status, _, body) = exchange(&server, &request("GET", "/v1/models", ""));
    let models: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &models["data"][0]["id"]), (200, &json!("small")));
    let (status, _, body) = exchange(&server, &request("GET", "/v1/models/small", ""));
    let model: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &model["id"]), (200, &json!("small")));
}

#[test]
fn health_is_what_the_node_says() {
    for (is_active, is_alive, expected) in
        [(true, true, 200), (false, true, 503), (true, false, 503)]
    {
        let server = start(move |order| {
            if let Order::Tell(answer) = order {
                let health = Health {
                    is_active,
                    is_alive,
                    running: 2,
                    waiting: 3,
                };
                answer.send(health).unwrap();
            }
            true
        });
        let (status, _, body) = exchange(&server, &request("GET", "/health", ""));
        assert_eq!(status, expected, "{body}");
    }
}

#[test]
fn texts_are_embedded_in_their_order() {
    let server = start(|order| {
        if let Order::Serve {
            ask: Ask::Embed(texts),
            mut client,
            ..
        } = order
        {
            client.embedded(texts.iter().map(|t| vec![t.len() as f32]).collect());
            end(Box::new(client), &FinishReason::Complete);
        }
        true
    });
    let body = json!({"input": ["abc", "d"], "model": "small"});
    let (status, answer) = ask(&server, "/v1/embeddings", &body);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["data"][0]["embedding"], json!([3.0]));
    assert_eq!(answer["data"][1]["embedding"], json!([1.0]));
}

/// A server that keeps its clients, and the clients.
fn keep() -> (HttpServer, Receiver<Box<HttpClient>>) {
    let (sender, clients) = channel();
    let server = play(move |client| sender.send(client).unwrap());
    (server, clients)
}

fn wait_until_gone(client: &HttpClient) {
    let end = Instant::now() + WAIT;
    while !client.is_gone() {
        assert!(
            Instant::now() < end,
            "the client's departure was not noticed"
        );
        std::thread::yield_now();
    }
}

#[test]
fn client_that_leaves_is_noticed_before_and_within_its_answer() {
    let (server, clients) = keep();
    for stream in [false, true] {
        let body = with(&json!({"stream": stream})).to_string();
        let sent = request("POST", "/v1/chat/completions", &body);
        let mut early = connect(&server);
        early.write_all(sent.as_bytes()).unwrap();
        let client = clients.recv_timeout(WAIT).unwrap();
        assert!(!client.is_gone());
        drop(early);
        wait_until_gone(&client);
    }
    let body = with(&json!({"stream": true})).to_string();
    let mut late = connect(&server);
    late.write_all(request("POST", "/v1/chat/completions", &body).as_bytes())
        .unwrap();
    let mut client = clients.recv_timeout(WAIT).unwrap();
    client.hear(fresh("hel", &[70]));
    let mut heard = [0; 64];
    assert!(late.read(&mut heard).unwrap() > 0 && !client.is_gone());
    drop(late);
    wait_until_gone(&client);
}

#[test]
fn those_who_say_nothing_are_sent_away_and_those_who_wait_are_not() {
    let (sender, clients) = channel();
    let post = move |order| {
        if let Order::Serve { client, .. } = order {
            sender.send(Box::new(client)).unwrap();
        }
        true
    };
    let front = Front::new("small", &tokenizer(), Box::new(post));
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let head_timeout = Duration::from_millis(50);
    let server = HttpServer::start_with(address, front, head_timeout).unwrap();
    let mut waiting = connect(&server);
    waiting
        .write_all(request("POST", "/v1/chat/completions", &hello().to_string()).as_bytes())
        .unwrap();
    let client = clients.recv_timeout(WAIT).unwrap();
    let mut silent = connect(&server);
    let mut half = connect(&server);
    half.write_all(b"POST /v1/chat/comp").unwrap();
    for stream in [&mut silent, &mut half] {
        let mut answer = Vec::new();
        // Closed, with or without a word; not timed out here.
        let ended = stream.read_to_end(&mut answer);
        assert!(!ended.is_err_and(|e| e.kind() == std::io::ErrorKind::WouldBlock));
    }
    end(client, &FinishReason::Complete);
    let mut answer = String::new();
    waiting.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn server_stops_at_once_whatever_its_clients_do() {
    let (server, clients) = keep();
    let address = server.address();
    let body = with(&json!({"stream": true})).to_string();
    let mut streaming = connect(&server);
    streaming
        .write_all(request("POST", "/v1/chat/completions", &body).as_bytes())
        .unwrap();
    let mut client = clients.recv_timeout(WAIT).unwrap();
    client.hear(fresh("hel", &[70]));
    let _silent = connect(&server);
    let mut half = connect(&server);
    half.write_all(b"POST /v1/chat/comp").unwrap();
    let begin = Instant::now();
    drop(server);
    assert!(
        begin.elapsed() < Duration::from_secs(2),
        "{:?}",
        begin.elapsed()
    );
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn port_that_is_taken_is_named() {
    let server = play(drop);
    let front = Front::new("small", &tokenizer(), Box::new(|_| true));
    let problem = HttpServer::start(server.address(), front)
        .map(drop)
        .unwrap_err();
    let port = format!(
        "http_port {} on http_address 127.0.0.1",
        server.address().port()
    );
    assert!(problem.contains(&port), "{problem}");
}
