//! Whether a plan accounts for every word of its sentence.
//!
//! A small model drops what it does not know: a plan counts only if each word that can change its meaning is used
//! by it (names, numbers with their units, times, words of order, what is to be done), or is one that changes
//! nothing. What is left over is quoted, and the sentence is refused.

use std::collections::BTreeSet;

use physical_ai_domain::Role;
use serde_json::Value;

use super::counted::{
    PlanNumbers, Quantity, SaidNumber, has_invented_joints, is_unit, said_numbers,
};
use super::fleet_nouns::FleetNouns;
use super::plan_words::PlanWords;
use super::reference_text::references_in;
use super::skill_roles::{Skill, SkillRoles};
use super::syllables::{PARTICLES, is_syllable};
use super::words::{Word, WordKind, words_of};

/// The first thing that a linked sentence says and the tasks do not do.
pub fn dropped<'a>(
    linked: &'a str,
    tasks: &[Value],
    skills: &SkillRoles,
    fleet: &FleetNouns,
) -> Option<&'a str> {
    let plan = PlanFacts::of(tasks, skills);
    let words = words_of(linked);
    let numbers = said_numbers(&words);
    for (at, word) in words.iter().enumerate() {
        match word.kind {
            WordKind::Reference if !plan.names.contains(word.text) => return Some(word.text),
            WordKind::Reference => {}
            WordKind::Sign if is_sign_held(&words, at) => {}
            WordKind::Sign => return Some(whole(linked, word)),
            WordKind::Number | WordKind::Latin | WordKind::Hangul => {
                if let Some(number) = numbers.iter().find(|n| n.words.contains(&at)) {
                    if !plan.has_number(number) {
                        let (first, last) = (number.words.start, number.words.end - 1);
                        return Some(&linked[words[first].begin..words[last].end()]);
                    }
                } else if !is_held(word, &plan) && !fleet.all_in(word.text, &plan.names) {
                    return Some(whole(linked, word));
                }
            }
        }
    }
    None
}

/// Where and how long: never by default.
const MEASURES: [Role; 7] = [
    Role::X,
    Role::Y,
    Role::Z,
    Role::Roll,
    Role::Pitch,
    Role::Yaw,
    Role::Duration,
];

fn is_close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-6
}

/// A task that the sentence does not ask for, or with more in it than that.
pub fn unasked<'a>(linked: &str, tasks: &'a [Value], skills: &SkillRoles) -> Option<&'a str> {
    let words = words_of(linked);
    let name = |task: &'a Value| task["skill"].as_str();
    let numbers = said_numbers(&words);
    if has_invented_joints(&numbers, tasks, skills) {
        let moves = |task: &&Value| !skills.values(task, &[Role::JointPositions]).is_empty();
        return tasks.iter().find(moves).and_then(name);
    }
    let is_said = |value: f64| {
        let mut values = numbers.iter().flat_map(|n| &n.values);
        values.any(|said| is_close(*said, value))
    };
    let invents = |task: &&Value| {
        let given = skills.numbers(task, &MEASURES);
        given.into_iter().any(|value| !is_said(value))
    };
    if let Some(task) = tasks.iter().find(invents) {
        return name(task);
    }
    let says = |wanted: &[&str]| {
        let is_wanted = |k: &String| wanted.contains(&k.as_str());
        let is_kind = |w: &Word| kinds_of(w).is_some_and(|kinds| kinds.iter().any(is_wanted));
        words.iter().any(is_kind)
    };
    let is_unasked = |task: &&Value| {
        let Some(skill) = skills.of_task(task) else {
            return false;
        };
        // Skills with nothing to say are asked for by their own words.
        let own: Vec<&str> = skill.own_words.iter().map(String::as_str).collect();
        let is_own = |w: &Word| own.iter().any(|own| is_form(w.text, own));
        let needed: &[&str] = if skill.has(Role::Opening) {
            &["gripper", "open", "close"]
        } else if skill.has(Role::JointPositions) {
            &["joints"]
        } else if skill.goes_round() {
            &["patrol"]
        } else if skill.returns {
            &["home"]
        } else if skill.is_bare() {
            &own
        } else if skill.has(Role::Duration) {
            &["wait"]
        } else {
            return false;
        };
        !says(needed) && !words.iter().any(is_own)
    };
    tasks.iter().find(is_unasked).and_then(name)
}

