use physical_ai_domain::{Capability, FailurePolicyKind, Plan, RobotName, SkillName, TaskSpec};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::fleet::tests::fleet as one_by_one;

/// The fleet of one arm and one rover, made two of each, with what only real arms and rovers have.
fn two_by_two() -> Fleet {
    let one = one_by_one();
    let mut offers: Vec<Capability> = Vec::new();
    for skill in one.skills() {
        offers.extend(one.offers(skill, None).cloned());
    }
    let point = json!({"type": "object", "additionalProperties": false, "required": ["x", "y", "z"],
        "properties": {"x": {"type": "number"}, "y": {"type": "number"}, "z": {"type": "number"}}});
    let joints = json!({"type": "object", "additionalProperties": false, "required": ["positions"],
        "properties": {"positions": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}}});
    let home = offers.iter().find(|o| {
        o.robot.as_ref().is_some_and(|r| r.as_str() == "arm_1") && o.skill.as_str() == "home"
    });
    let home = home.unwrap().clone();
    for (skill, schema) in [("move_to", point), ("move_joints", joints)] {
        offers.push(Capability {
            skill: SkillName::try_new(skill).unwrap(),
            parameters_schema: schema,
            ..home.clone()
        });
    }
    let twins: Vec<Capability> = offers
        .iter()
        .map(|o| Capability {
            robot: o
                .robot
                .as_ref()
                .map(|r| RobotName::try_new(r.as_str().replace('1', "2")).unwrap()),
            ..o.clone()
        })
        .collect();
    offers.extend(twins);
    Fleet::new(offers)
}

fn shown(task: &TaskSpec) -> String {
    let params = task.params.to_string().replace('"', "");
    let after: Vec<&str> = task.after.iter().map(|a| a.as_str()).collect();
    let id = task.id.as_str();
    match (params.as_str(), after.is_empty()) {
        ("{}", true) => id.to_owned(),
        ("{}", false) => format!("{id} < {}", after.join(", ")),
        (_, true) => format!("{id} {params}"),
        (_, false) => format!("{id} {params} < {}", after.join(", ")),
    }
}

fn parse(text: &str, fleet: &Fleet) -> Result<Plan, String> {
    SentenceParser
        .decompose(text, fleet)
        .map(|d| d.plan)
        .map_err(|e| e.to_string())
}

fn means(fleet: &Fleet, cases: &[(&str, &[&str])]) {
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let found = match parse(text, fleet) {
            Ok(plan) => plan.tasks.iter().map(shown).collect::<Vec<_>>(),
            Err(error) => vec![error],
        };
        if found != *expected {
            wrong.push(format!(
                "{text}\n  found    {found:#?}\n  expected {expected:#?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn refuses(fleet: &Fleet, cases: &[(&str, &[&str])]) {
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        match parse(text, fleet) {
            Ok(plan) => wrong.push(format!(
                "{text}\n  gave {:?}",
                plan.tasks.iter().map(shown).collect::<Vec<_>>()
            )),
            Err(error) => {
                if let Some(missing) = expected.iter().find(|e| !error.contains(**e)) {
                    wrong.push(format!("{text}\n  said {error}\n  without {missing}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

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
                    "\"hello\" is not understood",
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
                &["\"quickly\" is not understood after \"home\""],
            ),
            ("if rover_1 is home, arm_1 goes home", &["\"if\" is not"]),
            ("rover_1 does not go home", &["\"does\" is not understood"]),
            ("arm_1 never goes home", &["\"never\" is not understood"]),
            (
                "rover_1 goes home or patrols dock_a",
                &["\"or\" is not understood"],
            ),
            ("arm_1 puts the red box from bin_a in bin_b", &["\"from\""]),
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

#[test]
fn long_text_is_refused() {
    let error = parse(&"go home. ".repeat(10_000), &one_by_one()).unwrap_err();
    assert_eq!(error, "text has 90000 bytes: at most 16384 are allowed");
    let error = parse(&"arm_1 goes home. ".repeat(900), &one_by_one()).unwrap_err();
    assert!(error.contains("more than 200 tasks"), "{error}");
}

#[test]
fn what_may_run_twice_is_reassigned_and_nothing_else() {
    let plan = parse(
        "arm_1 puts the red box in bin_b while rover_1 patrols dock_a",
        &one_by_one(),
    )
    .unwrap();
    let policies: Vec<_> = plan
        .tasks
        .iter()
        .map(|t| (t.on_failure.kind, t.on_failure.max_attempts))
        .collect();
    assert_eq!(
        policies,
        [
            (FailurePolicyKind::FailMission, 3),
            (FailurePolicyKind::Reassign, 3)
        ]
    );
}

/// Words that get far into the grammar.
const WORDS: &[&str] = &[
    "arm_1",
    "arm 2",
    "rover_1",
    "rover_2",
    "the rover",
    "both",
    "all",
    "robots",
    "arms",
    "it",
    "they",
    "them",
    "puts",
    "pick up",
    "takes",
    "moves",
    "goes",
    "patrols",
    "returns",
    "waits",
    "opens",
    "closing",
    "has put",
    "the red box",
    "blue_box",
    "boxes",
    "in",
    "to",
    "bin_a",
    "bin_b",
    "dock_a",
    "docks",
    "home",
    "the gripper",
    "and",
    "then",
    "while",
    "before",
    "after",
    "once",
    "is done",
    "meanwhile",
    "at the same time",
    ",",
    ".",
    ";",
    "(",
    ")",
    "3",
    "1.5",
    "seconds",
    "cm",
    "twice",
    "times",
    "please",
    "up",
    "x",
];

fn never_invalid(text: &str) {
    for fleet in [one_by_one(), two_by_two(), Fleet::default()] {
        if let Ok(plan) = parse(text, &fleet) {
            assert!(!plan.tasks.is_empty());
            assert_eq!(validate(&plan, &fleet), Vec::<String>::new());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gives_an_error_or_a_valid_plan(text in "\\PC{0,200}") {
        never_invalid(&text);
    }

    #[test]
    fn any_words_give_an_error_or_a_valid_plan(words in prop::collection::vec(prop::sample::select(WORDS), 0..24)) {
        never_invalid(&words.join(" "));
    }

    #[test]
    fn clauses_of_one_robot_never_overlap(
        clauses in prop::collection::vec(prop::sample::select(&["goes home", "patrols dock_a", "waits 2 s", "goes to dock_b"][..]), 1..6),
        joins in prop::collection::vec(prop::sample::select(&[" and ", ", ", " then ", ". rover_1 ", "; it "][..]), 5),
    ) {
        let mut text = String::from("rover_1 ");
        for (i, clause) in clauses.iter().enumerate() {
            if i > 0 {
                text.push_str(joins[i - 1]);
            }
            text.push_str(clause);
        }
        let plan = parse(&text, &one_by_one()).unwrap();
        prop_assert_eq!(plan.tasks.len(), clauses.len());
        for pair in plan.tasks.windows(2) {
            prop_assert_eq!(&pair[1].after, &vec![pair[0].id.clone()]);
        }
    }
}
