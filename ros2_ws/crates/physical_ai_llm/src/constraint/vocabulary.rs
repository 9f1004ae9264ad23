use std::sync::Arc;

use llguidance::panic_utils::catch_unwind;
use llguidance::toktrie::{TokEnv, TokRxInfo, TokTrie, TokenizerEnv};

use crate::Error;

/// Cuts a piece from the middle of a text into the tokens that the model was trained on; the bytes of
/// the tokens together must be the piece (no space put before it, no special token).
pub type Tokenize = Arc<dyn Fn(&[u8]) -> Vec<u32> + Send + Sync>;

/// Most tokens.
const MAX_TOKENS: usize = 1 << 20;
/// Longest token, bytes.
const MAX_TOKEN_BYTES: usize = 1000;

/// What a constraint needs to know of a model's tokens.
#[derive(Clone, Default)]
pub struct MaskVocabulary {
    /// Bytes of each token by id, as they stand in the middle of a text (a space, not `▁`; the byte
    /// itself, not `<0x0A>`); ids that stand for no text are empty.
    pub tokens: Vec<Vec<u8>>,
    /// Control tokens: never part of a text, whatever their bytes.
    pub special: Vec<u32>,
    /// Tokens that end the text.
    pub end: Vec<u32>,
    /// Tokenizer; without one no token is forced.
    pub tokenize: Option<Tokenize>,
}

impl MaskVocabulary {
    /// What llguidance makes masks from.
    pub(super) fn into_env(mut self) -> Result<TokEnv, Error> {
        self.check()?;
        for &id in self.special.iter().chain(&self.end) {
            let Some(token) = self.tokens.get_mut(id as usize) else {
                continue;
            };
            // The marker is a byte that no UTF-8 text has.
            *token = format!("<|{id}|>").into_bytes();
            token.insert(0, TokTrie::SPECIAL_TOKEN_MARKER);
        }
        let info = TokRxInfo::new(self.tokens.len() as u32, self.end[0]);
        let trie = catch_unwind(std::panic::AssertUnwindSafe(|| {
            Ok(TokTrie::from(&info, &self.tokens).with_eos_tokens(&self.end))
        }))
        .map_err(|e| invalid("tokens", super::reason(e)))?;
        Ok(Arc::new(Environment {
            trie,
            tokenize: self.tokenize,
        }))
    }

    fn check(&self) -> Result<(), Error> {
        let count = self.tokens.len();
        if count == 0 || count > MAX_TOKENS {
            let problem = format!("there are {count}: must be 1 to {MAX_TOKENS}");
            return Err(invalid("tokens", problem));
        }
        let long = self.tokens.iter().position(|t| t.len() > MAX_TOKEN_BYTES);
        if let Some(id) = long {
            let problem = format!("token {id} is longer than {MAX_TOKEN_BYTES} bytes");
            return Err(invalid("tokens", problem));
        }
        if self.end.is_empty() {
            return Err(invalid("end", "no token ends the text".to_owned()));
        }
        for (field, ids) in [("special", &self.special), ("end", &self.end)] {
            if let Some(id) = ids.iter().find(|&&id| id as usize >= count) {
                let problem = format!("token {id} does not exist: there are {count}");
                return Err(invalid(field, problem));
            }
        }
        Ok(())
    }
}

fn invalid(field: &str, problem: String) -> Error {
    Error::InvalidTokenizer {
        field: field.to_owned(),
        problem,
    }
}

struct Environment {
    trie: TokTrie,
    tokenize: Option<Tokenize>,
}

impl TokenizerEnv for Environment {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, text: &[u8]) -> Vec<u32> {
        if let Some(tokenize) = &self.tokenize {
            let tokens = tokenize(text);
            // A tokenizer that adds or loses something would lead the parser astray.
            if tokens.iter().flat_map(|&t| self.trie.token(t)).eq(text) {
                return tokens;
            }
        }
        self.trie.greedy_tokenize(text)
    }

    fn tokenize_is_canonical(&self) -> bool {
        self.tokenize.is_some()
    }
}
