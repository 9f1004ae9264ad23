//! Against the ids that Hugging Face's tokenizers, sentencepiece and llama.cpp give.

use super::*;

fn cases() -> Vec<Value> {
    let cases = json("tokenizer_golden.json")["cases"]
        .as_array()
        .unwrap()
        .clone();
    assert!(cases.len() >= 300);
    cases
}

/// A field, or what it is if left out.
fn or<'a>(case: &'a Value, field: &str, other: &'a Value) -> &'a Value {
    case.get(field).unwrap_or(other)
}

#[test]
fn tokenizer_json_gives_the_ids_and_texts_of_hugging_face() {
    let tokenizer = from_json();
    for case in cases() {
        let text = case["text"].as_str().unwrap();
        let plain = tokenizer.encode(text, false, false).unwrap();
        assert_eq!(plain, ids(&case["plain"]), "{text:?}");
        let special = tokenizer.encode(text, false, true).unwrap();
        assert_eq!(
            special,
            ids(or(&case, "special", &case["plain"])),
            "{text:?}"
        );
        let expected = |field| or(&case, field, &case["text"]).as_str().unwrap();
        assert_eq!(
            tokenizer.decode(&plain, false),
            expected("decoded"),
            "{text:?}"
        );
        assert_eq!(
            tokenizer.decode(&special, false),
            expected("unskipped"),
            "{text:?}"
        );
        // `</s>` is no special token in Phi-3.5's file, but is one to us.
        if !text.contains("</s>") {
            assert_eq!(
                tokenizer.decode(&special, true),
                expected("skipped"),
                "{text:?}"
            );
        }
    }
}

#[test]
fn gguf_vocabulary_gives_the_ids_of_llama_cpp() {
    let tokenizer = from_gguf();
    let mut different = 0;
    for case in cases() {
        let text = case["text"].as_str().unwrap();
        let plain = or(&case, "llama_plain", &case["plain"]);
        assert_eq!(
            tokenizer.encode(text, false, false).unwrap(),
            ids(plain),
            "{text:?}"
        );
        let special = or(&case, "special", &case["plain"]);
        let special = or(&case, "llama_special", special);
        assert_eq!(
            tokenizer.encode(text, false, true).unwrap(),
            ids(special),
            "{text:?}"
        );
        different += usize::from(case.get("llama_special").is_some());
    }
    assert!(different > 0, "no text with Unicode's white space");
}

#[test]
fn plain_text_gives_the_ids_of_sentencepiece() {
    let tokenizer = from_gguf();
    for case in cases() {
        let text = case["text"].as_str().unwrap();
        let expected = or(&case, "sentencepiece", &case["plain"]);
        assert_eq!(
            tokenizer.encode(text, false, false).unwrap(),
            ids(expected),
            "{text:?}"
        );
    }
}

#[test]
fn byte_level_vocabulary_gives_the_ids_of_its_references() {
    let [gpt_2, default] = ["gpt-2", "default"].map(byte_level);
    let cases = json("tokenizer_gpt2.json")["cases"]
        .as_array()
        .unwrap()
        .clone();
    for case in cases {
        let text = case["text"].as_str().unwrap();
        let expected = &case["special"];
        let llama = or(&case, "llama", expected);
        let encoded = gpt_2.encode(text, false, true).unwrap();
        assert_eq!(encoded, ids(expected), "{text:?}");
        assert_eq!(llama, expected, "{text:?}");
        assert_eq!(gpt_2.decode(&encoded, false), text);
        let encoded = default.encode(text, false, true).unwrap();
        assert_eq!(encoded, ids(or(&case, "default", expected)), "{text:?}");
    }
}

#[test]
fn both_forms_of_a_tokenizer_know_the_same_of_their_tokens() {
    let (json, gguf) = (from_json().fit_model(576).unwrap(), from_gguf());
    assert_eq!((json.len(), gguf.len()), (576, 576));
    for id in 0..576 {
        assert_eq!(json.token_bytes(id), gguf.token_bytes(id), "{id}");
        // The rows that no token has: unused in the one, beyond the other.
        if id < 571 {
            assert_eq!(json.is_special(id), gguf.is_special(id), "{id}");
        }
    }
    assert_eq!((json.bos_id(), gguf.bos_id()), (Some(1), Some(1)));
    assert_eq!(json.unk_id(), gguf.unk_id());
    assert_eq!(json.pad_id(), gguf.pad_id());
    assert!(!json.adds_bos() && !gguf.adds_bos() && !json.adds_eos() && !gguf.adds_eos());
}

#[test]
fn tokens_that_end_a_generation_come_from_the_files_and_from_names() {
    // </s>, <|endoftext|>, <|end|>; and <|assistant|>, which only the ids beside the file name.
    assert_eq!(from_gguf().eos_ids(), [2, 560, 567]);
    assert_eq!(from_json().eos_ids(), [2, 560, 561, 567]);
    assert!(from_gguf().is_eos(567) && !from_gguf().is_eos(561));
    for tokenizer in [from_json(), from_gguf()] {
        assert_eq!(tokenizer.special_id("<|assistant|>"), Some(561));
        assert_eq!(tokenizer.special_id("<|eot_id|>"), None);
    }
}

#[test]
fn token_bytes_are_what_the_token_writes() {
    let tokenizer = from_gguf();
    assert_eq!(tokenizer.token_bytes(3 + 0x0a), b"\n");
    assert_eq!(tokenizer.token_bytes(261), b" the");
    assert_eq!(tokenizer.token_bytes(567), b"<|end|>");
    assert_eq!(tokenizer.token_bytes(575), b"");
    assert_eq!(tokenizer.token_bytes(9999), b"");
    let tokenizer = byte_level("gpt-2");
    let bytes: Vec<&[u8]> = (4..260).map(|id| tokenizer.token_bytes(id)).collect();
    assert!(bytes.contains(&b" ".as_slice()) && bytes.contains(&[0xff].as_slice()));
}

/// Llama's later files put the space only before the first part of a text.
#[test]
fn text_after_a_special_token_gets_no_space_where_the_file_says_so() {
    let mut value = json("tokenizer_phi3.json");
    value["normalizer"] = Value::Null;
    value["pre_tokenizer"] = serde_json::json!({
        "type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": "first", "split": false,
    });
    value["decoder"] = serde_json::json!({ "type": "Sequence", "decoders": [
        { "type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": "first", "split": false },
        { "type": "ByteFallback" },
    ]});
    let text = value.to_string();
    let ours = Tokenizer::from_tokenizer_json(text.as_bytes(), &phi3_ids()).unwrap();
    let reference = tokenizers::Tokenizer::from_bytes(&text).unwrap();
    for text in [
        "the box",
        "the<|endoftext|>the box<|end|>\nthe",
        "<s>the",
        " <s> the",
        "",
    ] {
        let expected = reference.encode_fast(text, false).unwrap();
        let encoded = ours.encode(text, false, true).unwrap();
        assert_eq!(encoded, expected.get_ids(), "{text:?}");
    }
}
