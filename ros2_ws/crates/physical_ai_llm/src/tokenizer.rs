mod byte_level;
mod hugging_face;
mod pieces;
mod special;
mod special_ids;
mod spm;
mod stream;
mod vocabulary;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt::{self, Debug, Display};
use std::ops::Range;

pub use special_ids::SpecialIds;
pub use stream::StreamDecoder;
pub use vocabulary::{GgufVocabulary, TokenType};

use crate::Error;
use hugging_face::HuggingFace;
use pieces::{Pieces, SPACE, byte_of};
use special::{Fragment, SpecialToken, SpecialTokens, WhiteSpace};
use spm::SpmModel;

/// Rows that a model may have beyond its tokenizer's tokens: their number is rounded up for speed,
/// by 53 in Phi-3.5, by up to 400 elsewhere.
const SPARE_ROWS: usize = 1024;

/// A part of a text, and whether special tokens may be made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextSpan<'a> {
    /// The text.
    pub text: &'a str,
    /// Whether `<|end|>` in it is the token, not eight letters. Never true for what a user wrote.
    pub parse_special: bool,
}

/// Turns text into the tokens of a model and back.
///
/// Control tokens (`<s>`, `<|user|>`) are made only of text that may hold them; everywhere else their
/// letters are letters. Text that has no U+2581 comes back from its tokens as it was.
///
/// # Source
/// Where the two disagree, a `tokenizer.json` is read as Hugging Face's tokenizers do, a GGUF
/// vocabulary as llama.cpp does: after a special token that swallows white space, the former takes
/// Unicode's, the latter ASCII's.
#[derive(Clone)]
pub struct Tokenizer {
    model: Model,
    specials: SpecialTokens,
    pieces: Pieces,
    drops_first_space: bool,
    /// Whether the model may have more rows than there are tokens.
    rows_to_spare: bool,
    bos: Option<u32>,
    unk: Option<u32>,
    pad: Option<u32>,
    /// In order, each once.
    ends: Vec<u32>,
    add_bos: bool,
    add_eos: bool,
}

#[derive(Clone)]
enum Model {
    Spm(SpmModel),
    HuggingFace(Box<HuggingFace>),
}

impl Tokenizer {
    /// Reads a `tokenizer.json` of Hugging Face, with a BPE model that has a token for every byte.
    ///
    /// # Errors
    /// [`Error::InvalidTokenizer`] names the field and its value.
    pub fn from_tokenizer_json(bytes: &[u8], ids: &SpecialIds) -> Result<Self, Error> {
        let json = serde_json::from_slice(bytes).map_err(|e| invalid("tokenizer.json", e))?;
        Self::from_json(json, ids, &HashSet::new(), true)
    }

    /// Reads the vocabulary of a GGUF file.
    ///
    /// # Errors
    /// [`Error::InvalidTokenizer`] names the field and its value.
    pub fn from_gguf_vocabulary(vocabulary: &GgufVocabulary) -> Result<Self, Error> {
        match vocabulary.model.as_str() {
            "llama" => Self::from_scores(vocabulary),
            "gpt2" => Self::from_merges(vocabulary),
            other => Err(invalid(
                "model",
                format!("{other:?} is not supported, known are \"llama\" and \"gpt2\""),
            )),
        }
    }

    /// Checks that the tokens fit the rows of a model's embedding.
    ///
    /// A GGUF file must have as many tokens as rows. A `tokenizer.json` may have up to 1024 fewer:
    /// the ids that are left then write nothing.
    ///
    /// # Errors
    /// [`Error::InvalidTokenizer`] with both numbers.
    pub fn fit_model(mut self, rows: usize) -> Result<Self, Error> {
        let tokens = self.len();
        let spare = if self.rows_to_spare { SPARE_ROWS } else { 0 };
        if tokens > rows || rows - tokens > spare {
            return Err(invalid(
                "tokens",
                format!("{tokens} tokens do not fit a model with a vocabulary of {rows}"),
            ));
        }
        for _ in tokens..rows {
            self.pieces.push(&[], true);
        }
        Ok(self)
    }

    /// Tokens of a text. `parse_special` says whether control tokens are found in it: never say so
    /// for what a user wrote.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] if `add_bos` is asked of a tokenizer that has none;
    /// [`Error::InvalidTokenizer`] if a `tokenizer.json` makes a control token of plain text.
    pub fn encode(
        &self,
        text: &str,
        add_bos: bool,
        parse_special: bool,
    ) -> Result<Vec<u32>, Error> {
        let whole = Range {
            start: 0,
            end: text.len(),
        };
        let trusted = if parse_special { vec![whole] } else { vec![] };
        self.encode_ranges(text, add_bos, &trusted)
    }

