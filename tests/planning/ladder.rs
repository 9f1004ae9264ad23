//! The planning ladder as the demo deploys it: the parser, and the shipped model for what that cannot read.
//!
//! `cargo test --release -p physical_ai_tests --test planning -- --nocapture` prints what is exact, refused and wrong by
//! set, language and rung; with `SHOW=1` each sentence that is not exact, with the reason, too. `PLANNER_MODEL=FILE.gguf`
//! measures another model, `SETS=NAME=FILE.jsonl,…` other sentences.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use physical_ai_control::skills::skill_specs;
use physical_ai_domain::{Plan, SkillSpec};
use physical_ai_fleet::Fleet;
use physical_ai_llm::{LocalChat, Message};
use physical_ai_planning::{
    Case, Descent, Ladder, ModelAnswer, ModelRung, PlanPromptStyle, PlanQuestion, Rung, Verdict,
};

/// The skills that robots have.
fn skills() -> Vec<SkillSpec> {
    skill_specs().copied().collect()
}

/// How the demo's deployment asks its model, and when it uses what that says.
fn deployed() -> ModelRung {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../params/deployments/demo.yaml");
    let text = std::fs::read_to_string(file).unwrap();
    let line = |key: &str| {
        let mut lines = text.lines().filter_map(|l| l.trim().strip_prefix(key));
        lines.next().unwrap().trim().to_owned()
    };
    assert_eq!(line("planner_prompt:"), "trained");
    ModelRung {
        style: PlanPromptStyle::Trained,
        min_probability: line("planner_min_probability:").parse().unwrap(),
    }
}

/// Longest plan, tokens.
const MOST_TOKENS: usize = 700;
/// Wrong plans that a set may have, of a hundred sentences.
const MOST_WRONG_PERCENT: usize = 1;

/// A file of the sets of sentences.
fn of_sets(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../ros2_ws/crates/physical_ai_planning/planner")
        .join(name)
}

fn open() -> LocalChat {
    let shipped = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../params/models/planner.gguf");
    let file = std::env::var_os("PLANNER_MODEL").map_or_else(shipped, PathBuf::from);
    LocalChat::open(&file, 2).unwrap()
}

fn answer(chat: &mut LocalChat, question: &PlanQuestion) -> ModelAnswer {
    let messages = question.messages.iter().map(|m| {
        let role = m.speaker.as_str().parse().unwrap();
        Message::new(role, &m.content)
    });
    let messages: Vec<Message> = messages.collect();
    let answer = chat
        .answer(&messages, &question.schema, MOST_TOKENS)
        .unwrap();
    ModelAnswer {
        text: answer.text,
        token_logprobs: answer.token_logprobs,
    }
}

/// Down a ladder, with the model in this process.
fn down(ladder: &Ladder, chat: &mut LocalChat, text: &str, fleet: &Fleet) -> Result<Plan, String> {
    let mut descent = ladder.descend(text, fleet);
    loop {
        descent = match descent {
            Descent::Ended(made) => return made.map(|m| m.plan).map_err(|e| e.to_string()),
            Descent::Asks(asking) => {
                let answer = answer(chat, asking.question());
                asking.answered(Ok(answer), fleet)
            }
        };
    }
}

fn sets() -> Vec<(String, PathBuf)> {
    let Ok(listed) = std::env::var("SETS") else {
        return ["held_out", "adversarial"]
            .map(|name| (name.to_owned(), of_sets(&format!("{name}.jsonl"))))
            .into();
    };
    let pairs = listed.split(',').filter_map(|set| set.split_once('='));
    pairs
        .map(|(name, file)| (name.to_owned(), PathBuf::from(file)))
        .collect()
}

