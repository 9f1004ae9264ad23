use std::collections::BTreeMap;

use nalgebra::{Isometry3, Matrix3, Translation3, Unit, UnitQuaternion, Vector3};

use crate::{Error, RobotLayout, RobotName};

/// Acceleration limit where a URDF gives none, as a multiple of the velocity limit per second.
const DEFAULT_ACCELERATION_PER_VELOCITY: f64 = 4.0;

/// How a joint moves.
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
}

/// Limits of a movable joint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JointLimits {
    /// Lowest position, radians or metres; `-inf` for continuous joints.
    pub lower: f64,
    /// Highest position; `inf` for continuous joints.
    pub upper: f64,
    /// Largest speed, radians or metres per second.
    pub velocity: f64,
    /// Largest acceleration, radians or metres per second squared.
    pub acceleration: f64,
    /// Largest effort, newton metres or newtons.
    pub effort: f64,
}

/// Part of the tracking tolerance that does not grow with a joint's speed, radians or metres: more than what
/// a gripper's fingers hold keeps them from their set point.
const TRACKING_MARGIN: f64 = 0.05;
/// Seconds of motion at full speed by which a joint may be behind its set point.
const TRACKING_S: f64 = 0.05;

impl JointLimits {
    /// How far a position set point may be from where the joint was measured `age_s` seconds ago, radians or
    /// metres. What is further away would make the joint jump as soon as it can follow.
    pub fn tracking_tolerance(&self, age_s: f64) -> f64 {
        TRACKING_MARGIN + self.velocity * (TRACKING_S + age_s.max(0.0))
    }
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
    /// Limits; all infinite for fixed joints.
    pub limits: JointLimits,
    /// Viscous damping, N m s/rad or N s/m.
    pub damping: f64,
}

/// Form of a collision body.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Geometry {
    /// Full extents, metres.
    Box([f64; 3]),
    /// Radius and length along z, metres.
    Cylinder(f64, f64),
    /// Radius, metres.
    Sphere(f64),
}

/// A collision body of a link.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// Pose in the link's frame, metres.
    pub origin: Isometry3<f64>,
    /// Form.
    pub geometry: Geometry,
}

/// A rigid body.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Name, unique in the model.
    pub name: String,
    /// Mass, kilograms; zero only on links that are fixed to another.
    pub mass_kg: f64,
    /// Frame of the inertia tensor: the centre of mass in the link's frame, metres.
    pub inertial_origin: Isometry3<f64>,
    /// Inertia about the centre of mass, kg m².
    pub inertia: Matrix3<f64>,
    /// Collision bodies.
    pub shapes: Vec<Shape>,
}

/// A robot as its URDF describes it, checked: a tree of links with real inertias and limits.
#[derive(Debug, Clone, PartialEq)]
pub struct RobotModel {
    /// The robot's name (not the URDF's).
    pub name: RobotName,
    /// What its joints are for; empty until [`RobotModel::with_layout`] says it.
    pub layout: RobotLayout,
    /// Links.
    pub links: Vec<Link>,
    /// Joints, each after the joint of its parent link.
    pub joints: Vec<Joint>,
    /// Index of the root link.
    pub root: usize,
    movable: Vec<usize>,
}

impl RobotModel {
    /// Reads a URDF.
    ///
    /// # Errors
    /// [`Error::InvalidDescription`] naming element, field and value: malformed XML, a missing or
    /// inverted limit, a mass or inertia that no body has, an unknown parent, two roots, a cycle,
    /// duplicate names, numbers that are not finite, geometry other than box, cylinder and sphere.
    pub fn from_urdf(name: RobotName, urdf: &str) -> Result<Self, Error> {
        let reader = Reader { name: &name };
        let robot = urdf_rs::read_from_string(urdf)
            .map_err(|e| reader.error("urdf", format!("cannot be read: {e}")))?;
        let links: Vec<Link> = robot
            .links
            .iter()
            .map(|l| reader.link(l))
            .collect::<Result<_, _>>()?;
        let index = reader.index(&links)?;
        let joints: Vec<Joint> = robot
            .joints
            .iter()
            .map(|j| reader.joint(j, &index))
            .collect::<Result<_, _>>()?;
        let (root, joints) = reader.sort_tree(&links, joints)?;
        reader.check_masses(&links, &joints)?;
        let movable = (0..joints.len())
            .filter(|i| joints[*i].kind != JointKind::Fixed)
            .collect();
        Ok(Self {
            name,
            layout: RobotLayout::default(),
            links,
            joints,
            root,
            movable,
        })
    }

