use crate::nearest::does_not_exist;
use crate::srdf::{Srdf, SrdfEndEffector, SrdfGroup};
use crate::{Doubt, Severity};

use super::segments::{LEAST_JOINTS, Segment, trim_hand, with_hand};
use super::structure::{Structure, moves};

/// A chain that an SRDF names.
pub(super) struct NamedSegment {
    pub(super) name: String,
    pub(super) segment: Segment,
    /// Its tip, where the SRDF says it.
    pub(super) tip: Option<usize>,
    /// Joints of the group that an end effector says is its hand.
    pub(super) hand_group: Option<String>,
}

/// The chains of an SRDF, none sharing a joint with another. What does not fit the robot is left out with a doubt.
pub(super) fn chains(
    s: &Structure<'_>,
    srdf: &Srdf,
    skip: &[bool],
    doubts: &mut Vec<Doubt>,
) -> Vec<NamedSegment> {
    let mut found = Vec::new();
    for group in &srdf.groups {
        let reader = GroupReader { s, srdf, group };
        if reader.is_hand() {
            continue;
        }
        match reader.chain() {
            Ok(Some(chain)) => found.push(chain),
            Ok(None) => {}
            Err(problem) => doubts.push(Doubt::new(
                Severity::Warning,
                about(srdf, group),
                problem,
                "the group is left out, and its joints are looked at like those that no group names",
            )),
        }
    }
    let mut found = without_shared(s, found, srdf, doubts);
    for chain in &mut found {
        end_before_hand(s, chain, skip, doubts);
    }
    found
}

fn about(srdf: &Srdf, group: &SrdfGroup) -> String {
    let file = srdf
        .path
        .as_deref()
        .and_then(|p| p.file_name())
        .map_or_else(|| "SRDF".into(), |n| n.to_string_lossy());
    format!("{file}: group {}", group.name)
}

struct GroupReader<'a> {
    s: &'a Structure<'a>,
    srdf: &'a Srdf,
    group: &'a SrdfGroup,
}

impl GroupReader<'_> {
    fn link(&self, name: &str) -> Result<usize, String> {
        let model = self.s.model;
        model.link_index(name).ok_or_else(|| {
            does_not_exist("link", name, model.links.iter().map(|l| l.name.as_str()))
        })
    }

    fn joint(&self, name: &str) -> Result<usize, String> {
        let model = self.s.model;
        model.joint_index(name).ok_or_else(|| {
            does_not_exist("joint", name, model.joints.iter().map(|j| j.name.as_str()))
        })
    }

    /// End effectors whose group this is.
    fn end_effectors(&self) -> impl Iterator<Item = &SrdfEndEffector> {
        let all = self.srdf.end_effectors.iter();
        all.filter(|e| e.group == self.group.name)
    }

    /// Whether it is a hand: an end effector's group none of whose joints the link that carries it hangs on.
    fn is_hand(&self) -> bool {
        let Ok(joints) = self.joints() else {
            return false;
        };
        self.end_effectors().any(|e| {
            let Ok(carrier) = self.link(&e.parent_link) else {
                return false;
            };
            let above = self.s.model.joints_to(carrier);
            !joints.is_empty() && !joints.iter().any(|j| above.contains(j))
        })
    }

    /// Moving joints of the group, each after the one that it hangs on.
    fn joints(&self) -> Result<Vec<usize>, String> {
        let model = self.s.model;
        let mut joints = Vec::new();
        for name in &self.group.joints {
            if !self.srdf.virtual_joints.contains(name) {
                joints.push(self.joint(name)?);
            }
        }
        for name in &self.group.links {
            let link = self.link(name)?;
            joints.extend(model.joints.iter().position(|j| j.child == link));
        }
        for [base, tip] in &self.group.chains {
            joints.extend(self.path(base, tip)?);
        }
        joints.retain(|j| moves(&model.joints[*j]));
        joints.sort_unstable();
        joints.dedup();
        Ok(joints)
    }

    /// Joints from a base link to a tip link.
    fn path(&self, base: &str, tip: &str) -> Result<Vec<usize>, String> {
        let (base_link, tip_link) = (self.link(base)?, self.link(tip)?);
        let model = self.s.model;
        let above = model.joints_to(base_link);
        let path = model.joints_to(tip_link);
        if base_link != model.root && !path.iter().any(|j| model.joints[*j].child == base_link) {
            return Err(format!("tip {tip:?} is not below base {base:?}"));
        }
        Ok(path[above.len()..].to_vec())
    }

    /// The group as a chain; `None` if it is something else: a set of groups, joints side by side, too few joints.
    fn chain(&self) -> Result<Option<NamedSegment>, String> {
        if !self.group.groups.is_empty() {
            return Ok(None);
        }
        let model = self.s.model;
        let joints = self.joints()?;
        let (Some(first), Some(last)) = (joints.first(), joints.last()) else {
            return Ok(None);
        };
        let above: Vec<usize> = model
            .joints_to(model.joints[*last].child)
            .into_iter()
            .filter(|j| moves(&model.joints[*j]))
            .collect();
        if !above.ends_with(&joints) || joints.len() < LEAST_JOINTS {
            return Ok(None);
        }
        let end = self.s.body_of[model.joints[*last].child];
        let base = match self.group.chains.as_slice() {
            [[base, _]] => self.link(base)?,
            _ => model.joints[*first].parent,
        };
        let in_end = |link: &usize| self.s.body_of[*link] == end;
        let effector = self.end_effectors().next().map(|e| &e.parent_link);
        let chain_tip = self.group.chains.first().map(|[_, tip]| tip);
        let tip = effector
            .into_iter()
            .chain(chain_tip)
            .filter_map(|name| self.link(name).ok())
            .find(in_end);
        let carried = |e: &&SrdfEndEffector| {
            e.group != self.group.name
                && (e.parent_group.as_ref() == Some(&self.group.name)
                    || self.link(&e.parent_link).is_ok_and(|l| in_end(&l)))
        };
        let hand = self.srdf.end_effectors.iter().find(carried);
        Ok(Some(NamedSegment {
            name: self.group.name.clone(),
            segment: Segment::new(base, joints, end),
            tip,
            hand_group: hand.map(|e| e.group.clone()),
        }))
    }
}

