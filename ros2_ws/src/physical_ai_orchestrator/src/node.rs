use std::collections::BTreeSet;
use std::time::Duration;

use physical_ai_domain::{MissionId, Time, WorkerName};
use physical_ai_mission::{Event, JournaledScheduler, Now};
use physical_ai_ros::msg::physical_ai_msgs::msg::{
    MissionStatusArray, TaskUpdateBatch, WorkerStatus, WorkerStatusArray,
};
use physical_ai_ros::{
    Application, ClockKind, Context, Diagnostic, Error, Level, Publisher, Qos, report_from_msg,
    worker_from_msg,
};

use crate::decomposition::Planners;
use crate::effects::{Batches, Wire};
use crate::goals::Goals;
use crate::parameters::{ConfirmPlans, OrchestratorParameters};
use crate::task_checks::TaskChecks;
use crate::turns::Turns;
use crate::{messages, services};

/// Lies and defects on the wire that are remembered so that each is logged once.
const REMEMBERED_COMPLAINTS: usize = 1000;

/// Up to so many missions that run, `missions` says each change within a fifth of a second; with more, once
/// a second: everybody who listens reads all of them each time.
const FEW_MISSIONS: usize = 20;

/// The scheduler, its journal and its topics.
pub struct Orchestrator {
    pub(crate) scheduler: JournaledScheduler,
    pub(crate) goals: Goals,
    pub(crate) planners: Planners,
    pub(crate) wire: Wire,
    /// The journal's fault that was logged last.
    pub(crate) journal_fault: Option<String>,
    pub(crate) changed: BTreeSet<MissionId>,
    pub(crate) missions_changed: bool,
    pub(crate) workers_changed: bool,
    pub(crate) fleet_wait_s: f64,
    pub(crate) task_checks: TaskChecks,
    pub(crate) confirm_plans: ConfirmPlans,
    pub(crate) confirm_timeout_s: f64,
    missions: Publisher<MissionStatusArray>,
    workers: Publisher<WorkerStatusArray>,
    turns: Turns,
    next_missions_s: f64,
    complaints: BTreeSet<String>,
}

impl Application for Orchestrator {
    type Parameters = OrchestratorParameters;
    const DESCRIPTION: &'static str =
        "Takes missions as ROS actions and has workers carry them out.";

    fn configure(context: &mut Context<Self>, p: &OrchestratorParameters) -> Result<Self, Error> {
        let path = p.journal_path(context.namespace(), context.node_name());
        let now = Now {
            ros: context.now(),
            steady_s: context.steady_s(),
        };
        let scheduler =
            JournaledScheduler::open(&path, p.scheduler(), now).map_err(Error::application)?;
        let missions = scheduler.state().missions();
        let continued = missions.iter().filter(|m| !m.phase.is_terminal()).count();
        tracing::info!(journal = %path.display(), continued, "missions recovered");
        context.subscribe("worker_status", Qos::events(), Self::heartbeat)?;
        Goals::serve(context, Duration::from_secs_f64(p.result_timeout_s))?;
        services::serve(context)?;
        context.timer(Duration::from_millis(50), ClockKind::Steady, Self::tick);
        context.timer(Duration::from_millis(200), ClockKind::Steady, Self::tell);
        context.timer(Duration::from_secs(1), ClockKind::Steady, Self::remind);
        Ok(Self {
            wire: Wire::new(scheduler.incarnation()),
            scheduler,
            goals: Goals::default(),
            planners: Planners::try_new(context, p)?,
            journal_fault: None,
            changed: BTreeSet::new(),
            missions_changed: true,
            workers_changed: true,
            fleet_wait_s: p.fleet_wait_s,
            task_checks: TaskChecks::default(),
            confirm_plans: p.confirm_plans().map_err(Error::application)?,
            confirm_timeout_s: p.confirm_timeout_s,
            missions: context.publisher("missions", Qos::state_latched())?,
            workers: context.publisher("workers", Qos::state_latched())?,
            turns: Turns::default(),
            next_missions_s: 0.0,
            complaints: BTreeSet::new(),
        })
    }

    fn activate(&mut self, _context: &mut Context<Self>) -> Result<(), Error> {
        self.scheduler.set_paused(false);
        Ok(())
    }

    /// Inactive: what runs goes on to its end, nothing new starts.
    fn deactivate(&mut self, _context: &mut Context<Self>) -> Result<(), Error> {
        self.scheduler.set_paused(true);
        Ok(())
    }

    /// Times and limits hold for missions that run, too.
    fn parameters_changed(
        &mut self,
        _context: &mut Context<Self>,
        p: &OrchestratorParameters,
    ) -> Result<(), String> {
        self.scheduler.set_config(p.scheduler());
        self.fleet_wait_s = p.fleet_wait_s;
        self.planners.tune(p);
        Ok(())
    }

