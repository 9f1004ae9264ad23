use physical_ai_domain::JointKind;

use super::naming;
use super::structure::Structure;

/// Fewer joints bring no tip to a pose of any use.
pub(super) const LEAST_JOINTS: usize = 3;
/// A hand is at most this much of the reach of the arm that carries it.
const HAND_PER_ARM: f64 = 0.5;
/// The same where names say that it is a hand.
const NAMED_HAND_PER_ARM: f64 = 1.0;
/// A gripper that is told by a tip before it has no more joints in a row than this.
const JAW_JOINTS: usize = 2;

/// Why something at the end of a chain is taken for a hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HandReason {
    /// Its joints are named like a hand's.
    Names,
    /// The SRDF says so.
    Said,
    /// It branches and is small.
    Size,
    /// The link before it holds a tip.
    TipBefore,
}

/// Joints one after another, from a link that branches (or the root) to one that branches or is the last.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    /// Link on which the first joint is.
    pub(super) base: usize,
    /// Joints, the first one first.
    pub(super) joints: Vec<usize>,
    /// Body at the end.
    pub(super) end: usize,
    /// Bodies that hang on the end and are its hand.
    pub(super) hand: Vec<usize>,
    /// Why they are taken for a hand.
    pub(super) reason: Option<HandReason>,
    /// Whether other segments begin at its end.
    pub(super) is_trunk: bool,
}

/// Takes a robot apart into segments. Bodies in `skip` are looked past, and what hangs on them.
pub(super) fn segments(s: &Structure<'_>, skip: &[bool]) -> Vec<Segment> {
    let mut found = Vec::new();
    let mut open = vec![Segment::new(s.model.root, Vec::new(), 0)];
    while let Some(mut segment) = open.pop() {
        let children = branches(s, skip, &segment);
        if let Some(reason) = hand_reason(s, &segment, &children) {
            segment.hand = children;
            segment.reason = Some(reason);
            found.push(segment);
            continue;
        }
        let children = without_followers(s, children);
        match children.as_slice() {
            [] => found.push(segment),
            [only] if !is_floating(s, *only) => {
                let mut joints = segment.joints;
                let joint = s.bodies[*only].joint;
                let base = match joint {
                    Some(first) if joints.is_empty() => s.model.joints[first].parent,
                    _ => segment.base,
                };
                joints.extend(joint);
                open.push(Segment::new(base, joints, *only));
            }
            many => {
                for child in many.iter().rev() {
                    open.push(first(s, *child));
                }
                segment.is_trunk = true;
                found.push(segment);
            }
        }
    }
    found
}

impl Segment {
    pub(super) fn new(base: usize, joints: Vec<usize>, end: usize) -> Self {
        Self {
            base,
            joints,
            end,
            hand: Vec::new(),
            reason: None,
            is_trunk: false,
        }
    }

    /// Joints that move by themselves.
    pub(super) fn independent(&self, s: &Structure<'_>) -> usize {
        let joints = self.joints.iter();
        joints
            .filter(|j| s.model.joints[**j].mimic.is_none())
            .count()
    }
}

/// Looks for the hand at the end of a segment that was not found by looking.
pub(super) fn with_hand(s: &Structure<'_>, skip: &[bool], segment: &mut Segment) {
    if !segment.hand.is_empty() {
        return;
    }
    let children = branches(s, skip, segment);
    if let Some(reason) = hand_reason(s, segment, &children) {
        segment.hand = children;
        segment.reason = Some(reason);
    }
}

/// Takes the last joint off a segment if its name says that it is a jaw's, and makes it the hand. Returns its name.
pub(super) fn trim_hand<'a>(s: &Structure<'a>, segment: &mut Segment) -> Option<&'a str> {
    let before = s.bodies[segment.end].parent?;
    let mut shorter = Segment::new(segment.base, segment.joints.clone(), before);
    let last = shorter.joints.pop()?;
    let is_last = s.bodies[segment.end].joint == Some(last);
    if !is_last || shorter.independent(s) < LEAST_JOINTS {
        return None;
    }
    if jaw_reason(s, &shorter, segment.end) != Some(HandReason::Names) {
        return None;
    }
    shorter.hand = vec![segment.end];
    shorter.reason = Some(HandReason::Names);
    *segment = shorter;
    Some(&s.model.joints[last].name)
}

/// The segment that begins with a body's joint; nothing moves a floating body, so that its own joint is no part.
fn first(s: &Structure<'_>, body: usize) -> Segment {
    match s.bodies[body].joint {
        Some(joint) if !is_floating(s, body) => {
            Segment::new(s.model.joints[joint].parent, vec![joint], body)
        }
        _ => Segment::new(s.bodies[body].links[0], Vec::new(), body),
    }
}

fn is_floating(s: &Structure<'_>, body: usize) -> bool {
    s.joint(body)
        .is_some_and(|joint| joint.kind == JointKind::Floating)
}

fn branches(s: &Structure<'_>, skip: &[bool], segment: &Segment) -> Vec<usize> {
    let children = s.bodies[segment.end].children.iter().copied();
    children.filter(|c| !skip[*c]).collect()
}

