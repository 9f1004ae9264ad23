use serde_json::{Map, Value, json};

use crate::Error;
use crate::tokenizer::{GgufVocabulary, TokenType, invalid};

/// Letters that GPT-2's vocabulary writes for the bytes.
///
/// Printable bytes of Latin-1 stand for themselves, the others for U+0100 and on, in order.
///
/// # Source
/// `bytes_to_unicode` in the encoder that OpenAI published with GPT-2.
pub(super) fn byte_letters() -> [char; 256] {
    let mut letters = ['\0'; 256];
    let mut next = 0x100_u32;
    for (byte, letter) in (0..=u8::MAX).zip(letters.iter_mut()) {
        *letter = match byte {
            b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff => char::from(byte),
            _ => {
                let stands_for = char::from_u32(next).unwrap_or_default();
                next += 1;
                stands_for
            }
        };
    }
    letters
}

/// How text is cut before bytes are merged, one expression after the other, by the name in
/// `tokenizer.ggml.pre`.
///
/// # Source
/// `llm_tokenizer_bpe` of llama.cpp.
fn expressions(pre: &str) -> Result<&'static [&'static str], Error> {
    const GPT_2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)";
    match pre {
        "gpt-2" => Ok(&[GPT_2]),
        "default" | "" => Ok(&[
            r"[\p{P}\$\+<=>\^~\|]+",
            GPT_2,
            r"\p{N}+",
            r"[0-9][0-9][0-9]",
        ]),
        other => Err(invalid(
            "pre",
            format!("{other:?} is not supported, known are \"default\" and \"gpt-2\""),
        )),
    }
}

/// The `tokenizer.json` that does what a GGUF vocabulary of model `gpt2` says.
pub(super) fn tokenizer_json(vocabulary: &GgufVocabulary) -> Result<Value, Error> {
    let mut pre_tokenizers: Vec<Value> = expressions(&vocabulary.pre)?
        .iter()
        .map(|expression| {
            json!({
                "type": "Split",
                "pattern": { "Regex": expression },
                "behavior": "Isolated",
                "invert": false,
            })
        })
        .collect();
    let byte_level = json!({
        "type": "ByteLevel",
        "add_prefix_space": false,
        "trim_offsets": false,
        "use_regex": false,
    });
    pre_tokenizers.push(byte_level.clone());
    let vocab: Map<String, Value> = vocabulary
        .tokens
        .iter()
        .enumerate()
        .map(|(id, text)| (text.clone(), id.into()))
        .collect();
    Ok(json!({
        "version": "1.0",
        "added_tokens": added_tokens(vocabulary),
        "normalizer": null,
        "pre_tokenizer": { "type": "Sequence", "pretokenizers": pre_tokenizers },
        "post_processor": null,
        "decoder": byte_level,
        "model": { "type": "BPE", "vocab": vocab, "merges": merges(vocabulary)? },
    }))
}

fn added_tokens(vocabulary: &GgufVocabulary) -> Vec<Value> {
    vocabulary
        .tokens
        .iter()
        .enumerate()
        .filter_map(|(id, text)| {
            let special = match vocabulary.token_type(id) {
                TokenType::Control | TokenType::Unknown => true,
                TokenType::UserDefined => false,
                TokenType::Normal | TokenType::Unused | TokenType::Byte => return None,
            };
            Some(json!({
                "id": id,
                "content": text,
                "single_word": false,
                "lstrip": false,
                "rstrip": vocabulary.swallows_space(text),
                "normalized": false,
                "special": special,
            }))
        })
        .collect()
}

/// Pairs as arrays, since a token may hold a space itself.
fn merges(vocabulary: &GgufVocabulary) -> Result<Vec<Value>, Error> {
    if vocabulary.merges.is_empty() {
        return Err(invalid("merges", "none, the model gpt2 needs them"));
    }
    vocabulary
        .merges
        .iter()
        .enumerate()
        .map(|(index, merge)| {
            // A leading space belongs to the first token.
            let (start, _) = merge
                .char_indices()
                .skip(1)
                .find(|(_, letter)| *letter == ' ')
                .ok_or_else(|| invalid("merges", format!("entry {index} is no pair: {merge:?}")))?;
            Ok(json!([&merge[..start], &merge[start + 1..]]))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_letters_are_those_of_gpt_2() {
        let letters = byte_letters();
        assert_eq!(letters[usize::from(b' ')], 'Ġ');
        assert_eq!(letters[usize::from(b'\n')], 'Ċ');
        assert_eq!(letters[usize::from(b'A')], 'A');
        assert_eq!(letters[0xad], 'Ń');
        let mut sorted = letters.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), 256);
    }

    #[test]
    fn unknown_ways_to_cut_text_are_refused_by_name() {
        let said = expressions("llama-bpe").unwrap_err().to_string();
        assert!(said.contains("llama-bpe") && said.contains("pre"), "{said}");
    }
}
