//! What a power stage adds to the physics: whose commands count, the emergency stop, and its status.

use physical_ai_control::{CommandSession, StopFollower, StopState};
use physical_ai_domain::{RobotModel, RobotName};
use physical_ai_ros::msg::physical_ai_msgs::msg::{
    ActuatorCommand, CommandStatus, EmergencyStopState,
};
use physical_ai_ros::msg::physical_ai_msgs::srv::OpenSession;
use physical_ai_ros::msg::std_msgs::msg::{Bool, Header};
use physical_ai_ros::{
    Context, Diagnostic, Error, Level, Publisher, Qos, command_from_msg, random_token,
    time_from_msg, time_to_msg,
};

use crate::node::Simulation;

/// Owners of latches that are remembered for those who come later.
const MOST_OWNERS: usize = 64;
/// Turns of the watch between two statuses without a change, and between two looks at the graph.
const STATUS_EVERY: u64 = 10;

/// The power stage of one robot.
pub struct PowerStage {
    name: RobotName,
    topic: String,
    session: CommandSession,
    status: Publisher<CommandStatus>,
    /// Why it is not ready; empty: it is.
    reason: String,
    told_source: u64,
    turns: u64,
}

impl PowerStage {
    /// Takes the commands of the robot at `index`, and hands out the right to send them.
    ///
    /// # Errors
    /// [`Error::Ros`] if an entity cannot be made.
    pub fn try_new(
        context: &mut Context<Simulation>,
        model: &RobotModel,
        index: usize,
    ) -> Result<Self, Error> {
        let name = |suffix: &str| format!("{}/{suffix}", model.name);
        context.subscribe(
            &name("hardware_command"),
            Qos::command(),
            move |app: &mut Simulation, context, message| app.apply(context, index, message),
        )?;
        context.service::<OpenSession::Service>(
            &name("open_hardware_session"),
            move |app, context, request| {
                let steady_s = context.steady_s();
                app.stages[index].open(&request, steady_s)
            },
        )?;
        Ok(Self {
            topic: name("hardware_command"),
            session: CommandSession::default(),
            status: context.publisher(&name("hardware_status"), Qos::standard())?,
            reason: String::new(),
            told_source: u64::MAX,
            turns: 0,
            name: model.name.clone(),
        })
    }

    fn open(&mut self, request: &OpenSession::Request, steady_s: f64) -> OpenSession::Response {
        match self
            .session
            .open(&request.node, request.source, random_token(), steady_s)
        {
            Ok(session) => {
                tracing::info!(robot = %self.name, node = %request.node, "driven by");
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

    fn obstacle(&self, stops: &StopFollower, steady_s: f64) -> Option<String> {
        stops.reason(self.name.as_str()).or_else(|| {
            let who = self.session.second_writer(steady_s)?;
            Some(format!("a second writer on {}: {who}", self.topic))
        })
    }

    fn tell(&self, context: &Context<Simulation>, incarnation: u64, emergency_stop: bool) {
        self.status.publish(&CommandStatus {
            header: Header {
                stamp: time_to_msg(context.now()),
                ..Default::default()
            },
            robot: self.name.to_string(),
            node: context.qualified_name(),
            incarnation,
            ready: self.reason.is_empty(),
            reason: self.reason.clone(),
            emergency_stop,
            source: self.session.source(),
            rejected: self.session.rejected(),
        });
    }

    /// Its line in the diagnostics.
    pub fn diagnostic(&self) -> Diagnostic {
        let (level, text) = if self.reason.is_empty() {
            (Level::Ok, "ready")
        } else {
            (Level::Error, self.reason.as_str())
        };
        Diagnostic::new(&format!("{} drive", self.name), level, text)
            .with("rejected", self.session.rejected())
            .with("driven_by", self.session.node().unwrap_or("nobody"))
    }
}

/// Listens to the emergency stop as drives with an input for it do.
///
/// # Errors
/// [`Error::Ros`] if a subscription fails.
pub fn follow_stops(context: &mut Context<Simulation>) -> Result<(), Error> {
    context.subscribe(
        "emergency_stop",
        Qos::stop(),
        |app: &mut Simulation, context, m: Bool| {
            if m.data && app.stops.press() {
                app.watch_stages(context);
            }
        },
    )?;
    context.subscribe(
        "emergency_stop_state",
        Qos::latched(MOST_OWNERS),
        |app: &mut Simulation, context, m: EmergencyStopState| {
            app.stops.follow(StopState {
                owner: m.owner,
                robots: m.robots,
                engaged: m.engaged,
                changed: time_from_msg(&m.header.stamp),
                why: format!("{}: {}", m.source, m.reason),
            });
            app.watch_stages(context);
        },
    )?;
    Ok(())
}

impl Simulation {
    /// Lets a command through to the physics if it is the holder's and nothing stops the robot.
    fn apply(&mut self, context: &mut Context<Self>, index: usize, message: ActuatorCommand) {
        let steady_s = context.steady_s();
        let stage = &mut self.stages[index];
        let (source, session, sequence) = (message.source, message.session, message.sequence);
        if let Err(reason) = stage.session.admit(source, session, sequence, steady_s) {
            tracing::debug!(robot = %stage.name, "hardware command rejected: {reason}");
        } else if stage.reason.is_empty() && !stage.session.has_second_writer(steady_s) {
            let result = command_from_msg(message, &stage.name)
                .map_err(|e| e.to_string())
                .and_then(|command| {
                    self.robots[index]
                        .latency
                        .answered(command.sensor_stamp, steady_s);
                    self.world.apply(&command).map_err(|e| e.to_string())
                });
            if let Err(error) = result {
                self.refused += 1;
                tracing::warn!("hardware command refused: {error}");
            }
            return;
        }
        if stage.session.has_second_writer(steady_s) {
            self.world.hold(&stage.name);
        }
    }

    /// Stops what is to stand, and tells what changed: ten times a second all of it.
    pub fn watch_stages(&mut self, context: &mut Context<Self>) {
        let steady_s = context.steady_s();
        let incarnation = self.link.incarnation();
        for stage in &mut self.stages {
            stage.turns += 1;
            let is_due = stage.turns.is_multiple_of(STATUS_EVERY);
            if is_due {
                let writers = context.publishers_of(&stage.topic);
                stage.session.see_writers(&writers);
            }
            let unpowered = || {
                (!self.world.is_powered(&stage.name)).then(|| "its drives have no power".to_owned())
            };
            let obstacle = stage.obstacle(&self.stops, steady_s);
            let reason = obstacle.or_else(unpowered).unwrap_or_default();
            let source = stage.session.source();
            let changed = reason != stage.reason || source != stage.told_source;
            if changed && !reason.is_empty() {
                tracing::warn!(robot = %stage.name, "drive stands: {reason}");
                context.request_diagnostics_update();
            }
            stage.reason = reason;
            stage.told_source = source;
            if !stage.reason.is_empty() {
                self.world.hold(&stage.name);
            }
            if changed || is_due {
                let is_stopped = self.stops.reason(stage.name.as_str()).is_some();
                stage.tell(context, incarnation, is_stopped);
            }
        }
    }
}
