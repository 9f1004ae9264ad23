mod chains;
mod depth_map;
#[cfg(test)]
pub(crate) mod fixtures;
mod from_srdf;
mod grasps;
mod hands;
mod names;
pub(crate) mod naming;
mod postures;
mod segments;
mod structure;
mod surface;
mod tips;
mod wheels;

use physical_ai_domain::{ChainLayout, RobotLayout, RobotModel};

use crate::srdf::Srdf;
use crate::{Doubt, Finding, Severity};

use structure::Structure;
pub(crate) use structure::poses as link_poses;
pub(crate) use wheels::wheel_axis;

/// What was found by looking at a robot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FoundLayout {
    /// What its joints are for.
    pub layout: RobotLayout,
    /// How sure that is, piece by piece.
    pub findings: Vec<Finding>,
    /// What was left out.
    pub doubts: Vec<Doubt>,
}

/// Finds out what a robot's joints are for: from its SRDF where that says it, else by looking. Chains are joints in a
/// row of which at least three move by themselves, from where the robot branches to a tip; what is small and branches at their end, or is named so,
/// is a hand; wheels turn without limits about axes along the root's y and stand opposite of each other.
///
/// # Units
/// Radians and metres.
/// # Real-time
/// Allocates; never call from the control tick.
pub fn find_layout(model: &RobotModel, srdf: Option<&Srdf>) -> FoundLayout {
    let s = Structure::new(model);
    let drive = wheels::drive(&s);
    let mut found = FoundLayout {
        findings: drive.findings,
        doubts: drive.doubts,
        ..FoundLayout::default()
    };
    chains::find(&s, srdf, &drive.is_wheel, &mut found);
    found.layout.drive = drive.layout;
    if let Some(srdf) = srdf {
        found.layout.postures = postures::from_srdf(&s, srdf, &mut found.doubts);
    }
    let drive = found.layout.drive.iter();
    let wheels: Vec<String> = drive
        .flat_map(|d| d.left.iter().chain(&d.right).cloned())
        .collect();
    let home = postures::with_home(&s, &wheels, &mut found.layout.postures);
    found.findings.extend(home);
    found
}

/// Finds out how the grippers of chains take hold of things, where nobody said it. How far they open is taken from that,
/// too, unless that `is_said`.
pub(crate) fn find_grasps(
    model: &RobotModel,
    chains: &mut [ChainLayout],
    is_said: bool,
) -> (Vec<Finding>, Vec<Doubt>) {
    let (mut findings, mut doubts) = (Vec::new(), Vec::new());
    for chain in chains {
        let (Some(gripper), Some(tip)) = (&mut chain.gripper, model.link_index(&chain.tip)) else {
            continue;
        };
        if gripper.grasp.is_some() {
            continue;
        }
        let about = format!("chain {}: grasp", chain.name);
        let Some(found) = grasps::grasp(model, tip, gripper) else {
            let problem =
                "no shape of its fingers tells how its hand takes hold of things: it picks nothing";
            let advice = "say the gripper's grasp in a robot file";
            doubts.push(Doubt::new(Severity::Warning, about, problem, advice));
            continue;
        };
        if !is_said && found.opening_m > 0.0 {
            gripper.opening_m = found.opening_m;
        }
        let about = format!("{about} along {:?}", found.layout.approach);
        findings.push(Finding::new(about, found.certainty, found.why));
        gripper.grasp = Some(found.layout);
    }
    (findings, doubts)
}
