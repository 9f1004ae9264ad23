use proptest::prelude::*;

use super::*;

const AGENT: &str = "/agent_worker";

/// A session that an agent opened at 1 s as source 5 with token 77.
fn opened() -> CommandSession {
    let mut session = CommandSession::default();
    assert_eq!(session.open(AGENT, 5, 77, 1.0), Ok(77));
    session
}

fn names(nodes: &[&str]) -> Vec<String> {
    nodes.iter().map(|n| (*n).to_owned()).collect()
}

#[test]
fn only_the_holder_is_admitted_and_each_command_once() {
    let mut session = opened();
    assert_eq!(session.admit(5, 77, 1, 1.0), Ok(()));
    for (source, token, sequence, reason) in [
        (5, 77, 1, "sequence 1 is not above 1"),
        (5, 0, 2, "with another session"),
        (5, 78, 2, "with another session"),
        (6, 77, 2, "source 6"),
        (0, 0, 2, "source 0"),
    ] {
        let refused = session.admit(source, token, sequence, 1.0).unwrap_err();
        assert!(refused.contains(reason), "{refused}");
    }
    assert_eq!(session.rejected(), 5);
    assert_eq!(session.admit(5, 77, 2, 1.0), Ok(()));
}

#[test]
fn without_a_session_nothing_is_admitted_and_nobody_is_accused() {
    let mut session = CommandSession::default();
    let refused = session.admit(5, 0, 1, 1.0).unwrap_err();
    assert!(refused.contains("open_session"), "{refused}");
    assert_eq!((session.second_writer(1.0), session.source()), (None, 0));
}

#[test]
fn process_that_asks_again_keeps_its_session() {
    let mut session = opened();
    session.admit(5, 77, 9, 1.0).unwrap();
    assert_eq!(session.open(AGENT, 5, 78, 9.0), Ok(77));
    session.admit(5, 77, 9, 9.0).unwrap_err();
}

#[test]
fn second_living_process_is_refused_by_name_and_the_successor_of_a_dead_one_takes_over() {
    let mut session = opened();
    session.see_writers(&names(&[AGENT]));
    session.admit(5, 77, 1, 2.0).unwrap();
    for (node, source) in [(AGENT, 6), ("/other", 6), ("/other", 5)] {
        let refused = session.open(node, source, 78, 2.1).unwrap_err();
        assert!(refused.contains("/agent_worker (process 5)"), "{refused}");
    }
    // Silent, but in the graph: a simulation that pauses silences who lives.
    session.open("/other", 6, 78, 9.0).unwrap_err();
    assert_eq!(session.open(AGENT, 6, 78, 2.3), Ok(78));
    session.admit(5, 77, 2, 2.3).unwrap_err();
    session.admit(6, 78, 1, 2.3).unwrap();
    session.see_writers(&[]);
    assert_eq!(session.open("/other", 7, 79, 3.0), Ok(79));
}

#[test]
fn foreign_command_is_a_second_writer_until_it_is_gone() {
    let mut session = opened();
    session.admit(9, 77, 1, 2.0).unwrap_err();
    let who = session.second_writer(2.4).unwrap();
    assert!(who.contains("source 9"), "{who}");
    assert_eq!(session.second_writer(2.6), None);
    // Who copies source and session counts otherwise.
    session.admit(5, 77, 1000, 3.0).unwrap();
    session.admit(5, 77, 990, 3.0).unwrap_err();
    assert!(!session.has_second_writer(3.0), "one was overtaken");
    session.admit(5, 77, 8, 3.1).unwrap_err();
    assert!(session.has_second_writer(3.2));
}

#[test]
fn second_writer_in_the_graph_is_named() {
    let mut session = opened();
    session.see_writers(&names(&[AGENT, AGENT]));
    assert_eq!(session.second_writer(2.0), None, "its predecessor, killed");
    session.see_writers(&names(&[AGENT, "/_ros2cli_7"]));
    assert_eq!(session.second_writer(9.0).unwrap(), "/_ros2cli_7");
    session.see_writers(&names(&[AGENT]));
    assert_eq!(session.second_writer(9.1), None);
    let nameless = names(&[AGENT, "/_NODE_NAME_UNKNOWN_"]);
    session.see_writers(&nameless);
    assert_eq!(session.second_writer(60.0), None, "it may be dead");
    session.admit(9, 1, 1, 61.0).unwrap_err();
    assert!(session.has_second_writer(61.1), "told by what it sends");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_writes_only_the_holders_commands_pass_and_in_order(
        events in prop::collection::vec((0..4u64, 0..4u64, 0..40u64, 0.0..0.3f64, any::<bool>()), 1..200),
    ) {
        let (mut session, mut now_s, mut granted, mut last) = (CommandSession::default(), 0.0, None, 0);
        for (source, token, sequence, dt_s, opens) in events {
            now_s += dt_s;
            if opens {
                if let Ok(given) = session.open(&format!("/n{source}"), source + 1, token + 1, now_s)
                    && granted != Some((source + 1, given)) {
                    (granted, last) = (Some((source + 1, given)), 0);
                }
            } else if session.admit(source + 1, token + 1, sequence, now_s).is_ok() {
                prop_assert_eq!(Some((source + 1, token + 1)), granted);
                prop_assert!(sequence > last);
                last = sequence;
            }
        }
    }
}
