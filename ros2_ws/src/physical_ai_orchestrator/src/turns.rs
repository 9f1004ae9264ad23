//! Whose turn it is to get feedback.

use std::collections::{BTreeMap, BTreeSet};

use physical_ai_domain::MissionId;

/// Missions that get feedback at once. All clients read the feedback of all goals, so that hundreds of
/// goals would leave clients no time for anything else.
const AT_ONCE: usize = 20;

/// Gives missions their turns: those that changed first, then those that waited longest.
#[derive(Debug, Default)]
pub struct Turns {
    /// Turn at which a mission was told last.
    told: BTreeMap<MissionId, u64>,
    turn: u64,
}

impl Turns {
    /// The next ones of `missions`, and of those that `changed`, which lose what had its turn or is no
    /// longer listened to.
    pub fn next<'a>(
        &mut self,
        missions: impl Iterator<Item = &'a MissionId>,
        changed: &mut BTreeSet<MissionId>,
    ) -> Vec<MissionId> {
        self.turn += 1;
        let mut waiting: Vec<(bool, u64, &MissionId)> = missions
            .map(|id| {
                let told = self.told.get(id).copied().unwrap_or(0);
                (!changed.contains(id), told, id)
            })
            .collect();
        waiting.sort();
        let turn = self.turn;
        self.told = waiting
            .iter()
            .enumerate()
            .map(|(i, (_, last, id))| ((*id).clone(), if i < AT_ONCE { turn } else { *last }))
            .collect();
        changed.retain(|id| self.told.get(id).is_some_and(|told| *told < turn));
        waiting
            .into_iter()
            .take(AT_ONCE)
            .map(|(_, _, id)| id.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(from: usize, to: usize) -> Vec<MissionId> {
        let id = |i| MissionId::try_new(format!("m{i:03}")).unwrap();
        (from..to).map(id).collect()
    }

    #[test]
    fn few_missions_are_told_each_time() {
        let mut turns = Turns::default();
        let missions = ids(0, AT_ONCE);
        for _ in 0..3 {
            assert_eq!(turns.next(missions.iter(), &mut BTreeSet::new()), missions);
        }
    }

    #[test]
    fn many_missions_take_turns_and_changes_come_first() {
        let mut turns = Turns::default();
        let missions = ids(0, 5 * AT_ONCE);
        let mut told = BTreeSet::new();
        for _ in 0..5 {
            let next = turns.next(missions.iter(), &mut BTreeSet::new());
            assert_eq!(next.len(), AT_ONCE);
            told.extend(next);
        }
        assert_eq!(told.len(), missions.len(), "each had its turn");
        let mut changed: BTreeSet<MissionId> = ids(70, 70 + AT_ONCE + 5).into_iter().collect();
        changed.extend(ids(900, 901));
        let next = turns.next(missions.iter(), &mut changed);
        assert_eq!(next, ids(70, 70 + AT_ONCE));
        assert_eq!(
            changed,
            ids(90, 95).into_iter().collect(),
            "the rest is next"
        );
    }
}
