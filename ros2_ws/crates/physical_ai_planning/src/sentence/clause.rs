use super::cursor::{Cursor, Parsed};
use super::fault::Fault;
use super::names::{Reference, Thing};
use super::own_skills::OwnValue;
use super::token::Kind;
use super::verbs::{self, Form, Verb};

/// Who is to act.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Subject {
    /// Not said: the subject before, or who can.
    Elided,
    /// `it`.
    It,
    /// `they`, `all` after robots were named.
    They,
    /// `both`: exactly two.
    Both,
    /// Each of these.
    Robots(Vec<String>),
    /// The one of these that can.
    OneOf(Vec<String>),
    /// Any of these that can.
    AnyOf(Vec<String>),
}

/// What is to be moved.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Objects {
    Named(Vec<String>),
    /// `it`, `them`, or not said: what was spoken of, or what is held.
    Pronoun,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    /// Without a place: pick up.
    Transfer {
        objects: Objects,
        place: Option<String>,
    },
    Go {
        place: String,
    },
    GoToPoint(Vec<f64>),
    MoveJoints(Vec<f64>),
    Home,
    Patrol {
        places: Vec<String>,
        rounds: Option<u64>,
    },
    Wait {
        duration_s: f64,
    },
    Gripper(Opening),
    /// A skill that is said by the words of its own name.
    Own {
        skill: String,
        values: Vec<OwnValue>,
    },
}

/// How far a gripper is to open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Opening {
    Widest,
    Closed,
    Metres(f64),
}

/// Where a clause stands: it decides which forms of a verb are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    Main,
    /// After `while`, `before`: "while patrolling".
    Accompanying,
    /// After `after`, `once`, `when`: "once arm_1 has put …".
    Earlier,
}

/// One subject with what it is to do.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Clause {
    pub(super) subject: Subject,
    pub(super) actions: Vec<Action>,
    /// Said to come first.
    pub(super) first: bool,
    /// First token and the one after the last.
    pub(super) tokens: (usize, usize),
}

/// What stands between subject and verb.
#[derive(Debug, Clone, Copy)]
struct Auxiliaries {
    /// A perfect (`has`) is among it.
    perfect: bool,
    words: usize,
}

/// A clause, or a remark that something said before is over.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Spoken {
    Clause(Clause),
    /// `arm_1 is done`; no names: everything so far.
    Done(Vec<String>),
}

const FILLERS: &[&str] = &[
    "please", "now", "also", "let", "have", "tell", "ask", "kindly", "hey", "hi", "hello", "ok",
    "okay",
];
const POLITE: &[&[&str]] = &[
    &["could", "you"],
    &["can", "you"],
    &["would", "you"],
    &["will", "you"],
    &["i", "want", "you", "to"],
    &["i", "need", "you", "to"],
    &["i", "want"],
    &["i", "need"],
];
/// With them it makes no difference which robot is meant.
const ANY: &[&str] = &["a", "an", "any", "some", "one"];
/// Beginnings that say that something comes later.
const FIRST: &[&str] = &["first", "firstly"];
const NEGATIONS: &[&str] = &[
    "not",
    "never",
    "no",
    "don't",
    "don’t",
    "doesn't",
    "doesn’t",
    "won't",
    "can't",
    "cannot",
    "mustn't",
];

