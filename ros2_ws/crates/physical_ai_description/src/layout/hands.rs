use nalgebra::{Point3, Vector3};
use physical_ai_domain::{GripperJoint, GripperLayout, JointKind};

use crate::{Certainty, Finding};

use super::naming;
use super::segments::{HandReason, Segment};
use super::structure::{self, Structure};

/// Fingers are not told to move towards each other by less than this, metres.
const NOTHING_M: f64 = 1e-4;
/// Decimal places of an opening that mean something: tenths of a millimetre.
const PLACES_PER_M: f64 = 1e4;

/// A hand that was found.
pub(super) struct Hand {
    pub(super) layout: GripperLayout,
    pub(super) finding: Finding,
}

/// The hand at the end of a segment; `None` if it has no joint that could be told to open and close.
pub(super) fn hand(s: &Structure<'_>, segment: &Segment, chain: &str) -> Option<Hand> {
    let joints: Vec<usize> = segment
        .hand
        .iter()
        .flat_map(|b| s.subtree_joints(*b))
        .collect();
    let commanded: Vec<usize> = joints
        .iter()
        .copied()
        .filter(|j| {
            let joint = &s.model.joints[*j];
            joint.mimic.is_none()
                && joint.limits.lower.is_finite()
                && joint.limits.upper.is_finite()
        })
        .collect();
    if commanded.is_empty() {
        return None;
    }
    let fingers = Fingers::new(s, segment);
    let mut open_closed: Vec<(f64, f64)> = commanded
        .iter()
        .map(|j| fingers.open_and_closed(*j))
        .collect();
    let is_measured = open_closed.iter().any(|(open, closed)| open != closed);
    if !is_measured {
        open_closed = commanded.iter().map(|j| far_and_near(s, *j)).collect();
    }
    let with = |position: fn(&(f64, f64)) -> f64| {
        let positions = commanded.iter().zip(&open_closed);
        fingers.spread(positions.map(|(j, both)| (*j, position(both))))
    };
    let opening = (with(|both| both.0) - with(|both| both.1)).max(0.0);
    let layout = GripperLayout {
        joints: commanded
            .iter()
            .zip(&open_closed)
            .map(|(j, (open, closed))| GripperJoint {
                joint: s.model.joints[*j].name.clone(),
                open: *open,
                closed: *closed,
            })
            .collect(),
        opening_m: (opening * PLACES_PER_M).round() / PLACES_PER_M,
        grasp: None,
    };
    let mut finding = finding(s, segment, chain, &joints, &layout);
    if !is_measured {
        finding.certainty = Certainty::Guess;
        finding.why += "; no shape tells where it is open: it is taken to be closed near zero";
    }
    Some(Hand { layout, finding })
}

fn finding(
    s: &Structure<'_>,
    segment: &Segment,
    chain: &str,
    joints: &[usize],
    layout: &GripperLayout,
) -> Finding {
    let slides = joints
        .iter()
        .all(|j| s.model.joints[*j].kind == JointKind::Prismatic);
    let (certainty, how) = match (slides, layout.joints.len()) {
        (true, 1 | 2) => (Certainty::Certain, "its fingers slide"),
        (false, 1) => (Certainty::Likely, "one joint turns its fingers"),
        _ => (
            Certainty::Guess,
            "each joint is open where the fingers are farther apart",
        ),
    };
    let (certainty, why) = match segment.reason {
        Some(HandReason::Names) => (certainty, "names say hand"),
        Some(HandReason::Said) => (certainty, "the SRDF says that it is a hand"),
        Some(HandReason::TipBefore) => (
            certainty.min(Certainty::Likely),
            "it comes after the tip of the chain",
        ),
        _ => (
            certainty.min(Certainty::Likely),
            "it is small and branches at the end of the chain",
        ),
    };
    let about = format!("chain {chain}: gripper, opening {} m", layout.opening_m);
    Finding::new(about, certainty, format!("{why}; {how}"))
}

/// The limit of a joint that is farther from zero, and the other one.
fn far_and_near(s: &Structure<'_>, joint: usize) -> (f64, f64) {
    let limits = s.model.joints[joint].limits;
    if limits.upper.abs() >= limits.lower.abs() {
        (limits.upper, limits.lower)
    } else {
        (limits.lower, limits.upper)
    }
}

