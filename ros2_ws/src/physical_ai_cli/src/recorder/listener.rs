//! The ROS side of a recording: finds topics as they appear and passes their messages on.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use physical_ai_ros::{Client, Context, Qos};
use tokio::sync::mpsc;

use super::schema;
use super::topics;
use crate::environment;

/// The spin thread looks for messages this often: fast topics are thinned out to 50 Hz.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Messages that may wait for the disk.
const QUEUE: usize = 20_000;

const NO_CLOCK: i64 = i64::MIN;

/// What the listener passes on.
pub enum Heard {
    /// A topic appeared; `topic` numbers its messages.
    Topic {
        topic: usize,
        name: String,
        type_name: String,
        definition: String,
    },
    /// A message, with the clocks when it came.
    Message {
        topic: usize,
        wall_ns: i64,
        simulated_ns: Option<i64>,
        cdr: Vec<u8>,
    },
}

/// Subscribes to the suite's topics.
pub struct Listener {
    client: Client,
    namespace: String,
    prefixes: Vec<PathBuf>,
    known: BTreeSet<(String, String)>,
    topics: usize,
    simulated_ns: Arc<AtomicI64>,
    dropped: Arc<AtomicU64>,
    sender: mpsc::Sender<Heard>,
}

impl Listener {
    /// Starts listening; the receiver gets what is heard.
    ///
    /// # Errors
    /// When the client stops.
    pub async fn start(
        client: Client,
        namespace: &str,
    ) -> anyhow::Result<(Self, mpsc::Receiver<Heard>)> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        client
            .with_context(|context| context.set_turn_interval(LOOK_EVERY))
            .await?;
        let listener = Self {
            client,
            namespace: namespace.to_owned(),
            prefixes: environment::ament_prefixes(),
            known: BTreeSet::new(),
            topics: 0,
            simulated_ns: Arc::new(AtomicI64::new(NO_CLOCK)),
            dropped: Arc::default(),
            sender,
        };
        Ok((listener, receiver))
    }

    /// Messages lost because the disk was too slow.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Looks for new topics once.
    ///
    /// # Errors
    /// When the client stops.
    pub async fn discover(&mut self) -> anyhow::Result<()> {
        let namespace = self.namespace.clone();
        let mut found = self
            .client
            .with_context(move |context| {
                let mut found = Vec::new();
                for (topic, types) in context.topics() {
                    for kind in types {
                        if topics::is_recorded(&topic, &kind, &namespace)
                            && let Some(offered) = context.offered(&topic)
                        {
                            found.push((topic.clone(), kind, offered));
                        }
                    }
                }
                found
            })
            .await?;
        found.sort_by(|a, b| a.0.cmp(&b.0));
        for (topic, kind, offered) in found {
            if self.known.insert((topic.clone(), kind.clone())) {
                let qos = topics::subscription(&kind, offered);
                if let Err(error) = self.subscribe(topic.clone(), kind, qos).await {
                    eprintln!("record: {topic} is left out: {error:#}");
                }
            }
        }
        Ok(())
    }

    async fn subscribe(&mut self, name: String, type_name: String, qos: Qos) -> anyhow::Result<()> {
        let definition = schema::definition(&type_name, &self.prefixes)?;
        let topic = self.topics;
        self.topics += 1;
        self.sender
            .send(Heard::Topic {
                topic,
                name: name.clone(),
                type_name: type_name.clone(),
                definition,
            })
            .await?;
        let (sender, simulated_ns) = (self.sender.clone(), self.simulated_ns.clone());
        let dropped = self.dropped.clone();
        let is_clock = type_name == topics::CLOCK;
        self.client
            .with_context(move |context: &mut Context<()>| {
                context
                    .subscribe_raw(&name, &type_name, qos, move |(), _, cdr| {
                        if let Some(now_ns) = schema::first_stamp_ns(&cdr).filter(|_| is_clock) {
                            simulated_ns.store(now_ns, Ordering::Relaxed);
                        }
                        let clock = simulated_ns.load(Ordering::Relaxed);
                        let heard = Heard::Message {
                            topic,
                            wall_ns: wall_ns(),
                            simulated_ns: (clock != NO_CLOCK).then_some(clock),
                            cdr,
                        };
                        if sender.try_send(heard).is_err() {
                            dropped.fetch_add(1, Ordering::Relaxed);
                        }
                    })
                    .map(|_| ())
            })
            .await??;
        Ok(())
    }
}

/// The system's time, nanoseconds since the Unix epoch.
pub fn wall_ns() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| i64::try_from(d.as_nanos()).unwrap_or(i64::MAX))
}
