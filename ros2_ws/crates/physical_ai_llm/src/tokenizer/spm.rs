use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use crate::Error;
use crate::tokenizer::pieces::{SPACE, byte_of, byte_token};
use crate::tokenizer::{GgufVocabulary, TokenType, invalid};

/// SentencePiece's BPE with byte fallback: of all neighbours whose texts together are a token, the
/// pair with the highest score is merged, the leftmost of equals first, until none is left. What is
/// then no token is written as bytes.
///
/// # Source
/// `llm_tokenizer_spm` of llama.cpp, which follows SentencePiece's `bpe_model.cc`. Unlike there,
/// text never merges into control, unknown, unused or byte tokens, as in SentencePiece: they are not
/// in the table at all.
#[derive(Clone, Debug)]
pub(super) struct SpmModel {
    /// Tokens that text can merge into, with their ranks: higher merges first.
    mergeable: HashMap<Box<[u8]>, Merge, BuildHasherDefault<TextHasher>>,
    /// Token of each byte.
    bytes: Box<[u32; 256]>,
    /// Length of the longest text in `mergeable`.
    longest: usize,
    add_space_prefix: bool,
    /// Whether no token has a space after something else. Then no merge crosses from a word to the
    /// space after it, and text can be cut there, which keeps the queue short.
    words_end_before_space: bool,
}

#[derive(Clone, Copy, Debug)]
struct Merge {
    token: u32,
    rank: u32,
}

impl SpmModel {
    /// `is_control` says of each token whether it steers the model.
    pub fn try_new(vocabulary: &GgufVocabulary, is_control: &[bool]) -> Result<Self, Error> {
        if vocabulary.scores.is_empty() {
            return Err(invalid("scores", "none, the model llama needs them"));
        }
        let ranks = ranks(&vocabulary.scores)?;
        let mut mergeable = HashMap::default();
        let mut bytes = [None; 256];
        let (mut longest, mut words_end_before_space) = (0, true);
        for (index, (text, rank)) in vocabulary.tokens.iter().zip(ranks).enumerate() {
            let token =
                u32::try_from(index).map_err(|_| invalid("tokens", "more than 2^32 tokens"))?;
            match vocabulary.token_type(index) {
                TokenType::Normal | TokenType::UserDefined if !is_control[index] => {
                    let merge = Merge { token, rank };
                    mergeable.insert(text.as_bytes().into(), merge);
                    longest = longest.max(text.len());
                    words_end_before_space &= !text.trim_start_matches(SPACE).contains(SPACE);
                }
                TokenType::Byte => {
                    let byte = byte_of(text).ok_or_else(|| {
                        invalid("tokens", format!("byte token {index} is {text:?}"))
                    })?;
                    bytes[usize::from(byte)] = Some(token);
                }
                _ => {}
            }
        }
        let mut table = Box::new([0; 256]);
        for (byte, (slot, token)) in (0..=u8::MAX).zip(table.iter_mut().zip(bytes)) {
            *slot = token
                .ok_or_else(|| invalid("tokens", format!("no byte token {}", byte_token(byte))))?;
        }
        Ok(Self {
            mergeable,
            bytes: table,
            longest,
            add_space_prefix: vocabulary.add_space_prefix,
            words_end_before_space,
        })
    }

    /// Adds the tokens of a text that holds no special tokens and follows one or nothing.
    pub fn encode(&self, text: &str, tokens: &mut Vec<u32>) {
        let mut escaped = String::with_capacity(text.len() + text.len() / 2 + SPACE.len_utf8());
        if self.add_space_prefix {
            escaped.push(SPACE);
        }
        for (index, part) in text.split(' ').enumerate() {
            if index > 0 {
                escaped.push(SPACE);
            }
            escaped.push_str(part);
        }
        let mut word = Word::default();
        let mut rest = escaped.as_str();
        while !rest.is_empty() {
            let length = if self.words_end_before_space {
                word_length(rest)
            } else {
                rest.len()
            };
            let (text, after) = rest.split_at(length);
            word.encode(self, text, tokens);
            rest = after;
        }
    }

    fn lookup(&self, text: &[u8]) -> Option<Merge> {
        // Hashing a text that is too long for any token would be for nothing.
        if text.len() > self.longest {
            return None;
        }
        self.mergeable.get(text).copied()
    }
}

/// Length of the spaces at the start and of what follows them up to the next space.
fn word_length(text: &str) -> usize {
    let spaces = text.len() - text.trim_start_matches(SPACE).len();
    let after = &text[spaces..];
    spaces + after.find(SPACE).unwrap_or(after.len())
}

/// Order of the scores as numbers: equal scores have equal ranks.
fn ranks(scores: &[f32]) -> Result<Vec<u32>, Error> {
    if let Some((index, score)) = scores.iter().enumerate().find(|(_, s)| s.is_nan()) {
        return Err(invalid("scores", format!("{score} for token {index}")));
    }
    // Adding zero makes -0 the same as 0.
    let mut sorted: Vec<f32> = scores.iter().map(|score| score + 0.0).collect();
    sorted.sort_by(f32::total_cmp);
    sorted.dedup();
    Ok(scores
        .iter()
        .map(|score| sorted.partition_point(|other| other < score) as u32)
        .collect())
}

/// The end of a chain of symbols.
const NONE: usize = usize::MAX;

