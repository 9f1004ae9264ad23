//! Text that is shown while it comes.

use serde_json::json;

use crate::output;

/// One answer on standard output.
pub struct Stream {
    json: bool,
    shown: String,
}

/// What a result says beyond what was shown.
#[derive(Debug, PartialEq, Eq)]
enum Rest<'a> {
    /// This comes after it.
    More(&'a str),
    /// Something was lost on the way; this is the whole text.
    All(&'a str),
}

impl Stream {
    /// An answer of which nothing is shown yet.
    pub fn new(json: bool) -> Self {
        Self {
            json,
            shown: String::new(),
        }
    }

    /// Shows more of it.
    pub fn add(&mut self, text: &str) {
        self.shown.push_str(text);
        self.write(text);
    }

    /// Shows what is missing, and ends the line.
    pub fn finish(&mut self, text: &str) {
        match rest(&self.shown, text) {
            Rest::More(more) => self.add(more),
            Rest::All(text) => {
                output::note("\nphysical-ai: some of the text was lost on the way; all of it:");
                self.shown.clear();
                self.add(text);
            }
        }
        if !self.json && !self.shown.is_empty() && !self.shown.ends_with('\n') {
            output::text("\n");
        }
    }

    fn write(&self, text: &str) {
        if text.is_empty() {
            return;
        }
        if self.json {
            output::json_line(&json!({"event": "feedback", "text": text}));
        } else {
            output::text(text);
        }
    }

    /// What was shown.
    pub fn shown(&self) -> &str {
        &self.shown
    }
}

/// The result comes by another way than the text before it, and may overtake it. A result without a
/// text tells nothing about it.
fn rest<'a>(shown: &str, text: &'a str) -> Rest<'a> {
    match text.strip_prefix(shown) {
        Some(more) => Rest::More(more),
        None if shown.starts_with(text) => Rest::More(""),
        None => Rest::All(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_completes_what_was_shown() {
        assert_eq!(rest("", "abc"), Rest::More("abc"));
        assert_eq!(rest("ab", "abc"), Rest::More("c"));
        assert_eq!(rest("abc", "abc"), Rest::More(""));
        assert_eq!(rest("abc", ""), Rest::More(""));
        assert_eq!(rest("bc", "abc"), Rest::All("abc"));
    }
}
