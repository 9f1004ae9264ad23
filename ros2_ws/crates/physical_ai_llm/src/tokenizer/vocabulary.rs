use std::collections::{HashMap, HashSet};

use crate::Error;
use crate::tokenizer::invalid;
use crate::tokenizer::pieces::{is_end, is_marker};

/// What a token of a vocabulary is, numbered as GGUF's `tokenizer.ggml.token_type` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// Text.
    Normal,
    /// Stands for what no other token can write.
    Unknown,
    /// Steers the model, is no text: `<s>`, `<|end|>`.
    Control,
    /// Text that is always one token, found before any other.
    UserDefined,
    /// Fills the table up, never produced.
    Unused,
    /// One byte, written `<0x41>`.
    Byte,
}

impl TryFrom<i32> for TokenType {
    type Error = Error;

    /// # Errors
    /// [`Error::InvalidTokenizer`] for anything but 1 to 6.
    fn try_from(number: i32) -> Result<Self, Error> {
        Ok(match number {
            1 => Self::Normal,
            2 => Self::Unknown,
            3 => Self::Control,
            4 => Self::UserDefined,
            5 => Self::Unused,
            6 => Self::Byte,
            other => {
                return Err(invalid(
                    "token_types",
                    format!("{other} is no token type, they go from 1 to 6"),
                ));
            }
        })
    }
}

/// The tokenizer that a GGUF file carries in its `tokenizer.ggml.*` keys.
///
/// Nothing here is checked; [`Tokenizer::from_gguf_vocabulary`](crate::Tokenizer::from_gguf_vocabulary)
/// checks all of it.
#[derive(Clone, Debug, Default)]
pub struct GgufVocabulary {
    /// `llama` (merges by score, bytes where no token fits) or `gpt2` (bytes merged by rank).
    pub model: String,
    /// How `gpt2` cuts text before merging: `gpt-2`, or `default`, which is also what an empty name
    /// means. `llama` does not use it.
    pub pre: String,
    /// Text of each token; the index is its id. A `llama` vocabulary writes a space as U+2581.
    pub tokens: Vec<String>,
    /// Merge priority of each token, higher first. Only `llama` uses it.
    pub scores: Vec<f32>,
    /// Type of each token; empty if all are normal.
    pub token_types: Vec<TokenType>,
    /// Pairs written `left right`, best first. Only `gpt2` uses it.
    pub merges: Vec<String>,
    /// Begin of sequence.
    pub bos: Option<u32>,
    /// End of sequence.
    pub eos: Option<u32>,
    /// End of turn.
    pub eot: Option<u32>,
    /// Unknown.
    pub unk: Option<u32>,
    /// Padding.
    pub pad: Option<u32>,
    /// Whether the model expects `bos` before a prompt. A file of model `llama` that does not say
    /// means yes.
    pub add_bos: bool,
    /// Whether the model expects `eos` after a text.
    pub add_eos: bool,
    /// Whether `llama` puts a space before text at the start and after special tokens. A file that
    /// does not say means yes.
    pub add_space_prefix: bool,
    /// Whether markers (`<…>`) other than `<unk>`, `<s>` and `<|endoftext|>` swallow the white space
    /// after them, as Phi-3 and Phi-3.5 were trained. GGUF has no key for it: say true for the
    /// architecture `phi3`.
    pub special_tokens_swallow_space: bool,
}

impl GgufVocabulary {
    /// Type of a token.
    pub(super) fn token_type(&self, id: usize) -> TokenType {
        self.token_types
            .get(id)
            .copied()
            .unwrap_or(TokenType::Normal)
    }

    /// Checks what both models need; returns the id of every text.
    pub(super) fn check(&self) -> Result<HashMap<&str, u32>, Error> {
        let count = self.tokens.len();
        if count == 0 {
            return Err(invalid("tokens", "none"));
        }
        check_length("token_types", self.token_types.len(), count)?;
        check_length("scores", self.scores.len(), count)?;
        for (field, id) in self.named() {
            if id as usize >= count {
                return Err(invalid(
                    field,
                    format!("id {id} is out of range, there are {count} tokens"),
                ));
            }
        }
        let mut ids = HashMap::with_capacity(count);
        for (id, text) in self.tokens.iter().enumerate() {
            let id = u32::try_from(id).map_err(|_| invalid("tokens", "more than 2^32"))?;
            if text.is_empty() {
                return Err(invalid("tokens", format!("token {id} is empty")));
            }
            if let Some(first) = ids.insert(text.as_str(), id) {
                return Err(invalid(
                    "tokens",
                    format!("tokens {first} and {id} are both {text:?}"),
                ));
            }
        }
        Ok(ids)
    }

    /// The special ids that are given, with the names of their fields.
    pub(super) fn named(&self) -> impl Iterator<Item = (&'static str, u32)> {
        [
            ("bos", self.bos),
            ("eos", self.eos),
            ("eot", self.eot),
            ("unk", self.unk),
            ("pad", self.pad),
        ]
        .into_iter()
        .filter_map(|(field, id)| Some((field, id?)))
    }

    /// Tokens that end a generation, by the file's word and by their texts.
    pub(super) fn ends(&self) -> Vec<u32> {
        let by_text = (0..)
            .zip(&self.tokens)
            .filter(|(_, text)| is_end(text))
            .map(|(id, _)| id);
        let mut ends: Vec<u32> = by_text.chain(self.eos).chain(self.eot).collect();
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    /// Which tokens steer the model: by type, by the file's word or by their texts.
    pub(super) fn control(&self) -> Vec<bool> {
        let named: HashSet<u32> = self.named().map(|(_, id)| id).collect();
        (0..)
            .zip(&self.tokens)
            .map(|(id, text)| {
                let by_type = match self.token_type(id as usize) {
                    TokenType::Control | TokenType::Unknown => true,
                    TokenType::UserDefined => is_marker(text),
                    TokenType::Normal | TokenType::Unused | TokenType::Byte => false,
                };
                by_type || named.contains(&id) || is_end(text)
            })
            .collect()
    }

    /// Whether a special token swallows the white space after it.
    pub(super) fn swallows_space(&self, text: &str) -> bool {
        // Whole words that a vocabulary adds are no markers: the space after them is text.
        let is_marker = text.starts_with('<') && text.ends_with('>');
        self.special_tokens_swallow_space
            && is_marker
            && !matches!(text, "<unk>" | "<s>" | "<|endoftext|>")
    }
}

/// A list that may be left out, but not be of another length than the tokens.
fn check_length(field: &str, length: usize, tokens: usize) -> Result<(), Error> {
    if length == 0 || length == tokens {
        return Ok(());
    }
    Err(invalid(
        field,
        format!("{length} entries for {tokens} tokens"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_types_are_those_of_gguf() {
        assert_eq!(TokenType::try_from(1).unwrap(), TokenType::Normal);
        assert_eq!(TokenType::try_from(6).unwrap(), TokenType::Byte);
        for number in [0, 7, -1] {
            let said = TokenType::try_from(number).unwrap_err().to_string();
            assert!(said.contains(&number.to_string()), "{said}");
        }
    }

    #[test]
    fn special_tokens_swallow_space_as_phi_3_was_trained() {
        let vocabulary = GgufVocabulary {
            special_tokens_swallow_space: true,
            ..GgufVocabulary::default()
        };
        assert!(vocabulary.swallows_space("<|end|>"));
        assert!(vocabulary.swallows_space("</s>"));
        assert!(!vocabulary.swallows_space("<|endoftext|>"));
        assert!(!GgufVocabulary::default().swallows_space("<|end|>"));
    }
}
