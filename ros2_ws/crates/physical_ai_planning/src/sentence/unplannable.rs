//! Words that change what a sentence means and that no plan can hold: negations, conditions, repetitions and
//! qualifiers. Where the grammar does not read a sentence, one of them is the reason, and no model may pass it over.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::OnceLock;

use super::cursor::Problem;
use super::fault::Fault;
use super::names::Names;
use super::quantity::NUMBER_WORDS;
use super::token::{Kind, Token};
use super::verbs::{self, Form};

/// By kind; those of a kind are in lines of their own.
const PHRASES: &str = include_str!("unplannable.txt");
/// Kinds, the fault that each is, and what to do about it.
const KINDS: [(&str, Fault, &str); 5] = [
    (
        "negation",
        Fault::Negation,
        "is not understood: say what is to be done, not what is not",
    ),
    (
        "condition",
        Fault::Condition,
        "is not understood: conditions are not supported; say what is to be done, and in which order",
    ),
    (
        "report",
        Fault::Question,
        "tells or asks, and does not order: say what is to be done",
    ),
    (
        "correction",
        Fault::Correction,
        "is not understood: say only what is to be done, once",
    ),
    (
        "qualifier",
        Fault::Qualifier,
        "would be ignored, since no plan can hold it: leave it out",
    ),
];

/// The phrases of a kind in a text of lines `kind: phrase | phrase`.
pub(super) fn phrases(text: &'static str, kind: &str) -> impl Iterator<Item = &'static str> {
    let of_kind = text.lines().filter_map(move |line| {
        let (name, listed) = line.split_once(": ")?;
        (name == kind).then_some(listed)
    });
    of_kind.flat_map(|listed| listed.split(" | "))
}

const STOPS: &[&str] = &[
    "stop",
    "stops",
    "halt",
    "halts",
    "freeze",
    "freezes",
    "abort",
    "aborts",
    "cancel",
    "cancels",
    "estop",
    "e-stop",
    "emergency",
];
/// They stand before "not".
const AUXILIARIES: &[&str] = &[
    "do", "does", "did", "is", "are", "must", "should", "shall", "will", "may", "can", "would",
    "could", "need", "has", "have",
];
/// With them "if" says what is to be done about a failure, which a plan can hold.
const FAILURES: &[&str] = &[
    "fail",
    "fails",
    "failed",
    "failure",
    "work",
    "works",
    "wrong",
    "problem",
    "problems",
    "impossible",
    "can't",
    "cannot",
    "won't",
];
/// What may be done about one.
const POLICIES: &[&str] = &[
    "skip", "ignore", "forget", "without", "never", "no", "don't",
];
/// Words between "if" and "fails".
const MOST_UP_TO_FAILURE: usize = 10;

/// The first words of a sentence that no plan can hold.
pub(super) fn unplannable(tokens: &[Token]) -> Option<Problem> {
    if let Some(problem) = stop(tokens) {
        return Some(problem);
    }
    let has_policy = (0..tokens.len()).any(|at| failure_policy(tokens, at).is_some());
    let mut at = 0;
    while at < tokens.len() {
        if has_policy && POLICIES.contains(&tokens[at].text.as_str()) {
            at += 1;
            continue;
        }
        if let Some(end) = failure_policy(tokens, at) {
            at = end;
            continue;
        }
        if let Some(problem) = unplannable_at(tokens, at) {
            return Some(problem);
        }
        at += 1;
    }
    None
}

fn unplannable_at(tokens: &[Token], at: usize) -> Option<Problem> {
    if let Some(text) = unreadable(tokens, at) {
        return Some(Problem::new(at, text, Fault::Number));
    }
    if let Some(problem) = late_first(tokens, at) {
        return Some(problem);
    }
    let (kind, words) = phrase_at(tokens, at)?;
    let (_, fault, advice) = KINDS[kind];
    let is_auxiliary = |t: &&Token| AUXILIARIES.contains(&t.text.as_str());
    let before = at.checked_sub(1).and_then(|i| tokens.get(i));
    let before = before.filter(|t| fault == Fault::Negation && is_auxiliary(t));
    let said = before.into_iter().chain(&tokens[at..at + words]);
    let said: Vec<&str> = said.map(|t| t.text.as_str()).collect();
    let text = format!("{:?} {advice}", said.join(" "));
    Some(Problem::new(at, text, fault))
}

/// "Goes to dock_b and dock_a first": what comes first is said last.
fn late_first(tokens: &[Token], at: usize) -> Option<Problem> {
    let is_thing = |t: &Token| matches!(&t.kind, Kind::Name(name) if !name.robot);
    let is_late = tokens[at].text == "first"
        && at > 0
        && is_thing(&tokens[at - 1])
        && tokens[..at - 1].iter().any(is_thing);
    let text = "\"first\" is said of what does not come first: say it in order";
    is_late.then(|| Problem::new(at, text, Fault::Qualifier))
}

/// The kind of the longest phrase from `at` on, and its tokens; of several kinds the first counts.
fn phrase_at(tokens: &[Token], at: usize) -> Option<(usize, usize)> {
    /// Phrases and the places of their kinds, by their first words.
    type ByFirst = HashMap<&'static str, Vec<(usize, &'static str)>>;
    static BY_FIRST: OnceLock<ByFirst> = OnceLock::new();
    let by_first = BY_FIRST.get_or_init(|| {
        let mut by_first = ByFirst::new();
        for (kind, (name, ..)) in KINDS.iter().enumerate() {
            for phrase in phrases(PHRASES, name) {
                let first = phrase.split(' ').next().unwrap_or_default();
                by_first.entry(first).or_default().push((kind, phrase));
            }
        }
        by_first
    });
    let token = &tokens[at];
    let is_contracted = token.text.ends_with("n't") || token.text.ends_with("n’t");
    if token.kind == Kind::Word && is_contracted {
        return Some((0, 1));
    }
    let first = if matches!(token.kind, Kind::Name(_)) {
        "@"
    } else {
        token.text.as_str()
    };
    let begun = by_first.get(first)?.iter();
    let found = begun.filter_map(|(kind, phrase)| Some((*kind, length_of(phrase, tokens, at)?)));
    found.min_by_key(|(kind, words)| (*kind, Reverse(*words)))
}

