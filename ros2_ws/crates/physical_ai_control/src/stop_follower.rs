//! The emergency stop, as those follow it who do not own it.

use std::collections::{BTreeMap, BTreeSet};

use physical_ai_domain::Time;

/// State of one latch, as its owner tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StopState {
    /// Fully qualified name of the owning node.
    pub owner: String,
    /// Robots that it stops.
    pub robots: Vec<String>,
    /// Engaged.
    pub engaged: bool,
    /// ROS time of the last change.
    pub changed: Time,
    /// Who changed it last, and why.
    pub why: String,
}

/// What an agent or a drive knows of the emergency stop.
///
/// Anyone engages it for all robots; only a reset at the owner of a robot's latch ends it for that robot. An
/// owner that died stays as it was: its successor remembers, and tells.
#[derive(Debug, Clone, Default)]
pub struct StopFollower {
    owners: BTreeMap<String, StopState>,
    /// The stop's topic said so, and these owners have reset since.
    pressed: Option<BTreeSet<String>>,
}

impl StopFollower {
    /// Somebody pressed the button. True if that is news.
    pub fn press(&mut self) -> bool {
        let news = self.pressed.as_ref().is_none_or(|reset| !reset.is_empty());
        self.pressed = Some(BTreeSet::new());
        news
    }

    /// Takes what an owner tells.
    pub fn follow(&mut self, state: StopState) {
        let before = self.owners.get(&state.owner);
        // An owner that starts tells what was before; only a change since the button was pressed is a reset.
        let is_reset =
            !state.engaged && before.is_some_and(|b| b.engaged || b.changed != state.changed);
        if let (true, Some(reset)) = (is_reset, &mut self.pressed) {
            reset.insert(state.owner.clone());
        }
        self.owners.insert(state.owner.clone(), state);
    }

    /// Why this robot is stopped; `None`: it is not.
    pub fn reason(&self, robot: &str) -> Option<String> {
        let mut owners = self
            .owners
            .values()
            .filter(|s| s.robots.iter().any(|r| r == robot));
        if let Some(state) = owners.clone().find(|s| s.engaged) {
            return Some(format!("the emergency stop is engaged ({})", state.why));
        }
        let reset = self.pressed.as_ref()?;
        let is_reset = owners.any(|s| reset.contains(&s.owner));
        (!is_reset).then(|| "the emergency stop is engaged (topic emergency_stop)".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(owner: &str, engaged: bool, changed_s: f64) -> StopState {
        StopState {
            owner: owner.to_owned(),
            robots: vec![format!("{owner}_robot")],
            engaged,
            changed: Time::from_seconds(changed_s),
            why: "test".to_owned(),
        }
    }

    #[test]
    fn robot_follows_the_owner_of_its_latch_and_no_other() {
        let mut stops = StopFollower::default();
        assert_eq!(stops.reason("a_robot"), None);
        stops.follow(state("a", true, 1.0));
        stops.follow(state("b", false, 0.0));
        let reason = stops.reason("a_robot").unwrap();
        assert!(
            reason.contains("emergency stop") && reason.contains("test"),
            "{reason}"
        );
        assert_eq!(stops.reason("b_robot"), None);
        stops.follow(state("a", false, 2.0));
        assert_eq!(stops.reason("a_robot"), None);
    }

    #[test]
    fn pressed_button_stops_all_robots_until_each_owner_has_reset() {
        let mut stops = StopFollower::default();
        stops.follow(state("a", false, 0.0));
        assert!(stops.press());
        assert!(!stops.press(), "no news");
        for robot in ["a_robot", "b_robot", "ownerless"] {
            assert!(stops.reason(robot).is_some());
        }
        // An owner that did not hear of it, or starts anew, resets nothing.
        stops.follow(state("a", false, 0.0));
        stops.follow(state("b", false, 0.0));
        assert!(stops.reason("a_robot").is_some() && stops.reason("b_robot").is_some());
        stops.follow(state("a", true, 3.0));
        stops.follow(state("a", false, 4.0));
        assert!(stops.reason("a_robot").is_none() && stops.reason("b_robot").is_some());
        // One that did not hear of it, either, resets all the same when it is asked to.
        stops.follow(state("b", false, 5.0));
        assert_eq!(stops.reason("b_robot"), None);
        assert!(stops.press() && stops.reason("a_robot").is_some());
    }
}
