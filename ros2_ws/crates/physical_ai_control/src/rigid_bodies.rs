use nalgebra::{DMatrix, Isometry3, Matrix3, Point3, Vector3};
use physical_ai_domain::{Coordinate, Joint, JointKind, RobotModel};

use crate::child_in_parent;

/// Mass, its first moment and its inertia, about the origin of a frame.
#[derive(Debug, Clone, Copy)]
struct SpatialInertia {
    mass: f64,
    moment: Vector3<f64>,
    inertia: Matrix3<f64>,
}

impl SpatialInertia {
    /// Of a body whose inertia is about its centre of mass, given in the frame at `pose` in this one.
    fn of_body(mass: f64, pose: &Isometry3<f64>, about_centre: &Matrix3<f64>) -> Self {
        let at_centre = Self {
            mass,
            moment: Vector3::zeros(),
            inertia: *about_centre,
        };
        at_centre.seen_from(pose)
    }

    /// The same about the origin of the frame in which this one is at `pose`.
    fn seen_from(&self, pose: &Isometry3<f64>) -> Self {
        let turn = pose.rotation.to_rotation_matrix();
        let at = pose.translation.vector;
        let moment = turn * self.moment;
        let (at_x, moment_x) = (at.cross_matrix(), moment.cross_matrix());
        Self {
            mass: self.mass,
            moment: moment + at * self.mass,
            inertia: turn * self.inertia * turn.transpose()
                - at_x * moment_x
                - moment_x * at_x
                - at_x * at_x * self.mass,
        }
    }

    fn add(&mut self, other: &Self) {
        self.mass += other.mass;
        self.moment += other.moment;
        self.inertia += other.inertia;
    }
}

/// A moment and a force, or an angular and a linear velocity, at the origin of a frame.
#[derive(Debug, Clone, Copy)]
struct Spatial {
    angular: Vector3<f64>,
    linear: Vector3<f64>,
}

/// Poses and masses of all links of a robot whose root link stands still.
#[derive(Debug, Clone)]
pub struct RigidBodies {
    joints: Vec<Joint>,
    coordinates: Vec<Option<Coordinate>>,
    /// The joint that each link hangs on.
    joint_of: Vec<Option<usize>>,
    bodies: Vec<SpatialInertia>,
    /// Of the root link in its own frame, and of each link in the root's.
    poses: Vec<Isometry3<f64>>,
    /// Of each joint's child in its parent's frame.
    steps: Vec<Isometry3<f64>>,
    composites: Vec<SpatialInertia>,
    movable: usize,
}

impl RigidBodies {
    /// For one robot, with all joints at 0.
    pub fn new(model: &RobotModel) -> Self {
        let mut joint_of = vec![None; model.links.len()];
        for (i, joint) in model.joints.iter().enumerate() {
            joint_of[joint.child] = Some(i);
        }
        let bodies: Vec<SpatialInertia> = (model.links.iter())
            .map(|l| SpatialInertia::of_body(l.mass_kg, &l.inertial_origin, &l.inertia))
            .collect();
        let mut this = Self {
            joints: model.joints.clone(),
            coordinates: model.coordinates().to_vec(),
            joint_of,
            composites: bodies.clone(),
            bodies,
            poses: vec![Isometry3::identity(); model.links.len()],
            steps: vec![Isometry3::identity(); model.joints.len()],
            movable: model.movable().len(),
        };
        this.set_positions(&[]);
        this
    }

    /// Forward kinematics of all links.
    ///
    /// # Shapes
    /// `positions`: one value per movable joint, radians or metres; missing ones count as 0. Floating joints
    /// stay where their description has them.
    /// # Real-time
    /// Does not allocate.
    pub fn set_positions(&mut self, positions: &[f64]) {
        for (i, joint) in self.joints.iter().enumerate() {
            let position = self.coordinates[i].map_or(0.0, |c| c.position(positions));
            self.steps[i] = child_in_parent(joint, position);
            self.poses[joint.child] = self.poses[joint.parent] * self.steps[i];
        }
    }

