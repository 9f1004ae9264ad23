//! Words that change what a sentence means and that no plan can hold: negations, conditions, repetitions and
//! qualifiers. Where the grammar does not read a sentence, one of them is the reason, and no model may pass it over.

use super::cursor::Problem;
use super::fault::Fault;
use super::names::Names;
use super::quantity::NUMBER_WORDS;
use super::token::{Kind, Token};
use super::verbs::{self, Form};

/// Words one after the other; `#` stands for a number, `*ing` for the gerund of a known verb.
type Phrases = &'static [&'static str];

const NEGATIONS: Phrases = &[
    "not",
    "never",
    "no",
    "none",
    "nobody",
    "nothing",
    "nowhere",
    "neither",
    "nor",
    "cannot",
    "dont",
    "doesnt",
    "cant",
    "wont",
    "mustnt",
    "shouldnt",
    "without",
    "except",
    "excepting",
    "excluding",
    "excludes",
    "exclude",
    "avoid",
    "avoids",
    "avoiding",
    "refrain",
    "refrains",
    "omit",
    "omits",
    "omitting",
    "skip",
    "skips",
    "skipping",
    "ignore",
    "ignores",
    "ignoring",
    "alone",
    "untouched",
    "refuse",
    "refuses",
    "forbidden",
    "prohibited",
    "spare",
    "spares",
    "stay away",
    "stays away",
    "keep away",
    "keeps away",
    "keep out",
    "keeps out",
    "stay out",
    "stays out",
    "stay clear",
    "stays clear",
    "steer clear",
    "steers clear",
    "away from",
    "instead of",
    "rather than",
    "anything but",
    "apart from",
    "other than",
    "all but",
    "stop *ing",
    "stops *ing",
    "quit *ing",
    "quits *ing",
    "cease *ing",
    "ceases *ing",
    "hold off",
];
const CONDITIONS: Phrases = &[
    "if",
    "unless",
    "until",
    "till",
    "provided",
    "providing",
    "assuming",
    "supposing",
    "whenever",
    "otherwise",
    "else",
    "whether",
    "or",
    "either",
    "maybe",
    "perhaps",
    "possibly",
    "probably",
    "depending",
    "as long as",
    "so long as",
    "in case",
    "lest",
    "should it",
    "should that",
    "should this",
    "should anything",
    "as far as possible",
    "where possible",
    "as needed",
    "when needed",
    "as necessary",
    "when necessary",
    "optionally",
];
const QUALIFIERS: Phrases = &[
    // How often.
    "every #",
    "every second",
    "every seconds",
    "every minute",
    "every minutes",
    "every hour",
    "every hours",
    "every day",
    "every night",
    "every morning",
    "every evening",
    "every week",
    "every time",
    "every other",
    "every few",
    "each time",
    "each second",
    "each minute",
    "each hour",
    "each day",
    "hourly",
    "daily",
    "weekly",
    "nightly",
    "forever",
    "endlessly",
    "constantly",
    "continuously",
    "continually",
    "always",
    "repeatedly",
    "periodically",
    "regularly",
    "indefinitely",
    "nonstop",
    "non-stop",
    "over and over",
    "again and again",
    "all day",
    "all night",
    "in a loop",
    "often",
    "sometimes",
    "occasionally",
    "frequently",
    "times a",
    "times an",
    "times per",
    "twice a",
    "twice per",
    "twice an",
    "once a",
    "once an",
    "once per",
    "per second",
    "per minute",
    "per hour",
    "per day",
    // In which order.
    "reverse",
    "reversed",
    "backwards",
    "backward",
    "alternate",
    "alternates",
    "alternately",
    "alternating",
    "random",
    "randomly",
    "shuffled",
    "vice versa",
    "any order",
    "opposite order",
    "other way round",
    "other way around",
    "alphabetical",
    "alphabetically",
    // How.
    "slow",
    "slowly",
    "slower",
    "quick",
    "quickly",
    "quicker",
    "fast",
    "faster",
    "rapidly",
    "swiftly",
    "hurriedly",
    "carefully",
    "careful",
    "gently",
    "gentle",
    "softly",
    "quietly",
    "silently",
    "smoothly",
    "cautiously",
    "speed",
    "speeds",
    "pace",
    "halfway",
    "half-way",
    "half way",
    "midway",
    "partway",
    "part way",
    "partially",
    "partly",
    "almost",
    "nearly",
    "approximately",
    "roughly",
    "barely",
    "slightly",
    "somewhat",
    "at least",
    "at most",
    "more than",
    "less than",
    "fewer than",
    "about #",
    "around #",
    "circa",
    "only",
    "upside",
    "sideways",
    "diagonally",
    "one-handed",
    // Where beside what is named.
    "near",
    "nearby",
    "nearest",
    "closest",
    "farthest",
    "furthest",
    "beside",
    "next to",
    "close to",
    "close by",
    "behind",
    "in front",
    "beneath",
    "below",
    "under",
    "underneath",
    "above",
    "left of",
    "right of",
    "to the left",
    "to the right",
    "opposite",
    "outside",
    "beyond",
    "past",
    "alongside",
    "edge of",
    "corner of",
    "side of",
    "north of",
    "south of",
    "east of",
    "west of",
    "further",
    "metres from",
    "meters from",
    "m from",
    "cm from",
    "short of",
    "clockwise",
    "counterclockwise",
    "anticlockwise",
    // When.
    "tomorrow",
    "tonight",
    "yesterday",
    "later",
    "noon",
    "midnight",
    "o'clock",
    "pm",
    "within",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "morning",
    "afternoon",
    "evening",
    "lunch",
    "in # seconds",
    "in # second",
    "in # s",
    "in # minutes",
    "in # minute",
    "in # min",
    "in # hours",
    "in # hour",
    "after # seconds",
    "after # second",
    "after # s",
    "after # minutes",
    "after # minute",
    "after # min",
    "after # hours",
    "after # hour",
    "in a second",
    "in a minute",
    "in a moment",
    "in an hour",
    "after a minute",
    "after a second",
    "after an hour",
    "deadline",
    // How many.
    "several",
    "few",
    "most",
    "many",
    "half of",
    "half the",
    "one of",
    "any of",
    "some of",
];
/// What is told, and not asked for.
const REPORTS: Phrases = &[
    "was going to",
    "were going to",
    "was about to",
    "were about to",
    "wanted to",
    "used to",
    "had to",
    "thought of",
    "thought about",
    "thinking of",
    "thinking about",
    "would have",
    "should have",
    "could have",
    "wish",
    "wished",
    "imagine",
    "suppose",
    "pretend",
    "hypothetically",
    "already",
    "what if",
    "went",
    "planned to",
    "meant to",
    "tried to",
    "why",
    "who",
    "how",
];
const CORRECTIONS: Phrases = &[
    "i mean",
    "i meant",
    "sorry",
    "actually",
    "correction",
    "scratch that",
    "instead",
    "oops",
    "whoops",
    "make that",
    "make it",
    "nevermind",
    "cancel that",
    "forget",
    "second thought",
    "rather",
    "undo",
    "strike that",
    "better still",
    "better yet",
    "hmm",
    "wait ,",
];
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
    let lists = [
        (
            NEGATIONS,
            Fault::Negation,
            "is not understood: say what is to be done, not what is not",
        ),
        (
            CONDITIONS,
            Fault::Condition,
            "is not understood: conditions are not supported; say what is to be done, and in which order",
        ),
        (
            REPORTS,
            Fault::Question,
            "tells or asks, and does not order: say what is to be done",
        ),
        (
            CORRECTIONS,
            Fault::Correction,
            "is not understood: say only what is to be done, once",
        ),
        (
            QUALIFIERS,
            Fault::Qualifier,
            "would be ignored, since no plan can hold it: leave it out",
        ),
    ];
    for (phrases, fault, advice) in lists {
        let words = phrases
            .iter()
            .filter_map(|p| length_of(p, tokens, at))
            .max();
        let is_contracted = || tokens[at].text.ends_with("n't") || tokens[at].text.ends_with("n’t");
        let words = words.or_else(|| {
            let negates =
                fault == Fault::Negation && tokens[at].kind == Kind::Word && is_contracted();
            negates.then_some(1)
        });
        if let Some(words) = words {
            let is_auxiliary = |t: &&Token| AUXILIARIES.contains(&t.text.as_str());
            let before = at
                .checked_sub(1)
                .and_then(|i| tokens.get(i))
                .filter(is_auxiliary);
            let before = before.filter(|_| fault == Fault::Negation);
            let said = before.into_iter().chain(&tokens[at..at + words]);
            let said: Vec<&str> = said.map(|t| t.text.as_str()).collect();
            let text = format!("{:?} {advice}", said.join(" "));
            return Some(Problem::new(at, text, fault));
        }
    }
    None
}

/// Tokens that a phrase takes from `at` on.
fn length_of(phrase: &str, tokens: &[Token], at: usize) -> Option<usize> {
    let mut words = 0;
    for part in phrase.split(' ') {
        let token = tokens.get(at + words)?;
        let fits = match (part, &token.kind) {
            ("#", Kind::Number(_)) => true,
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
        let has = |is: fn(&u8) -> bool| token.text.as_bytes().iter().any(|b| is(b));
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
