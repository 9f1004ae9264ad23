//! Which node may start or stop next, and what state each is in: pure bookkeeping.

use crate::deployment::Node;
use crate::supervisor::{Event, EventKind, NodeState};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not started yet: what it depends on is not active.
    Waiting,
    /// Told to start; no process yet.
    Launched,
    Started,
    Ready,
    /// Active, but nothing comes from it.
    Silent,
    Restarting,
    Finished,
    GaveUp,
}

impl Phase {
    const fn name(self) -> &'static str {
        match self {
            Self::Waiting | Self::Launched => "starting",
            Self::Started => "started",
            Self::Ready => "ready",
            Self::Silent => "silent",
            Self::Restarting => "restarting",
            Self::Finished => "finished",
            Self::GaveUp => "gave_up",
        }
    }

    const fn is_terminal(self) -> bool {
        matches!(self, Self::Finished | Self::GaveUp)
    }
}

struct Entry {
    name: String,
    /// Indices.
    depends: Vec<usize>,
    required: bool,
    phase: Phase,
    pid: u32,
    restarts: u32,
    /// What depends on it may start: it was active once, or does not get there.
    released: bool,
    told_to_stop: bool,
    reason: String,
}

/// All nodes of a deployment, in the order in which they start.
pub struct Roster {
    entries: Vec<Entry>,
}

impl Roster {
    /// Nothing started yet.
    pub fn new(nodes: &[Node]) -> Self {
        let index = |name: &String| nodes.iter().position(|n| n.name == *name);
        let entries = nodes
            .iter()
            .map(|node| Entry {
                name: node.name.clone(),
                depends: node.depends.iter().filter_map(index).collect(),
                required: node.required,
                phase: Phase::Waiting,
                pid: 0,
                restarts: 0,
                released: false,
                told_to_stop: false,
                reason: String::new(),
            })
            .collect();
        Self { entries }
    }

    /// Nodes that start now; each is returned once.
    pub fn take_startable(&mut self) -> Vec<usize> {
        let startable: Vec<usize> = (0..self.entries.len())
            .filter(|i| {
                let entry = &self.entries[*i];
                entry.phase == Phase::Waiting
                    && entry.depends.iter().all(|d| self.entries[*d].released)
            })
            .collect();
        for index in &startable {
            self.entries[*index].phase = Phase::Launched;
        }
        startable
    }

    /// Nodes that stop now, because nothing that runs depends on them; each is returned once.
    pub fn take_stoppable(&mut self) -> Vec<usize> {
        let is_needed = |index: usize| {
            self.entries
                .iter()
                .any(|e| !e.phase.is_terminal() && e.depends.contains(&index))
        };
        let stoppable: Vec<usize> = (0..self.entries.len())
            .filter(|i| {
                let entry = &self.entries[*i];
                !entry.phase.is_terminal() && !entry.told_to_stop && !is_needed(*i)
            })
            .collect();
        for index in &stoppable {
            self.entries[*index].told_to_stop = true;
        }
        stoppable
    }

    /// Nodes that wait for others never start.
    pub fn abandon_waiting(&mut self) {
        for entry in &mut self.entries {
            if entry.phase == Phase::Waiting {
                entry.phase = Phase::Finished;
            }
        }
    }

    /// Takes note of an event. False if it is about a process that is gone.
    pub fn apply(&mut self, event: &Event) -> bool {
        let Some(entry) = self.entries.iter_mut().find(|e| e.name == event.node) else {
            return false;
        };
        match &event.kind {
            EventKind::Started { pid, restarts } => {
                (entry.phase, entry.pid, entry.restarts) = (Phase::Started, *pid, *restarts);
            }
            EventKind::Ready { .. } if !matches!(entry.phase, Phase::Started | Phase::Silent) => {
                return false;
            }
            EventKind::Overdue { .. } if entry.phase != Phase::Started => return false,
            EventKind::Silent { .. } if entry.phase != Phase::Ready => return false,
            EventKind::Silent { .. } => entry.phase = Phase::Silent,
            // Its process is killed; what comes next is told by the next event.
            EventKind::Stuck { pid, .. } => return entry.pid == *pid,
            EventKind::Ready { .. } => {
                (entry.phase, entry.released) = (Phase::Ready, true);
            }
            EventKind::Overdue { .. } => entry.released = true,
            EventKind::Exited { .. } => {
                // What comes next is told by the next event; until then there is no process.
                (entry.phase, entry.pid) = (Phase::Restarting, 0);
            }
            EventKind::Restarting { .. } => entry.phase = Phase::Restarting,
            EventKind::Finished => (entry.phase, entry.released) = (Phase::Finished, true),
            EventKind::GaveUp { reason } => {
                (entry.phase, entry.pid, entry.released) = (Phase::GaveUp, 0, true);
                entry.reason = format!("node {} gave up: {reason}", entry.name);
            }
            EventKind::Log { .. } => {}
        }
        true
    }

    /// Every node is active.
    pub fn is_all_ready(&self) -> bool {
        self.entries.iter().all(|e| e.phase == Phase::Ready)
    }

    /// Every node ended for good.
    pub fn is_over(&self) -> bool {
        self.entries.iter().all(|e| e.phase.is_terminal())
    }

    /// Why the deployment cannot go on: a required node gave up.
    pub fn failure(&self) -> Option<String> {
        self.entries
            .iter()
            .find(|e| e.required && e.phase == Phase::GaveUp)
            .map(|e| e.reason.clone())
    }

