//! The scheduler as a pure function of events: state and event in, effects out.

mod placement;
mod progress;
mod reports;
mod workers;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet};

use physical_ai_domain::{
    Assignment, Capability, FencingToken, MissionId, Plan, TaskId, TaskReport, TaskState, Time,
    WorkerName, WorkerReport, WorkerState,
};
use physical_ai_fleet::Fleet;

pub use workers::KnownWorker;

use crate::Error;
use crate::mission::{Mission, MissionError, MissionPhase};
use progress::Progress;
use workers::{News, Workers};

/// A pause between two steps longer than this means that the orchestrator itself was stopped, seconds.
const ASLEEP_S: f64 = 0.5;
/// After such a pause what workers said meanwhile is still on its way, and the middleware first repairs
/// what it dropped (its own heartbeat may take 3 s): nobody is called silent for so long, seconds.
const RECOVERY_S: f64 = 10.0;
/// After such a pause nothing new starts on what was known before it for so long, seconds.
const SETTLE_S: f64 = 0.5;

/// Both clocks: ROS time for logic, steady time for watchdogs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Now {
    /// ROS time.
    pub ros: Time,
    /// Seconds on a clock that never jumps.
    pub steady_s: f64,
}

/// Times and limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SchedulerConfig {
    /// Leases of silence after which a worker's tasks are fenced.
    pub lost_after_leases: f64,
    /// Silence after which a worker is forgotten, seconds.
    pub forget_worker_s: f64,
    /// Longest wait for a worker that can take a ready task, seconds.
    pub worker_wait_s: f64,
    /// Longest time that a worker does not mention an attempt that it was given, seconds.
    pub confirm_s: f64,
    /// Ended missions that are kept for those who ask.
    pub retained_missions: usize,
    /// Most missions at a time.
    pub max_missions: usize,
}

impl Default for SchedulerConfig {
    fn default() -> Self {
        Self {
            lost_after_leases: 2.0,
            forget_worker_s: 60.0,
            worker_wait_s: 30.0,
            confirm_s: 5.0,
            retained_missions: 100,
            max_missions: 1000,
        }
    }
}

/// A mission that passed validation.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// Id, not in use.
    pub id: MissionId,
    /// Text or plan, as it came.
    pub source: String,
    /// Who made the plan.
    pub planner: String,
    /// Validated plan.
    pub plan: Plan,
    /// 0 lowest, 255 highest.
    pub priority: u8,
    /// ROS time; zero: none.
    pub deadline: Time,
}

/// An operator's decision about a held task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// One more attempt.
    Retry,
    /// Skip it and what depends on it.
    Skip,
    /// Fail the mission.
    Fail,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Time passed.
    Tick,
    /// A validated mission.
    Submit(Box<Submission>),
    /// A worker's heartbeat.
    Heartbeat(Box<WorkerReport>),
    /// News of attempts, from a worker's process.
    Updates {
        /// Sender.
        worker: WorkerName,
        /// Its process.
        incarnation: u64,
        /// News.
        reports: Vec<TaskReport>,
    },
    /// A user cancels a mission.
    Cancel(MissionId),
    /// An operator decides about a held task.
    Resolve(MissionId, TaskId, Decision),
}

