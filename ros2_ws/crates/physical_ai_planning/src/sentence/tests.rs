use physical_ai_domain::{Capability, FailurePolicyKind, Plan, RobotName, SkillName, TaskSpec};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::test_fleet::fleet as one_by_one;

mod own_skills;
mod refused;
mod understood;

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
    SentenceParser.read(text, fleet).map_err(|e| e.to_string())
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

#[test]
fn long_text_is_refused() {
    let error = parse(&"go home. ".repeat(10_000), &one_by_one()).unwrap_err();
    assert_eq!(error, "text has 90000 bytes: at most 16384 are allowed");
    let error = parse(&"arm_1 goes home. ".repeat(900), &one_by_one()).unwrap_err();
    assert!(error.contains("more than 200 tasks"), "{error}");
}

#[test]
fn reported_failures_are_tried_again() {
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
            (FailurePolicyKind::Reassign, 3),
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

const CLAUSES: &[&str] = &[
    "arm_1 puts the red box in bin_b",
    "arm_2 picks up the blue box",
    "puts it in bin_a",
    "rover_1 patrols dock_a and dock_b",
    "goes to dock_b",
    "the rover waits 2 s",
    "it returns home",
    "both go home",
    "all rovers visit all docks twice",
    "put all boxes in bin_a",
    "patrolling dock_a",
    "arm_1 is done",
    "open the gripper",
];
const JOINS: &[&str] = &[
    " and ",
    ", ",
    ", then ",
    ". ",
    " while ",
    " before ",
    " after ",
    " once ",
    ". Meanwhile, ",
    "; ",
];

/// A sentence that is understood, with a word more.
fn with_word(word: &str, at: usize) -> String {
    let mut words: Vec<&str> =
        "rover_1 goes to dock_a , then arm_1 puts the red box in bin_b and returns home"
            .split(' ')
            .collect();
    words.insert(at % (words.len() + 1), word);
    words.join(" ")
}

#[test]
fn word_that_no_plan_can_hold_is_a_reason_wherever_it_stands() {
    let fleet = one_by_one();
    assert!(parse(&with_word("", 0), &fleet).is_ok());
    for word in [
        "not",
        "never",
        "slowly",
        "unless",
        "until",
        "except",
        "without",
        "maybe",
        "backwards",
        "hourly",
        "tomorrow",
        "instead",
        "R9",
        "1e3",
        "twice",
        "only",
    ] {
        for at in 0..18 {
            let text = with_word(word, at);
            match SentenceParser.read(&text, &fleet) {
                Ok(made) => panic!("{text}: {made:?}"),
                Err(Error::Sentence { fault, .. }) => {
                    assert!(
                        fault.is_final() || ["twice", "R9"].contains(&word),
                        "{text}: {fault:?}"
                    );
                }
                Err(error) => panic!("{text}: {error}"),
            }
        }
    }
}

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
    fn any_clauses_give_an_error_or_a_valid_plan(
        lead in prop::sample::select(&["", "", "while ", "after ", "before "][..]),
        parts in prop::collection::vec((prop::sample::select(JOINS), prop::sample::select(CLAUSES)), 1..5),
    ) {
        let text: String = parts.iter().flat_map(|(join, clause)| [*join, *clause]).collect();
        // What joins is between clauses only.
        never_invalid(&format!("{lead}{}", text.trim_start_matches(parts[0].0)));
    }

    #[test]
    fn unknown_word_is_never_dropped(word in "[a-z]{5,12}", at in 0_usize..18) {
        prop_assume!(!ordinary::is_ordinary(&word) && verbs::verb(&word).is_none());
        let text = with_word(&word, at);
        prop_assert!(parse(&text, &one_by_one()).is_err(), "{}", text);
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
