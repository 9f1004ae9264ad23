//! Points and joint positions that a sentence says in full: which number is which coordinate.
//!
//! Certain only where each number of the sentence is accounted for: it has its axis before it, stands in a
//! list that is long enough, or is a duration, a count or an opening. Elsewhere any number may be any coordinate.

use std::collections::{BTreeMap, BTreeSet};

use super::decimals::shown;
use super::spoken_numbers::SpokenNumber;
use super::units::{SaidUnits, Unit};

/// In the order in which lists have them.
const COORDINATES: [&str; 3] = ["x", "y", "z"];
/// Of a tool, or of a rover on the ground.
pub const ANGLES: [&str; 3] = ["roll", "pitch", "yaw"];
/// With them, a length may be an opening.
const GRIPPER: [&str; 9] = [
    "grip",
    "open",
    "clos",
    "finger",
    "jaw",
    "clamp",
    "그리퍼",
    "집게",
    "벌",
];
/// With them, joints may be said without a list.
const ALIKE: [&str; 12] = [
    "zero",
    "null",
    "same",
    "straight",
    "alike",
    "rest",
    "other",
    "remaining",
    "영",
    "제로",
    "나머지",
    "같",
];
/// They say an angle without naming its axis.
const TURNING: [&str; 14] = [
    "head", "fac", "angle", "orient", "rotat", "turn", "direct", "tilt", "look", "degree", "방향",
    "각", "회전", "돌",
];

/// What the coordinates and angles of a point may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// By axis; coordinates all.
    pub axes: BTreeMap<&'static str, BTreeSet<String>>,
    /// Angles may be said that are not among them.
    pub has_other_angles: bool,
    /// No other point is said.
    pub is_only_one: bool,
}

/// Numbers of a sentence and the words among which they stand.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub pieces: &'a [&'a str],
    pub numbers: &'a [SpokenNumber],
    pub units: SaidUnits,
}

impl Context<'_> {
    /// Points with so many dimensions.
    pub fn point(&self, dimensions: usize) -> Option<Point> {
        let names = COORDINATES.get(..dimensions)?;
        let mut axes: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        let mut add = |name: &'static str, numbers: &[SpokenNumber]| {
            let is_angle = ANGLES.contains(&name);
            let values = numbers.iter().flat_map(|n| match is_angle {
                true => vec![n.value],
                false => self.units.scaled(n.value, n.unit),
            });
            axes.entry(name).or_default().extend(values.map(shown));
        };
        for run in self.runs() {
            let bare = run.iter().take_while(|n| n.axis.is_none()).count();
            let (list, rest) = run.split_at(bare);
            for number in rest {
                add(number.axis?, std::slice::from_ref(number));
            }
            if let Some(more) = list.len().checked_sub(dimensions) {
                for (place, name) in names.iter().enumerate() {
                    add(name, &list[place..=place + more]);
                }
                for name in ANGLES.iter().filter(|_| more > 0) {
                    add(name, &list[dimensions..]);
                }
            } else if !list.is_empty() && !self.is_no_coordinate(run) {
                return None;
            }
        }
        let count = |name: &&str| {
            let with_axis = self.numbers.iter().filter(|n| n.axis == Some(name));
            with_axis.count()
        };
        // "X 1, y 2 and then to x 3" leaves something open.
        let is_full = names.iter().all(|name| count(name) == count(&names[0]));
        let is_there = names.iter().all(|name| axes.contains_key(name));
        let lists = self
            .runs()
            .filter(|run| run[0].axis.is_none() && run.len() > 1);
        (is_full && is_there).then(|| Point {
            axes,
            has_other_angles: self.has(&TURNING),
            is_only_one: lists.count() + count(&names[0]) == 1,
        })
    }

    /// Lists that may be joints, if they are said by lists only.
    pub fn lists(&self) -> Vec<Vec<String>> {
        let (mut found, dimensions) = (Vec::new(), COORDINATES.len());
        for run in self.runs() {
            let is_bare = run.iter().all(|n| n.axis.is_none());
            if is_bare && run.len() > dimensions {
                found.push(run.iter().map(|n| shown(n.value)).collect());
            } else if is_bare && run.len() < dimensions && !self.is_no_coordinate(run) {
                return Vec::new();
            }
        }
        if self.has(&ALIKE) { Vec::new() } else { found }
    }

    /// Numbers that may be coordinates, those of a list together.
    fn runs(&self) -> impl Iterator<Item = &[SpokenNumber]> {
        use Unit::{Hours, Minutes, Seconds, Times};
        let is_other = |n: &SpokenNumber| {
            let is_other = |unit| matches!(unit, Seconds | Minutes | Hours | Times);
            n.axis.is_none() && n.unit.is_some_and(is_other)
        };
        let parts = self.numbers.split(is_other).filter(|part| !part.is_empty());
        parts.flat_map(|part| part.chunk_by(|_, next| next.goes_on))
    }

    /// "Number two", "to 4 cm" of a gripper.
    fn is_no_coordinate(&self, run: &[SpokenNumber]) -> bool {
        let [number] = run else {
            return false;
        };
        !number.in_digits || number.unit.is_some() && self.has(&GRIPPER)
    }

    fn has(&self, parts: &[&str]) -> bool {
        let is_one = |piece: &&str| parts.iter().any(|part| piece.starts_with(part));
        self.pieces.iter().any(is_one)
    }
}