/// What a hand takes hold with: points on its fingers, and one on the palm where only one finger moves.
struct Fingers<'a> {
    s: &'a Structure<'a>,
    /// Link and point in its frame, metres.
    points: Vec<(usize, Point3<f64>)>,
}

impl<'a> Fingers<'a> {
    fn new(s: &'a Structure<'a>, segment: &Segment) -> Self {
        let mut points: Vec<(usize, Point3<f64>)> =
            segment.hand.iter().map(|b| finger_point(s, *b)).collect();
        match segment.hand.as_slice() {
            [jaw] => points.push(palm_point(s, segment, *jaw)),
            [_, _] => {}
            // Three and more fingers curl towards the palm.
            many => points.push(knuckles(s, segment, many)),
        }
        Self { s, points }
    }

    /// Mean distance between the points, metres; the joints that are not named are at zero.
    fn spread(&self, positions: impl Iterator<Item = (usize, f64)>) -> f64 {
        let model = self.s.model;
        let mut movable = vec![0.0; model.movable().len()];
        for (joint, position) in positions {
            if let Some(coordinate) = model.coordinates()[joint] {
                movable[coordinate.index] = position;
            }
        }
        let poses = structure::poses(model, &movable);
        let at: Vec<Point3<f64>> = self.points.iter().map(|(l, p)| poses[*l] * p).collect();
        let mut distances = Vec::new();
        for (i, a) in at.iter().enumerate() {
            distances.extend(at[i + 1..].iter().map(|b| (a - b).norm()));
        }
        distances.iter().sum::<f64>() / distances.len().max(1) as f64
    }

    /// Positions of a joint at which the fingers are farthest apart and nearest. One that only spreads the fingers
    /// stays where it is.
    fn open_and_closed(&self, joint: usize) -> (f64, f64) {
        let limits = self.s.model.joints[joint].limits;
        let (lower, upper) = (limits.lower, limits.upper);
        let at_lower = self.spread([(joint, lower)].into_iter());
        let at_upper = self.spread([(joint, upper)].into_iter());
        if (at_lower - at_upper).abs() < NOTHING_M {
            let rest = 0.0_f64.clamp(lower, upper);
            (rest, rest)
        } else if at_lower > at_upper {
            (lower, upper)
        } else {
            (upper, lower)
        }
    }
}

/// The middle of the last link of a finger.
fn finger_point(s: &Structure<'_>, finger: usize) -> (usize, Point3<f64>) {
    let mut at = finger;
    while let Some(next) = s.bodies[at]
        .children
        .iter()
        .max_by(|a, b| s.reach[**a].total_cmp(&s.reach[**b]))
    {
        at = *next;
    }
    let first = s.bodies[at].links[0];
    let shapes = s.bodies[at].links.iter().flat_map(|l| {
        let pose = s.poses[first].inverse() * s.poses[*l];
        let shapes = structure::shapes(&s.model.links[*l]).into_iter();
        shapes.map(move |shape| pose * structure::centre(shape))
    });
    let centres: Vec<Vector3<f64>> = shapes.map(|p| p.coords).collect();
    if !centres.is_empty() {
        let mean = centres.iter().sum::<Vector3<f64>>() / centres.len() as f64;
        return (first, Point3::from(mean));
    }
    // Without shapes: the frame that is farthest out.
    let out = |l: &usize| (s.position(*l) - s.origin(finger)).norm();
    let links = s.bodies[at].links.iter();
    let outermost = links.copied().max_by(|a, b| out(a).total_cmp(&out(b)));
    (outermost.unwrap_or(first), Point3::origin())
}

/// The middle of where the fingers begin, on the palm.
fn knuckles(s: &Structure<'_>, segment: &Segment, fingers: &[usize]) -> (usize, Point3<f64>) {
    let last = s.bodies[segment.end].links[0];
    let sum: Vector3<f64> = fingers.iter().map(|f| s.origin(*f)).sum();
    let mean = sum / fingers.len().max(1) as f64;
    (last, s.poses[last].inverse() * Point3::from(mean))
}

