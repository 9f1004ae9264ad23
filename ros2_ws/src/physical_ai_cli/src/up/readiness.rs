//! When a started node is active, asked through its lifecycle service and heard from its heartbeat.

use std::sync::Arc;
use std::time::{Duration, Instant};

use physical_ai_ros::msg::lifecycle_msgs::srv::GetState;
use physical_ai_ros::msg::physical_ai_msgs::msg::WorkerStatus;
use physical_ai_ros::{Client, Qos};
use tokio::sync::{Mutex, broadcast, mpsc};
use tokio::task::JoinHandle;

use crate::arguments::Global;
use crate::connection;
use crate::supervisor::{Event, EventKind};

/// A node that is not active after this keeps the others waiting no longer.
const PATIENCE: Duration = Duration::from_secs(15);
/// One question; a process that died cannot answer, and the one after it did not hear the question.
const QUESTION: Duration = Duration::from_millis(500);
/// Between questions.
const PAUSE: Duration = Duration::from_millis(20);
/// Lifecycle state "active" (lifecycle_msgs/State).
const ACTIVE: u8 = 3;

/// The ROS side, made when a node starts and dropped when all are active: it costs some percent of
/// a core, and nothing is asked in between.
struct Link {
    client: Client,
    /// Process ids of workers that said that they are active.
    active: broadcast::Sender<u32>,
}

type Shared = Arc<Mutex<Option<Arc<Link>>>>;

/// Watches nodes become active.
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

    /// Reports when a node is active, or that it takes long.
    pub fn watch(&self, node: &str, pid: u32) -> JoinHandle<()> {
        let (global, shared) = (self.global.clone(), self.shared.clone());
        let (events, node) = (self.events.clone(), node.to_owned());
        tokio::spawn(async move {
            let began = Instant::now();
            let tell = |kind| {
                // Nobody listens only when the program ends.
                let _ = events.send(Event {
                    node: node.clone(),
                    kind,
                });
            };
            let active = wait_until_active(&global, &shared, &node, pid);
            tokio::pin!(active);
            let result = match tokio::time::timeout(PATIENCE, &mut active).await {
                Ok(result) => result,
                Err(_) => {
                    tell(EventKind::Overdue {
                        reason: format!(
                            "not active after {} s; what depends on it starts anyway",
                            PATIENCE.as_secs()
                        ),
                    });
                    active.await
                }
            };
            match result {
                Ok(()) => tell(EventKind::Ready {
                    after_s: began.elapsed().as_secs_f64(),
                }),
                Err(error) => tell(EventKind::Overdue {
                    reason: format!("its state cannot be asked: {error:#}"),
                }),
            }
        })
    }

    /// Lets go of ROS until the next node starts.
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
    let (active, _) = broadcast::channel(1024);
    let sender = active.clone();
    tokio::spawn(async move {
        while let Some(status) = heartbeats.recv().await {
            if status.state == WorkerStatus::ACTIVE as u8 {
                // Nobody waits for it now.
                let _ = sender.send(status.pid);
            }
        }
    });
    let link = Arc::new(Link { client, active });
    *slot = Some(link.clone());
    Ok(link)
}

async fn wait_until_active(
    global: &Global,
    shared: &Shared,
    node: &str,
    pid: u32,
) -> anyhow::Result<()> {
    let link = link(global, shared).await?;
    let mut heartbeats = link.active.subscribe();
    let heard = async {
        loop {
            match heartbeats.recv().await {
                Ok(active) if active == pid => return,
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    };
    let service = format!("{node}/get_state");
    let asked = async {
        loop {
            let question = GetState::Request {};
            let answer = link
                .client
                .call::<GetState::Service>(&service, question, QUESTION);
            match answer.await {
                Ok(answer) if answer.current_state.id == ACTIVE => return,
                // Not there yet, or not yet active.
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    };
    tokio::select! {
        () = heard => {}
        () = asked => {}
    }
    Ok(())
}
