//! Plain English, by rules: what is not understood is an error, never a guess.
//!
//! # What it understands
//! Clauses of the form ROBOT VERB …, joined by words that say when:
//! - `while`, `meanwhile`, and `and` or a comma before another robot: at the same time.
//! - `then`, `after that`, `before`, `;` and a full stop: after everything before has succeeded.
//!   `after A, B`, `once A, B` and `B after A` turn the order round.
//! - Clauses of one robot run one after the other. A subject that is not said is that of the clause
//!   before, or the only robot that can do it.
//!
//! Binding is weakest for words of sequence: "A while B, then C" is (A and B), then C.

mod arguments;
mod clause;
mod cursor;
mod fault;
mod grammar;
mod korean;
mod names;
mod ordinary;
mod own_skills;
mod quantity;
mod skills;
mod subjects;
mod tasks;
#[cfg(test)]
mod tests;
mod token;
mod unplannable;
mod verbs;

use cursor::{Cursor, Problem};
pub use fault::Fault;
use names::Names;
use token::{Kind, Token};

use physical_ai_domain::Plan;
use physical_ai_fleet::{Fleet, validate};

use crate::Error;
use crate::ladder::is_korean;

/// Longest mission in plain language, bytes.
pub const MAX_TEXT_BYTES: usize = 16 << 10;
/// Longest excerpt of the text in an error message, characters.
const MAX_EXCERPT_CHARS: usize = 120;

/// The deterministic rung of the planning ladder: English by rules, without a model.
#[derive(Debug, Clone, Copy, Default)]
pub struct SentenceParser;

impl SentenceParser {
    /// The plan of a text for a fleet.
    ///
    /// # Errors
    /// [`Error::Sentence`] naming the part that is not understood, [`Error::TooLong`], [`Error::Invalid`].
    pub fn read(&self, text: &str, fleet: &Fleet) -> Result<Plan, Error> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(Error::TooLong {
                field: "text",
                observed: text.len(),
                allowed: MAX_TEXT_BYTES,
            });
        }
        let names = Names::new(fleet);
        let tokens = token::tokens(text, &names);
        let cursor = Cursor {
            text,
            tokens: &tokens,
            names: &names,
            at: 0,
            verb: None,
        };
        let error = |problem: Problem, (start, end): (usize, usize)| Error::Sentence {
            clause: excerpt(cursor.source(start, end)),
            problem: problem.text,
            fault: problem.fault,
        };
        if is_korean(text) {
            // English words in it count as well.
            let mixed = unplannable::unplannable(&tokens);
            return Err(mixed.map_or_else(
                || unread_korean(text),
                |problem| error(problem, (0, tokens.len())),
            ));
        }
        if let Some(problem) = unplannable::question(&tokens) {
            let around = clause_around(&tokens, problem.at);
            return Err(error(problem, around));
        }
        let groups = grammar::groups(cursor.clone()).map_err(|problem| {
            // What no plan can hold is the better reason, and one that stands.
            let better = unplannable::unplannable(&tokens);
            let is_unread = problem.fault == Fault::Grammar;
            let of_nobody =
                || is_unread.then(|| unplannable::name_of_nobody(text, &tokens, &names))?;
            let repeated = || is_unread.then(|| unplannable::repetition(&tokens, problem.at))?;
            let problem = better
                .or_else(of_nobody)
                .or_else(repeated)
                .unwrap_or(problem);
            let around = clause_around(&tokens, problem.at);
            error(problem, around)
        })?;
        let plan =
            tasks::plan(groups, fleet).map_err(|(problem, tokens)| error(problem, tokens))?;
        let violations = validate(&plan, fleet);
        if violations.is_empty() {
            Ok(plan)
        } else {
            Err(Error::Invalid(violations))
        }
    }
}

/// The rules know no Korean, but words that no plan can hold.
fn unread_korean(text: &str) -> Error {
    let (fault, problem) = korean::unplannable(text).unwrap_or_else(|| {
        let problem =
            "한국어는 규칙으로 읽지 않습니다: 언어 모델(planner_worker)이 읽습니다".to_owned();
        (Fault::Grammar, problem)
    });
    Error::Sentence {
        clause: excerpt(text),
        problem,
        fault,
    }
}

/// Tokens of the clause that holds token `at`: up to the words that join clauses.
fn clause_around(tokens: &[Token], at: usize) -> (usize, usize) {
    let joins = |token: &Token| {
        token.kind == Kind::Stop
            || (token.kind == Kind::Word
                && matches!(
                    token.text.as_str(),
                    "then" | "while" | "before" | "after" | "once" | "when"
                ))
    };
    let at = at.min(tokens.len().saturating_sub(1));
    let start = tokens[..at].iter().rposition(joins).map_or(0, |i| i + 1);
    let length = tokens.iter().skip(at + 1).take_while(|t| !joins(t)).count();
    let mut end = (at + 1 + length).min(tokens.len());
    while end > start + 1 && tokens[end - 1].kind == Kind::Comma {
        end -= 1;
    }
    (start, end)
}

fn excerpt(text: &str) -> String {
    if text.chars().count() <= MAX_EXCERPT_CHARS {
        return text.to_owned();
    }
    text.chars()
        .take(MAX_EXCERPT_CHARS)
        .chain("…".chars())
        .collect()
}
