//! Short references for a fleet's names, so that a trained planner points at names and never has to
//! spell them.
//!
//! Each name has a reference that is one token: `ref_r3` is the third robot, `ref_o…` are objects,
//! `ref_s…` surfaces and `ref_f…` floors, counted in sorted order. Where a sentence says a name letter by
//! letter, its reference is put in its place; what is said otherwise ("the arm") is left to the model.
//! `planner/references.py` does the same; `planner/references_golden.jsonl` holds both to it.

use std::collections::{BTreeMap, BTreeSet};

use physical_ai_domain::{Capability, RobotName};
use serde_json::Value;

use super::hangul::{FIRST_SYLLABLE, PARTICLES, lexicon, romanized, sound};
use crate::Error;

/// Names of a kind that a trained planner has references for.
const MOST: usize = 24;
/// Skills whose place is one that arms reach; those of the other skills are on the floor.
const SURFACE_SKILLS: [&str; 2] = ["place", "pick_and_place"];
const SEPARATORS: [&str; 3] = ["_", "-", " "];

/// What a name is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Robot,
    Object,
    Surface,
    Floor,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Robot, Self::Object, Self::Surface, Self::Floor];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Robot => "robots",
            Self::Object => "objects",
            Self::Surface => "surfaces",
            Self::Floor => "floors",
        }
    }

    /// Places that a capability takes are of one kind.
    fn of_places(capability: &Capability) -> Self {
        if SURFACE_SKILLS.contains(&capability.skill.as_str()) {
            Self::Surface
        } else {
            Self::Floor
        }
    }

    /// Each name of the kind once, sorted.
    pub(super) fn names(self, capabilities: &[Capability]) -> Vec<&str> {
        let names: BTreeSet<&str> = match self {
            Self::Robot => {
                let robots = capabilities.iter().filter_map(|c| c.robot.as_ref());
                robots.map(RobotName::as_str).collect()
            }
            Self::Object => capabilities.iter().flat_map(Capability::objects).collect(),
            Self::Surface | Self::Floor => {
                let takers = capabilities.iter().filter(|c| Self::of_places(c) == self);
                takers.flat_map(Capability::places).collect()
            }
        };
        names.into_iter().collect()
    }
}

/// References by name and names by reference.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct References {
    of: BTreeMap<Kind, BTreeMap<String, String>>,
    names: BTreeMap<String, String>,
    by_words: BTreeMap<Vec<String>, Vec<String>>,
    /// By all words of a name in one.
    by_sound: BTreeMap<String, Vec<String>>,
}

impl References {
    pub(super) fn try_new(capabilities: &[Capability]) -> Result<Self, Error> {
        let mut made = Self {
            of: BTreeMap::new(),
            names: BTreeMap::new(),
            by_words: BTreeMap::new(),
            by_sound: BTreeMap::new(),
        };
        for kind in Kind::ALL {
            let names = kind.names(capabilities);
            if names.len() > MOST {
                return Err(Error::InvalidRequest {
                    field: kind.title(),
                    value: names.len().to_string(),
                    problem: format!("a trained planner can tell at most {MOST} apart"),
                });
            }
            for (index, name) in names.into_iter().enumerate() {
                made.insert(kind, name, index + 1);
            }
        }
        Ok(made)
    }

    fn insert(&mut self, kind: Kind, name: &str, number: usize) {
        let reference = format!("ref_{}{number}", &kind.title()[..1]);
        let words: Vec<String> = pieces(&name.to_ascii_lowercase())
            .into_iter()
            .filter(|p| !SEPARATORS.contains(p))
            .map(|p| plain(p).to_owned())
            .collect();
        let same_sound = self.by_sound.entry(sound(&words.concat())).or_default();
        same_sound.push(reference.clone());
        let same_words = self.by_words.entry(words).or_default();
        same_words.push(reference.clone());
        self.names.insert(reference.clone(), name.to_owned());
        let of_kind = self.of.entry(kind).or_default();
        of_kind.insert(name.to_owned(), reference);
    }

    /// The reference of a name; the name itself if it is none of the fleet's.
    pub(super) fn of<'a>(&'a self, kind: Kind, name: &'a str) -> &'a str {
        let reference = self.of.get(&kind).and_then(|names| names.get(name));
        reference.map_or(name, String::as_str)
    }

    /// The capability with references for all names.
    pub(super) fn renamed(&self, capability: &Capability) -> Capability {
        let mut renamed = capability.clone();
        if let Some(robot) = &capability.robot {
            let reference = RobotName::try_new(self.of(Kind::Robot, robot.as_str()));
            renamed.robot = reference.ok().or(renamed.robot);
        }
        let places = Kind::of_places(capability);
        for (pointer, kind) in [
            ("/properties/object/enum", Kind::Object),
            ("/properties/place/enum", places),
            ("/properties/places/items/enum", places),
        ] {
            let listed = renamed.parameters_schema.pointer_mut(pointer);
            for name in listed.and_then(Value::as_array_mut).into_iter().flatten() {
                if let Value::String(name) = name {
                    *name = self.of(kind, name).to_owned();
                }
            }
        }
        renamed
    }