/// "Welds", "welding" and "welded" of `weld`.
fn is_form(word: &str, base: &str) -> bool {
    let stem = base.strip_suffix('e').unwrap_or(base);
    let doubled = base
        .chars()
        .last()
        .map_or_else(String::new, |last| format!("{base}{last}"));
    let ends = ["s", "es", "ing", "ed", "d", ""];
    let mut stems = [base, stem, &doubled].into_iter();
    base.len() > 2
        && stems.any(|stem| {
            word.strip_prefix(stem)
                .is_some_and(|end| ends.contains(&end))
        })
        && (word != stem || stem == base)
}

/// A robot that has something to do though the sentence speaks of others or of none, and that is not the first that
/// can do it.
pub fn unsaid_robot<'a>(
    linked: &str,
    tasks: &'a [Value],
    skills: &SkillRoles,
    fleet: &FleetNouns,
) -> Option<&'a str> {
    let skills = skills.of_robots();
    let said: BTreeSet<&str> = references_in(linked).map(|(_, r)| r).collect();
    let words = words_of(linked);
    let used: BTreeSet<&str> = tasks.iter().filter_map(|t| t["robot"].as_str()).collect();
    if used.len() == skills.len() {
        return None;
    }
    tasks.iter().find_map(|task| {
        let (robot, skill) = (task["robot"].as_str()?, task["skill"].as_str()?);
        let in_order = |r: &&String| (r.len(), (*r).clone());
        let able = skills
            .iter()
            .filter(|(_, s)| s.contains(skill))
            .map(|(r, _)| r);
        let is_first = able
            .min_by_key(in_order)
            .is_some_and(|first| first == robot);
        let is_meant = || words.iter().any(|w| fleet.means(w.text, robot));
        (!said.contains(robot) && !is_first && !is_meant()).then_some(robot)
    })
}

/// An object or a place that the sentence does not say.
pub fn unsaid_name<'a>(
    linked: &str,
    tasks: &'a [Value],
    skills: &SkillRoles,
    fleet: &FleetNouns,
) -> Option<&'a str> {
    let said: BTreeSet<&str> = references_in(linked).map(|(_, r)| r).collect();
    let words = words_of(linked);
    let mut names = tasks.iter().flat_map(|task| skills.names(task));
    let is_meant = |name: &str| words.iter().any(|w| fleet.means(w.text, name));
    names.find(|name| !said.contains(name) && !is_meant(name))
}

/// The chunk between spaces that a word stands in, without the signs around it.
fn whole<'a>(linked: &'a str, word: &Word<'a>) -> &'a str {
    let is_space = |c: char| c.is_whitespace();
    let begin = linked[..word.begin].rfind(is_space).map_or(0, |at| at + 1);
    let end = linked[word.end()..]
        .find(is_space)
        .map_or(linked.len(), |at| word.end() + at);
    let chunk = linked[begin..end].trim_matches(|c: char| !c.is_alphanumeric());
    if chunk.is_empty() { word.text } else { chunk }
}

/// True if a sign changes nothing where it stands.
fn is_sign_held(words: &[Word], at: usize) -> bool {
    let number = |i: usize| words.get(i).is_some_and(|w| w.kind == WordKind::Number);
    let is_dash = |i: usize| words.get(i).is_some_and(|w| w.text == "-");
    match words[at].text {
        // Between numbers they make a list; "dock_a/dock_b" may be one or both.
        "/" | "|" => at > 0 && number(at - 1) && (number(at + 1) || is_dash(at + 1)),
        ">" => at > 0 && is_dash(at - 1) && words[at].glued,
        "+" => number(at + 1),
        sign => SIGNS.contains(&sign),
    }
}

const SIGNS: [&str; 27] = [
    ",", ".", ";", ":", "!", "?", "(", ")", "[", "]", "-", "–", "—", "−", "'", "\"", "“", "”", "‘",
    "’", "`", "…", "=", "→", "·", "~", "&",
];

