//! A robot's topics, and who receives its commands.

use std::time::Duration;

use physical_ai_control::{SafetyCause, SafetyState};
use physical_ai_domain::{ActuatorCommand, RobotName};
use physical_ai_ros::msg::physical_ai_msgs::msg::{
    ActuatorCommand as CommandMsg, CommandStatus, ControlMetrics, SafetyStatus,
};
use physical_ai_ros::msg::physical_ai_msgs::srv::OpenSession;
use physical_ai_ros::{
    CommandMessage, CommandOrigin, Context, Error, Publisher, Qos, ServiceClient,
};

use crate::node::AgentNode;

/// A receiver that was not heard for so long is silent, seconds of steady time.
const SILENT_S: f64 = 0.5;
/// Seconds between two requests for a session.
const ASK_EVERY_S: f64 = 0.2;
/// Longest wait for an answer.
const ANSWER: Duration = Duration::from_millis(500);

/// Topics of one robot, and what its receiver of commands says.
pub struct RobotLink {
    pub safety: Publisher<SafetyStatus>,
    pub metrics: Publisher<ControlMetrics>,
    /// What the safety filter's judgement was when it was published last.
    pub judged: Option<(SafetyState, Option<SafetyCause>)>,
    /// There is one as long as this process has the session: two that publish are a fault.
    command: Option<Publisher<CommandMsg>>,
    message: CommandMessage,
    /// Why the last command could not be published.
    fault: Option<String>,
    client: ServiceClient<OpenSession::Service>,
    status: Option<(CommandStatus, f64)>,
    session: u64,
    sequence: u64,
    refusal: String,
    asked_s: f64,
    is_asking: bool,
}

impl RobotLink {
    /// # Errors
    /// [`Error::Ros`] if an entity cannot be made.
    pub fn try_new(context: &mut Context<AgentNode>, robot: &RobotName) -> Result<Self, Error> {
        let name = robot.clone();
        context.subscribe(
            &format!("{robot}/command_status"),
            Qos::standard(),
            move |app: &mut AgentNode, context, status| app.receiver_speaks(context, &name, status),
        )?;
        let topic = |suffix: &str| format!("{robot}/{suffix}");
        Ok(Self {
            safety: context.publisher(&topic("safety"), Qos::state_latched())?,
            metrics: context.publisher(&topic("control_metrics"), Qos::standard())?,
            judged: None,
            command: None,
            // Joint names are left out: both sides hold the same model, and this is the hot path.
            message: CommandMessage::new(robot, &[]),
            fault: None,
            client: context.client::<OpenSession::Service>(&topic("open_session"))?,
            status: None,
            session: 0,
            sequence: 0,
            refusal: String::new(),
            asked_s: f64::NEG_INFINITY,
            is_asking: false,
        })
    }

    /// Takes what a receiver says; `source` is this process's incarnation.
    pub fn hear(&mut self, status: CommandStatus, source: u64, steady_s: f64) {
        if let Some((known, heard_s)) = &self.status {
            // Where two claim a robot, the one that moves it counts.
            let is_other = known.node != status.node;
            if is_other && known.ready && steady_s - heard_s <= SILENT_S {
                return;
            }
        }
        if status.source != source {
            self.session = 0;
        }
        self.status = Some((status, steady_s));
    }

    /// Why commands do not reach the robot's joints now; `None`: they do.
    pub fn held(&self, steady_s: f64) -> Option<String> {
        let Some((status, heard_s)) = &self.status else {
            return Some("no actuator worker has been heard of".to_owned());
        };
        if steady_s - heard_s > SILENT_S {
            return Some(format!("the actuator worker {} is silent", status.node));
        }
        if !status.ready {
            return Some(format!("{}: {}", status.node, status.reason));
        }
        if self.session != 0 {
            return self.fault.clone();
        }
        Some(if self.refusal.is_empty() {
            format!("{} has not handed out a session yet", status.node)
        } else {
            format!("{} refuses: {}", status.node, self.refusal)
        })
    }

    /// Asks for the right to command the robot where there is somebody to ask.
    pub fn ask(&mut self, context: &mut Context<AgentNode>, robot: &RobotName, source: u64) {
        let steady_s = context.steady_s();
        let is_there = self
            .status
            .as_ref()
            .is_some_and(|(_, heard_s)| steady_s - heard_s <= SILENT_S);
        if !is_there || self.session != 0 || self.is_asking || steady_s - self.asked_s < ASK_EVERY_S
        {
            return;
        }
        self.asked_s = steady_s;
        self.is_asking = true;
        let request = OpenSession::Request {
            robot: robot.to_string(),
            node: context.qualified_name(),
            source,
        };
        let (client, robot) = (self.client.clone(), robot.clone());
        context.call(&client, request, ANSWER, move |app, context, answer| {
            app.receiver_answers(context, &robot, answer);
        });
    }

    /// Takes the answer to [`RobotLink::ask`].
    pub fn answer(
        &mut self,
        context: &mut Context<AgentNode>,
        robot: &RobotName,
        answer: Result<OpenSession::Response, Error>,
    ) {
        self.is_asking = false;
        match answer {
            Ok(answer) if answer.session != 0 => {
                let topic = format!("{robot}/command");
                match context.publisher(&topic, Qos::command()) {
                    Ok(publisher) => self.command = Some(publisher),
                    Err(error) => return tracing::error!("{error}"),
                }
                self.session = answer.session;
                self.refusal.clear();
                tracing::info!(%robot, "commanded from here");
            }
            Ok(answer) => {
                if self.refusal != answer.error_msg {
                    tracing::warn!(%robot, "no session: {}", answer.error_msg);
                }
                self.refusal = answer.error_msg;
            }
            // Asked again; an answer is lost where the server does not know its client yet.
            Err(error) => tracing::debug!(%robot, %error, "no session"),
        }
    }

    /// Sends a command, if there is a session for it. `source` is this process's incarnation. True if it is news
    /// whether commands can be published: one that cannot is a fault, and holds the robot.
    pub fn send(&mut self, command: &ActuatorCommand, source: u64) -> bool {
        let Some(publisher) = self.command.as_ref().filter(|_| self.session != 0) else {
            return false;
        };
        self.sequence += 1;
        let origin = CommandOrigin {
            source,
            session: self.session,
            sequence: self.sequence,
        };
        let sent = publisher.try_publish(self.message.fill(command, origin));
        let fault = sent.err().map(|e| format!("commands are not sent: {e}"));
        let is_news = fault.is_some() != self.fault.is_some();
        self.fault = fault;
        is_news
    }

    /// Why commands cannot be published; `None`: they can.
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }
}
