use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::{LanguageModel, template};
use crate::{ChatTemplate, Error, Model, SpecialIds, Tokenizer};

/// Opens a folder as model hubs lay it out.
pub fn open(folder: &Path, name: String) -> Result<LanguageModel, Error> {
    let model = Model::open(folder)?;
    let config = read_json(&folder.join("config.json"))?.unwrap_or_default();
    let generation = read_json(&folder.join("generation_config.json"))?.unwrap_or_default();
    let chat = read_json(&folder.join("tokenizer_config.json"))?.unwrap_or_default();
    let path = folder.join("tokenizer.json");
    let bytes = std::fs::read(&path).map_err(|e| Error::File {
        path,
        problem: e.to_string(),
    })?;
    let id = |field: &str| ids(&generation[field]).or_else(|| ids(&config[field]));
    let first = |field: &str| id(field).and_then(|ids| ids.first().copied());
    let special = SpecialIds {
        bos: first("bos_token_id"),
        eos: id("eos_token_id").unwrap_or_default(),
        unk: None,
        pad: first("pad_token_id"),
        add_bos: chat["add_bos_token"].as_bool().unwrap_or(false),
    };
    let tokenizer =
        Tokenizer::from_tokenizer_json(&bytes, &special)?.fit_model(model.config().vocabulary)?;
    let template = match chat["chat_template"].as_str() {
        Some(source) => template(source, &tokenizer)?,
        None => ChatTemplate::phi3()?,
    };
    Ok(LanguageModel {
        model,
        tokenizer: Arc::new(tokenizer),
        template: Arc::new(template),
        name,
    })
}

/// A file that need not be there.
fn read_json(path: &Path) -> Result<Option<Value>, Error> {
    let fail = |problem: String| Error::File {
        path: path.to_path_buf(),
        problem,
    };
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|e| fail(format!("is no JSON: {e}"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fail(error.to_string())),
    }
}

/// One id or a list of them.
fn ids(value: &Value) -> Option<Vec<u32>> {
    let id = |v: &Value| v.as_u64().and_then(|v| u32::try_from(v).ok());
    match value {
        Value::Array(values) => values.iter().map(id).collect(),
        other => id(other).map(|id| vec![id]),
    }
}
