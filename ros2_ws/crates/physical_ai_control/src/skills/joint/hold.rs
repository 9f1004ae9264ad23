use physical_ai_domain::SkillSpec;

use super::JointSkill;

pub(super) const SKILL: JointSkill = JointSkill {
    spec: SkillSpec {
        name: "hold",
        description: "Holds its joints where they are until it is cancelled.",
        ways: &[],
        idempotent: true,
        takes: None,
        releases: None,
        returns: false,
        verbs: &[],
        typical_s: 0.0,
    },
    // Who moves a tip or drives stands still without being told to.
    is_offered: |set| !set.has_tip_or_drive && set.has_posture(),
    start: |set, _, situation| set.stand(None, situation),
};