    /// The sentence, in small letters, with references for names that it says.
    ///
    /// A name may be said with other signs or a space between its parts, its numbers without leading zeros,
    /// and in Hangul, translated word by word (`planner/lexicon.json`) or as it sounds, before a particle. The
    /// longest name counts; one that several things have stays.
    pub(super) fn link(&self, sentence: &str) -> String {
        let pieces = pieces(sentence);
        let mut text = String::with_capacity(sentence.len());
        let mut at = 0;
        while at < pieces.len() {
            let found = self.longest_at(&pieces, at);
            match found.references.as_slice() {
                [reference] => text.extend([reference, found.particle]),
                [] => match self.in_hangul(pieces[at]) {
                    Some((reference, particle)) => text.extend([reference, particle]),
                    None => text.push_str(pieces[at]),
                },
                _ => text.extend(pieces[at..found.end].iter().copied()),
            }
            at = found.end.max(at + 1);
        }
        text
    }

    /// The longest name that begins at a piece.
    fn longest_at<'a>(&'a self, pieces: &[&'a str], at: usize) -> Found<'a> {
        let mut best = Found {
            references: Vec::new(),
            end: at,
            particle: "",
        };
        if at > 0 && joins(pieces[at - 1], pieces[at]) {
            return best;
        }
        for (words, references) in &self.by_words {
            let Some((end, particle)) = matched(words, pieces, at) else {
                continue;
            };
            if end > best.end {
                best.references.clear();
                (best.end, best.particle) = (end, particle);
            }
            if end == best.end {
                best.references
                    .extend(references.iter().map(String::as_str));
            }
        }
        best
    }

    /// The reference of a name that is said in Hangul, and the particle behind it.
    fn in_hangul<'a>(&'a self, piece: &'a str) -> Option<(&'a str, &'a str)> {
        let ends = piece.char_indices().map(|(at, c)| at + c.len_utf8()).rev();
        ends.into_iter().find_map(|end| {
            let (name, particle) = piece.split_at(end);
            let [reference] = self.by_sound.get(&sound(&romanized(name)?))?.as_slice() else {
                return None;
            };
            let fits = particle.is_empty() || PARTICLES.contains(&particle);
            fits.then_some((reference.as_str(), particle))
        })
    }

    /// An answer in JSON with names for references.
    pub(super) fn with_names(&self, answer: &str) -> String {
        let mut text = String::with_capacity(answer.len());
        let mut rest = answer;
        while let Some(at) = rest.find("ref_") {
            let tail = &rest[at + 4..];
            let kind = tail.starts_with(|c: char| c.is_ascii_lowercase());
            let digits = tail.bytes().skip(1).take_while(u8::is_ascii_digit).count();
            let end = at + 4 + usize::from(kind) * (1 + digits);
            text.push_str(&rest[..at]);
            let reference = &rest[at..end];
            match self.names.get(reference) {
                // Names stand between quotes, where some signs are written otherwise.
                Some(name) => {
                    let quoted = Value::from(name.as_str()).to_string();
                    text.push_str(&quoted[1..quoted.len() - 1]);
                }
                None => text.push_str(reference),
            }
            rest = &rest[end..];
        }
        text + rest
    }
}

/// Names that begin at a piece and end where none goes on.
struct Found<'a> {
    references: Vec<&'a str>,
    end: usize,
    particle: &'a str,
}

/// Where a name that begins at a piece ends, and the particle behind it.
fn matched<'a>(words: &[String], pieces: &[&'a str], at: usize) -> Option<(usize, &'a str)> {
    let (mut end, mut particle) = (at, "");
    for (index, word) in words.iter().enumerate() {
        if index > 0 && pieces.get(end).is_some_and(|p| SEPARATORS.contains(p)) {
            end += 1;
        }
        let piece = pieces.get(end)?;
        end += 1;
        if plain(piece) == word {
            continue;
        }
        let said = lexicon().get(word)?.iter();
        let rests = said.filter_map(|said| piece.strip_prefix(said.as_str()));
        let is_last = index + 1 == words.len();
        let fitting = rests.filter(|rest| rest.is_empty() || is_last && PARTICLES.contains(rest));
        particle = fitting.min_by_key(|rest| rest.len())?;
    }
    let whole = pieces.get(end).is_none_or(|p| !joins(pieces[end - 1], p));
    (whole && end > at).then_some((end, particle))
}

/// Runs of small letters, of digits and of Hangul, and other signs one by one.
fn pieces(text: &str) -> Vec<&str> {
    let class = |c: char| match c {
        'a'..='z' => 1,
        '0'..='9' => 2,
        FIRST_SYLLABLE..='힣' => 3,
        _ => 0,
    };
    let (mut found, mut begin) = (Vec::new(), 0);
    let mut before = None;
    for (at, sign) in text.char_indices() {
        let goes_on = class(sign) != 0 && before == Some(class(sign));
        if !goes_on && at > begin {
            found.push(&text[begin..at]);
            begin = at;
        }
        before = Some(class(sign));
    }
    if begin < text.len() {
        found.push(&text[begin..]);
    }
    found
}

/// Numbers without leading zeros.
fn plain(piece: &str) -> &str {
    if !piece.starts_with('0') {
        return piece;
    }
    match piece.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    }
}

/// True if a name could go on from one piece to the next.
fn joins(before: &str, after: &str) -> bool {
    let word = |c: Option<char>| {
        c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    word(before.chars().next_back()) && word(after.chars().next())
}