/// Linkages that only follow do not branch a chain.
fn without_followers(s: &Structure<'_>, children: Vec<usize>) -> Vec<usize> {
    let leads = |c: &usize| {
        let mut joints = s.subtree_joints(*c).into_iter();
        joints.any(|j| s.model.joints[j].mimic.is_none())
    };
    if children.iter().any(leads) {
        children.into_iter().filter(leads).collect()
    } else {
        children
    }
}

/// Why what hangs on the end of a segment is its hand; `None` if it is not.
fn hand_reason(s: &Structure<'_>, segment: &Segment, children: &[usize]) -> Option<HandReason> {
    if segment.independent(s) < LEAST_JOINTS || children.is_empty() {
        return None;
    }
    if let [only] = children {
        return jaw_reason(s, segment, *only);
    }
    let arm = length(s, segment);
    let end = s.origin(segment.end);
    let hand = children
        .iter()
        .map(|c| s.reach[*c] + (s.origin(*c) - end).norm())
        .fold(0.0, f64::max);
    let named = children.iter().any(|c| is_named_hand(s, *c));
    if named && hand <= NAMED_HAND_PER_ARM * arm {
        Some(HandReason::Names)
    } else if hand <= HAND_PER_ARM * arm {
        Some(HandReason::Size)
    } else {
        None
    }
}

/// Why one joint after the last is that of a jaw.
fn jaw_reason(s: &Structure<'_>, segment: &Segment, child: usize) -> Option<HandReason> {
    let joint = s.joint(child)?;
    let turns = naming::has_word(&joint.name, &naming::TURNING);
    if naming::holds_part(&joint.name, &naming::HAND_PARTS) && !turns {
        return Some(HandReason::Names);
    }
    let is_tip = |body: usize| {
        let mut links = s.bodies[body].links.iter();
        links.any(|l| {
            naming::tip_rank(s.link_name(*l)).is_some_and(|r| r < naming::UNMISTAKABLE_TIPS)
        })
    };
    let beyond = s.subtree(child);
    (beyond.len() <= JAW_JOINTS && is_tip(segment.end) && !beyond.into_iter().any(is_tip))
        .then_some(HandReason::TipBefore)
}

fn is_named_hand(s: &Structure<'_>, body: usize) -> bool {
    let joints = s.subtree_joints(body);
    joints.iter().any(|j| {
        let joint = &s.model.joints[*j];
        [&joint.name, &s.model.links[joint.child].name]
            .iter()
            .any(|name| naming::holds_part(name, &naming::HAND_PARTS))
    })
}

/// Length of the way along the joints of a segment, metres.
fn length(s: &Structure<'_>, segment: &Segment) -> f64 {
    let origins: Vec<_> = segment
        .joints
        .iter()
        .map(|j| s.position(s.model.joints[*j].child))
        .collect();
    origins.windows(2).map(|w| (w[1] - w[0]).norm()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::fixtures::{chain, model, names};

    fn found(urdf: &str) -> Vec<(Vec<String>, Vec<String>)> {
        let model = model(urdf);
        let s = Structure::new(&model);
        let all = segments(&s, &vec![false; s.bodies.len()]);
        let of = |joints: &[usize]| names(&model, joints);
        all.iter()
            .filter(|x| !x.joints.is_empty() && !x.is_trunk)
            .map(|x| {
                let hand = x.hand.iter().flat_map(|b| s.subtree_joints(*b));
                (of(&x.joints), of(&hand.collect::<Vec<_>>()))
            })
            .collect()
    }

    #[test]
    fn two_arms_on_a_waist_are_two_segments_and_the_waist_is_no_hand_of() {
        let urdf = chain("base", "waist", 3, 0.05)
            + &chain("waist_3", "left", 4, 0.3)
            + &chain("waist_3", "right", 4, 0.3);
        let all = found(&urdf);
        assert_eq!(all.len(), 2, "{all:?}");
        assert_eq!(all[0].0, ["left_j1", "left_j2", "left_j3", "left_j4"]);
        assert!(all.iter().all(|(_, hand)| hand.is_empty()), "{all:?}");
    }

    #[test]
    fn two_short_branches_at_the_end_of_an_arm_are_its_hand() {
        let urdf =
            chain("base", "a", 4, 0.3) + &chain("a_4", "b", 1, 0.05) + &chain("a_4", "c", 1, 0.05);
        let all = found(&urdf);
        assert_eq!(all.len(), 1, "{all:?}");
        assert_eq!(all[0].1, ["b_j1", "c_j1"]);
    }

    #[test]
    fn one_jaw_is_told_by_its_name_and_a_wrist_named_after_the_hand_is_none() {
        let jaw = chain("base", "a", 4, 0.3) + &chain("a_4", "gripper", 1, 0.1);
        assert_eq!(found(&jaw)[0].1, ["gripper_j1"]);
        let wrist = chain("base", "a", 4, 0.3) + &chain("a_4", "GripperYaw", 1, 0.1);
        let all = found(&wrist);
        assert_eq!((all[0].0.len(), all[0].1.len()), (5, 0), "{all:?}");
    }
}
