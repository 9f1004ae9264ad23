mod parameter_services;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use r2r::diagnostic_msgs::msg::{DiagnosticArray, DiagnosticStatus, KeyValue};
use r2r::lifecycle_msgs::{msg::TransitionEvent, srv as lifecycle_srv};
use r2r::rcl_interfaces::msg as rcl;
use r2r::rosgraph_msgs::msg::Clock;
use r2r::std_msgs::msg::Header;

use crate::clock::{RosClock, time_from_msg, time_to_msg};
use crate::context::{Event, Keep, Poller};
use crate::lifecycle::{State, TRANSITIONS, Transition};
use crate::logging::Record;
use crate::parameters::StandardParameters;
use crate::services::{NodeServices, answer, take};
use crate::{Application, Arguments, Context, Diagnostic, Error, Level, Parameters, Qos};

/// A configuration that cannot work: a supervisor must not restart it.
const EXIT_BAD_CONFIGURATION: u8 = 2;
/// How long a node that goes may take to answer those who still wait.
const LAST_REPLIES: Duration = Duration::from_secs(1);
const DIAGNOSTICS_PERIOD: Duration = Duration::from_secs(1);
/// Two publishers of /clock make it jump with each message; a line now and then is enough for people.
const JUMP_WARNING_PERIOD: Duration = Duration::from_secs(5);

/// Runs a node until SIGINT, SIGTERM or a shutdown transition.
///
/// Reads `--ros-args` (parameters, parameter files, remappings), `--help`, `--version` and
/// `--print-parameters`. Exit code 0 after a clean stop, 2 for arguments or a configuration that
/// cannot work, 1 for anything else.
pub fn run<A: Application>(default_node_name: &str) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(code) = answer_information::<A>(default_node_name, &arguments) {
        return code;
    }
    match Executor::<A>::try_new(default_node_name, &arguments) {
        Ok(executor) => executor.run(),
        Err(error) => {
            eprintln!("{default_node_name}: {error}");
            ExitCode::from(EXIT_BAD_CONFIGURATION)
        }
    }
}

fn answer_information<A: Application>(name: &str, arguments: &[String]) -> Option<ExitCode> {
    let has = |flag: &str| arguments.iter().any(|a| a == flag);
    let defaults = A::Parameters::default();
    if has("--help") || has("-h") {
        println!("{name}: {}\n", A::DESCRIPTION);
        println!("usage: {name} [--help] [--version] [--print-parameters] [--ros-args …]\n");
        println!("parameters (set with -p name:=value or --params-file FILE after --ros-args):");
        for d in StandardParameters::descriptors()
            .into_iter()
            .chain(A::Parameters::descriptors())
        {
            let value = defaults
                .get(d.name)
                .or_else(|| StandardParameters::default().get(d.name));
            println!(
                "  {} ({}, default {})",
                d.name,
                d.type_name,
                value.map_or_else(String::new, |v| v.to_yaml())
            );
            let range = d
                .range
                .map_or_else(String::new, |(l, h)| format!(" From {l} to {h}."));
            println!("      {}{range}", d.description);
        }
        return Some(ExitCode::SUCCESS);
    }
    if has("--version") {
        println!("{name} {}", env!("CARGO_PKG_VERSION"));
        return Some(ExitCode::SUCCESS);
    }
    if has("--print-parameters") {
        println!("{name}:\n  ros__parameters:");
        for d in A::Parameters::descriptors() {
            let value = defaults
                .get(d.name)
                .map_or_else(String::new, |v| v.to_yaml());
            println!("    # {}\n    {}: {value}", d.description, d.name);
        }
        return Some(ExitCode::SUCCESS);
    }
    None
}

/// Creates the r2r node. r2r panics on arguments that rcl refuses; here that is an error.
pub(crate) fn create_node(arguments: &Arguments) -> Result<r2r::Node, Error> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let context = std::panic::catch_unwind(r2r::Context::create);
    std::panic::set_hook(hook);
    let context = context
        .map_err(|panic| {
            let reason = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            Error::Arguments(format!("ROS refuses the command line: {reason}"))
        })?
        .map_err(|e| Error::ros("context", &arguments.node_name, e))?;
    r2r::Node::create(context, &arguments.node_name, &arguments.namespace)
        .map_err(|e| Error::ros("node", &arguments.node_name, e))
}

