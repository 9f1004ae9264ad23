use super::cursor::{Cursor, Parsed};
use super::names::{Reference, Thing};
use super::token::Kind;
use super::verbs::{self, Form, Verb};

/// Who is to act.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Subject {
    /// Not said: the subject before, or who can.
    Elided,
    /// `it`.
    It,
    /// `they`, `both` after robots were named.
    They,
    /// Each of these.
    Robots(Vec<String>),
    /// The one of these that can.
    OneOf(Vec<String>),
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
    /// First token and the one after the last.
    pub(super) tokens: (usize, usize),
}

/// A clause, or a remark that something said before is over.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Spoken {
    Clause(Clause),
    /// `arm_1 is done`; no names: everything so far.
    Done(Vec<String>),
}

const FILLERS: &[&str] = &[
    "please", "now", "also", "first", "firstly", "let", "have", "make", "tell", "ask",
];
const PARTICLES: &[&str] = &["up", "down", "back"];
const INTO: &[&str] = &["in", "into", "to", "on", "onto", "at", "inside"];

impl Cursor<'_> {
    /// True if a clause starts here, one with an unknown subject included.
    pub(super) fn starts_clause(&self) -> bool {
        let mut ahead = self.clone();
        while ahead.eat(FILLERS) {}
        if !matches!(ahead.subject(), Ok(Subject::Elided)) {
            ahead.eat_kind(&Kind::Comma);
        }
        for _ in 0..4 {
            ahead.auxiliaries(Position::Accompanying);
            if ahead.word().and_then(verbs::verb).is_some() {
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
        while self.eat(FILLERS) {}
        let subject = self.subject()?;
        if position == Position::Earlier
            && let Some(done) = self.done(&subject)
        {
            return Ok(Spoken::Done(done));
        }
        if subject != Subject::Elided {
            self.eat_kind(&Kind::Comma);
        }
        let auxiliaries = self.auxiliaries(position);
        let verb = self.expect_verb(position, auxiliaries, &subject)?;
        let mut actions = vec![];
        self.arguments(verb, &mut actions)?;
        self.eat(&["please", "too", "now"]);
        Ok(Spoken::Clause(Clause {
            subject,
            actions,
            tokens: (start, self.at),
        }))
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
            Some(Reference::OneOf(names)) => return Ok(Subject::OneOf(names)),
            Some(Reference::Exactly(_)) => {}
            None => {
                let bare = self.eat(&["both", "all", "each"]);
                if bare && self.word().and_then(verbs::verb).is_some() {
                    return Ok(Subject::They);
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

    /// Skips what stands between subject and verb; true if a perfect (`has`) was among it.
    fn auxiliaries(&mut self, position: Position) -> bool {
        let mut perfect = false;
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
                return perfect;
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
            Subject::OneOf(robots) if robots.len() == 1 => robots.clone(),
            Subject::It | Subject::They => vec![],
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
        if over && self.word().and_then(verbs::verb).is_none() {
            return Some(robots);
        }
        self.at = start;
        None
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
        let Some((verb, forms)) = verbs::verb(word) else {
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
            return Err(self.problem(problem));
        }
        self.at += 1;
        Ok(verb)
    }

    fn no_verb(&mut self, subject: &Subject) -> super::cursor::Problem {
        let start = self.at;
        if *subject != Subject::Elided {
            let what = self.word().map_or_else(
                || "it does not say what to do".to_owned(),
                |w| format!("{w:?} is not understood{}", verbs::nearest(w)),
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
        if end > first && ahead.word().and_then(verbs::verb).is_some() {
            let problem = self.names.unknown(Thing::Robot, self.source(first, end));
            return self.problem_at(first, problem);
        }
        match self.kind() {
            None | Some(Kind::Stop) => {
                self.problem_at(start, "it ends where something to do is expected")
            }
            Some(_) => {
                let word = self.source(start, start + 1);
                let hint = self.word().map_or_else(String::new, verbs::nearest);
                self.problem(format!(
                    "{word:?} is not understood{hint}: known are {}",
                    verbs::KNOWN
                ))
            }
        }
    }

    fn arguments(&mut self, verb: Verb, actions: &mut Vec<Action>) -> Parsed<()> {
        match verb {
            Verb::Put | Verb::Pick | Verb::Take => self.transfers(verb, actions),
            Verb::Move | Verb::Go => self.motion(verb, actions),
            Verb::Return => self.way_back(actions),
            Verb::Set => match self.gripper_or_joints(None)? {
                Some(action) => {
                    actions.push(action);
                    Ok(())
                }
                None => self.transfers(Verb::Put, actions),
            },
            Verb::Patrol | Verb::Visit => {
                let before = self.rounds()?;
                self.eat(&["between", "around", "through"]);
                let places = self.list(Thing::Place)?;
                let after = self.rounds()?;
                if before.is_some() && after.is_some() {
                    return Err(self.problem("the number of rounds is given twice"));
                }
                actions.push(Action::Patrol {
                    places,
                    rounds: before.or(after),
                });
                Ok(())
            }
            Verb::Wait => {
                let duration_s = self.duration_s()?;
                actions.push(Action::Wait { duration_s });
                Ok(())
            }
            Verb::Open | Verb::Close => {
                let opening = if verb == Verb::Open {
                    Opening::Widest
                } else {
                    Opening::Closed
                };
                let action = self.gripper_or_joints(Some(opening))?;
                actions.push(action.ok_or_else(|| {
                    self.problem("only a gripper can be opened and closed: say \"the gripper\"")
                })?);
                Ok(())
            }
        }
    }

    /// `the red box in bin_b and the blue box in bin_a`.
    fn transfers(&mut self, verb: Verb, actions: &mut Vec<Action>) -> Parsed<()> {
        // "picks and places the red box in bin_b".
        let start = self.at;
        let mut verb = verb;
        if verb == Verb::Pick
            && self.eat(&["and"])
            && self
                .word()
                .and_then(verbs::verb)
                .is_some_and(|(v, _)| v == Verb::Put)
        {
            self.at += 1;
            verb = Verb::Put;
        } else {
            self.at = start;
        }
        loop {
            while self.eat(PARTICLES) {}
            let pronoun = self.eat(&["it", "them"]);
            let nothing = !pronoun && (self.is_word(INTO) || self.ends_phrase());
            let objects = if pronoun || nothing {
                Objects::Pronoun
            } else {
                Objects::Named(self.list(Thing::Object)?)
            };
            while self.eat(PARTICLES) {}
            let place = if self.eat(INTO) {
                Some(self.place()?)
            } else {
                None
            };
            match (verb, &place) {
                (Verb::Put, None) => return Err(self.say_where()),
                (Verb::Pick | Verb::Take, _) if nothing => return Err(self.not_a(Thing::Object)),
                _ => {}
            }
            actions.push(Action::Transfer { objects, place });
            let end = self.at;
            let more = self.separator() && !self.starts_clause() && {
                let at = self.at;
                let found = self.reference(Thing::Object)?.is_some();
                self.at = at;
                found
            };
            if !more {
                self.at = end;
                return Ok(());
            }
        }
    }

    fn ends_phrase(&self) -> bool {
        self.at_end()
            || self.kind() == Some(&Kind::Comma)
            || self.is_word(&["and", "then", "while", "before", "after", "once", "when"])
    }

    fn place(&mut self) -> Parsed<String> {
        let start = self.at;
        match self.reference(Thing::Place)? {
            Some(Reference::Exactly(mut names)) if names.len() == 1 => Ok(names.remove(0)),
            Some(Reference::Exactly(names) | Reference::OneOf(names)) => {
                let problem = format!(
                    "{:?} may be {}: say which",
                    self.source(start, self.at),
                    names.join(" or ")
                );
                Err(self.problem_at(start, problem))
            }
            None => Err(self.not_a(Thing::Place)),
        }
    }

    fn say_where(&mut self) -> super::cursor::Problem {
        if self.is_unknown_word() {
            let word = self.source(self.at, self.at + 1);
            return self.problem(format!(
                "{word:?} is not understood: say where to, for example \"in bin_a\""
            ));
        }
        let problem = self.not_a(Thing::Place);
        self.problem(problem.text)
    }

    /// What follows `move` and `go`.
    fn motion(&mut self, verb: Verb, actions: &mut Vec<Action>) -> Parsed<()> {
        if verb == Verb::Move {
            if let Some(action) = self.gripper_or_joints(None)? {
                actions.push(action);
                return Ok(());
            }
            let at = self.at;
            while self.eat(PARTICLES) {}
            let object = self.eat(&["it", "them"]) || self.reference(Thing::Object)?.is_some();
            self.at = at;
            // Unknown words are an object, too: "moves the green box to bin_a".
            let mut ahead = self.clone();
            let determined = ahead.eat(&["the", "a", "an"]);
            if object || (determined && ahead.is_unknown_word()) {
                return self.transfers(Verb::Take, actions);
            }
        }
        let back = self.eat(&["back"]);
        self.eat(&["over", "on"]);
        let to = self.eat(&["to", "towards", "toward"]);
        self.destination(back, to, actions)
    }

    fn way_back(&mut self, actions: &mut Vec<Action>) -> Parsed<()> {
        let at = self.at;
        let object = self.is_word(&["it", "them"]) || self.reference(Thing::Object)?.is_some();
        self.at = at;
        if object {
            return self.transfers(Verb::Take, actions);
        }
        self.eat(&["back"]);
        let to = self.eat(&["to"]);
        self.destination(true, to, actions)
    }

    fn destination(&mut self, back: bool, to: bool, actions: &mut Vec<Action>) -> Parsed<()> {
        let start = self.at;
        self.eat(&["its", "the", "their"]);
        if self.eat(&["home", "start"]) {
            self.eat(&["position", "posture", "place"]);
            actions.push(Action::Home);
            return Ok(());
        }
        self.at = start;
        if back && !to && self.ends_phrase() {
            actions.push(Action::Home);
            return Ok(());
        }
        let point = self.coordinates()?;
        if !point.is_empty() {
            actions.push(Action::GoToPoint(point));
            return Ok(());
        }
        if !to && !self.ends_phrase() && !matches!(self.kind(), Some(Kind::Name(_))) {
            let word = self.source(self.at, self.at + 1);
            return Err(self.problem(format!(
                "{word:?} is not understood: say \"home\", \"to PLACE\" or \"to (x, y)\""
            )));
        }
        for place in self.list(Thing::Place)? {
            actions.push(Action::Go { place });
        }
        Ok(())
    }

    /// `the gripper`, `its gripper to 5 cm`, `its joints to (0, 1, …)`.
    fn gripper_or_joints(&mut self, opening: Option<Opening>) -> Parsed<Option<Action>> {
        let start = self.at;
        self.eat(&["the", "its", "their"]);
        if self.eat(&["gripper", "grippers", "hand", "fingers"]) {
            return Ok(Some(Action::Gripper(if self.eat(&["to"]) {
                Opening::Metres(self.length_m()?)
            } else {
                opening.ok_or_else(|| self.problem("say how wide, for example \"to 5 cm\""))?
            })));
        }
        if self.eat(&["joints"]) {
            self.eat(&["to"]);
            let positions = self.coordinates()?;
            if positions.is_empty() {
                return Err(self.problem("say to which positions, in radians, for example \"to (0, -0.5, 1, 0, 0.5, 0)\""));
            }
            return Ok(Some(Action::MoveJoints(positions)));
        }
        self.at = start;
        Ok(None)
    }
}
