use physical_ai_domain::SkillSpec;

use super::JointSkill;
use crate::skills::steps::Step;

pub(super) const SKILL: JointSkill = JointSkill {
    spec: SkillSpec {
        name: "home",
        description: "Folds into its resting posture.",
        ways: &[],
        idempotent: true,
        takes: None,
        releases: None,
        returns: true,
        verbs: &[],
        typical_s: 3.0,
    },
    is_offered: |set| set.has_posture(),
    start: |set, _, situation| set.steps(vec![Step::Move(set.home.clone())], situation),
};
