use super::*;

const RED_B: &str = "arm_1_pick_and_place {object:red_box,place:bin_b}";
const PATROL: &str = "rover_1_patrol {places:[dock_a,dock_b]}";
const DOCK_A: &str = "rover_1_navigate_to {place:dock_a}";

#[test]
fn issue_sentence_is_understood() {
    means(
        &one_by_one(),
        &[(
            "arm_1 puts the red box in bin_b while rover_1 patrols dock_a and dock_b, then rover_1 returns home",
            &[
                RED_B,
                PATROL,
                "rover_1_home < arm_1_pick_and_place, rover_1_patrol",
            ],
        )],
    );
}

#[test]
fn joining_words_say_when() {
    let home_after_arm = "rover_1_home < arm_1_pick_and_place";
    means(
        &one_by_one(),
        &[
            (
                "arm_1 puts the red box in bin_b and rover_1 goes home",
                &[RED_B, "rover_1_home"],
            ),
            (
                "arm_1 puts the red box in bin_b, rover_1 goes home",
                &[RED_B, "rover_1_home"],
            ),
            (
                "arm_1 puts the red box in bin_b. Meanwhile, rover_1 goes home.",
                &[RED_B, "rover_1_home"],
            ),
            (
                "While arm_1 puts the red box in bin_b, rover_1 goes home",
                &[RED_B, "rover_1_home"],
            ),
            (
                "arm_1 puts the red box in bin_b and rover_1 goes home at the same time.",
                &[RED_B, "rover_1_home"],
            ),
            (
                "arm_1 puts the red box in bin_b, then rover_1 goes home",
                &[RED_B, home_after_arm],
            ),
            (
                "arm_1 puts the red box in bin_b and then rover_1 goes home",
                &[RED_B, home_after_arm],
            ),
            (
                "arm_1 puts the red box in bin_b. rover_1 goes home.",
                &[RED_B, home_after_arm],
            ),
            (
                "arm_1 puts the red box in bin_b; after that, rover_1 goes home",
                &[RED_B, home_after_arm],
            ),
            (
                "arm_1 puts the red box in bin_b before rover_1 goes home",
                &[RED_B, home_after_arm],
            ),
            (
                "Before rover_1 goes home, arm_1 puts the red box in bin_b.",
                &[RED_B, home_after_arm],
            ),
            (
                "After arm_1 puts the red box in bin_b, rover_1 goes home",
                &[RED_B, home_after_arm],
            ),
            (
                "rover_1 goes home after arm_1 puts the red box in bin_b",
                &[RED_B, home_after_arm],
            ),
            (
                "Once arm_1 has put the red box in bin_b, rover_1 goes home",
                &[RED_B, home_after_arm],
            ),
            (
                "rover_1 goes home as soon as arm_1 has placed the red box in bin_b",
                &[RED_B, home_after_arm],
            ),
            (
                "arm_1 puts the red box in bin_b. Once that is done, rover_1 returns home.",
                &[RED_B, home_after_arm],
            ),
            (
                "arm_1 puts the red box in bin_b, and once it is finished, rover_1 returns home.",
                &[RED_B, home_after_arm],
            ),
            (
                "arm_1 puts the red box in bin_b and rover_1 returns home once arm_1 is done",
                &[RED_B, home_after_arm],
            ),
        ],
    );
}

#[test]
fn one_robot_does_one_thing_after_another() {
    let home = "rover_1_home < rover_1_navigate_to";
    means(
        &one_by_one(),
        &[
            ("rover_1 goes to dock_a and returns home", &[DOCK_A, home]),
            ("rover_1 drives to dock_a, returns home", &[DOCK_A, home]),
            (
                "rover_1 navigates to dock_a and rover_1 comes back",
                &[DOCK_A, home],
            ),
            ("rover_1 goes home after going to dock_a", &[DOCK_A, home]),
            (
                "rover_1 heads to dock_a. Then it returns home.",
                &[DOCK_A, home],
            ),
            ("rover_1 goes to dock_a. Return home.", &[DOCK_A, home]),
            (
                "rover_1 goes to dock_a and dock_b",
                &[
                    DOCK_A,
                    "rover_1_navigate_to_2 {place:dock_b} < rover_1_navigate_to",
                ],
            ),
            (
                "arm_1 puts the red box in bin_b while rover_1 goes to dock_a and returns home",
                &[RED_B, DOCK_A, home],
            ),
            (
                "arm_1 puts the red box in bin_b while rover_1 patrols dock_a and dock_b. Then both return home.",
                &[
                    RED_B,
                    PATROL,
                    "arm_1_home < arm_1_pick_and_place, rover_1_patrol",
                    "rover_1_home < arm_1_pick_and_place, rover_1_patrol",
                ],
            ),
            (
                "Both robots go home and wait 3 seconds",
                &[
                    "arm_1_home",
                    "rover_1_home",
                    "arm_1_wait {duration_s:3.0} < arm_1_home",
                    "rover_1_wait {duration_s:3.0} < rover_1_home",
                ],
            ),
        ],
    );
}

