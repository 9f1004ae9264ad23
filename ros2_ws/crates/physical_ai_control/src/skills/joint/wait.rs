use physical_ai_domain::{ParameterSpec, Role, SkillSpec};

use super::JointSkill;
use crate::skills::values::DURATION_S;

pub(super) const SKILL: JointSkill = JointSkill {
    spec: SkillSpec {
        name: "wait",
        description: "Stays where it is for a time.",
        ways: &[&[ParameterSpec::required("duration_s", Role::Duration)]],
        idempotent: true,
        takes: None,
        releases: None,
        returns: false,
        verbs: &[],
        typical_s: 1.0,
    },
    is_offered: |_| true,
    start: |set, params, situation| {
        set.stand(Some(params.number_in("duration_s", DURATION_S)?), situation)
    },
};
