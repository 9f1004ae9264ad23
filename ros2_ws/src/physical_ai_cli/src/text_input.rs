//! Text that people give in files and on standard input.

use std::io::Read;

use anyhow::{Context as _, ensure};

/// Larger texts are refused before they are sent.
pub const MAX_BYTES: u64 = 1 << 20;

/// Reads all of a source.
///
/// # Errors
/// Names the source and what is wrong with it: empty, too large, not UTF-8 (with the offset of the first
/// wrong byte).
pub fn read_text(source: impl Read, name: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    source
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("{name} cannot be read"))?;
    ensure!(
        bytes.len() as u64 <= MAX_BYTES,
        "{name} has more than {MAX_BYTES} bytes, which is the most that is allowed"
    );
    let text = String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let byte = error.as_bytes().get(offset).copied().unwrap_or_default();
        anyhow::anyhow!(
            "{name} is not UTF-8: byte {byte:#04x} at offset {offset}; save it as UTF-8"
        )
    })?;
    ensure!(!text.trim().is_empty(), "{name} is empty");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endless_input_is_cut_off() {
        let error = read_text(std::io::repeat(b'x'), "standard input").unwrap_err();
        assert!(error.to_string().contains("more than 1048576 bytes"));
    }
}