/// Tokens that a phrase takes from `at` on.
fn length_of(phrase: &str, tokens: &[Token], at: usize) -> Option<usize> {
    let mut words = 0;
    for part in phrase.split(' ') {
        let token = tokens.get(at + words)?;
        let fits = match (part, &token.kind) {
            ("#", Kind::Number(_)) | ("@", Kind::Name(_)) => true,
            ("#", Kind::Word) => NUMBER_WORDS.contains(&token.text.as_str()),
            ("*ing", Kind::Word) => {
                verbs::verb(&token.text).is_some_and(|(_, forms)| forms.contains(&Form::Gerund))
            }
            (",", Kind::Comma) => true,
            (word, Kind::Word) => token.text == word,
            _ => false,
        };
        if !fits {
            return None;
        }
        words += 1;
    }
    Some(words)
}

/// "1e3", "3rd", "5k": what stands to a number without a space is its unit, or it is not read.
fn unreadable(tokens: &[Token], at: usize) -> Option<String> {
    const GLUED: &[&str] = &[
        "s", "sec", "secs", "ms", "min", "mins", "h", "m", "cm", "mm", "x", "rad",
    ];
    let (number, next) = (&tokens[at], tokens.get(at + 1)?);
    let is_glued = number.span.end == next.span.start && next.kind == Kind::Word;
    let Kind::Number(_) = number.kind else {
        let sign = ["minus", "negative"].contains(&number.text.as_str());
        let is_signed = sign && matches!(next.kind, Kind::Number(_));
        return is_signed.then(|| {
            format!(
                "\"{} {}\" is not read: write \"-{}\"",
                number.text, next.text, next.text
            )
        });
    };
    let latin = next.text.trim_end_matches(|c: char| !c.is_ascii());
    let is_unit = GLUED.contains(&latin)
        || !next
            .text
            .starts_with(|c: char| c.is_ascii_alphanumeric() || "_^*'°%".contains(c));
    (is_glued && !is_unit).then(|| {
        format!(
            "\"{}{}\" is not a number that is read: write digits, for example 1000 or 0.5, and a unit",
            number.text, next.text
        )
    })
}

