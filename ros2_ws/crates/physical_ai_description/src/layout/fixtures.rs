//! Small robots for tests.

use physical_ai_domain::{Mimic, RobotModel, RobotName, RobotParts};

/// Joints `NAME_j1`… and links `NAME_1`… one after another along x, on a link of another part, as pieces of a URDF.
/// Joints turn about y within ±2 rad.
pub(crate) fn chain(on: &str, name: &str, joints: usize, length_m: f64) -> String {
    let mut urdf = String::new();
    let mut parent = on.to_owned();
    for i in 1..=joints {
        let link = format!("{name}_{i}");
        urdf += &body(&link);
        urdf += &format!(
            r#"<joint name="{name}_j{i}" type="revolute"><parent link="{parent}"/><child link="{link}"/>
            <origin xyz="{length_m} 0 0"/><axis xyz="0 1 0"/>
            <limit lower="-2" upper="2" velocity="1" effort="10"/></joint>"#
        );
        parent = link;
    }
    urdf
}

/// A link with a mass, without a shape.
pub(crate) fn body(link: &str) -> String {
    format!(
        r#"<link name="{link}"><inertial><mass value="1"/>
        <inertia ixx="0.01" ixy="0" ixz="0" iyy="0.01" iyz="0" izz="0.01"/></inertial></link>"#
    )
}

/// A link fixed to another.
pub(crate) fn frame(on: &str, link: &str, xyz: &str) -> String {
    format!(
        r#"<link name="{link}"/><joint name="{link}_fixed" type="fixed"><parent link="{on}"/>
        <child link="{link}"/><origin xyz="{xyz}"/></joint>"#
    )
}

/// The model of pieces whose root is the link `base`.
pub(crate) fn model(pieces: &str) -> RobotModel {
    let urdf = format!(r#"<robot name="r"><link name="base"/>{pieces}</robot>"#);
    crate::read_urdf(RobotName::try_new("robot_1").unwrap(), &urdf).unwrap()
}

/// Names of joints.
pub(crate) fn names(model: &RobotModel, joints: &[usize]) -> Vec<String> {
    joints
        .iter()
        .map(|j| model.joints[*j].name.clone())
        .collect()
}

/// The same robot with a joint that follows another.
pub(crate) fn following(model: &RobotModel, follower: &str, leader: &str) -> RobotModel {
    let mut joints = model.joints.clone();
    joints[model.joint_index(follower).unwrap()].mimic = Some(Mimic {
        leader: model.joint_index(leader).unwrap(),
        multiplier: 1.0,
        offset: 0.0,
    });
    RobotModel::try_new(RobotParts {
        name: model.name.clone(),
        links: model.links.clone(),
        joints,
        source: model.source.clone(),
        warnings: Vec::new(),
    })
    .unwrap()
}
