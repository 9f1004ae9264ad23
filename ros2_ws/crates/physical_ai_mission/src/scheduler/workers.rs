//! Who is there: leases, restarts, and two processes that claim one name.

use std::collections::BTreeMap;

use physical_ai_domain::{Capability, WorkerName, WorkerReport, WorkerState};
use physical_ai_fleet::objection;

/// Silence of the old process after which a newer one of the same name is its successor, seconds.
/// Longer than two heartbeats, so that an old process that lives is heard in between.
const SUCCESSION_S: f64 = 0.5;

/// A worker as the orchestrator sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownWorker {
    /// Its newest report, without what it offers and nobody can honour; the state is the orchestrator's judgement.
    pub report: WorkerReport,
    /// What it offers and nobody can honour, and why: such an offer takes the place of an older one, too.
    pub refused: Vec<(Capability, String)>,
    /// Steady time of the newest report, seconds.
    pub(crate) heard_s: f64,
    /// How often its process was lost or replaced.
    pub(crate) losses: u32,
    challenger: Option<Challenger>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Challenger {
    incarnation: u64,
    first_s: f64,
    refused: bool,
}

impl KnownWorker {
    /// True if it may get tasks.
    pub fn takes_tasks(&self) -> bool {
        self.report.state == WorkerState::Active
    }
}

/// What a heartbeat or a look at the clock brought to light.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum News {
    Joined(WorkerName),
    Changed,
    Warning(String),
}

#[derive(Debug, Default)]
pub(crate) struct Workers {
    known: BTreeMap<WorkerName, KnownWorker>,
}

impl Workers {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &KnownWorker> {
        self.known.values()
    }

    pub(crate) fn get(&self, name: &WorkerName) -> Option<&KnownWorker> {
        self.known.get(name)
    }

    /// Takes a heartbeat. `true`: it speaks for the worker of that name.
    pub(crate) fn hear(
        &mut self,
        mut report: WorkerReport,
        now_s: f64,
        news: &mut Vec<News>,
    ) -> bool {
        let name = report.worker.clone();
        let refused = without_refused(&mut report);
        let Some(known) = self.known.get_mut(&name) else {
            news.push(News::Joined(name.clone()));
            news.push(News::Changed);
            warn_of(&name, &refused, &[], news);
            let known = KnownWorker {
                report,
                refused,
                heard_s: now_s,
                losses: 0,
                challenger: None,
            };
            self.known.insert(name, known);
            return true;
        };
        if known.report.incarnation == report.incarnation {
            return known.hear_again(report, refused, now_s, news);
        }
        let gone = known.report.state == WorkerState::Lost;
        if report.incarnation < known.report.incarnation && !gone {
            return false;
        }
        let challenger = match known.challenger {
            Some(c) if c.incarnation == report.incarnation => c,
            _ => Challenger {
                incarnation: report.incarnation,
                first_s: now_s,
                refused: false,
            },
        };
        known.challenger = Some(challenger);
        if !gone && now_s - known.heard_s < SUCCESSION_S {
            return false;
        }
        news.push(News::Warning(format!(
            "worker {name}: process {} took the place of {}",
            report.pid, known.report.pid
        )));
        news.push(News::Changed);
        warn_of(&name, &refused, &known.refused, news);
        known.losses += u32::from(!gone);
        known.challenger = None;
        known.heard_s = now_s;
        known.report = report;
        known.refused = refused;
        true
    }

    /// Judges silence.
    pub(crate) fn check(
        &mut self,
        now_s: f64,
        lost_after_leases: f64,
        forget_after_s: f64,
        news: &mut Vec<News>,
    ) {
        self.known.retain(|name, known| {
            let silent_s = now_s - known.heard_s;
            let lease_s = known.report.lease_s;
            let state = known.report.state;
            if silent_s > lease_s * lost_after_leases && state != WorkerState::Lost {
                known.report.state = WorkerState::Lost;
                known.losses += 1;
                news.push(News::Warning(format!(
                    "worker {name} (process {} on {}) is lost: silent for {silent_s:.1} s",
                    known.report.pid, known.report.host
                )));
                news.push(News::Changed);
            } else if silent_s > lease_s
                && !matches!(state, WorkerState::Suspected | WorkerState::Lost)
            {
                known.report.state = WorkerState::Suspected;
                news.push(News::Changed);
            }
            let keep = silent_s < forget_after_s;
            if !keep {
                news.push(News::Changed);
            }
            keep
        });
    }
}

/// Takes out of a report what nobody can honour.
fn without_refused(report: &mut WorkerReport) -> Vec<(Capability, String)> {
    let offers = std::mem::take(&mut report.capabilities);
    let mut refused = Vec::new();
    for offer in offers {
        match objection(&offer) {
            None => report.capabilities.push(offer),
            Some(objection) => refused.push((offer, objection)),
        }
    }
    refused
}

/// Warns of each offer that is newly refused, by worker, skill and place in its schema.
fn warn_of(
    worker: &WorkerName,
    refused: &[(Capability, String)],
    known: &[(Capability, String)],
    news: &mut Vec<News>,
) {
    for (offer, objection) in refused.iter().filter(|r| !known.contains(r)) {
        let robot = offer.robot.as_ref();
        let whose = robot.map_or(String::new(), |robot| format!(" of {robot}"));
        news.push(News::Warning(format!(
            "worker {worker}: its offer of {}{whose} is refused: in its parameters_schema, {objection}",
            offer.skill
        )));
    }
}

impl KnownWorker {
    fn hear_again(
        &mut self,
        report: WorkerReport,
        refused: Vec<(Capability, String)>,
        now_s: f64,
        news: &mut Vec<News>,
    ) -> bool {
        if let Some(challenger) = self.challenger.as_mut()
            && !challenger.refused
        {
            challenger.refused = true;
            news.push(News::Warning(format!(
                "worker name {:?} is claimed by two processes: {} keeps it, the one with \
                 incarnation {} gets no tasks; give one of them another name (-r __node:=…)",
                report.worker.as_str(),
                report.pid,
                challenger.incarnation
            )));
        }
        warn_of(&report.worker, &refused, &self.refused, news);
        let changed = self.report.state != report.state
            || self.report.capabilities != report.capabilities
            || self.refused != refused;
        self.report = report;
        self.refused = refused;
        self.heard_s = now_s;
        if changed {
            news.push(News::Changed);
        }
        true
    }
}
