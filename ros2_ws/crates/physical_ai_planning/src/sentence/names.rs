use std::collections::{BTreeMap, BTreeSet};

use physical_ai_domain::{Capability, RobotName, Role};
use physical_ai_fleet::Fleet;
use physical_ai_schema::{nearest, suggestion};

use super::cursor::{Cursor, Parsed, Problem};
use super::fault::Fault;
use super::ordinary::is_ordinary;
use super::own_skills::OwnSkills;
use super::token::{Kind, Name};

/// What a name is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thing {
    Robot,
    Place,
    Object,
}

impl Thing {
    const fn noun(self) -> &'static str {
        match self {
            Self::Robot => "robot",
            Self::Place => "place",
            Self::Object => "object",
        }
    }
}

/// What a phrase such as `the red box`, `all rovers` or `the arm` refers to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reference {
    /// These.
    Exactly(Vec<String>),
    /// One of these: what is asked of it must tell which.
    OneOf(Vec<String>),
}

/// The names of the fleet, findable in the ways in which people write them.
pub(super) struct Names<'f> {
    fleet: &'f Fleet,
    by_key: BTreeMap<String, Vec<Name>>,
    own_skills: OwnSkills,
}

/// `Red Box`, `red-box` and `redbox` are all `red_box`, and `agv 3` is `agv_03`.
fn key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for part in text.split(['_', '-']) {
        let is_number = part.len() > 1 && part.bytes().all(|b| b.is_ascii_digit());
        let plain = if is_number {
            part.trim_start_matches('0')
        } else {
            part
        };
        key.push_str(if is_number && plain.is_empty() {
            "0"
        } else {
            plain
        });
    }
    key
}

impl<'f> Names<'f> {
    pub(super) fn new(fleet: &'f Fleet) -> Self {
        let mut names: BTreeMap<&str, Name> = BTreeMap::new();
        for thing in [Thing::Robot, Thing::Place, Thing::Object] {
            for name in Self::list(fleet, thing) {
                let entry = names.entry(name).or_default();
                name.clone_into(&mut entry.name);
                match thing {
                    Thing::Robot => entry.robot = true,
                    Thing::Place => entry.place = true,
                    Thing::Object => entry.object = true,
                }
            }
        }
        let mut by_key: BTreeMap<String, Vec<Name>> = BTreeMap::new();
        for name in names.into_values() {
            by_key.entry(key(&name.name)).or_default().push(name);
        }
        Self {
            fleet,
            by_key,
            own_skills: OwnSkills::of(fleet),
        }
    }

