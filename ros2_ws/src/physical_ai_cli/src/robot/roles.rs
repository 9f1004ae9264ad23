use std::collections::BTreeMap;

use physical_ai_description::LoadedRobot;

/// What a joint is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Part of this chain, counted in the order of the layout.
    Chain(usize),
    /// Part of the gripper of this chain.
    Gripper(usize),
    /// A wheel on the left.
    LeftWheel,
    /// A wheel on the right.
    RightWheel,
}

impl Role {
    /// In words.
    pub fn words(&self, robot: &LoadedRobot) -> String {
        let chain = |i: &usize| robot.layout.chains[*i].name.as_str();
        match self {
            Self::Chain(i) => chain(i).to_owned(),
            Self::Gripper(i) => format!("gripper of {}", chain(i)),
            Self::LeftWheel => "left wheel".to_owned(),
            Self::RightWheel => "right wheel".to_owned(),
        }
    }
}

/// What each joint of a robot is for, by its name; followers are for what their leaders are for.
pub fn roles(robot: &LoadedRobot) -> BTreeMap<String, Role> {
    let mut roles = BTreeMap::new();
    for (i, chain) in robot.layout.chains.iter().enumerate() {
        for joint in robot.chain_joints(&chain.base, &chain.tip) {
            roles.insert(joint.to_owned(), Role::Chain(i));
        }
        for part in chain.gripper.iter().flat_map(|g| &g.joints) {
            roles.insert(part.joint.clone(), Role::Gripper(i));
        }
    }
    if let Some(drive) = &robot.layout.drive {
        roles.extend(drive.left.iter().map(|w| (w.clone(), Role::LeftWheel)));
        roles.extend(drive.right.iter().map(|w| (w.clone(), Role::RightWheel)));
    }
    let movable = robot.model.joint_names();
    for (joint, coordinate) in robot.model.joints.iter().zip(robot.model.coordinates()) {
        let leader = coordinate.and_then(|c| movable.get(c.index));
        let role = leader.and_then(|l| roles.get(l).cloned());
        if let (Some(role), true) = (role, joint.mimic.is_some()) {
            roles.insert(joint.name.clone(), role);
        }
    }
    roles
}
