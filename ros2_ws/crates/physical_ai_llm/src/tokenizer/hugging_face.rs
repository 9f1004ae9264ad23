mod fields;
mod style;

use std::collections::HashSet;

use serde_json::Value;

use crate::Error;
use crate::tokenizer::pieces::{Pieces, is_end, is_marker};
use crate::tokenizer::special::{SpecialToken, SpecialTokens, WhiteSpace};
use crate::tokenizer::{SpecialIds, invalid};
use fields::{AddedToken, BpeFields, added_tokens};
use style::Style;

/// Ids beyond this are damage: no model has so many rows.
const LARGEST_ID: u32 = 1 << 22;

/// A `tokenizer.json`, run by Hugging Face's own code. Control tokens are cut out before it sees a
/// text, so it never makes any.
#[derive(Clone)]
pub(super) struct HuggingFace {
    first: tokenizers::Tokenizer,
    /// For text that is not the first, where that makes a difference.
    further: Option<tokenizers::Tokenizer>,
}

impl HuggingFace {
    /// Adds the tokens of a text without control tokens. `first` says that nothing comes before it.
    pub fn encode(&self, text: &str, first: bool, tokens: &mut Vec<u32>) -> Result<(), Error> {
        let tokenizer = match &self.further {
            Some(further) if !first => further,
            _ => &self.first,
        };
        let encoding = tokenizer
            .encode_fast(text, false)
            .map_err(|e| invalid("tokenizer.json", e))?;
        tokens.extend_from_slice(encoding.get_ids());
        Ok(())
    }
}

/// What a `tokenizer.json` says.
pub(super) struct Loaded {
    pub model: HuggingFace,
    pub specials: SpecialTokens,
    pub pieces: Pieces,
    /// Whether decoding drops a space at the start.
    pub drops_first_space: bool,
    pub unk: Option<u32>,
    /// Tokens that end a generation by their texts.
    pub ends: Vec<u32>,
}

/// Reads a `tokenizer.json`. Tokens in `unused` write nothing.
pub(super) fn load(
    mut json: Value,
    ids: &SpecialIds,
    unused: &HashSet<u32>,
) -> Result<Loaded, Error> {
    let model = BpeFields::try_new(&json)?;
    let added = added_tokens(&json)?;
    let style = Style::try_new(&json)?;
    style.check(&model)?;
    let texts = texts(&model, &added)?;
    ids.check(texts.len())?;
    let unk = match &model.unk_token {
        Some(text) => Some(*model.vocab.get(text).ok_or_else(|| {
            invalid(
                "model.unk_token",
                format!("{text:?} is not in the vocabulary"),
            )
        })?),
        None => ids.unk,
    };
    let control: HashSet<u32> = added
        .iter()
        .filter(|token| token.special || is_marker(&token.content))
        .map(|token| token.id)
        .chain(ids.all())
        .chain(unk)
        .collect();
    let pieces = style.pieces(&texts, &added, &control, unused);
    let ends = added
        .iter()
        .filter(|token| is_end(&token.content))
        .map(|token| token.id)
        .collect();
    let specials = specials(&added, &texts, &control)?;
    let loaded = Loaded {
        specials,
        pieces,
        drops_first_space: style.drops_first_space(),
        unk,
        ends,
        model: {
            prepare(&mut json, &control);
            build(json, &added, style.cached_words())?
        },
    };
    Ok(loaded)
}

/// Text of each id; empty where there is none.
fn texts<'a>(model: &'a BpeFields, added: &'a [AddedToken]) -> Result<Vec<&'a str>, Error> {
    let vocab = model.vocab.iter().map(|(text, id)| (text.as_str(), *id));
    let added = added.iter().map(|token| (token.content.as_str(), token.id));
    let mut texts = Vec::new();
    for (text, id) in vocab.chain(added) {
        if id > LARGEST_ID {
            return Err(invalid(
                "model.vocab",
                format!("{text:?} has id {id}, allowed is up to {LARGEST_ID}"),
            ));
        }
        let id = id as usize;
        if texts.len() <= id {
            texts.resize(id + 1, "");
        }
        if !texts[id].is_empty() && texts[id] != text {
            let problem = format!("{:?} and {text:?} both have id {id}", texts[id]);
            return Err(invalid("model.vocab", problem));
        }
        texts[id] = text;
    }
    Ok(texts)
}

