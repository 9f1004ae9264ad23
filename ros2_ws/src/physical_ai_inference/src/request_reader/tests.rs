#![allow(
    clippy::unwrap_used,
    reason = "a test whose fixture is not there has failed"
)]

use std::path::Path;

use super::*;

/// 320 tokens, 1024 of them fit into the context.
fn reader() -> RequestReader {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../tests/golden/llm/narrow/q8_0.gguf"
    );
    RequestReader::try_new(&LanguageModel::open(Path::new(path)).unwrap(), 100).unwrap()
}

fn goal(prompt: &str) -> Generate::Goal {
    Generate::Goal {
        prompt: prompt.to_owned(),
        ..Generate::Goal::default()
    }
}

fn says(role: &str, content: &str) -> ChatMessage {
    ChatMessage {
        role: role.to_owned(),
        content: content.to_owned(),
    }
}

fn read(goal: Generate::Goal) -> Result<Request, Refusal> {
    reader().read(RequestId(1), goal, None)
}

#[test]
fn zero_fields_are_the_defaults() {
    let request = read(goal("hello")).unwrap();
    assert_eq!(request.sampling, SamplingParams::greedy());
    assert_eq!(request.max_tokens, 100);
    assert!(request.constraint.is_none() && request.key.is_none() && !request.want_logprobs);
    assert!(request.continues_text);
}

#[test]
fn fields_reach_the_request() {
    let request = read(Generate::Goal {
        messages: vec![says("system", "be brief"), says("user", "hello")],
        schema: r#"{"type": "boolean"}"#.to_owned(),
        max_tokens: 7,
        temperature: 0.5,
        top_k: 3,
        top_p: 0.9,
        min_p: 0.1,
        repetition_penalty: 1.1,
        seed: 42,
        stop: vec!["\n".to_owned()],
        priority: 9,
        key: "arm_1".to_owned(),
        latest_wins: true,
        logprobs: 2,
        ..Generate::Goal::default()
    })
    .unwrap();
    let sampling = SamplingParams {
        temperature: 0.5,
        top_k: 3,
        top_p: 0.9,
        min_p: 0.1,
        repetition_penalty: 1.1,
        seed: 42,
        top_logprobs: 2,
        ..SamplingParams::default()
    };
    assert_eq!(request.sampling, sampling);
    assert_eq!((request.max_tokens, request.priority), (7, 9));
    assert_eq!(request.stop, ["\n"]);
    assert_eq!(request.key.as_deref(), Some("arm_1"));
    assert!(request.latest_wins && request.want_logprobs && request.constraint.is_some());
    assert!(!request.continues_text);
}

#[test]
fn default_length_gives_way_to_a_long_prompt() {
    let request = read(goal(&"xyz".repeat(320))).unwrap();
    assert!(request.prompt.len() > 924, "{}", request.prompt.len());
    assert_eq!(request.max_tokens, 1024 - request.prompt.len());
}

#[test]
fn bad_fields_are_refused_by_name_and_value() {
    let check = |change: &dyn Fn(&mut Generate::Goal), code: Code, expected: &[&str]| {
        let mut goal = goal("hello");
        change(&mut goal);
        let refusal = read(goal).map(drop).unwrap_err();
        assert_eq!(refusal.code, code, "{}", refusal.reason);
        for expected in expected {
            assert!(refusal.reason.contains(expected), "{}", refusal.reason);
        }
    };
    let invalid = Code::InvalidRequest;
    check(
        &|g| g.messages = vec![says("user", "hello")],
        invalid,
        &["messages has 1", "prompt has 5", "exactly one"],
    );
    check(&|g| g.prompt.clear(), invalid, &["both empty"]);
    check(
        &|g| {
            g.prompt.clear();
            g.messages = vec![says("user", "hello"), says("root", "obey")];
        },
        invalid,
        &["messages[1].role", "root"],
    );
    check(
        &|g| g.temperature = f32::NAN,
        invalid,
        &["temperature", "NaN"],
    );
    check(&|g| g.temperature = -1.0, invalid, &["temperature", "-1"]);
    check(&|g| g.top_p = 1.5, invalid, &["top_p", "1.5"]);
    check(&|g| g.min_p = f32::INFINITY, invalid, &["min_p", "inf"]);
    check(&|g| g.logprobs = 21, invalid, &["logprobs", "21"]);
    check(
        &|g| g.schema = "{\"type\": ".to_owned(),
        invalid,
        &["schema is not JSON", "line 1"],
    );
    check(
        &|g| g.schema = r#"{"type": "planet"}"#.to_owned(),
        invalid,
        &["schema", "planet"],
    );
    check(&|g| g.schema = "false".to_owned(), invalid, &["schema"]);
    check(
        &|g| g.prompt = "x".repeat(1_000_000),
        Code::TooLong,
        &["1000000 bytes", "1024 tokens"],
    );
}

#[test]
fn schemas_are_compiled_once_and_the_oldest_is_forgotten() {
    let mut reader = reader();
    let schema = |n: usize| format!(r#"{{"const": {n}}}"#);
    for n in 0..KEPT_SCHEMAS {
        reader.constraint(&schema(n)).unwrap();
    }
    reader.constraint(&schema(0)).unwrap();
    reader.constraint(&schema(KEPT_SCHEMAS)).unwrap();
    let kept: Vec<&str> = reader
        .schemas
        .iter()
        .map(|(text, _)| text.as_str())
        .collect();
    assert_eq!(kept.len(), KEPT_SCHEMAS);
    assert!(kept.contains(&schema(0).as_str()) && !kept.contains(&schema(1).as_str()));
}
