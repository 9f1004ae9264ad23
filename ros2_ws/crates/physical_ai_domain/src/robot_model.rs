mod coordinate;
mod geometry;
mod joint;
mod limits;
mod link;
mod source;
mod tree;

pub use coordinate::Coordinate;
pub use geometry::{Geometry, Mesh, MeshSource, Shape, TriangleMesh, Visual};
pub use joint::{Joint, JointKind, Mimic};
pub use limits::{GivenLimits, JointLimits, MotionBlock};
pub use link::Link;
pub use source::{DescriptionFormat, DescriptionSource, DescriptionWarning};

use crate::{Error, RobotLayout, RobotName};

/// Name of the posture that `home` goes to.
pub const HOME: &str = "home";

/// What a robot model is made of, in the order of its description.
#[derive(Debug, Clone, PartialEq)]
pub struct RobotParts {
    /// The robot's name (not the description's).
    pub name: RobotName,
    /// Links.
    pub links: Vec<Link>,
    /// Joints; indices of leaders count in this order.
    pub joints: Vec<Joint>,
    /// Where all this comes from.
    pub source: DescriptionSource,
    /// What was unusual in it.
    pub warnings: Vec<DescriptionWarning>,
}

/// A robot as its description says: a tree of links.
#[derive(Debug, Clone, PartialEq)]
pub struct RobotModel {
    /// The robot's name (not the description's).
    pub name: RobotName,
    /// What its joints are for; empty until [`RobotModel::with_layout`] says it.
    pub layout: RobotLayout,
    /// Links.
    pub links: Vec<Link>,
    /// Joints, each after the joint of its parent link.
    pub joints: Vec<Joint>,
    /// Index of the root link.
    pub root: usize,
    /// Where all this comes from.
    pub source: DescriptionSource,
    /// What was unusual in it.
    pub warnings: Vec<DescriptionWarning>,
    movable: Vec<usize>,
    coordinates: Vec<Option<Coordinate>>,
}

impl RobotModel {
    /// Puts the parts of a robot together.
    ///
    /// # Errors
    /// [`Error::InvalidDescription`] naming the element: duplicate names, two roots, a cycle, a joint that
    /// follows itself or one that does not move.
    pub fn try_new(parts: RobotParts) -> Result<Self, Error> {
        let RobotParts {
            name,
            links,
            joints,
            source,
            warnings,
        } = parts;
        let fail = |(field, problem)| Error::InvalidDescription {
            source_name: match &source.path {
                Some(path) => format!("robot {name}: {}", path.display()),
                None => format!("robot {name}"),
            },
            field,
            problem,
        };
        tree::check_names(&links, &joints).map_err(fail)?;
        let (root, order) = tree::sort(&links, &joints).map_err(fail)?;
        let joints = sorted(joints, &order);
        let (movable, coordinates) = coordinate::coordinates(&joints).map_err(|joint| {
            fail((
                format!("joint {}: mimic", joints[joint].name),
                "leads to no joint that moves by itself: name another leader".into(),
            ))
        })?;
        Ok(Self {
            name,
            layout: RobotLayout::default(),
            links,
            joints,
            root,
            source,
            warnings,
            movable,
            coordinates,
        })
    }

    /// Joints that move by themselves, in the order in which states and commands hold their values: all but
    /// fixed and floating ones and those that follow another. Some may not be moved
    /// ([`Joint::motion_block`]).
    pub fn movable(&self) -> impl ExactSizeIterator<Item = &Joint> + Clone {
        self.movable.iter().map(|i| &self.joints[*i])
    }

    /// Names of the movable joints.
    pub fn joint_names(&self) -> Vec<String> {
        self.movable().map(|j| j.name.clone()).collect()
    }

    /// Position of a joint among the movable ones.
    pub fn movable_index(&self, name: &str) -> Option<usize> {
        self.movable().position(|j| j.name == name)
    }

    /// How the position of each of `joints` follows from those of the movable ones: `None` for fixed and
    /// floating joints.
    pub fn coordinates(&self) -> &[Option<Coordinate>] {
        &self.coordinates
    }

