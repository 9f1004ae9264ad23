use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::Value;

use crate::Error;
use crate::tokenizer::byte_level::byte_letters;
use crate::tokenizer::pieces::{Pieces, SPACE, byte_of, byte_token, is_end, is_marker};
use crate::tokenizer::special::{SpecialToken, SpecialTokens, WhiteSpace};
use crate::tokenizer::{SpecialIds, invalid};

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
            build(json, &added)?
        },
    };
    Ok(loaded)
}

/// The parts of a BPE model that decide whether we can run it.
#[derive(Deserialize)]
struct BpeFields {
    #[serde(rename = "type")]
    kind: Option<String>,
    dropout: Option<f32>,
    unk_token: Option<String>,
    continuing_subword_prefix: Option<String>,
    end_of_word_suffix: Option<String>,
    #[serde(default)]
    byte_fallback: bool,
    #[serde(default)]
    vocab: HashMap<String, u32>,
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
    fn try_new(json: &Value) -> Result<Self, Error> {
        let kind = json["model"]["type"].as_str().unwrap_or("BPE");
        if kind != "BPE" {
            return Err(invalid(
                "model.type",
                format!("{kind:?} is not supported, only \"BPE\" is"),
            ));
        }
        let model = Self::deserialize(&json["model"]).map_err(|e| invalid("model", e))?;
        debug_assert!(model.kind.as_deref().unwrap_or("BPE") == "BPE");
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
struct AddedToken {
    id: u32,
    content: String,
    #[serde(default)]
    single_word: bool,
    #[serde(default)]
    lstrip: bool,
    #[serde(default)]
    rstrip: bool,
    #[serde(default)]
    special: bool,
}

fn added_tokens(json: &Value) -> Result<Vec<AddedToken>, Error> {
    match &json["added_tokens"] {
        Value::Null => Ok(Vec::new()),
        list => Vec::deserialize(list).map_err(|e| invalid("added_tokens", e)),
    }
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

/// How tokens write bytes.
enum Style {
    /// U+2581 is a space, `<0x0A>` a byte.
    Spaces { drops_first_space: bool },
    /// Each letter is a byte.
    ByteLevel,
}

impl Style {
    fn try_new(json: &Value) -> Result<Self, Error> {
        let decoder = &json["decoder"];
        let parts: Vec<&Value> = match decoder["decoders"].as_array() {
            Some(parts) => parts.iter().collect(),
            None => vec![decoder],
        };
        let is = |part: &Value, kind: &str| part["type"] == kind;
        if parts.iter().any(|part| is(part, "ByteLevel")) {
            return Ok(Self::ByteLevel);
        }
        let space = SPACE.to_string();
        let writes_spaces = parts.iter().any(|part| {
            let replaces = is(part, "Replace") && part["pattern"]["String"] == space.as_str();
            is(part, "Metaspace") || (replaces && part["content"] == " ")
        });
        if !writes_spaces {
            return Err(invalid(
                "decoder",
                format!("{decoder} is not supported, it must write U+2581 or bytes"),
            ));
        }
        let drops_first_space = parts.iter().any(|part| {
            let strips = is(part, "Strip") && part["content"] == " ";
            let prepends = is(part, "Metaspace")
                && part["prepend_scheme"] != "never"
                && part["add_prefix_space"] != false;
            prepends || (strips && part["start"].as_u64() > Some(0))
        });
        Ok(Self::Spaces { drops_first_space })
    }

    fn drops_first_space(&self) -> bool {
        matches!(
            self,
            Self::Spaces {
                drops_first_space: true
            }
        )
    }

    /// Every byte must have a token, else text would be lost.
    fn check(&self, model: &BpeFields) -> Result<(), Error> {
        if matches!(self, Self::Spaces { .. }) && !model.byte_fallback {
            return Err(invalid("model.byte_fallback", "false, must be true"));
        }
        let letters = byte_letters();
        for byte in 0..=u8::MAX {
            let text = match self {
                Self::Spaces { .. } => byte_token(byte),
                Self::ByteLevel => letters[usize::from(byte)].to_string(),
            };
            if !model.vocab.contains_key(&text) {
                return Err(invalid("model.vocab", format!("no byte token {text}")));
            }
        }
        Ok(())
    }

    fn pieces(
        &self,
        texts: &[&str],
        added: &[AddedToken],
        control: &HashSet<u32>,
        unused: &HashSet<u32>,
    ) -> Pieces {
        let added: HashSet<u32> = added.iter().map(|token| token.id).collect();
        let bytes: HashMap<char, u8> = byte_letters().into_iter().zip(0..=u8::MAX).collect();
        let mut pieces = Pieces::default();
        for (id, text) in (0..).zip(texts) {
            let special = control.contains(&id);
            if unused.contains(&id) {
                pieces.push(&[], special);
            } else if special || added.contains(&id) {
                pieces.push(text.as_bytes(), special);
            } else {
                pieces.push(&self.piece(text, &bytes), special);
            }
        }
        pieces
    }

    fn piece(&self, text: &str, bytes: &HashMap<char, u8>) -> Vec<u8> {
        match self {
            Self::Spaces { .. } => match byte_of(text) {
                Some(byte) => vec![byte],
                None => text.replace(SPACE, " ").into_bytes(),
            },
            Self::ByteLevel => text
                .chars()
                .map(|letter| bytes.get(&letter).copied())
                .collect::<Option<Vec<u8>>>()
                .unwrap_or_else(|| text.into()),
        }
    }
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

fn build(mut json: Value, added: &[AddedToken]) -> Result<HuggingFace, Error> {
    let first = parse(&json)?;
    for token in added {
        let id = first.token_to_id(&token.content);
        if id != Some(token.id) {
            let problem = format!("{:?} says id {}, but gets {id:?}", token.content, token.id);
            return Err(invalid("added_tokens", problem));
        }
    }
    let further = never_prepend(&mut json["pre_tokenizer"])
        .then(|| parse(&json))
        .transpose()?;
    Ok(HuggingFace { first, further })
}

fn parse(json: &Value) -> Result<tokenizers::Tokenizer, Error> {
    let mut tokenizer = tokenizers::Tokenizer::from_bytes(json.to_string())
        .map_err(|e| invalid("tokenizer.json", e))?;
    // Means: take the texts of special tokens for what they are, text.
    tokenizer.set_encode_special_tokens(true);
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