/// A part of a word that is a letter or has been merged.
#[derive(Clone, Copy, Debug)]
struct Symbol {
    start: usize,
    /// Zero once it was merged into its left neighbour.
    length: usize,
    previous: usize,
    next: usize,
    /// Known once it was merged.
    token: Option<u32>,
}

/// Two neighbours that can be merged; the greatest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Bigram {
    rank: u32,
    left: Reverse<usize>,
    right: usize,
    /// Length of both when it was found, to notice that one has changed since.
    length: usize,
    token: u32,
}

/// Room for the work on one word, used again for the next.
#[derive(Default)]
struct Word {
    symbols: Vec<Symbol>,
    queue: BinaryHeap<Bigram>,
}

impl Word {
    fn encode(&mut self, model: &SpmModel, text: &str, tokens: &mut Vec<u32>) {
        let text_bytes = text.as_bytes();
        self.split(text);
        for right in 1..self.symbols.len() {
            self.try_add(model, text_bytes, right - 1, right);
        }
        while let Some(bigram) = self.queue.pop() {
            self.merge(model, text_bytes, bigram);
        }
        let mut at = 0;
        while let Some(symbol) = self.symbols.get(at) {
            let bytes = &text_bytes[symbol.start..symbol.start + symbol.length];
            let token = symbol
                .token
                .or_else(|| model.lookup(bytes).map(|merge| merge.token));
            match token {
                Some(token) => tokens.push(token),
                None => tokens.extend(bytes.iter().map(|b| model.bytes[usize::from(*b)])),
            }
            at = symbol.next;
        }
    }

    fn split(&mut self, text: &str) {
        self.symbols.clear();
        for (index, (start, letter)) in text.char_indices().enumerate() {
            self.symbols.push(Symbol {
                start,
                length: letter.len_utf8(),
                previous: index.checked_sub(1).unwrap_or(NONE),
                next: index + 1,
                token: None,
            });
        }
        if let Some(last) = self.symbols.last_mut() {
            last.next = NONE;
        }
    }

    fn merge(&mut self, model: &SpmModel, text: &[u8], bigram: Bigram) {
        let left = self.symbols[bigram.left.0];
        let right = self.symbols[bigram.right];
        let changed = left.length + right.length != bigram.length;
        if left.length == 0 || right.length == 0 || changed {
            return;
        }
        self.symbols[bigram.left.0] = Symbol {
            length: bigram.length,
            next: right.next,
            token: Some(bigram.token),
            ..left
        };
        self.symbols[bigram.right].length = 0;
        if let Some(after) = self.symbols.get_mut(right.next) {
            after.previous = bigram.left.0;
        }
        self.try_add(model, text, left.previous, bigram.left.0);
        self.try_add(model, text, bigram.left.0, right.next);
    }

    fn try_add(&mut self, model: &SpmModel, text: &[u8], left: usize, right: usize) {
        let (Some(first), Some(second)) = (self.symbols.get(left), self.symbols.get(right)) else {
            return;
        };
        let length = first.length + second.length;
        if let Some(merge) = model.lookup(&text[first.start..first.start + length]) {
            self.queue.push(Bigram {
                rank: merge.rank,
                left: Reverse(left),
                right,
                length,
                token: merge.token,
            });
        }
    }
}

/// Hashes short texts eight bytes at a time. The texts that are kept come from the model's file, so
/// nobody who sends text can make them collide.
#[derive(Default)]
struct TextHasher(u64);

impl TextHasher {
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
        self.0 = (product as u64) ^ (product >> 64) as u64;
    }
}

impl Hasher for TextHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.mix(u64::from_le_bytes(last));
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Byte tokens are 0 to 255, then come the given ones.
    fn check(texts: &[(&str, f32)], text: &str, expected: &[u32]) {
        let bytes = (0..=u8::MAX).map(|byte| (byte_token(byte), 0.0, TokenType::Byte));
        let texts = texts.iter().map(|(text, score)| {
            let text = (*text).to_owned();
            (text, *score, TokenType::Normal)
        });
        let mut vocabulary = GgufVocabulary::default();
        for (text, score, kind) in bytes.chain(texts) {
            vocabulary.tokens.push(text);
            vocabulary.scores.push(score);
            vocabulary.token_types.push(kind);
        }
        let none = vec![false; vocabulary.tokens.len()];
        let model = SpmModel::try_new(&vocabulary, &none).unwrap();
        let mut tokens = Vec::new();
        model.encode(text, &mut tokens);
        assert_eq!(tokens, expected, "{text:?}");
    }

    #[test]
    fn pairs_with_the_highest_score_are_merged_first() {
        let letter = |letter: char| letter as u32;
        check(&[("ab", -2.0), ("bc", -1.0)], "abc", &[letter('a'), 257]);
        check(&[("ab", -1.0), ("bc", -2.0)], "abc", &[256, letter('c')]);
        // 256 comes first, and what it leaves joins it.
        let texts = [("bc", 5.0), ("abc", -9.0), ("ab", 4.0)];
        check(&texts, "abc", &[257]);
    }

    #[test]
    fn of_equal_scores_the_leftmost_is_merged_first() {
        check(&[("aa", 0.0)], "aaa", &[256, u32::from(b'a')]);
        check(&[("bc", -0.0), ("ab", 0.0)], "abc", &[257, u32::from(b'c')]);
    }

    #[test]
    fn what_is_no_token_is_written_as_bytes() {
        check(&[("\u{2581}", 0.0)], " é", &[256, 0xc3, 0xa9]);
        check(&[], " ", &[0xe2, 0x96, 0x81]);
    }
}