/// True if a word changes nothing, or the plan does what it says.
fn is_held(word: &Word, plan: &PlanFacts) -> bool {
    if word.glued && word.kind == WordKind::Hangul {
        if word.behind_reference && EITHER.contains(&word.text) {
            return false;
        }
        return PARTICLES.contains(&word.text)
            || MORE_PARTICLES.contains(&word.text)
            || kinds_of(word).is_some_and(|k| plan.does_any(k));
    }
    if AXES.contains(&word.text) {
        return plan.has_any(&[Role::X, Role::Y, Role::Z]);
    }
    is_unit(word.text)
        || kinds_of(word).is_some_and(|kinds| plan.does_any(kinds))
        || plan.has_own_word(word.text)
}

const AXES: [&str; 3] = ["x", "y", "z"];

/// Behind a name they mean "or".
const EITHER: [&str; 4] = ["나", "이나", "든", "이든"];
/// What may follow a name or a noun beside particles.
const MORE_PARTICLES: [&str; 22] = [
    "에서는",
    "들",
    "들은",
    "들이",
    "들을",
    "들도",
    "들에",
    "들의",
    "마저",
    "더러",
    "한테는",
    "에게는",
    "씨",
    "님",
    "라",
    "이라",
    "이",
    "행",
    "위에",
    "안에",
    "쪽",
    "랑은",
];

/// The kinds of a word, in Korean without its particle, too.
fn kinds_of(word: &Word) -> Option<&'static [String]> {
    let words = PlanWords::get();
    if let Some(kinds) = words.kinds(word.text) {
        return Some(kinds);
    }
    if word.kind != WordKind::Hangul {
        return None;
    }
    let particles = PARTICLES.iter().chain(&MORE_PARTICLES);
    let stems = particles
        .filter_map(|p| word.text.strip_suffix(p))
        .filter(|s| !s.is_empty());
    stems
        .into_iter()
        .find_map(|stem| words.kinds(stem))
        .or_else(|| compound(word.text))
}

/// "넣어주세요", "순찰해줘": known words without a space between them.
fn compound(word: &str) -> Option<&'static [String]> {
    let words = PlanWords::get();
    let cuts = word.char_indices().map(|(at, _)| at).filter(|at| *at > 0);
    let cut = cuts.rev().find(|at| {
        let (head, tail) = word.split_at(*at);
        words.kinds(head).is_some()
            && words
                .kinds(tail)
                .is_some_and(|k| k.iter().any(|k| k == "plain"))
    })?;
    words.kinds(&word[..cut])
}

/// What a plan has in it.
struct PlanFacts<'a> {
    tasks: &'a [Value],
    skills: &'a SkillRoles,
    names: BTreeSet<&'a str>,
    numbers: PlanNumbers,
}

impl<'a> PlanFacts<'a> {
    fn of(tasks: &'a [Value], skills: &'a SkillRoles) -> Self {
        let mut names = BTreeSet::new();
        for task in tasks {
            names.extend(task["robot"].as_str());
            names.extend(skills.names(task));
        }
        Self {
            tasks,
            skills,
            names,
            numbers: PlanNumbers::of(tasks, skills),
        }
    }

    /// True if a task's skill is such.
    fn is_any(&self, is: impl Fn(&Skill) -> bool) -> bool {
        let mut skills = self
            .tasks
            .iter()
            .filter_map(|task| self.skills.of_task(task));
        skills.any(is)
    }

    /// True if a word is one with which a task's skill is asked for, in any form.
    fn has_own_word(&self, word: &str) -> bool {
        // Words that have a kind of their own are held by that.
        let is_own = |own: &String| PlanWords::get().kinds(own).is_none() && is_form(word, own);
        self.is_any(|skill| skill.own_words.iter().any(is_own))
    }

    fn does_any(&self, kinds: &[String]) -> bool {
        kinds.iter().any(|kind| self.does(kind))
    }