    /// Joints that move, in the order in which states and commands hold their values.
    pub fn movable(&self) -> impl ExactSizeIterator<Item = &Joint> + Clone {
        self.movable.iter().map(|i| &self.joints[*i])
    }

    /// Names of the joints that move.
    pub fn joint_names(&self) -> Vec<String> {
        self.movable().map(|j| j.name.clone()).collect()
    }

    /// Position of a joint among the movable ones.
    pub fn movable_index(&self, name: &str) -> Option<usize> {
        self.movable().position(|j| j.name == name)
    }

    /// Index of a link.
    pub fn link_index(&self, name: &str) -> Option<usize> {
        self.links.iter().position(|l| l.name == name)
    }

    /// Joints from the root to `link`, root first.
    pub fn chain_to(&self, link: usize) -> Vec<&Joint> {
        let mut chain = Vec::new();
        let mut at = link;
        while let Some(joint) = self.joints.iter().find(|j| j.child == at) {
            chain.push(joint);
            at = joint.parent;
        }
        chain.reverse();
        chain
    }
}

/// Reads URDF elements and names them in errors.
struct Reader<'a> {
    name: &'a RobotName,
}

impl Reader<'_> {
    fn error(&self, field: impl Into<String>, problem: String) -> Error {
        Error::InvalidDescription {
            source_name: format!("robot {}", self.name),
            field: field.into(),
            problem,
        }
    }

    fn finite(&self, field: &str, values: &[f64]) -> Result<(), Error> {
        match values.iter().find(|v| !v.is_finite()) {
            Some(value) => Err(self.error(field, format!("is {value}: must be finite"))),
            None => Ok(()),
        }
    }

    fn pose(&self, field: &str, pose: &urdf_rs::Pose) -> Result<Isometry3<f64>, Error> {
        let ([x, y, z], [roll, pitch, yaw]) = (pose.xyz.0, pose.rpy.0);
        self.finite(field, &[x, y, z, roll, pitch, yaw])?;
        Ok(Isometry3::from_parts(
            Translation3::new(x, y, z),
            UnitQuaternion::from_euler_angles(roll, pitch, yaw),
        ))
    }

    fn link(&self, link: &urdf_rs::Link) -> Result<Link, Error> {
        let field = format!("link {}", link.name);
        let mass_kg = link.inertial.mass.value;
        if !mass_kg.is_finite() || mass_kg < 0.0 {
            let field = format!("{field}: mass");
            return Err(self.error(field, format!("is {mass_kg} kg: must be 0 or more")));
        }
        let i = &link.inertial.inertia;
        let inertia = Matrix3::new(
            i.ixx, i.ixy, i.ixz, i.ixy, i.iyy, i.iyz, i.ixz, i.iyz, i.izz,
        );
        self.finite(&format!("{field}: inertia"), inertia.as_slice())?;
        let principal = inertia.symmetric_eigenvalues();
        if mass_kg > 0.0 {
            let (min, max) = (principal.min(), principal.max());
            // The triangle inequality holds for every rigid body; a small slack forgives rounding.
            if min <= 0.0 || principal.sum() < 1.999 * max {
                return Err(self.error(
                    format!("{field}: inertia"),
                    format!(
                        "has principal values {:.3e}, {:.3e}, {:.3e} kg m²: no rigid body has these",
                        principal[0], principal[1], principal[2]
                    ),
                ));
            }
        }
        let shapes = link
            .collision
            .iter()
            .map(|c| self.shape(&field, c))
            .collect::<Result<_, _>>()?;
        Ok(Link {
            name: link.name.clone(),
            mass_kg,
            inertial_origin: self
                .pose(&format!("{field}: inertial origin"), &link.inertial.origin)?,
            inertia,
            shapes,
        })
    }

    fn shape(&self, field: &str, collision: &urdf_rs::Collision) -> Result<Shape, Error> {
        let field = format!("{field}: collision geometry");
        let (geometry, sizes) = match &collision.geometry {
            urdf_rs::Geometry::Box { size } => (Geometry::Box(size.0), size.0.to_vec()),
            urdf_rs::Geometry::Cylinder { radius, length } => {
                (Geometry::Cylinder(*radius, *length), vec![*radius, *length])
            }
            urdf_rs::Geometry::Sphere { radius } => (Geometry::Sphere(*radius), vec![*radius]),
            _ => {
                return Err(self.error(field, "must be a box, a cylinder or a sphere".into()));
            }
        };
        if let Some(size) = sizes.iter().find(|s| !s.is_finite() || **s <= 0.0) {
            return Err(self.error(field, format!("has a size of {size} m: must be above 0")));
        }
        Ok(Shape {
            origin: self.pose(&field, &collision.origin)?,
            geometry,
        })
    }

    fn index(&self, links: &[Link]) -> Result<BTreeMap<String, usize>, Error> {
        let mut index = BTreeMap::new();
        for (i, link) in links.iter().enumerate() {
            if index.insert(link.name.clone(), i).is_some() {
                return Err(self.error(format!("link {}", link.name), "exists twice".into()));
            }
        }
        Ok(index)
    }

    fn joint(
        &self,
        joint: &urdf_rs::Joint,
        index: &BTreeMap<String, usize>,
    ) -> Result<Joint, Error> {
        let field = format!("joint {}", joint.name);
        let link = |role: &str, name: &str| {
            index.get(name).copied().ok_or_else(|| {
                self.error(
                    format!("{field}: {role}"),
                    format!("link {name:?} does not exist"),
                )
            })
        };
        let kind = match joint.joint_type {
            urdf_rs::JointType::Revolute => JointKind::Revolute,
            urdf_rs::JointType::Continuous => JointKind::Continuous,
            urdf_rs::JointType::Prismatic => JointKind::Prismatic,
            urdf_rs::JointType::Fixed => JointKind::Fixed,
            _ => {
                return Err(self.error(
                    format!("{field}: type"),
                    "must be revolute, continuous, prismatic or fixed".into(),
                ));
            }
        };
        let axis = Vector3::from(joint.axis.xyz.0);
        self.finite(&format!("{field}: axis"), axis.as_slice())?;
        let axis = Unit::try_new(axis, 1e-9)
            .ok_or_else(|| self.error(format!("{field}: axis"), "has length 0".into()))?;
        let damping = joint.dynamics.as_ref().map_or(0.0, |d| d.damping);
        self.finite(&format!("{field}: damping"), &[damping])?;
        Ok(Joint {
            name: joint.name.clone(),
            kind,
            parent: link("parent", &joint.parent.link)?,
            child: link("child", &joint.child.link)?,
            origin: self.pose(&format!("{field}: origin"), &joint.origin)?,
            axis,
            limits: self.limits(&field, kind, &joint.limit)?,
            damping: damping.max(0.0),
        })
    }

    fn limits(
        &self,
        field: &str,
        kind: JointKind,
        limit: &urdf_rs::JointLimit,
    ) -> Result<JointLimits, Error> {
        let infinite = f64::INFINITY;
        if kind == JointKind::Fixed {
            return Ok(JointLimits {
                lower: -infinite,
                upper: infinite,
                velocity: infinite,
                acceleration: infinite,
                effort: infinite,
            });
        }
        let field = format!("{field}: limit");
        if kind != JointKind::Continuous {
            self.finite(&field, &[limit.lower, limit.upper])?;
        }
        self.finite(&field, &[limit.velocity, limit.effort])?;
        for (name, value) in [("velocity", limit.velocity), ("effort", limit.effort)] {
            if value <= 0.0 {
                return Err(self.error(
                    field,
                    format!("{name} is {value}: must be above 0 (is the <limit> element missing?)"),
                ));
            }
        }
        let (lower, upper) = match kind {
            JointKind::Continuous => (-infinite, infinite),
            _ => (limit.lower, limit.upper),
        };
        if lower >= upper {
            return Err(self.error(
                field,
                format!("lower {lower} is not below upper {upper} (is one of them missing?)"),
            ));
        }
        let acceleration = if limit.acceleration.is_finite() && limit.acceleration > 0.0 {
            limit.acceleration
        } else {
            limit.velocity * DEFAULT_ACCELERATION_PER_VELOCITY
        };
        Ok(JointLimits {
            lower,
            upper,
            velocity: limit.velocity,
            acceleration,
            effort: limit.effort,
        })
    }

    /// Finds the root and orders joints so that parents come first.
    fn sort_tree(
        &self,
        links: &[Link],
        mut joints: Vec<Joint>,
    ) -> Result<(usize, Vec<Joint>), Error> {
        let mut parent_of = vec![None; links.len()];
        let mut names = BTreeMap::new();
        for joint in &joints {
            if names.insert(joint.name.clone(), ()).is_some() {
                return Err(self.error(format!("joint {}", joint.name), "exists twice".into()));
            }
            if let Some(other) = parent_of[joint.child].replace(joint.parent) {
                return Err(self.error(
                    format!("joint {}: child", joint.name),
                    format!(
                        "link {} already hangs on link {}",
                        links[joint.child].name, links[other].name
                    ),
                ));
            }
        }
        let roots: Vec<usize> = (0..links.len())
            .filter(|i| parent_of[*i].is_none())
            .collect();
        let &[root] = roots.as_slice() else {
            let names: Vec<&str> = roots.iter().map(|i| links[*i].name.as_str()).collect();
            let problem = format!(
                "needs exactly one root link, has {}: {}",
                roots.len(),
                names.join(", ")
            );
            return Err(self.error("robot", problem));
        };
        let mut sorted = Vec::with_capacity(joints.len());
        let mut reached = vec![false; links.len()];
        reached[root] = true;
        while let Some(i) = joints.iter().position(|j| reached[j.parent]) {
            let joint = joints.remove(i);
            reached[joint.child] = true;
            sorted.push(joint);
        }
        match joints.first() {
            Some(joint) => {
                Err(self.error(format!("joint {}", joint.name), "is part of a cycle".into()))
            }
            None => Ok((root, sorted)),
        }
    }

    fn check_masses(&self, links: &[Link], joints: &[Joint]) -> Result<(), Error> {
        for joint in joints.iter().filter(|j| j.kind != JointKind::Fixed) {
            let link = &links[joint.child];
            if link.mass_kg <= 0.0 {
                return Err(self.error(
                    format!("link {}: mass", link.name),
                    format!(
                        "is {} kg: a link that moves needs a mass above 0",
                        link.mass_kg
                    ),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARM: &str = r#"<robot name="a">
      <link name="base_link"/>
      <link name="upper"><inertial><origin xyz="0 0 0.1"/><mass value="1"/>
        <inertia ixx="0.01" ixy="0" ixz="0" iyy="0.01" iyz="0" izz="0.005"/></inertial></link>
      <link name="tool0"/>
      <joint name="joint_1" type="revolute"><parent link="base_link"/><child link="upper"/>
        <axis xyz="0 0 1"/><limit lower="-1" upper="1" velocity="2" effort="10"/></joint>
      <joint name="tool" type="fixed"><parent link="upper"/><child link="tool0"/></joint>
    </robot>"#;

    fn read(urdf: &str) -> Result<RobotModel, Error> {
        RobotModel::from_urdf(RobotName::try_new("arm_1").unwrap(), urdf)
    }

    #[test]
    fn model_holds_tree_and_limits() {
        let model = read(ARM).unwrap();
        assert_eq!(model.joint_names(), ["joint_1"]);
        let limits = model.movable().next().unwrap().limits;
        assert_eq!(
            (limits.lower, limits.velocity, limits.acceleration),
            (-1.0, 2.0, 8.0)
        );
        assert_eq!(model.chain_to(model.link_index("tool0").unwrap()).len(), 2);
    }

    #[test]
    fn broken_urdf_is_refused_with_element_and_value() {
        let check = |from: &str, to: &str, expected: &str| {
            let error = read(&ARM.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(
            r#"<limit lower="-1" upper="1" velocity="2" effort="10"/>"#,
            "",
            "joint joint_1: limit",
        );
        check(
            r#"lower="-1""#,
            r#"lower="2""#,
            "lower 2 is not below upper 1",
        );
        check(
            r#"mass value="1""#,
            r#"mass value="-1""#,
            "link upper: mass: is -1 kg",
        );
        check(
            r#"mass value="1""#,
            r#"mass value="0""#,
            "a link that moves needs a mass",
        );
        check(
            r#"mass value="1""#,
            r#"mass value="NaN""#,
            "link upper: mass: is NaN",
        );
        check(r#"izz="0.005""#, r#"izz="5""#, "link upper: inertia");
        check(
            r#"parent link="base_link""#,
            r#"parent link="ghost""#,
            r#"link "ghost" does not exist"#,
        );
        check(
            r#"parent link="base_link""#,
            r#"parent link="tool0""#,
            "cycle",
        );
        check(r#"xyz="0 0 1""#, r#"xyz="0 0 0""#, "joint joint_1: axis");
        check("<robot", "<robt", "cannot be read");
    }
}
