use physical_ai_fleet::Fleet;
use serde_json::json;

use crate::Case;
use crate::plan_question::skill_roles::SkillRoles;

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
    Case::read_all(&case.to_string()).unwrap()[0].fleet()
}

/// All skills that cases know, offered by each of these robots.
pub(crate) fn all_skills(robots: &[&str]) -> SkillRoles {
    let all = [
        "home",
        "move_joints",
        "move_to",
        "navigate_to",
        "patrol",
        "pick",
        "pick_and_place",
        "place",
        "set_gripper",
        "wait",
    ];
    let robots: serde_json::Map<_, _> = robots
        .iter()
        .map(|robot| ((*robot).to_owned(), json!(all)))
        .collect();
    let case = json!({"language": "en", "sentence": "", "plan": {}, "fleet": {
        "robots": robots, "objects": ["cup"], "surfaces": ["tray"], "floors": ["dock"],
    }});
    let fleet = Case::read_all(&case.to_string()).unwrap()[0].fleet();
    SkillRoles::new(fleet.capabilities(), |robot| robot)
}