    /// Pose of each link in the root link's frame, metres.
    pub fn link_poses(&self) -> &[Isometry3<f64>] {
        &self.poses
    }

    /// Mass of the robot, kilograms.
    pub fn mass_kg(&self) -> f64 {
        self.bodies.iter().map(|b| b.mass).sum()
    }

    /// Centre of mass in the root link's frame, metres; `None` for a robot without mass.
    pub fn centre_of_mass(&self) -> Option<Point3<f64>> {
        let mass = self.mass_kg();
        let moment: Vector3<f64> = (self.bodies.iter().zip(&self.poses))
            .map(|(body, pose)| pose.rotation * body.moment + pose.translation.vector * body.mass)
            .sum();
        (mass > 0.0).then(|| Point3::from(moment / mass))
    }

    /// Mass matrix in the coordinates of the movable joints, kg m², kg m and kg: efforts per acceleration.
    /// What follows a joint counts with it. Floating joints are held.
    ///
    /// # Shapes
    /// `out`: `[joints, joints]` of the movable ones; another matrix is replaced by one of this shape.
    /// # Real-time
    /// Does not allocate if `out` has its shape.
    /// # Source
    /// Featherstone, Rigid Body Dynamics Algorithms, 2008, table 6.2 (composite rigid bodies).
    pub fn mass_matrix(&mut self, out: &mut DMatrix<f64>) {
        if out.shape() != (self.movable, self.movable) {
            *out = DMatrix::zeros(self.movable, self.movable);
        }
        out.fill(0.0);
        self.composites.copy_from_slice(&self.bodies);
        // Parents come before children, so that a link is whole when it is added to its parent.
        for (i, joint) in self.joints.iter().enumerate().rev() {
            let child = self.composites[joint.child].seen_from(&self.steps[i]);
            self.composites[joint.parent].add(&child);
        }
        for i in 0..self.joints.len() {
            let (Some(row), Some(velocity)) = (self.coordinates[i], unit_velocity(&self.joints[i]))
            else {
                continue;
            };
            let composite = &self.composites[self.joints[i].child];
            let mut force = Spatial {
                angular: composite.inertia * velocity.angular
                    + composite.moment.cross(&velocity.linear),
                linear: velocity.linear * composite.mass
                    + velocity.angular.cross(&composite.moment),
            };
            let mut at = i;
            loop {
                if let (Some(column), Some(along)) =
                    (self.coordinates[at], unit_velocity(&self.joints[at]))
                {
                    let power = along.angular.dot(&force.angular) + along.linear.dot(&force.linear);
                    let share = row.multiplier * column.multiplier * power;
                    out[(row.index, column.index)] += share;
                    if at != i {
                        out[(column.index, row.index)] += share;
                    }
                }
                let step = &self.steps[at];
                let linear = step.rotation * force.linear;
                force = Spatial {
                    angular: step.rotation * force.angular + step.translation.vector.cross(&linear),
                    linear,
                };
                let Some(parent) = self.joint_of[self.joints[at].parent] else {
                    break;
                };
                at = parent;
            }
        }
    }
}

