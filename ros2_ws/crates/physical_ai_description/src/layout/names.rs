use std::collections::{BTreeMap, BTreeSet};

use super::naming::{self, Side};
use super::segments::Segment;
use super::structure::Structure;

/// How far from the middle plane the first joint of a chain is on a side, metres.
const ASIDE_M: f64 = 0.01;

/// Names for chains that nobody named: the side and the part of the body that most of their joints and links are named
/// by; where two come out the same, what their names begin with, the quarter of the robot that they are at, and at last
/// a number.
pub(super) fn names(s: &Structure<'_>, segments: &[&Segment], taken: &[&str]) -> Vec<String> {
    let limbs: Vec<Option<&str>> = segments.iter().map(|x| limb(s, x)).collect();
    let plain: Vec<String> = segments
        .iter()
        .zip(&limbs)
        .map(|(x, limb)| {
            let fallback = if segments.len() == 1 { "arm" } else { "chain" };
            joined(said_side(s, x), limb.unwrap_or(fallback))
        })
        .collect();
    let prefixes = segments.iter().map(|x| prefix(s, x));
    let mut prefixed = plain.clone();
    replace_doubles(
        &mut prefixed,
        taken,
        prefixes.map(|p| p.unwrap_or_default()),
    );
    let placed = segments
        .iter()
        .zip(&limbs)
        .map(|(x, limb)| joined(Some(place(s, x)?), limb.unwrap_or("chain")).into());
    let mut names = prefixed;
    replace_doubles(
        &mut names,
        taken,
        placed.map(|p: Option<String>| p.unwrap_or_default()),
    );
    number_doubles(&mut names, taken);
    names
}

fn joined(side: Option<Side>, limb: &str) -> String {
    match side {
        Some(side) => format!("{}_{limb}", side.word()),
        None => limb.to_owned(),
    }
}

/// Names of the joints of a segment and of their links.
fn all_names<'a>(s: &Structure<'a>, segment: &Segment) -> Vec<&'a str> {
    let joints = segment.joints.iter().map(|j| &s.model.joints[*j]);
    joints
        .flat_map(|j| [j.name.as_str(), s.link_name(j.child)])
        .collect()
}

fn most<T: Ord + Copy>(of: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for one in of {
        *counts.entry(one).or_default() += 1;
    }
    let most = counts.values().copied().max()?;
    counts.into_iter().find(|(_, n)| *n == most).map(|(t, _)| t)
}

/// The part of the body that a segment is named by.
pub(super) fn limb(s: &Structure<'_>, segment: &Segment) -> Option<&'static str> {
    let votes = all_names(s, segment).into_iter().filter_map(|name| {
        let words = naming::words(name);
        naming::LIMBS
            .iter()
            .position(|(_, of)| words.iter().any(|w| of.contains(&w.as_str())))
    });
    most(votes).map(|limb| naming::LIMBS[limb].0)
}

/// The side that the names of a segment say.
fn said_side(s: &Structure<'_>, segment: &Segment) -> Option<Side> {
    let names = all_names(s, segment);
    let votes: Vec<Side> = names.iter().filter_map(|name| side_in(name)).collect();
    // One letter says a side only if nearly all names have it.
    (2 * votes.len() > names.len())
        .then(|| most(votes.into_iter()))
        .flatten()
}

fn side_in(name: &str) -> Option<Side> {
    let words = naming::words(name);
    let side = |word: &String| {
        let all = naming::SIDES.iter();
        all.clone().find(|(w, _)| w == word).map(|(_, side)| *side)
    };
    let first = words.iter().find_map(side)?;
    let has = |of: &[&str]| words.iter().any(|w| of.contains(&w.as_str()));
    Some(match first {
        Side::Left if has(&["front"]) => Side::FrontLeft,
        Side::Left if has(&["rear", "hind", "back"]) => Side::RearLeft,
        Side::Right if has(&["front"]) => Side::FrontRight,
        Side::Right if has(&["rear", "hind", "back"]) => Side::RearRight,
        side => side,
    })
}

/// What the names of all joints of a segment begin with, as a name: letters, digits and lines.
fn prefix(s: &Structure<'_>, segment: &Segment) -> Option<String> {
    let names: Vec<Vec<String>> = segment
        .joints
        .iter()
        .map(|j| naming::words(&s.model.joints[*j].name))
        .collect();
    let first = names.first()?;
    let same = (0..first.len())
        .take_while(|i| names.iter().all(|n| n.get(*i) == first.get(*i)))
        .count();
    let words = &first[..same];
    let says_nothing = |w: &String| matches!(w.as_str(), "joint" | "j" | "link");
    let words: Vec<&str> = words
        .iter()
        .filter(|w| !says_nothing(w))
        .map(String::as_str)
        .collect();
    let starts = words.first()?.starts_with(|c: char| c.is_alphabetic());
    starts.then(|| words.join("_"))
}

/// The quarter, or the side, of the robot at which a segment begins.
fn place(s: &Structure<'_>, segment: &Segment) -> Option<Side> {
    let at = s.position(s.model.joints[*segment.joints.first()?].child);
    let left = if at.y.abs() < ASIDE_M {
        return None;
    } else {
        at.y > 0.0
    };
    Some(match (at.x.abs() >= ASIDE_M, at.x > 0.0, left) {
        (true, true, true) => Side::FrontLeft,
        (true, true, false) => Side::FrontRight,
        (true, false, true) => Side::RearLeft,
        (true, false, false) => Side::RearRight,
        (false, _, true) => Side::Left,
        (false, _, false) => Side::Right,
    })
}

fn doubles(names: &[String], taken: &[&str]) -> Vec<bool> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names
        .iter()
        .map(String::as_str)
        .chain(taken.iter().copied())
    {
        *counts.entry(name).or_default() += 1;
    }
    names.iter().map(|n| counts[n.as_str()] > 1).collect()
}

