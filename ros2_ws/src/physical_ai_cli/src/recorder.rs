//! Records a run as MCAP.

mod listener;
mod mcap_file;
mod mcap_index;
mod ros_clock;
mod run_files;
mod schema;
mod topics;

use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::json;
use tokio::sync::mpsc;

use self::listener::{Heard, Listener};
pub(crate) use self::mcap_file::McapFile;
use self::ros_clock::RosClock;
pub use self::run_files::{WORLD, description_name, layout_name};
use crate::arguments::{Global, RecordArguments};
use crate::interrupts::Interrupts;
use crate::{connection, output, report};

/// Between two looks at the graph: often at first, because a mission may be about to start.
const DISCOVER_EARLY: Duration = Duration::from_millis(100);
const DISCOVER_LATER: Duration = Duration::from_millis(500);
const EARLY: Duration = Duration::from_secs(5);

/// Time for the suite to be discovered before the recording begins.
const FIRST_LOOK: Duration = Duration::from_millis(300);

/// What is still on its way when the end is asked for gets this long to arrive. The orchestrator tells
/// how missions stand five times a second, so a client knows the outcome before `missions` does.
const LAST_MESSAGES: Duration = Duration::from_millis(600);

/// Name of the recording in its folder.
pub const FILE_NAME: &str = "run.mcap";

/// A finished recording.
#[derive(Debug)]
pub struct Recorded {
    /// The file.
    pub path: PathBuf,
    /// Messages in it.
    pub messages: u64,
    /// Topics in it.
    pub topics: usize,
    /// Messages lost because the disk was too slow.
    pub dropped: u64,
}

pub async fn run(global: &Global, options: &RecordArguments) -> anyhow::Result<ExitCode> {
    let mut interrupts = Interrupts::try_new()?;
    let duration = options.duration_s.map(Duration::from_secs_f64);
    let stop = async {
        let end = async {
            match duration {
                Some(duration) => tokio::time::sleep(duration).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupts.next() => {}
            () = end => {}
        }
    };
    let recorded = record(global, options, stop).await?;
    let page = report::write(&recorded.path, None)?;
    if global.json {
        output::json_line(&json!({
            "recording": recorded.path,
            "messages": recorded.messages,
            "topics": recorded.topics,
            "dropped": recorded.dropped,
            "report": page,
        }));
    } else {
        println!(
            "recorded {} messages of {} topics in {}\nreport: {}",
            recorded.messages,
            recorded.topics,
            recorded.path.display(),
            page.display()
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Records until `stop` completes. Other commands use it to record what they do.
///
/// # Errors
/// When ROS cannot be reached, a named file cannot be read, or the recording cannot be written; what
/// was flushed before stays readable.
pub async fn record(
    global: &Global,
    options: &RecordArguments,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<Recorded> {
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("folder {} cannot be made", options.out.display()))?;
    let path = options.out.join(FILE_NAME);
    let client = connection::connect(global)?;
    let (mut listener, heard) = Listener::start(client, &global.namespace).await?;
    // Whoever starts a mission when the file is there finds that the recorder already listens.
    listener.discover().await?;
    tokio::time::sleep(FIRST_LOOK).await;
    listener.discover().await?;
    let mut file = McapFile::create(&path)?;
    run_files::keep_named(&mut file, global, options, listener::wall_ns())?;
    let mut session = Session::new(file, heard);
    eprintln!("recording to {}", path.display());
    session.run(global, &mut listener, stop).await?;
    let dropped = listener.dropped();
    if dropped > 0 {
        eprintln!("record: {dropped} messages were lost because the disk was too slow");
    }
    // Stopping the node may take a moment; the file is safe first.
    let topics = session.ids.len();
    let messages = session.finish()?;
    drop(listener);
    Ok(Recorded {
        path,
        messages,
        topics,
        dropped,
    })
}

/// A message whose time is not known yet.
struct Waiting {
    topic: usize,
    cdr: Vec<u8>,
}

struct Topic {
    id: u16,
    has_header: bool,
}

struct Session {
    file: McapFile,
    heard: mpsc::Receiver<Heard>,
    clock: RosClock<Waiting>,
    ids: Vec<Topic>,
}

impl Session {
    fn new(file: McapFile, heard: mpsc::Receiver<Heard>) -> Self {
        Self {
            file,
            heard,
            clock: RosClock::new(),
            ids: Vec::new(),
        }
    }

    async fn run(
        &mut self,
        global: &Global,
        listener: &mut Listener,
        stop: impl Future<Output = ()>,
    ) -> anyhow::Result<()> {
        tokio::pin!(stop);
        let began = Instant::now();
        let mut knows_deployment = false;
        loop {
            listener.discover().await?;
            if !knows_deployment {
                knows_deployment = run_files::keep_deployment(&mut self.file, global)?;
            }
            let pause = if began.elapsed() < EARLY {
                DISCOVER_EARLY
            } else {
                DISCOVER_LATER
            };
            let look_again = tokio::time::sleep(pause);
            tokio::pin!(look_again);
            loop {
                tokio::select! {
                    Some(heard) = self.heard.recv() => self.take(heard)?,
                    () = &mut look_again => break,
                    () = &mut stop => return self.take_last().await,
                }
            }
            self.file.flush_if_due()?;
        }
    }

    async fn take_last(&mut self) -> anyhow::Result<()> {
        tokio::time::sleep(LAST_MESSAGES).await;
        while let Ok(heard) = self.heard.try_recv() {
            self.take(heard)?;
        }
        Ok(())
    }

    fn take(&mut self, heard: Heard) -> anyhow::Result<()> {
        match heard {
            Heard::Topic {
                topic,
                name,
                type_name,
                definition,
            } => {
                debug_assert_eq!(topic, self.ids.len());
                self.ids.push(Topic {
                    id: self.file.add_topic(&name, &type_name, &definition)?,
                    has_header: schema::starts_with_header(&definition),
                });
            }
            Heard::Message {
                topic,
                wall_ns,
                simulated_ns,
                cdr,
            } => {
                let message = Waiting { topic, cdr };
                let ready = self
                    .clock
                    .stamp(message, wall_ns, simulated_ns, Instant::now());
                for (time_ns, message) in ready {
                    self.write(time_ns, &message)?;
                }
            }
        }
        Ok(())
    }

    fn write(&mut self, time_ns: i64, message: &Waiting) -> anyhow::Result<()> {
        let Some(topic) = self.ids.get(message.topic) else {
            return Ok(());
        };
        let sent_ns = topic
            .has_header
            .then(|| schema::first_stamp_ns(&message.cdr));
        let sent_ns = sent_ns.flatten().unwrap_or(time_ns);
        self.file.write(topic.id, time_ns, sent_ns, &message.cdr)
    }

    fn finish(mut self) -> anyhow::Result<u64> {
        for (time_ns, message) in self.clock.release() {
            self.write(time_ns, &message)?;
        }
        let clock = if self.clock.is_wall() {
            "system"
        } else {
            "simulated"
        };
        let facts = [("clock".to_owned(), clock.to_owned())];
        self.file
            .write_metadata("physical_ai_clock", facts.into())?;
        self.file.finish()
    }
}
