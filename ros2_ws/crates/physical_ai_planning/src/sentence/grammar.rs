use super::clause::{Clause, Position, Spoken, Subject};
use super::cursor::{Cursor, Parsed};
use super::fault::Fault;
use super::token::Kind;

/// A clause with what its surroundings say about it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) clause: Clause,
    /// Said to happen together with the clauses before it in its group.
    pub(super) parallel: bool,
    /// Robots whose earlier tasks must be done first.
    pub(super) after_robots: Vec<String>,
    /// Number of the sentence: a subject is carried over strictly within one only.
    pub(super) sentence: usize,
}

/// Clauses that may run together; groups run one after the other.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Group {
    pub(super) clauses: Vec<Placed>,
    /// Said together with the group that runs before it, in a main and a subordinate clause.
    pub(super) with_previous: bool,
    order: Order,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Order {
    #[default]
    AsSpoken,
    /// "B after A".
    BeforePrevious,
    /// "before B, A".
    AfterNext,
}

/// A subordinate clause at the start of a sentence: `after A, B`.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Leading {
    While,
    After,
    Before,
}

/// The words between two clauses.
#[derive(Debug, Clone, Copy, Default)]
struct Link {
    at: usize,
    stop: bool,
    comma: bool,
    and: bool,
    then: bool,
    meanwhile: bool,
    subordinator: Option<Leading>,
}

struct Grammar<'a> {
    cursor: Cursor<'a>,
    groups: Vec<Group>,
    leading: Option<Leading>,
    /// Group of the subordinate clause whose main clause comes next.
    main_of: Option<usize>,
    /// An infix `after` or `before` opened the last group: what `and` would join is not clear.
    ambiguous_and: bool,
    /// A clause was said to come first.
    first: bool,
    sentence: usize,
}

/// Reads a whole text: its groups, in the order in which they are to run.
pub(super) fn groups(cursor: Cursor<'_>) -> Parsed<Vec<Group>> {
    let mut grammar = Grammar {
        cursor,
        groups: vec![Group::default()],
        leading: None,
        main_of: None,
        ambiguous_and: false,
        first: false,
        sentence: 0,
    };
    loop {
        let link = grammar.link();
        if grammar.cursor.kind().is_none() {
            grammar.finish(link)?;
            return Ok(in_order(grammar.groups));
        }
        grammar.step(link)?;
    }
}

fn in_order(groups: Vec<Group>) -> Vec<Group> {
    let mut ordered: Vec<Group> = Vec::with_capacity(groups.len());
    for group in groups.into_iter().filter(|g| !g.clauses.is_empty()) {
        let swap = group.order == Order::BeforePrevious
            || ordered.last().is_some_and(|g| g.order == Order::AfterNext);
        let at = ordered.len() - usize::from(swap && !ordered.is_empty());
        let mut group = group;
        if let Some(previous) = ordered.last_mut() {
            // Once swapped, "before" has had its effect.
            previous.order = Order::AsSpoken;
            previous.with_previous |= swap;
            group.with_previous &= !swap;
        }
        ordered.insert(at, group);
    }
    ordered
}