    /// Tokens of a text of several parts, the same as [`Self::encode`] gives for all of it, but with
    /// control tokens only where they lie wholly within parts that may hold them.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_spans(&self, spans: &[TextSpan], add_bos: bool) -> Result<Vec<u32>, Error> {
        let mut text = String::with_capacity(spans.iter().map(|span| span.text.len()).sum());
        let mut trusted: Vec<Range<usize>> = Vec::new();
        for span in spans.iter().filter(|span| !span.text.is_empty()) {
            let start = text.len();
            text.push_str(span.text);
            if !span.parse_special {
                continue;
            }
            match trusted.last_mut() {
                Some(last) if last.end == start => last.end = text.len(),
                _ => trusted.push(start..text.len()),
            }
        }
        self.encode_ranges(&text, add_bos, &trusted)
    }

    /// Text of tokens. Bytes that are no UTF-8, and ids that are no tokens, become U+FFFD. The space
    /// that encoding puts before a text is taken away again.
    pub fn decode(&self, ids: &[u32], skip_special: bool) -> String {
        let mut bytes = Vec::with_capacity(ids.len() * 4);
        let mut at_start = true;
        for id in ids {
            let piece = self.written(*id, skip_special);
            bytes.extend_from_slice(self.drop_space(piece, &mut at_start));
        }
        match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }
    }

    /// Bytes that a token writes, a space where the vocabulary has U+2581; for a special token its
    /// name; none for an unused token or an id that is out of range.
    pub fn token_bytes(&self, id: u32) -> &[u8] {
        self.pieces.bytes(id)
    }

    /// Whether a token steers the model instead of writing text. True as well for the rows that
    /// [`Self::fit_model`] adds.
    pub fn is_special(&self, id: u32) -> bool {
        self.pieces.is_special(id)
    }

    /// Id of a special token by its name.
    pub fn special_id(&self, name: &str) -> Option<u32> {
        self.specials.id(name).filter(|id| self.is_special(*id))
    }

    /// Number of ids.
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Whether there are no tokens; never, for a tokenizer that was made.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Tokens that end a generation, in order: end of sequence, end of turn, and those whose names
    /// say so.
    pub fn eos_ids(&self) -> &[u32] {
        &self.ends
    }

    /// Whether a token ends a generation.
    pub fn is_eos(&self, id: u32) -> bool {
        self.ends.binary_search(&id).is_ok()
    }

    /// Begin of sequence.
    pub fn bos_id(&self) -> Option<u32> {
        self.bos
    }

    /// Unknown.
    pub fn unk_id(&self) -> Option<u32> {
        self.unk
    }

    /// Padding.
    pub fn pad_id(&self) -> Option<u32> {
        self.pad
    }

    /// Whether the model expects [`Self::bos_id`] before a plain prompt.
    pub fn adds_bos(&self) -> bool {
        self.add_bos
    }

    /// Whether the model expects an end of sequence after a text that it embeds.
    pub fn adds_eos(&self) -> bool {
        self.add_eos
    }

    fn from_scores(vocabulary: &GgufVocabulary) -> Result<Self, Error> {
        vocabulary.check()?;
        let is_control = vocabulary.control();
        let model = SpmModel::try_new(vocabulary, &is_control)?;
        let mut pieces = Pieces::default();
        let mut specials = Vec::new();
        for ((id, text), control) in (0..).zip(&vocabulary.tokens).zip(is_control) {
            let kind = vocabulary.token_type(id as usize);
            if control || kind == TokenType::UserDefined {
                pieces.push(text.as_bytes(), control);
                specials.push(SpecialToken {
                    text: text.clone(),
                    id,
                    control,
                    swallows_left: false,
                    swallows_right: vocabulary.swallows_space(text),
                });
            } else {
                pieces.push(&spm_piece(text, kind), false);
            }
        }
        Ok(Self {
            model: Model::Spm(model),
            specials: SpecialTokens::new(specials, WhiteSpace::Ascii),
            pieces,
            drops_first_space: vocabulary.add_space_prefix,
            rows_to_spare: false,
            bos: vocabulary.bos,
            unk: vocabulary.unk,
            pad: vocabulary.pad,
            ends: vocabulary.ends(),
            add_bos: vocabulary.add_bos,
            add_eos: vocabulary.add_eos,
        })
    }

    fn from_merges(vocabulary: &GgufVocabulary) -> Result<Self, Error> {
        vocabulary.check()?;
        let unused = (0..)
            .take(vocabulary.tokens.len())
            .filter(|id| vocabulary.token_type(*id as usize) == TokenType::Unused)
            .collect();
        let ids = SpecialIds {
            bos: vocabulary.bos,
            eos: vocabulary.ends(),
            unk: vocabulary.unk,
            pad: vocabulary.pad,
            add_bos: vocabulary.add_bos,
        };
        let json = byte_level::tokenizer_json(vocabulary)?;
        Ok(Self {
            add_eos: vocabulary.add_eos,
            ..Self::from_json(json, &ids, &unused, false)?
        })
    }

    fn from_json(
        json: serde_json::Value,
        ids: &SpecialIds,
        unused: &HashSet<u32>,
        rows_to_spare: bool,
    ) -> Result<Self, Error> {
        let loaded = hugging_face::load(json, ids, unused)?;
        let mut ends = loaded.ends;
        ends.extend_from_slice(&ids.eos);
        ends.sort_unstable();
        ends.dedup();
        Ok(Self {
            model: Model::HuggingFace(Box::new(loaded.model)),
            specials: loaded.specials,
            pieces: loaded.pieces,
            drops_first_space: loaded.drops_first_space,
            rows_to_spare,
            bos: ids.bos,
            unk: loaded.unk,
            pad: ids.pad,
            ends,
            add_bos: ids.add_bos,
            add_eos: false,
        })
    }

    fn encode_ranges(
        &self,
        text: &str,
        add_bos: bool,
        trusted: &[Range<usize>],
    ) -> Result<Vec<u32>, Error> {
        let mut tokens = Vec::with_capacity(text.len() / 3 + 1);
        if add_bos {
            tokens.push(self.bos.ok_or_else(|| Error::InvalidRequest {
                field: "add_bos",
                value: "true".to_owned(),
                problem: "this tokenizer has no begin of sequence".to_owned(),
            })?);
        }
        for fragment in self.specials.split(text, trusted) {
            match fragment {
                Fragment::Special(id) => tokens.push(id),
                Fragment::Text { text, first } => self.encode_plain(text, first, &mut tokens)?,
            }
        }
        Ok(tokens)
    }

    fn encode_plain(&self, text: &str, first: bool, tokens: &mut Vec<u32>) -> Result<(), Error> {
        match &self.model {
            Model::Spm(model) => model.encode(text, tokens),
            Model::HuggingFace(model) => {
                let start = tokens.len();
                model.encode(text, first, tokens)?;
                // A merge may lead to one, in a file that was made to.
                let made = tokens[start..].iter().find(|id| self.is_special(**id));
                if let Some(id) = made {
                    let name = String::from_utf8_lossy(self.token_bytes(*id)).into_owned();
                    let problem = format!("plain text becomes the control token {name:?}");
                    return Err(invalid("model.merges", problem));
                }
            }
        }
        Ok(())
    }

    /// Bytes that a token adds to a text.
    fn written(&self, id: u32, skip_special: bool) -> &[u8] {
        if id as usize >= self.len() {
            return "\u{fffd}".as_bytes();
        }
        if skip_special && self.is_special(id) {
            return &[];
        }
        self.token_bytes(id)
    }

    /// Takes away the space that encoding put before the text.
    fn drop_space<'a>(&self, piece: &'a [u8], at_start: &mut bool) -> &'a [u8] {
        if piece.is_empty() || !std::mem::replace(at_start, false) || !self.drops_first_space {
            return piece;
        }
        piece.strip_prefix(b" ").unwrap_or(piece)
    }
}

impl Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Tokenizer")
            .field("tokens", &self.len())
            .field("bos", &self.bos)
            .field("ends", &self.ends)
            .finish_non_exhaustive()
    }
}

fn spm_piece(text: &str, kind: TokenType) -> Vec<u8> {
    match (kind, byte_of(text)) {
        (TokenType::Unused, _) => Vec::new(),
        (TokenType::Byte, Some(byte)) => vec![byte],
        _ => text.replace(SPACE, " ").into_bytes(),
    }
}

/// An error about a field of a tokenizer.
fn invalid(field: &str, problem: impl Display) -> Error {
    Error::InvalidTokenizer {
        field: field.to_owned(),
        problem: problem.to_string(),
    }
}
