use std::sync::Arc;

use physical_ai_domain::{ChainLayout, RobotModel};

use crate::skills::JointBody;
use crate::{Chain, Error};

/// Postures along a way in which its height over the ground is looked at.
const POSTURES: usize = 20;
/// A way may lead so far under where it began when that is too low already, metres.
const SLACK_M: f64 = 1e-4;

/// What a chain's motions keep clear of: the robot itself, and the ground.
#[derive(Debug, Clone)]
pub(super) struct Clearance {
    joints: Arc<JointBody>,
    /// From the root link to the tip.
    chain: Chain,
    /// Lowest height of the chain's frames over the root link, metres.
    lowest_m: f64,
}

impl Clearance {
    /// For a chain of a robot.
    ///
    /// # Errors
    /// [`Error::UnsuitableChain`] if the robot has not its links, or too many joints on the way to them.
    pub(super) fn try_new(
        model: &RobotModel,
        joints: Arc<JointBody>,
        layout: &ChainLayout,
        lowest_m: f64,
    ) -> Result<Self, Error> {
        let root = &model.links[model.root].name;
        Ok(Self {
            chain: Chain::between(model, root, &layout.tip)?,
            joints,
            lowest_m,
        })
    }

    /// From now on the chain's frames stay above this height over the root link, metres.
    pub(super) fn set_lowest_m(&mut self, lowest_m: f64) {
        self.lowest_m = lowest_m;
    }

    /// Ways that begin with all joints here, radians and metres.
    pub(super) fn way<'a>(&'a self, from: &'a [f64]) -> Way<'a> {
        Way {
            clearance: self,
            from,
            lowest_m: self.lowest_m.min(self.height_m(from) - SLACK_M),
        }
    }

    fn height_m(&self, all: &[f64]) -> f64 {
        self.chain.lowest_frame_m(&self.chain.of_all(all))
    }
}

/// Straight ways of all joints that begin in one posture.
pub(super) struct Way<'a> {
    clearance: &'a Clearance,
    from: &'a [f64],
    lowest_m: f64,
}

impl Way<'_> {
    /// Whether nothing of the robot runs into itself or the ground on the way to these positions of all joints.
    pub(super) fn is_clear(&self, to: &[f64]) -> bool {
        let collision = self.clearance.joints.collision();
        // Most ways that are not clear end so: that is found out with one posture.
        let end = std::iter::once(to.to_vec());
        self.is_above_ground(to)
            && collision.first_along(self.from, end).is_none()
            && collision.first(self.from, to).is_none()
    }

    /// Whether the chain stays above the ground on that way.
    pub(super) fn is_above_ground(&self, to: &[f64]) -> bool {
        (1..=POSTURES).all(|posture| {
            let share = posture as f64 / POSTURES as f64;
            let joints = self.from.iter().zip(to);
            let at: Vec<f64> = joints.map(|(a, b)| a + (b - a) * share).collect();
            self.clearance.height_m(&at) >= self.lowest_m
        })
    }
}
