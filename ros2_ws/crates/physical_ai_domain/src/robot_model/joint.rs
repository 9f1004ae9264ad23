use nalgebra::{Isometry3, Unit, Vector3};

use super::limits::{GivenLimits, JointLimits, MotionBlock};

/// How a joint moves. A planar joint of a description is two joints that slide, with a link without mass
/// between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JointKind {
    /// Rotates within limits, radians.
    Revolute,
    /// Rotates without position limits, radians.
    Continuous,
    /// Slides within limits, metres.
    Prismatic,
    /// Does not move.
    Fixed,
    /// Moves in all six directions, and nothing drives it: it has no place among the movable joints.
    Floating,
}

/// The position of a joint is `multiplier * position of the leader + offset`, always.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mimic {
    /// Index of the joint that leads; it may follow another itself.
    pub leader: usize,
    /// Units of the follower per unit of the leader.
    pub multiplier: f64,
    /// Radians or metres.
    pub offset: f64,
}

/// A joint: its child's frame, seen from its parent's, moves along or about `axis`.
#[derive(Debug, Clone, PartialEq)]
pub struct Joint {
    /// Name, unique in the model.
    pub name: String,
    /// How it moves.
    pub kind: JointKind,
    /// Index of the parent link.
    pub parent: usize,
    /// Index of the child link.
    pub child: usize,
    /// Child frame in the parent's at position zero, metres.
    pub origin: Isometry3<f64>,
    /// Axis in the child's frame.
    pub axis: Unit<Vector3<f64>>,
    /// Limits that hold; all infinite for fixed and floating joints.
    pub limits: JointLimits,
    /// Limits that somebody gave.
    pub given: GivenLimits,
    /// Which joint it follows; a follower has no place among the movable joints.
    pub mimic: Option<Mimic>,
    /// Viscous damping, N m s/rad or N s/m.
    pub damping: f64,
    /// Dry friction, N m or N.
    pub friction: f64,
}

impl Joint {
    /// Why a joint that can move may not be moved; `None` if it may.
    pub fn motion_block(&self) -> Option<MotionBlock> {
        if matches!(self.kind, JointKind::Fixed | JointKind::Floating) {
            return None;
        }
        if self.given.velocity.is_none() {
            return Some(MotionBlock::NoVelocityLimit);
        }
        self.given
            .effort
            .is_none()
            .then_some(MotionBlock::NoEffortLimit)
    }

    /// Whether its limits leave it no way to move.
    pub fn is_locked(&self) -> bool {
        self.limits.lower == self.limits.upper
    }
}
