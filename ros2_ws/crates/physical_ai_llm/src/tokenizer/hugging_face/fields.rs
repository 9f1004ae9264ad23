use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use crate::Error;
use crate::tokenizer::invalid;

/// The parts of a BPE model that decide whether we can run it.
#[derive(Deserialize)]
pub(super) struct BpeFields {
    dropout: Option<f32>,
    pub unk_token: Option<String>,
    continuing_subword_prefix: Option<String>,
    end_of_word_suffix: Option<String>,
    #[serde(default)]
    pub byte_fallback: bool,
    #[serde(default)]
    pub vocab: HashMap<String, u32>,
    #[serde(default)]
    merges: Vec<Pair>,
}

/// Files of before 2024 write pairs as one string.
#[derive(Deserialize)]
#[serde(untagged)]
enum Pair {
    Two(String, String),
    Joined(String),
}

impl Pair {
    fn parts(&self) -> Option<(&str, &str)> {
        match self {
            Self::Two(left, right) => Some((left, right)),
            Self::Joined(both) => both.split_once(' '),
        }
    }
}

impl BpeFields {
    pub fn try_new(json: &Value) -> Result<Self, Error> {
        let kind = json["model"]["type"].as_str().unwrap_or("BPE");
        if kind != "BPE" {
            return Err(invalid(
                "model.type",
                format!("{kind:?} is not supported, only \"BPE\" is"),
            ));
        }
        let model = Self::deserialize(&json["model"]).map_err(|e| invalid("model", e))?;
        if let Some(dropout) = model.dropout.filter(|dropout| *dropout != 0.0) {
            return Err(invalid(
                "model.dropout",
                format!("{dropout}, must be 0: the same text has the same tokens"),
            ));
        }
        let affixes = [
            (
                "model.continuing_subword_prefix",
                &model.continuing_subword_prefix,
            ),
            ("model.end_of_word_suffix", &model.end_of_word_suffix),
        ];
        for (field, affix) in affixes {
            if let Some(affix) = affix.as_ref().filter(|affix| !affix.is_empty()) {
                return Err(invalid(field, format!("{affix:?} is not supported")));
            }
        }
        model.check_merges()?;
        Ok(model)
    }

    /// Hugging Face's code panics on a merge whose result is longer than any token.
    fn check_merges(&self) -> Result<(), Error> {
        let mut joined = String::new();
        for (index, merge) in self.merges.iter().enumerate() {
            let (left, right) = merge
                .parts()
                .ok_or_else(|| invalid("model.merges", format!("entry {index} is no pair")))?;
            joined.clear();
            joined.push_str(left);
            joined.push_str(right);
            for text in [left, right, &joined] {
                if !self.vocab.contains_key(text) {
                    let problem = format!("entry {index} needs {text:?}, which is no token");
                    return Err(invalid("model.merges", problem));
                }
            }
        }
        Ok(())
    }
}

/// A token that is found before the model sees the text.
#[derive(Deserialize)]
pub(super) struct AddedToken {
    pub id: u32,
    pub content: String,
    #[serde(default)]
    pub single_word: bool,
    #[serde(default)]
    pub lstrip: bool,
    #[serde(default)]
    pub rstrip: bool,
    #[serde(default)]
    pub special: bool,
}

pub(super) fn added_tokens(json: &Value) -> Result<Vec<AddedToken>, Error> {
    match &json["added_tokens"] {
        Value::Null => Ok(Vec::new()),
        list => Vec::deserialize(list).map_err(|e| invalid("added_tokens", e)),
    }
}