impl Grammar<'_> {
    fn link(&mut self) -> Link {
        let mut link = Link {
            at: self.cursor.at,
            ..Link::default()
        };
        let cursor = &mut self.cursor;
        loop {
            if cursor.eat_kind(&Kind::Stop) {
                link.stop = true;
            } else if cursor.eat_kind(&Kind::Comma) {
                link.comma = true;
            } else if cursor.eat(&["and", "&"]) {
                link.and = true;
            } else if cursor.eat(&["but"]) {
                // "All docks but dock_a" leaves out no verb.
                link.and = true;
                cursor.verb = None;
            } else if cursor.eat_phrase(&["after", "that"])
                || cursor.eat_phrase(&["after", "this"])
                || cursor.eat(&[
                    "then",
                    "afterwards",
                    "afterward",
                    "finally",
                    "lastly",
                    "subsequently",
                ])
            {
                // "after that is done" says the same.
                if cursor.is_word(&["is"]) {
                    cursor.eat_phrase(&["is", "done"]);
                }
                link.then = true;
            } else if cursor.is_word(&["next"]) && cursor.word_at(cursor.at + 1) != Some("to") {
                // "Next to dock_a" is a place.
                cursor.at += 1;
                link.then = true;
            } else if cursor.eat(&["meanwhile", "simultaneously"])
                || cursor.eat_phrase(&["at", "the", "same", "time"])
                || cursor.eat_phrase(&["in", "the", "meantime"])
                || cursor.eat_phrase(&["in", "parallel"])
            {
                // "A and B at the same time." speaks of what came before, "A. Meanwhile, B" of what comes.
                if cursor.at_end() {
                    let group = self.groups.last_mut();
                    for placed in group.into_iter().flat_map(|g| g.clauses.iter_mut().skip(1)) {
                        placed.parallel = true;
                    }
                } else {
                    link.meanwhile = true;
                }
            } else {
                break;
            }
        }
        link.subordinator = self.subordinator();
        link
    }

    fn subordinator(&mut self) -> Option<Leading> {
        let cursor = &mut self.cursor;
        if cursor.eat(&["while", "whilst"]) {
            Some(Leading::While)
        } else if cursor.eat(&["after", "once", "when"]) || cursor.eat_phrase(&["as", "soon", "as"])
        {
            Some(Leading::After)
        } else if cursor.eat(&["before"]) {
            Some(Leading::Before)
        } else {
            None
        }
    }

    fn nothing_yet(&self) -> bool {
        self.groups.iter().all(|g| g.clauses.is_empty())
    }

    fn finish(&self, link: Link) -> Parsed<()> {
        if self.nothing_yet() {
            return Err(self
                .cursor
                .problem_at(0, "it says nothing that is to be done"));
        }
        if link.and || link.then || link.subordinator.is_some() || link.meanwhile {
            return Err(self
                .cursor
                .problem_at(link.at, "it ends where something to do is expected"));
        }
        self.no_main_clause_missing(link.at)?;
        self.first_has_effect()
    }

    /// "First" says that what follows comes later; of clauses that run side by side it would be dropped.
    fn first_has_effect(&self) -> Parsed<()> {
        let mut groups = self.groups.iter().filter(|g| !g.clauses.is_empty());
        let (Some(only), None) = (groups.next(), groups.next()) else {
            return Ok(());
        };
        let is_same = |p: &Placed| {
            p.clause.subject == Subject::Elided
                || p.clause.subject == only.clauses[0].clause.subject
        };
        if self.first && !only.clauses.iter().all(is_same) {
            let problem = "\"first\" would be ignored: say what comes \"then\"";
            return Err(self.cursor.problem_at(0, problem).of(Fault::Qualifier));
        }
        Ok(())
    }

    fn no_main_clause_missing(&self, at: usize) -> Parsed<()> {
        if self.leading.is_none() {
            return Ok(());
        }
        let problem = "the main clause is missing: write a comma and what is to be done";
        Err(self.cursor.problem_at(at.saturating_sub(1), problem))
    }

    /// Reads the clause after `link` and puts it where it belongs.
    fn step(&mut self, link: Link) -> Parsed<()> {
        let first = self.nothing_yet() && self.leading.is_none();
        if link.stop && !first {
            self.no_main_clause_missing(link.at)?;
            self.sentence += 1;
        }
        let unlinked = !(link.stop
            || link.comma
            || link.and
            || link.then
            || link.meanwhile
            || link.subordinator.is_some());
        if unlinked && !first {
            let token = self.cursor.source(self.cursor.at, self.cursor.at + 1);
            return Err(self.cursor.problem(format!(
                "{token:?} is not understood after {:?}: join clauses with \"and\", \"while\", \"then\" or a full stop",
                self.cursor.source(self.cursor.at.saturating_sub(1), self.cursor.at)
            )));
        }
        let starts_sentence = first || link.stop || link.then;
        let parallel = self.open_group(link, starts_sentence);
        let position = match link.subordinator {
            None => Position::Main,
            Some(Leading::After) => Position::Earlier,
            Some(_) => Position::Accompanying,
        };
        match self.cursor.clause(position)? {
            Spoken::Clause(clause) => self.place(clause, parallel, link, starts_sentence),
            Spoken::Done(robots) => self.done(robots, link, starts_sentence, first),
        }
    }

    /// Starts a new group if the link asks for one; true if the next clause is said to be parallel.
    fn open_group(&mut self, link: Link, starts_sentence: bool) -> bool {
        let main = link.subordinator.is_none();
        let closes = main && (link.comma || link.then) && !link.and;
        if let Some(leading) = self.leading.filter(|_| closes) {
            self.leading = None;
            self.main_of = self.groups.len().checked_sub(1);
            if leading == Leading::While && !link.then {
                return true;
            }
            if let Some(group) = self
                .groups
                .last_mut()
                .filter(|_| leading == Leading::Before)
            {
                group.order = Order::AfterNext;
            }
            self.groups.push(Group {
                with_previous: true,
                ..Group::default()
            });
            self.ambiguous_and = false;
            return false;
        }
        let together =
            link.meanwhile || (link.subordinator == Some(Leading::While) && !starts_sentence);
        if starts_sentence && !link.meanwhile {
            self.groups.push(Group::default());
            self.ambiguous_and = false;
        }
        if starts_sentence {
            self.leading = link.subordinator;
        }
        together
    }

    /// A subordinate clause that does not say who has the subject of its main clause.
    fn share_subject(&mut self, clause: &mut Clause, infix: Option<Leading>) -> Parsed<()> {
        let own_subject = clause.subject != Subject::Elided;
        if let Some(group) = self.main_of.take().and_then(|at| self.groups.get_mut(at)) {
            let unsaid = |c: &&mut Placed| c.clause.subject == Subject::Elided;
            for placed in group.clauses.iter_mut().take_while(unsaid) {
                placed.clause.subject = clause.subject.clone();
            }
        }
        if infix.is_none() {
            return Ok(());
        }
        let main: &[Placed] = self.groups.last().map_or(&[], |g| &g.clauses);
        let mut said: Vec<&Subject> = main.iter().map(|p| &p.clause.subject).collect();
        let starts_unsaid = said.first() == Some(&&Subject::Elided);
        said.retain(|s| **s != Subject::Elided);
        said.dedup();
        match said.as_slice() {
            [] if !own_subject => {}
            [main] if !own_subject => clause.subject = (*main).clone(),
            _ if own_subject && !starts_unsaid => {}
            _ => {
                let problem = "it is not clear which robot does what: name it in each clause";
                return Err(self
                    .cursor
                    .problem_at(clause.tokens.0, problem)
                    .of(Fault::Meaning));
            }
        }
        Ok(())
    }

    fn place(
        &mut self,
        mut clause: Clause,
        parallel: bool,
        link: Link,
        starts_sentence: bool,
    ) -> Parsed<()> {
        let infix = link
            .subordinator
            .filter(|s| *s != Leading::While && !starts_sentence);
        let own_subject = clause.subject != Subject::Elided;
        if (infix.is_some() && (link.and || self.leading.is_some() || self.ambiguous_and))
            || (self.ambiguous_and
                && !starts_sentence
                && infix.is_none()
                && (own_subject || parallel))
        {
            let problem =
                "it is not clear what comes after what: say it in sentences of their own, in order";
            return Err(self
                .cursor
                .problem_at(clause.tokens.0, problem)
                .of(Fault::Meaning));
        }
        if clause.first && !self.nothing_yet() {
            let problem = "\"first\" is said of what does not come first: say it in order";
            return Err(self
                .cursor
                .problem_at(clause.tokens.0, problem)
                .of(Fault::Qualifier));
        }
        self.first |= clause.first;
        self.share_subject(&mut clause, infix)?;
        if let Some(infix) = infix {
            let order = if infix == Leading::After {
                Order::BeforePrevious
            } else {
                Order::AsSpoken
            };
            self.groups.push(Group {
                clauses: vec![],
                with_previous: true,
                order,
            });
            self.ambiguous_and = true;
        }
        let placed = Placed {
            clause,
            parallel,
            after_robots: vec![],
            sentence: self.sentence,
        };
        if let Some(group) = self.groups.last_mut() {
            group.clauses.push(placed);
        }
        Ok(())
    }

    /// `once arm_1 is done`: nothing to do, but something to wait for.
    fn done(
        &mut self,
        robots: Vec<String>,
        link: Link,
        starts_sentence: bool,
        first: bool,
    ) -> Parsed<()> {
        if first {
            return Err(self
                .cursor
                .problem_at(link.at, "nothing was said before that could be done"));
        }
        let leads = starts_sentence || link.and || (link.comma && !self.cursor.at_end());
        if leads {
            self.leading = None;
            self.cursor.eat_kind(&Kind::Comma);
            self.cursor.eat(&["then"]);
            if robots.is_empty() && !starts_sentence {
                self.groups.push(Group::default());
            }
            self.ambiguous_and = false;
            let Spoken::Clause(clause) = self.cursor.clause(Position::Main)? else {
                return Ok(());
            };
            self.place(clause, false, Link::default(), true)?;
        }
        if robots.is_empty() && !leads {
            return Err(self
                .cursor
                .problem_at(link.at, "say which robot is to be done first"));
        }
        if let Some(placed) = self.groups.last_mut().and_then(|g| g.clauses.last_mut()) {
            placed.after_robots.extend(robots);
        }
        Ok(())
    }
}