#[cfg(test)]
mod tests {
    use super::super::spoken::pieces;
    use super::super::spoken_numbers::numbers_in;
    use super::*;

    fn with<T>(sentence: &str, ask: impl Fn(&Context<'_>) -> T) -> T {
        let pieces = pieces(sentence);
        let numbers = numbers_in(&pieces);
        ask(&Context {
            pieces: &pieces,
            numbers: &numbers,
            units: SaidUnits::of(&pieces),
        })
    }

    #[test]
    fn coordinates_are_told_apart() {
        let told = |sentence: &str, dimensions| {
            let point = with(sentence, |context| context.point(dimensions));
            let axes = point.map(|p| p.axes.into_iter().collect::<Vec<_>>());
            let said = |(name, some): (_, BTreeSet<String>)| {
                format!("{name} {}", some.into_iter().collect::<Vec<_>>().join(" "))
            };
            axes.map(|axes| axes.into_iter().map(said).collect::<Vec<_>>().join(", "))
        };
        for (sentence, expected) in [
            ("to 0.4 / 0 / 0.25", Some("x 0.4, y 0, z 0.25")),
            (
                "to (10 cm, 2 m, 3 mm), gripper 4 cm, wait 5 s, 2 times",
                Some("x 0.1, y 2, z 0.003"),
            ),
            ("x=1, z=3 and y -2", Some("x 1, y -2, z 3")),
            ("to 1 2, then to 1 2 3", None),
            ("to 0.1, 0.2 at 0.3", None),
            ("x 1 y 2 z 3 then x 4 y 5", None),
            ("x 1, 2, 3", None),
            ("1 2 3 at 4", None),
            ("wait 3 s", None),
        ] {
            assert_eq!(told(sentence, 3).as_deref(), expected, "{sentence}");
        }
        let expected = "x 2 5, y -3 6, yaw 0.5";
        let found = told("to 2, -3 yaw 0.5 and then 5|6", 2);
        assert_eq!(found.as_deref(), Some(expected));
        let expected = "pitch 3, roll 3, x 1 2, y 2 3, yaw 3";
        assert_eq!(told("to 1, 2, 3", 2).as_deref(), Some(expected));
        let is_only_one = |sentence: &str| with(sentence, |c| c.point(3).map(|p| p.is_only_one));
        assert_eq!(is_only_one("to x 1 y 2 z 3 yaw 4"), Some(true));
        assert_eq!(
            is_only_one("to 1 2 3 with yaw 1, then to 1 2 4"),
            Some(false)
        );
        assert!(with("to 1, 2 and turned", |c| c.point(2)).is_some_and(|p| p.has_other_angles));
    }

    #[test]
    fn joints_are_lists() {
        for (sentence, expected) in [
            ("joints 0, 1, 2, 3, 4 and 5", 1),
            (
                "joints 0 1 2 3 4 5 followed by gripper 4.5 cm, tool to 1 2 3",
                1,
            ),
            ("joints 0 1 2 3 4 5 and for ref_r2 5 4 3 2 1 0", 2),
            ("joints 0 1 2 3 4 5, ref_r2 all zero", 0),
            ("joints 0 1 2 3 4 5, then joint 2 to 1", 0),
            ("joints to 1", 0),
        ] {
            let found = with(sentence, |context| context.lists().len());
            assert_eq!(found, expected, "{sentence}");
        }
    }
}