/// Velocity of a joint's child at unit speed, in the child's frame; `None` for what nothing drives.
fn unit_velocity(joint: &Joint) -> Option<Spatial> {
    let axis = joint.axis.into_inner();
    match joint.kind {
        JointKind::Fixed | JointKind::Floating => None,
        JointKind::Prismatic => Some(Spatial {
            angular: Vector3::zeros(),
            linear: axis,
        }),
        JointKind::Revolute | JointKind::Continuous => Some(Spatial {
            angular: axis,
            linear: Vector3::zeros(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use physical_ai_domain::RobotName;

    use super::*;
    use crate::fixtures::arm;

    /// Two rods that turn about z, 1 m and 0.5 m to their centres, and a slide at the end of the second. `mimic`
    /// is what the second joint says.
    fn rods(mimic: &str) -> RigidBodies {
        let inertial = |mass: f64, x: f64, izz: f64| {
            format!(
                "<inertial><origin xyz=\"{x} 0 0\"/><mass value=\"{mass}\"/><inertia ixx=\"{izz}\" \
                 iyy=\"{izz}\" izz=\"{izz}\" ixy=\"0\" ixz=\"0\" iyz=\"0\"/></inertial>"
            )
        };
        let limit = "<limit lower=\"-3\" upper=\"3\" velocity=\"1\" effort=\"1\"/>";
        let urdf = format!(
            "<robot name=\"rods\"><link name=\"base\"/><link name=\"a\">{}</link><link name=\"b\">{}</link>\
             <joint name=\"one\" type=\"revolute\"><parent link=\"base\"/><child link=\"a\"/>\
             <axis xyz=\"0 0 1\"/>{limit}</joint>\
             <joint name=\"two\" type=\"revolute\"><parent link=\"a\"/><child link=\"b\"/>\
             <origin xyz=\"2 0 0\"/><axis xyz=\"0 0 1\"/>{limit}{mimic}</joint></robot>",
            inertial(3.0, 1.0, 0.2),
            inertial(2.0, 0.5, 0.1),
        );
        let name = RobotName::try_new("rods").unwrap();
        RigidBodies::new(&physical_ai_description::read_urdf(name, &urdf).unwrap())
    }

    /// The double pendulum's mass matrix as every textbook has it.
    fn textbook(angle: f64) -> [[f64; 2]; 2] {
        let (m1, c1, i1, l) = (3.0, 1.0, 0.2, 2.0);
        let (m2, c2, i2) = (2.0, 0.5, 0.1);
        let corner = i2 + m2 * c2 * c2;
        let coupling = corner + m2 * l * c2 * f64::cos(angle);
        let first = i1 + m1 * c1 * c1 + i2 + m2 * (l * l + c2 * c2 + 2.0 * l * c2 * angle.cos());
        [[first, coupling], [coupling, corner]]
    }

    #[test]
    fn mass_matrix_is_the_textbook_one() {
        let mut rods = rods("");
        let mut matrix = DMatrix::zeros(0, 0);
        for angle in [0.0, 0.7, -2.0] {
            rods.set_positions(&[1.1, angle]);
            rods.mass_matrix(&mut matrix);
            for (r, row) in textbook(angle).iter().enumerate() {
                for (c, expected) in row.iter().enumerate() {
                    assert!((matrix[(r, c)] - expected).abs() < 1e-12, "{matrix}");
                }
            }
        }
    }

    #[test]
    fn follower_counts_with_its_leader() {
        let mut rods = rods("<mimic joint=\"one\" multiplier=\"-2\" offset=\"0.3\"/>");
        let mut matrix = DMatrix::zeros(0, 0);
        rods.set_positions(&[0.4]);
        rods.mass_matrix(&mut matrix);
        let [[a, b], [_, d]] = textbook(-0.8 + 0.3);
        let expected = a - 4.0 * b + 4.0 * d;
        assert_eq!(matrix.shape(), (1, 1));
        assert!((matrix[(0, 0)] - expected).abs() < 1e-12, "{matrix}");
    }

    #[test]
    fn centre_of_mass_is_the_mean_of_the_links() {
        let mut rods = rods("");
        rods.set_positions(&[0.0, std::f64::consts::FRAC_PI_2]);
        assert_eq!(rods.mass_kg(), 5.0);
        let centre = rods.centre_of_mass().unwrap();
        let expected = Point3::new((3.0 * 1.0 + 2.0 * 2.0) / 5.0, 2.0 * 0.5 / 5.0, 0.0);
        assert!((centre - expected).norm() < 1e-12, "{centre}");
    }

    #[test]
    fn links_are_where_the_chain_says() {
        let model = arm();
        let chain = crate::Chain::between(&model, &model.links[model.root].name, "tool0").unwrap();
        let mut bodies = RigidBodies::new(&model);
        let positions = [0.3, -0.4, 0.9, 0.2, -1.0, 0.5, 0.01, 0.01];
        bodies.set_positions(&positions);
        let tool = model.link_index("tool0").unwrap();
        let difference = bodies.link_poses()[tool].translation.vector
            - chain.forward(&positions[..6]).translation.vector;
        assert!(difference.norm() < 1e-12);
    }
}
