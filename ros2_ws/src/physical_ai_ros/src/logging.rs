//! `tracing` events on the console (one line each) and on `/rosout`.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

use crate::Error;

/// Records that wait for the spin thread; more are dropped rather than blocking a control tick.
const QUEUE: usize = 1024;

pub(crate) struct Record {
    pub(crate) level: u8,
    pub(crate) text: String,
    pub(crate) file: String,
    pub(crate) line: u32,
}

struct RosoutLayer {
    sender: SyncSender<Record>,
}

#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let result = if field.name() == "message" {
            write!(self.0, "{value:?}")
        } else {
            write!(self.0, " {}={value:?}", field.name())
        };
        debug_assert!(result.is_ok(), "writing to a string cannot fail");
    }
}

impl<S: Subscriber> Layer<S> for RosoutLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let metadata = event.metadata();
        let level = match *metadata.level() {
            Level::ERROR => 40,
            Level::WARN => 30,
            Level::INFO => 20,
            Level::DEBUG | Level::TRACE => 10,
        };
        // A full queue means a flood; the console still has every line.
        let _ = self.sender.try_send(Record {
            level,
            text: text.0,
            file: metadata.file().unwrap_or_default().to_owned(),
            line: metadata.line().unwrap_or_default(),
        });
    }
}

type Filter = reload::Handle<EnvFilter, Registry>;

static FILTER: OnceLock<Filter> = OnceLock::new();

const LEVELS: [&str; 5] = ["trace", "debug", "info", "warn", "error"];

/// Checks the name of a level.
pub(crate) fn check_level(level: &str) -> Result<(), Error> {
    if LEVELS.contains(&level) {
        return Ok(());
    }
    Err(Error::Parameter {
        name: "log_level".to_owned(),
        problem: format!("{level:?} is no level; known are {}", LEVELS.join(", ")),
    })
}

/// The level that ROS's tools mean; they know two names that tracing does not.
pub(crate) fn level_from_ros(level: &str) -> String {
    match level.to_lowercase().as_str() {
        "warning" => "warn".to_owned(),
        "fatal" => "error".to_owned(),
        other => other.to_owned(),
    }
}

fn filter(level: &str) -> EnvFilter {
    EnvFilter::try_new(format!("{level},r2r=warn")).unwrap_or_else(|_| EnvFilter::new("info"))
}

/// Installs console and rosout layers once per process; later calls get no records.
pub(crate) fn install(level: &str) -> Receiver<Record> {
    let (sender, receiver) = sync_channel(QUEUE);
    FILTER.get_or_init(|| {
        let (filter, handle) = reload::Layer::new(filter(level));
        let console = fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .compact();
        // Fails only if the program has its own subscriber, which then stays.
        let _ = tracing_subscriber::registry()
            .with(filter)
            .with(console)
            .with(RosoutLayer { sender })
            .try_init();
        handle
    });
    receiver
}

/// Changes the level of a running process.
pub(crate) fn set_level(level: &str) {
    if let Some(handle) = FILTER.get()
        && let Err(error) = handle.reload(filter(level))
    {
        tracing::error!("log level unchanged: {error}");
    }
}
