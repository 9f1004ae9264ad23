use nalgebra::{Isometry3, Point3, Translation3, UnitQuaternion, Vector3};
use physical_ai_domain::{Geometry, Joint, JointKind, Link, RobotModel, Shape};

use crate::load_mesh;
use crate::mesh::bounds as mesh_bounds;

/// Links that do not move against each other, and the joint that they hang on.
pub(super) struct Body {
    /// The joint that moves it; `None` for the root's.
    pub(super) joint: Option<usize>,
    /// The body that it hangs on.
    pub(super) parent: Option<usize>,
    /// Links, the joint's child first.
    pub(super) links: Vec<usize>,
    /// Bodies that hang on it.
    pub(super) children: Vec<usize>,
}

/// A robot as bodies that move against each other, with their poses where all joints are at zero.
pub(super) struct Structure<'a> {
    pub(super) model: &'a RobotModel,
    /// Parents before children; the first is the root's.
    pub(super) bodies: Vec<Body>,
    /// Body of each link.
    pub(super) body_of: Vec<usize>,
    /// Pose of each link in the root's frame, metres.
    pub(super) poses: Vec<Isometry3<f64>>,
    /// How far each body and what hangs on it can stretch from its joint, metres.
    pub(super) reach: Vec<f64>,
}

/// Whether a joint moves its child against its parent. One that its limits hold in place does not.
pub(super) fn moves(joint: &Joint) -> bool {
    joint.kind != JointKind::Fixed && !joint.is_locked()
}

impl<'a> Structure<'a> {
    pub(super) fn new(model: &'a RobotModel) -> Self {
        let mut bodies = vec![Body {
            joint: None,
            parent: None,
            links: vec![model.root],
            children: Vec::new(),
        }];
        let mut body_of = vec![0; model.links.len()];
        for (i, joint) in model.joints.iter().enumerate() {
            let parent = body_of[joint.parent];
            if !moves(joint) {
                body_of[joint.child] = parent;
                bodies[parent].links.push(joint.child);
                continue;
            }
            let new = bodies.len();
            body_of[joint.child] = new;
            bodies[parent].children.push(new);
            bodies.push(Body {
                joint: Some(i),
                parent: Some(parent),
                links: vec![joint.child],
                children: Vec::new(),
            });
        }
        let mut structure = Self {
            model,
            bodies,
            body_of,
            poses: poses(model, &[]),
            reach: Vec::new(),
        };
        structure.reach = structure.reaches();
        structure
    }

    /// The joint that moves a body.
    pub(super) fn joint(&self, body: usize) -> Option<&'a Joint> {
        self.bodies[body].joint.map(|j| &self.model.joints[j])
    }

    /// Where the joint of a body is, in the root's frame, metres.
    pub(super) fn origin(&self, body: usize) -> Vector3<f64> {
        self.position(self.bodies[body].links[0])
    }

    /// Where a link's frame is, in the root's, metres.
    pub(super) fn position(&self, link: usize) -> Vector3<f64> {
        self.poses[link].translation.vector
    }

    /// A body and all that hang on it.
    pub(super) fn subtree(&self, body: usize) -> Vec<usize> {
        let mut all = vec![body];
        let mut at = 0;
        while at < all.len() {
            all.extend(&self.bodies[all[at]].children);
            at += 1;
        }
        all
    }

    /// Joints of a body and all that hang on it.
    pub(super) fn subtree_joints(&self, body: usize) -> Vec<usize> {
        let all = self.subtree(body).into_iter();
        all.filter_map(|b| self.bodies[b].joint).collect()
    }

    /// Name of a link.
    pub(super) fn link_name(&self, link: usize) -> &'a str {
        &self.model.links[link].name
    }

    fn reaches(&self) -> Vec<f64> {
        let mut reach = vec![0.0_f64; self.bodies.len()];
        for b in (0..self.bodies.len()).rev() {
            let from = self.origin(b);
            let body = &self.bodies[b];
            let frames = body.links.iter().map(|l| (self.position(*l) - from).norm());
            let shapes = body.links.iter().flat_map(|l| {
                let pose = self.poses[*l];
                let shapes = self.model.links[*l].shapes.iter();
                shapes.map(move |s| ((pose * centre(s)).coords - from).norm())
            });
            let children = body
                .children
                .iter()
                .map(|c| (self.origin(*c) - from).norm() + reach[*c]);
            reach[b] = frames.chain(shapes).chain(children).fold(0.0, f64::max);
        }
        reach
    }
}

/// Shapes of a link: those that touch, else those that are seen.
pub(super) fn shapes(link: &Link) -> Vec<&Shape> {
    if link.shapes.is_empty() {
        link.visuals.iter().map(|visual| &visual.shape).collect()
    } else {
        link.shapes.iter().collect()
    }
}

/// Lowest and highest corner of the box along a shape's axes that holds it, metres. A mesh that is only seen is read for
/// it.
pub(super) fn bounds(shape: &Shape) -> Option<[[f64; 3]; 2]> {
    let read = || match &shape.geometry {
        Geometry::Mesh(mesh) => load_mesh(mesh).ok().map(|t| mesh_bounds(&t)),
        _ => None,
    };
    shape.geometry.bounds().or_else(read)
}

/// Middle of the box that holds a shape, in the link's frame, metres.
pub(super) fn centre(shape: &Shape) -> Point3<f64> {
    let [low, high] = bounds(shape).unwrap_or_default();
    let middle = [0, 1, 2].map(|i| (low[i] + high[i]) / 2.0);
    shape.origin * Point3::from(middle)
}

/// Corners of the box that holds a shape, in the link's frame, metres.
pub(super) fn corners(shape: &Shape) -> [Point3<f64>; 8] {
    let bounds = bounds(shape).unwrap_or_default();
    std::array::from_fn(|corner| {
        let at = [0, 1, 2].map(|i| bounds[(corner >> i) & 1][i]);
        shape.origin * Point3::from(at)
    })
}

/// Pose of each link in the root's frame where the movable joints have these positions; what is missing is at zero.
pub(crate) fn poses(model: &RobotModel, positions: &[f64]) -> Vec<Isometry3<f64>> {
    let mut poses = vec![Isometry3::identity(); model.links.len()];
    for (i, joint) in model.joints.iter().enumerate() {
        let position = model.joint_position(i, positions);
        poses[joint.child] = poses[joint.parent] * joint.origin * motion(joint, position);
    }
    poses
}

fn motion(joint: &Joint, position: f64) -> Isometry3<f64> {
    match joint.kind {
        JointKind::Fixed | JointKind::Floating => Isometry3::identity(),
        JointKind::Prismatic => Translation3::from(joint.axis.into_inner() * position).into(),
        JointKind::Revolute | JointKind::Continuous => Isometry3::from_parts(
            Translation3::identity(),
            UnitQuaternion::from_axis_angle(&joint.axis, position),
        ),
    }
}
