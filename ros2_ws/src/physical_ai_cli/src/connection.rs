//! The command line's ROS client, and waits that end with advice.

mod reach;

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use physical_ai_ros::msg::Service;
use physical_ai_ros::{Client, Error};

use crate::arguments::Global;
use crate::environment;
use crate::supervisor::State;

/// How long to wait for a suite that may still be starting or not be discovered yet.
pub const DISCOVERY: Duration = Duration::from_secs(5);

/// How long to wait for one that is there: on a busy machine discovery and answers take their time.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at what shows that there is a suite.
const LOOK: Duration = Duration::from_millis(250);

/// Looks that a machine with time to spare gets done within [`DISCOVERY`].
const FEWEST_LOOKS: u32 = 10;

/// Nobody there, or not any more. The command ends with [`EXIT_NOBODY`].
#[derive(Debug)]
pub struct Nobody(pub String);

/// Exit code where nobody answers.
pub const EXIT_NOBODY: u8 = 3;

impl fmt::Display for Nobody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Nobody {}

/// Starts a ROS client in the namespace of the suite. Where the machine runs more processes of the domain
/// than find each other, it waits until one of them ends.
///
/// # Errors
/// When ROS cannot be reached; [`Nobody`] where there are too many processes for too long.
pub fn connect(global: &Global) -> anyhow::Result<Client> {
    let began = Instant::now();
    let name = format!("physical_ai_cli_{}", std::process::id());
    loop {
        if reach::has_room() {
            let client = Client::connect(&name, &global.namespace)
                .context("ROS cannot be reached; `physical-ai doctor` says why")?;
            if !reach::is_out_of_reach() {
                return Ok(client);
            }
        }
        if began.elapsed() >= PATIENCE {
            return Err(Nobody(format!(
                "more than {called} processes of ROS domain {domain} run on this machine, and with \
                 ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST only the first {called} find each other; none of them \
                 ended within {wait} s: run fewer at once, or unset the variable",
                called = reach::CALLED,
                domain = environment::domain_id(),
                wait = PATIENCE.as_secs()
            ))
            .into());
        }
        // Those that came together do not come back together.
        let spread = Duration::from_millis(u64::from(std::process::id() % 32) * 60);
        std::thread::sleep(LOOK + spread);
    }
}

/// Waits until `service` of `who` is there: five seconds where nothing shows that a suite runs, longer
/// where something does, or where this process hardly gets to run itself.
///
/// # Errors
/// [`Nobody`], with what was seen.
pub async fn wait_for<S: Service + 'static>(
    global: &Global,
    client: &Client,
    service: &str,
    who: &str,
) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut looks = 0;
    loop {
        match client.wait_for_service::<S>(service, LOOK).await {
            Ok(()) => return Ok(()),
            Err(Error::Timeout { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        looks += 1;
        let waited = began.elapsed();
        if waited < DISCOVERY {
            continue;
        }
        let sign = sign_of_suite(global, client).await?;
        let is_starved = looks < FEWEST_LOOKS || is_overloaded(2);
        if sign.is_none() && !is_starved {
            return Err(nobody(global, who));
        }
        if waited >= PATIENCE {
            let place = environment::place_of_suite(global);
            let sign = sign.unwrap_or_else(|| "that says little on a busy machine".to_owned());
            return Err(Nobody(format!(
                "the {who} in {place} did not appear within {} s, although {sign}; load average {}: \
                 wait until this machine is less busy, or see `physical-ai doctor`",
                PATIENCE.as_secs(),
                load_average()
            ))
            .into());
        }
    }
}

/// What shows that a suite runs, although not all of it is discovered yet.
async fn sign_of_suite(global: &Global, client: &Client) -> anyhow::Result<Option<String>> {
    if let Some(state) = State::load_running(&environment::state_file(global)) {
        return Ok(Some(format!(
            "`physical-ai up` (process {}) runs it here",
            state.pid
        )));
    }
    let seen = client
        .with_context(|context| {
            let ours = ["missions", "workers", "worker_status"];
            let topics = context.topics();
            ours.into_iter()
                .map(|name| context.resolve(name))
                .find(|topic| topics.contains_key(topic) && context.offered(topic).is_some())
        })
        .await?;
    Ok(seen.map(|topic| format!("topic {topic} of its suite is there")))
}

/// True if more than `per_core` programs want to run on each core now: nothing is heard in time then.
pub fn is_overloaded(per_core: usize) -> bool {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let running = text.split([' ', '/']).nth(3).and_then(|n| n.parse().ok());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    running.is_some_and(|running: usize| running > per_core * cores)
}

fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = text.split_whitespace().next().unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{load} on {cores} cores")
}

/// The error for somebody who does not answer, with what to do about it.
pub fn nobody(global: &Global, who: &str) -> anyhow::Error {
    Nobody(format!(
        "no {who} in {}: is the suite running? Start it with `physical-ai up`, or name another one \
         with --namespace and --domain-id",
        environment::place_of_suite(global)
    ))
    .into()
}

/// Explains a time-out as the absence of `who`.
pub fn explain(global: &Global, who: &str, error: Error) -> anyhow::Error {
    match error {
        Error::Timeout { .. } => nobody(global, who),
        error => error.into(),
    }
}