/// Chains that hold another one whole are left out, and joints that several begin with are nobody's.
fn without_shared(
    s: &Structure<'_>,
    chains: Vec<NamedSegment>,
    srdf: &Srdf,
    doubts: &mut Vec<Doubt>,
) -> Vec<NamedSegment> {
    let joints: Vec<Vec<usize>> = chains.iter().map(|c| c.segment.joints.clone()).collect();
    let mut kept = Vec::new();
    for (i, mut chain) in chains.into_iter().enumerate() {
        let others = || joints.iter().enumerate().filter(|(o, _)| *o != i);
        let holds = |o: usize, other: &[usize]| {
            joints[i].ends_with(other) && (joints[i].len() > other.len() || o < i)
        };
        let note = |problem: String| {
            let group = SrdfGroup {
                name: chain.name.clone(),
                ..SrdfGroup::default()
            };
            Doubt::new(Severity::Note, about(srdf, &group), problem, "")
        };
        if others().any(|(o, other)| holds(o, other)) {
            doubts.push(note(
                "holds another group whole: it is no chain of its own".into(),
            ));
            continue;
        }
        let shared = others()
            .map(|(_, other)| common_start(&joints[i], other))
            .max()
            .unwrap_or(0);
        if joints[i].len() - shared < LEAST_JOINTS {
            if shared > 0 {
                doubts.push(note(
                    "its joints are the first of other groups' chains: it is no chain".into(),
                ));
            }
            continue;
        }
        if shared > 0 {
            let first = joints[i][shared];
            chain.segment.joints.drain(..shared);
            chain.segment.base = s.model.joints[first].parent;
            let base = s.link_name(chain.segment.base);
            let problem =
                format!("shares its first {shared} joints with others: the chain begins at {base}");
            doubts.push(note(problem));
        }
        kept.push(chain);
    }
    kept
}

fn common_start(a: &[usize], b: &[usize]) -> usize {
    // Both lists begin anywhere in the tree; what they share is one piece of it.
    let shared: Vec<&usize> = a.iter().filter(|j| b.contains(j)).collect();
    if shared.len() == a.len() {
        0
    } else {
        shared.len()
    }
}

/// A chain ends before its hand, whatever the SRDF says: who moves the tip means no jaw.
fn end_before_hand(
    s: &Structure<'_>,
    chain: &mut NamedSegment,
    skip: &[bool],
    doubts: &mut Vec<Doubt>,
) {
    if let Some(jaw) = trim_hand(s, &mut chain.segment) {
        chain.tip = None;
        doubts.push(Doubt::new(
            Severity::Warning,
            format!("chain {}", chain.name),
            format!("the SRDF ends it with joint {jaw}, which is named like a hand's"),
            "that joint is taken for the gripper; say chains in a robot file if it is not",
        ));
    }
    with_hand(s, skip, &mut chain.segment);
}
