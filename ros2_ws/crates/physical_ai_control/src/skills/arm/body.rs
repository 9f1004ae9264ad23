use nalgebra::Isometry3;
use physical_ai_domain::{ChainLayout, RobotModel};

use super::gripper::Gripper;
use crate::kinematics::link_poses;
use crate::{Chain, Error};

/// A chain of a robot whose tip is moved, with the hand at it.
#[derive(Debug, Clone)]
pub struct ArmBody {
    chain: Chain,
    mount: Mount,
    gripper: Option<Gripper>,
}

/// From the robot's root link to the chain's base.
#[derive(Debug, Clone)]
enum Mount {
    /// Nothing moves between them.
    Fixed(Isometry3<f64>),
    /// The chain's base moves, too: on a lift, or with a torso that turns.
    Moves(Chain),
}

impl ArmBody {
    /// A chain of a robot's layout.
    ///
    /// # Errors
    /// [`Error::UnsuitableChain`] if the robot has not its links, or more joints between them than a chain may have;
    /// [`Error::UnsuitableModel`] for a gripper that does not open across its approach.
    pub fn try_new(model: &RobotModel, layout: &ChainLayout) -> Result<Self, Error> {
        let gripper = match &layout.gripper {
            Some(gripper) => Gripper::try_new(model, &layout.tip, gripper)?,
            None => None,
        };
        Ok(Self {
            chain: Chain::between(model, &layout.base, &layout.tip)?,
            mount: Mount::try_new(model, &layout.base)?,
            gripper,
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
        self.chain.forward(&self.chain.of_all(positions))
    }

    /// Pose of the chain's base in the world, given that of the root link and all joints, radians and metres.
    pub(crate) fn base_in_world(&self, root: &Isometry3<f64>, positions: &[f64]) -> Isometry3<f64> {
        match &self.mount {
            Mount::Fixed(pose) => root * pose,
            Mount::Moves(chain) => root * chain.forward(&chain.of_all(positions)),
        }
    }

    /// Pose of the tip in the world, given that of the root link and all joints, radians and metres.
    pub(crate) fn tip_in_world(&self, root: &Isometry3<f64>, positions: &[f64]) -> Isometry3<f64> {
        self.base_in_world(root, positions) * self.tip(positions)
    }

    /// The frame of the grasp in the world with the fingers as they are, given the pose of the root link and all joints,
    /// radians and metres; that of the tip without a gripper.
    ///
    /// # Real-time
    /// Does not allocate.
    pub(crate) fn grasp_in_world(
        &self,
        root: &Isometry3<f64>,
        positions: &[f64],
    ) -> Isometry3<f64> {
        let tip = self.tip_in_world(root, positions);
        let gripper = self.gripper.as_ref();
        gripper.map_or(tip, |g| tip * g.grasp(g.gap_m(positions)))
    }

    /// The chain's joints among all, radians and metres.
    pub(crate) fn chain_part(&self, all: &[f64]) -> Vec<f64> {
        self.chain.of_all(all)[..self.chain.degrees_of_freedom()].to_vec()
    }
}

impl Mount {
    fn try_new(model: &RobotModel, base: &str) -> Result<Self, Error> {
        let root = &model.links[model.root].name;
        let link = model.link_index(base).unwrap_or(model.root);
        let coordinates = model.coordinates();
        let moves = model
            .joints_to(link)
            .into_iter()
            .any(|j| coordinates[j].is_some());
        if moves {
            Chain::between(model, root, base).map(Self::Moves)
        } else {
            Ok(Self::Fixed(link_poses(model, &[])[link]))
        }
    }
}
