use std::path::Path;
use std::time::Duration;

use physical_ai_control::SafetyCause;
use physical_ai_description::load_world;
use physical_ai_domain::Time;
use physical_ai_ros::msg::physical_ai_msgs::msg::{CommandStatus, EmergencyStopState};
use physical_ai_ros::msg::physical_ai_msgs::srv::{EmergencyStop, OpenSession};
use physical_ai_ros::msg::std_msgs::msg::{Bool, Header};
use physical_ai_ros::{
    Application, ClockKind, Context, Diagnostic, Error, Level, Publisher, Qos, WorkerLink,
    random_token, robot_state_from_msg, state_path, time_to_msg,
};

use crate::latch::Latch;
use crate::parameters::ActuatorParameters;
use crate::robot::Robot;

/// The graph is asked who commands after so many turns of the watch, 5 ms each.
const LOOK_EVERY: u64 = 20;

/// Guards of all robots, their topics, and the latch of the emergency stop.
pub struct Actuators {
    robots: Vec<Robot>,
    latch: Latch,
    stop_state: Publisher<EmergencyStopState>,
    link: WorkerLink,
    turns: u64,
}

/// Takes a robot's states and commands, and hands out the right to command it. States come first: commands
/// are judged by the newest one.
fn serve_robot(context: &mut Context<Actuators>, robot: &str, index: usize) -> Result<(), Error> {
    context.subscribe(
        &format!("{robot}/state"),
        Qos::command(),
        move |app: &mut Actuators, _, message| {
            let robot = &mut app.robots[index];
            match robot_state_from_msg(message, &robot.name, &robot.joint_names) {
                Ok(state) => robot.guard.observe(&state),
                Err(error) => tracing::warn!("state ignored: {error}"),
            }
        },
    )?;
    context.subscribe(
        &format!("{robot}/command"),
        Qos::command(),
        move |app: &mut Actuators, context, message| {
            if context.is_active() {
                let now = context.now();
                app.robots[index].command(message, now, context.steady_s());
            }
        },
    )?;
    context.service::<OpenSession::Service>(
        &format!("{robot}/open_session"),
        move |app, context, request| app.open_session(context, index, &request),
    )?;
    Ok(())
}

/// Anyone may stop; only the service may reset.
fn serve_stop(context: &mut Context<Actuators>) -> Result<(), Error> {
    context.subscribe(
        "emergency_stop",
        Qos::stop(),
        |app: &mut Actuators, context, message: Bool| {
            if message.data {
                app.engage(context, "topic emergency_stop", "");
            } else {
                tracing::warn!(
                    "false on emergency_stop resets nothing: call set_emergency_stop, or `physical-ai estop --reset`"
                );
            }
        },
    )?;
    context.service::<EmergencyStop::Service>("set_emergency_stop", |app, context, request| {
        if request.engage {
            app.engage(context, &request.source, &request.reason);
        } else {
            app.reset(context, &request.source, &request.reason);
        }
        EmergencyStop::Response {
            engaged: app.latch.is_engaged(),
            ..Default::default()
        }
    })?;
    Ok(())
}

impl Application for Actuators {
    type Parameters = ActuatorParameters;
    const DESCRIPTION: &'static str =
        "Lets only fresh commands within limits reach the hardware, and stops what falls silent.";

    fn configure(context: &mut Context<Self>, p: &ActuatorParameters) -> Result<Self, Error> {
        let link = WorkerLink::try_new(context, "actuator", |app: &mut Self| &mut app.link)?;
        serve_stop(context)?;
        let mut robots = Vec::new();
        let (world_file, models) = (Path::new(&p.world_file), Path::new(&p.model_folder));
        let loaded = load_world(world_file, models, &p.robots).map_err(Error::application)?;
        for (index, model) in loaded.robots.iter().enumerate() {
            serve_robot(context, model.name.as_str(), index)?;
            let source = link.incarnation();
            robots.push(Robot::try_new(
                context,
                model,
                index,
                p.command_timeout_s,
                source,
            )?);
        }
        let path = state_path("stop", context.namespace(), context.node_name(), "json");
        let latch = Latch::open(path);
        if latch.is_engaged() {
            let state = latch.state();
            tracing::error!(source = %state.source, reason = %state.reason, "the emergency stop is still engaged");
        }
        for robot in &mut robots {
            robot.guard.set_emergency_stop(latch.is_engaged());
        }
        context.timer(Duration::from_millis(5), ClockKind::Steady, Self::watch);
        let mut app = Self {
            robots,
            latch,
            stop_state: context.publisher("emergency_stop_state", Qos::state_latched())?,
            link,
            turns: 0,
        };
        app.tell_stop(context);
        Ok(app)
    }

    fn deactivate(&mut self, context: &mut Context<Self>) -> Result<(), Error> {
        let now = context.now();
        for robot in &mut self.robots {
            let reason = "the actuator worker is inactive";
            robot.hold(now, SafetyCause::StaleCommand, reason);
            robot.tell_status(context, Some((None, reason)), self.latch.is_engaged());
        }
        Ok(())
    }

