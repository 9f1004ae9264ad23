use std::sync::Arc;

use crate::Tokenizer;

/// Turns tokens into text one by one, as they are generated.
///
/// What comes out, all put together, is what [`Tokenizer::decode`] makes of all tokens. Half of a
/// character is held back until the rest comes; bytes that are no UTF-8 become U+FFFD.
///
/// # Real-time
/// Allocates for each piece of text.
#[derive(Clone, Debug)]
pub struct StreamDecoder {
    tokenizer: Arc<Tokenizer>,
    skip_special: bool,
    /// Whether a leading space is still to be dropped.
    at_start: bool,
    /// The first bytes of a character whose others have not come yet; at most three.
    pending: Vec<u8>,
}

impl StreamDecoder {
    /// For text that starts anew: an answer to a chat.
    pub fn new(tokenizer: Arc<Tokenizer>, skip_special: bool) -> Self {
        Self {
            tokenizer,
            skip_special,
            at_start: true,
            pending: Vec::new(),
        }
    }

    /// For text that goes on after other text, so that its first space is part of it: the
    /// completion of a plain prompt.
    pub fn continuing(tokenizer: Arc<Tokenizer>, skip_special: bool) -> Self {
        Self {
            at_start: false,
            ..Self::new(tokenizer, skip_special)
        }
    }

    /// Adds a token; returns the text that is complete now, if any.
    pub fn push(&mut self, id: u32) -> Option<String> {
        let piece = self.tokenizer.written(id, self.skip_special);
        let piece = self.tokenizer.drop_space(piece, &mut self.at_start);
        self.pending.extend_from_slice(piece);
        let mut text = String::new();
        let mut rest = self.pending.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(valid) => {
                    text.push_str(valid);
                    rest = &[];
                    break;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    text.push_str(&String::from_utf8_lossy(valid));
                    rest = after;
                    let Some(length) = error.error_len() else {
                        break;
                    };
                    text.push(char::REPLACEMENT_CHARACTER);
                    rest = &rest[length..];
                }
            }
        }
        let done = self.pending.len() - rest.len();
        self.pending.drain(..done);
        (!text.is_empty()).then_some(text)
    }

    /// Ends the text: U+FFFD if a character is still incomplete. The decoder then starts anew.
    pub fn flush(&mut self) -> Option<String> {
        self.at_start = true;
        let incomplete = !std::mem::take(&mut self.pending).is_empty();
        incomplete.then(|| char::REPLACEMENT_CHARACTER.to_string())
    }
}
