use std::collections::BTreeSet;

use super::joint::Joint;
use super::link::Link;

/// An element and what is wrong with it.
pub(super) type Violation = (String, String);

/// Names that occur twice, links that hang on two others.
pub(super) fn check_names(links: &[Link], joints: &[Joint]) -> Result<(), Violation> {
    let all = [
        ("link", links.iter().map(|l| &l.name).collect::<Vec<_>>()),
        ("joint", joints.iter().map(|j| &j.name).collect()),
    ];
    for (kind, of_kind) in all {
        let mut names = BTreeSet::new();
        for name in of_kind {
            if !names.insert(name) {
                return Err((
                    format!("{kind} {name}"),
                    "exists twice: give each a name of its own".into(),
                ));
            }
        }
    }
    Ok(())
}

/// Finds the root and the order of joints in which parents come first.
pub(super) fn sort(links: &[Link], joints: &[Joint]) -> Result<(usize, Vec<usize>), Violation> {
    let mut parent_of = vec![None; links.len()];
    for joint in joints {
        if let Some(other) = parent_of[joint.child].replace(joint.parent) {
            let (child, other) = (&links[joint.child].name, &links[other].name);
            return Err((
                format!("joint {}: child", joint.name),
                format!(
                    "link {child} already hangs on link {other}: a robot is a tree, take one of the two joints away"
                ),
            ));
        }
    }
    let roots: Vec<usize> = (0..links.len())
        .filter(|i| parent_of[*i].is_none())
        .collect();
    let &[root] = roots.as_slice() else {
        if roots.is_empty() && !joints.is_empty() {
            return Err(in_cycle(&joints[0]));
        }
        let names: Vec<&str> = roots.iter().map(|i| links[*i].name.as_str()).collect();
        return Err((
            "robot".into(),
            format!(
                "needs exactly one root link, has {}: {}: join them with fixed joints",
                roots.len(),
                names.join(", ")
            ),
        ));
    };
    let mut left: Vec<usize> = (0..joints.len()).collect();
    let mut sorted = Vec::with_capacity(joints.len());
    let mut reached = vec![false; links.len()];
    reached[root] = true;
    while let Some(next) = left.iter().position(|i| reached[joints[*i].parent]) {
        let i = left.remove(next);
        reached[joints[i].child] = true;
        sorted.push(i);
    }
    match left.first() {
        Some(i) => Err(in_cycle(&joints[*i])),
        None => Ok((root, sorted)),
    }
}

fn in_cycle(joint: &Joint) -> Violation {
    (
        format!("joint {}", joint.name),
        "is part of a cycle: no way leads to it from a root link, take one of its joints away"
            .into(),
    )
}
