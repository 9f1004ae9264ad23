use std::sync::Arc;

use physical_ai_domain::{RobotModel, SkillSpec};

use super::{ArmSkills, DiffDriveSkills, JointBody, JointSkills, Site, SkillSet};
use super::{arm, diff_drive, joint};
use crate::{DriveLimits, Error, SafetyLimits};

/// Everything that a robot can do at a site, by what its layout says that its joints are for: its joints, each chain
/// with a tip, its drive.
///
/// # Errors
/// [`Error::UnsuitableModel`] for a robot that is not in the world, or whose layout does not fit it.
pub fn skill_sets(
    model: &RobotModel,
    joints: &Arc<JointBody>,
    site: &Site,
    (drive, safety): (DriveLimits, SafetyLimits),
) -> Result<Vec<Box<dyn SkillSet>>, Error> {
    let mut sets: Vec<Box<dyn SkillSet>> = vec![Box::new(JointSkills::new(model, joints.clone()))];
    for (i, chain) in model.layout.chains.iter().enumerate() {
        let set = ArmSkills::try_new(model, joints.clone(), chain, i == 0, &safety)?;
        sets.push(Box::new(set));
    }
    if model.layout.drive.is_some() {
        let set = DiffDriveSkills::try_new(model, joints, site, drive, safety)?;
        sets.push(Box::new(set));
    }
    Ok(sets)
}

/// All skills that are known, whichever robot has them; where several bodies do the same, the name stands more than once.
pub fn skill_specs() -> impl Iterator<Item = &'static SkillSpec> {
    joint::specs()
        .chain(arm::specs())
        .chain(diff_drive::specs())
}
