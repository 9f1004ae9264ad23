use std::ops::Range;

/// A token that is found in the text before the model sees it.
#[derive(Clone, Debug)]
pub(super) struct SpecialToken {
    pub text: String,
    pub id: u32,
    /// Steers the model: only found in text that may hold such tokens.
    pub control: bool,
    /// Swallows the white space before it.
    pub swallows_left: bool,
    /// Swallows the white space after it.
    pub swallows_right: bool,
}

/// What counts as white space beside a special token.
#[derive(Clone, Copy, Debug)]
pub(super) enum WhiteSpace {
    /// C's `isspace`, as llama.cpp.
    Ascii,
    /// Unicode's White_Space, as Hugging Face's tokenizers.
    Unicode,
}

impl WhiteSpace {
    fn contains(self, letter: char) -> bool {
        match self {
            // `is_ascii_whitespace` has no vertical tab.
            Self::Ascii => letter.is_ascii_whitespace() || letter == '\u{b}',
            Self::Unicode => letter.is_whitespace(),
        }
    }
}

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fragment<'a> {
    /// A token that was found.
    Special(u32),
    /// Text between such tokens, never empty.
    Text {
        text: &'a str,
        /// Whether nothing comes before it.
        first: bool,
    },
}

/// Finds special tokens, the leftmost first and there the longest.
#[derive(Clone, Debug)]
pub(super) struct SpecialTokens {
    tokens: Vec<SpecialToken>,
    /// Indices into `tokens` by first byte, longest text first.
    by_first_byte: Vec<Vec<usize>>,
    white_space: WhiteSpace,
}

impl SpecialTokens {
    pub fn new(mut tokens: Vec<SpecialToken>, white_space: WhiteSpace) -> Self {
        tokens.sort_by_key(|token| std::cmp::Reverse(token.text.len()));
        let mut by_first_byte = vec![Vec::new(); 256];
        for (index, token) in tokens.iter().enumerate() {
            if let Some(first) = token.text.bytes().next() {
                by_first_byte[usize::from(first)].push(index);
            }
        }
        Self {
            tokens,
            by_first_byte,
            white_space,
        }
    }

    /// Id of a token by its text.
    pub fn id(&self, text: &str) -> Option<u32> {
        let token = self.tokens.iter().find(|token| token.text == text);
        token.map(|token| token.id)
    }

    /// Cuts a text at its special tokens. Control tokens are found only where they lie wholly within
    /// one of the `trusted` ranges, which are in order and do not overlap.
    pub fn split<'a>(&self, text: &'a str, trusted: &[Range<usize>]) -> Vec<Fragment<'a>> {
        let mut fragments = Vec::new();
        let mut trusted = trusted.iter().peekable();
        let bytes = text.as_bytes();
        let (mut done, mut at) = (0, 0);
        while let Some(&byte) = bytes.get(at) {
            let candidates = &self.by_first_byte[usize::from(byte)];
            if candidates.is_empty() {
                at += 1;
                continue;
            }
            while trusted.next_if(|range| range.end <= at).is_some() {}
            let here = trusted.peek();
            let is_trusted = |end| here.is_some_and(|range| range.start <= at && end <= range.end);
            let found = candidates.iter().map(|i| &self.tokens[*i]).find(|token| {
                bytes[at..].starts_with(token.text.as_bytes())
                    && (!token.control || is_trusted(at + token.text.len()))
            });
            let Some(token) = found else {
                at += 1;
                continue;
            };
            self.push_text(&mut fragments, text, done..at, token.swallows_left);
            fragments.push(Fragment::Special(token.id));
            at += token.text.len();
            if token.swallows_right {
                at = bytes.len() - self.trim_start(&text[at..]).len();
            }
            done = at;
        }
        self.push_text(&mut fragments, text, done..text.len(), false);
        fragments
    }

    fn trim_start<'a>(&self, text: &'a str) -> &'a str {
        text.trim_start_matches(|letter| self.white_space.contains(letter))
    }

    fn push_text<'a>(
        &self,
        fragments: &mut Vec<Fragment<'a>>,
        text: &'a str,
        range: Range<usize>,
        trim_end: bool,
    ) {
        let first = range.start == 0;
        let mut text = &text[range];
        if trim_end {
            text = text.trim_end_matches(|letter| self.white_space.contains(letter));
        }
        if !text.is_empty() {
            fragments.push(Fragment::Text { text, first });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> SpecialTokens {
        let token = |text: &str, id, control, swallows_left, swallows_right| SpecialToken {
            text: text.to_owned(),
            id,
            control,
            swallows_left,
            swallows_right,
        };
        SpecialTokens::new(
            vec![
                token("<|a|>", 1, true, false, true),
                token("<|a|>>", 2, true, false, false),
                token("<b>", 3, true, true, false),
                token("user", 4, false, false, false),
            ],
            WhiteSpace::Ascii,
        )
    }

    fn check(text: &str, trusted: &[Range<usize>], expected: &[Fragment]) {
        assert_eq!(tokens().split(text, trusted), expected, "{text:?}");
    }

    fn all(text: &str) -> [Range<usize>; 1] {
        [Range {
            start: 0,
            end: text.len(),
        }]
    }

    fn inner(text: &str) -> Fragment<'_> {
        Fragment::Text { text, first: false }
    }

    fn first(text: &str) -> Fragment<'_> {
        Fragment::Text { text, first: true }
    }

    #[test]
    fn special_tokens_are_found_leftmost_and_longest() {
        let text = "x<|a|>>y<|a|>z";
        let expected = [
            first("x"),
            Fragment::Special(2),
            inner("y"),
            Fragment::Special(1),
            inner("z"),
        ];
        check(text, &all(text), &expected);
        check("", &[], &[]);
    }

    #[test]
    fn white_space_is_swallowed_on_the_side_that_the_token_names() {
        let text = "x \n<b> \u{b}\t<|a|>\r\n \u{b} y\u{a0}<|a|>\u{a0}";
        let expected = [
            first("x"),
            Fragment::Special(3),
            inner(" \u{b}\t"),
            Fragment::Special(1),
            inner("y\u{a0}"),
            Fragment::Special(1),
            inner("\u{a0}"),
        ];
        check(text, &all(text), &expected);
    }

    #[test]
    fn control_tokens_are_text_where_they_are_not_trusted() {
        check("<|a|>", &[], &[first("<|a|>")]);
        // Half of it inside the range is not enough.
        check("<|a|>", &[0..4, 4..5], &[first("<|a|>")]);
        let expected = [first("<b>"), Fragment::Special(3), inner("<b>")];
        let middle = Range { start: 3, end: 6 };
        check("<b><b><b>", &[middle], &expected);
    }

    #[test]
    fn user_defined_tokens_are_found_everywhere() {
        check("a user", &[], &[first("a "), Fragment::Special(4)]);
    }
}
