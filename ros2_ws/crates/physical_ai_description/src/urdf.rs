use std::collections::BTreeMap;
use std::sync::Arc;

use nalgebra::{Isometry3, Matrix3, Translation3, Unit, UnitQuaternion, Vector3};
use physical_ai_domain::{
    DescriptionFormat, DescriptionSource, Geometry, GivenLimits, Joint, JointKind, JointLimits,
    Link, RobotModel, RobotName, RobotParts, Shape,
};

use crate::Error;

/// Reads a URDF.
///
/// # Errors
/// Whatever is wrong, naming element, field and value.
pub fn read_urdf(name: RobotName, urdf: &str) -> Result<RobotModel, Error> {
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
    reader.check_masses(&links, &joints)?;
    let source = DescriptionSource {
        format: DescriptionFormat::Urdf,
        path: None,
        urdf: Arc::from(urdf),
    };
    Ok(RobotModel::try_new(RobotParts {
        name: name.clone(),
        links,
        joints,
        source,
        warnings: Vec::new(),
    })?)
}

/// Reads URDF elements and names them in errors.
struct Reader<'a> {
    name: &'a RobotName,
}

impl Reader<'_> {
    fn error(&self, field: impl Into<String>, problem: String) -> Error {
        Error::Invalid {
            source_name: format!("robot {}", self.name),
            element: field.into(),
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
            visuals: Vec::new(),
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
        let given = self.limits(&field, kind, &joint.limit)?;
        Ok(Joint {
            name: joint.name.clone(),
            kind,
            parent: link("parent", &joint.parent.link)?,
            child: link("child", &joint.child.link)?,
            origin: self.pose(&format!("{field}: origin"), &joint.origin)?,
            axis,
            limits: JointLimits::from_given(kind, &given),
            given,
            mimic: None,
            damping: damping.max(0.0),
            friction: 0.0,
        })
    }

    fn limits(
        &self,
        field: &str,
        kind: JointKind,
        limit: &urdf_rs::JointLimit,
    ) -> Result<GivenLimits, Error> {
        if kind == JointKind::Fixed {
            return Ok(GivenLimits::default());
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
        if kind != JointKind::Continuous && limit.lower >= limit.upper {
            let (lower, upper) = (limit.lower, limit.upper);
            return Err(self.error(
                field,
                format!("lower {lower} is not below upper {upper} (is one of them missing?)"),
            ));
        }
        let acceleration = limit.acceleration;
        Ok(GivenLimits {
            lower: Some(limit.lower),
            upper: Some(limit.upper),
            velocity: Some(limit.velocity),
            effort: Some(limit.effort),
            acceleration: (acceleration.is_finite() && acceleration > 0.0).then_some(acceleration),
            ..GivenLimits::default()
        })
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
    use physical_ai_domain::RobotKind;

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
        read_urdf(RobotName::try_new("arm_1").unwrap(), urdf)
    }

    #[test]
    fn model_holds_tree_and_limits() {
        let model = read(ARM).unwrap();
        assert_eq!(model.kind, RobotKind::Arm);
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
