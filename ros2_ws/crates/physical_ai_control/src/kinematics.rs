mod segment;

use nalgebra::{Isometry3, Matrix3, Rotation3, Translation3, UnitQuaternion, Vector3};
use physical_ai_domain::{Joint, JointKind, JointLimits, RobotModel};

use crate::{Error, Jacobian};
pub(crate) use segment::Frame;
use segment::{Segment, Segments};

/// Most joints that a chain may have: what is computed per joint has its place on the stack.
pub const MAX_DOF: usize = 16;

/// Most joints with those that follow others.
const MAX_SEGMENTS: usize = 2 * MAX_DOF;

/// A joint of a chain: one coordinate of it. Where joints follow another (mimic), the one that leads is the joint,
/// whether or not it lies between the chain's links.
#[derive(Debug, Clone, PartialEq)]
pub struct ChainJoint {
    /// Which of the model's movable joints.
    pub index: usize,
    /// Name.
    pub name: String,
    /// How it moves.
    pub kind: JointKind,
    /// Limits, radians or metres: within them those that follow it keep theirs, too.
    pub limits: JointLimits,
}

/// A serial chain between two links of a robot.
#[derive(Debug, Clone)]
pub struct Chain {
    robot: String,
    tip: String,
    joints: Vec<ChainJoint>,
    segments: Vec<Segment>,
    /// Origins of the frames that are fixed to the base, in its frame, metres.
    base_points: Vec<Vector3<f64>>,
    /// The tip in the frame of the last segment.
    end: Frame,
    reach_m: f64,
}

impl Chain {
    /// The chain from the link `base` to the link `tip`, up and down the tree as it has to be. Poses of the tip
    /// are seen from the base.
    ///
    /// # Errors
    /// [`Error::UnsuitableChain`] if a link is not there, no joint moves between them, or more than [`MAX_DOF`] do.
    pub fn between(model: &RobotModel, base: &str, tip: &str) -> Result<Self, Error> {
        let link = |name: &str| {
            let found = model.link_index(name);
            found.ok_or_else(|| unsuitable(model, format!("has no link {name:?}")))
        };
        let (mut up, mut down) = (model.joints_to(link(base)?), model.joints_to(link(tip)?));
        let shared = up.iter().zip(&down).take_while(|(a, b)| a == b).count();
        up.drain(..shared);
        down.drain(..shared);
        let mut segments = Segments::new(model);
        for joint in up.into_iter().rev() {
            segments.ascend(joint);
        }
        for joint in down {
            segments.descend(joint);
        }
        let found = segments.joints.len();
        if !(1..=MAX_DOF).contains(&found) || segments.moving() > MAX_SEGMENTS {
            let problem = format!(
                "has {found} joints that move between {base:?} and {tip:?}: 1 to {MAX_DOF} are needed"
            );
            return Err(unsuitable(model, problem));
        }
        Ok(segments.finish(tip.to_owned()))
    }

    /// The same chain with a tool, whose pose in the tip's frame this is (metres), in place of the tip.
    pub fn with_tool(&self, tool: &Isometry3<f64>) -> Self {
        Self {
            end: self.end.then(&Frame::new(tool)),
            reach_m: self.reach_m + tool.translation.vector.norm(),
            ..self.clone()
        }
    }

    /// Number of joints that move.
    pub fn degrees_of_freedom(&self) -> usize {
        self.joints.len()
    }

    /// Name of the robot, for messages.
    pub fn robot(&self) -> &str {
        &self.robot
    }

    /// Name of the link at its end.
    pub fn tip(&self) -> &str {
        &self.tip
    }

    /// The joints that move, base first.
    pub fn joints(&self) -> &[ChainJoint] {
        &self.joints
    }

    /// Names of the joints that move, base first.
    pub fn joint_names(&self) -> impl Iterator<Item = &str> {
        self.joints.iter().map(|j| j.name.as_str())
    }

    /// Limits of the joints that move, base first.
    pub fn limits(&self) -> impl Iterator<Item = &JointLimits> {
        self.joints.iter().map(|j| &j.limits)
    }

    /// Whether a whole turn of a joint leaves the tip where it is: nothing in the chain follows it at another rate.
    pub(crate) fn is_direct(&self, joint: usize) -> bool {
        let of_it = |s: &&Segment| s.joint == joint;
        let turns = |s: &Segment| !s.slides && s.multiplier.fract() == 0.0;
        self.segments.iter().filter(of_it).all(turns)
    }

    /// Farthest that the tip can be from the first joint: all links stretched out, metres. Infinite where a slide
    /// has no end.
    pub fn reach_m(&self) -> f64 {
        self.reach_m
    }

    /// Where the first joint is in the base frame with all joints at zero, metres.
    pub fn shoulder(&self) -> Vector3<f64> {
        let first = self.segments.first();
        first.map_or_else(Vector3::zeros, |s| s.before.at)
    }

