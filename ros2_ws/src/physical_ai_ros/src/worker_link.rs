//! The worker's end of the link to the orchestrator: heartbeat, assignments, updates.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use physical_ai_domain::{
    Assignment, Capability, ErrorCode, FencingToken, Resources, TaskReport, TaskState, Time,
    WorkerName, WorkerReport, WorkerState,
};
use r2r::physical_ai_msgs::msg::{TaskBatch, TaskUpdateBatch, WorkerStatus};
use r2r::std_msgs::msg::Header;

use crate::attempts::Attempts;
use crate::clock::{ClockKind, time_to_msg};
use crate::convert::{assignment_from_msg, report_to_msg, worker_to_msg};
use crate::{Application, Context, Error, Publisher, Qos};

const HEARTBEAT: Duration = Duration::from_millis(200);
/// Heartbeats that may be missed before the worker counts as suspected.
const LEASE: Duration = Duration::from_secs(1);
/// Unacknowledged terminal updates go out again after so many heartbeats.
const RESEND_EVERY: u64 = 2;

/// An application that executes tasks.
pub trait Worker: Application {
    /// Its link.
    fn link(&mut self) -> &mut WorkerLink;
    /// Starts an attempt; progress and outcome go to [`WorkerLink::report`].
    fn assign(&mut self, context: &mut Context<Self>, assignment: Assignment);
    /// Stops an attempt.
    fn cancel(&mut self, context: &mut Context<Self>, token: FencingToken, reason: &str);
}

/// Heartbeat and updates of one worker.
pub struct WorkerLink {
    status: Publisher<WorkerStatus>,
    updates: Publisher<TaskUpdateBatch>,
    report: WorkerReport,
    attempts: Attempts,
    sequence: u64,
    beats: u64,
    changed: bool,
}

