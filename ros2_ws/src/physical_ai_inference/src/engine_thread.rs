//! The engine on a thread of its own, and the thread before it that reads requests.
//!
//! Requests go through both in the order in which they came, so that a slow schema never holds up
//! tokens, and the newest of a key stays the newest. What happens comes back over a channel that
//! never fills, so that no end is lost; the node is only told that there is something to fetch.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use physical_ai_llm::{
    EmbedRequest, Engine, Error, Event, FinishReason, Forward, Metrics, Request, RequestId,
    Timings, Usage,
};
use physical_ai_ros::msg::physical_ai_msgs::action::Generate;

use crate::refusal::Refusal;
use crate::request_reader::RequestReader;

/// A pass that runs is waited for so long at the end; the process does not wait longer to stop.
const PATIENCE: Duration = Duration::from_millis(500);
/// Until a pass that failed is tried again.
const RETRY: Duration = Duration::from_millis(100);
/// Requests that are taken between two passes, so that a flood does not stop those that run.
const TAKEN_AT_ONCE: usize = 64;

/// What a client asks for, as it came.
pub enum Ask {
    /// Text.
    Generate(Box<Generate::Goal>),
    /// A vector for each of these texts.
    Embed(Vec<String>),
}

/// What is to be done.
pub struct Job {
    /// Its name, above that of every job before.
    pub id: RequestId,
    /// What the client asks for.
    pub ask: Ask,
    /// When it ends, seconds of [`EngineThread::now_s`].
    pub deadline_s: Option<f64>,
}

/// What happened to a job.
#[derive(Debug)]
pub enum News {
    /// It will not run.
    Refused(RequestId, Refusal),
    /// What the engine says.
    Event(Event),
}

/// The engine's state after its last pass.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The engine's own numbers.
    pub metrics: Metrics,
    /// Tokens generated since the start, those of running sequences included.
    pub tokens: u64,
}

/// Says that there is news; false if it could not be said, so that it is tried again.
pub type Wake = Box<dyn Fn() -> bool + Send + Sync>;

enum Command {
    Submit(Box<Request>),
    Embed(EmbedRequest),
    Cancel(RequestId),
}

struct Shared {
    origin: Instant,
    stop: AtomicBool,
    /// The node was told of news that it has not fetched.
    told: AtomicBool,
    snapshot: Mutex<Snapshot>,
    wake: Wake,
}

impl Shared {
    fn now_s(&self) -> f64 {
        self.origin.elapsed().as_secs_f64()
    }

    fn stops(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn tell(&self) {
        if !self.told.swap(true, Ordering::AcqRel) && !(self.wake)() {
            self.told.store(false, Ordering::Release);
        }
    }
}

/// A running engine; dropping it ends its threads.
pub struct EngineThread {
    jobs: Option<Sender<Job>>,
    commands: Option<Sender<Command>>,
    news: Receiver<News>,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl EngineThread {
    /// Starts the threads.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start<F: Forward + Send + 'static>(
        engine: Engine<F>,
        reader: RequestReader,
        wake: Wake,
    ) -> std::io::Result<Self> {
        let snapshot = Snapshot {
            metrics: engine.metrics(),
            tokens: 0,
        };
        let shared = Arc::new(Shared {
            origin: Instant::now(),
            stop: AtomicBool::new(false),
            told: AtomicBool::new(false),
            snapshot: Mutex::new(snapshot),
            wake,
        });
        let (job_sender, jobs) = channel();
        let (command_sender, commands) = channel();
        let (news_sender, news) = channel();
        let mut this = Self {
            jobs: Some(job_sender),
            commands: Some(command_sender.clone()),
            news,
            shared: Arc::clone(&shared),
            threads: Vec::new(),
        };
        let mut runner = Runner {
            engine,
            commands,
            news: news_sender.clone(),
            shared: Arc::clone(&shared),
            submitted: None,
            cancelled_early: BTreeSet::new(),
            tokens: 0,
        };
        let builder = |name: &str| std::thread::Builder::new().name(name.to_owned());
        this.threads
            .push(builder("engine").spawn(move || runner.run())?);
        let read = move || read_jobs(reader, &jobs, &command_sender, &news_sender, &shared);
        this.threads.push(builder("requests").spawn(read)?);
        Ok(this)
    }

    /// Seconds of the clock that deadlines are of.
    pub fn now_s(&self) -> f64 {
        self.shared.now_s()
    }

    /// Hands a job over; false if the engine has ended.
    pub fn submit(&self, job: Job) -> bool {
        self.is_alive() && self.jobs.as_ref().is_some_and(|s| s.send(job).is_ok())
    }

    /// Ends a job before its next token; its last news comes all the same.
    pub fn cancel(&self, id: RequestId) {
        if let Some(commands) = &self.commands
            && commands.send(Command::Cancel(id)).is_err()
        {
            tracing::debug!(id = id.0, "the engine has ended; nothing to cancel");
        }
    }

    /// What happened since the last call.
    pub fn take_news(&self) -> Vec<News> {
        // First, so that what comes from now on is told again.
        self.shared.told.store(false, Ordering::Release);
        self.news.try_iter().collect()
    }