    fn list(fleet: &'f Fleet, thing: Thing) -> Vec<&'f str> {
        match thing {
            Thing::Robot => fleet.robots(),
            Thing::Place => fleet.places(),
            Thing::Object => fleet.objects(),
        }
        .into_iter()
        .collect()
    }

    /// The name written as `text`, its words joined by `_`; none if two names fit equally.
    pub(super) fn find(&self, text: &str) -> Option<Name> {
        match self.by_key.get(&key(text))?.as_slice() {
            [only] => Some(only.clone()),
            several => several.iter().find(|n| n.name == text).cloned(),
        }
    }

    /// "x is not a known place: there are …; did you mean …?"
    pub(super) fn unknown(&self, thing: Thing, wanted: &str) -> String {
        let known = Self::list(self.fleet, thing);
        let hint = Self::hint(wanted, &known);
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        let noun = thing.noun();
        format!("{wanted:?} is not a known {noun}: known are {known}{hint}")
    }

    /// "; did you mean red_box?" for "teh red bxo", "…rover_1?" for "rovr".
    fn hint(wanted: &str, known: &[&str]) -> String {
        let words: Vec<String> = wanted.split_whitespace().map(str::to_lowercase).collect();
        let tails = (0..words.len()).map(|from| words[from..].join("_"));
        let stem = |name: &str| {
            name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_')
                .len()
        };
        for tail in tails {
            let hint = suggestion(&tail, known.iter().copied());
            if !hint.is_empty() {
                return hint;
            }
            let stems = known
                .iter()
                .map(|name| &name[..stem(name)])
                .filter(|s| s.len() > 2);
            if let Some(near) = nearest(&tail, stems) {
                let meant = known.iter().find(|name| name.starts_with(near));
                return meant.map_or_else(String::new, |name| format!("; did you mean {name}?"));
            }
        }
        String::new()
    }

    /// The same for a word that may be the name of anything.
    pub(super) fn unknown_to_all(&self, wanted: &str) -> String {
        let all =
            [Thing::Robot, Thing::Place, Thing::Object].map(|thing| Self::list(self.fleet, thing));
        let known: Vec<&str> = all.iter().flatten().copied().collect();
        let hint = Self::hint(wanted, &known);
        format!(
            "{wanted:?} is not a known robot, place or object: known are {}{hint}",
            known.join(", ")
        )
    }

    /// Names that the noun `words` may mean, and whether it is a plural.
    fn meant(&self, thing: Thing, words: &[&str], all: bool) -> (Vec<String>, bool) {
        let all_names = Self::list(self.fleet, thing);
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
        if let [word] = words {
            let general = match thing {
                Thing::Robot => *word == "robot" || *word == "robots",
                // "places" alone is a verb.
                Thing::Place => all && matches!(*word, "place" | "places"),
                Thing::Object => matches!(*word, "object" | "objects"),
            };
            if general {
                return (owned(all_names), word.ends_with('s'));
            }
        }
        let (last, before) = match words.split_last() {
            Some(split) => split,
            None => return (Vec::new(), false),
        };
        for (singular, plural) in [
            (Some(*last), false),
            (last.strip_suffix('s'), true),
            (last.strip_suffix("es"), true),
        ] {
            let Some(singular) = singular else { continue };
            let has = |name: &str, word: &str| {
                // Letters and numbers tell names apart but do not describe them.
                word.len() > 1
                    && !word.bytes().all(|b| b.is_ascii_digit())
                    && name.split('_').any(|part| part == word)
            };
            let fitting = all_names
                .iter()
                .copied()
                .filter(|name| has(name, singular) && before.iter().all(|word| has(name, word)));
            let mut fitting: Vec<&str> = fitting.collect();
            if fitting.is_empty() && thing == Thing::Robot && before.is_empty() {
                fitting = self.robots_by_trade(singular);
            }
            if !fitting.is_empty() {
                return (owned(fitting), plural);
            }
        }
        (Vec::new(), false)
    }

    /// True if a word, or its singular, is a part of a known name.
    pub(super) fn has_part(&self, word: &str) -> bool {
        let singulars = [Some(word), word.strip_suffix('s'), word.strip_suffix("es")];
        let all =
            [Thing::Robot, Thing::Place, Thing::Object].map(|thing| Self::list(self.fleet, thing));
        let mut parts = all.iter().flatten().flat_map(|name| name.split('_'));
        parts.any(|part| part.len() > 1 && singulars.contains(&Some(part)))
    }

    /// Skills that are said by their own names.
    pub(super) fn own_skills(&self) -> &OwnSkills {
        &self.own_skills
    }

    /// Every robot.
    pub(super) fn robots(&self) -> Vec<String> {
        self.fleet.robots().into_iter().map(str::to_owned).collect()
    }

    /// Robots whose names do not say that they are arms or rovers, but whose skills do.
    fn robots_by_trade(&self, noun: &str) -> Vec<&'f str> {
        // An arm has a hand or joints to move, a rover goes to places.
        let is_arm = |c: &Capability| {
            c.takes().is_some()
                || c.parameter(Role::Opening).is_some()
                || c.parameter(Role::JointPositions).is_some()
        };
        let is_rover = |c: &Capability| c.parameter(Role::FloorPlace).is_some();
        let is_meant: &dyn Fn(&Capability) -> bool = match noun {
            "arm" | "manipulator" => &is_arm,
            "rover" | "vehicle" => &is_rover,
            _ => return Vec::new(),
        };
        let offers = self.fleet.capabilities().iter();
        let able = offers
            .filter(|c| is_meant(c))
            .filter_map(|c| c.robot.as_ref());
        let able: BTreeSet<&str> = able.map(RobotName::as_str).collect();
        able.into_iter().collect()
    }
}

const DETERMINERS: &[&str] = &[
    "the", "a", "an", "its", "his", "her", "their", "any", "some", "one",
];
/// Of several they say neither which nor how many.
const VAGUE: &[&str] = &["any", "some", "one"];

