//! Files that are no tokenizers, or damaged ones.

use super::*;

fn check_gguf(spoil: impl FnOnce(&mut GgufVocabulary), words: &[&str]) {
    let mut vocabulary = phi3_vocabulary();
    spoil(&mut vocabulary);
    let said = Tokenizer::from_gguf_vocabulary(&vocabulary)
        .unwrap_err()
        .to_string();
    for word in words {
        assert!(said.contains(word), "{said:?} lacks {word:?}");
    }
}

fn check_json(spoil: impl FnOnce(&mut Value), words: &[&str]) {
    let mut value = json("tokenizer_phi3.json");
    spoil(&mut value);
    let bytes = value.to_string();
    let said = Tokenizer::from_tokenizer_json(bytes.as_bytes(), &phi3_ids()).unwrap_err();
    for word in words {
        assert!(said.to_string().contains(word), "{said:?} lacks {word:?}");
    }
}

#[test]
fn damaged_gguf_vocabulary_is_refused_with_field_and_value() {
    check_gguf(|v| v.model = "bert".to_owned(), &["model", "bert"]);
    check_gguf(|v| v.tokens.clear(), &["tokens", "none"]);
    check_gguf(|v| v.scores.truncate(575), &["scores", "575", "576"]);
    check_gguf(|v| v.scores.clear(), &["scores", "none"]);
    check_gguf(|v| v.scores[300] = f32::NAN, &["scores", "NaN", "300"]);
    check_gguf(
        |v| v.token_types.truncate(575),
        &["token_types", "575", "576"],
    );
    check_gguf(
        |v| v.tokens[300] = v.tokens[301].clone(),
        &["tokens", "300", "301"],
    );
    check_gguf(|v| v.tokens[300].clear(), &["tokens", "300", "empty"]);
    check_gguf(|v| v.token_types[3 + 0x41] = TokenType::Unused, &["<0x41>"]);
    check_gguf(|v| v.tokens[3 + 0x41] = "A!".to_owned(), &["68", "A!"]);
    check_gguf(|v| v.bos = Some(576), &["bos", "576"]);
    check_gguf(|v| v.eos = Some(u32::MAX), &["eos", "4294967295", "576"]);
    check_gguf(|v| v.pad = Some(1000), &["pad", "1000"]);
}

#[test]
fn damaged_byte_level_vocabulary_is_refused_with_field_and_value() {
    let check = |spoil: fn(&mut GgufVocabulary), words: &[&str]| {
        let mut vocabulary = vocabulary(&json("tokenizer_gpt2.json")["vocabulary"]);
        spoil(&mut vocabulary);
        let said = Tokenizer::from_gguf_vocabulary(&vocabulary).unwrap_err();
        for word in words {
            assert!(said.to_string().contains(word), "{said:?} lacks {word:?}");
        }
    };
    check(|v| v.pre = "qwen2".to_owned(), &["pre", "qwen2"]);
    check(|v| v.merges.clear(), &["merges", "none"]);
    check(|v| v.merges[2] = "ab".to_owned(), &["merges", "2", "ab"]);
    check(
        |v| v.merges[2] = "Ġ qqq".to_owned(),
        &["merges", "2", "qqq"],
    );
    check(|v| v.tokens[4 + 10] = "zz".to_owned(), &["vocab", "byte"]);
}

#[test]
fn tokenizer_json_that_is_none_is_refused() {
    for bytes in [
        "",
        "{",
        "[]",
        "5",
        "null",
        "\"x\"",
        "{}",
        "\u{0}",
        "{\"model\": 5}",
    ] {
        let result = Tokenizer::from_tokenizer_json(bytes.as_bytes(), &SpecialIds::default());
        assert!(
            matches!(result, Err(Error::InvalidTokenizer { .. })),
            "{bytes}"
        );
    }
    let result = Tokenizer::from_tokenizer_json(&[0xff, 0xfe], &SpecialIds::default());
    assert!(matches!(result, Err(Error::InvalidTokenizer { .. })));
}

