//! `up`: a deployment's nodes start in order, come back when they die, and stop together.

mod printer;
mod pulse;
mod readiness;
mod roster;

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use physical_ai_description::PACKAGE_PATH_VARIABLE;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::arguments::{Global, UpArguments};
use crate::deployment::Deployment;
use crate::environment;
use crate::supervisor::{Backoff, Event, EventKind, Launch, State, StopLevel, supervise};

use printer::Printer;
use readiness::Readiness;
use roster::Roster;

/// Runs a deployment until it is stopped.
pub async fn run(global: &Global, options: &UpArguments) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::try_new()?;
    let path = environment::deployment(options.deployment.as_deref())?;
    let mut deployment = Deployment::load(&path)?;
    for assignment in &options.set {
        deployment.set(assignment)?;
    }
    let launches = launches(&deployment, global, &options.package_path)?;
    let _lock = claim(global, options)?;
    let mut up = Up::new(global, options, &deployment, launches);
    up.save();
    let failed = up.supervise_all(&mut signals).await;
    // A file that is gone already tells the same.
    let _ = std::fs::remove_file(&up.state_file);
    up.printer.stopped(failed.as_deref());
    Ok(match failed {
        None => ExitCode::SUCCESS,
        Some(_) => ExitCode::FAILURE,
    })
}

/// Everything needed to start each node; all executables are found before anything starts.
fn launches(
    deployment: &Deployment,
    global: &Global,
    package_path: &[PathBuf],
) -> anyhow::Result<Vec<Launch>> {
    let packages = package_folders(package_path)?;
    deployment
        .nodes
        .iter()
        .map(|node| {
            let executable = if node.executable.contains('/') {
                deployment.root.join(&node.executable).display().to_string()
            } else {
                node.executable.clone()
            };
            let program = environment::find_executable(&node.package, &executable)
                .with_context(|| format!("node {}", node.name))?;
            Ok(Launch {
                name: node.name.clone(),
                program: std::path::absolute(program)?,
                arguments: node.arguments(&global.namespace),
                environment: packages.iter().cloned().chain(node.env.clone()).collect(),
                folder: deployment.root.clone(),
            })
        })
        .collect()
}

/// What tells nodes where packages are: these folders before those that the environment names.
fn package_folders(package_path: &[PathBuf]) -> anyhow::Result<Option<(String, String)>> {
    if package_path.is_empty() {
        return Ok(None);
    }
    let known = std::env::var_os(PACKAGE_PATH_VARIABLE).unwrap_or_default();
    let mut folders = Vec::new();
    for folder in package_path {
        folders.push(std::path::absolute(folder)?);
    }
    folders.extend(std::env::split_paths(&known));
    let joined = std::env::join_paths(folders).context("--package-path")?;
    let joined = joined.into_string().map_err(|path| {
        anyhow::anyhow!("--package-path {}: is no UTF-8", Path::new(&path).display())
    })?;
    Ok(Some((PACKAGE_PATH_VARIABLE.to_owned(), joined)))
}

/// Folders of packages that nodes look into, beside those of the ROS environment.
fn package_path(launches: &[Launch]) -> Vec<PathBuf> {
    let of_node = |launch: &Launch| {
        let mut variables = launch.environment.iter().rev();
        let found = variables.find(|(name, _)| name == PACKAGE_PATH_VARIABLE);
        found.map(|(_, folders)| folders.into())
    };
    let folders = launches.iter().find_map(of_node);
    let folders = folders.or_else(|| std::env::var_os(PACKAGE_PATH_VARIABLE));
    folders.map_or_else(Vec::new, |f| std::env::split_paths(&f).collect())
}

/// Refuses a second deployment in one domain and namespace. The lock ends with this process, however
/// it ends, so nothing stale stays behind.
fn claim(global: &Global, options: &UpArguments) -> anyhow::Result<File> {
    let usual = environment::state_file(global);
    let path = usual.with_extension("lock");
    let lock = std::fs::create_dir_all(environment::runtime_folder())
        .and_then(|()| File::create(&path))
        .with_context(|| format!("lock file {} cannot be made", path.display()))?;
    if let Err(error) = lock.try_lock() {
        let candidates = [options.state_file.as_deref(), Some(usual.as_path())];
        let by = candidates
            .into_iter()
            .flatten()
            .find_map(State::load_running)
            .map_or_else(
                || format!("{} is locked: {error}", path.display()),
                |s| format!("process {} runs {}", s.pid, s.deployment.display()),
            );
        bail!(
            "a deployment runs already in {} ({by}): stop it, or use another --namespace or --domain-id",
            environment::place_of_suite(global)
        );
    }
    Ok(lock)
}

/// Requests of the user to stop.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn try_new() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

struct Up {
    state: State,
    state_file: PathBuf,
    roster: Roster,
    launches: Vec<Launch>,
    backoffs: Vec<Backoff>,
    stops: HashMap<usize, watch::Sender<StopLevel>>,
    /// Per node the process that has to be killed because it does not get on.
    dooms: HashMap<usize, watch::Sender<u32>>,
    /// How long each may not get on.
    limits: Vec<Duration>,
    readiness: Readiness,
    watches: HashMap<String, JoinHandle<()>>,
    events: mpsc::UnboundedSender<Event>,
    happened: mpsc::UnboundedReceiver<Event>,
    printer: Printer,
    began: Instant,
    stopping: bool,
    announced: bool,
}

