use physical_ai_domain::SkillSpec;
use physical_ai_fleet::Fleet;
use serde_json::json;

use crate::Case;
use crate::plan_question::skill_roles::SkillRoles;

/// The skills that robots have.
pub(crate) fn skills() -> Vec<SkillSpec> {
    physical_ai_control::skills::skill_specs()
        .copied()
        .collect()
}

/// One arm and one rover with what the tests need.
pub(crate) fn fleet() -> Fleet {
    let case = json!({"language": "en", "sentence": "", "plan": {}, "fleet": {
        "robots": {
            "arm_1": ["pick_and_place", "pick", "place", "set_gripper", "home", "wait"],
            "rover_1": ["navigate_to", "patrol", "home", "wait"],
        },
        "objects": ["red_box", "blue_box"],
        "surfaces": ["bin_a", "bin_b"],
        "floors": ["dock_a", "dock_b"],
    }});
    Case::read_all(&case.to_string()).unwrap()[0].fleet(&skills())
}

/// All skills that robots have, offered by each of these robots.
pub(crate) fn all_skills(robots: &[&str]) -> SkillRoles {
    let all: std::collections::BTreeSet<&str> = skills().iter().map(|s| s.name).collect();
    let robots: serde_json::Map<_, _> = robots
        .iter()
        .map(|robot| ((*robot).to_owned(), json!(all)))
        .collect();
    let case = json!({"language": "en", "sentence": "", "plan": {}, "fleet": {
        "robots": robots, "objects": ["cup"], "surfaces": ["tray"], "floors": ["dock"],
    }});
    let fleet = Case::read_all(&case.to_string()).unwrap()[0].fleet(&skills());
    SkillRoles::new(fleet.capabilities(), |robot| robot)
}
