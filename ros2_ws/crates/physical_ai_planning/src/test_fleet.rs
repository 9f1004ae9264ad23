use physical_ai_fleet::Fleet;
use serde_json::json;

use crate::Case;

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
