use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::test_fleet::all_skills;

fn go(place: &str) -> Value {
    json!({"id": "t1", "skill": "navigate_to", "robot": "ref_r1", "params": {"place": place}})
}

fn lost(linked: &str, tasks: &Value) -> Option<String> {
    dropped(
        linked,
        tasks.as_array().unwrap(),
        &all_skills(&["ref_r1"]),
        &FleetNouns::default(),
    )
    .map(str::to_owned)
}

#[test]
fn what_a_plan_drops_is_named() {
    let point = json!([{"id": "t1", "skill": "navigate_to", "robot": "ref_r1", "params": {"x": 1, "y": 2}}]);
    let tour = json!([{"id": "t1", "skill": "patrol", "robot": "ref_r1", "params": {"places": ["ref_f1"], "rounds": 3}}]);
    let two = json!([go("ref_f1"), {"id": "t2", "skill": "wait", "robot": "ref_r1", "params": {"duration_s": 90}, "after": ["t1"]}]);
    let hand = json!([{"id": "t1", "skill": "set_gripper", "robot": "ref_r1", "params": {"opening_m": 0}}]);
    let one = json!([go("ref_f1")]);
    for (linked, tasks, expected) in [
        ("ref_r1 should please head over to ref_f1 now", &one, None),
        ("ref_r1 goes to ref_f1 sluggishly", &one, Some("sluggishly")),
        ("ref_r1 goes to ref_f1 once", &one, None),
        ("ref_r1 goes to ref_f1, twice", &one, Some("twice")),
        ("k9 goes to ref_f1", &one, Some("k9")),
        ("ref_r2 goes to ref_f1", &one, Some("ref_r2")),
        ("ref_r1 goes to ref_f1 and ref_f2", &one, Some("ref_f2")),
        (
            "ref_r1 goes to ref_f1 for 10 seconds",
            &one,
            Some("10 seconds"),
        ),
        ("ref_r1 goes to ref_f1, then rests", &one, Some("then")),
        ("ref_r1 goes to ref_f1 and rests", &one, Some("rests")),
        ("while ref_r1 goes to ref_f1", &one, Some("while")),
        (
            "ref_r1 goes to ref_f1, then rests for one and a half minutes",
            &two,
            None,
        ),
        (
            "ref_r1 goes to ref_f1, then rests for 1 minute and 30 s",
            &two,
            None,
        ),
        (
            "ref_r1 goes to ref_f1, then rests for 90 minutes",
            &two,
            Some("90 minutes"),
        ),
        ("ref_r1 goes to (1, 2)", &point, None),
        ("ref_r1 goes to (1e3, 2)", &point, Some("1e3")),
        ("ref_r1 goes to (-1, 2)", &point, Some("-1")),
        ("ref_r1 goes to x 1 y 2 degrees", &point, Some("degrees")),
        ("ref_r1 patrols ref_f1 3 times", &tour, None),
        ("ref_r1 patrols ref_f1 -3 times", &tour, Some("-3 times")),
        (
            "ref_r1 patrols ref_f1 for 3 minutes",
            &tour,
            Some("3 minutes"),
        ),
        (
            "ref_r1 patrols ref_f1 five times",
            &tour,
            Some("five times"),
        ),
        ("ref_r1 opens its gripper", &hand, Some("opens")),
        ("ref_r1 closes its gripper", &hand, None),
        ("ref_r1은 ref_f1로 가라", &one, None),
        ("ref_r1은 ref_f1로 이동해 주세요", &one, None),
        ("ref_r1은 ref_f1로 느긋이 가라", &one, Some("느긋이")),
        ("ref_r1은 ref_f1로 가고 10초 기다려", &one, Some("10초")),
        ("ref_r1은 ref_f1을 세 바퀴 순찰해", &tour, None),
        ("ref_r1은 ref_f1을 네 바퀴 순찰해", &tour, Some("네 바퀴")),
        ("r9는 ref_f1로 가라", &one, Some("r9는")),
    ] {
        assert_eq!(lost(linked, tasks).as_deref(), expected, "{linked}");
    }
}