#[test]
fn objects_and_places_in_many_words() {
    means(
        &one_by_one(),
        &[
            ("Put the Red Box into BIN B!", &[RED_B]),
            ("please place red-box in bin_b", &[RED_B]),
            ("arm 1: move the red box to bin b", &[RED_B]),
            ("arm_1, bring the red box to bin_b", &[RED_B]),
            ("The arm takes the “red box” to bin_b", &[RED_B]),
            ("the robot drops the red box in bin_b", &[RED_B]),
            ("Let arm_1 carry the red box to bin_b", &[RED_B]),
            ("arm_1 should deliver the red box to bin_b", &[RED_B]),
            ("arm_1 picks and places the red box in bin_b", &[RED_B]),
            (
                "arm_1 picks the red box up and places it in bin_b",
                &[RED_B],
            ),
            (
                "arm_1 picks up the red box",
                &["arm_1_pick {object:red_box}"],
            ),
            ("grab the red box", &["arm_1_pick {object:red_box}"]),
            (
                "arm_1 puts it down in bin_b",
                &["arm_1_place {place:bin_b}"],
            ),
            (
                "arm_1 picks up the red box, then rover_1 goes home, then arm_1 puts it in bin_b",
                &[
                    "arm_1_pick {object:red_box}",
                    "rover_1_home < arm_1_pick",
                    "arm_1_place {place:bin_b} < rover_1_home",
                ],
            ),
            (
                "arm_1 picks up the red box. Wait 2 s. Put the red box in bin_b.",
                &[
                    "arm_1_pick {object:red_box}",
                    "arm_1_wait {duration_s:2.0} < arm_1_pick",
                    "arm_1_place {place:bin_b} < arm_1_wait",
                ],
            ),
            (
                "arm_1 puts the red box in bin_a, then puts it in bin_b",
                &[
                    "arm_1_pick_and_place {object:red_box,place:bin_a}",
                    "arm_1_pick_and_place_2 {object:red_box,place:bin_b} < arm_1_pick_and_place",
                ],
            ),
            (
                "put the red box in bin_b and the blue box in bin_a",
                &[
                    RED_B,
                    "arm_1_pick_and_place_2 {object:blue_box,place:bin_a} < arm_1_pick_and_place",
                ],
            ),
            (
                "arm_1 puts all boxes in bin_b",
                &[
                    "arm_1_pick_and_place {object:blue_box,place:bin_b}",
                    "arm_1_pick_and_place_2 {object:red_box,place:bin_b} < arm_1_pick_and_place",
                ],
            ),
            (
                "pick up the red box and the blue box and put them in bin_b",
                &[
                    RED_B,
                    "arm_1_pick_and_place_2 {object:blue_box,place:bin_b} < arm_1_pick_and_place",
                ],
            ),
            (
                "put the red box in bin_b and patrol dock_a and dock_b",
                &[RED_B, PATROL],
            ),
        ],
    );
}

#[test]
fn numbers_have_units() {
    means(
        &one_by_one(),
        &[
            (
                "rover_1 patrols dock_a and dock_b twice",
                &["rover_1_patrol {places:[dock_a,dock_b],rounds:2}"],
            ),
            (
                "rover_1 patrols between dock_a and dock_b for 3 rounds",
                &["rover_1_patrol {places:[dock_a,dock_b],rounds:3}"],
            ),
            (
                "rover_1 visits all docks five times",
                &["rover_1_patrol {places:[dock_a,dock_b],rounds:5}"],
            ),
            (
                "rover_1 patrols dock_a once and goes home",
                &[
                    "rover_1_patrol {places:[dock_a],rounds:1}",
                    "rover_1_home < rover_1_patrol",
                ],
            ),
            (
                "rover_1 goes to (1.5, -0.5)",
                &["rover_1_navigate_to {x:1.5,y:-0.5}"],
            ),
            (
                "rover_1 drives to x=1.5, y=2 and returns home",
                &[
                    "rover_1_navigate_to {x:1.5,y:2.0}",
                    "rover_1_home < rover_1_navigate_to",
                ],
            ),
            (
                "rover_1 waits for half... ",
                &[
                    "text: in \"rover_1 waits for half\": say for how long, for example \"5 seconds\"",
                ],
            ),
            ("rover_1 waits 5s", &["rover_1_wait {duration_s:5.0}"]),
            (
                "rover_1 waits a minute",
                &["rover_1_wait {duration_s:60.0}"],
            ),
            (
                "rover_1 waits for 2 minutes",
                &["rover_1_wait {duration_s:120.0}"],
            ),
            ("open the gripper", &["arm_1_set_gripper {opening_m:0.09}"]),
            (
                "arm_1 closes its gripper",
                &["arm_1_set_gripper {opening_m:0.0}"],
            ),
            (
                "arm_1 opens its gripper to 5 cm",
                &["arm_1_set_gripper {opening_m:0.05}"],
            ),
            (
                "set the gripper to 20 mm",
                &["arm_1_set_gripper {opening_m:0.02}"],
            ),
        ],
    );
}

