//! Constrained decoding: a JSON Schema or a regular expression decides which tokens may come next.
//!
//! [`ConstraintCompiler`] is built once for a vocabulary; a [`Constraint`] follows one sequence:
//! take [`Constraint::forced`] tokens without sampling, otherwise sample under [`Constraint::mask`],
//! and [`Constraint::commit`] each token until [`Constraint::is_complete`].
//!
//! # Bounds
//! A mask costs at most [`MASK_LEXER_FUEL`] units of lexer work (about 14 a microsecond) and
//! [`MASK_PARSER_ITEMS`] parser items (about 20 a microsecond); a compiled constraint keeps at most
//! [`MAX_LEXER_STATES`] lexer states (1 to 2 kB each). What needs more ends with an error. Schemas have
//! limits of size, nesting and references, and are compiled on a stack of their own.

mod compiler;
mod integers;
#[cfg(test)]
pub(crate) mod tests;
mod vocabulary;

use llguidance::Matcher;

use crate::{Error, TokenMask};

pub use compiler::{ConstraintCompiler, JsonOptions};
pub use vocabulary::{MaskVocabulary, Tokenize};

/// Most lexer work for one mask.
pub const MASK_LEXER_FUEL: u64 = 200_000;
/// Most parser items for one mask.
pub const MASK_PARSER_ITEMS: usize = 50_000;
/// Most lexer states of one compiled constraint.
pub const MAX_LEXER_STATES: usize = 50_000;

/// What may come next in one sequence.
///
/// After an error other than [`Error::TokenRefused`] every further call fails.
pub struct Constraint {
    matcher: Matcher,
    mask: Option<TokenMask>,
    vocabulary: usize,
}

impl Clone for Constraint {
    /// A copy that shares nothing with the original: neither its limits nor its locks, so that one
    /// compiled constraint can serve as the template of many sequences on many threads.
    fn clone(&self) -> Self {
        Self {
            matcher: self.matcher.deep_clone(),
            mask: self.mask.clone(),
            vocabulary: self.vocabulary,
        }
    }
}

impl Constraint {
    /// Tokens that may come next; only the end of the text once it is complete.
    ///
    /// # Errors
    /// [`Error::ConstraintFailed`] if the constraint is too complex, or if no token of the vocabulary
    /// leads on.
    pub fn mask(&mut self) -> Result<&TokenMask, Error> {
        let mask = match self.mask.take() {
            Some(mask) => mask,
            None => {
                let bits = self.matcher.compute_mask_or_eos().map_err(failed)?;
                let mask = TokenMask::from_words(bits.into(), self.vocabulary);
                if mask.count() == 0 {
                    return Err(Error::ConstraintFailed(
                        "no token of the vocabulary leads on".to_owned(),
                    ));
                }
                mask
            }
        };
        Ok(self.mask.insert(mask))
    }

    /// Goes on with `token`. A token that ends the text is committed like any other.
    ///
    /// # Errors
    /// [`Error::TokenRefused`] if it may not come next: nothing has changed then.
    /// [`Error::ConstraintFailed`] as [`Constraint::mask`].
    pub fn commit(&mut self, token: u32) -> Result<(), Error> {
        if token as usize >= self.vocabulary || self.is_complete() {
            return Err(Error::TokenRefused { token });
        }
        if self.matcher.try_consume_tokens(&[token]).map_err(failed)? == 0 {
            return Err(Error::TokenRefused { token });
        }
        self.mask = None;
        Ok(())
    }

    /// Tokens that must come next, without committing them; empty if there is a choice.
    ///
    /// Only a [`MaskVocabulary`] with a tokenizer forces tokens: otherwise the model chooses how to cut
    /// forced text into tokens.
    ///
    /// # Errors
    /// As [`Constraint::mask`].
    pub fn forced(&mut self) -> Result<Vec<u32>, Error> {
        if self.is_complete() {
            return Ok(Vec::new());
        }
        let tokens = self.matcher.compute_ff_tokens();
        match self.matcher.get_error() {
            Some(error) => Err(failed(error)),
            None => Ok(tokens),
        }
    }

    /// How many of these tokens may come next in this order, without committing them: what
    /// speculative decoding may keep of a draft.
    ///
    /// # Errors
    /// As [`Constraint::mask`].
    pub fn accepted(&mut self, draft: &[u32]) -> Result<usize, Error> {
        let within = |t: &&u32| (**t as usize) < self.vocabulary;
        let known = draft.iter().take_while(within).count();
        self.matcher
            .validate_tokens(&draft[..known])
            .map_err(failed)
    }

    /// True if nothing may follow: the text is complete.
    pub fn is_complete(&self) -> bool {
        self.matcher.is_stopped() && !self.matcher.is_error()
    }

    /// True if the text may end here; it may also go on unless it is complete.
    ///
    /// # Errors
    /// As [`Constraint::mask`].
    pub fn may_end(&mut self) -> Result<bool, Error> {
        if self.is_complete() {
            return Ok(true);
        }
        self.matcher.is_accepting().map_err(failed)
    }

    /// Takes the last `tokens` commits back, for drafts that the model did not confirm.
    ///
    /// # Errors
    /// [`Error::ConstraintFailed`] if there were fewer, otherwise as [`Constraint::mask`].
    pub fn roll_back(&mut self, tokens: usize) -> Result<(), Error> {
        self.mask = None;
        self.matcher.rollback(tokens).map_err(failed)
    }
}

/// What the library says, on one line; what follows it is a dump of its state.
fn reason(error: impl ToString) -> String {
    let text = error.to_string();
    let end = text.find("\n<").unwrap_or(text.len());
    let words: Vec<&str> = text[..end].split_whitespace().collect();
    words.join(" ").chars().take(500).collect()
}

fn failed(error: impl ToString) -> Error {
    Error::ConstraintFailed(reason(error))
}
