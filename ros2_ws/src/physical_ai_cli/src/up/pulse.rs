//! Whether a process lives, judged by what is heard of it: pure, the clock is given.

use std::time::{Duration, Instant};

/// A node that is not active after this keeps the others waiting no longer.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// A heartbeat comes five times a second; one that is missing for so long is worth a word.
const SILENCE: Duration = Duration::from_secs(5);
/// Longer pauses between two looks are our own (a stopped supervisor, a suspended machine): they count
/// for nobody.
const OWN_PAUSE: Duration = Duration::from_secs(2);
/// Lifecycle state "active" (lifecycle_msgs/State).
const ACTIVE: u8 = 3;

/// What a look at a process says.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Nothing new.
    Same,
    /// It became active, or is heard again.
    Ready,
    /// It is not active although it had time enough.
    Overdue(String),
    /// Its lifecycle says that it is active, but nothing comes from it.
    Silent(String),
    /// It does not get on: it has to be killed and started again.
    Dead(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Overdue,
    Ready,
    Silent,
}

/// What was heard of one process.
#[derive(Debug, Clone)]
pub struct Pulse {
    /// How long it may be in a transition, or say nothing at all.
    limit: Duration,
    began: Instant,
    looked: Instant,
    /// Newest sign of life, of any kind.
    alive: Instant,
    /// Newest heartbeat; none: it has not sent any.
    heard: Option<Instant>,
    /// The same, without the time that we slept since.
    beat: Option<Instant>,
    /// Lifecycle state, and since when it is in it.
    state: Option<(u8, Instant)>,
    told: Told,
}

impl Pulse {
    /// A process that has just been started.
    pub fn new(limit: Duration, now: Instant) -> Self {
        Self {
            limit,
            began: now,
            looked: now,
            alive: now,
            heard: None,
            beat: None,
            state: None,
            told: Told::Nothing,
        }
    }

    /// It sent a heartbeat at `now`; told again, that changes nothing.
    pub fn heard(&mut self, is_active: bool, now: Instant) {
        if self.heard.is_some_and(|at| at >= now) {
            return;
        }
        self.heard = Some(now);
        (self.alive, self.beat) = (self.alive.max(now), Some(now));
        if is_active {
            self.enter(ACTIVE, now);
        }
    }

    /// It said in which lifecycle state it is.
    pub fn answered(&mut self, state: u8, now: Instant) {
        self.alive = now;
        self.enter(state, now);
    }

    /// Nothing was heard for a while: its state has to be asked.
    pub fn is_to_be_asked(&self, now: Instant) -> bool {
        self.told != Told::Ready
            || self
                .beat
                .is_none_or(|at| now.saturating_duration_since(at) > OWN_PAUSE)
    }

    fn enter(&mut self, state: u8, now: Instant) {
        if self.state.is_none_or(|(before, _)| before != state) {
            self.state = Some((state, now));
        }
    }

    /// Judges it.
    pub fn look(&mut self, now: Instant) -> Verdict {
        let pause = now.saturating_duration_since(self.looked);
        self.looked = now;
        if pause > OWN_PAUSE {
            self.postpone(pause, now);
        }
        if let Some(reason) = self.death(now) {
            return Verdict::Dead(reason);
        }
        let is_active = self.state.is_some_and(|(state, _)| state == ACTIVE);
        let silence = self.beat.map(|at| now.saturating_duration_since(at));
        match (self.told, is_active, silence) {
            (Told::Ready, true, Some(silence)) if silence > SILENCE => {
                self.told = Told::Silent;
                Verdict::Silent(format!(
                    "its lifecycle state is active, which is no proof of output: no heartbeat for {:.0} s",
                    silence.as_secs_f64()
                ))
            }
            (Told::Nothing | Told::Overdue, true, _) => self.ready(),
            (Told::Silent, true, Some(silence)) if silence <= SILENCE => self.ready(),
            (Told::Nothing, false, _) if now.saturating_duration_since(self.began) > PATIENCE => {
                self.told = Told::Overdue;
                Verdict::Overdue(format!(
                    "{} after {} s; what depends on it starts anyway",
                    self.where_it_is(),
                    PATIENCE.as_secs()
                ))
            }
            _ => Verdict::Same,
        }
    }

    fn ready(&mut self) -> Verdict {
        self.told = Told::Ready;
        Verdict::Ready
    }

    fn where_it_is(&self) -> String {
        match self.state {
            None => "no answer of its lifecycle services".to_owned(),
            Some((state, _)) => format!("{}, not active,", name(state)),
        }
    }

    fn death(&self, now: Instant) -> Option<String> {
        if self.limit.is_zero() {
            return None;
        }
        let limit_s = self.limit.as_secs_f64();
        let over = |since| now.saturating_duration_since(since) > self.limit;
        match self.state {
            Some((state, since)) if is_transitional(state) && over(since) => {
                Some(format!("{} for more than {limit_s} s", name(state)))
            }
            // A node that is single-threaded cannot even say that it is configuring.
            _ if over(self.alive) => Some(format!(
                "neither a heartbeat nor an answer of get_state for more than {limit_s} s"
            )),
            // What beats once and then no more hangs, even if another thread of it answers.
            _ => match self.beat {
                Some(beat) if over(beat) => Some(format!(
                    "no heartbeat for more than {limit_s} s although its lifecycle services answer"
                )),
                _ => None,
            },
        }
    }

    fn postpone(&mut self, pause: Duration, now: Instant) {
        // What was heard since is newer than that.
        let later = |at: Instant| (at + pause).min(now);
        self.began = later(self.began);
        self.alive = later(self.alive);
        self.beat = self.beat.map(later);
        self.state = self.state.map(|(state, since)| (state, later(since)));
    }
}

