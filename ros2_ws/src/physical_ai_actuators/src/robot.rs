//! One robot: whose commands count, what the guard makes of them, and what is told about it.

use physical_ai_control::{CommandGuard, CommandSession, GuardVerdict, SafetyCause, SafetyState};
use physical_ai_domain::{ActuatorCommand, CommandMode, RobotModel, RobotName, Time};
use physical_ai_ros::msg::physical_ai_msgs::msg::{
    ActuatorCommand as CommandMsg, CommandStatus, SafetyStatus,
};
use physical_ai_ros::msg::std_msgs::msg::Header;
use physical_ai_ros::{
    CommandMessage, CommandOrigin, Context, Diagnostic, Error, Level, Publisher, Qos,
    command_from_msg, time_to_msg,
};

use crate::drive_link::DriveLink;
use crate::node::Actuators;

/// Least time between two warnings about one robot, seconds.
const WARN_EVERY_S: f64 = 5.0;
/// Seconds between two statuses without a change.
const STATUS_EVERY_S: f64 = 0.1;

/// Guard, session and topics of one robot.
pub struct Robot {
    pub name: RobotName,
    pub guard: CommandGuard,
    pub session: CommandSession,
    pub drive: DriveLink,
    command_topic: String,
    pub joint_names: Vec<String>,
    hardware: Publisher<CommandMsg>,
    message: CommandMessage,
    /// Why the last command could not be published.
    fault: Option<String>,
    safety: Publisher<SafetyStatus>,
    status: Publisher<CommandStatus>,
    source: u64,
    sequence: u64,
    holds: u64,
    warned_s: f64,
    /// Why it is not ready; empty: it is.
    reason: String,
    /// What is behind that, where the safety layer has a name for it.
    cause: Option<SafetyCause>,
    told_s: f64,
    told_source: u64,
    published: Option<(SafetyState, Option<SafetyCause>, String)>,
}

impl Robot {
    /// `source` is this process's incarnation.
    ///
    /// # Errors
    /// [`Error::Ros`] if an entity cannot be made.
    pub fn try_new(
        context: &mut Context<Actuators>,
        model: &RobotModel,
        index: usize,
        timeout_s: f64,
        source: u64,
    ) -> Result<Self, Error> {
        let topic = |name: &str| format!("{}/{name}", model.name);
        Ok(Self {
            guard: CommandGuard::new(model, timeout_s),
            session: CommandSession::default(),
            drive: DriveLink::try_new(context, model.name.as_str(), index)?,
            command_topic: topic("command"),
            message: CommandMessage::new(&model.name, &model.joint_names()),
            fault: None,
            joint_names: model.joint_names(),
            hardware: context.publisher(&topic("hardware_command"), Qos::command())?,
            safety: context.publisher(&topic("actuator_safety"), Qos::state_latched())?,
            status: context.publisher(&topic("command_status"), Qos::standard())?,
            source,
            sequence: 0,
            holds: 0,
            warned_s: f64::NEG_INFINITY,
            reason: "it was not looked at yet".to_owned(),
            cause: None,
            told_s: f64::NEG_INFINITY,
            told_source: 0,
            published: None,
            name: model.name.clone(),
        })
    }

    /// The hot path: judge and forward in the same turn.
    pub fn command(&mut self, message: CommandMsg, now: Time, steady_s: f64) {
        let admitted =
            self.session
                .admit(message.source, message.session, message.sequence, steady_s);
        if let Err(reason) = admitted {
            tracing::debug!(robot = %self.name, "command rejected: {reason}");
            if self.session.node().is_none() {
                let cause = Some(SafetyCause::Session);
                self.tell(now, SafetyState::Stopped, cause, &reason);
            }
            return;
        }
        let mut command = match command_from_msg(message, &self.name) {
            Ok(command) => command,
            Err(error) => return self.reject(&error.to_string()),
        };
        let mut verdict = self.guard.check(&mut command, now, steady_s);
        if self.session.has_second_writer(steady_s) && !matches!(verdict, GuardVerdict::Reject(_)) {
            self.guard.release();
            let who = self.session.second_writer(steady_s).unwrap_or_default();
            verdict = GuardVerdict::Hold(SafetyCause::SecondWriter, who);
        }
        match verdict {
            GuardVerdict::Reject(reason) => self.reject(&reason),
            GuardVerdict::Hold(cause, reason) => self.hold(now, cause, &reason),
            GuardVerdict::Clamped(cause) => {
                self.forward(&command, now, SafetyState::Limited, Some(cause), "clamped");
            }
            GuardVerdict::Accept => self.forward(&command, now, SafetyState::Normal, None, ""),
        }
    }

    /// Stops it where nobody commands it any more. True if it was stopped now.
    pub fn watch(&mut self, now: Time, steady_s: f64) -> bool {
        if !self.guard.poll(steady_s) {
            return false;
        }
        self.hold(now, SafetyCause::StaleCommand, "no fresh command");
        // A loaded machine stops often; a line a moment is enough for people.
        if steady_s - self.warned_s > WARN_EVERY_S {
            self.warned_s = steady_s;
            tracing::warn!(robot = %self.name, holds = self.holds, "no fresh command: controlled stop");
        }
        true
    }

    /// Takes who writes to its command topic.
    pub fn look_around(&mut self, context: &Context<Actuators>, now: Time, steady_s: f64) {
        let before = self.session.has_second_writer(steady_s);
        let writers = context.publishers_of(&self.command_topic);
        self.session.see_writers(&writers);
        if !before && let Some(who) = self.session.second_writer(steady_s) {
            self.hold(now, SafetyCause::SecondWriter, &who);
        }
    }