    /// Its joints, given those of the whole robot: radians or metres, missing ones 0, and 0 beyond its joints.
    ///
    /// # Shapes
    /// `all`: one value per movable joint of the model.
    /// # Real-time
    /// Does not allocate.
    pub fn of_all(&self, all: &[f64]) -> [f64; MAX_DOF] {
        let value = |j: &ChainJoint| all.get(j.index).copied().unwrap_or(0.0);
        std::array::from_fn(|i| self.joints.get(i).map_or(0.0, value))
    }

    /// Pose of the tip in the base frame.
    ///
    /// # Shapes
    /// `positions`: one value per joint that moves, radians or metres; missing ones count as 0.
    /// # Real-time
    /// Does not allocate.
    pub fn forward(&self, positions: &[f64]) -> Isometry3<f64> {
        self.tip_frame(positions).isometry()
    }

    /// The same as rotation matrix and position.
    pub(crate) fn tip_frame(&self, positions: &[f64]) -> Frame {
        let mut frame = Frame::IDENTITY;
        for segment in &self.segments {
            segment.advance(&mut frame, positions);
        }
        frame.then(&self.end)
    }

    /// Height of the lowest of all frames of its links over the base, metres: what must stay above a table.
    ///
    /// # Real-time
    /// Does not allocate.
    pub fn lowest_frame_m(&self, positions: &[f64]) -> f64 {
        let height = |lowest: f64, point: &Vector3<f64>| lowest.min(point.z);
        let mut lowest = self.base_points.iter().fold(f64::INFINITY, height);
        let mut frame = Frame::IDENTITY;
        for segment in &self.segments {
            segment.advance(&mut frame, positions);
            for point in &segment.points {
                lowest = lowest.min(frame.at.z + (frame.turn * point).z);
            }
        }
        lowest
    }

    /// Pose of the tip, and the geometric Jacobian in the base frame, in one pass.
    ///
    /// # Real-time
    /// Does not allocate.
    pub fn jacobian(&self, positions: &[f64]) -> (Isometry3<f64>, Jacobian) {
        let mut jacobian = Jacobian::zeros(self.joints.len());
        let tip = self.tip_and_jacobian(positions, &mut jacobian);
        (tip.isometry(), jacobian)
    }

    /// Writes the Jacobian over `jacobian`, which has a column per joint.
    pub(crate) fn tip_and_jacobian(&self, positions: &[f64], jacobian: &mut Jacobian) -> Frame {
        jacobian.clear();
        let mut frames = [(Vector3::zeros(), Vector3::zeros()); MAX_SEGMENTS];
        let mut frame = Frame::IDENTITY;
        for (segment, (axis, at)) in self.segments.iter().zip(&mut frames) {
            segment.advance(&mut frame, positions);
            *axis = frame.turn.column(2).into_owned();
            *at = frame.at;
        }
        let tip = frame.then(&self.end);
        for (segment, (axis, at)) in self.segments.iter().zip(&frames) {
            if segment.slides {
                jacobian.add_slide(segment.joint, &(axis * segment.multiplier));
            } else {
                let axis = axis * segment.multiplier;
                jacobian.add_turn(segment.joint, &axis.cross(&(tip.at - at)), &axis);
            }
        }
        tip
    }
}

fn unsuitable(model: &RobotModel, problem: String) -> Error {
    Error::UnsuitableChain {
        robot: model.name.to_string(),
        problem,
    }
}

/// Where a joint's child link is in its parent's frame, with the joint at `position` (radians or metres; of no
/// account for one that nothing moves).
pub fn child_in_parent(joint: &Joint, position: f64) -> Isometry3<f64> {
    let motion = match joint.kind {
        JointKind::Fixed | JointKind::Floating => return joint.origin,
        JointKind::Prismatic => Isometry3::from_parts(
            Translation3::from(joint.axis.scale(position)),
            UnitQuaternion::identity(),
        ),
        JointKind::Revolute | JointKind::Continuous => Isometry3::from_parts(
            Translation3::identity(),
            UnitQuaternion::from_axis_angle(&joint.axis, position),
        ),
    };
    joint.origin * motion
}

/// Poses of all links in the root's frame; joints come after those of their parents.
///
/// # Shapes
/// `positions`: one value per movable joint, radians or metres; missing ones count as 0.
pub(crate) fn link_poses(model: &RobotModel, positions: &[f64]) -> Vec<Isometry3<f64>> {
    let mut poses = vec![Isometry3::identity(); model.links.len()];
    for (i, joint) in model.joints.iter().enumerate() {
        let position = model.joint_position(i, positions);
        poses[joint.child] = poses[joint.parent] * child_in_parent(joint, position);
    }
    poses
}

/// A rotation that turns z into `axis`.
fn z_to(axis: &Vector3<f64>) -> Matrix3<f64> {
    let turn = Rotation3::rotation_between(&Vector3::z(), axis);
    // Only opposite directions leave it open about what to turn.
    let half_turn = Matrix3::from_diagonal(&Vector3::new(1.0, -1.0, -1.0));
    turn.map_or(half_turn, Rotation3::into_inner)
}

#[cfg(test)]
mod tests;