#[test]
fn fleets_of_several_need_no_name_where_it_makes_no_difference() {
    means(
        &two_by_two(),
        &[
            (
                "put the red box in bin_b",
                &["pick_and_place {object:red_box,place:bin_b}"],
            ),
            (
                "an arm puts the red box in bin_b",
                &["pick_and_place {object:red_box,place:bin_b}"],
            ),
            ("patrol dock_a", &["patrol {places:[dock_a]}"]),
            ("all rovers return home", &["rover_1_home", "rover_2_home"]),
            (
                "every arm goes home, then each rover goes home",
                &[
                    "arm_1_home",
                    "arm_2_home",
                    "rover_1_home < arm_1_home, arm_2_home",
                    "rover_2_home < arm_1_home, arm_2_home",
                ],
            ),
            ("both arms go home", &["arm_1_home", "arm_2_home"]),
            (
                "arm_1, rover_2 and arm_2 go home",
                &["arm_1_home", "rover_2_home", "arm_2_home"],
            ),
            (
                "both arm_1 and rover_2 go home",
                &["arm_1_home", "rover_2_home"],
            ),
            (
                "everyone goes home",
                &["arm_1_home", "arm_2_home", "rover_1_home", "rover_2_home"],
            ),
            (
                "arm_2 moves to (0.4, 0.1, 0.6)",
                &["arm_2_move_to {x:0.4,y:0.1,z:0.6}"],
            ),
            (
                "arm_2 moves its joints to (0, -0.5)",
                &["arm_2_move_joints {positions:[0.0,-0.5]}"],
            ),
            (
                "rover_1 goes to dock_a while rover_2 goes to dock_b and arm_1 goes home",
                &[DOCK_A, "rover_2_navigate_to {place:dock_b}", "arm_1_home"],
            ),
        ],
    );
}

#[test]
fn subject_that_could_be_one_of_several_is_not_guessed() {
    let fleet = one_by_one();
    let unclear: &[&str] = &["it is not clear which of arm_1 and rover_1 is meant"];
    refuses(
        &fleet,
        &[
            (
                "arm_1 puts the red box in bin_b while rover_1 patrols dock_a, then returns home",
                unclear,
            ),
            (
                "arm_1 puts the red box in bin_b while rover_1 patrols dock_a. Then it returns home.",
                unclear,
            ),
            (
                "before arm_1 puts the red box in bin_b, rover_1 goes to dock_a, then returns home",
                unclear,
            ),
            (
                "rover_1 goes to dock_a before arm_1 puts the red box in bin_b, then it returns home",
                unclear,
            ),
            (
                "go home after rover_1 patrols dock_a",
                &["it is not clear which robot does what"],
            ),
        ],
    );
    means(
        &fleet,
        &[
            (
                "arm_1 puts the red box in bin_b while rover_1 patrols dock_a, then goes to dock_b",
                &[
                    RED_B,
                    "rover_1_patrol {places:[dock_a]}",
                    "rover_1_navigate_to {place:dock_b} < arm_1_pick_and_place, rover_1_patrol",
                ],
            ),
            (
                "After going to dock_a, rover_1 returns home",
                &[DOCK_A, "rover_1_home < rover_1_navigate_to"],
            ),
            (
                "rover_1 goes to dock_a, dock_b, and then home",
                &[
                    DOCK_A,
                    "rover_1_navigate_to_2 {place:dock_b} < rover_1_navigate_to",
                    "rover_1_home < rover_1_navigate_to_2",
                ],
            ),
            (
                "rover_1 goes to dock_a, then to dock_b",
                &[
                    DOCK_A,
                    "rover_1_navigate_to_2 {place:dock_b} < rover_1_navigate_to",
                ],
            ),
            (
                "First, rover_1 goes to dock_a. Finally, it goes home.",
                &[DOCK_A, "rover_1_home < rover_1_navigate_to"],
            ),
        ],
    );
    means(
        &two_by_two(),
        &[
            (
                "rover_2 goes home after going to dock_a",
                &[
                    "rover_2_navigate_to {place:dock_a}",
                    "rover_2_home < rover_2_navigate_to",
                ],
            ),
            (
                "After going to dock_a, rover_2 goes home",
                &[
                    "rover_2_navigate_to {place:dock_a}",
                    "rover_2_home < rover_2_navigate_to",
                ],
            ),
            (
                "both rovers go to dock_a, then wait 1 s",
                &[
                    DOCK_A,
                    "rover_2_navigate_to {place:dock_a}",
                    "rover_1_wait {duration_s:1.0} < rover_1_navigate_to, rover_2_navigate_to",
                    "rover_2_wait {duration_s:1.0} < rover_1_navigate_to, rover_2_navigate_to",
                ],
            ),
        ],
    );
}