fn specials(
    added: &[AddedToken],
    texts: &[&str],
    control: &HashSet<u32>,
) -> Result<SpecialTokens, Error> {
    let mut specials = Vec::new();
    let mut known = HashSet::new();
    for token in added.iter().filter(|token| control.contains(&token.id)) {
        if token.content.is_empty() {
            return Err(invalid(
                "added_tokens",
                format!("token {} is empty", token.id),
            ));
        }
        if token.single_word {
            let problem = format!(
                "{:?} has single_word, which is not supported",
                token.content
            );
            return Err(invalid("added_tokens", problem));
        }
        known.insert(token.id);
        specials.push(SpecialToken {
            text: token.content.clone(),
            id: token.id,
            control: true,
            swallows_left: token.lstrip,
            swallows_right: token.rstrip,
        });
    }
    // A token may be named only by the model's configuration.
    for id in control.difference(&known) {
        specials.push(SpecialToken {
            text: texts[*id as usize].to_owned(),
            id: *id,
            control: true,
            swallows_left: false,
            swallows_right: false,
        });
    }
    Ok(SpecialTokens::new(specials, WhiteSpace::Unicode))
}

/// Marks all control tokens as such, and takes out what we do ourselves or do not want.
fn prepare(json: &mut Value, control: &HashSet<u32>) {
    if let Some(added) = json["added_tokens"].as_array_mut() {
        for token in added {
            let id = token["id"].as_u64().and_then(|id| u32::try_from(id).ok());
            if id.is_some_and(|id| control.contains(&id)) {
                token["special"] = true.into();
            }
        }
    }
    for field in ["truncation", "padding", "post_processor"] {
        json[field] = Value::Null;
    }
}

fn build(mut json: Value, added: &[AddedToken], cached_words: usize) -> Result<HuggingFace, Error> {
    let first = parse(&json, cached_words)?;
    for token in added {
        let id = first.token_to_id(&token.content);
        if id != Some(token.id) {
            let problem = format!("{:?} says id {}, but gets {id:?}", token.content, token.id);
            return Err(invalid("added_tokens", problem));
        }
    }
    let further = never_prepend(&mut json["pre_tokenizer"])
        .then(|| parse(&json, cached_words))
        .transpose()?;
    Ok(HuggingFace { first, further })
}

fn parse(json: &Value, cached_words: usize) -> Result<tokenizers::Tokenizer, Error> {
    let mut tokenizer = tokenizers::Tokenizer::from_bytes(json.to_string())
        .map_err(|e| invalid("tokenizer.json", e))?;
    // Means: take the texts of special tokens for what they are, text.
    tokenizer.set_encode_special_tokens(true);
    // Each thread keeps what it has seen until it ends, even when the tokenizer is gone: up to 10 kB
    // for each of 10,000 texts, unless told otherwise.
    let mut model = tokenizer.get_model().clone();
    model.resize_cache(cached_words);
    tokenizer.with_model(model);
    Ok(tokenizer)
}

/// Changes `prepend_scheme: first` to `never`, since a later part of a text would else look like a
/// text of its own; says whether there was one.
fn never_prepend(pre_tokenizer: &mut Value) -> bool {
    if let Some(parts) = pre_tokenizer
        .get_mut("pretokenizers")
        .and_then(Value::as_array_mut)
    {
        // Not `any`, which would stop at the first.
        return parts
            .iter_mut()
            .filter_map(|part| never_prepend(part).then_some(()))
            .count()
            > 0;
    }
    match pre_tokenizer.get_mut("prepend_scheme") {
        Some(scheme) if *scheme == "first" => {
            *scheme = "never".into();
            true
        }
        _ => false,
    }
}
