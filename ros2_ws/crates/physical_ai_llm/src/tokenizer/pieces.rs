/// The bytes that each token writes.
#[derive(Clone, Debug, Default)]
pub(super) struct Pieces {
    bytes: Vec<u8>,
    /// End of each token's bytes.
    ends: Vec<usize>,
    special: Vec<bool>,
}

impl Pieces {
    pub fn push(&mut self, bytes: &[u8], special: bool) {
        self.bytes.extend_from_slice(bytes);
        self.ends.push(self.bytes.len());
        self.special.push(special);
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of a token; none for an id that is out of range.
    pub fn bytes(&self, id: u32) -> &[u8] {
        let id = id as usize;
        let Some(&end) = self.ends.get(id) else {
            return &[];
        };
        let start = id.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..end]
    }

    pub fn is_special(&self, id: u32) -> bool {
        self.special.get(id as usize).copied().unwrap_or(false)
    }
}

/// What SentencePiece writes for a space.
pub(super) const SPACE: char = '\u{2581}';

/// The byte that a token like `<0x0A>` stands for.
pub(super) fn byte_of(text: &str) -> Option<u8> {
    let digits = text.strip_prefix("<0x")?.strip_suffix('>')?;
    // `from_str_radix` would take a sign.
    if digits.len() != 2 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    u8::from_str_radix(digits, 16).ok()
}

/// How a vocabulary writes a byte as a token.
pub(super) fn byte_token(byte: u8) -> String {
    format!("<0x{byte:02X}>")
}

/// Texts of tokens that end a generation, whatever else the file says: what models that talk in
/// turns use, after llama.cpp's list.
const END_TEXTS: [&str; 7] = [
    "<|end|>",
    "<|endoftext|>",
    "<|eot_id|>",
    "<|im_end|>",
    "<|end_of_text|>",
    "<end_of_turn>",
    "</s>",
];

/// Whether a token ends a generation by its text.
pub(super) fn is_end(text: &str) -> bool {
    END_TEXTS.contains(&text)
}

/// Whether a token that is found before others steers the model, though its file may take it for
/// text: it ends a generation, or is written as Phi-3 writes its markers. Someone who could write
/// `<|system|>` into a message could speak for another.
pub(super) fn is_marker(text: &str) -> bool {
    is_end(text) || (text.starts_with("<|") && text.ends_with("|>") && text.len() > 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_give_back_what_was_pushed() {
        let mut pieces = Pieces::default();
        pieces.push(b"ab", false);
        pieces.push(b"", true);
        pieces.push(b"c", false);
        assert_eq!(pieces.bytes(0), b"ab");
        assert_eq!(pieces.bytes(1), b"");
        assert_eq!(pieces.bytes(2), b"c");
        assert_eq!(pieces.bytes(3), b"");
        assert!(pieces.is_special(1) && !pieces.is_special(0) && !pieces.is_special(9));
        assert_eq!(pieces.len(), 3);
    }

    #[test]
    fn byte_tokens_are_two_hexadecimal_digits() {
        for byte in 0..=u8::MAX {
            assert_eq!(byte_of(&byte_token(byte)), Some(byte));
        }
        for text in ["<0x1>", "<0x123>", "<0x+1>", "<0xGG>", "0x41", "<0x41", ""] {
            assert_eq!(byte_of(text), None, "{text}");
        }
    }

    #[test]
    fn markers_are_known_by_their_texts() {
        for text in ["<|user|>", "</s>", "<|end|>", "<end_of_turn>"] {
            assert!(is_marker(text), "{text}");
        }
        for text in ["<|", "|>", "<||>", "user", "<s>", "<|user", "<b>"] {
            assert!(!is_marker(text), "{text}");
        }
        assert!(is_end("<|end|>") && !is_end("<|user|>"));
    }
}
