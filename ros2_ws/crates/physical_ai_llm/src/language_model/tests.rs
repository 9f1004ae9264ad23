use super::*;
use crate::golden::path as golden;
use crate::{Message, Role};

#[test]
fn file_brings_its_tokenizer_and_template() {
    let llm = LanguageModel::open(&golden("narrow/q8_0.gguf")).unwrap();
    assert_eq!(llm.tokenizer.len(), llm.model.config().vocabulary);
    let messages = [Message::new(Role::User, "go to dock_a")];
    let text = llm.template.render(&messages, true).unwrap();
    assert!(text.contains("<|user|>\ngo to dock_a<|end|>"), "{text}");
    let tokens = llm
        .template
        .encode_chat(&llm.tokenizer, &messages, true)
        .unwrap();
    assert!(tokens.iter().all(|t| (*t as usize) < llm.tokenizer.len()));
    assert!(llm.tokenizer.decode(&tokens, true).contains("dock_a"));
}

#[test]
fn folder_without_a_tokenizer_is_refused_by_file() {
    let error = LanguageModel::open(&golden("narrow/f16")).unwrap_err();
    assert!(error.to_string().contains("tokenizer.json"), "{error}");
}