    /// For the state file.
    pub fn states(&self) -> Vec<NodeState> {
        self.entries
            .iter()
            .map(|e| NodeState {
                name: e.name.clone(),
                pid: e.pid,
                restarts: e.restarts,
                state: e.phase.name().to_owned(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::deployment::Restart;
    use crate::supervisor::Exit;

    fn node(name: &str, depends: &[&str]) -> Node {
        Node {
            name: name.to_owned(),
            package: String::new(),
            executable: String::new(),
            params_files: Vec::new(),
            parameters: BTreeMap::new(),
            args: Vec::new(),
            env: BTreeMap::new(),
            depends: depends.iter().map(|d| (*d).to_owned()).collect(),
            restart: Restart::OnFailure,
            stuck_after_s: None,
            required: name != "optional",
        }
    }

    fn roster() -> Roster {
        Roster::new(&[
            node("world", &[]),
            node("sensor", &["world"]),
            node("optional", &["world"]),
            node("agent", &["sensor", "optional"]),
        ])
    }

    fn tell(roster: &mut Roster, name: &str, kind: EventKind) -> bool {
        roster.apply(&Event {
            node: name.to_owned(),
            kind,
        })
    }

    fn start(roster: &mut Roster, name: &str) {
        let started = EventKind::Started {
            pid: 7,
            restarts: 0,
        };
        assert!(tell(roster, name, started));
        assert!(tell(roster, name, EventKind::Ready { after_s: 0.1 }));
    }

    fn give_up() -> EventKind {
        EventKind::GaveUp {
            reason: "it crashed".to_owned(),
        }
    }

    #[test]
    fn nodes_start_when_all_they_depend_on_was_active() {
        let mut roster = roster();
        assert_eq!(roster.take_startable(), [0]);
        assert!(roster.take_startable().is_empty());
        start(&mut roster, "world");
        assert_eq!(roster.take_startable(), [1, 2]);
        start(&mut roster, "sensor");
        assert!(roster.take_startable().is_empty());
        let started = EventKind::Started {
            pid: 8,
            restarts: 0,
        };
        tell(&mut roster, "optional", started);
        let overdue = EventKind::Overdue {
            reason: String::new(),
        };
        tell(&mut roster, "optional", overdue);
        assert_eq!(roster.take_startable(), [3], "a late node blocks nobody");
        start(&mut roster, "agent");
        assert!(!roster.is_all_ready());
        tell(&mut roster, "optional", EventKind::Ready { after_s: 20.0 });
        assert!(roster.is_all_ready());
    }

    #[test]
    fn nodes_stop_after_all_that_depend_on_them() {
        let mut roster = roster();
        for name in ["world", "sensor", "optional"] {
            roster.take_startable();
            start(&mut roster, name);
        }
        assert_eq!(roster.take_startable(), [3]);
        assert_eq!(roster.take_stoppable(), [3]);
        assert!(roster.take_stoppable().is_empty());
        tell(&mut roster, "agent", EventKind::Finished);
        assert_eq!(roster.take_stoppable(), [1, 2]);
        tell(&mut roster, "sensor", EventKind::Finished);
        assert!(roster.take_stoppable().is_empty());
        tell(&mut roster, "optional", EventKind::Finished);
        assert_eq!(roster.take_stoppable(), [0]);
        assert!(!roster.is_over());
        tell(&mut roster, "world", EventKind::Finished);
        assert!(roster.is_over());
    }

    #[test]
    fn silent_node_is_shown_until_it_is_heard_again() {
        let mut roster = roster();
        roster.take_startable();
        let silent = || EventKind::Silent {
            reason: String::new(),
        };
        assert!(!tell(&mut roster, "world", silent()), "it never was active");
        start(&mut roster, "world");
        assert!(tell(&mut roster, "world", silent()));
        assert_eq!(roster.states()[0].state, "silent");
        assert!(tell(
            &mut roster,
            "world",
            EventKind::Ready { after_s: 9.0 }
        ));
        assert_eq!(roster.states()[0].state, "ready");
        let stuck = |pid| EventKind::Stuck {
            pid,
            reason: String::new(),
        };
        assert!(tell(&mut roster, "world", stuck(7)));
        assert!(
            !tell(&mut roster, "world", stuck(6)),
            "of a process that is gone"
        );
    }

    #[test]
    fn waiting_nodes_do_not_hold_up_a_stop() {
        let mut roster = roster();
        roster.take_startable();
        roster.abandon_waiting();
        assert_eq!(roster.take_stoppable(), [0]);
    }

    #[test]
    fn only_a_required_node_that_gives_up_fails_the_deployment() {
        let mut roster = roster();
        tell(&mut roster, "optional", give_up());
        assert_eq!(roster.failure(), None);
        tell(&mut roster, "sensor", give_up());
        let failure = roster.failure().unwrap();
        assert!(failure.contains("sensor") && failure.contains("it crashed"));
    }

    #[test]
    fn states_follow_a_crash_and_late_news_of_the_dead_is_ignored() {
        let mut roster = roster();
        let state = |roster: &Roster| {
            let state = &roster.states()[0];
            (state.state.clone(), state.pid, state.restarts)
        };
        roster.take_startable();
        assert_eq!(state(&roster), ("starting".to_owned(), 0, 0));
        start(&mut roster, "world");
        assert_eq!(state(&roster), ("ready".to_owned(), 7, 0));
        let exited = EventKind::Exited {
            exit: Exit::Signal(9),
            uptime_s: 1.0,
        };
        tell(&mut roster, "world", exited);
        assert_eq!(state(&roster), ("restarting".to_owned(), 0, 0));
        assert!(!tell(
            &mut roster,
            "world",
            EventKind::Ready { after_s: 0.1 }
        ));
        let again = EventKind::Started {
            pid: 9,
            restarts: 1,
        };
        tell(&mut roster, "world", again);
        assert_eq!(state(&roster), ("started".to_owned(), 9, 1));
    }
}
