//! `mission run`: sends a mission, shows its progress, cancels it on Ctrl-C, tells how it ended.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, anyhow, bail};
use physical_ai_domain::MissionId;
use physical_ai_ros::msg::physical_ai_msgs::action::ExecuteMission;
use physical_ai_ros::msg::physical_ai_msgs::msg::{
    MissionStatusArray, WorkerStatus, WorkerStatusArray,
};
use physical_ai_ros::msg::physical_ai_msgs::srv::CancelMission;
use physical_ai_ros::{Client, Error, GoalOutcome, Qos, SentGoal};
use tokio::sync::mpsc::UnboundedReceiver;

use super::confirmation::Confirmation;
use super::input::Mission;
use super::progress::Display;
use super::recording::Recording;
use super::view::Progress;
use super::{ros_time, view};
use crate::arguments::{Global, MissionRunArguments};
use crate::connection::{self, DISCOVERY, Nobody};
use crate::interrupts::Interrupts;
use crate::{environment, output};

/// From the goal to its acceptance; then it is sent again, in case the answer was lost.
const ACCEPTANCE: Duration = Duration::from_secs(10);
/// For how long it is sent again. The orchestrator takes the same mission once.
const SENDING: Duration = Duration::from_secs(90);
/// A mission may take as long as it takes; whether its orchestrator lives is watched separately.
const NO_LIMIT: Duration = Duration::from_secs(30 * 86_400);
/// The action's result comes within this after the mission ended, or it was lost with an orchestrator.
const RESULT_GRACE: Duration = Duration::from_secs(2);
/// An orchestrator that went away has so long to come back.
const ABSENCE: Duration = Duration::from_secs(30);
/// An orchestrator tells of its workers once a second. Without a word for so long it is gone, or stands.
const VANISHED: Duration = Duration::from_millis(4500);
/// When to ask whether its workers still speak; a living one says something in a fifth of a second.
const WORRY: Duration = Duration::from_millis(2500);
/// With so many programs for each core, silence says nothing.
const HOPELESS: usize = 8;
/// This process stood still itself where it did not look for so long.
const OWN_PAUSE: Duration = Duration::from_secs(1);
/// Without feedback for so long, the `missions` topic is believed instead.
const SILENCE: Duration = Duration::from_secs(3);
/// A mission that a living orchestrator does not list for so long is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(10);
/// From a cancel to the end of the mission.
const CANCELLATION: Duration = Duration::from_secs(60);

type SendGoal = <ExecuteMission::Action as physical_ai_ros::msg::Action>::SendGoal;
const ACTION: &str = "execute_mission";
const SEND_GOAL: &str = "execute_mission/_action/send_goal";

