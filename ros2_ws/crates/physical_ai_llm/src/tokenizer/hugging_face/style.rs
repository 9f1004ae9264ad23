use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::fields::{AddedToken, BpeFields};
use crate::Error;
use crate::tokenizer::byte_level::byte_letters;
use crate::tokenizer::invalid;
use crate::tokenizer::pieces::{Pieces, SPACE, byte_of, byte_token};

/// How tokens write bytes.
pub(super) enum Style {
    /// U+2581 is a space, `<0x0A>` a byte.
    Spaces { drops_first_space: bool },
    /// Each letter is a byte.
    ByteLevel,
}

impl Style {
    pub fn try_new(json: &Value) -> Result<Self, Error> {
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

    pub fn drops_first_space(&self) -> bool {
        matches!(
            self,
            Self::Spaces {
                drops_first_space: true
            }
        )
    }

    /// How many words are worth remembering. Where spaces are letters, a "word" is a whole text,
    /// which does not come twice.
    pub fn cached_words(&self) -> usize {
        match self {
            Self::Spaces { .. } => 0,
            Self::ByteLevel => 1000,
        }
    }

    /// Every byte must have a token, else text would be lost.
    pub fn check(&self, model: &BpeFields) -> Result<(), Error> {
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

    pub fn pieces(
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
