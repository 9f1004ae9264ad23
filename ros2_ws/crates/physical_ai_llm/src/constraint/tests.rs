use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{Sampler, SamplingParams};

/// Ends a text.
const END: u32 = 256;

/// All bytes, the end, a control token that looks like JSON, and pieces of JSON as real vocabularies
/// have them: several characters, over the borders of values.
pub(crate) fn vocabulary() -> MaskVocabulary {
    let mut tokens: Vec<Vec<u8>> = (0..=255).map(|b| vec![b]).collect();
    tokens.push(b"</s>".to_vec());
    tokens.push(b"{\"".to_vec());
    for piece in [
        "\":", "\":\"", "\",\"", "\"}", "{\"", "},{\"", "[{\"", "}]}", "]}", "\"]", "[\"",
        "\"],\"", "true", "false", "null", "10", "12", "99", ".5", "0.", "id", "task", "tasks",
        "skill", "robot", "params", "after", "_1", "arm", "rover", "dock", "red", "box", "place",
        "ab", "한국", "🤖", "t1", "t2", "\\n", "\\\"", " ", "  ", "\n",
    ] {
        tokens.push(piece.as_bytes().to_vec());
    }
    // As in models whose output layer is padded.
    tokens.resize(tokens.len() + 7, Vec::new());
    MaskVocabulary {
        tokens,
        special: vec![257],
        end: vec![END],
        tokenize: None,
    }
}

/// Cuts like the greedy tokenizer that the vocabulary itself offers.
pub(crate) fn with_tokenizer(mut vocabulary: MaskVocabulary) -> MaskVocabulary {
    let mut pieces: Vec<(Vec<u8>, u32)> = vocabulary.tokens.iter().cloned().zip(0..).collect();
    pieces.retain(|(bytes, id)| !bytes.is_empty() && *id != END && *id != 257);
    pieces.sort_by_key(|(bytes, _)| std::cmp::Reverse(bytes.len()));
    vocabulary.tokenize = Some(Arc::new(move |mut text: &[u8]| {
        let mut ids = Vec::new();
        while let Some((bytes, id)) = pieces.iter().find(|(bytes, _)| text.starts_with(bytes)) {
            ids.push(*id);
            text = &text[bytes.len()..];
        }
        ids
    }));
    vocabulary
}

fn compiler() -> ConstraintCompiler {
    ConstraintCompiler::try_new(vocabulary()).unwrap()
}

fn json(compiler: &ConstraintCompiler, schema: &Value) -> Result<Constraint, Error> {
    compiler.compile_json_schema(schema, &JsonOptions::default())
}

/// Follows the constraint with random tokens; the text, and whether it is complete within `cap` tokens.
///
/// From the half of the cap on, tokens that close something are preferred, since text among thirty
/// letters and one quote would hardly ever end.
pub(crate) fn walk(
    constraint: &mut Constraint,
    vocabulary: &MaskVocabulary,
    seed: u64,
    cap: usize,
) -> (String, bool) {
    let params = SamplingParams {
        seed,
        ..SamplingParams::default()
    };
    let mut sampler = Sampler::try_new(params, 0).unwrap();
    let mut logits = vec![0.0; vocabulary.tokens.len()];
    let mut text = Vec::new();
    for i in 0..cap {
        if i == cap / 2 {
            for (logit, token) in logits.iter_mut().zip(&vocabulary.tokens) {
                let ends = token.last().is_some_and(|b| b"\"]}".contains(b));
                *logit = if ends { 8.0 } else { 0.0 };
            }
            logits[END as usize] = 9.0;
        }
        if constraint.is_complete() {
            return (String::from_utf8(text).unwrap(), true);
        }
        let forced = constraint.forced().unwrap();
        let mask = constraint.mask().unwrap().clone();
        assert!(mask.count() > 0);
        let token = sampler.sample(&logits, Some(&mask), &[]).unwrap().token;
        if let Some(&first) = forced.first() {
            assert_eq!(mask.only(), Some(first), "a forced token is the only one");
        }
        if token == END {
            assert!(constraint.may_end().unwrap());
        } else {
            assert!(!vocabulary.special.contains(&token));
            text.extend_from_slice(&vocabulary.tokens[token as usize]);
        }
        constraint.commit(token).unwrap();
    }
    let complete = constraint.is_complete();
    (String::from_utf8_lossy(&text).into_owned(), complete)
}

