use crate::Error;

/// Most stop strings of a request.
const MAX_STRINGS: usize = 16;
/// Longest stop string, bytes: as much text is held back at most.
const MAX_BYTES: usize = 256;

/// What a piece of text led to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StopStep {
    /// Text that is certain now.
    pub emit: String,
    /// A stop string was found; nothing is emitted any more.
    pub stopped: bool,
}

/// Ends a stream of text at the first of some strings, which is not part of the output.
///
/// Text that could be the beginning of a stop string is held back. Which string ends the stream does
/// not depend on how the text was cut into pieces: it is the one that ends first, the longest if
/// several end at the same place.
#[derive(Debug, Clone)]
pub struct StopMatcher {
    strings: Vec<String>,
    held: String,
    matched: Option<usize>,
}

impl StopMatcher {
    /// A matcher of these strings; none is fine.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] if a string is empty or too long, or if there are too many.
    pub fn try_new(strings: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, Error> {
        let strings: Vec<String> = strings
            .into_iter()
            .take(MAX_STRINGS + 1)
            .map(Into::into)
            .collect();
        let fail = |value: String, problem: String| {
            Err(Error::InvalidRequest {
                field: "stop",
                value,
                problem,
            })
        };
        if strings.len() > MAX_STRINGS {
            let problem = format!("at most {MAX_STRINGS} stop strings are allowed");
            return fail("too long a list".to_owned(), problem);
        }
        for text in &strings {
            if text.is_empty() {
                let problem = "an empty text would stop at once".to_owned();
                return fail("\"\"".to_owned(), problem);
            }
            if text.len() > MAX_BYTES {
                let problem = format!("at most {MAX_BYTES} bytes are allowed");
                return fail(format!("{} bytes long", text.len()), problem);
            }
        }
        Ok(Self {
            strings,
            held: String::new(),
            matched: None,
        })
    }

    /// Takes the next piece of text.
    pub fn push(&mut self, piece: &str) -> StopStep {
        if self.matched.is_some() {
            return StopStep {
                emit: String::new(),
                stopped: true,
            };
        }
        self.held.push_str(piece);
        let found = self.strings.iter().enumerate().filter_map(|(i, text)| {
            let start = self.held.find(text)?;
            Some((start + text.len(), start, i))
        });
        if let Some((_, start, i)) = found.min() {
            self.matched = Some(i);
            self.held.truncate(start);
            return StopStep {
                emit: std::mem::take(&mut self.held),
                stopped: true,
            };
        }
        let kept = self.held.split_off(self.certain());
        StopStep {
            emit: std::mem::replace(&mut self.held, kept),
            stopped: false,
        }
    }

    /// Gives out what is held back, at the end of the stream.
    pub fn flush(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// The stop string that ended the stream.
    pub fn matched(&self) -> Option<&str> {
        self.matched
            .and_then(|i| self.strings.get(i))
            .map(String::as_str)
    }

    /// Length of the text before everything that could begin a stop string, bytes.
    fn certain(&self) -> usize {
        let longest = self.strings.iter().map(String::len).max().unwrap_or(0);
        let from = self.held.len().saturating_sub(longest.saturating_sub(1));
        self.held
            .char_indices()
            .map(|(i, _)| i)
            .skip_while(|&i| i < from)
            .find(|&i| self.strings.iter().any(|s| s.starts_with(&self.held[i..])))
            .unwrap_or(self.held.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(strings: &[&str], pieces: &[&str]) -> (String, bool) {
        let mut matcher = StopMatcher::try_new(strings.iter().copied()).unwrap();
        let mut text = String::new();
        let mut stopped = false;
        for piece in pieces {
            let step = matcher.push(piece);
            text += &step.emit;
            stopped = step.stopped;
        }
        text += &matcher.flush();
        (text, stopped)
    }

    #[test]
    fn stop_string_over_several_pieces_ends_the_text() {
        let check = |strings: &[&str], pieces: &[&str], text: &str, stopped: bool| {
            assert_eq!(run(strings, pieces), (text.to_owned(), stopped));
        };
        check(
            &["<|end|>"],
            &["hello <", "|e", "nd|> more"],
            "hello ",
            true,
        );
        check(&["<|end|>"], &["a <|e", "n", "x"], "a <|enx", false);
        check(&["aab"], &["aa", "ab", "c"], "a", true);
        check(&["끝"], &["시작", "끝", "더"], "시작", true);
        check(&["끝났다"], &["시작끝", "났어"], "시작끝났어", false);
        check(&["abc", "b"], &["xa", "bc"], "xa", true);
        check(&["abc", "c"], &["xab", "c"], "x", true);
        check(&[], &["any", "thing"], "anything", false);
        check(&["x"], &["", "x"], "", true);
    }

    #[test]
    fn only_possible_beginnings_are_held_back() {
        let mut matcher = StopMatcher::try_new(["\n\n", "STOP"]).unwrap();
        assert_eq!(matcher.push("one S").emit, "one ");
        assert_eq!(matcher.push("T two\n").emit, "ST two");
        assert_eq!(matcher.push("three").emit, "\nthree");
        assert!(matcher.push("STOP").stopped);
        assert_eq!(matcher.matched(), Some("STOP"));
        let after = matcher.push("more");
        assert!(after.stopped && after.emit.is_empty());
        assert_eq!(matcher.flush(), "");
    }

    #[test]
    fn unusable_stop_strings_are_errors() {
        assert!(StopMatcher::try_new([""]).is_err());
        assert!(StopMatcher::try_new(["x".repeat(257)]).is_err());
        assert!(StopMatcher::try_new(vec!["x"; 17]).is_err());
        assert!(StopMatcher::try_new(vec!["x"; 16]).is_ok());
    }

    proptest! {
        #[test]
        fn cutting_the_text_elsewhere_changes_nothing(
            text in "[ab한🤖]{0,24}",
            strings in prop::collection::vec("[ab한🤖]{1,4}", 0..4),
            cuts in prop::collection::vec(1usize..4, 0..24),
        ) {
            let strings: Vec<&str> = strings.iter().map(String::as_str).collect();
            let whole = run(&strings, &[&text]);
            let mut chars = text.chars();
            let mut pieces: Vec<String> = cuts.iter().map(|&n| chars.by_ref().take(n).collect()).collect();
            pieces.push(chars.collect());
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            prop_assert_eq!(run(&strings, &pieces), whole.clone());
            prop_assert!(text.starts_with(&whole.0));
            prop_assert!(strings.iter().all(|s| !whole.0.contains(s)));
            prop_assert_eq!(whole.1, strings.iter().any(|s| text.contains(s)));
        }
    }
}