    /// The engine's state.
    pub fn snapshot(&self) -> Snapshot {
        let snapshot = self.shared.snapshot.lock();
        snapshot.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// False once a defect has ended a thread.
    pub fn is_alive(&self) -> bool {
        self.threads.iter().all(|thread| !thread.is_finished())
    }
}

impl Drop for EngineThread {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.jobs = None;
        self.commands = None;
        let end = Instant::now() + PATIENCE;
        for thread in self.threads.drain(..) {
            while !thread.is_finished() && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(1));
            }
            // A long pass goes on by itself and ends with the process, or finds that it has to stop.
            if thread.is_finished() && thread.join().is_err() {
                tracing::error!("a thread of the engine has panicked");
            }
        }
    }
}

/// Reads jobs until there are no more.
fn read_jobs(
    mut reader: RequestReader,
    jobs: &Receiver<Job>,
    commands: &Sender<Command>,
    news: &Sender<News>,
    shared: &Shared,
) {
    while let Ok(job) = jobs.recv() {
        if shared.stops() {
            return;
        }
        let id = job.id;
        let command = match job.ask {
            Ask::Generate(goal) => reader
                .read(id, *goal, job.deadline_s)
                .map(|request| Command::Submit(Box::new(request))),
            Ask::Embed(texts) => reader
                .read_texts(id, &texts, job.deadline_s)
                .map(Command::Embed),
        };
        let told = match command {
            Ok(command) => commands.send(command).is_ok(),
            Err(refusal) => {
                let sent = news.send(News::Refused(id, refusal)).is_ok();
                shared.tell();
                sent
            }
        };
        if !told {
            return;
        }
    }
}

/// What the engine's thread has.
struct Runner<F> {
    engine: Engine<F>,
    commands: Receiver<Command>,
    news: Sender<News>,
    shared: Arc<Shared>,
    /// The newest job that came; jobs come in the order of their names.
    submitted: Option<RequestId>,
    /// Jobs that were cancelled while they were still being read.
    cancelled_early: BTreeSet<RequestId>,
    tokens: u64,
}

impl<F: Forward> Runner<F> {
    fn run(&mut self) {
        while !self.shared.stops() {
            if self.engine.is_idle() {
                match self.commands.recv() {
                    Ok(command) => self.take(command),
                    Err(_) => return,
                }
            }
            for _ in 0..TAKEN_AT_ONCE {
                match self.commands.try_recv() {
                    Ok(command) => self.take(command),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            if !self.step() && self.pause() {
                return;
            }
        }
    }

    /// One pass; false if it failed.
    fn step(&mut self) -> bool {
        let shared = Arc::clone(&self.shared);
        let stepped = self.engine.step(&|| shared.now_s());
        let is_well = match stepped {
            Ok(events) => {
                for event in events {
                    self.tokens += u64::from(matches!(event, Event::Token { .. }));
                    self.say(News::Event(event));
                }
                true
            }
            Err(error) => {
                tracing::error!("a pass failed and is tried again: {error}");
                false
            }
        };
        let snapshot = Snapshot {
            metrics: self.engine.metrics(),
            tokens: self.tokens,
        };
        *shared
            .snapshot
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = snapshot;
        shared.tell();
        is_well
    }

    /// Waits before a pass is tried again; true if there is nobody left to try it for.
    fn pause(&mut self) -> bool {
        match self.commands.recv_timeout(RETRY) {
            Ok(command) => self.take(command),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return true,
        }
        false
    }

    fn take(&mut self, command: Command) {
        let now_s = self.shared.now_s();
        match command {
            Command::Submit(request) => {
                self.submit(request.id, |engine| engine.submit(now_s, *request));
            }
            Command::Embed(request) => {
                self.submit(request.id, |engine| engine.embed(now_s, request));
            }
            Command::Cancel(id) => {
                if !self.engine.cancel(now_s, id) && self.submitted.is_none_or(|last| last < id) {
                    self.cancelled_early.insert(id);
                }
            }
        }
    }

    fn submit(&mut self, id: RequestId, submit: impl FnOnce(&mut Engine<F>) -> Result<(), Error>) {
        self.submitted = Some(id);
        let cancelled = self.cancelled_early.contains(&id);
        // Names only grow: what is older was refused when it was read.
        self.cancelled_early.retain(|early| *early > id);
        if cancelled {
            self.say(News::Event(cancelled_unread(id)));
        } else if let Err(error) = submit(&mut self.engine) {
            self.say(News::Refused(id, error.into()));
        }
        self.shared.tell();
    }

    fn say(&self, news: News) {
        // The node drops its end only when it stops: nobody waits any more.
        if self.news.send(news).is_err() {
            self.shared.stop.store(true, Ordering::Relaxed);
        }
    }
}

fn cancelled_unread(id: RequestId) -> Event {
    Event::Finished {
        id,
        reason: FinishReason::Cancelled,
        text_tail: String::new(),
        usage: Usage::default(),
        timings: Timings::default(),
    }
}

#[cfg(test)]
mod tests;
