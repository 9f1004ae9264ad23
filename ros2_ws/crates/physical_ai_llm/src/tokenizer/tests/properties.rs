//! What holds for any text and any tokens.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// `tokenizer.json`, GGUF `llama` and GGUF `gpt2`.
static TOKENIZERS: LazyLock<[Arc<Tokenizer>; 3]> =
    LazyLock::new(|| [from_json(), from_gguf(), byte_level("default")].map(Arc::new));

/// Any letters, the vocabulary's words and special tokens. U+2581 is left out: a `llama` vocabulary
/// cannot tell it from a space.
fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<String>(),
        "[ \\n\\t]{0,5}",
        "(the|box|robot|로봇|상자를|kitchen|🍎| |  )",
        "(<s>|</s>|<unk>|<\\|end\\|>|<\\|user\\|>|<\\|endoftext\\|>|<0x0A>|<\\||\\|>)",
        "\\PC{0,8}",
    ];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat().replace('\u{2581}', "_"))
}

fn streamed(tokenizer: &Arc<Tokenizer>, ids: &[u32], skip: bool) -> String {
    let mut decoder = StreamDecoder::new(Arc::clone(tokenizer), skip);
    let mut text: String = ids.iter().filter_map(|id| decoder.push(*id)).collect();
    text.extend(decoder.flush());
    text
}

/// What may stand in a damaged file.
fn damage() -> impl Strategy<Value = Value> {
    let values = r#"[null, true, false, 0, 1, -1, 560, 4294967295, 1e300, "", " ", "x", "\u2581", "<s>", [], {},
        [["t", "h"]], {"type": "BPE"}, {"Regex": "(a+)+$"}, {"Regex": "("}, {"String": ""}]"#;
    let values: Vec<Value> = serde_json::from_str(values).unwrap();
    prop::sample::select(values)
}

/// Puts a value somewhere into another.
fn spoil(value: &mut Value, path: &[prop::sample::Index], damage: Value) {
    let Some((first, rest)) = path.split_first() else {
        *value = damage;
        return;
    };
    let child = match value {
        Value::Array(list) if !list.is_empty() => {
            let index = first.index(list.len());
            list.get_mut(index)
        }
        Value::Object(fields) if !fields.is_empty() => {
            let index = first.index(fields.len());
            fields.values_mut().nth(index)
        }
        _ => None,
    };
    match child {
        Some(child) => spoil(child, rest, damage),
        None => *value = damage,
    }
}

proptest! {
    #[test]
    fn damaged_files_do_not_panic(
        path in prop::collection::vec(any::<prop::sample::Index>(), 1..5),
        damage in damage(),
        text in text(),
        byte_level: bool,
    ) {
        static FILES: LazyLock<[Value; 2]> = LazyLock::new(|| [
            json("tokenizer_phi3.json"),
            byte_level::tokenizer_json(&vocabulary(&json("tokenizer_gpt2.json")["vocabulary"])).unwrap(),
        ]);
        let mut file = FILES[usize::from(byte_level)].clone();
        spoil(&mut file, &path, damage);
        let bytes = file.to_string();
        let tokenizer = Tokenizer::from_tokenizer_json(bytes.as_bytes(), &SpecialIds::default());
        if let Ok(tokenizer) = tokenizer {
            let ids = tokenizer.encode(&text, false, true).unwrap_or_default();
            tokenizer.decode(&ids, false);
        }
    }

    #[test]
    fn damaged_vocabularies_make_no_control_tokens_of_text(
        edits in prop::collection::vec(
            (0_usize..576, 1..=6, prop_oneof!["[a-z]{1,3}", "<0x[0-4]A>", any::<String>()], any::<f32>()),
            1..4,
        ),
        text in text(),
    ) {
        static INTACT: LazyLock<GgufVocabulary> = LazyLock::new(phi3_vocabulary);
        let mut vocabulary = INTACT.clone();
        for (id, kind, text, score) in edits {
            vocabulary.tokens[id] = text;
            vocabulary.token_types[id] = TokenType::try_from(kind).unwrap();
            vocabulary.scores[id] = score;
        }
        if let Ok(tokenizer) = Tokenizer::from_gguf_vocabulary(&vocabulary) {
            let ids = tokenizer.encode(&text, false, false).unwrap();
            prop_assert!(ids.iter().all(|id| !tokenizer.is_special(*id)));
        }
    }

    #[test]
    fn text_comes_back_from_its_tokens(text in text()) {
        for tokenizer in &*TOKENIZERS {
            let ids = tokenizer.encode(&text, false, false).unwrap();
            prop_assert_eq!(&tokenizer.decode(&ids, false), &text);
            // Plain text makes no special tokens, whatever it says.
            prop_assert!(ids.iter().all(|id| !tokenizer.is_special(*id)));
        }
    }

    #[test]
    fn streamed_text_is_the_decoded_text(ids in prop::collection::vec(0_u32..600, 0..40), skip: bool) {
        for tokenizer in &*TOKENIZERS {
            prop_assert_eq!(streamed(tokenizer, &ids, skip), tokenizer.decode(&ids, skip));
        }
    }

    #[test]
    fn streamed_bytes_are_the_decoded_bytes(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let ids: Vec<u32> = bytes.iter().map(|byte| 3 + u32::from(*byte)).collect();
        for tokenizer in &TOKENIZERS[..2] {
            let text = streamed(tokenizer, &ids, true);
            prop_assert_eq!(&text, &tokenizer.decode(&ids, true));
            let start = usize::from(bytes.first() == Some(&b' '));
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes[start..]));
        }
    }

    #[test]
    fn parts_of_a_text_have_the_tokens_of_the_whole(parts in prop::collection::vec(text(), 0..5), special: bool) {
        let spans: Vec<TextSpan> = parts.iter().map(|text| TextSpan { text, parse_special: special }).collect();
        for tokenizer in &*TOKENIZERS {
            let whole = tokenizer.encode(&parts.concat(), false, special).unwrap();
            prop_assert_eq!(tokenizer.encode_spans(&spans, false).unwrap(), whole);
        }
    }

    #[test]
    fn special_tokens_come_from_trusted_parts_only(user in text()) {
        let span = |text, parse_special| TextSpan { text, parse_special };
        for tokenizer in &*TOKENIZERS {
            let spans = [span("<|user|>", true), span(&user, false), span("<|end|>", true)];
            let ids = tokenizer.encode_spans(&spans, false).unwrap();
            prop_assert_eq!(ids.iter().filter(|id| tokenizer.is_special(**id)).count(), 2);
        }
    }

    /// Words are merged one by one only where that makes no difference.
    #[test]
    fn cutting_at_words_changes_nothing(text in text()) {
        let mut vocabulary = phi3_vocabulary();
        // The row of a filler becomes a token with a space within.
        vocabulary.tokens[571] = "\u{1f9ff}\u{2581}\u{1f9ff}".to_owned();
        vocabulary.token_types[571] = TokenType::Normal;
        let whole = Tokenizer::from_gguf_vocabulary(&vocabulary).unwrap();
        let text = text.replace('\u{1f9ff}', "x");
        prop_assert_eq!(
            whole.encode(&text, false, true).unwrap(),
            TOKENIZERS[1].encode(&text, false, true).unwrap()
        );
    }
}

