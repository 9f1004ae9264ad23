//! Bodies, and what becomes of them.

use std::time::{Duration, Instant};

use physical_ai_ros::msg::physical_ai_msgs::action::Generate;
use serde_json::{Value, json};

use crate::http::embeddings::{self, Encoding};
use crate::http::options::Asked;
use crate::http::{ApiError, chat, completions};

fn chat_with(fields: &Value) -> Result<Asked, ApiError> {
    let mut body = json!({"messages": [{"role": "user", "content": "hello"}]});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    chat::read(&body, 77)
}

fn goal(fields: &Value) -> Generate::Goal {
    chat_with(fields).unwrap().goal
}

#[test]
fn fields_that_nobody_set_are_openais_defaults() {
    let asked = chat_with(&json!({"temperature": null, "user": "me", "store": false})).unwrap();
    let goal = asked.goal;
    assert_eq!((goal.temperature, goal.seed), (1.0, 77));
    assert_eq!((goal.max_tokens, goal.top_p), (0, 0.0));
    assert_eq!((goal.priority, goal.logprobs), (0, 0));
    assert!(goal.schema.is_empty() && goal.stop.is_empty() && goal.prompt.is_empty());
    assert!(!asked.stream && !asked.include_usage && asked.deadline.is_none());
}

#[test]
fn fields_reach_the_goal() {
    let asked = chat_with(&json!({
        "messages": [
            {"role": "developer", "content": "be brief"},
            {"role": "user", "content": [
                {"type": "text", "text": "where is"}, {"type": "text", "text": "arm_1?"},
            ]},
        ],
        "max_completion_tokens": 7, "max_tokens": 8, "temperature": 0, "top_p": 0.9, "seed": -1,
        "stop": ["\n", "END"], "stream": true, "stream_options": {"include_usage": true},
        "logprobs": true, "n": 1, "frequency_penalty": 0, "tools": [], "tool_choice": "auto",
        "priority": 200, "timeout_s": 60, "key": "arm_1", "latest_wins": true, "top_k": 5,
        "min_p": 0.1, "repetition_penalty": 1.1,
    }))
    .unwrap();
    let read = &asked.goal;
    let said: Vec<_> = read
        .messages
        .iter()
        .map(|m| (&*m.role, &*m.content))
        .collect();
    assert_eq!(said, [("system", "be brief"), ("user", "where is\narm_1?")]);
    assert_eq!(
        (read.max_tokens, read.temperature, read.top_p),
        (7, 0.0, 0.9)
    );
    assert_eq!((read.seed, read.top_k, read.min_p), (u64::MAX, 5, 0.1));
    assert_eq!((read.repetition_penalty, read.priority), (1.1, 200));
    assert_eq!(read.stop, ["\n", "END"]);
    assert_eq!((&*read.key, read.latest_wins), ("arm_1", true));
    // A goal without alternatives has no probabilities.
    assert_eq!((read.logprobs, asked.top_logprobs), (1, Some(0)));
    assert!(asked.stream && asked.include_usage);
    let left = asked.deadline.unwrap() - Instant::now();
    assert!(left <= Duration::from_mins(1) && left > Duration::from_secs(50));
    assert_eq!(read.schema, "");
    assert_eq!(goal(&json!({"max_tokens": 8, "stop": "x"})).stop, ["x"]);
}