impl Cursor<'_> {
    /// True if a clause starts here, one with an unknown subject included.
    pub(super) fn starts_clause(&self) -> bool {
        let mut ahead = self.clone();
        ahead.fillers();
        if !matches!(ahead.subject(), Ok(Subject::Elided)) {
            ahead.eat_kind(&Kind::Comma);
        }
        for _ in 0..4 {
            ahead.auxiliaries(Position::Accompanying);
            if ahead.verb_here().is_some() {
                return true;
            }
            if !ahead.is_unknown_word() {
                return false;
            }
            ahead.at += 1;
        }
        false
    }

    /// Reads a clause.
    pub(super) fn clause(&mut self, position: Position) -> Parsed<Spoken> {
        let start = self.at;
        self.fillers();
        let subject = self.subject()?;
        let behind_subject = self.at;
        if position == Position::Earlier
            && let Some(done) = self.done(&subject)
        {
            return Ok(Spoken::Done(done));
        }
        if subject != Subject::Elided {
            self.eat_kind(&Kind::Comma);
        }
        let auxiliaries = self.auxiliaries(position);
        let verb = match self.verb_before(&subject) {
            Some(verb) => verb,
            None => self.expect_verb(position, auxiliaries.perfect, &subject)?,
        };
        self.verb = Some(verb);
        let mut actions = vec![];
        self.arguments(verb, &mut actions)?;
        while self.eat(&["please", "too", "now", "thanks"])
            || self.eat_phrase(&["thank", "you"])
            || self.eat_phrase(&["if", "you", "please"])
        {}
        let is_first = |at: usize| self.word_at(at).is_some_and(|w| FIRST.contains(&w));
        let first = (start..behind_subject + auxiliaries.words).any(is_first);
        Ok(Spoken::Clause(Clause {
            subject,
            actions,
            first,
            tokens: (start, self.at),
        }))
    }

    fn fillers(&mut self) {
        while self.eat(FILLERS) || self.eat(FIRST) || POLITE.iter().any(|p| self.eat_phrase(p)) {
            self.eat_kind(&Kind::Comma);
        }
    }

    fn subject(&mut self) -> Parsed<Subject> {
        let start = self.at;
        if self.eat(&["it", "he", "she"]) {
            return Ok(Subject::It);
        }
        if self.eat(&["they"]) {
            return Ok(Subject::They);
        }
        if self.eat(&["everyone", "everybody"]) {
            return Ok(Subject::Robots(self.names.robots()));
        }
        match self.reference(Thing::Robot)? {
            Some(Reference::OneOf(names)) => {
                let mut words = (start..self.at).filter_map(|at| self.word_at(at));
                let is_any = words.any(|w| ANY.contains(&w));
                return Ok(if is_any {
                    Subject::AnyOf(names)
                } else {
                    Subject::OneOf(names)
                });
            }
            Some(Reference::Exactly(_)) => {}
            None => {
                let many = match self.word() {
                    Some("both") => Some(Subject::Both),
                    Some("all" | "each") => Some(Subject::They),
                    _ => None,
                };
                self.at += usize::from(many.is_some());
                if let Some(many) = many.filter(|_| self.verb_here().is_some()) {
                    return Ok(many);
                }
                self.at = start;
                return Ok(Subject::Elided);
            }
        }
        self.at = start;
        let mut robots = self.list(Thing::Robot)?;
        let mut seen = std::collections::BTreeSet::new();
        robots.retain(|r| seen.insert(r.clone()));
        Ok(Subject::Robots(robots))
    }

    /// Skips what stands between subject and verb.
    fn auxiliaries(&mut self, position: Position) -> Auxiliaries {
        let (start, mut perfect) = (self.at, false);
        loop {
            let has = self.eat(&["has", "have"]);
            perfect |= has;
            let skipped =
                has || self.eat(&[
                    "is", "are", "should", "must", "shall", "will", "to", "needs", "starts",
                    "begins",
                ]) || self.eat(&["please", "now", "also", "first", "both", "each", "all"])
                    || (position == Position::Earlier
                        && self.eat(&["finished", "finishes", "finish", "done"]));
            if !skipped {
                return Auxiliaries {
                    perfect,
                    words: self.at - start,
                };
            }
        }
    }

    /// `is done`, `are finished`, `has finished`, `finishes`, with nothing after it.
    fn done(&mut self, subject: &Subject) -> Option<Vec<String>> {
        let start = self.at;
        let all =
            *subject == Subject::Elided && self.eat(&["that", "this", "everything", "all", "both"]);
        let robots = match subject {
            Subject::Robots(robots) => robots.clone(),
            Subject::OneOf(robots) | Subject::AnyOf(robots) if robots.len() == 1 => robots.clone(),
            Subject::It | Subject::They | Subject::Both => vec![],
            _ if all => vec![],
            _ => return None,
        };
        while self.eat(&["is", "are", "has", "have", "all", "both"]) {}
        let over = self.eat(&[
            "done",
            "finished",
            "finishes",
            "finish",
            "complete",
            "completed",
            "ready",
        ]);
        if over && self.verb_here().is_none() {
            return Some(robots);
        }
        self.at = start;
        None
    }

    /// The verb that "then to dock_b" or "then home" leaves out.
    fn verb_before(&self, subject: &Subject) -> Option<Verb> {
        let place = matches!(self.kind(), Some(Kind::Name(name)) if name.place);
        let (to, home) = (self.is_word(&["to"]), self.is_word(&["home"]));
        let fits = match self.verb {
            Some(Verb::Go | Verb::Return) => place || to || home,
            Some(Verb::Patrol | Verb::Visit) => place,
            _ => false,
        };
        self.verb.filter(|_| fits && *subject == Subject::Elided)
    }

    fn expect_verb(
        &mut self,
        position: Position,
        perfect: bool,
        subject: &Subject,
    ) -> Parsed<Verb> {
        let Some(word) = self.word() else {
            return Err(self.no_verb(subject));
        };
        let Some((verb, forms)) = self.verb_of(word) else {
            return Err(self.no_verb(subject));
        };
        let previous = self.at.checked_sub(1).and_then(|at| self.word_at(at));
        let progressive = matches!(previous, Some("is" | "are" | "starts" | "begins"));
        let allowed = forms.iter().any(|form| match form {
            Form::Finite => !perfect,
            Form::Gerund => position != Position::Main || progressive,
            Form::Participle => perfect && position == Position::Earlier,
        });
        if !allowed {
            let problem = format!(
                "{word:?} is not an instruction here: say what is to be done, for example \"arm_1 goes home\""
            );
            let problem = self.problem(problem);
            // "Rover_1 has gone home" tells.
            let tells = perfect && position == Position::Main;
            return Err(if tells {
                problem.of(Fault::Question)
            } else {
                problem
            });
        }
        self.at += 1;
        Ok(verb)
    }

    fn no_verb(&mut self, subject: &Subject) -> super::cursor::Problem {
        let start = self.at;
        if let Some(word) = self.word().filter(|w| NEGATIONS.contains(w)) {
            return self
                .problem(format!(
                    "{word:?} is not understood: say what is to be done, not what is not"
                ))
                .of(Fault::Negation);
        }
        if *subject != Subject::Elided {
            let what = self.word().map_or_else(
                || "it does not say what to do".to_owned(),
                |w| format!("{w:?} is not understood{}", Self::verb_like(w)),
            );
            return self.problem(format!("{what}: known are {}", verbs::KNOWN));
        }
        // Unknown words in front of a verb are a subject that the fleet does not have.
        let mut ahead = self.clone();
        ahead.eat(&["the", "a", "an"]);
        let first = ahead.at;
        while ahead.at < first + 4 && ahead.is_unknown_word() {
            ahead.at += 1;
        }
        let end = ahead.at;
        ahead.auxiliaries(Position::Accompanying);
        if end > first && ahead.verb_here().is_some() {
            return self.unknown_name(Thing::Robot, first, end);
        }
        match self.kind() {
            None | Some(Kind::Stop) => {
                self.problem_at(start, "it ends where something to do is expected")
            }
            Some(_) => {
                let word = self.source(start, start + 1);
                let hint = self.word().map_or_else(String::new, Self::verb_like);
                self.problem(format!(
                    "{word:?} is not understood{hint}: known are {}",
                    verbs::KNOWN
                ))
            }
        }
    }
}