/// Runs a mission to its end.
pub async fn run(global: &Global, options: &MissionRunArguments) -> anyhow::Result<ExitCode> {
    let mission = Mission::read(&options.mission)?;
    let mission_id = match &options.mission_id {
        Some(id) => MissionId::try_new(id.as_str()).context("--mission-id")?,
        None => MissionId::try_new(new_id())?,
    };
    let client = Arc::new(connection::connect(global)?);
    connection::wait_for::<SendGoal>(global, &client, SEND_GOAL, "orchestrator").await?;
    let recording = match &options.report {
        Some(folder) => Some(Recording::start(global, folder, &options.mission).await?),
        None => None,
    };
    let result = send_and_follow(global, options, mission, &mission_id, &client).await;
    let report = match recording {
        Some(recording) => Some(recording.finish().await),
        None => None,
    };
    let result = result?;
    if global.json {
        output::json_line(&view::result_json(&result));
    } else {
        if !result.tasks.is_empty() {
            output::line(view::result_table(&result.tasks));
        }
        output::line(view::summary(&result));
    }
    match report {
        Some(Ok(path)) if global.json => output::json_line(
            &serde_json::json!({"event": "report", "path": path.display().to_string()}),
        ),
        Some(Ok(path)) => output::line(format!("report: {}", path.display())),
        Some(Err(error)) => output::note(format!("physical-ai: no report: {error:#}")),
        None => {}
    }
    Ok(if result.error_code == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// An id that tells when the mission was made, and that nobody else uses.
fn new_id() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let milliseconds = since.map_or(0, |d| d.as_millis());
    format!("m-{milliseconds}-{}", std::process::id())
}

async fn send_and_follow(
    global: &Global,
    options: &MissionRunArguments,
    mission: Mission,
    mission_id: &MissionId,
    client: &Arc<Client>,
) -> anyhow::Result<ExecuteMission::Result> {
    let deadline = ros_time::deadline(client, global, options.deadline_s).await?;
    let missions = client.subscribe("missions", Qos::state_latched()).await?;
    let heartbeat = client.subscribe("workers", Qos::newest()).await?;
    let goal = ExecuteMission::Goal {
        mission_id: mission_id.to_string(),
        text: mission.text,
        plan: mission.plan,
        priority: options.priority,
        deadline,
    };
    // Until here an interrupt ends the command at once: there is nothing to cancel yet.
    let mut interrupts = Interrupts::try_new()?;
    let sent = send(client, &goal).await?;
    let mut run = Run {
        global,
        client: client.clone(),
        mission_id: mission_id.to_string(),
        goal,
        began: Instant::now(),
        alive: None,
        watched: Instant::now(),
        workers: None,
        is_silent: false,
        display: Display::new(global.json, mission_id.as_str()),
        confirmation: Confirmation::new(
            client.clone(),
            mission_id.as_str(),
            options.yes,
            global.json,
        ),
        heard: Instant::now(),
        is_known: false,
        unlisted: None,
        lost: None,
        ended: None,
        cancelled: None,
        asked_service: false,
    };
    let result = run.follow(sent, missions, heartbeat, &mut interrupts).await;
    run.display.finish();
    result
}

async fn send(client: &Client, goal: &ExecuteMission::Goal) -> Result<Sent, Error> {
    client
        .send_goal(ACTION, goal.clone(), ACCEPTANCE, NO_LIMIT)
        .await
}

/// Whether `missions` lists a mission of this phase: not before it is known to be valid.
fn is_listed(phase: &str) -> bool {
    !matches!(phase, "decomposing" | "validating")
}

type Sent = SentGoal<ExecuteMission::Action>;
type Heartbeat = UnboundedReceiver<WorkerStatusArray>;
type Outcome = Result<GoalOutcome<ExecuteMission::Result>, Error>;
type Missions = UnboundedReceiver<MissionStatusArray>;

/// A mission under way. Feedback and result come by the action; when its orchestrator dies, the one
/// that comes back knows the mission but not the client, and the `missions` topic tells the rest.
struct Run<'a> {
    global: &'a Global,
    client: Arc<Client>,
    mission_id: String,
    goal: ExecuteMission::Goal,
    /// When the goal was sent first.
    began: Instant,
    /// Last word of the orchestrator, from the first on.
    alive: Option<Instant>,
    /// When that was looked at last.
    watched: Instant,
    /// Words of workers, listened to while the orchestrator says nothing.
    workers: Option<(UnboundedReceiver<WorkerStatus>, bool)>,
    /// The user was told that the orchestrator says nothing.
    is_silent: bool,
    display: Display,
    confirmation: Confirmation,
    /// Last feedback.
    heard: Instant,
    /// The orchestrator told about it once.
    is_known: bool,
    /// Since when `missions` does not list it although it was known.
    unlisted: Option<Instant>,
    /// When and why the action cannot tell the result any more.
    lost: Option<(Instant, Error)>,
    /// The mission's end according to `missions`.
    ended: Option<(Instant, ExecuteMission::Result)>,
    cancelled: Option<Instant>,
    asked_service: bool,
}