/// Configuring, cleaning up, shutting down, activating, deactivating and processing an error.
const fn is_transitional(state: u8) -> bool {
    matches!(state, 10..=15)
}

fn name(state: u8) -> &'static str {
    match state {
        1 => "unconfigured",
        2 => "inactive",
        3 => "active",
        4 => "finalized",
        10 => "configuring",
        11 => "cleaning up",
        12 => "shutting down",
        13 => "activating",
        14 => "deactivating",
        15 => "processing an error",
        _ => "in an unknown lifecycle state",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIGURING: u8 = 10;
    const INACTIVE: u8 = 2;

    /// Looks twice a second for `seconds`, doing `what` before each, and returns all that is new.
    fn watch(
        pulse: &mut Pulse,
        now: &mut Instant,
        seconds: u64,
        mut what: impl FnMut(&mut Pulse, Instant),
    ) -> Vec<Verdict> {
        let mut new = Vec::new();
        for _ in 0..seconds * 2 {
            *now += Duration::from_millis(500);
            what(pulse, *now);
            match pulse.look(*now) {
                Verdict::Same => {}
                Verdict::Dead(reason) => {
                    new.push(Verdict::Dead(reason));
                    break;
                }
                verdict => new.push(verdict),
            }
        }
        new
    }

    fn start(limit_s: u64) -> (Pulse, Instant) {
        let now = Instant::now();
        (Pulse::new(Duration::from_secs(limit_s), now), now)
    }

    fn dead(verdicts: &[Verdict]) -> &str {
        match verdicts.last() {
            Some(Verdict::Dead(reason)) => reason,
            other => panic!("not dead, but {other:?}"),
        }
    }

    #[test]
    fn transition_that_lasts_longer_than_its_limit_is_death_although_it_answers() {
        let (mut pulse, mut now) = start(30);
        let began = now;
        let verdicts = watch(&mut pulse, &mut now, 60, |p, now| {
            p.answered(CONFIGURING, now)
        });
        assert!(matches!(&verdicts[0], Verdict::Overdue(r) if r.contains("configuring")));
        assert_eq!(dead(&verdicts), "configuring for more than 30 s");
        assert!((now - began).as_secs() <= 31);
    }

    #[test]
    fn process_that_says_nothing_is_dead_after_the_limit() {
        let (mut pulse, mut now) = start(20);
        let verdicts = watch(&mut pulse, &mut now, 60, |_, _| {});
        assert!(dead(&verdicts).contains("neither a heartbeat nor an answer"));
    }

    #[test]
    fn slow_start_within_the_limit_is_overdue_and_then_ready() {
        let (mut pulse, mut now) = start(60);
        let verdicts = watch(&mut pulse, &mut now, 40, |p, now| {
            p.answered(CONFIGURING, now)
        });
        assert_eq!(verdicts.len(), 1, "{verdicts:?}");
        let verdicts = watch(&mut pulse, &mut now, 100, |p, now| p.heard(true, now));
        assert_eq!(verdicts, [Verdict::Ready]);
    }

    #[test]
    fn node_that_waits_for_its_manager_is_not_dead() {
        let (mut pulse, mut now) = start(20);
        let verdicts = watch(&mut pulse, &mut now, 300, |p, now| {
            p.answered(INACTIVE, now)
        });
        assert!(
            matches!(&verdicts[..], [Verdict::Overdue(_)]),
            "{verdicts:?}"
        );
    }

    #[test]
    fn active_is_no_proof_of_output() {
        let (mut pulse, mut now) = start(30);
        let verdicts = watch(&mut pulse, &mut now, 10, |p, now| p.heard(true, now));
        assert_eq!(verdicts, [Verdict::Ready]);
        assert!(!pulse.is_to_be_asked(now));
        let verdicts = watch(&mut pulse, &mut now, 10, |p, now| p.answered(ACTIVE, now));
        assert!(pulse.is_to_be_asked(now));
        assert!(
            matches!(&verdicts[..], [Verdict::Silent(r)] if r.contains("no heartbeat")),
            "{verdicts:?}"
        );
        let verdicts = watch(&mut pulse, &mut now, 10, |p, now| p.heard(true, now));
        assert_eq!(verdicts, [Verdict::Ready]);
        let verdicts = watch(&mut pulse, &mut now, 60, |p, now| p.answered(ACTIVE, now));
        assert!(dead(&verdicts).contains("although its lifecycle services answer"));
    }

    #[test]
    fn node_without_heartbeats_lives_as_long_as_it_answers() {
        let (mut pulse, mut now) = start(30);
        let verdicts = watch(&mut pulse, &mut now, 300, |p, now| p.answered(ACTIVE, now));
        assert_eq!(verdicts, [Verdict::Ready]);
    }

    #[test]
    fn pause_of_the_supervisor_counts_for_nobody() {
        let (mut pulse, mut now) = start(30);
        watch(&mut pulse, &mut now, 10, |p, now| p.heard(true, now));
        let heard = now;
        now += Duration::from_secs(3600);
        pulse.heard(true, heard);
        assert_eq!(pulse.look(now), Verdict::Same);
        let verdicts = watch(&mut pulse, &mut now, 10, |p, now| p.heard(true, now));
        assert!(verdicts.is_empty(), "{verdicts:?}");
    }

    #[test]
    fn limit_of_zero_kills_nobody() {
        let (mut pulse, mut now) = start(0);
        let verdicts = watch(&mut pulse, &mut now, 600, |_, _| {});
        assert!(
            matches!(&verdicts[..], [Verdict::Overdue(_)]),
            "{verdicts:?}"
        );
    }
}