/// What a single jaw closes against: the tip that lies beyond its joint, else the far end of the link that it is on.
fn palm_point(s: &Structure<'_>, segment: &Segment, jaw: usize) -> (usize, Point3<f64>) {
    let end = &s.bodies[segment.end];
    let last = end.links[0];
    let ahead = (s.origin(jaw) - s.position(last))
        .try_normalize(1e-9)
        .unwrap_or_else(Vector3::z);
    let along = |p: &Vector3<f64>| (p - s.origin(jaw)).dot(&ahead);
    let tip = end
        .links
        .iter()
        .filter(|l| along(&s.position(**l)) > 0.0)
        .filter_map(|l| naming::tip_rank(s.link_name(*l)).map(|rank| (rank, *l)))
        .min();
    if let Some((_, link)) = tip {
        return (link, Point3::origin());
    }
    let corners: Vec<Vector3<f64>> = end
        .links
        .iter()
        .flat_map(|l| {
            let pose = s.poses[*l];
            let shapes = structure::shapes(&s.model.links[*l]).into_iter();
            shapes.flat_map(move |shape| structure::corners(shape).map(|c| (pose * c).coords))
        })
        .collect();
    let far = corners.iter().map(along).fold(0.0, f64::max);
    let face: Vec<&Vector3<f64>> = corners.iter().filter(|c| along(c) > 0.9 * far).collect();
    let point = if far > 0.0 && !face.is_empty() {
        face.iter().copied().sum::<Vector3<f64>>() / face.len() as f64
    } else {
        s.origin(jaw) + ahead * s.reach[jaw]
    };
    (last, s.poses[last].inverse() * Point3::from(point))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::fixtures::{body, chain, frame, model};
    use crate::layout::segments::segments;

    fn found(urdf: &str) -> Hand {
        let model = model(urdf);
        let s = Structure::new(&model);
        let all = segments(&s, &vec![false; s.bodies.len()]);
        let with = all.iter().find(|x| !x.hand.is_empty()).unwrap();
        hand(&s, with, "arm").unwrap()
    }

    fn finger(name: &str, y: f64, axis: &str, limits: (f64, f64)) -> String {
        let (lower, upper) = limits;
        body(name)
            + &format!(
                r#"<joint name="{name}_joint" type="prismatic"><parent link="a_4"/><child link="{name}"/>
                <origin xyz="0.05 {y} 0"/><axis xyz="{axis}"/>
                <limit lower="{lower}" upper="{upper}" velocity="1" effort="10"/></joint>"#
            )
    }

    #[test]
    fn sliding_fingers_open_where_they_are_farther_apart() {
        let arm = chain("base", "a", 4, 0.3);
        // One opens towards its upper limit, the other towards its lower one.
        let fingers = finger("finger_1", 0.01, "0 1 0", (0.0, 0.04))
            + &finger("finger_2", -0.01, "0 1 0", (-0.03, 0.0));
        let hand = found(&(arm + &fingers));
        let joints = &hand.layout.joints;
        assert_eq!((joints[0].open, joints[0].closed), (0.04, 0.0));
        assert_eq!((joints[1].open, joints[1].closed), (-0.03, 0.0));
        assert!((hand.layout.opening_m - 0.07).abs() < 1e-9);
        assert_eq!(hand.finding.certainty, Certainty::Certain);
    }

    #[test]
    fn a_single_jaw_opens_away_from_the_tip() {
        let arm = chain("base", "a", 4, 0.3);
        let jaw = chain("a_4", "jaw", 1, 0.05)
            + &frame("jaw_1", "jaw_end", "0.1 0 0")
            + &frame("a_4", "tcp", "0.15 0 0");
        let hand = found(&(arm + &jaw));
        // Limits of ±2 rad are as far from the tip as each other: that is said.
        assert_eq!(hand.layout.joints[0].joint, "jaw_j1");
        assert_eq!(hand.finding.certainty, Certainty::Guess);
        assert!(hand.finding.why.contains("no shape tells"));
        let lowered =
            |u: String| u.replace(r#"lower="-2" upper="2""#, r#"lower="-0.1" upper="1.5""#);
        let arm = chain("base", "a", 4, 0.3);
        let jaw = lowered(chain("a_4", "jaw", 1, 0.05))
            + &frame("jaw_1", "jaw_end", "0.1 0 0")
            + &frame("a_4", "tcp", "0.15 0 0");
        let joint = found(&(arm + &jaw)).layout.joints[0].clone();
        assert_eq!((joint.open, joint.closed), (1.5, -0.1));
    }
}