#[test]
fn characters_come_out_whole() {
    let tokenizer = &TOKENIZERS[1];
    let mut decoder = StreamDecoder::new(Arc::clone(tokenizer), true);
    let ids = tokenizer.encode("é🤖", false, false).unwrap();
    let pieces: Vec<Option<String>> = ids.iter().map(|id| decoder.push(*id)).collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        pieces,
        [None, None, some("é"), None, None, None, some("🤖")]
    );
    assert_eq!(decoder.flush(), None);
    assert_eq!(decoder.push(ids[3]), None);
    assert_eq!(decoder.flush(), some("\u{fffd}"));
}

#[test]
fn first_space_is_dropped_at_the_start_only() {
    let tokenizer = &TOKENIZERS[1];
    let the = tokenizer.encode("the", false, false).unwrap()[0];
    let mut decoder = StreamDecoder::new(Arc::clone(tokenizer), true);
    assert_eq!(decoder.push(567), None);
    assert_eq!(decoder.push(the).as_deref(), Some("the"));
    assert_eq!(decoder.push(the).as_deref(), Some(" the"));
    let mut decoder = StreamDecoder::continuing(Arc::clone(tokenizer), true);
    assert_eq!(decoder.push(the).as_deref(), Some(" the"));
}

#[test]
fn begin_of_sequence_comes_first_if_asked_for() {
    assert_eq!(from_gguf().encode("", true, false).unwrap(), [1]);
    let vocabulary = GgufVocabulary {
        bos: None,
        ..phi3_vocabulary()
    };
    let tokenizer = Tokenizer::from_gguf_vocabulary(&vocabulary).unwrap();
    let said = tokenizer.encode("x", true, false).unwrap_err().to_string();
    assert!(said.contains("add_bos"), "{said}");
}

/// Minutes, if the work grew with the square of the length.
#[test]
fn hostile_texts_are_encoded_in_one_go() {
    for unit in ["a", " ", "<", "ab", "▁a", "<|", "🍎", "\n", "<|end|>"] {
        let text = unit.repeat(200_000 / unit.len());
        for tokenizer in &*TOKENIZERS {
            let ids = tokenizer.encode(&text, false, true).unwrap();
            assert!(!ids.is_empty());
            assert!(!tokenizer.decode(&ids, false).is_empty());
        }
    }
}

#[test]
fn tokenizers_can_be_shared_by_threads() {
    fn check<T: Send + Sync + Clone>() {}
    check::<Tokenizer>();
    check::<StreamDecoder>();
}