/// What the world has to be told. Saves come first and must be durable before the rest happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Write the mission itself to the journal.
    SaveMission(MissionId),
    /// Write one task's status to the journal.
    SaveTask(MissionId, usize),
    /// Remove an ended mission from the journal.
    ForgetMission(MissionId),
    /// Give an attempt to a worker.
    Assign {
        /// Addressee.
        worker: WorkerName,
        /// Its process.
        incarnation: u64,
        /// Attempt.
        assignment: Box<Assignment>,
    },
    /// Stop an attempt.
    CancelTask {
        /// Addressee.
        worker: WorkerName,
        /// Its process.
        incarnation: u64,
        /// Mission.
        mission: MissionId,
        /// Task.
        task: TaskId,
        /// Attempt.
        token: FencingToken,
        /// For people.
        reason: String,
    },
    /// An outcome is safe: the worker may forget it.
    Acknowledge {
        /// Addressee.
        worker: WorkerName,
        /// Its process.
        incarnation: u64,
        /// Mission.
        mission: MissionId,
        /// Task.
        task: TaskId,
        /// Attempt.
        token: FencingToken,
    },
    /// A mission's state changed.
    MissionChanged(MissionId),
    /// A mission is over.
    MissionEnded(MissionId),
    /// A worker was seen for the first time.
    WorkerJoined(WorkerName),
    /// The list of workers changed.
    WorkersChanged,
    /// Something that a person should read.
    Warning(String),
}

impl Effect {
    /// The mission that it is about.
    pub fn mission(&self) -> Option<&MissionId> {
        match self {
            Self::SaveMission(id)
            | Self::SaveTask(id, _)
            | Self::ForgetMission(id)
            | Self::MissionChanged(id)
            | Self::MissionEnded(id) => Some(id),
            Self::Assign { assignment, .. } => Some(&assignment.mission),
            Self::CancelTask { mission, .. } | Self::Acknowledge { mission, .. } => Some(mission),
            Self::WorkerJoined(_) | Self::WorkersChanged | Self::Warning(_) => None,
        }
    }
}

/// Steady time without the pauses of this process.
#[derive(Debug, Default)]
struct Awake {
    last_s: Option<f64>,
    now_s: f64,
    woke_s: Option<f64>,
}

impl Awake {
    /// Goes on to the steady time `to_s`; seconds that were slept away, 0 mostly.
    fn pass(&mut self, to_s: f64) -> f64 {
        let gap_s = self.last_s.map_or(0.0, |last| to_s - last);
        let is_first = self.last_s.replace(to_s).is_none();
        if is_first {
            self.now_s = to_s;
        } else if gap_s > ASLEEP_S {
            self.woke_s = Some(self.now_s);
            return gap_s;
        }
        self.now_s += gap_s;
        0.0
    }

    /// True for so long after a pause.
    fn is_within(&self, seconds: f64) -> bool {
        self.woke_s.is_some_and(|at| self.now_s - at < seconds)
    }
}

/// Missions, workers, and what to do next.
#[derive(Debug)]
pub struct Scheduler {
    config: SchedulerConfig,
    missions: BTreeMap<MissionId, Mission>,
    workers: Workers,
    last_token: FencingToken,
    last_sequence: u64,
    awake: Awake,
    refused: BTreeSet<String>,
    effects: Vec<Effect>,
    paused: bool,
}

impl Scheduler {
    /// Other times and limits from the next step on.
    pub fn set_config(&mut self, config: SchedulerConfig) {
        self.config = config;
    }

    /// A scheduler that continues `missions` from the journal, or starts with none.
    pub fn restore(
        config: SchedulerConfig,
        missions: Vec<Mission>,
        last_token: FencingToken,
        now: Now,
    ) -> Self {
        let last_sequence = missions.iter().map(|m| m.sequence).max().unwrap_or(0);
        let mut missions: BTreeMap<MissionId, Mission> =
            missions.into_iter().map(|m| (m.id.clone(), m)).collect();
        for task in missions.values_mut().flat_map(|m| m.tasks.iter_mut()) {
            // Whoever has the attempt gets the time of a lease to say so.
            task.status.heard_s = now.steady_s;
            task.status.ordered_s = now.steady_s;
        }
        Self {
            config,
            missions,
            workers: Workers::default(),
            last_token,
            last_sequence,
            awake: Awake::default(),
            refused: BTreeSet::new(),
            effects: Vec::new(),
            paused: false,
        }
    }