    fn does(&self, kind: &str) -> bool {
        let policy = |kind: &str| self.tasks.iter().any(|t| policy_of(t) == Some(kind));
        let opens = |is: &dyn Fn(f64, Option<f64>) -> bool| {
            self.tasks.iter().any(|task| {
                let most = self
                    .skills
                    .of_task(task)
                    .and_then(|s| s.most(Role::Opening));
                let openings = self.skills.numbers(task, &[Role::Opening]);
                openings.into_iter().any(|m| is(m, most))
            })
        };
        match kind {
            "plain" => true,
            "after" => self.waits(),
            "together" => self.has_side_by_side(),
            "several" => self.has_several(),
            "twice" => {
                let minutes = self.numbers.get(Quantity::Time).contains(&120.0);
                self.rounds().contains(&2.0) || minutes
            }
            "thrice" => self.rounds().contains(&3.0),
            "once" => self.rounds().contains(&1.0) || self.waits() || self.rounds().is_empty(),
            "transfer" => self.is_any(|s| s.takes.is_some() || s.releases.is_some()),
            "pick" => self.is_any(|s| s.takes.is_some()),
            "go" => self.is_any(|s| s.goes_to_place() || s.has(Role::X)) || self.does("home"),
            "patrol" => self.is_any(Skill::goes_round),
            "wait" => self.is_any(|s| s.has(Role::Duration)),
            "gripper" => self.is_any(|s| s.has(Role::Opening)),
            "open" => opens(&|m, _| m > 0.0),
            "close" => opens(&|m, most| most.is_none_or(|most| m < most)),
            "tool" => self.is_any(|s| s.has(Role::Z)),
            "joints" => self.is_any(|s| s.has(Role::JointPositions)),
            "turn" => self.has_any(&[Role::Roll, Role::Pitch, Role::Yaw]),
            "retry" => policy("retry"),
            "skip" => policy("skip"),
            "ask" => policy("ask_operator"),
            "abort" => policy("fail_mission"),
            "another" => self
                .tasks
                .iter()
                .any(|t| t["robot"] != self.tasks[0]["robot"]),
            "failed" => ["retry", "skip", "ask_operator", "fail_mission"]
                .iter()
                .any(|k| policy(k)),
            "home" => self.is_any(|s| s.returns),
            own => self.is_any(|s| s.is_bare() && s.own_words.contains(own)),
        }
    }

    fn rounds(&self) -> &[f64] {
        self.numbers.get(Quantity::Rounds)
    }

    /// True if a task gives a value of one of these roles.
    fn has_any(&self, roles: &[Role]) -> bool {
        self.tasks
            .iter()
            .any(|task| !self.skills.values(task, roles).is_empty())
    }

    fn waits(&self) -> bool {
        self.tasks
            .iter()
            .any(|t| t["after"].as_array().is_some_and(|a| !a.is_empty()))
    }

    fn has_several(&self) -> bool {
        let patrols = |t: &Value| self.skills.values(t, &[Role::FloorPlace]).len() > 1;
        self.tasks.len() > 1 || self.tasks.iter().any(patrols)
    }

    /// Two tasks of which neither waits for the other.
    fn has_side_by_side(&self) -> bool {
        let count = self.tasks.len();
        let mut after = vec![vec![false; count]; count];
        for (at, task) in self.tasks.iter().enumerate() {
            for id in task["after"].as_array().into_iter().flatten() {
                let Some(before) = self.tasks.iter().position(|t| t["id"] == *id) else {
                    continue;
                };
                // Tasks are listed in an order in which they can be done.
                let earlier = after[before].clone();
                for (known, new) in after[at].iter_mut().zip(earlier) {
                    *known |= new;
                }
                after[at][before] = true;
            }
        }
        (0..count).any(|a| (0..a).any(|b| !after[a][b] && !after[b][a]))
    }

    fn has_number(&self, number: &SaidNumber) -> bool {
        let numbers = self.numbers.get(number.quantity);
        let mut values = number.values.iter();
        values.any(|v| numbers.iter().any(|n| is_close(*n, *v)))
    }
}

fn policy_of(task: &Value) -> Option<&str> {
    let policy = &task["on_failure"];
    policy.as_str().or_else(|| policy["kind"].as_str())
}

/// An angle that is more than a turn: people say degrees so, and plans are in radians.
pub fn too_large_angle(tasks: &[Value], skills: &SkillRoles) -> Option<f64> {
    let roles = [Role::JointPositions, Role::Roll, Role::Pitch, Role::Yaw];
    let mut angles = tasks.iter().flat_map(|task| skills.numbers(task, &roles));
    angles.find(|angle| angle.abs() > std::f64::consts::TAU)
}

/// True if a text is said in Korean.
pub fn is_korean(text: &str) -> bool {
    text.chars().any(is_syllable)
}

#[cfg(test)]
mod tests;