impl WorkerLink {
    /// Creates publishers and the heartbeat of a worker named after its node.
    ///
    /// `link` finds the link in the application.
    ///
    /// # Errors
    /// [`Error::Ros`], or a node name that is no worker name.
    pub fn try_new<A: Application>(
        context: &mut Context<A>,
        kind: &str,
        link: fn(&mut A) -> &mut Self,
    ) -> Result<Self, Error> {
        let worker = WorkerName::try_new(context.node_name()).map_err(Error::application)?;
        let incarnation = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX));
        let report = WorkerReport {
            kind: kind.to_owned(),
            incarnation,
            host: std::fs::read_to_string("/proc/sys/kernel/hostname")
                .unwrap_or_default()
                .trim()
                .to_owned(),
            pid: std::process::id(),
            state: WorkerState::Starting,
            lease_s: LEASE.as_secs_f64(),
            load: 0.0,
            resources_total: Resources::new(),
            resources_free: Resources::new(),
            capabilities: Vec::new(),
            data: Vec::new(),
            running: Vec::new(),
            last_token: FencingToken(0),
            worker: worker.clone(),
        };
        context.timer(HEARTBEAT, ClockKind::Steady, move |app, context| {
            let (now, active) = (context.now(), context.is_active());
            let link = link(app);
            link.report.state = if active {
                WorkerState::Active
            } else {
                WorkerState::Draining
            };
            link.heartbeat(now);
        });
        Ok(Self {
            status: context.publisher("worker_status", Qos::heartbeat(HEARTBEAT, LEASE))?,
            updates: context.publisher(&format!("{worker}/updates"), Qos::events())?,
            report,
            attempts: Attempts::default(),
            sequence: 0,
            beats: 0,
            changed: true,
        })
    }

    /// Takes assignments from now on.
    ///
    /// # Errors
    /// [`Error::Ros`] if the subscription fails.
    pub fn accept_tasks<A: Worker>(&self, context: &mut Context<A>) -> Result<(), Error> {
        let topic = format!("{}/assign", self.report.worker);
        context.subscribe(
            &topic,
            Qos::events(),
            |app: &mut A, context, batch: TaskBatch| {
                take_batch(app, context, batch);
            },
        )?;
        Ok(())
    }

    /// This process's incarnation.
    pub fn incarnation(&self) -> u64 {
        self.report.incarnation
    }

    /// Replaces what the worker offers.
    pub fn set_capabilities(&mut self, capabilities: Vec<Capability>) {
        if self.report.capabilities != capabilities {
            self.report.capabilities = capabilities;
            self.changed = true;
        }
    }

    /// Replaces load (0 to 1) and resources.
    pub fn set_load(&mut self, load: f64, total: Resources, free: Resources) {
        self.report.load = load;
        self.report.resources_total = total;
        self.report.resources_free = free;
    }

    /// Tells the orchestrator about an attempt. Terminal reports are repeated until acknowledged.
    pub fn report(&mut self, now: Time, report: TaskReport) {
        if self.attempts.record(report.clone()) {
            self.send_updates(now, vec![report]);
            self.changed = true;
        }
    }

    /// Sends the heartbeat now if something changed.
    pub fn flush(&mut self, now: Time) {
        if std::mem::take(&mut self.changed) {
            self.send_status(now);
        }
    }

    fn heartbeat(&mut self, now: Time) {
        self.beats += 1;
        self.changed = false;
        self.send_status(now);
        let due = self.attempts.due(self.beats.is_multiple_of(RESEND_EVERY));
        if !due.is_empty() {
            self.send_updates(now, due);
        }
    }

    fn send_status(&mut self, now: Time) {
        self.report.running = self.attempts.unacknowledged();
        self.report.last_token = self.attempts.last_token();
        self.status.publish(&worker_to_msg(&self.report, now));
    }

    fn send_updates(&mut self, now: Time, updates: Vec<TaskReport>) {
        self.sequence += 1;
        self.updates.publish(&TaskUpdateBatch {
            header: Header {
                stamp: time_to_msg(now),
                ..Default::default()
            },
            worker: self.report.worker.to_string(),
            incarnation: self.report.incarnation,
            sequence: self.sequence,
            updates: updates.iter().map(report_to_msg).collect(),
        });
    }

    /// Answers an assignment that this worker cannot start now, so that it can go elsewhere.
    fn refuse(&mut self, assignment: &Assignment, now: Time) {
        let refusal = TaskReport {
            state: TaskState::Failed,
            finished: now,
            error: ErrorCode::Busy,
            error_msg: format!(
                "worker {} is not active; activate it or give the task to another",
                self.report.worker
            ),
            retryable: true,
            ..started_report(assignment, now)
        };
        self.report(now, refusal);
    }
}

fn take_batch<A: Worker>(app: &mut A, context: &mut Context<A>, batch: TaskBatch) {
    let link = app.link();
    if batch.worker != link.report.worker.as_str()
        || batch.worker_incarnation != link.report.incarnation
    {
        tracing::debug!(worker = %batch.worker, "batch for another process ignored");
        return;
    }
    for ack in batch.acknowledged {
        link.attempts.acknowledge(FencingToken(ack.fencing_token));
    }
    for message in batch.assign {
        let (task, token) = (message.task_id.clone(), message.fencing_token);
        match assignment_from_msg(message) {
            Ok(assignment) if app.link().attempts.admit(&assignment) => {
                if context.is_active() {
                    app.assign(context, assignment);
                } else {
                    app.link().refuse(&assignment, context.now());
                }
            }
            Ok(_) => tracing::debug!(%task, token, "repeated or overtaken assignment ignored"),
            Err(error) => tracing::error!(%task, token, "assignment refused: {error}"),
        }
    }
    for cancel in batch.cancel {
        let token = FencingToken(cancel.fencing_token);
        if app.link().attempts.is_running(token) {
            app.cancel(context, token, &cancel.reason);
        }
    }
    let now = context.now();
    app.link().flush(now);
}

/// A report for an attempt that just began.
pub fn started_report(assignment: &Assignment, now: Time) -> TaskReport {
    TaskReport {
        mission: assignment.mission.clone(),
        task: assignment.task.clone(),
        attempt: assignment.attempt,
        token: assignment.token,
        state: TaskState::Running,
        progress: 0.0,
        started: now,
        finished: Time::ZERO,
        error: ErrorCode::Ok,
        error_msg: String::new(),
        result: String::new(),
        retryable: false,
    }
}