    fn shutdown(&mut self, _context: &mut Context<Self>) {
        self.goals.abandon();
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let missions = self.scheduler.state().missions();
        let running = missions.iter().filter(|m| !m.phase.is_terminal()).count();
        let journal = match (self.scheduler.fault(), self.scheduler.rewritten()) {
            (None, 0) => Diagnostic::new("journal", Level::Ok, "written"),
            (None, _) => {
                let text = "another program deleted, truncated or replaced its files; they were written anew";
                Diagnostic::new("journal", Level::Warn, text)
            }
            (Some(fault), _) => Diagnostic::new("journal", Level::Error, fault.to_owned()),
        };
        let silent: Vec<&str> = self
            .scheduler
            .state()
            .workers()
            .filter(|w| !w.takes_tasks())
            .map(|w| w.report.worker.as_str())
            .collect();
        let workers = match (silent.is_empty(), self.refused_offers()) {
            (true, refused) if refused.is_empty() => {
                Diagnostic::new("workers", Level::Ok, "all take tasks")
            }
            (true, refused) => Diagnostic::new("workers", Level::Warn, refused),
            (false, refused) => {
                let text = format!("not taking tasks: {}", silent.join(", "));
                let both = [text, refused].into_iter().filter(|t| !t.is_empty());
                let text = both.collect::<Vec<_>>().join("; ");
                Diagnostic::new("workers", Level::Warn, text)
            }
        };
        let planner = if self.planners.misses_model() {
            let text = "the model's worker is not up: the parser plans";
            Diagnostic::new("planner", Level::Warn, text)
        } else {
            Diagnostic::new("planner", Level::Ok, "ready")
        };
        vec![
            planner,
            journal
                .with("waiting_effects", self.scheduler.waiting())
                .with("rewritten", self.scheduler.rewritten()),
            workers.with("workers", self.scheduler.state().workers().count()),
            Diagnostic::new("missions", Level::Ok, format!("{running} running"))
                .with("known", missions.len())
                .with("confirming", self.goals.confirming.len()),
        ]
    }
}

impl Orchestrator {
    pub(crate) fn now(context: &Context<Self>) -> Now {
        Now {
            ros: context.now(),
            steady_s: context.steady_s(),
        }
    }

    /// Offers that are refused, by worker and skill; empty if there are none.
    fn refused_offers(&self) -> String {
        let workers = self.scheduler.state().workers();
        let refused = workers.flat_map(|w| w.refused.iter().map(move |r| (&w.report.worker, r)));
        let texts = refused.map(|(worker, (offer, objection))| {
            format!(
                "offer of {} by {worker} is refused: {objection}",
                offer.skill
            )
        });
        texts.collect::<Vec<_>>().join("; ")
    }

    /// Takes an event in and lets its effects happen.
    pub(crate) fn step(&mut self, context: &mut Context<Self>, event: Event) {
        let effects = self.scheduler.step(Self::now(context), event);
        self.perform(context, effects);
    }

    fn heartbeat(&mut self, context: &mut Context<Self>, message: WorkerStatus) {
        let name = message.worker.clone();
        match worker_from_msg(message) {
            Ok(report) => self.step(context, Event::Heartbeat(Box::new(report))),
            Err(error) => self.complain(format!("worker_status of {name:?} ignored: {error}")),
        }
    }

    pub(crate) fn updates(&mut self, context: &mut Context<Self>, batch: TaskUpdateBatch) {
        let worker = match WorkerName::try_new(batch.worker) {
            Ok(worker) => worker,
            Err(error) => return self.complain(format!("updates ignored: {error}")),
        };
        let mut reports = Vec::new();
        for update in batch.updates {
            match report_from_msg(update) {
                Ok(report) => reports.push(report),
                Err(error) => self.complain(format!("update of {worker} ignored: {error}")),
            }
        }
        self.step(
            context,
            Event::Updates {
                worker,
                incarnation: batch.incarnation,
                reports,
            },
        );
    }

    /// Logs a defect of somebody else once.
    fn complain(&mut self, text: String) {
        if self.is_new(&text) {
            tracing::error!("{text}");
        }
    }

    /// Logs once what somebody else does not do.
    pub(crate) fn warn_once(&mut self, text: String) {
        if self.is_new(&text) {
            tracing::warn!("{text}");
        }
    }

    fn is_new(&mut self, text: &str) -> bool {
        self.complaints.len() < REMEMBERED_COMPLAINTS && self.complaints.insert(text.to_owned())
    }

    fn tick(&mut self, context: &mut Context<Self>) {
        self.step(context, Event::Tick);
        self.retry_waiting_goals(context);
        self.end_overdue_confirmations(context);
    }

    /// What is told again although nothing changed, for those who come late.
    fn remind(&mut self, _context: &mut Context<Self>) {
        self.workers_changed = true;
        self.goals.ask_again();
        self.task_checks.look();
    }

    /// Publishes what changed since the last time. Of missions, nobody hears what is not journaled.
    fn tell(&mut self, context: &mut Context<Self>) {
        let now = context.now();
        if self.scheduler.fault().is_none() {
            self.tell_of_missions(now, context.steady_s());
        }
        if std::mem::take(&mut self.workers_changed) {
            let list = self.scheduler.state().workers();
            self.workers.publish(&messages::workers(list, now));
        }
    }

    fn tell_of_missions(&mut self, now: Time, steady_s: f64) {
        let missions = self.scheduler.state().missions();
        let running: Vec<_> = missions.iter().filter(|m| !m.phase.is_terminal()).collect();
        let heard = running.iter().filter(|m| self.goals.has(&m.id));
        for id in self.turns.next(heard.map(|m| &m.id), &mut self.changed) {
            if let Some(mission) = self.scheduler.state().mission(&id) {
                self.goals.feedback(&id, &messages::feedback(mission));
                self.missions_changed = true;
            }
        }
        let is_due = running.len() <= FEW_MISSIONS || steady_s >= self.next_missions_s;
        if is_due && std::mem::take(&mut self.missions_changed) {
            self.next_missions_s = steady_s + 1.0;
            let confirming = self.goals.confirming.iter();
            self.missions
                .publish(&messages::missions(&missions, confirming, now));
        }
    }

    /// Everything that only this node may do before a batch goes out.
    pub(crate) fn publish_batches(&mut self, context: &mut Context<Self>, batches: Batches) {
        let now = context.now();
        for ((worker, incarnation), batch) in batches {
            if let Err(error) = self.wire.send(context, &worker, incarnation, batch, now) {
                tracing::error!(%worker, "assignments cannot be sent: {error}");
            }
        }
    }
}