    /// Takes an event in and says what follows from it.
    ///
    /// Call it at least five times a second: a longer gap is taken for a pause of this process, and
    /// counts for no lease, no backoff and no wait.
    pub fn step(&mut self, now: Now, event: Event) -> Vec<Effect> {
        let now = self.wake(now);
        match event {
            Event::Tick => {}
            Event::Submit(submission) => self.submit(now, *submission),
            Event::Heartbeat(report) => self.heartbeat(now, *report),
            Event::Updates {
                worker,
                incarnation,
                reports,
            } => {
                for report in reports {
                    self.take_report(now, &worker, incarnation, report);
                }
            }
            Event::Cancel(id) => self.cancel(now, &id),
            Event::Resolve(mission, task, decision) => {
                self.resolve(now, &mission, &task, decision);
            }
        }
        self.advance(now);
        let mut effects = std::mem::take(&mut self.effects);
        effects.sort_by_key(|e| {
            !matches!(
                e,
                Effect::SaveMission(_) | Effect::SaveTask(..) | Effect::ForgetMission(_)
            )
        });
        effects.dedup();
        effects
    }

    /// While paused, what runs goes on and nothing new starts.
    pub fn set_paused(&mut self, paused: bool) {
        self.paused = paused;
    }

    /// Missions, oldest first.
    pub fn missions(&self) -> Vec<&Mission> {
        let mut all: Vec<&Mission> = self.missions.values().collect();
        all.sort_by_key(|m| m.sequence);
        all
    }

    /// One mission.
    pub fn mission(&self, id: &MissionId) -> Option<&Mission> {
        self.missions.get(id)
    }

    /// True while the attempt is the current one of its task and nobody has confirmed it.
    pub(crate) fn expects(&self, assignment: &Assignment) -> bool {
        self.missions
            .get(&assignment.mission)
            .and_then(|m| m.find_task(assignment.task.as_str()).map(|i| &m.tasks[i]))
            .is_some_and(|t| {
                t.status.token == assignment.token && t.status.state == TaskState::Assigned
            })
    }

    /// Takes back a mission of which nobody outside has heard.
    pub(crate) fn withdraw(&mut self, id: &MissionId) {
        self.missions.remove(id);
    }

    /// Workers by name.
    pub fn workers(&self) -> impl Iterator<Item = &KnownWorker> {
        self.workers.iter()
    }

    /// Newest token given out.
    pub fn last_token(&self) -> FencingToken {
        self.last_token
    }

    /// What is offered, also by workers that fell silent a moment ago: a mission may wait for them.
    pub fn fleet(&self) -> Fleet {
        let offers: Vec<Capability> = self
            .workers
            .iter()
            .filter(|w| w.report.state != WorkerState::Starting)
            .flat_map(|w| {
                let refused = w.refused.iter().map(|(offer, _)| offer);
                w.report.capabilities.iter().chain(refused).cloned()
            })
            .collect();
        Fleet::new(offers)
    }

    /// Whether one more mission may come.
    ///
    /// # Errors
    /// [`Error::Busy`] with the limit.
    pub fn admits(&self) -> Result<(), Error> {
        let running = self
            .missions
            .values()
            .filter(|m| !m.phase.is_terminal())
            .count();
        if running < self.config.max_missions {
            return Ok(());
        }
        Err(Error::Busy {
            running,
            allowed: self.config.max_missions,
        })
    }

    /// The time in which everything here is measured: it stands still while this process does.
    fn wake(&mut self, now: Now) -> Now {
        let slept_s = self.awake.pass(now.steady_s);
        if slept_s > 0.0 {
            self.effects.push(Effect::Warning(format!(
                "the orchestrator stood still for {slept_s:.1} s; nobody is called silent for that"
            )));
        }
        Now {
            ros: now.ros,
            steady_s: self.awake.now_s,
        }
    }

