//! The words of a linked sentence and where they stand.

use super::reference_text::references_in;
use super::syllables::is_syllable;

/// What a word is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordKind {
    Reference,
    Number,
    Latin,
    Hangul,
    /// Anything else, one by one.
    Sign,
}

/// A word, or a sign; spaces are left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Word<'a> {
    pub text: &'a str,
    pub kind: WordKind,
    /// First byte in the sentence.
    pub begin: usize,
    /// Right behind a name, as particles are.
    pub behind_reference: bool,
    /// Nothing stands between it and what comes before.
    pub glued: bool,
}

impl Word<'_> {
    /// The byte behind it.
    pub fn end(&self) -> usize {
        self.begin + self.text.len()
    }
}

/// Words in order.
pub fn words_of(linked: &str) -> Vec<Word<'_>> {
    let mut words: Vec<Word> = Vec::new();
    let mut references = references_in(linked).peekable();
    let mut at = 0;
    while let Some(first) = linked[at..].chars().next() {
        let (text, kind) = match references.next_if(|(begin, _)| *begin == at) {
            Some((_, reference)) => (reference, WordKind::Reference),
            None if first.is_whitespace() => {
                at += first.len_utf8();
                continue;
            }
            None => run(&linked[at..], first),
        };
        while references
            .next_if(|(begin, _)| *begin < at + text.len())
            .is_some()
        {}
        let before = words.last().filter(|w| w.end() == at);
        words.push(Word {
            text,
            kind,
            begin: at,
            behind_reference: before.is_some_and(|w| w.kind == WordKind::Reference),
            glued: before.is_some(),
        });
        at += text.len();
    }
    words
}

fn run(text: &str, first: char) -> (&str, WordKind) {
    let length = |is: &dyn Fn(char) -> bool| text.find(|c| !is(c)).unwrap_or(text.len());
    if is_syllable(first) {
        return (&text[..length(&is_syllable)], WordKind::Hangul);
    }
    if first.is_ascii_digit() {
        let whole = length(&|c| c.is_ascii_digit());
        let decimals = text[whole..].strip_prefix('.').map_or(0, |rest| {
            rest.bytes().take_while(u8::is_ascii_digit).count()
        });
        let end = if decimals > 0 {
            whole + 1 + decimals
        } else {
            whole
        };
        return (&text[..end], WordKind::Number);
    }
    if first.is_alphabetic() {
        let end = length(&|c| (c.is_alphabetic() && !is_syllable(c)) || c == '\'' || c == '’');
        let word = text[..end].trim_end_matches(['\'', '’']);
        return (word, WordKind::Latin);
    }
    (&text[..first.len_utf8()], WordKind::Sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_come_to_words() {
        let found = |text| words_of(text).iter().map(|w| w.text).collect::<Vec<_>>();
        assert_eq!(
            found("ref_r1은 it's -1.5cm, 3."),
            ["ref_r1", "은", "it's", "-", "1.5", "cm", ",", "3", "."]
        );
        assert_eq!(found("r9 1e3 두 번"), ["r", "9", "1", "e", "3", "두", "번"]);
        let words = words_of("ref_f1로 가");
        assert!(words[1].behind_reference && !words[2].behind_reference);
    }
}