impl Run<'_> {
    async fn follow(
        &mut self,
        mut sent: Sent,
        mut missions: Missions,
        mut heartbeat: Heartbeat,
        interrupts: &mut Interrupts,
    ) -> anyhow::Result<ExecuteMission::Result> {
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        let mut feedback_open = true;
        loop {
            tokio::select! {
                feedback = sent.feedback.recv(), if feedback_open => match feedback {
                    Some(feedback) => {
                        self.speaks();
                        self.heard = Instant::now();
                        self.unlisted = None;
                        self.is_known |= is_listed(&feedback.phase);
                        self.show(&feedback.into());
                    }
                    None => feedback_open = false,
                },
                outcome = &mut sent.outcome, if self.lost.is_none() => {
                    let outcome: Outcome = outcome.unwrap_or(Err(Error::Stopping));
                    if self.is_unanswered(&outcome) {
                        sent = send(&self.client, &self.goal).await?;
                        feedback_open = true;
                    } else if let Some(result) = self.take(outcome)? {
                        return Ok(result);
                    }
                }
                Some(array) = missions.recv() => {
                    self.speaks();
                    self.compare(&array);
                }
                Some(_) = heartbeat.recv() => self.speaks(),
                answer = self.confirmation.next() => self.confirmation.take(answer, &self.display),
                _ = interrupts.next() => {
                    if self.cancelled.is_some() {
                        bail!(
                            "gave up waiting for the end of mission {id}; see `physical-ai mission show {id}`",
                            id = self.mission_id
                        );
                    }
                    self.display.note("cancelling; once more gives up waiting");
                    self.cancelled = Some(Instant::now());
                    sent.cancel();
                }
                _ = tick.tick() => {
                    self.watch_orchestrator().await?;
                    if let Some(result) = self.watch()? {
                        return Ok(result);
                    }
                }
            }
        }
    }

    fn show(&mut self, progress: &Progress) {
        self.confirmation.look(progress, &self.display);
        if !self.confirmation.is_open() {
            self.display.show(progress);
        }
    }

    /// True if the goal or its acceptance was lost although the orchestrator is there.
    fn is_unanswered(&self, outcome: &Outcome) -> bool {
        let is_there = self.alive.is_none_or(|at| at.elapsed() < VANISHED);
        let may_repeat = is_there && self.cancelled.is_none() && self.began.elapsed() < SENDING;
        matches!(outcome, Err(Error::Timeout { .. })) && may_repeat
    }

    fn take(&mut self, outcome: Outcome) -> anyhow::Result<Option<ExecuteMission::Result>> {
        match outcome {
            Ok(GoalOutcome::Ended(_, result)) => Ok(Some(result)),
            Ok(GoalOutcome::Rejected) => Err(anyhow!(
                "the orchestrator does not take the mission now; its log says why"
            )),
            Err(error) => {
                self.display.note(&format!(
                    "the orchestrator's answer is lost ({error}); topic `missions` tells the rest"
                ));
                self.lost = Some((Instant::now(), error));
                Ok(None)
            }
        }
    }

    fn speaks(&mut self) {
        self.alive = Some(Instant::now());
        self.workers = None;
        if std::mem::take(&mut self.is_silent) {
            self.display.note("the orchestrator is back");
        }
    }

    /// Notices an orchestrator that is gone, and whether the rest of its suite is, too: where workers
    /// still speak, their supervisor may bring it back.
    async fn watch_orchestrator(&mut self) -> anyhow::Result<()> {
        let now = Instant::now();
        if now - std::mem::replace(&mut self.watched, now) > OWN_PAUSE {
            // What was said meanwhile waits to be read.
            self.alive = self.alive.map(|_| now);
        }
        let silence = self.alive.map_or(Duration::ZERO, |at| now - at);
        if silence < WORRY {
            return Ok(());
        }
        if self.workers.is_none() {
            let words = self.client.subscribe("worker_status", Qos::newest());
            self.workers = Some((words.await?, false));
        }
        let suite_lives = self.workers.as_mut().is_some_and(|(words, heard)| {
            *heard |= words.try_recv().is_ok();
            *heard
        });
        if silence < VANISHED {
            return Ok(());
        }
        let place = environment::place_of_suite(self.global);
        let id = &self.mission_id;
        let what = format!(
            "the orchestrator in {place} has said nothing for {:.1} s",
            silence.as_secs_f64()
        );
        let advice = format!(
            "mission {id} is in its journal if it was accepted, and goes on when the orchestrator is \
             started again; robots finish what they began. Then see `physical-ai mission show {id}`, or \
             run the same mission with --mission-id {id} to follow it"
        );
        let may_be_late = suite_lives || connection::is_overloaded(HOPELESS);
        if !may_be_late || silence > ABSENCE {
            return Err(Nobody(format!("{what}: it was killed, or stands still; {advice}")).into());
        }
        if !std::mem::replace(&mut self.is_silent, true) {
            self.display.note(&format!(
                "{what}; its workers still speak, or this machine is overloaded, so that it may come back: \
                 waiting up to {} s. {advice}",
                ABSENCE.as_secs()
            ));
        }
        Ok(())
    }

    fn compare(&mut self, array: &MissionStatusArray) {
        let Some(mission) = array
            .missions
            .iter()
            .find(|m| m.mission_id == self.mission_id)
        else {
            if self.is_known && self.unlisted.is_none() {
                self.unlisted = Some(Instant::now());
            }
            return;
        };
        (self.is_known, self.unlisted) = (true, None);
        if self.heard.elapsed() > SILENCE {
            self.show(&mission.into());
        }
        if let Some((since, _)) = self.lost.as_mut() {
            *since = Instant::now();
        }
        if view::is_over(&mission.phase) {
            let since = self.ended.take().map_or_else(Instant::now, |(at, _)| at);
            self.ended = Some((since, view::result_of(mission)));
        } else {
            self.ended = None;
        }
    }

    /// Keeps every wait bounded.
    fn watch(&mut self) -> anyhow::Result<Option<ExecuteMission::Result>> {
        let id = &self.mission_id;
        if let Some((at, result)) = &self.ended
            && (at.elapsed() > RESULT_GRACE || self.lost.is_some())
        {
            return Ok(Some(result.clone()));
        }
        if let Some((since, error)) = &self.lost
            && since.elapsed() > ABSENCE
        {
            bail!(
                "the orchestrator in {} does not tell how mission {id} goes ({error}); see \
                 `physical-ai mission show {id}`, or run the same mission with --mission-id {id}",
                environment::place_of_suite(self.global),
            );
        }
        if self
            .unlisted
            .is_some_and(|since| since.elapsed() > FORGOTTEN)
        {
            bail!("the orchestrator does not know mission {id} any more; send it again");
        }
        if let Some(at) = self.cancelled {
            if at.elapsed() > CANCELLATION {
                bail!(
                    "mission {id} did not end within {} s of its cancellation: `physical-ai estop` stops the robots",
                    CANCELLATION.as_secs()
                );
            }
            if at.elapsed() > RESULT_GRACE && !self.asked_service {
                self.cancel_by_service();
            }
        }
        Ok(None)
    }

    /// An orchestrator that came back does not know the goal, but it knows the mission.
    fn cancel_by_service(&mut self) {
        self.asked_service = true;
        let (client, mission_id) = (self.client.clone(), self.mission_id.clone());
        tokio::spawn(async move {
            let request = CancelMission::Request { mission_id };
            // What comes of it is seen in the mission's phase.
            let _ = client
                .call::<CancelMission::Service>("cancel_mission", request, DISCOVERY)
                .await;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_ids_are_mission_ids() {
        assert!(MissionId::try_new(new_id()).is_ok());
    }
}
