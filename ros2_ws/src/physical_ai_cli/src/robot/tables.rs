use std::collections::BTreeMap;

use comfy_table::Table;
use physical_ai_description::LoadedRobot;
use physical_ai_domain::{Joint, JointKind};

use super::roles::Role;
use crate::output;

/// Joints that can move, with what limits them and what they are for.
pub fn joints(robot: &LoadedRobot, roles: &BTreeMap<String, Role>) -> Table {
    let mut table = output::table(&["joint", "type", "limits", "parent → child", "for"]);
    let links = &robot.model.links;
    for joint in &robot.model.joints {
        if joint.kind == JointKind::Fixed {
            continue;
        }
        table.add_row([
            joint.name.clone(),
            kind(joint.kind).to_owned(),
            limits(joint),
            format!("{} → {}", links[joint.parent].name, links[joint.child].name),
            purpose(robot, joint, roles),
        ]);
    }
    table
}

/// Name of a kind of joint.
pub const fn kind(kind: JointKind) -> &'static str {
    match kind {
        JointKind::Revolute => "revolute",
        JointKind::Continuous => "continuous",
        JointKind::Prismatic => "prismatic",
        JointKind::Fixed => "fixed",
        JointKind::Floating => "floating",
    }
}

/// Range, speed and effort of a joint, as far as they are given.
pub fn limits(joint: &Joint) -> String {
    let unit = match joint.kind {
        JointKind::Prismatic => "m",
        JointKind::Floating => return "none".to_owned(),
        _ => "rad",
    };
    let force = if unit == "m" { "N" } else { "N m" };
    let range = match joint.kind {
        JointKind::Continuous => "any".to_owned(),
        _ => format!("{:.4}…{:.4} {unit}", joint.limits.lower, joint.limits.upper),
    };
    let given = |value: Option<f64>, unit: &str| {
        value.map_or_else(|| "not given".to_owned(), |v| format!("{v} {unit}"))
    };
    format!(
        "{range}, {}, {}",
        given(joint.given.velocity, &format!("{unit}/s")),
        given(joint.given.effort, force)
    )
}

fn purpose(robot: &LoadedRobot, joint: &Joint, roles: &BTreeMap<String, Role>) -> String {
    let mut words = Vec::new();
    if let Some(role) = roles.get(&joint.name) {
        words.push(role.words(robot));
    }
    if let Some(mimic) = joint.mimic {
        let leader = &robot.model.joints[mimic.leader].name;
        words.push(format!("follows {leader}"));
    } else if joint.kind == JointKind::Floating {
        words.push("nothing moves it".to_owned());
    } else if joint.is_locked() {
        words.push("held by its limits".to_owned());
    } else if joint.motion_block().is_some() {
        words.push("not moved".to_owned());
    }
    words.join(", ")
}

/// Chains, with their grippers.
pub fn chains(robot: &LoadedRobot) -> Table {
    let mut table = output::table(&["chain", "base → tip", "joints", "gripper"]);
    for chain in &robot.layout.chains {
        let gripper = chain.gripper.as_ref().map(|g| {
            let joints: Vec<String> = g
                .joints
                .iter()
                .map(|j| format!("{} {:.4} open, {:.4} closed", j.joint, j.open, j.closed))
                .collect();
            let mut text = format!("{} m: {}", g.opening_m, joints.join("; "));
            if let Some(grasp) = &g.grasp {
                let [one, other] = grasp.pads.each_ref().map(|p| &p.link);
                let approach = grasp.approach;
                text += &format!(
                    "; grasps along {approach:?} of {} with {one}, {other}",
                    chain.tip
                );
            }
            text
        });
        table.add_row([
            chain.name.clone(),
            format!("{} → {}", chain.base, chain.tip),
            robot
                .chain_joints(&chain.base, &chain.tip)
                .len()
                .to_string(),
            gripper.unwrap_or_default(),
        ]);
    }
    table
}

/// What was found and why.
pub fn findings(robot: &LoadedRobot) -> Table {
    let mut table = output::table(&["found", "sure", "why"]);
    for finding in &robot.findings {
        table.add_row([
            finding.about.clone(),
            finding.certainty.to_string(),
            finding.why.clone(),
        ]);
    }
    table
}