    fn submit(&mut self, now: Now, submission: Submission) {
        self.last_sequence += 1;
        let mut mission = Mission {
            id: submission.id.clone(),
            name: String::new(),
            source: submission.source,
            planner: submission.planner,
            priority: submission.priority,
            deadline: submission.deadline,
            accepted: now.ros,
            finished: Time::ZERO,
            phase: MissionPhase::Waiting,
            error: MissionError::Ok,
            error_msg: String::new(),
            sequence: self.last_sequence,
            tasks: Vec::new(),
        };
        mission.set_plan(submission.plan);
        for index in 0..mission.tasks.len() {
            mission.tasks[index].status.heard_s = now.steady_s;
            let id = submission.id.clone();
            self.effects.push(Effect::SaveTask(id, index));
        }
        self.effects
            .push(Effect::SaveMission(submission.id.clone()));
        self.missions.insert(submission.id, mission);
    }

    fn heartbeat(&mut self, now: Now, report: WorkerReport) {
        let mut news = Vec::new();
        let (worker, incarnation) = (report.worker.clone(), report.incarnation);
        let running = report.running.clone();
        // A worker may remember tokens of an orchestrator whose journal was lost.
        self.last_token = self.last_token.max(report.last_token);
        let speaks = self.workers.hear(report, now.steady_s, &mut news);
        self.tell(news);
        if speaks {
            for report in running {
                self.take_report(now, &worker, incarnation, report);
            }
        }
    }

    fn tell(&mut self, news: Vec<News>) {
        self.effects.extend(news.into_iter().map(|n| match n {
            News::Joined(name) => Effect::WorkerJoined(name),
            News::Changed => Effect::WorkersChanged,
            News::Warning(text) => Effect::Warning(text),
        }));
    }

    fn cancel(&mut self, now: Now, id: &MissionId) {
        if let Some(mut run) = self.progress(now, id) {
            run.end_early(MissionError::Canceled, "cancelled by the user", true);
        }
    }

    fn resolve(&mut self, now: Now, id: &MissionId, task: &TaskId, decision: Decision) {
        let Some(mut run) = self.progress(now, id) else {
            return;
        };
        match run.mission.find_task(task.as_str()) {
            Some(index) if run.mission.tasks[index].status.held => run.resolve(index, decision),
            _ => {}
        }
    }

    /// Access to a mission that is not over.
    fn progress(&mut self, now: Now, id: &MissionId) -> Option<Progress<'_>> {
        let mission = self.missions.get_mut(id)?;
        (!mission.phase.is_terminal()).then_some(Progress {
            mission,
            effects: &mut self.effects,
            now,
        })
    }

    /// Everything that follows from the state and the clocks alone.
    fn advance(&mut self, now: Now) {
        if !self.awake.is_within(RECOVERY_S) {
            let mut news = Vec::new();
            self.workers.check(
                now.steady_s,
                self.config.lost_after_leases,
                self.config.forget_worker_s,
                &mut news,
            );
            self.tell(news);
        }
        let running: Vec<MissionId> = self
            .missions
            .values()
            .filter(|m| !m.phase.is_terminal())
            .map(|m| m.id.clone())
            .collect();
        for id in &running {
            self.fence_lost(now, id);
            if let Some(mut run) = self.progress(now, id) {
                run.check_deadline();
                run.release();
            }
        }
        if !self.paused && !self.awake.is_within(SETTLE_S) {
            self.place(now, &running);
        }
        for id in &running {
            self.repeat_orders(now, id);
            if let Some(mut run) = self.progress(now, id) {
                run.conclude();
            }
        }
        self.forget_old_missions();
    }

    fn forget_old_missions(&mut self) {
        let mut ended: Vec<(u64, MissionId)> = self
            .missions
            .values()
            .filter(|m| m.phase.is_terminal())
            .map(|m| (m.sequence, m.id.clone()))
            .collect();
        if ended.len() <= self.config.retained_missions {
            return;
        }
        ended.sort();
        let surplus = ended.len() - self.config.retained_missions;
        for (_, id) in ended.into_iter().take(surplus) {
            self.missions.remove(&id);
            self.effects.push(Effect::ForgetMission(id));
        }
    }
}