    /// Tells whether commands move the robot, ten times a second and when that changes. True on a change.
    pub fn tell_status(
        &mut self,
        context: &Context<Actuators>,
        obstacle: Option<(Option<SafetyCause>, &str)>,
        emergency_stop: bool,
    ) -> bool {
        let (now, steady_s) = (context.now(), context.steady_s());
        let because = |cause: SafetyCause| move |reason: String| (Some(cause), reason);
        let drive = || self.drive.fault(self.source, steady_s);
        let (cause, reason) = obstacle
            .map(|(cause, reason)| (cause, reason.to_owned()))
            .or_else(|| {
                self.second_writer(steady_s)
                    .map(because(SafetyCause::SecondWriter))
            })
            .or_else(|| self.fault.clone().map(|reason| (None, reason)))
            .or_else(|| drive().map(|reason| (None, reason)))
            .or_else(|| {
                self.guard
                    .state_fault(now)
                    .map(because(SafetyCause::StaleState))
            })
            .unwrap_or_default();
        let source = self.session.source();
        let changed = reason != self.reason || source != self.told_source;
        if !changed && steady_s - self.told_s < STATUS_EVERY_S {
            return false;
        }
        if changed && !reason.is_empty() {
            tracing::info!(robot = %self.name, "not ready: {reason}");
        }
        (self.cause, self.reason) = (cause, reason);
        self.told_s = steady_s;
        self.told_source = source;
        self.status.publish(&CommandStatus {
            header: header(now),
            robot: self.name.to_string(),
            node: context.qualified_name(),
            incarnation: self.source,
            ready: self.reason.is_empty(),
            reason: self.reason.clone(),
            emergency_stop,
            source,
            rejected: self.session.rejected(),
        });
        changed
    }

    fn second_writer(&self, steady_s: f64) -> Option<String> {
        let who = self.session.second_writer(steady_s)?;
        Some(format!("a second writer on {}: {who}", self.command_topic))
    }

    /// Its line in the diagnostics.
    pub fn diagnostic(&self) -> Diagnostic {
        let name = format!("{} commands", self.name);
        let (level, text) = if let Some(fault) = &self.fault {
            (Level::Error, fault.clone())
        } else if self.cause == Some(SafetyCause::SecondWriter) {
            (Level::Error, self.reason.clone())
        } else if !self.reason.is_empty() {
            (Level::Warn, format!("not ready: {}", self.reason))
        } else if self.guard.is_holding() {
            let why = self.published.as_ref().map_or("", |(.., why)| why.as_str());
            (Level::Warn, format!("held: {why}"))
        } else {
            (Level::Ok, "commanded".to_owned())
        };
        Diagnostic::new(&name, level, text)
            .with("rejected", self.session.rejected())
            .with("holds", self.holds)
            .with("commanded_by", self.session.node().unwrap_or("nobody"))
    }

    /// Sends a command that passed; one that cannot be sent is a stop: its drives get nothing, and stand.
    fn forward(
        &mut self,
        command: &ActuatorCommand,
        now: Time,
        state: SafetyState,
        cause: Option<SafetyCause>,
        detail: &str,
    ) {
        self.send(command);
        if let Some(fault) = self.fault.take() {
            self.guard.release();
            self.tell(
                now,
                SafetyState::Stopped,
                Some(SafetyCause::StaleCommand),
                &fault,
            );
            self.fault = Some(fault);
        } else {
            self.tell(now, state, cause, detail);
        }
    }

    fn send(&mut self, command: &ActuatorCommand) {
        // A drive that hands out sessions takes us for a stranger without one; it stands.
        if self.drive.awaits_session() {
            return;
        }
        self.sequence += 1;
        let origin = CommandOrigin {
            source: self.source,
            session: self.drive.session(),
            sequence: self.sequence,
        };
        let sent = (self.hardware).try_publish(self.message.fill(command, origin));
        let fault = sent.err().map(|e| format!("commands are not sent: {e}"));
        if self.fault.is_none()
            && let Some(fault) = &fault
        {
            tracing::error!(robot = %self.name, "{fault}");
        }
        self.fault = fault;
    }

    fn reject(&mut self, reason: &str) {
        self.session.reject();
        tracing::debug!(robot = %self.name, "command rejected: {reason}");
    }

    /// Stops the robot in a controlled way.
    pub fn hold(&mut self, now: Time, cause: SafetyCause, reason: &str) {
        self.guard.release();
        self.send(&ActuatorCommand {
            robot: self.name.clone(),
            stamp: now,
            sensor_stamp: Time::ZERO,
            mode: CommandMode::Hold,
            position: Vec::new(),
            velocity: Vec::new(),
            effort: Vec::new(),
            valid_for_s: f64::MAX,
        });
        let state = if cause == SafetyCause::EmergencyStop {
            SafetyState::Latched
        } else {
            SafetyState::Stopped
        };
        self.tell(now, state, Some(cause), reason);
    }

    /// Publishes what the guard does when that changes.
    fn tell(&mut self, now: Time, state: SafetyState, cause: Option<SafetyCause>, detail: &str) {
        if self
            .published
            .as_ref()
            .is_some_and(|(s, c, d)| *s == state && *c == cause && d == detail)
        {
            return;
        }
        // One that lasts is one.
        self.holds += u64::from(state >= SafetyState::Stopped);
        self.published = Some((state, cause, detail.to_owned()));
        self.safety.publish(&SafetyStatus {
            header: header(now),
            robot: self.name.to_string(),
            state: state as u8,
            cause: cause.map_or("", SafetyCause::as_str).to_owned(),
            detail: detail.to_owned(),
            interventions: self.holds,
        });
    }
}

fn header(now: Time) -> Header {
    Header {
        stamp: time_to_msg(now),
        ..Default::default()
    }
}