/// `if that fails`: where it ends, if it begins here.
fn failure_policy(tokens: &[Token], at: usize) -> Option<usize> {
    // "If you please" is polite.
    let polite = [
        "if you please",
        "if you like",
        "if you don't mind",
        "if you would",
    ];
    if let Some(words) = polite.iter().find_map(|p| length_of(p, tokens, at)) {
        return Some(at + words);
    }
    let begins = matches!(
        tokens[at].text.as_str(),
        "if" | "should" | "when" | "in" | "on" | "upon"
    );
    let ahead = tokens.get(at + 1..)?.iter().take(MOST_UP_TO_FAILURE);
    let fails = ahead
        .take_while(|t| matches!(t.kind, Kind::Word | Kind::Name(_)))
        .position(|t| FAILURES.contains(&t.text.as_str()))?;
    begins.then_some(at + fails + 2)
}

/// "Stop all robots" is no mission.
fn stop(tokens: &[Token]) -> Option<Problem> {
    let at = tokens
        .iter()
        .position(|t| t.kind == Kind::Word && STOPS.contains(&t.text.as_str()))?;
    let is_elsewhere = tokens.iter().any(|t| match &t.kind {
        Kind::Name(name) => !name.robot,
        Kind::Number(_) => true,
        Kind::Word => verbs::verb(&t.text).is_some(),
        _ => false,
    });
    let has_policy = (0..tokens.len()).any(|at| failure_policy(tokens, at).is_some());
    (!is_elsewhere && !has_policy).then(|| {
        let text = format!(
            "{:?} is no mission: `physical-ai estop` is the emergency stop, `physical-ai mission cancel ID` (or \
             `cancel all`) ends a mission",
            tokens[at].text
        );
        Problem::new(at, text, Fault::Stop)
    })
}

/// Words that ask for something to be done.
const REQUESTS: &[&str] = &["could", "can", "would", "will"];

/// The first question that is no polite order.
pub(super) fn question(tokens: &[Token]) -> Option<Problem> {
    let at = tokens.iter().enumerate().position(|(at, token)| {
        let begin = tokens[..at]
            .iter()
            .rposition(|t| t.kind == Kind::Stop)
            .map_or(0, |i| i + 1);
        let asks =
            |pair: &[Token]| REQUESTS.contains(&pair[0].text.as_str()) && pair[1].text == "you";
        token.text == "?" && !tokens[begin..at].windows(2).any(asks)
    })?;
    let text = "a question is no mission: say what is to be done";
    Some(Problem::new(at, text, Fault::Question))
}

/// The first word that looks like a name, since digits are in it, and is none of the fleet's.
pub(super) fn name_of_nobody(text: &str, tokens: &[Token], names: &Names) -> Option<Problem> {
    let is_like_name = |token: &Token| {
        let has = |is: fn(&u8) -> bool| token.text.as_bytes().iter().any(is);
        token.kind == Kind::Word && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
    };
    let at = tokens.iter().position(is_like_name)?;
    Some(Problem::new(
        at,
        names.unknown_to_all(&text[tokens[at].span.clone()]),
        Fault::Name,
    ))
}

/// "Twice", "3 times" where nothing is repeated.
pub(super) fn repetition(tokens: &[Token], at: usize) -> Option<Problem> {
    let counted = ["times", "time", "rounds", "round", "laps", "lap", "x"];
    let words = counted
        .iter()
        .filter_map(|word| length_of(&format!("# {word}"), tokens, at));
    let length = words
        .chain(
            ["twice", "thrice"]
                .iter()
                .filter_map(|w| length_of(w, tokens, at)),
        )
        .next()?;
    let said: Vec<&str> = tokens[at..at + length]
        .iter()
        .map(|t| t.text.as_str())
        .collect();
    let text = format!(
        "{:?} would be ignored, since only a patrol is repeated: say each time what is to be done",
        said.join(" ")
    );
    Some(Problem::new(at, text, Fault::Qualifier))
}
