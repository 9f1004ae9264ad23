use crate::{Error, Gguf, GgufVocabulary, TokenType, Value};

/// The tokenizer keys of a GGUF file.
pub fn read(gguf: &Gguf) -> Result<GgufVocabulary, Error> {
    let key = |name: &str| format!("tokenizer.ggml.{name}");
    let id = |name: &str| -> Result<Option<u32>, Error> {
        let key = key(&format!("{name}_token_id"));
        let id = gguf.optional_usize(&key)?.map(u32::try_from).transpose();
        id.map_err(|_| gguf.invalid(format!("key {key}"), "is larger than any token"))
    };
    let model = gguf.text(&key("model")).unwrap_or_default().to_owned();
    let is_llama = model == "llama";
    Ok(GgufVocabulary {
        pre: gguf.text(&key("pre")).unwrap_or_default().to_owned(),
        tokens: texts(gguf, &key("tokens"))?,
        scores: match gguf.metadata().get(&key("scores")) {
            Some(Value::Numbers(scores)) => scores.clone(),
            None => Vec::new(),
            Some(other) => return Err(wrong(gguf, &key("scores"), other, "numbers")),
        },
        token_types: types(gguf, &key("token_type"))?,
        merges: match gguf.metadata().contains_key(&key("merges")) {
            true => texts(gguf, &key("merges"))?,
            false => Vec::new(),
        },
        bos: id("bos")?,
        eos: id("eos")?,
        eot: id("eot")?,
        unk: id("unknown")?,
        pad: id("padding")?,
        add_bos: flag(gguf, &key("add_bos_token"), is_llama)?,
        add_eos: flag(gguf, &key("add_eos_token"), false)?,
        add_space_prefix: flag(gguf, &key("add_space_prefix"), true)?,
        // GGUF has no key for it: Phi-3 was trained so.
        special_tokens_swallow_space: gguf.text("general.architecture") == Some("phi3"),
        model,
    })
}

fn wrong(gguf: &Gguf, key: &str, value: &Value, expected: &str) -> Error {
    let problem = format!("{value} must be {expected}");
    gguf.invalid(format!("key {key}"), problem)
}

fn texts(gguf: &Gguf, key: &str) -> Result<Vec<String>, Error> {
    match gguf.metadata().get(key) {
        Some(Value::Texts(texts)) => Ok(texts.clone()),
        Some(other) => Err(wrong(gguf, key, other, "texts")),
        None => Err(gguf.invalid(format!("key {key}"), "is missing")),
    }
}

fn types(gguf: &Gguf, key: &str) -> Result<Vec<TokenType>, Error> {
    match gguf.metadata().get(key) {
        Some(Value::Integers(types)) => types
            .iter()
            .map(|t| TokenType::try_from(i32::try_from(*t).unwrap_or(0)))
            .collect(),
        None => Ok(Vec::new()),
        Some(other) => Err(wrong(gguf, key, other, "integers")),
    }
}

fn flag(gguf: &Gguf, key: &str, missing: bool) -> Result<bool, Error> {
    match gguf.metadata().get(key) {
        Some(Value::Bool(flag)) => Ok(*flag),
        None => Ok(missing),
        Some(other) => Err(wrong(gguf, key, other, "true or false")),
    }
}