struct Executor<A: Application> {
    context: Context<A>,
    events: Receiver<Event<A>>,
    app: Option<A>,
    pollers: Vec<Poller<A>>,
    services: NodeServices,
    state: State,
    standard: StandardParameters,
    parameters: A::Parameters,
    clock: Option<Box<dyn futures::Stream<Item = Clock> + Unpin>>,
    log: Receiver<Record>,
    rosout: r2r::Publisher<rcl::Log>,
    diagnostics: r2r::Publisher<DiagnosticArray>,
    last_diagnostics: Instant,
    last_jump_warning: Option<Instant>,
    last_error: Option<String>,
    stop: Arc<AtomicBool>,
}

impl<A: Application> Executor<A> {
    fn try_new(default_node_name: &str, arguments: &[String]) -> Result<Self, Error> {
        let arguments = Arguments::parse(default_node_name, arguments)?;
        let (standard, parameters) = arguments.load::<A::Parameters>()?;
        crate::logging::check_level(&standard.log_level)?;
        let log = crate::logging::install(&standard.log_level);
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register(signal, stop.clone())
                .map_err(|e| Error::Arguments(format!("cannot handle signals: {e}")))?;
        }
        let mut node = create_node(&arguments)?;
        let services = NodeServices::try_new(&mut node)?;
        let clock = if standard.use_sim_time {
            let stream = node
                .subscribe::<Clock>("/clock", Qos::clock().0)
                .map_err(|e| Error::ros("subscription", "/clock", e))?;
            Some(Box::new(stream) as Box<_>)
        } else {
            None
        };
        let rosout = node
            .create_publisher("/rosout", Qos::rosout().0)
            .map_err(|e| Error::ros("publisher", "/rosout", e))?;
        let diagnostics = node
            .create_publisher("/diagnostics", Qos::standard().0)
            .map_err(|e| Error::ros("publisher", "/diagnostics", e))?;
        let (context, events) = Context::new(node, RosClock::new(standard.use_sim_time));
        Ok(Self {
            context,
            events,
            app: None,
            pollers: Vec::new(),
            services,
            state: State::Unconfigured,
            standard,
            parameters,
            clock,
            log,
            rosout,
            diagnostics,
            last_diagnostics: Instant::now(),
            last_jump_warning: None,
            last_error: None,
            stop,
        })
    }

    fn run(mut self) -> ExitCode {
        self.announce_parameters();
        if self.standard.autostart {
            for label in ["configure", "activate"] {
                if let Err(error) = self.transition_by_label(label) {
                    tracing::error!("{label} failed: {error}");
                    self.finish();
                    return ExitCode::from(EXIT_BAD_CONFIGURATION);
                }
            }
        }
        while !self.stop.load(Ordering::Relaxed)
            && !self.context.stop_requested
            && self.state != State::Finalized
        {
            self.turn();
        }
        self.finish();
        ExitCode::SUCCESS
    }

    /// Brings the application to rest, lets its last messages out and drops everything in an order
    /// in which no entity outlives its node.
    fn finish(&mut self) {
        if self.state == State::Active {
            self.come_to_rest();
        }
        if let Some(app) = self.app.as_mut() {
            app.shutdown(&mut self.context);
        }
        self.context.active = false;
        // Goals that still run are aborted by this, and their clients are told.
        self.drop_application();
        self.publish_log();
        let until = Instant::now() + Duration::from_millis(50);
        while Instant::now() < until {
            self.context.node.spin_once(Duration::from_millis(5));
        }
    }

    fn drop_application(&mut self) {
        self.app = None;
        // The last answers are paced, too.
        let until = Instant::now() + LAST_REPLIES;
        while !self.context.send_outgoing() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.context.outgoing.clear();
        self.pollers.clear();
        self.context.new_pollers.clear();
        self.context.timers.clear();
    }

    fn turn(&mut self) {
        self.context.node.spin_once(self.spin_timeout());
        self.take_clock();
        self.run_pollers();
        self.run_events();
        self.run_timers();
        self.context.send_outgoing();
        self.serve_lifecycle();
        self.serve_parameter_questions();
        self.serve_parameter_changes();
        self.publish_diagnostics();
        self.publish_log();
    }

    fn spin_timeout(&self) -> Duration {
        let now = Instant::now();
        self.context
            .timers
            .iter()
            .filter_map(|t| t.wait(now))
            .fold(self.context.spin_timeout, Duration::min)
    }

    fn take_clock(&mut self) {
        use futures::{FutureExt, StreamExt};
        let Some(stream) = self.clock.as_mut() else {
            return;
        };
        let mut jumped = false;
        while let Some(Some(clock)) = stream.next().now_or_never() {
            let time = time_from_msg(&clock.clock);
            jumped |= self.context.clock.set_simulated(time);
        }
        let is_due = self
            .last_jump_warning
            .is_none_or(|at| at.elapsed() > JUMP_WARNING_PERIOD);
        if jumped && is_due {
            self.last_jump_warning = Some(Instant::now());
            if let Some((from, to)) = self.context.clock.last_jump() {
                let (from_s, to_s, jumps) =
                    (from.seconds(), to.seconds(), self.context.clock.jumps());
                tracing::warn!(
                    jumps,
                    "/clock went back from {from_s:.3} s to {to_s:.3} s: timers start anew"
                );
            }
        }
    }

    /// Simulated time, if the node lives in it.
    fn clock_diagnostic(&self) -> Option<Diagnostic> {
        let clock = &self.context.clock;
        let health = if clock.is_known() {
            Diagnostic::new("clock", Level::Ok, "simulated")
        } else {
            let text = "no /clock yet: nothing that is measured in ROS time begins";
            Diagnostic::new("clock", Level::Stale, text)
        };
        clock
            .is_simulated()
            .then(|| health.with("jumps_back", clock.jumps()))
    }

    fn run_pollers(&mut self) {
        let Some(app) = self.app.as_mut() else { return };
        let context = &mut self.context;
        self.pollers.append(&mut context.new_pollers);
        self.pollers
            .retain_mut(|poll| poll(app, context) == Keep::Yes);
        self.pollers.append(&mut context.new_pollers);
    }

    fn run_events(&mut self) {
        let Some(app) = self.app.as_mut() else { return };
        while let Ok(event) = self.events.try_recv() {
            event(app, &mut self.context);
        }
    }

    fn run_timers(&mut self) {
        let Some(app) = self.app.as_mut() else { return };
        let mut timers = std::mem::take(&mut self.context.timers);
        let steady = Instant::now();
        for timer in &mut timers {
            if !timer.is_cancelled() && timer.take_due(steady, &self.context.clock) {
                timer.run(app, &mut self.context);
            }
        }
        timers.retain(|t| !t.is_cancelled());
        // Timers made by a timer's callback come after those that exist.
        timers.append(&mut self.context.timers);
        self.context.timers = timers;
    }

    fn transition_by_label(&mut self, label: &str) -> Result<(), Error> {
        let transition = TRANSITIONS
            .into_iter()
            .find(|t| t.label == label && t.from == self.state)
            .ok_or_else(|| Error::application(format!("no transition {label} from here")))?;
        self.transition(transition)
    }

    /// Runs a transition. One that fails leaves the node unconfigured, with nothing half made.
    fn transition(&mut self, transition: Transition) -> Result<(), Error> {
        let result = self.run_transition(transition);
        let reached = match &result {
            Ok(()) => transition.to,
            Err(_) if transition.to == State::Finalized => State::Finalized,
            Err(_) => State::Unconfigured,
        };
        if result.is_err() && reached == State::Unconfigured {
            self.come_to_rest();
            self.drop_application();
        }
        self.last_error = result.as_ref().err().map(ToString::to_string);
        if reached != self.state {
            tracing::info!("{} → {}", self.state.label(), reached.label());
        }
        self.state = reached;
        let event = TransitionEvent {
            timestamp: self.context.now().nanoseconds().max(0) as u64,
            transition: transition.to_msg(),
            start_state: transition.from.to_msg(),
            goal_state: reached.to_msg(),
        };
        if let Err(error) = self.services.transition_event.publish(&event) {
            tracing::debug!(%error, "transition event not published");
        }
        self.context.active = self.state == State::Active;
        self.context.request_diagnostics_update();
        result
    }

    /// The safe state, as well as the application can still reach it.
    fn come_to_rest(&mut self) {
        if let Some(app) = self.app.as_mut()
            && let Err(error) = app.deactivate(&mut self.context)
        {
            tracing::error!("deactivate failed: {error}");
        }
    }

    fn run_transition(&mut self, transition: Transition) -> Result<(), Error> {
        let context = &mut self.context;
        match (transition.to, self.app.as_mut()) {
            (State::Inactive, None) => self.app = Some(A::configure(context, &self.parameters)?),
            (State::Inactive, Some(app)) => app.deactivate(context)?,
            (State::Active, Some(app)) => app.activate(context)?,
            (State::Finalized, Some(app)) if self.state == State::Active => {
                app.deactivate(context)?;
            }
            (State::Unconfigured, Some(_)) => self.drop_application(),
            _ => {}
        }
        Ok(())
    }

    fn serve_lifecycle(&mut self) {
        while let Some(request) = take(&mut self.services.change_state) {
            let found = Transition::find(self.state, &request.message.transition);
            let success = match found {
                Some(transition) => match self.transition(transition) {
                    Ok(()) => true,
                    Err(error) => {
                        tracing::error!("{} failed: {error}", transition.label);
                        false
                    }
                },
                None => {
                    let wanted = &request.message.transition;
                    tracing::warn!(id = wanted.id, label = %wanted.label, state = self.state.label(),
                        "no such transition from this state");
                    false
                }
            };
            answer(request, lifecycle_srv::ChangeState::Response { success });
        }
        while let Some(request) = take(&mut self.services.get_state) {
            let current_state = self.state.to_msg();
            answer(request, lifecycle_srv::GetState::Response { current_state });
        }
        while let Some(request) = take(&mut self.services.available_states) {
            let available_states = State::ALL.into_iter().map(State::to_msg).collect();
            answer(
                request,
                lifecycle_srv::GetAvailableStates::Response { available_states },
            );
        }
        let state = self.state;
        for (requests, all) in [
            (&mut self.services.available_transitions, false),
            (&mut self.services.transition_graph, true),
        ] {
            while let Some(request) = take(requests) {
                let available_transitions = TRANSITIONS
                    .into_iter()
                    .filter(|t| all || t.from == state)
                    .map(Transition::description)
                    .collect();
                answer(
                    request,
                    lifecycle_srv::GetAvailableTransitions::Response {
                        available_transitions,
                    },
                );
            }
        }
    }

    fn publish_diagnostics(&mut self) {
        if !self.context.diagnostics_due && self.last_diagnostics.elapsed() < DIAGNOSTICS_PERIOD {
            return;
        }
        self.context.diagnostics_due = false;
        self.last_diagnostics = Instant::now();
        let lifecycle = match &self.last_error {
            Some(error) => Diagnostic::new("lifecycle", Level::Error, error.clone()),
            None => Diagnostic::new("lifecycle", Level::Ok, self.state.label()),
        };
        let own = self.app.as_ref().map(A::diagnostics).unwrap_or_default();
        let node = self.context.node_name();
        let hardware_id = format!("{}/{node}", self.context.namespace().trim_end_matches('/'));
        let status = std::iter::once(lifecycle)
            .chain(self.clock_diagnostic())
            .chain(own)
            .map(|d| DiagnosticStatus {
                level: d.level as u8,
                name: format!("{node}: {}", d.name),
                message: d.message,
                hardware_id: hardware_id.clone(),
                values: d
                    .values
                    .into_iter()
                    .map(|(key, value)| KeyValue { key, value })
                    .collect(),
            })
            .collect();
        let header = Header {
            stamp: time_to_msg(self.context.now()),
            ..Default::default()
        };
        if let Err(error) = self
            .diagnostics
            .publish(&DiagnosticArray { header, status })
        {
            tracing::debug!(%error, "diagnostics not published");
        }
    }

    fn publish_log(&mut self) {
        while let Ok(record) = self.log.try_recv() {
            let message = rcl::Log {
                stamp: time_to_msg(self.context.now()),
                level: record.level,
                name: self.context.node_name().to_owned(),
                msg: record.text,
                file: record.file,
                function: String::new(),
                line: record.line,
            };
            // An error here cannot be logged: it would come back.
            let _ = self.rosout.publish(&message);
        }
    }
}
