use std::sync::Arc;

use crate::{LanguageModel, MaskVocabulary, Tokenizer};

/// A line break never joins what follows it in one token, so text behind it is cut as in the middle of
/// a text.
const BEFORE: &str = "\n";

impl LanguageModel {
    /// What constraints need to know of the model's tokens.
    pub fn mask_vocabulary(&self) -> MaskVocabulary {
        let tokenizer = Arc::clone(&self.tokenizer);
        let ids = 0..u32::try_from(tokenizer.len()).unwrap_or(u32::MAX);
        let (special, text): (Vec<u32>, Vec<u32>) = ids.partition(|id| tokenizer.is_special(*id));
        let mut tokens = vec![Vec::new(); tokenizer.len()];
        for id in text {
            tokens[id as usize] = tokenizer.token_bytes(id).to_vec();
        }
        MaskVocabulary {
            tokens,
            special,
            end: tokenizer.eos_ids().to_vec(),
            tokenize: Some(Arc::new(move |piece| {
                cut_from_the_middle(&tokenizer, piece).unwrap_or_default()
            })),
        }
    }
}

/// None for what is no text, or if a token reaches over its beginning.
fn cut_from_the_middle(tokenizer: &Tokenizer, piece: &[u8]) -> Option<Vec<u32>> {
    let text = format!("{BEFORE}{}", std::str::from_utf8(piece).ok()?);
    let mut tokens = tokenizer.encode(&text, false, false).ok()?;
    let mut left = tokens
        .iter()
        .map(|id| tokenizer.token_bytes(*id).len())
        .sum::<usize>();
    // Some tokenizers put a space before the whole.
    let begin = tokens.iter().position(|id| {
        let is_before = left > piece.len();
        left -= tokenizer.token_bytes(*id).len();
        !is_before
    });
    let begin = begin.unwrap_or(tokens.len());
    tokens.drain(..begin);
    let length = tokens.iter().map(|id| tokenizer.token_bytes(*id).len());
    (length.sum::<usize>() == piece.len()).then_some(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden;

    #[test]
    fn pieces_are_cut_as_in_the_middle_of_a_text() {
        let path = golden::path("narrow/q8_0.gguf");
        let model = LanguageModel::open(&path).unwrap();
        let tokenizer = &model.tokenizer;
        for piece in [
            "arm_1\",\"robot",
            " and",
            "\n",
            "한국 🤖",
            "{\"tasks\":[",
            "",
        ] {
            let tokens = cut_from_the_middle(tokenizer, piece.as_bytes()).unwrap();
            let bytes: Vec<u8> = tokens
                .iter()
                .flat_map(|id| tokenizer.token_bytes(*id).to_vec())
                .collect();
            assert_eq!(String::from_utf8(bytes).unwrap(), piece);
            let before = tokenizer.encode("x", false, false).unwrap();
            let whole = tokenizer
                .encode(&format!("x\n{piece}"), false, false)
                .unwrap();
            assert!(
                whole.starts_with(&before) && whole.ends_with(&tokens),
                "{piece:?}"
            );
        }
        assert_eq!(cut_from_the_middle(tokenizer, b"\xff"), None);
    }
}
