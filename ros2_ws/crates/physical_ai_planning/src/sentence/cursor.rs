use super::fault::Fault;
use super::names::Names;
use super::token::{Kind, Token};
use super::verbs;

/// What is not understood, and the token at which that showed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Problem {
    pub(super) at: usize,
    pub(super) text: String,
    pub(super) fault: Fault,
}

impl Problem {
    pub(super) fn new(at: usize, text: impl Into<String>, fault: Fault) -> Self {
        Self {
            at,
            text: text.into(),
            fault,
        }
    }

    /// The same problem as a fault of this kind.
    pub(super) fn of(self, fault: Fault) -> Self {
        Self { fault, ..self }
    }
}

pub(super) type Parsed<T> = Result<T, Problem>;

/// A position in the tokens of a text.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Token],
    pub(super) names: &'a Names<'a>,
    pub(super) at: usize,
    /// Verb of the clause before, for "then to dock_b".
    pub(super) verb: Option<verbs::Verb>,
}

/// Words with a grammatical job: none of them can be part of a name that is not known.
pub(super) const FUNCTION_WORDS: &[&str] = &[
    "and",
    "&",
    "then",
    "while",
    "whilst",
    "before",
    "after",
    "once",
    "when",
    "meanwhile",
    "afterwards",
    "finally",
    "next",
    "in",
    "into",
    "to",
    "on",
    "onto",
    "at",
    "inside",
    "between",
    "for",
    "from",
    "of",
    "with",
    "up",
    "down",
    "back",
    "the",
    "a",
    "an",
    "it",
    "them",
    "they",
    "is",
    "are",
    "has",
    "have",
    "times",
    "rounds",
    "twice",
    "home",
    "if",
    "that",
    "this",
];

impl<'a> Cursor<'a> {
    pub(super) fn kind(&self) -> Option<&'a Kind> {
        self.tokens.get(self.at).map(|t| &t.kind)
    }

    /// The word or number at `at`; nothing for names and punctuation.
    pub(super) fn word_at(&self, at: usize) -> Option<&'a str> {
        self.tokens
            .get(at)
            .filter(|t| matches!(t.kind, Kind::Word | Kind::Number(_)))
            .map(|t| t.text.as_str())
    }

    pub(super) fn word(&self) -> Option<&'a str> {
        self.word_at(self.at)
    }

    pub(super) fn is_word(&self, words: &[&str]) -> bool {
        self.word().is_some_and(|w| words.contains(&w))
    }

    /// Consumes one of `words` if it comes next.
    pub(super) fn eat(&mut self, words: &[&str]) -> bool {
        let found = self.is_word(words);
        self.at += usize::from(found);
        found
    }

    /// Consumes all of `words` if they come next.
    pub(super) fn eat_phrase(&mut self, words: &[&str]) -> bool {
        let found = (0..)
            .zip(words)
            .all(|(i, w)| self.word_at(self.at + i) == Some(*w));
        if found {
            self.at += words.len();
        }
        found
    }

    pub(super) fn eat_kind(&mut self, kind: &Kind) -> bool {
        let found = self.kind() == Some(kind);
        self.at += usize::from(found);
        found
    }

    /// True at the end of the text or of a sentence.
    pub(super) fn at_end(&self) -> bool {
        matches!(self.kind(), None | Some(Kind::Stop))
    }

    /// The verb that a word is a form of: one that is known, or the name of a skill of the fleet.
    pub(super) fn verb_of(&self, word: &str) -> Option<(verbs::Verb, &'static [verbs::Form])> {
        verbs::verb(word).or_else(|| self.names.own_skills().verb(word))
    }

    pub(super) fn verb_here(&self) -> Option<(verbs::Verb, &'static [verbs::Form])> {
        self.verb_of(self.word()?)
    }

    /// True at a word that is neither a verb nor a function word nor a name.
    pub(super) fn is_unknown_word(&self) -> bool {
        self.word()
            .is_some_and(|w| !FUNCTION_WORDS.contains(&w) && self.verb_of(w).is_none())
    }

    /// The verb that a misspelt `word` may be.
    pub(super) fn verb_like(word: &str) -> String {
        if FUNCTION_WORDS.contains(&word) {
            String::new()
        } else {
            verbs::nearest(word)
        }
    }

    pub(super) fn problem_at(&self, at: usize, text: impl Into<String>) -> Problem {
        Problem::new(at, text, Fault::Grammar)
    }

    pub(super) fn problem(&self, text: impl Into<String>) -> Problem {
        self.problem_at(self.at, text)
    }

    /// The text as written, from token `from` to before token `to`.
    pub(super) fn source(&self, from: usize, to: usize) -> &'a str {
        match (
            self.tokens.get(from),
            self.tokens.get(to.saturating_sub(1).max(from)),
        ) {
            (Some(first), Some(last)) => &self.text[first.span.start..last.span.end],
            _ => "",
        }
    }
}
