use physical_ai_domain::{ChainLayout, GripperJoint, GripperLayout};

use crate::srdf::Srdf;
use crate::{Certainty, Doubt, Finding, Severity};

use super::from_srdf::{self, NamedSegment};
use super::segments::{HandReason, LEAST_JOINTS, Segment, segments};
use super::structure::Structure;
use super::{FoundLayout, hands, names, naming, tips};

/// Finds the chains of a robot: those that an SRDF names, and those that are there beside them.
pub(super) fn find(
    s: &Structure<'_>,
    srdf: Option<&Srdf>,
    is_wheel: &[bool],
    found: &mut FoundLayout,
) {
    let mut named = srdf.map_or_else(Vec::new, |srdf| {
        from_srdf::chains(s, srdf, is_wheel, &mut found.doubts)
    });
    for chain in &mut named {
        take_hand_group(s, srdf, chain);
    }
    let used: Vec<usize> = named.iter().flat_map(|c| joints(s, &c.segment)).collect();
    let looked = segments(s, is_wheel).into_iter().filter(|segment| {
        let all = joints(s, segment);
        !segment.is_trunk && !all.iter().any(|j| used.contains(j))
    });
    let (looked, short): (Vec<Segment>, Vec<Segment>) =
        looked.partition(|segment| segment.independent(s) >= LEAST_JOINTS);
    let taken: Vec<&str> = named.iter().map(|c| c.name.as_str()).collect();
    let new_names = names::names(s, &looked.iter().collect::<Vec<_>>(), &taken);
    for chain in &named {
        let why = "the SRDF says so";
        add(s, chain, srdf, (Certainty::Certain, why), found);
    }
    for (name, segment) in new_names.into_iter().zip(looked) {
        let why = if segment.hand.is_empty() {
            "joints in a row up to the end of the robot"
        } else {
            "joints in a row up to a hand"
        };
        let chain = NamedSegment {
            name,
            segment,
            tip: None,
            hand_group: None,
        };
        add(s, &chain, srdf, (Certainty::Certain, why), found);
    }
    found
        .doubts
        .extend(short.iter().filter_map(|x| too_short(s, x)));
}

/// Joints of a segment and its hand.
fn joints(s: &Structure<'_>, segment: &Segment) -> Vec<usize> {
    let hand = segment.hand.iter().flat_map(|b| s.subtree_joints(*b));
    segment.joints.iter().copied().chain(hand).collect()
}

/// Makes the group that an end effector says the hand of a chain.
fn take_hand_group(s: &Structure<'_>, srdf: Option<&Srdf>, chain: &mut NamedSegment) {
    let group = chain.hand_group.as_ref().and_then(|name| {
        let groups = srdf.map(|srdf| srdf.groups.iter());
        groups?.find(|g| g.name == *name)
    });
    let Some(group) = group else { return };
    let is_of_group = |body: &usize| {
        s.subtree_joints(*body).iter().any(|j| {
            let joint = &s.model.joints[*j];
            let link = &s.model.links[joint.child].name;
            group.joints.contains(&joint.name) || group.links.contains(link)
        })
    };
    let children = s.bodies[chain.segment.end].children.iter().copied();
    let hand: Vec<usize> = children.filter(is_of_group).collect();
    if !hand.is_empty() {
        chain.segment.hand = hand;
        chain.segment.reason = Some(HandReason::Said);
    }
}

fn add(
    s: &Structure<'_>,
    chain: &NamedSegment,
    srdf: Option<&Srdf>,
    (certainty, why): (Certainty, &str),
    found: &mut FoundLayout,
) {
    let name = &chain.name;
    let segment = &chain.segment;
    let about = format!("chain {name}: {} joints", segment.joints.len());
    found.findings.push(Finding::new(about, certainty, why));
    let tip = chain.tip.map_or_else(
        || tips::tip(s, segment.end),
        |link| tips::Tip {
            link,
            certainty: Certainty::Certain,
            why: "the SRDF says so".into(),
        },
    );
    let tip_name = s.link_name(tip.link);
    let about = format!("chain {name}: tip {tip_name}");
    found
        .findings
        .push(Finding::new(about, tip.certainty, tip.why));
    let gripper = gripper(s, chain, srdf, found);
    found.layout.chains.push(ChainLayout {
        name: name.clone(),
        base: s.link_name(segment.base).to_owned(),
        tip: tip_name.to_owned(),
        gripper,
    });
}

/// The gripper of a chain, if how it opens could be found out.
fn gripper(
    s: &Structure<'_>,
    chain: &NamedSegment,
    srdf: Option<&Srdf>,
    found: &mut FoundLayout,
) -> Option<GripperLayout> {
    let name = &chain.name;
    let mut hand = hands::hand(s, &chain.segment, name)?;
    let states = srdf.zip(chain.hand_group.as_ref());
    if let Some((srdf, group)) = states
        && take_states(srdf, group, &mut hand.layout)
    {
        hand.finding.certainty = Certainty::Certain;
        hand.finding.why = "the SRDF names its states".into();
    }
    if hand.layout.opening_m > 0.0 {
        found.findings.push(hand.finding);
        return Some(hand.layout);
    }
    found.doubts.push(Doubt::new(
        Severity::Warning,
        format!("chain {name}"),
        "has a hand, and nothing tells how far it opens: it has no gripper",
        "say the gripper's joints and opening_m in a robot file",
    ));
    None
}

/// Takes open and closed positions from the states of a hand's group. True if there were both.
fn take_states(srdf: &Srdf, group: &str, layout: &mut GripperLayout) -> bool {
    let state = |words: &[&str]| {
        let of_group = srdf
            .states
            .iter()
            .filter(|s| s.group.as_deref() == Some(group));
        of_group
            .filter(|s| naming::has_word(&s.name, words))
            .map(|s| &s.joints)
            .next()
    };
    let (Some(open), Some(closed)) = (state(&naming::OPEN), state(&naming::CLOSED)) else {
        return false;
    };
    let take = |joint: &mut GripperJoint| {
        let value = |of: &Vec<(String, Vec<f64>)>| {
            let found = of.iter().find(|(name, _)| *name == joint.joint)?;
            found.1.first().copied()
        };
        let both = value(open).zip(value(closed));
        if let Some((open, closed)) = both {
            (joint.open, joint.closed) = (open, closed);
        }
        both.is_some()
    };
    let mut all = true;
    for joint in &mut layout.joints {
        all &= take(joint);
    }
    all
}

fn too_short(s: &Structure<'_>, segment: &Segment) -> Option<Doubt> {
    if segment.joints.is_empty() {
        return None;
    }
    let names: Vec<&str> = segment
        .joints
        .iter()
        .map(|j| s.model.joints[*j].name.as_str())
        .collect();
    let problem = format!(
        "{} in a row: a chain has at least {LEAST_JOINTS} joints that move by themselves",
        segment.joints.len()
    );
    let about = format!("joints {}", names.join(", "));
    let advice = "skills that move single joints move them";
    Some(Doubt::new(Severity::Note, about, problem, advice))
}
