use nalgebra::{Isometry3, Matrix3, Rotation3, Translation3, UnitQuaternion, Vector3};
use physical_ai_domain::{Coordinate, JointKind, JointLimits, RobotModel};

use super::{Chain, ChainJoint, z_to};

/// A frame as rotation matrix and origin: a product of two costs less than that of quaternions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub(crate) turn: Matrix3<f64>,
    /// Metres.
    pub(crate) at: Vector3<f64>,
}

impl Frame {
    pub(crate) const IDENTITY: Self = Self {
        turn: Matrix3::new(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
        at: Vector3::new(0.0, 0.0, 0.0),
    };

    pub(crate) fn new(pose: &Isometry3<f64>) -> Self {
        Self {
            turn: pose.rotation.to_rotation_matrix().into_inner(),
            at: pose.translation.vector,
        }
    }

    #[inline]
    pub(crate) fn then(&self, next: &Self) -> Self {
        Self {
            turn: self.turn * next.turn,
            at: self.at + self.turn * next.at,
        }
    }

    fn inverse(&self) -> Self {
        let turn = self.turn.transpose();
        Self {
            at: -(turn * self.at),
            turn,
        }
    }

    pub(crate) fn isometry(&self) -> Isometry3<f64> {
        let turn = Rotation3::from_matrix_unchecked(self.turn);
        let rotation = UnitQuaternion::from_rotation_matrix(&turn);
        Isometry3::from_parts(Translation3::from(self.at), rotation)
    }
}

/// A fixed transform, and then a motion about or along z: all that is fixed between two joints is one product,
/// made once.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    /// From the frame of the segment before.
    pub(super) before: Frame,
    pub(super) slides: bool,
    /// Coordinate of the chain that moves it, and how: its position is multiplier times that and offset.
    pub(super) joint: usize,
    pub(super) multiplier: f64,
    offset: f64,
    /// Origins of the links' frames that move with it, in its frame, metres.
    pub(super) points: Vec<Vector3<f64>>,
}

impl Segment {
    /// From the frame of the segment before to its own.
    #[inline]
    pub(super) fn advance(&self, frame: &mut Frame, positions: &[f64]) {
        *frame = frame.then(&self.before);
        let position = positions.get(self.joint).copied().unwrap_or(0.0);
        let position = self.multiplier * position + self.offset;
        if self.slides {
            frame.at += frame.turn.column(2) * position;
            return;
        }
        let (sin, cos) = position.sin_cos();
        let turn = &mut frame.turn;
        for row in 0..3 {
            let (x, y) = (turn[(row, 0)], turn[(row, 1)]);
            turn[(row, 0)] = x * cos + y * sin;
            turn[(row, 1)] = y * cos - x * sin;
        }
    }
}

/// A chain in the making.
pub(super) struct Segments<'a> {
    model: &'a RobotModel,
    pub(super) joints: Vec<ChainJoint>,
    segments: Vec<Segment>,
    base_points: Vec<Vector3<f64>>,
    /// What is fixed since the last motion.
    pending: Frame,
    reach_m: f64,
}

impl<'a> Segments<'a> {
    pub(super) const fn new(model: &'a RobotModel) -> Self {
        Self {
            model,
            joints: Vec::new(),
            segments: Vec::new(),
            base_points: Vec::new(),
            pending: Frame::IDENTITY,
            reach_m: 0.0,
        }
    }

    /// From the parent link of a joint to its child.
    pub(super) fn descend(&mut self, joint: usize) {
        let origin = &self.model.joints[joint].origin;
        self.pending = self.pending.then(&Frame::new(origin));
        self.extend_reach(origin.translation.vector.norm());
        self.moves(joint, 1.0);
        self.mark();
    }

    /// From the child link of a joint to its parent.
    pub(super) fn ascend(&mut self, joint: usize) {
        let origin = &self.model.joints[joint].origin;
        self.moves(joint, -1.0);
        self.pending = self.pending.then(&Frame::new(origin).inverse());
        self.extend_reach(origin.translation.vector.norm());
        self.mark();
    }

    pub(super) fn finish(self, tip: String) -> Chain {
        Chain {
            robot: self.model.name.to_string(),
            tip,
            end: self.pending,
            joints: self.joints,
            segments: self.segments,
            base_points: self.base_points,
            reach_m: self.reach_m,
        }
    }

    /// Number of motions: more than joints where some follow others.
    pub(super) fn moving(&self) -> usize {
        self.segments.len()
    }

    /// What lies before the first joint does not bring the tip any further.
    fn extend_reach(&mut self, by_m: f64) {
        if !self.segments.is_empty() {
            self.reach_m += by_m;
        }
    }

    /// The motion of a joint, if anything moves it.
    fn moves(&mut self, index: usize, direction: f64) {
        let model = self.model;
        let Some(coordinate) = model.coordinates()[index] else {
            return;
        };
        let joint = &model.joints[index];
        let align = Frame {
            turn: z_to(&joint.axis),
            at: Vector3::zeros(),
        };
        let slides = joint.kind == JointKind::Prismatic;
        let own = self.joint_of(&coordinate, &joint.limits);
        self.segments.push(Segment {
            before: self.pending.then(&align),
            slides,
            joint: own,
            multiplier: direction * coordinate.multiplier,
            offset: direction * coordinate.offset,
            points: Vec::new(),
        });
        if slides {
            let JointLimits { lower, upper, .. } = joint.limits;
            self.extend_reach(lower.abs().max(upper.abs()));
        }
        self.pending = align.inverse();
    }

    /// The chain's joint that leads a motion with these limits of its own.
    fn joint_of(&mut self, coordinate: &Coordinate, limits: &JointLimits) -> usize {
        let known = self.joints.iter().position(|j| j.index == coordinate.index);
        let own = known.unwrap_or_else(|| {
            let leader = self.model.movable().nth(coordinate.index);
            self.joints.extend(leader.map(|leader| ChainJoint {
                index: coordinate.index,
                name: leader.name.clone(),
                kind: leader.kind,
                limits: leader.limits,
            }));
            self.joints.len() - 1
        });
        let Coordinate {
            multiplier, offset, ..
        } = *coordinate;
        if multiplier != 0.0 {
            let ends = [limits.lower, limits.upper].map(|end| (end - offset) / multiplier);
            let leads = &mut self.joints[own].limits;
            leads.lower = leads.lower.max(ends[0].min(ends[1]));
            leads.upper = leads.upper.min(ends[0].max(ends[1]));
        }
        own
    }

    /// Remembers where a link's frame is.
    fn mark(&mut self) {
        let point = self.pending.at;
        match self.segments.last_mut() {
            Some(segment) => segment.points.push(point),
            None => self.base_points.push(point),
        }
    }
}
