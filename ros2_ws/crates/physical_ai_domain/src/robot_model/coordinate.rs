use super::joint::{Joint, JointKind};

/// How a joint's position follows from the positions of the movable joints.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coordinate {
    /// Which of the movable joints.
    pub index: usize,
    /// Units of the joint per unit of that one: 1 for the movable joint itself.
    pub multiplier: f64,
    /// Radians or metres: 0 for the movable joint itself.
    pub offset: f64,
}

impl Coordinate {
    /// Position of the joint where the movable ones have these; a missing one counts as 0.
    pub fn position(&self, positions: &[f64]) -> f64 {
        let leader = positions.get(self.index).copied().unwrap_or(0.0);
        self.multiplier * leader + self.offset
    }

    /// Velocity of the joint where the movable ones have these; a missing one counts as 0.
    pub fn velocity(&self, velocities: &[f64]) -> f64 {
        self.multiplier * velocities.get(self.index).copied().unwrap_or(0.0)
    }
}

/// The movable joints among `joints`, and how all of them follow from those: `None` for fixed and floating
/// ones. Fails with the index of a joint that follows itself or one that does not move.
pub(super) fn coordinates(
    joints: &[Joint],
) -> Result<(Vec<usize>, Vec<Option<Coordinate>>), usize> {
    let moves = |j: &Joint| !matches!(j.kind, JointKind::Fixed | JointKind::Floating);
    let movable: Vec<usize> = (0..joints.len())
        .filter(|i| moves(&joints[*i]) && joints[*i].mimic.is_none())
        .collect();
    let mut of_joints = vec![None; joints.len()];
    for (i, joint) in joints.iter().enumerate() {
        if !moves(joint) {
            continue;
        }
        let (mut at, mut multiplier, mut offset) = (i, 1.0, 0.0);
        // A chain of followers is no longer than there are joints.
        for _ in 0..joints.len() {
            let Some(mimic) = joints[at].mimic else { break };
            offset += multiplier * mimic.offset;
            multiplier *= mimic.multiplier;
            at = mimic.leader;
        }
        let index = movable.iter().position(|m| *m == at).ok_or(i)?;
        of_joints[i] = Some(Coordinate {
            index,
            multiplier,
            offset,
        });
    }
    Ok((movable, of_joints))
}
