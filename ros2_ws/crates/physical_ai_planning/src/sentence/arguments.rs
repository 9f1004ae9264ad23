use super::clause::{Action, Objects, Opening};
use super::cursor::{Cursor, Parsed};
use super::fault::Fault;
use super::names::{Reference, Thing};
use super::token::Kind;
use super::verbs::Verb;

const PARTICLES: &[&str] = &["up", "down", "back"];
const INTO: &[&str] = &["in", "into", "to", "on", "onto", "at", "inside"];

impl Cursor<'_> {
    /// What follows a verb; one verb may ask for several actions.
    pub(super) fn arguments(&mut self, verb: Verb, actions: &mut Vec<Action>) -> Parsed<()> {
        match verb {
            Verb::Put | Verb::Pick | Verb::Take | Verb::Bring => self.transfers(verb, actions),
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
                    let problem = self.problem("the number of rounds is given twice");
                    return Err(problem.of(Fault::Number));
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
            Verb::Own(verb) => {
                actions.push(self.own_skill(verb)?);
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
            && self.verb_here().is_some_and(|(v, _)| v == Verb::Put)
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
                (Verb::Put | Verb::Bring, None) => return Err(self.say_where()),
                (Verb::Pick | Verb::Take | Verb::Bring, _) if nothing => {
                    return Err(self.not_a(Thing::Object));
                }
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
                Err(self.problem_at(start, problem).of(Fault::Name))
            }
            None => Err(self.not_a(Thing::Place)),
        }
    }

    fn say_where(&mut self) -> super::cursor::Problem {
        if self.word().is_some() && !self.ends_phrase() {
            let word = self.source(self.at, self.at + 1);
            return self.problem(format!(
                "{word:?} is not understood: say where to, for example \"in bin_a\""
            ));
        }
        if let Some(Kind::Name(name)) = self.kind() {
            return self.problem(format!(
                "{:?} is not understood here: say where to, for example \"in bin_a\"",
                name.name
            ));
        }
        self.not_a(Thing::Place)
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
                return self.transfers(Verb::Bring, actions);
            }
        }
        let back = self.eat(&["back"]);
        let goes_on = matches!(self.word_at(self.at + 1), Some("to" | "towards" | "toward"));
        if goes_on {
            self.eat(&["over", "on"]);
        }
        let to = self.eat(&["to", "towards", "toward"]);
        self.destination(back, to, actions)
    }

    fn way_back(&mut self, actions: &mut Vec<Action>) -> Parsed<()> {
        let at = self.at;
        let object = self.is_word(&["it", "them"]) || self.reference(Thing::Object)?.is_some();
        self.at = at;
        if object {
            return self.transfers(Verb::Bring, actions);
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
            if let Some(angle) = positions.iter().find(|p| p.abs() > std::f64::consts::TAU) {
                let problem =
                    format!("{angle} is an angle of more than a turn: angles are in radians");
                return Err(self.problem(problem).of(Fault::Number));
            }
            return Ok(Some(Action::MoveJoints(positions)));
        }
        self.at = start;
        Ok(None)
    }
}
