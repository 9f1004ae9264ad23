use super::*;
use crate::test_fleet::fleet;

const MODEL: ModelRung = ModelRung {
    style: PlanPromptStyle::Trained,
    min_probability: 0.0,
};

fn both() -> Ladder {
    Ladder::with_rules(Some(MODEL))
}

fn asking(text: &str) -> Asking {
    match both().descend(text, &fleet()) {
        Descent::Asks(asking) => *asking,
        Descent::Ended(ended) => panic!("{ended:?}"),
    }
}

fn ended(descent: Descent) -> Result<Decomposition, Error> {
    match descent {
        Descent::Ended(ended) => ended,
        Descent::Asks(asking) => panic!("asks {:?}", asking.question()),
    }
}

fn answered(text: &str, answer: Result<&str, &str>) -> Result<Decomposition, Error> {
    let answer = answer.map(|text| ModelAnswer {
        text: text.to_owned(),
        token_logprobs: Vec::new(),
    });
    ended(asking(text).answered(answer.map_err(str::to_owned), &fleet()))
}

#[test]
fn model_is_asked_only_for_what_the_rules_cannot_read_as_grammar() {
    for (text, expected) in [
        ("rover_1 goes to dock_a", 'p'),
        ("rover_1 swings by dock_a", 'u'),
        ("rover_1은 dock_a로 가라", 'u'),
        ("get rover_1 to dock_a", 'u'),
        ("send the rover to dock_a", 'u'),
        ("the other rover goes home", 'u'),
        ("rover_9 goes to dock_a", 'r'),
        ("K9 goes to dock_a", 'r'),
        ("rover_1 goes to dock_z", 'r'),
        ("rover_1 must not go to dock_a", 'r'),
        ("rover_1 swings by dock_a unless arm_1 is home", 'r'),
        ("rover_1 goes to (1e3, 2)", 'r'),
        ("rover_1 waits 5", 'r'),
        ("rover_1 goes to dock_a slowly", 'r'),
        ("rover_1 picks up the red box", 'r'),
        ("stop all robots", 'r'),
        ("rover_1 goes home?", 'r'),
    ] {
        let found = match both().descend(text, &fleet()) {
            Descent::Ended(Ok(made)) => {
                assert_eq!(made.planner, "parser");
                'p'
            }
            Descent::Ended(Err(_)) => 'r',
            Descent::Asks(_) => 'u',
        };
        assert_eq!(found, expected, "{text}");
    }
}

const PLAN: &str =
    r#"{"tasks":[{"id":"t1","skill":"navigate_to","robot":"ref_r2","params":{"place":"ref_f1"}}]}"#;

#[test]
fn plan_of_the_model_counts_if_it_is_valid() {
    let text = "send rover_1 to dock_a";
    let made = answered(text, Ok(PLAN)).unwrap();
    assert_eq!((made.planner, made.plan.tasks.len()), ("model", 1));
    let none = |answer: Result<&str, &str>, expected: &str| {
        let said = answered(text, answer).unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
        assert!(said.contains("text: in"), "the rules say why, too: {said}");
    };
    none(Ok(&PLAN[..PLAN.len() - 4]), "plan:");
    none(Err("it is gone"), "it is gone");
    none(
        Ok(r#"{"refusal":"not a mission"}"#),
        "the planner refuses: not a mission",
    );
    // What is offered changed while the model thought.
    let answer = ModelAnswer {
        text: PLAN.to_owned(),
        token_logprobs: Vec::new(),
    };
    let nobody = ended(asking(text).answered(Ok(answer), &Fleet::default()));
    let said = nobody.unwrap_err().to_string();
    assert!(said.contains("rover_1 is not known"), "{said}");
}

#[test]
fn plans_count_only_if_the_model_is_sure() {
    let text = "send rover_1 to dock_a";
    let ladder = Ladder::with_rules(Some(ModelRung {
        min_probability: 0.7,
        ..MODEL
    }));
    let is_plan = |logprobs: &[f32]| {
        let Descent::Asks(asking) = ladder.descend(text, &fleet()) else {
            panic!("the rules read it");
        };
        assert!(asking.wants_logprobs());
        let answer = ModelAnswer {
            text: PLAN.to_owned(),
            token_logprobs: logprobs.to_vec(),
        };
        match ended(asking.answered(Ok(answer), &fleet())) {
            Ok(_) => true,
            Err(error) => {
                let said = error.to_string();
                assert!(said.contains("planner_min_probability is 0.7"), "{said}");
                false
            }
        }
    };
    assert!(is_plan(&[-0.1, -0.2]));
    assert!(!is_plan(&[-0.2, -0.2]));
    assert!(!is_plan(&[]));
    assert!(!is_plan(&[f32::NAN]));
}

#[test]
fn without_a_model_the_rules_say_why() {
    let rules = Ladder::with_rules(None);
    let said = ended(rules.descend("sing", &fleet())).unwrap_err();
    assert!(matches!(said, Error::Sentence { .. }), "{said}");
    assert!(!said.to_string().contains("planner"), "{said}");
    let empty = ended(Ladder::default().descend("sing", &fleet())).unwrap_err();
    assert!(empty.to_string().contains("no planner_worker"), "{empty}");
}

#[test]
fn model_that_passes_on_leaves_the_sentence_to_the_rung_below() {
    let below = Ladder::new([Rung::Model(MODEL), Rung::Rules]);
    let Descent::Asks(asking) = below.descend("rover_1 goes to dock_a", &fleet()) else {
        panic!("the model is not asked");
    };
    let made = ended(asking.answered(Err("gone".to_owned()), &fleet())).unwrap();
    assert_eq!(made.planner, "parser");
}

#[test]
fn reasons_are_in_the_language_of_the_sentence() {
    let rules = Ladder::with_rules(None);
    let text = "노래해";
    for said in [
        ended(rules.descend(text, &fleet())).unwrap_err(),
        answered(text, Ok(r#"{"refusal":"not a mission"}"#)).unwrap_err(),
        answered(text, Err("없습니다")).unwrap_err(),
    ] {
        let said = said.to_string();
        assert!(is_korean(&said) && !said.contains("by rules"), "{said}");
    }
}