impl Cursor<'_> {
    /// One phrase that names a robot, a place or objects; nothing is consumed if there is none.
    pub(super) fn reference(&mut self, thing: Thing) -> Parsed<Option<Reference>> {
        let start = self.at;
        let both = self.eat(&["both"]);
        let all = both || self.eat(&["all", "every", "each"]);
        if all {
            self.eat(&["of"]);
        }
        let mut is_vague = false;
        while self.is_word(DETERMINERS) {
            is_vague |= self.is_word(VAGUE);
            self.at += 1;
        }
        if let Some(Kind::Name(name)) = self.kind() {
            let fits = match thing {
                Thing::Robot => name.robot,
                Thing::Place => name.place,
                Thing::Object => name.object,
            };
            // "both arm_1 and arm_2": the list says how many.
            if fits {
                let name = name.name.clone();
                self.at += 1;
                return Ok(Some(Reference::Exactly(vec![name])));
            }
        }
        let found = self.noun(thing, start, (both, all, is_vague))?;
        if found.is_none() {
            self.at = start;
        }
        Ok(found)
    }

    /// What a noun of up to three words refers to, behind the words that say how many are meant.
    fn noun(
        &mut self,
        thing: Thing,
        start: usize,
        (both, all, is_vague): (bool, bool, bool),
    ) -> Parsed<Option<Reference>> {
        for count in (1..=3).rev() {
            let words: Vec<&str> = (0..count)
                .map_while(|i| self.word_at(self.at + i))
                .collect();
            if words.len() < count {
                continue;
            }
            let (names, plural) = self.names.meant(thing, &words, all);
            if names.is_empty() {
                continue;
            }
            let phrase = words.join(" ");
            self.at += count;
            if both && names.len() != 2 {
                let problem = format!(
                    "\"both {phrase}\" are {} in number: {}",
                    names.len(),
                    names.join(", ")
                );
                return Err(self.problem_at(start, problem).of(Fault::Name));
            }
            if plural && !all && is_vague {
                let problem = format!(
                    "{:?} may be {}: say which",
                    self.source(start, self.at),
                    names.join(" or ")
                );
                return Err(self.problem_at(start, problem).of(Fault::Name));
            }
            return Ok(Some(if all || plural || names.len() == 1 {
                Reference::Exactly(names)
            } else {
                Reference::OneOf(names)
            }));
        }
        Ok(None)
    }

    /// A list such as `dock_a, dock_b and dock_c`; ends before what starts a clause of its own.
    pub(super) fn list(&mut self, thing: Thing) -> Parsed<Vec<String>> {
        let (start, both) = (self.at, self.is_word(&["both"]));
        let names = self.listed(thing)?;
        if both && names.len() != 2 {
            let problem = format!("\"both\" is said of {}: name two", names.join(", "));
            return Err(self.problem_at(start, problem).of(Fault::Name));
        }
        Ok(names)
    }

    fn listed(&mut self, thing: Thing) -> Parsed<Vec<String>> {
        let mut names = self.definite(thing)?;
        loop {
            let start = self.at;
            if !self.separator() {
                return Ok(names);
            }
            let item = self.at;
            let found = self.reference(thing)?.is_some();
            self.at = item;
            if !found && (self.starts_clause() || !self.is_unknown_word()) {
                self.at = start;
                return Ok(names);
            }
            names.extend(self.definite(thing)?);
        }
    }

    /// A phrase that says exactly what it means.
    fn definite(&mut self, thing: Thing) -> Parsed<Vec<String>> {
        let start = self.at;
        match self.reference(thing)? {
            Some(Reference::Exactly(names)) => Ok(names),
            Some(Reference::OneOf(names)) => {
                let problem = format!(
                    "{:?} may be {}: say which",
                    self.source(start, self.at),
                    names.join(" or ")
                );
                Err(self.problem_at(start, problem).of(Fault::Name))
            }
            None => Err(self.not_a(thing)),
        }
    }

    /// The complaint that what comes next is none of the things wanted.
    pub(super) fn not_a(&mut self, thing: Thing) -> Problem {
        while self.eat(DETERMINERS) || self.eat(&["all", "every", "each", "both"]) {}
        let start = self.at;
        let noun = thing.noun();
        if let Some(Kind::Name(name)) = self.kind() {
            let problem = self.names.unknown(thing, &name.name.clone());
            // "Get rover_1 to dock_a" may be understood in another way.
            let fault = if name.robot && thing == Thing::Object {
                Fault::Grammar
            } else {
                Fault::Name
            };
            return self.problem_at(start, problem).of(fault);
        }
        while self.at < start + 4 && self.is_unknown_word() {
            self.at += 1;
        }
        if self.at == start {
            let known = Names::list(self.names.fleet, thing).join(", ");
            let problem = self.problem_at(start, format!("say which {noun}: known are {known}"));
            return if self.at_end() {
                problem.of(Fault::Name)
            } else {
                problem
            };
        }
        self.unknown_name(thing, start, self.at)
    }

    /// The complaint about words that are no known name; made of ordinary words alone, they may be something else.
    pub(super) fn unknown_name(&self, thing: Thing, start: usize, end: usize) -> Problem {
        let problem = self.names.unknown(thing, self.source(start, end));
        let is_like_name = |at: usize| {
            let word = self.word_at(at).unwrap_or_default();
            let is_number = matches!(self.tokens.get(at).map(|t| &t.kind), Some(Kind::Number(_)));
            let is_part = |word: &str| self.names.has_part(word);
            if is_number {
                // "Rover 9", but not "a 12 second break".
                return at > start && self.word_at(at - 1).is_some_and(is_part);
            }
            !is_ordinary(word) && !is_part(word) && super::quantity::is_no_number_word(word)
        };
        let fault = if (start..end).any(is_like_name) {
            Fault::Name
        } else {
            Fault::Grammar
        };
        self.problem_at(start, problem).of(fault)
    }

    /// `,`, `and` or both.
    pub(super) fn separator(&mut self) -> bool {
        let comma = self.eat_kind(&Kind::Comma);
        self.eat(&["and", "&"]) || comma
    }
}