#[test]
fn wrong_plans_are_rarer_than_one_in_a_hundred() {
    let (mut chat, is_shown) = (open(), std::env::var_os("SHOW").is_some());
    let skills = skills();
    let model = deployed();
    let rungs = [
        ("parser", Ladder::with_rules(None)),
        ("model", Ladder::new([Rung::Model(model)])),
        ("ladder", Ladder::with_rules(Some(model))),
    ];
    let mut failed = Vec::new();
    for (set, file) in sets() {
        let cases = Case::read_all(&std::fs::read_to_string(file).unwrap()).unwrap();
        let mut counts: BTreeMap<(String, &str), [usize; 3]> = BTreeMap::new();
        for case in &cases {
            let (fleet, text) = (case.fleet(&skills), case.sentence.as_str());
            for (rung, ladder) in &rungs {
                let made = down(ladder, &mut chat, text, &fleet);
                let verdict = case.verdict(made.as_ref().ok(), &fleet);
                for language in [case.language.as_str(), "all"] {
                    counts.entry((language.to_owned(), *rung)).or_default()[verdict as usize] += 1;
                }
                if is_shown && *rung == "ladder" && verdict != Verdict::Exact {
                    println!(
                        "{verdict:?} {set}: {text}\n  expected {}\n  {made:?}",
                        case.plan
                    );
                }
            }
        }
        for ((language, rung), [exact, refused, wrong]) in &counts {
            println!("{set} {language} {rung}: {exact} exact, {refused} refused, {wrong} wrong");
        }
        let [_, _, wrong] = counts[&("all".to_owned(), "ladder")];
        if wrong * 100 > MOST_WRONG_PERCENT * cases.len() {
            failed.push(format!("{set}: {wrong} of {} are wrong", cases.len()));
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}

/// What the issue of a plan may take of the 2 ms from a client's call to its answer.
const MOST_READING: Duration = Duration::from_millis(1);

#[test]
fn what_the_rules_read_is_a_plan_at_once() {
    let text = std::fs::read_to_string(of_sets("held_out.jsonl")).unwrap();
    let (skills, mut times) = (skills(), Vec::new());
    for case in Case::read_all(&text).unwrap() {
        let (fleet, begin) = (case.fleet(&skills), Instant::now());
        let made = Ladder::with_rules(None).descend(&case.sentence, &fleet);
        if matches!(made, Descent::Ended(Ok(_))) {
            times.push(begin.elapsed());
        }
    }
    times.sort_unstable();
    let median = times[times.len() / 2];
    println!("{} sentences are read, median {median:?}", times.len());
    assert!(times.len() > 40 && median < MOST_READING, "{median:?}");
}

/// The deployment `two_by_two`.
fn two_by_two() -> Fleet {
    let arm = [
        "home",
        "move_joints",
        "move_to",
        "pick",
        "pick_and_place",
        "place",
        "set_gripper",
        "wait",
    ];
    let rover = ["home", "navigate_to", "patrol", "wait"];
    let case = serde_json::json!({
        "language": "en", "sentence": "", "plan": {}, "fleet": {
            "robots": {"arm_1": arm, "arm_2": arm, "rover_1": rover, "rover_2": rover},
            "objects": ["blue_box", "blue_box_2", "red_box", "red_box_2"],
            "surfaces": ["bin_a", "bin_a_2", "bin_b", "bin_b_2"],
            "floors": ["dock_a", "dock_a_2", "dock_b", "dock_b_2", "dock_c", "dock_c_2"],
        }
    });
    Case::read_all(&case.to_string()).unwrap()[0].fleet(&skills())
}

/// What must not become a plan, and what the reason must say.
const REFUSED: [(&str, &str); 90] = [
    // Names of nobody.
    ("R9 goes to dock_a", "\"R9\" is not a known robot"),
    ("K9 goes to dock_a", "\"K9\" is not a known robot"),
    ("R9 picks up the red box", "\"R9\" is not a known robot"),
    ("A9 puts red_box in bin_b", "\"A9\" is not a known robot"),
    ("rover_3 swings by dock_a", "\"rover_3\" is not a known"),
    ("send R9 to dock_a", "\"R9\" is not a known"),
    ("rover_1 swings by dock_q7", "\"dock_q7\" is not a known"),
    ("the crane goes to dock_a", "\"crane\" is not a known robot"),
    ("rovr_1 goes to dock_a", "did you mean rover_1?"),
    // Negations.
    (
        "rover_1 must not go to dock_a; it goes to dock_b",
        "\"must not\"",
    ),
    (
        "rover_1 shall not go to dock_a; it goes to dock_b",
        "\"shall not\"",
    ),
    (
        "rover_1 should never go to dock_a; it goes to dock_b",
        "\"should never\"",
    ),
    (
        "rover_1 mustn't go to dock_a, it goes to dock_b",
        "\"mustn't\"",
    ),
    ("rover_1 goes to dock_b, not to dock_a", "\"not\""),
    ("rover_1 goes to dock_b, never to dock_a", "\"never\""),
    (
        "rover_1 goes to dock_b, but arm_1 must not pick up the red box",
        "\"must not\"",
    ),
    (
        "arm_1 must leave the red box alone and put the blue box in bin_b",
        "\"alone\"",
    ),
    ("rover_1 avoids dock_a and goes to dock_b", "\"avoids\""),
    (
        "rover_1 stays away from dock_a and goes to dock_b",
        "\"stays away\"",
    ),
    (
        "rover_1 goes to dock_b without passing dock_a",
        "\"without\"",
    ),
    ("rover_1 patrols all docks except dock_a", "\"except\""),
    ("rover_1 patrols all docks but dock_a", "\"dock_a\""),
    (
        "rover_1 stops patrolling dock_a and goes home",
        "\"stops patrolling\"",
    ),
    // Conditions.
    (
        "rover_1 patrols dock_a and dock_b until arm_1 has put the red box in bin_b",
        "\"until\"",
    ),
    ("if dock_a is free, rover_1 goes to dock_a", "\"if\""),
    ("rover_1 goes to dock_a unless arm_1 is busy", "\"unless\""),
    ("rover_1 goes to dock_a or dock_b", "\"or\""),
    (
        "rover_1 goes to dock_a whenever arm_1 is done",
        "\"whenever\"",
    ),
    // Order and corrections.
    (
        "rover_1 visits dock_b, dock_a and dock_c in reverse order",
        "\"reverse\"",
    ),
    (
        "rover_1 visits dock_b, dock_a and dock_c backwards",
        "\"backwards\"",
    ),
    ("rover_1 goes home, no wait, to dock_a", "\"no\""),
    ("rover_1 goes home, I mean to dock_a", "\"i mean\""),
    ("rover_1 goes home, sorry, to dock_a", "\"sorry\""),
    ("arm_1 goes home and first rover_1 goes home", "\"first\""),
    // Repetitions and times.
    ("rover_1 goes to dock_a every 5 minutes", "\"every 5\""),
    ("rover_1 goes to dock_a hourly", "\"hourly\""),
    ("rover_1 goes to dock_a, twice", "\"twice\""),
    ("rover_1 goes to dock_a three times", "\"three times\""),
    ("rover_1 goes to dock_a tomorrow", "\"tomorrow\""),
    ("rover_1 goes to dock_a in 5 minutes", "\"in 5 minutes\""),
    // Numbers.
    (
        "rover_1 patrols dock_a and dock_b -3 times",
        "-3 rounds are not possible",
    ),
    (
        "rover_1 patrols dock_a and dock_b minus 3 times",
        "\"minus 3\"",
    ),
    (
        "rover_1 patrols dock_a and dock_b 2.5 times",
        "2.5 rounds are not possible",
    ),
    ("rover_1 goes to (1e3, 2)", "\"1e3\""),
    ("rover_1 goes to 1e3, 2", "\"1e3\""),
    ("rover_1 waits 1k seconds", "\"1k\""),
    ("rover_1 waits 5 parsecs", "a time needs a unit"),
    // Qualifiers.
    (
        "rover_1 goes to dock_a slowly",
        "\"slowly\" would be ignored",
    ),
    (
        "rover_1 slowly goes to dock_a",
        "\"slowly\" would be ignored",
    ),
    ("rover_1 goes to dock_a at half speed", "\"speed\""),
    ("rover_1 goes next to bin_b", "\"next to\""),
    ("rover_1 goes to dock_a next to dock_b", "\"next to\""),
    ("send rover_1 to dock_a sluggishly", "sluggishly"),
    ("rover_1 patrols dock_a up to 3 times", "\"up to 3\""),
    ("rover_1 goes to (1, 2) cm", "\"cm\" would be ignored"),
    ("arm_1 opens its gripper by 2 cm", "\"by 2\""),
    ("arm_1 holds the red box over bin_a", "\"over bin_a\""),
    ("arm_1 takes the red box out of bin_a", "\"out of\""),
    (
        "rover_1 leaves dock_a out and visits dock_b",
        "\"leaves dock_a out\"",
    ),
    (
        "rover_1 has gone to dock_a",
        "\"gone\" is not an instruction",
    ),
    ("I was going to send rover_1 to dock_a", "\"was going to\""),
    ("rover_1 might go to dock_a", "\"might\""),
    ("rover_1 could go to dock_a", "\"rover_1 could\""),
    ("it is good that rover_1 goes to dock_a", "\"good\""),
    ("rover_1 goes to dock_a/dock_b", "\"dock_a/dock_b\""),
    (
        "rover_1 goes to dock_b last and dock_a first",
        "\"dock_b last\"",
    ),
    (
        "rover_1 goes to dock_b and dock_a first",
        "\"first\" is said of",
    ),
    (
        "rover_1 goes to dock_a; before that to dock_b",
        "\"before that\"",
    ),
    ("both of them wait 5 s", "say which robot"),
    ("the rover goes to dock_a", "say which"),
    (
        "arm_1 sets its joints to (0, -90, 90, 0, 0, 0)",
        "angles are in radians",
    ),
    ("rover_1 goes to x 1, y 2, yaw 90", "say angles in radians"),
    ("rover_1은 dock_a나 dock_b로 가라", "dock_a나"),
    ("rover_1은 dock_a에 갔다", "\"갔다\""),
    (
        "send rover_1 to dock_a when rover_2 leaves dock_b",
        "\"leaves\" would be ignored",
    ),
    (
        "move joints of arm_1 to 0, 0.5, 1, 0, 0.5",
        "move_joints that nobody asked for",
    ),
    ("rover_1이 dock_a로 갈 수 있어?", "질문은 임무가 아닙니다"),
    ("arm_1이 빨간 상자를 bin_a에서 꺼내", "\"꺼내\""),
    ("arm_1이 빨간 상자를 bin_a 위로 들어", "\"위로\""),
    ("arm_1이 빨간 상자를 bin_a에서 bin_b로 옮겨", "\"bin_a\""),
    ("arm_1은 10초 기다리고 rover_1은 30 기다려", "\"30\""),
    // What is no mission.
    ("stop all robots", "`physical-ai estop`"),
    ("rover_1 goes home?", "a question is no mission"),
    // Korean, with reasons in Korean.
    ("rover_1은 dock_a로 가지 마", "\"마\": 하지 말아야"),
    (
        "rover_1은 dock_a 말고 dock_b로 가라",
        "\"말고\": 하지 말아야",
    ),
    ("rover_1은 dock_a로 천천히 가라", "\"천천히\": 계획에"),
    ("rover_1은 5분마다 dock_a로 가라", "\"5분마다\": 계획에"),
    (
        "만약 dock_a가 비면 rover_1은 dock_a로 가라",
        "\"만약\": 조건은",
    ),
    ("R9는 dock_a로 가라", "\"R9"),
    ("모든 로봇 멈춰", "`physical-ai estop`"),
];

#[test]
fn what_was_not_meant_is_refused_by_the_word_that_says_so() {
    let (mut chat, fleet) = (open(), two_by_two());
    let ladder = Ladder::with_rules(Some(deployed()));
    let mut wrong = Vec::new();
    for (text, expected) in REFUSED {
        match down(&ladder, &mut chat, text, &fleet) {
            Ok(plan) => wrong.push(format!("{text}: {plan:?}")),
            Err(reason) if reason.contains(expected) => {}
            Err(reason) => wrong.push(format!("{text}: without {expected}: {reason}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
