use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};

use super::sequence::Sequence;

/// Who comes first: the higher priority, then the earlier deadline, then who came first. No two are
/// equal, so of any two sequences one gives way to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    priority: Reverse<u8>,
    deadline: Deadline,
    arrival: u64,
}

impl Rank {
    /// `arrival` counts requests.
    pub fn new(priority: u8, deadline_s: Option<f64>, arrival: u64) -> Self {
        Self {
            priority: Reverse(priority),
            deadline: Deadline(deadline_s.unwrap_or(f64::INFINITY)),
            arrival,
        }
    }

    /// 0 lowest, 255 highest.
    pub fn priority(self) -> u8 {
        self.priority.0
    }

    /// Whether its deadline has come.
    pub fn is_late(self, now_s: f64) -> bool {
        self.deadline.0 <= now_s
    }
}

/// Seconds; infinite if there is none.
#[derive(Debug, Clone, Copy)]
struct Deadline(f64);

impl Ord for Deadline {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Deadline {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Deadline {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Deadline {}

/// Sequences that wait, most urgent first. Every operation takes logarithmic time.
#[derive(Default)]
pub(super) struct Queue {
    waiting: BTreeMap<Rank, Box<Sequence>>,
    deadlines: BTreeSet<(Deadline, Rank)>,
}

impl Queue {
    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether this one waits.
    pub fn contains(&self, rank: Rank) -> bool {
        self.waiting.contains_key(&rank)
    }

    /// Adds one.
    pub fn push(&mut self, sequence: Box<Sequence>) {
        let rank = sequence.rank;
        if rank.deadline.0.is_finite() {
            self.deadlines.insert((rank.deadline, rank));
        }
        self.waiting.insert(rank, sequence);
    }

    /// The most urgent.
    pub fn first(&self) -> Option<&Sequence> {
        self.waiting.values().next().map(|sequence| &**sequence)
    }

    /// Takes one out.
    pub fn remove(&mut self, rank: Rank) -> Option<Box<Sequence>> {
        self.deadlines.remove(&(rank.deadline, rank));
        self.waiting.remove(&rank)
    }

    /// Takes one out whose deadline has come.
    pub fn pop_late(&mut self, now_s: f64) -> Option<Box<Sequence>> {
        let (_, rank) = *self.deadlines.first()?;
        if !rank.is_late(now_s) {
            return None;
        }
        self.remove(rank)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priority_goes_before_deadline_before_arrival() {
        let ordered = [
            Rank::new(200, None, 9),
            Rank::new(100, Some(1.0), 8),
            Rank::new(100, Some(2.0), 7),
            Rank::new(100, None, 5),
            Rank::new(100, None, 6),
            Rank::new(0, Some(0.5), 1),
        ];
        assert!(ordered.is_sorted());
        assert!(ordered[1].is_late(1.0) && !ordered[1].is_late(0.99));
        assert!(!ordered[0].is_late(1e300));
    }
}
