mod bad_input;
mod golden;
mod properties;

use serde_json::Value;

use super::*;
use crate::golden::text as file;

fn json(name: &str) -> Value {
    serde_json::from_str(&file(name)).unwrap()
}

fn ids(value: &Value) -> Vec<u32> {
    serde_json::from_value(value.clone()).unwrap()
}

/// A vocabulary that is written under GGUF's names.
fn vocabulary(json: &Value) -> GgufVocabulary {
    let list = |name: &str| json[name].as_array().cloned().unwrap_or_default();
    let strings = |name| {
        let texts = list(name).into_iter();
        texts
            .map(|text| text.as_str().unwrap().to_owned())
            .collect()
    };
    let id = |name: &str| json[name].as_u64().map(|id| id as u32);
    let flag = |name: &str| json[name].as_bool().unwrap_or(false);
    let types = list("token_type").into_iter();
    GgufVocabulary {
        model: json["model"].as_str().unwrap().to_owned(),
        pre: json["pre"].as_str().unwrap().to_owned(),
        tokens: strings("tokens"),
        scores: list("scores")
            .iter()
            .map(|s| s.as_f64().unwrap() as f32)
            .collect(),
        token_types: types
            .map(|kind| TokenType::try_from(kind.as_i64().unwrap() as i32).unwrap())
            .collect(),
        merges: strings("merges"),
        bos: id("bos_token_id"),
        eos: id("eos_token_id"),
        eot: None,
        unk: id("unknown_token_id"),
        pad: id("padding_token_id"),
        add_bos: flag("add_bos_token"),
        add_eos: flag("add_eos_token"),
        add_space_prefix: flag("add_space_prefix"),
        special_tokens_swallow_space: true,
    }
}

fn phi3_vocabulary() -> GgufVocabulary {
    vocabulary(&json("tokenizer_vocabulary.json"))
}

fn phi3_ids() -> SpecialIds {
    SpecialIds {
        bos: Some(1),
        // <|end|>, <|assistant|>, <|endoftext|>, as in Phi-3.5's generation_config.json.
        eos: vec![567, 561, 560],
        unk: Some(0),
        pad: Some(560),
        add_bos: false,
    }
}

fn from_json() -> Tokenizer {
    Tokenizer::from_tokenizer_json(file("tokenizer_phi3.json").as_bytes(), &phi3_ids()).unwrap()
}

fn from_gguf() -> Tokenizer {
    Tokenizer::from_gguf_vocabulary(&phi3_vocabulary()).unwrap()
}

fn byte_level(pre: &str) -> Tokenizer {
    let vocabulary = GgufVocabulary {
        pre: pre.to_owned(),
        special_tokens_swallow_space: false,
        ..vocabulary(&json("tokenizer_gpt2.json")["vocabulary"])
    };
    Tokenizer::from_gguf_vocabulary(&vocabulary).unwrap()
}

#[test]
fn words_that_a_vocabulary_adds_swallow_no_space() {
    let mut vocabulary = GgufVocabulary {
        add_space_prefix: false,
        ..phi3_vocabulary()
    };
    let added = vocabulary.tokens.len() as u32;
    vocabulary.tokens.push("ref_o1".to_owned());
    vocabulary.token_types.push(TokenType::UserDefined);
    vocabulary.scores.push(0.0);
    let tokenizer = Tokenizer::from_gguf_vocabulary(&vocabulary).unwrap();
    let tokens = tokenizer.encode("ref_o1 in", false, true).unwrap();
    assert_eq!(tokens[0], added, "{tokens:?}");
    assert_eq!(tokenizer.decode(&tokens, false), "ref_o1 in");
}
