use nalgebra::Isometry3;
use physical_ai_domain::{ChainLayout, RobotModel};

use super::gripper::Gripper;
use crate::{Chain, Error};

/// A chain of a robot whose tip is moved, with the hand at it.
#[derive(Debug, Clone)]
pub struct ArmBody {
    chain: Chain,
    /// From the robot's root link to the chain's base.
    mount: Chain,
    gripper: Option<Gripper>,
}

impl ArmBody {
    /// A chain of a robot's layout.
    ///
    /// # Errors
    /// [`Error::UnsuitableModel`] if the robot has not its links.
    pub fn try_new(model: &RobotModel, layout: &ChainLayout) -> Result<Self, Error> {
        let root = &model.links[model.root].name;
        let gripper = layout.gripper.as_ref();
        Ok(Self {
            chain: Chain::between(model, &layout.base, &layout.tip)?,
            mount: Chain::between(model, root, &layout.base)?,
            gripper: gripper.map(|g| Gripper::new(model, g)),
        })
    }

    /// The chain from its base to its tip.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    pub(crate) fn gripper(&self) -> Option<&Gripper> {
        self.gripper.as_ref()
    }

    /// Pose of the tip in the frame of the chain's base, given all joints, radians and metres.
    pub(crate) fn tip(&self, positions: &[f64]) -> Isometry3<f64> {
        self.chain.forward_of_all(positions)
    }

    /// Pose of the chain's base in the world, given that of the root link and all joints, radians and metres.
    pub(crate) fn base_in_world(&self, root: &Isometry3<f64>, positions: &[f64]) -> Isometry3<f64> {
        root * self.mount.forward_of_all(positions)
    }

    /// Pose of the tip in the world, given that of the root link and all joints, radians and metres.
    pub(crate) fn tip_in_world(&self, root: &Isometry3<f64>, positions: &[f64]) -> Isometry3<f64> {
        self.base_in_world(root, positions) * self.tip(positions)
    }

    /// The chain's joints among all, radians and metres.
    pub(crate) fn chain_part(&self, all: &[f64]) -> Vec<f64> {
        let at = |i: &usize| all.get(*i).copied().unwrap_or(0.0);
        self.chain.indices().iter().map(at).collect()
    }
}
