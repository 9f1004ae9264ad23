//! How nodes are while they run: asked through their lifecycle services, and heard from their
//! heartbeats.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::{Duration, Instant};

use physical_ai_ros::msg::lifecycle_msgs::srv::GetState;
use physical_ai_ros::msg::physical_ai_msgs::msg::WorkerStatus;
use physical_ai_ros::{Client, Qos};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use super::pulse::{Pulse, Verdict};
use crate::arguments::Global;
use crate::connection;
use crate::supervisor::{Event, EventKind};

/// One question; a process that died cannot answer, and the one after it did not hear the question.
const QUESTION: Duration = Duration::from_millis(500);
/// The same to a node that was active, where messages are taken now and then only.
const CALM_QUESTION: Duration = Duration::from_secs(5);
/// Between two looks at a node that starts.
const EAGER: Duration = Duration::from_millis(20);
/// Between two looks at a node that is active.
const CALM: Duration = Duration::from_millis(500);
/// Between two questions to a node that is active and sends no heartbeats.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// How often messages are taken once all nodes are active: waking with each would cost some percent of
/// a core.
const CALM_TURN: Duration = Duration::from_millis(100);

/// Newest heartbeat of each process: whether it said that it is active, and when it was heard.
type Beats = Arc<StdMutex<HashMap<u32, (bool, Instant)>>>;

/// The ROS side, made when the first node starts.
struct Link {
    client: Client,
    beats: Beats,
}

type Shared = Arc<Mutex<Option<Arc<Link>>>>;

/// Watches nodes.
pub struct Readiness {
    global: Global,
    events: mpsc::UnboundedSender<Event>,
    shared: Shared,
}

impl Readiness {
    /// Nothing to watch yet.
    pub fn new(global: &Global, events: mpsc::UnboundedSender<Event>) -> Self {
        Self {
            global: global.clone(),
            events,
            shared: Shared::default(),
        }
    }

    /// Reports when a node is active, takes long, is silent, or does not get on for `limit` (zero: never
    /// that).
    pub fn watch(&self, node: &str, pid: u32, limit: Duration) -> JoinHandle<()> {
        let (global, shared) = (self.global.clone(), self.shared.clone());
        let (events, node) = (self.events.clone(), node.to_owned());
        tokio::spawn(async move {
            let tell = |kind| {
                // Nobody listens only when the program ends.
                let _ = events.send(Event {
                    node: node.clone(),
                    kind,
                });
            };
            match link(&global, &shared).await {
                Ok(link) => watch(&link, &node, pid, limit, tell).await,
                Err(error) => tell(EventKind::Overdue {
                    reason: format!("its state cannot be asked: {error:#}"),
                }),
            }
        })
    }

    /// Looks less often until the next node starts.
    pub fn relax(&self) {
        self.set_turn_interval(CALM_TURN);
    }

    /// Looks as often as it can.
    pub fn attend(&self) {
        self.set_turn_interval(Duration::ZERO);
    }

    fn set_turn_interval(&self, interval: Duration) {
        let shared = self.shared.clone();
        tokio::spawn(async move {
            if let Some(link) = shared.lock().await.as_ref() {
                // A client that is stopping needs no pace.
                let _ = link
                    .client
                    .with_context(move |context| context.set_turn_interval(interval))
                    .await;
            }
        });
    }

    /// Lets go of ROS.
    pub fn rest(&self) {
        let shared = self.shared.clone();
        tokio::spawn(async move {
            let link = shared.lock().await.take();
            // Stopping a node waits for its thread.
            let _ = tokio::task::spawn_blocking(move || drop(link)).await;
        });
    }
}

async fn link(global: &Global, shared: &Shared) -> anyhow::Result<Arc<Link>> {
    let mut slot = shared.lock().await;
    if let Some(link) = slot.as_ref() {
        return Ok(link.clone());
    }
    let to = global.clone();
    let client = tokio::task::spawn_blocking(move || connection::connect(&to)).await??;
    let mut heartbeats = client
        .subscribe::<WorkerStatus>("worker_status", Qos::events())
        .await?;
    let beats = Beats::default();
    let heard = beats.clone();
    tokio::spawn(async move {
        while let Some(status) = heartbeats.recv().await {
            let is_active = status.state == WorkerStatus::ACTIVE as u8;
            let mut beats = heard.lock().unwrap_or_else(PoisonError::into_inner);
            beats.insert(status.pid, (is_active, Instant::now()));
        }
    });
    let link = Arc::new(Link { client, beats });
    *slot = Some(link.clone());
    Ok(link)
}

/// Looks at a process until it is dead, or this task is ended.
async fn watch(link: &Link, node: &str, pid: u32, limit: Duration, tell: impl Fn(EventKind)) {
    let service = format!("{node}/get_state");
    let began = Instant::now();
    let mut pulse = Pulse::new(limit, began);
    let (mut is_ready, mut asked, mut question) = (false, None::<Instant>, None);
    loop {
        let (ask_every, patience) = if is_ready {
            (ASK_EVERY, CALM_QUESTION)
        } else {
            (EAGER, QUESTION)
        };
        let is_due = question.is_none() && asked.is_none_or(|at| at.elapsed() > ask_every);
        if is_due && pulse.is_to_be_asked(Instant::now()) {
            asked = Some(Instant::now());
            let request = GetState::Request {};
            let call = link
                .client
                .call::<GetState::Service>(&service, request, patience);
            question = Some(Box::pin(call));
        }
        let answered = async {
            match question.as_mut() {
                Some(question) => question.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            answer = answered => {
                question = None;
                // No answer: not there yet, in a transition, or dead.
                if let Ok(answer) = answer {
                    pulse.answered(answer.current_state.id, Instant::now());
                }
            }
            () = tokio::time::sleep(if is_ready { CALM } else { EAGER }) => {}
        }
        if let Some((is_active, at)) = beat_of(link, pid) {
            pulse.heard(is_active, at);
        }
        match pulse.look(Instant::now()) {
            Verdict::Same => {}
            Verdict::Ready => {
                is_ready = true;
                tell(EventKind::Ready {
                    after_s: began.elapsed().as_secs_f64(),
                });
            }
            Verdict::Overdue(reason) => tell(EventKind::Overdue { reason }),
            Verdict::Silent(reason) => tell(EventKind::Silent { reason }),
            Verdict::Dead(reason) => return tell(EventKind::Stuck { pid, reason }),
        }
    }
}

fn beat_of(link: &Link, pid: u32) -> Option<(bool, Instant)> {
    let beats = link.beats.lock().unwrap_or_else(PoisonError::into_inner);
    beats.get(&pid).copied()
}