#[test]
fn damaged_tokenizer_json_is_refused_with_field_and_value() {
    check_json(
        |j| j["model"]["type"] = "WordPiece".into(),
        &["model.type", "WordPiece"],
    );
    check_json(|j| j["model"]["dropout"] = 0.1.into(), &["dropout", "0.1"]);
    check_json(
        |j| j["model"]["byte_fallback"] = false.into(),
        &["byte_fallback"],
    );
    check_json(
        |j| j["model"]["continuing_subword_prefix"] = "##".into(),
        &["continuing_subword_prefix", "##"],
    );
    check_json(
        |j| j["model"]["merges"][5] = "th zz".into(),
        &["merges", "5", "th"],
    );
    check_json(|j| j["model"]["merges"][5] = "x".into(), &["merges", "5"]);
    check_json(
        |j| j["model"]["vocab"]["new"] = 300.into(),
        &["vocab", "new", "300"],
    );
    check_json(
        |j| j["model"]["vocab"]["new"] = u32::MAX.into(),
        &["new", "4294967295"],
    );
    check_json(
        |j| j["model"]["unk_token"] = "<none>".into(),
        &["unk_token", "<none>"],
    );
    check_json(|j| j["decoder"] = Value::Null, &["decoder", "null"]);
    check_json(|j| j["added_tokens"][4]["id"] = 999.into(), &["999"]);
    check_json(
        |j| j["added_tokens"][4]["single_word"] = true.into(),
        &["single_word"],
    );
    check_json(
        |j| {
            drop(
                j["model"]["vocab"]
                    .as_object_mut()
                    .unwrap()
                    .remove("<0x41>"),
            )
        },
        &["<0x41>"],
    );
}

#[test]
fn special_ids_out_of_range_are_refused() {
    let ids = SpecialIds {
        eos: vec![567, 571],
        ..phi3_ids()
    };
    let result = Tokenizer::from_tokenizer_json(file("tokenizer_phi3.json").as_bytes(), &ids);
    let said = result.unwrap_err().to_string();
    assert!(said.contains("eos") && said.contains("571"), "{said}");
}

#[test]
fn tokenizers_that_do_not_fit_the_model_are_refused_with_both_numbers() {
    let check = |tokenizer: Tokenizer, rows: usize| {
        let tokens = tokenizer.len().to_string();
        let said = tokenizer.fit_model(rows).unwrap_err().to_string();
        assert!(
            said.contains(&tokens) && said.contains(&rows.to_string()),
            "{said}"
        );
    };
    check(from_gguf(), 575);
    check(from_gguf(), 577);
    check(from_json(), 570);
    check(from_json(), 571 + 1025);
    let fitted = from_json().fit_model(571 + 1024).unwrap();
    assert_eq!(fitted.len(), 1595);
    assert_eq!(fitted.decode(&[261, 1000], false), "the");
}

#[test]
fn ids_out_of_range_become_replacement_characters() {
    for tokenizer in [from_json(), from_gguf()] {
        assert_eq!(
            tokenizer.decode(&[261, u32::MAX, 576], true),
            "the\u{fffd}\u{fffd}"
        );
    }
}

/// In a vocabulary that was made to, letters would merge into control tokens.
#[test]
fn merges_never_lead_to_control_tokens() {
    let mut vocabulary = phi3_vocabulary();
    vocabulary.tokens[571] = "s>".to_owned();
    vocabulary.token_types[571] = TokenType::Normal;
    let tokenizer = Tokenizer::from_gguf_vocabulary(&vocabulary).unwrap();
    let ids = tokenizer.encode("<s>", false, false).unwrap();
    assert!(ids.contains(&571) && !ids.contains(&1), "{ids:?}");

    let mut value = json("tokenizer_phi3.json");
    let vocab = value["model"]["vocab"].as_object_mut().unwrap();
    vocab.remove("<s>");
    vocab.insert("ss".to_owned(), 1.into());
    value["added_tokens"][1]["content"] = "ss".into();
    let merges = value["model"]["merges"].as_array_mut().unwrap();
    merges.insert(0, serde_json::json!(["s", "s"]));
    let bytes = value.to_string();
    let tokenizer = Tokenizer::from_tokenizer_json(bytes.as_bytes(), &phi3_ids()).unwrap();
    assert_eq!(tokenizer.encode("ss", false, true).unwrap(), [1]);
    let said = tokenizer.encode("ss", false, false).unwrap_err();
    let said = said.to_string();
    assert!(said.contains("ss") && said.contains("control"), "{said}");
}

/// Some files take `<|user|>` for text that is always one token.
#[test]
fn markers_that_a_file_takes_for_text_are_not_made_of_plain_text() {
    let mut vocabulary = phi3_vocabulary();
    vocabulary.token_types[570] = TokenType::UserDefined;
    let mut value = json("tokenizer_phi3.json");
    for token in value["added_tokens"].as_array_mut().unwrap() {
        token["special"] = false.into();
    }
    let bytes = value.to_string();
    for tokenizer in [
        Tokenizer::from_gguf_vocabulary(&vocabulary).unwrap(),
        Tokenizer::from_tokenizer_json(bytes.as_bytes(), &phi3_ids()).unwrap(),
    ] {
        let plain = tokenizer.encode("<|user|>", false, false).unwrap();
        assert!(plain.len() > 1 && !plain.contains(&570), "{plain:?}");
        assert_eq!(tokenizer.encode("<|user|>", false, true).unwrap(), [570]);
    }
}