    /// Position of one of `joints`, radians or metres; 0 for fixed and floating ones.
    ///
    /// # Shapes
    /// `positions`: one value per movable joint, radians or metres; missing ones count as 0.
    /// # Real-time
    /// Does not allocate.
    pub fn joint_position(&self, joint: usize, positions: &[f64]) -> f64 {
        let coordinate = self.coordinates.get(joint).copied().flatten();
        coordinate.map_or(0.0, |c| c.position(positions))
    }

    /// Velocity of one of `joints`, as [`Self::joint_position`].
    pub fn joint_velocity(&self, joint: usize, velocities: &[f64]) -> f64 {
        let coordinate = self.coordinates.get(joint).copied().flatten();
        coordinate.map_or(0.0, |c| c.velocity(velocities))
    }

    /// Writes the positions of all joints that follow from those of the movable ones; 0 for fixed and
    /// floating joints.
    ///
    /// # Shapes
    /// `positions`: one value per movable joint, radians or metres; `out`: one per joint.
    /// # Real-time
    /// Does not allocate.
    pub fn expand_positions(&self, positions: &[f64], out: &mut [f64]) {
        for (value, coordinate) in out.iter_mut().zip(&self.coordinates) {
            *value = coordinate.map_or(0.0, |c| c.position(positions));
        }
    }

    /// Writes the velocities of all joints, as [`Self::expand_positions`].
    pub fn expand_velocities(&self, velocities: &[f64], out: &mut [f64]) {
        for (value, coordinate) in out.iter_mut().zip(&self.coordinates) {
            *value = coordinate.map_or(0.0, |c| c.velocity(velocities));
        }
    }

    /// The movable joints at zero, or at the limit nearest to it, radians or metres.
    pub fn zero_positions(&self) -> Vec<f64> {
        let limits = self.movable().map(|joint| joint.limits);
        limits.map(|l| 0f64.max(l.lower).min(l.upper)).collect()
    }

    /// Where the movable joints are when the robot is at home, radians or metres: joints that its posture `home` does not
    /// name are as in [`Self::zero_positions`].
    pub fn home_positions(&self) -> Vec<f64> {
        self.posture_positions(HOME)
            .unwrap_or_else(|| self.zero_positions())
    }

    /// Where the movable joints are in a named posture, as [`Self::home_positions`]; `None` if it has none of this name.
    pub fn posture_positions(&self, posture: &str) -> Option<Vec<f64>> {
        let named = self.layout.postures.get(posture)?;
        let joints = self.movable().zip(self.zero_positions());
        let position =
            |(joint, zero): (&Joint, f64)| named.get(&joint.name).copied().unwrap_or(zero);
        Some(joints.map(position).collect())
    }

    /// Index of a link.
    pub fn link_index(&self, name: &str) -> Option<usize> {
        self.links.iter().position(|l| l.name == name)
    }

    /// Index of a joint.
    pub fn joint_index(&self, name: &str) -> Option<usize> {
        self.joints.iter().position(|j| j.name == name)
    }

    /// Indices of the joints from the root to `link`, root first.
    pub fn joints_to(&self, link: usize) -> Vec<usize> {
        let mut chain = Vec::new();
        let mut at = link;
        while let Some(joint) = self.joints.iter().position(|j| j.child == at) {
            chain.push(joint);
            at = self.joints[joint].parent;
        }
        chain.reverse();
        chain
    }

    /// Joints from the root to `link`, root first.
    pub fn chain_to(&self, link: usize) -> Vec<&Joint> {
        let chain = self.joints_to(link).into_iter();
        chain.map(|i| &self.joints[i]).collect()
    }
}

/// The joints in this order, their leaders' indices with them.
fn sorted(joints: Vec<Joint>, order: &[usize]) -> Vec<Joint> {
    let mut place = vec![0; order.len()];
    for (new, old) in order.iter().enumerate() {
        place[*old] = new;
    }
    let mut by_place: Vec<(usize, Joint)> = (place.iter().copied()).zip(joints).collect();
    by_place.sort_by_key(|(place, _)| *place);
    let joints = by_place.into_iter().map(|(_, mut joint)| {
        if let Some(mimic) = &mut joint.mimic {
            mimic.leader = place[mimic.leader];
        }
        joint
    });
    joints.collect()
}

#[cfg(test)]
mod tests;