impl Up {
    fn new(
        global: &Global,
        options: &UpArguments,
        deployment: &Deployment,
        launches: Vec<Launch>,
    ) -> Self {
        let (events, happened) = mpsc::unbounded_channel();
        let roster = Roster::new(&deployment.nodes);
        let within = |parameter| {
            let path = deployment.text_parameter(parameter);
            path.map_or_else(PathBuf::new, |p| deployment.root.join(p))
        };
        let state = State {
            pid: std::process::id(),
            deployment: absolute(&deployment.path),
            namespace: global.namespace.clone(),
            domain_id: environment::domain_id(),
            root: deployment.root.clone(),
            world_file: within("world_file"),
            model_folder: within("model_folder"),
            package_path: package_path(&launches),
            nodes: roster.states(),
        };
        Self {
            state,
            state_file: options
                .state_file
                .clone()
                .unwrap_or_else(|| environment::state_file(global)),
            backoffs: deployment
                .nodes
                .iter()
                .map(|n| Backoff::new(deployment.restart, n.restart))
                .collect(),
            roster,
            launches,
            stops: HashMap::new(),
            dooms: HashMap::new(),
            limits: deployment
                .nodes
                .iter()
                .map(|n| {
                    Duration::from_secs_f64(
                        n.stuck_after_s.unwrap_or(deployment.restart.stuck_after_s),
                    )
                })
                .collect(),
            readiness: Readiness::new(global, events.clone()),
            watches: HashMap::new(),
            events,
            happened,
            printer: Printer::new(global.json),
            began: Instant::now(),
            stopping: false,
            announced: false,
        }
    }

    /// Returns why the deployment failed, or none after a clean stop.
    async fn supervise_all(&mut self, signals: &mut Signals) -> Option<String> {
        let mut failed = None;
        let mut interrupts = 0;
        loop {
            if self.stopping {
                self.stop_next();
            } else {
                self.start_next();
            }
            if self.roster.is_over() {
                return failed;
            }
            tokio::select! {
                event = self.happened.recv() => {
                    let Some(event) = event else { return failed };
                    self.take(&event);
                }
                () = signals.next() => {
                    interrupts += 1;
                    if interrupts > 1 {
                        self.printer.note("killing all nodes");
                        self.kill_all();
                    } else {
                        self.printer.note("stopping; once more kills");
                    }
                    self.begin_stop();
                }
            }
            if let Some(reason) = self.roster.failure()
                && failed.is_none()
            {
                self.printer.note(&format!("{reason}: stopping all nodes"));
                failed = Some(reason);
                self.begin_stop();
            }
        }
    }

    fn start_next(&mut self) {
        for index in self.roster.take_startable() {
            let (Some(launch), Some(backoff)) =
                (self.launches.get(index), self.backoffs.get(index))
            else {
                continue;
            };
            let (stop, stopped) = watch::channel(StopLevel::Run);
            self.stops.insert(index, stop);
            let (doom, doomed) = watch::channel(0);
            self.dooms.insert(index, doom);
            tokio::spawn(supervise(
                launch.clone(),
                backoff.clone(),
                stopped,
                doomed,
                self.events.clone(),
            ));
        }
    }

    fn begin_stop(&mut self) {
        if !self.stopping {
            self.stopping = true;
            self.roster.abandon_waiting();
            self.readiness.rest();
        }
    }

    /// Stops the nodes on which no running node depends.
    fn stop_next(&mut self) {
        for index in self.roster.take_stoppable() {
            if let Some(stop) = self.stops.get(&index) {
                stop.send_modify(|level| *level = (*level).max(StopLevel::Stop));
            }
        }
    }

    fn kill_all(&mut self) {
        for stop in self.stops.values() {
            stop.send_replace(StopLevel::Kill);
        }
    }

    fn take(&mut self, event: &Event) {
        match event.kind {
            EventKind::Log { .. } => return self.printer.event(event),
            EventKind::Started { pid, .. } => {
                self.readiness.attend();
                let limit = self.index(&event.node).and_then(|i| self.limits.get(i));
                let limit = limit.copied().unwrap_or_default();
                let watch = self.readiness.watch(&event.node, pid, limit);
                self.watches.insert(event.node.clone(), watch);
            }
            EventKind::Exited { .. } => {
                if let Some(watch) = self.watches.remove(&event.node) {
                    watch.abort();
                }
            }
            EventKind::Stuck { pid, .. } if !self.stopping => {
                let doom = self.index(&event.node).and_then(|i| self.dooms.get(&i));
                if let Some(doom) = doom {
                    doom.send_replace(pid);
                }
            }
            _ => {}
        }
        if !self.roster.apply(event) {
            return;
        }
        // Saved first: who hears of the event and reads the state file finds it there.
        self.save();
        self.printer.event(event);
        if self.roster.is_all_ready() {
            self.readiness.relax();
            if !self.announced && !self.stopping {
                self.announced = true;
                self.printer
                    .ready(self.launches.len(), self.began.elapsed().as_secs_f64());
            }
        }
    }

    fn index(&self, node: &str) -> Option<usize> {
        self.launches.iter().position(|l| l.name == node)
    }

    fn save(&mut self) {
        self.state.nodes = self.roster.states();
        if let Err(error) = self.state.save(&self.state_file) {
            self.printer.note(&format!("{error:#}"));
        }
    }
}

fn absolute(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}
