use super::*;

#[test]
fn what_is_not_understood_is_named() {
    let lists_robots = "known are arm_1, rover_1";
    refuses(
        &one_by_one(),
        &[
            ("", &["nothing that is to be done"]),
            (" ... ", &["nothing that is to be done"]),
            (
                "hello world",
                &[
                    "\"world\" is not understood",
                    "known are put OBJECT in PLACE",
                ],
            ),
            (
                "rovr_1 goes home",
                &[
                    "\"rovr_1\" is not a known robot",
                    lists_robots,
                    "did you mean rover_1?",
                ],
            ),
            (
                "arm_1 goes home and rover_7 goes home",
                &["\"rover_7\" is not a known robot", "did you mean rover_1?"],
            ),
            (
                "the helicopter goes home",
                &["\"helicopter\" is not a known robot", lists_robots],
            ),
            (
                "rover_1 flies to dock_a",
                &[
                    "in \"rover_1 flies to dock_a\"",
                    "\"flies\" is not understood",
                ],
            ),
            (
                "rover_1 patrls dock_a",
                &["\"patrls\" is not understood; did you mean patrols?"],
            ),
            (
                "rover_1 goes to dock_z",
                &[
                    "\"dock_z\" is not a known place",
                    "bin_a, bin_b, dock_a, dock_b",
                    "did you mean dock_a?",
                ],
            ),
            (
                "rover_1 patrols dock_a and dock_z",
                &["\"dock_z\" is not a known place"],
            ),
            (
                "arm_1 puts the green box in bin_a",
                &["\"green box\" is not a known object", "blue_box, red_box"],
            ),
            (
                "arm_1 moves the green box to bin_a",
                &["\"green box\" is not a known object"],
            ),
            (
                "arm_1 puts the red box in bin_c",
                &["\"bin_c\" is not a known place", "did you mean bin_"],
            ),
            (
                "arm_1 puts the box in bin_a",
                &["\"the box\" may be blue_box or red_box: say which"],
            ),
            (
                "arm_1 puts the red box in the bin",
                &["\"the bin\" may be bin_a or bin_b: say which"],
            ),
            ("arm_1 puts the red box", &["say which place"]),
            ("arm_1 picks up", &["say which object"]),
            ("move the red box", &["say which place"]),
            (
                "put red box bin_b",
                &["\"bin_b\" is not understood here: say where to"],
            ),
            (
                "rover_1 puts the red box in bin_b",
                &[
                    "rover_1 does not offer pick_and_place",
                    "it offers home, navigate_to, patrol, wait",
                    "offered by arm_1",
                ],
            ),
            (
                "arm_1 goes to dock_a",
                &["arm_1 does not offer navigate_to"],
            ),
            ("rover_1 goes to bin_b", &["must be one of dock_a, dock_b"]),
            ("go home", &["arm_1 and rover_1 can do that: say which"]),
            (
                "rover_1 goes home quickly",
                &["\"quickly\" would be ignored"],
            ),
            ("if rover_1 is home, arm_1 goes home", &["\"if\" is not"]),
            (
                "rover_1 does not go home",
                &["\"does not\" is not understood: say what is to be done, not what is not"],
            ),
            (
                "arm_1 never goes home",
                &["\"never\" is not understood: say what is to be done, not what is not"],
            ),
            (
                "rover_1 goes home or patrols dock_a",
                &["\"or\" is not understood"],
            ),
            (
                "arm_1 puts the red box from bin_a in bin_b",
                &["\"from bin_a\" would be ignored"],
            ),
            ("rover_1 waits", &["say for how long"]),
            ("rover_1 waits 5", &["a time needs a unit"]),
            (
                "rover_1 waits -5 seconds",
                &["duration_s is -5: must be 0 or more"],
            ),
            ("rover_1 waits nan seconds", &["say for how long"]),
            (
                &format!("rover_1 waits {} seconds", "9".repeat(400)),
                &["a number is too large"],
            ),
            (
                "rover_1 patrols dock_a 0 times",
                &["0 rounds are not possible"],
            ),
            (
                "rover_1 patrols dock_a 1.5 times",
                &["1.5 rounds are not possible"],
            ),
            ("rover_1 goes to (1.5, nan)", &["a point is written (x, y)"]),
            (
                "rover_1 goes to (1.5)",
                &["a point has 2 numbers on the floor"],
            ),
            (
                "arm_1 opens its gripper to 3 m",
                &["opening_m is 3: must be 0.09 or less"],
            ),
            ("arm_1 opens the door", &["only a gripper can be opened"]),
            (
                "arm_1 goes home while arm_1 waits 3 seconds",
                &["arm_1 does one thing at a time"],
            ),
            (
                "arm_1 goes home while waiting 3 seconds",
                &["arm_1 does one thing at a time"],
            ),
            (
                "arm_1 goes home and",
                &["it ends where something to do is expected"],
            ),
            ("while arm_1 goes home", &["the main clause is missing"]),
            (
                "once arm_1 is done, rover_1 goes home",
                &["nothing was said before"],
            ),
            (
                "rover_1 goes home once arm_1 is done",
                &["arm_1 has no task before this"],
            ),
            ("it goes home", &["it is not clear which robot \"it\" is"]),
            (
                "arm_1 picks up the red box and the blue box",
                &["arm_1 holds red_box then"],
            ),
            (
                "rover_1 goes home after arm_1 goes home and rover_1 patrols dock_a",
                &["it is not clear what comes after what"],
            ),
            (
                "rover_1 goes home after arm_1 picks up the red box before rover_1 patrols dock_a",
                &["it is not clear what comes after what"],
            ),
            ("arm_1 gone home", &["\"gone\" is not an instruction here"]),
            ("arm_1", &["it does not say what to do"]),
            (
                "arm_1 goes home rover_1 goes home",
                &[
                    "\"rover_1\" is not understood after \"home\"",
                    "join clauses",
                ],
            ),
            ("机器人 回家", &["is not understood"]),
        ],
    );
}

#[test]
fn several_that_could_be_meant_are_named() {
    refuses(
        &two_by_two(),
        &[
            (
                "the rover goes home",
                &["rover_1 and rover_2 can do that: say which"],
            ),
            (
                "open the gripper",
                &["arm_1 and arm_2 can do that: say which"],
            ),
            (
                "put it down in bin_a",
                &["arm_1 and arm_2 can do that: say which"],
            ),
            (
                "grab the red box, then put it in bin_a",
                &["it must be the one that picked it up"],
            ),
            ("both robots go home", &["\"both robots\" are 4 in number"]),
            (
                "both arms put the red box in bin_b",
                &["red_box can be moved by one robot only"],
            ),
            (
                "arm_1 puts the red box in bin_a while arm_2 puts the red box in bin_b",
                &["red_box is moved twice at the same time"],
            ),
            (
                "arm_1 picks up the red box, then arm_2 puts it in bin_b",
                &["red_box is held by arm_1 then"],
            ),
            (
                "rover_3 goes home",
                &["\"rover_3\" is not a known robot: known are arm_1, arm_2, rover_1, rover_2"],
            ),
        ],
    );
}