    fn parameters_changed(
        &mut self,
        _context: &mut Context<Self>,
        parameters: &ActuatorParameters,
    ) -> Result<(), String> {
        for robot in &mut self.robots {
            robot.guard.set_timeout_s(parameters.command_timeout_s);
        }
        Ok(())
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let emergency = match (self.latch.is_engaged(), self.latch.problem()) {
            (true, _) => Diagnostic::new(
                "emergency stop",
                Level::Error,
                "engaged; reset it with set_emergency_stop",
            )
            .with("source", &self.latch.state().source)
            .with("reason", &self.latch.state().reason),
            (false, Some(problem)) => Diagnostic::new(
                "emergency stop",
                Level::Warn,
                format!("its reset may be forgotten: {problem}"),
            ),
            (false, None) => Diagnostic::new("emergency stop", Level::Ok, "not engaged"),
        };
        let robots = self.robots.iter().map(Robot::diagnostic);
        std::iter::once(emergency).chain(robots).collect()
    }
}

impl Actuators {
    fn open_session(
        &mut self,
        context: &mut Context<Self>,
        index: usize,
        request: &OpenSession::Request,
    ) -> OpenSession::Response {
        let robot = &mut self.robots[index];
        let steady_s = context.steady_s();
        let opened = robot
            .session
            .open(&request.node, request.source, random_token(), steady_s);
        match opened {
            Ok(session) => {
                tracing::info!(robot = %robot.name, node = %request.node, "commanded by");
                robot.guard.release();
                OpenSession::Response {
                    session,
                    ..Default::default()
                }
            }
            Err(error_msg) => OpenSession::Response {
                session: 0,
                error_code: 1,
                error_msg,
            },
        }
    }

    /// Takes a drive's word; what it latched while this worker was down is latched here, too.
    pub fn drive_speaks(&mut self, context: &mut Context<Self>, index: usize, s: CommandStatus) {
        let source = self.link.incarnation();
        let (steady_s, stopped, node) = (context.steady_s(), s.emergency_stop, s.node.clone());
        let is_first = self.robots[index].drive.hear(s, source, steady_s);
        if is_first && stopped {
            self.engage(
                context,
                &node,
                "it was engaged while the actuator worker was down",
            );
        }
    }

    /// Takes a drive's answer to the request for a session.
    pub fn drive_answers(&mut self, index: usize, answer: Result<OpenSession::Response, Error>) {
        self.robots[index].drive.answer(answer);
    }

    fn watch(&mut self, context: &mut Context<Self>) {
        self.turns += 1;
        let (now, steady_s) = (context.now(), context.steady_s());
        let source = self.link.incarnation();
        let engaged = self.latch.is_engaged();
        let obstacle = match (context.is_active(), engaged) {
            (false, _) => Some((None, "the actuator worker is inactive")),
            (true, true) => {
                let cause = SafetyCause::EmergencyStop;
                Some((Some(cause), "the emergency stop is engaged"))
            }
            (true, false) => None,
        };
        for (index, robot) in self.robots.iter_mut().enumerate() {
            let mut changed = robot.watch(now, steady_s);
            if self.turns.is_multiple_of(LOOK_EVERY) {
                robot.look_around(context, now, steady_s);
            }
            changed |= robot.tell_status(context, obstacle, engaged);
            let name = robot.name.clone();
            robot.drive.ask(context, index, name.as_str(), source);
            if changed {
                context.request_diagnostics_update();
            }
        }
    }

    /// Stops all robots first and remembers it then.
    fn engage(&mut self, context: &mut Context<Self>, source: &str, reason: &str) {
        let now = context.now();
        let text = "the emergency stop is engaged";
        for robot in &mut self.robots {
            robot.guard.set_emergency_stop(true);
            robot.hold(now, SafetyCause::EmergencyStop, text);
        }
        if !self.latch.is_engaged() {
            tracing::error!(source, reason, "emergency stop engaged");
            self.remember(true, source, reason, now);
        }
        self.tell_stop(context);
    }

    fn reset(&mut self, context: &mut Context<Self>, source: &str, reason: &str) {
        if self.latch.is_engaged() {
            tracing::warn!(source, reason, "emergency stop reset");
        }
        // Said again even if nothing changes here: who heard the button while this worker did not is reset by it.
        self.remember(false, source, reason, context.now());
        for robot in &mut self.robots {
            robot.guard.set_emergency_stop(false);
        }
        self.tell_stop(context);
    }

    fn remember(&mut self, engaged: bool, source: &str, reason: &str, now: Time) {
        if let Err(error) = self.latch.set(engaged, source, reason, now) {
            tracing::error!("the emergency stop's state cannot be written: {error}");
        }
    }

    fn tell_stop(&mut self, context: &mut Context<Self>) {
        let state = self.latch.state();
        self.stop_state.publish(&EmergencyStopState {
            header: Header {
                stamp: time_to_msg(Time::from_nanoseconds(state.changed_ns)),
                ..Default::default()
            },
            owner: context.qualified_name(),
            incarnation: self.link.incarnation(),
            robots: self.robots.iter().map(|r| r.name.to_string()).collect(),
            engaged: state.engaged,
            source: state.source.clone(),
            reason: state.reason.clone(),
        });
        context.request_diagnostics_update();
    }
}