#[test]
fn tasks_that_nobody_asked_for_are_named() {
    let skills = all_skills(&["ref_r1"]);
    let tasks = [json!({"skill": "wait", "robot": "ref_r1", "params": {"duration_s": 10}})];
    assert_eq!(
        unasked("ref_r1 patrols ref_f1 for 10 seconds", &tasks, &skills),
        Some("wait")
    );
    assert_eq!(
        unasked("ref_r1 rests for 10 seconds", &tasks, &skills),
        None
    );
}

#[test]
fn names_that_nobody_said_are_not_meant() {
    let skills = all_skills(&["ref_r1"]);
    let tasks = [go("ref_f1")];
    let names = ["dock", "a"].map(str::to_owned).to_vec();
    let nouns = FleetNouns::new(&[(names, vec!["ref_f1".to_owned()])].into(), &skills);
    for (linked, expected) in [
        ("ref_r1 goes to ref_f1", None),
        ("ref_r1 goes to the dock", None),
        ("ref_r1 goes there", Some("ref_f1")),
        ("ref_r1 goes to ref_f2", Some("ref_f1")),
    ] {
        assert_eq!(
            unsaid_name(linked, &tasks, &skills, &nouns),
            expected,
            "{linked}"
        );
    }
}

#[test]
fn numbers_that_nobody_said_are_not_asked_for() {
    let skills = all_skills(&["ref_r1"]);
    let point = |yaw: Option<f64>| {
        let mut params = json!({"x": 1, "y": 0.2});
        params
            .as_object_mut()
            .unwrap()
            .extend(yaw.map(|yaw| ("yaw".to_owned(), json!(yaw))));
        [json!({"skill": "navigate_to", "robot": "ref_r1", "params": params})]
    };
    for (linked, tasks, expected) in [
        ("ref_r1 goes to (1, 20 cm)", point(None), None),
        (
            "ref_r1 goes to (1, 0.2)",
            point(Some(0.5)),
            Some("navigate_to"),
        ),
        ("ref_r1 goes to x 1, y 0.2, yaw 0.5", point(Some(0.5)), None),
        ("ref_r1 goes to (1, 2)", point(None), Some("navigate_to")),
    ] {
        assert_eq!(unasked(linked, &tasks, &skills), expected, "{linked}");
    }
}

#[test]
fn angles_are_radians() {
    let turned =
        |yaw: f64| [json!({"skill": "navigate_to", "params": {"x": 1, "y": 2, "yaw": yaw}})];
    let skills = all_skills(&["ref_r1"]);
    assert_eq!(too_large_angle(&turned(90.0), &skills), Some(90.0));
    assert_eq!(too_large_angle(&turned(-3.0), &skills), None);
    assert_eq!(
        too_large_angle(
            &[json!({"skill": "move_joints", "params": {"positions": [0, -90, 1]}})],
            &skills
        ),
        Some(-90.0)
    );
}

proptest! {
    #[test]
    fn word_that_no_list_has_is_never_dropped(word in "[a-z]{3,12}", at in 0_usize..6) {
        prop_assume!(PlanWords::get().kinds(&word).is_none() && !is_unit(&word));
        prop_assume!(super::super::spoken_numbers::number_of_words(&word, |_| "").is_none());
        prop_assume!(!["half", "quarter", "quarters", "minus", "negative"].contains(&word.as_str()));
        let mut words = vec!["ref_r1", "goes", "over", "to", "ref_f1"];
        words.insert(at.min(words.len()), &word);
        let tasks = json!([go("ref_f1")]);
        prop_assert_eq!(lost(&words.join(" "), &tasks), Some(word));
    }

    #[test]
    fn number_that_the_plan_has_not_is_never_dropped(number in 2_u32..1000, unit in prop::sample::select(&["seconds", "cm", "times", "m", "번", "초"][..])) {
        let tasks = json!([go("ref_f1")]);
        let text = format!("{number} {unit}");
        prop_assert_eq!(lost(&format!("ref_r1 goes to ref_f1 {text}"), &tasks), Some(text));
    }
}