/// The keywords that the tests use, plainly.
fn fits(schema: &Value, value: &Value) -> bool {
    let list = |name: &str| schema.get(name).and_then(Value::as_array);
    let number = |name: &str| schema.get(name).and_then(Value::as_f64);
    let kind = match schema.get("type").and_then(Value::as_str) {
        None => true,
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("number") => value.is_number(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some(_) => value.is_null(),
    };
    let size = match value {
        Value::Array(items) => Some(("minItems", "maxItems", items.len() as f64)),
        Value::String(s) => Some(("minLength", "maxLength", s.chars().count() as f64)),
        Value::Number(n) => n.as_f64().map(|n| ("minimum", "maximum", n)),
        _ => None,
    };
    let sized = size.is_none_or(|(least, most, n)| {
        number(least).is_none_or(|l| l <= n) && number(most).is_none_or(|m| n <= m)
    });
    let fields = value.as_object().is_none_or(|fields| {
        let properties = schema.get("properties").and_then(Value::as_object);
        let open = schema.get("additionalProperties") != Some(&json!(false));
        list("required").is_none_or(|names| {
            names
                .iter()
                .all(|n| fields.contains_key(n.as_str().unwrap()))
        }) && fields
            .iter()
            .all(|(name, value)| match properties.and_then(|p| p.get(name)) {
                Some(schema) => fits(schema, value),
                None => open,
            })
    });
    let items = value.as_array().is_none_or(|items| {
        schema
            .get("items")
            .is_none_or(|s| items.iter().all(|item| fits(s, item)))
    });
    let listed = list("enum").is_none_or(|values| values.contains(value));
    let branch = list("anyOf").is_none_or(|all| all.iter().any(|s| fits(s, value)));
    kind && sized && fields && items && listed && branch
}

fn check_walks(schema: &Value) {
    for vocabulary in [vocabulary(), with_tokenizer(vocabulary())] {
        let compiler = ConstraintCompiler::try_new(vocabulary.clone()).unwrap();
        let template = json(&compiler, schema).unwrap();
        let mut completed = 0;
        for seed in 0..40 {
            let (text, complete) = walk(&mut template.clone(), &vocabulary, seed, 200);
            if complete {
                completed += 1;
                let value: Value = serde_json::from_str(&text).unwrap();
                assert!(fits(schema, &value), "{text} for {schema}");
                let compact = text.replace("\\ ", "").contains(": ");
                assert!(!compact || text.contains('"'), "{text}");
            }
        }
        assert!(completed >= 30, "{completed} of 40 for {schema}");
    }
}

#[test]
fn every_complete_text_is_an_instance() {
    check_walks(&json!({"enum": ["a", 3, null, {"x": [1, "y"]}]}));
    check_walks(&json!({"type": "integer", "minimum": -20, "maximum": 1000}));
    check_walks(&json!({"type": "number", "minimum": 0.0, "maximum": 0.09}));
    check_walks(&json!({"type": "string", "maxLength": 12, "minLength": 2}));
    check_walks(
        &json!({"type": "array", "items": {"type": "boolean"}, "minItems": 1, "maxItems": 5}),
    );
    check_walks(
        &json!({"type": "object", "additionalProperties": false, "required": ["robot"],
        "properties": {"robot": {"enum": ["arm_1", "rover_1"]}, "text": {"type": "string", "maxLength": 20},
            "params": {"type": "object", "additionalProperties": false,
                "properties": {"n": {"type": "integer", "minimum": 0, "maximum": 9}}}}}),
    );
    check_walks(
        &json!({"anyOf": [{"type": "null"}, {"type": "array", "maxItems": 2,
        "items": {"anyOf": [{"type": "boolean"}, {"enum": ["red box"]}]}}]}),
    );
}

#[test]
fn integers_are_never_written_as_minus_zero() {
    let ranges = [
        json!({}),
        json!({"minimum": -1}),
        json!({"maximum": 0}),
        json!({"minimum": -1, "maximum": 0}),
        json!({"minimum": -12, "maximum": 30, "multipleOf": 3}),
        json!({"exclusiveMinimum": -5, "exclusiveMaximum": 0}),
        json!({"minimum": -7, "maximum": 7, "anyOf": [{"minimum": -2}, {"maximum": 2}]}),
    ];
    for mut range in ranges {
        range["type"] = json!("integer");
        let named = json!({"type": "object", "required": ["enum"], "additionalProperties": false,
            "properties": {"enum": range}});
        for (schema, begin) in [(&range, "-"), (&named, "{\"enum\":-")] {
            let mut constraint = json(&compiler(), schema).unwrap();
            for byte in begin.bytes() {
                constraint.commit(u32::from(byte)).unwrap();
            }
            let zero = constraint.commit(u32::from(b'0'));
            assert!(
                matches!(zero, Err(Error::TokenRefused { .. })),
                "{schema}: {zero:?}"
            );
        }
    }
}

#[test]
fn properties_come_in_the_order_of_the_schema_without_white_space() {
    let schema = json!({"type": "object", "required": ["z", "a"], "additionalProperties": false,
        "properties": {"z": {"enum": [1]}, "a": {"enum": [2]}}});
    let compiler = compiler();
    let vocabulary = vocabulary();
    let text = |options: &JsonOptions| {
        let mut constraint = compiler.compile_json_schema(&schema, options).unwrap();
        walk(&mut constraint, &vocabulary, 0, 50).0
    };
    assert_eq!(text(&JsonOptions::default()), r#"{"z":1,"a":2}"#);
    let spaced = JsonOptions {
        spaced: true,
        ..JsonOptions::default()
    };
    assert_eq!(text(&spaced), r#"{"z": 1, "a": 2}"#);
}

#[test]
fn schema_cannot_change_how_it_is_compiled() {
    let schema = json!({"enum": [[1, 2]], "x-guidance": {"whitespace_flexible": true}});
    let mut constraint = json(&compiler(), &schema).unwrap();
    assert_eq!(walk(&mut constraint, &vocabulary(), 0, 50).0, "[1,2]");
}

#[test]
fn schemas_that_cannot_be_met_are_errors() {
    let compiler = compiler();
    let check = |schema: Value, expected: &str| {
        let error = json(&compiler, &schema).err().unwrap().to_string();
        assert!(error.starts_with("schema: "), "{error}");
        assert!(error.contains(expected) && !error.contains('\n'), "{error}");
    };
    check(json!({"enum": []}), "#/enum is empty");
    check(json!(false), "# is false");
    check(json!({"type": "string", "enum": [1]}), "");
    check(json!({"allOf": [{"type": "string"}, {"type": "null"}]}), "");
    check(
        json!({"type": "string", "pattern": "^ab$", "minLength": 3}),
        "",
    );
    check(
        json!({"type": "integer", "minimum": 1.2, "maximum": 1.8}),
        "",
    );
    check(
        json!({"type": "object", "required": ["a"],
        "properties": {"a": {"type": "string", "pattern": "^ab$", "minLength": 3}}}),
        "'a'",
    );
    check(json!({"$ref": "#"}), "no instance");
    check(json!({"type": "whatever"}), "whatever");
    check(json!({"not": {"type": "null"}}), "not");
    check(json!({"type": "string", "pattern": "("}), "");
    check(
        json!({"oneOf": [{"type": "number"}, {"type": "integer"}]}),
        "oneOf",
    );
}

#[test]
fn one_of_may_be_taken_for_any_of() {
    let schema = json!({"oneOf": [{"type": "number"}, {"type": "integer"}]});
    let options = JsonOptions {
        one_of_as_any_of: true,
        ..JsonOptions::default()
    };
    assert!(compiler().compile_json_schema(&schema, &options).is_ok());
}

#[test]
fn hostile_schemas_are_refused_or_bounded() {
    let compiler = compiler();
    for schema in [
        json!({"type": "array", "items": true, "minItems": u64::MAX}),
        json!({"type": "array", "items": {"type": "null"}, "maxItems": 4_000_000_000u64}),
        json!({"type": "string", "maxLength": 4_000_000_000u64}),
        json!({"type": "string", "minLength": u64::MAX}),
        json!({"type": "string", "pattern": "((((a{1000}){1000}){1000}){1000}){1000}"}),
        json!({"type": "string", "pattern": "(.*a.*){300}b"}),
        json!({"type": "number", "multipleOf": 1e-300}),
        json!({"type": "object", "minProperties": 1_000_000_000}),
        json!({"type": "object", "patternProperties": {"(a|b)*c{9}": {"$ref": "#"}}}),
        json!({"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}}),
        json!({"anyOf": vec![json!({"anyOf": vec![json!({"type": "string"}); 80]}); 80]}),
        json!({"enum": ["한".repeat(400)], "type": ["strin\u{fffd}g".repeat(30)]}),
    ] {
        if let Ok(mut constraint) = json(&compiler, &schema) {
            for _ in 0..30 {
                let Ok(mask) = constraint.mask() else { break };
                let token = mask.iter().next().unwrap();
                if constraint.is_complete() || constraint.commit(token).is_err() {
                    break;
                }
            }
        }
    }
}

#[test]
fn regex_is_followed_to_its_end() {
    let compiler = compiler();
    let mut constraint = compiler.compile_regex("t[0-9]{2}x?").unwrap();
    let mut commit = |token: u32| constraint.commit(token);
    assert!(matches!(
        commit(u32::from(b'x')),
        Err(Error::TokenRefused { token: 120 })
    ));
    assert!(commit(u32::from(b't')).is_ok());
    assert!(commit(END).is_err());
    assert!(commit(u32::from(b'0')).is_ok());
    assert!(commit(u32::from(b'1')).is_ok());
    assert!(constraint.may_end().unwrap() && !constraint.is_complete());
    assert_eq!(constraint.accepted(&[u32::from(b'x'), END]).unwrap(), 2);
    assert_eq!(
        constraint
            .accepted(&[u32::from(b'x'), u32::from(b'x')])
            .unwrap(),
        1
    );
    assert_eq!(constraint.accepted(&[9_999]).unwrap(), 0);
    let mut other = constraint.clone();
    constraint.commit(END).unwrap();
    assert!(constraint.is_complete());
    assert_eq!(constraint.mask().unwrap().only(), Some(END));
    assert!(constraint.commit(END).is_err());
    other.commit(u32::from(b'x')).unwrap();
    assert!(other.is_complete(), "nothing may follow");
    assert!(compiler.compile_regex("a[").is_err());
    assert!(compiler.compile_regex(&"a".repeat(20_000)).is_err());
}

#[test]
fn refused_token_changes_nothing() {
    let mut constraint = json(&compiler(), &json!({"enum": ["ab"]})).unwrap();
    for token in [u32::from(b'x'), END, 257, 9_999, u32::MAX] {
        assert!(matches!(
            constraint.commit(token),
            Err(Error::TokenRefused { .. })
        ));
    }
    let (text, complete) = walk(&mut constraint, &vocabulary(), 1, 20);
    assert_eq!((text.as_str(), complete), ("\"ab\"", true));
}

#[test]
fn rolled_back_tokens_leave_no_trace() {
    let mut constraint = json(&compiler(), &json!({"enum": ["ab", "ac"]})).unwrap();
    let mut masks = Vec::new();
    let text = b"\"ac\"";
    for &byte in text {
        masks.push(constraint.mask().unwrap().clone());
        constraint.commit(u32::from(byte)).unwrap();
    }
    assert!(constraint.is_complete() && constraint.may_end().unwrap());
    constraint.roll_back(3).unwrap();
    assert_eq!(constraint.mask().unwrap(), &masks[1]);
    constraint.roll_back(1).unwrap();
    assert_eq!(constraint.mask().unwrap(), &masks[0]);
    assert!(walk(&mut constraint.clone(), &vocabulary(), 3, 20).1);
    assert!(constraint.roll_back(1).is_err());
}

#[test]
fn control_tokens_are_never_text() {
    let vocabulary = vocabulary();
    let mut constraint = json(&compiler(), &json!({"type": "object"})).unwrap();
    let mask = constraint.mask().unwrap();
    // 257 has the bytes of an allowed piece, but is a control token.
    assert_eq!(vocabulary.tokens[257], b"{\"");
    assert!(mask.is_allowed(u32::from(b'{')) && !mask.is_allowed(257));
    assert!(!mask.is_allowed(vocabulary.tokens.len() as u32 - 1));
}

#[test]
fn forced_tokens_come_from_the_tokenizer() {
    let schema = json!({"type": "object", "required": ["skill"], "additionalProperties": false,
        "properties": {"skill": {"enum": ["home", "wait"]}}});
    let vocabulary = with_tokenizer(vocabulary());
    let compiler = ConstraintCompiler::try_new(vocabulary.clone()).unwrap();
    let mut constraint = json(&compiler, &schema).unwrap();
    let forced = constraint.forced().unwrap();
    let text: Vec<u8> = forced
        .iter()
        .flat_map(|&t| vocabulary.tokens[t as usize].clone())
        .collect();
    assert_eq!(String::from_utf8(text).unwrap(), r#"{"skill":""#);
    assert_eq!(forced.len(), 3, "{forced:?}");
    // Looking does not commit.
    assert_eq!(constraint.forced().unwrap(), forced);
    for token in forced {
        constraint.commit(token).unwrap();
    }
    assert!(constraint.forced().unwrap().is_empty());
}

#[test]
fn unusable_vocabularies_are_named() {
    let check = |change: &dyn Fn(&mut MaskVocabulary), expected: &str| {
        let mut vocabulary = vocabulary();
        change(&mut vocabulary);
        let error = ConstraintCompiler::try_new(vocabulary)
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(&|v| v.tokens.clear(), "tokens: there are 0");
    check(
        &|v| v.tokens[3] = vec![b'x'; 1001],
        "token 3 is longer than 1000",
    );
    check(&|v| v.end.clear(), "end: no token ends the text");
    check(&|v| v.end = vec![5_000], "end: token 5000 does not exist");
    check(
        &|v| v.special = vec![u32::MAX],
        "special: token 4294967295 does not exist",
    );
}

#[test]
fn vocabulary_without_the_needed_bytes_is_an_error() {
    let mut vocabulary = vocabulary();
    for token in &mut vocabulary.tokens {
        if token.contains(&b'"') {
            token.clear();
        }
    }
    let compiler = ConstraintCompiler::try_new(vocabulary).unwrap();
    let error = json(&compiler, &json!({"type": "string"})).err().unwrap();
    assert!(error.to_string().contains("no instance"), "{error}");
}

#[test]
fn exhausted_limits_end_with_an_error() {
    // Each "a" may be the n-th before the end: the states of the automaton double with each letter.
    let mut constraint = compiler().compile_regex("(a|b)*a(a|b){24}").unwrap();
    let mut bits = 1u32;
    let error = (0..200_000).find_map(|_| {
        bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let token = if bits >> 31 == 0 { b'a' } else { b'b' };
        let result = constraint.mask().map(|_| ());
        result
            .and_then(|()| constraint.commit(u32::from(token)))
            .err()
    });
    let error = error.expect("the limit of lexer states is reached");
    assert!(matches!(error, Error::ConstraintFailed(_)), "{error}");
    assert!(constraint.mask().is_err() && !constraint.is_complete());
}

#[test]
fn constraints_may_move_between_threads() {
    fn check<T: Send>() {}
    fn check_shared<T: Send + Sync>() {}
    check::<Constraint>();
    check_shared::<ConstraintCompiler>();
}

fn any_schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({"type": "null"})),
        Just(json!({"type": "boolean"})),
        Just(json!(false)),
        (-50i64..50, 0i64..60).prop_map(
            |(low, span)| json!({"type": "integer", "minimum": low, "maximum": low + span - 2})
        ),
        (-5.0f64..5.0, -0.5f64..9.0).prop_map(
            |(low, span)| json!({"type": "number", "minimum": low, "maximum": low + span})
        ),
        (0usize..6, 0usize..6)
            .prop_map(|(a, b)| json!({"type": "string", "minLength": a, "maxLength": b})),
        prop::collection::vec("[ab한\"\\\\]{0,4}", 0..3).prop_map(|names| json!({"enum": names})),
        "\\PC{0,8}".prop_map(|pattern| json!({"type": "string", "pattern": pattern})),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let names = prop::collection::btree_map("[a-c]", (inner.clone(), any::<bool>()), 0..3);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|all| json!({"anyOf": all})),
            (inner, 0usize..3, 0usize..4).prop_map(|(items, least, most)|
                json!({"type": "array", "items": items, "minItems": least, "maxItems": most})),
            names.prop_map(|fields| {
                let required: Vec<&String> =
                    fields.iter().filter(|(_, f)| f.1).map(|(name, _)| name).collect();
                let properties: serde_json::Map<String, Value> =
                    fields.iter().map(|(name, f)| (name.clone(), f.0.clone())).collect();
                json!({"type": "object", "properties": properties, "required": required,
                    "additionalProperties": false})
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Random schemas under random tokens: an error, or a text that is an instance.
    #[test]
    fn random_schemas_and_tokens_end_in_instances_or_errors(
        schema in any_schema(),
        seed in any::<u64>(),
        wild in prop::collection::vec(0u32..400, 0..20),
    ) {
        let vocabulary = vocabulary();
        let compiler = ConstraintCompiler::try_new(vocabulary.clone()).unwrap();
        if let Ok(template) = json(&compiler, &schema) {
            let (text, complete) = walk(&mut template.clone(), &vocabulary, seed, 300);
            if complete {
                let value: Value = serde_json::from_str(&text).unwrap();
                prop_assert!(fits(&schema, &value), "{} for {}", text, schema);
            }
            // Tokens that nobody asked for are refused, and what is left still works.
            let mut constraint = template.clone();
            for token in wild {
                match constraint.commit(token) {
                    Ok(()) | Err(Error::TokenRefused { .. } | Error::ConstraintFailed(_)) => {}
                    Err(other) => prop_assert!(false, "{}", other),
                }
            }
            prop_assert!(constraint.is_complete() || constraint.mask().is_ok());
        }
    }
}