#[test]
fn response_formats_are_schemas() {
    let check = |format: Value, expected: &str| {
        assert_eq!(goal(&json!({"response_format": format})).schema, expected);
    };
    check(Value::Null, "");
    check(json!({"type": "text"}), "");
    check(json!({"type": "json_object"}), r#"{"type":"object"}"#);
    let schema = json!({"type": "object", "properties": {"b": {}, "a": {}}});
    let named = json!({"name": "plan", "strict": true, "schema": schema});
    // The order of properties is that of the text.
    let expected = r#"{"type":"object","properties":{"b":{},"a":{}}}"#;
    check(
        json!({"type": "json_schema", "json_schema": named}),
        expected,
    );
}

#[test]
fn bad_fields_are_refused_by_name_and_value() {
    let check = |fields: Value, param: &str, expected: &str| {
        let error = chat_with(&fields).map(drop).unwrap_err();
        assert_eq!(
            (error.status.as_u16(), &*error.param),
            (400, param),
            "{error:?}"
        );
        assert!(error.message.contains(expected), "{}", error.message);
    };
    check(
        json!({"messages": []}),
        "messages",
        "messages is []: at least one",
    );
    check(json!({"messages": "hi"}), "messages", "messages is \"hi\"");
    let says = |content: Value| json!({"messages": [{"role": "user", "content": content}]});
    check(
        says(json!(null)),
        "messages[0].content",
        "is null: must be a text",
    );
    check(
        says(json!([{"type": "image_url"}])),
        "messages[0].content[0].type",
        "\"image_url\"",
    );
    check(
        says(json!([{"type": "text"}])),
        "messages[0].content[0].text",
        "is null",
    );
    check(
        json!({"messages": [{"content": "x"}]}),
        "messages[0]",
        "missing field `role`",
    );
    check(
        json!({"temperature": "hot"}),
        "temperature",
        "temperature is \"hot\"",
    );
    check(
        json!({"top_p": 0}),
        "top_p",
        "top_p is 0.0: must be above 0",
    );
    check(
        json!({"repetition_penalty": 0}),
        "repetition_penalty",
        "above 0",
    );
    check(
        json!({"max_tokens": 0}),
        "max_tokens",
        "max_tokens is 0: must be at least 1",
    );
    check(
        json!({"max_completion_tokens": -1}),
        "max_completion_tokens",
        "is -1",
    );
    check(json!({"n": 2}), "n", "n is 2: only 1 is served");
    check(
        json!({"tools": [{"type": "function"}]}),
        "tools",
        "only [] is served",
    );
    check(
        json!({"logit_bias": {"5": 1}}),
        "logit_bias",
        "only {} is served",
    );
    check(json!({"audio": {}}), "audio", "leave it out");
    check(
        json!({"presence_penalty": 0.5}),
        "presence_penalty",
        "is 0.5: only 0",
    );
    check(json!({"seed": 0.5}), "seed", "seed is 0.5");
    check(
        json!({"stop": 5}),
        "stop",
        "stop is 5: must be a text or a list of texts",
    );
    check(json!({"stop": ["x", 5]}), "stop[1]", "stop[1] is 5");
    check(json!({"priority": 256}), "priority", "priority is 256");
    check(
        json!({"timeout_s": -1}),
        "timeout_s",
        "timeout_s is -1.0: must be 0 to 1000000",
    );
    check(json!({"stream": "yes"}), "stream", "stream is \"yes\"");
    check(
        json!({"stream_options": {}}),
        "stream_options",
        "only allowed when stream is true",
    );
    check(
        json!({"logprobs": true, "top_logprobs": 21}),
        "top_logprobs",
        "is 21: must be 0 to 20",
    );
    check(
        json!({"top_logprobs": 2}),
        "top_logprobs",
        "only allowed when logprobs is true",
    );
    let format = |format: Value| json!({"response_format": format});
    check(
        format(json!({"type": "xml"})),
        "response_format.type",
        "\"xml\": must be text",
    );
    check(format(json!("json")), "response_format.type", "is null");
    let field = "response_format.json_schema.schema";
    check(
        format(json!({"type": "json_schema"})),
        field,
        "must be a JSON Schema",
    );
    let long = "x".repeat(100_000);
    let error = chat_with(&json!({"temperature": long}))
        .map(drop)
        .unwrap_err();
    assert!(error.message.len() < 500 && error.message.contains('…'));
    let error = chat::read(&json!({}), 0).map(drop).unwrap_err();
    assert!(
        error.message.contains("missing field `messages`"),
        "{error:?}"
    );
}

#[test]
fn completions_take_one_raw_prompt() {
    let read = |body: Value| completions::read(&body, 5);
    let goal = read(json!({"prompt": ["<|user|>"], "max_tokens": 3, "echo": false}))
        .unwrap()
        .goal;
    assert_eq!(
        (&*goal.prompt, goal.max_tokens, goal.seed),
        ("<|user|>", 3, 5)
    );
    assert!(goal.messages.is_empty());
    let check = |body: Value, param: &str| {
        let error = read(body).map(drop).unwrap_err();
        assert_eq!(
            (error.status.as_u16(), &*error.param),
            (400, param),
            "{error:?}"
        );
    };
    check(json!({"prompt": ["a", "b"]}), "prompt");
    check(json!({"prompt": ""}), "prompt");
    check(json!({"prompt": []}), "prompt");
    check(json!({"prompt": [1, 2]}), "prompt[0]");
    check(json!({"prompt": "a", "logprobs": 1}), "logprobs");
    check(json!({"prompt": "a", "echo": true}), "echo");
}

#[test]
fn embeddings_are_read_and_written_both_ways() {
    let asked = embeddings::read(&json!({"input": "a"})).unwrap();
    assert_eq!(
        (asked.texts, asked.encoding),
        (vec!["a".to_owned()], Encoding::Float)
    );
    let body = json!({"input": ["a", "b"], "encoding_format": "base64"});
    let asked = embeddings::read(&body).unwrap();
    assert_eq!((asked.texts.len(), asked.encoding), (2, Encoding::Base64));
    for (body, param) in [
        (json!({"input": 5}), "input"),
        (json!({"input": [[1, 2]]}), "input[0]"),
        (
            json!({"input": "a", "encoding_format": "hex"}),
            "encoding_format",
        ),
        (json!({"input": "a", "dimensions": 8}), "dimensions"),
    ] {
        assert_eq!(embeddings::read(&body).unwrap_err().param, param);
    }
    let rows = [vec![1.0, -0.5], vec![0.25, 0.0]];
    let usage = physical_ai_llm::Usage {
        prompt_tokens: 9,
        ..Default::default()
    };
    let floats = embeddings::answer("m", &rows, Encoding::Float, usage);
    assert_eq!(floats["data"][1]["embedding"], json!([0.25, 0.0]));
    assert_eq!(floats["data"][1]["index"], 1);
    assert_eq!(
        floats["usage"],
        json!({"prompt_tokens": 9, "total_tokens": 9})
    );
    let text = embeddings::answer("m", &rows, Encoding::Base64, usage);
    // 1.0 is 00 00 80 3f and -0.5 is 00 00 00 bf.
    assert_eq!(text["data"][0]["embedding"], "AACAPwAAAL8=");
}