/// Gives those whose names are not their own others, if these tell all of them apart.
fn replace_doubles(names: &mut [String], taken: &[&str], others: impl Iterator<Item = String>) {
    let double = doubles(names, taken);
    let others: Vec<String> = others.collect();
    let new: Vec<&String> = (others.iter().zip(&double))
        .filter(|(_, d)| **d)
        .map(|(o, _)| o)
        .collect();
    let distinct: BTreeSet<&&String> = new.iter().collect();
    let free = |name: &String| !name.is_empty() && !taken.contains(&name.as_str());
    if distinct.len() == new.len() && new.iter().all(|n| free(n)) {
        for (name, other) in names
            .iter_mut()
            .zip(&others)
            .zip(&double)
            .filter(|(_, d)| **d)
            .map(|(x, _)| x)
        {
            name.clone_from(other);
        }
    }
}

fn number_doubles(names: &mut [String], taken: &[&str]) {
    let double = doubles(names, taken);
    let mut used: BTreeSet<String> = taken.iter().map(|t| (*t).to_owned()).collect();
    let single = names.iter().zip(&double).filter(|(_, d)| !**d);
    used.extend(single.map(|(n, _)| n.clone()));
    for (name, _) in names.iter_mut().zip(&double).filter(|(_, d)| **d) {
        let free = (1..)
            .map(|i| format!("{name}_{i}"))
            .find(|n| !used.contains(n));
        if let Some(free) = free {
            used.insert(free.clone());
            *name = free;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::fixtures::{chain, model};
    use crate::layout::segments::segments;

    fn check(parts: &[(&str, &str)], expected: &[&str]) {
        let urdf: String = parts
            .iter()
            .map(|(name, xyz)| {
                chain("base", name, 3, 0.2).replacen(
                    "xyz=\"0.2 0 0\"",
                    &format!("xyz=\"{xyz}\""),
                    1,
                )
            })
            .collect();
        let model = model(&urdf);
        let s = Structure::new(&model);
        let all = segments(&s, &vec![false; s.bodies.len()]);
        let chains: Vec<&Segment> = all.iter().filter(|x| !x.is_trunk).collect();
        assert_eq!(names(&s, &chains, &[]), expected);
    }

    #[test]
    fn chains_are_named_by_side_and_part_of_the_body() {
        check(
            &[("left_elbow", "0 1 0"), ("right_elbow", "0 -1 0")],
            &["left_arm", "right_arm"],
        );
        check(
            &[("FL_hip", "1 1 0"), ("RR_thigh", "-1 -1 0")],
            &["front_left_leg", "rear_right_leg"],
        );
        check(
            &[("LHip", "0 1 0"), ("RHip", "0 -1 0")],
            &["left_leg", "right_leg"],
        );
        check(&[("x", "0 0 0")], &["arm"]);
    }

    #[test]
    fn chains_with_the_same_words_are_told_apart_by_prefix_then_place_then_number() {
        check(
            &[("alpha_wrist", "0 1 0"), ("beta_wrist", "0 1 0")],
            &["alpha_wrist", "beta_wrist"],
        );
        let numbered = [("hip1", "1 1 0"), ("hip2", "1 -1 0"), ("hip3", "-1 1 0")];
        check(&numbered, &["hip_1", "hip_2", "hip_3"]);
    }
}
