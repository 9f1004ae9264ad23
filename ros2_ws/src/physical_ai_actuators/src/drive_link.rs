//! The right to command a robot's drive, and what the drive says of itself.

use std::time::Duration;

use physical_ai_ros::msg::physical_ai_msgs::msg::CommandStatus;
use physical_ai_ros::msg::physical_ai_msgs::srv::OpenSession;
use physical_ai_ros::{Context, Error, Qos, ServiceClient};

use crate::node::Actuators;

/// A drive that tells its status and has not done so for so long is silent, seconds of steady time.
const SILENT_S: f64 = 0.5;
/// So long is waited for a drive's first word; one that says none is commanded without a session.
const FIRST_WORD_S: f64 = 1.0;
/// Seconds between two requests for a session.
const ASK_EVERY_S: f64 = 0.2;
/// Longest wait for an answer.
const ANSWER: Duration = Duration::from_millis(500);

/// What is known of one robot's drive.
pub struct DriveLink {
    service: String,
    client: ServiceClient<OpenSession::Service>,
    started_s: f64,
    /// Its newest status, and when that came.
    status: Option<(CommandStatus, f64)>,
    /// Token that it handed out to this process; 0: none.
    session: u64,
    refusal: String,
    asked_s: f64,
    is_asking: bool,
}

impl DriveLink {
    /// Listens to the drive of the robot at `index`.
    ///
    /// # Errors
    /// [`Error::Ros`] if an entity cannot be made.
    pub fn try_new(
        context: &mut Context<Actuators>,
        robot: &str,
        index: usize,
    ) -> Result<Self, Error> {
        context.subscribe(
            &format!("{robot}/hardware_status"),
            Qos::standard(),
            move |app: &mut Actuators, context, message| app.drive_speaks(context, index, message),
        )?;
        let service = format!("{robot}/open_hardware_session");
        Ok(Self {
            client: context.client::<OpenSession::Service>(&service)?,
            service,
            started_s: context.steady_s(),
            status: None,
            session: 0,
            refusal: String::new(),
            asked_s: f64::NEG_INFINITY,
            is_asking: false,
        })
    }

    /// Token for commands; 0: none.
    pub fn session(&self) -> u64 {
        self.session
    }

    /// True where a session is needed, and is not there yet.
    pub fn awaits_session(&self) -> bool {
        self.status.is_some() && self.session == 0
    }

    /// Takes a status. True if it is the first of that process.
    pub fn hear(&mut self, status: CommandStatus, source: u64, steady_s: f64) -> bool {
        let known = self.status.as_ref().map(|(s, _)| s.incarnation);
        let is_first = known != Some(status.incarnation);
        if status.source != source {
            self.session = 0;
        }
        self.status = Some((status, steady_s));
        is_first
    }

    /// Why the drive does not do what it is told; `None`: it does.
    pub fn fault(&self, source: u64, steady_s: f64) -> Option<String> {
        let Some((status, heard_s)) = &self.status else {
            let waits = steady_s - self.started_s < FIRST_WORD_S;
            return waits.then(|| "no word of its drive yet".to_owned());
        };
        if steady_s - heard_s > SILENT_S {
            return Some(format!("its drive ({}) is silent", status.node));
        }
        if !status.ready {
            return Some(format!("its drive ({}): {}", status.node, status.reason));
        }
        if status.source == source && self.session != 0 {
            return None;
        }
        Some(if self.refusal.is_empty() {
            format!("its drive ({}) has not been taken over yet", status.node)
        } else {
            format!("its drive ({}) refuses: {}", status.node, self.refusal)
        })
    }

    /// Asks the drive of the robot at `index` for a session where there is none.
    pub fn ask(
        &mut self,
        context: &mut Context<Actuators>,
        index: usize,
        robot: &str,
        source: u64,
    ) {
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
            robot: robot.to_owned(),
            node: context.qualified_name(),
            source,
        };
        let client = self.client.clone();
        context.call(&client, request, ANSWER, move |app, _, answer| {
            app.drive_answers(index, answer);
        });
    }

    /// Takes the answer to [`DriveLink::ask`].
    pub fn answer(&mut self, answer: Result<OpenSession::Response, Error>) {
        self.is_asking = false;
        match answer {
            Ok(answer) if answer.session != 0 => {
                self.session = answer.session;
                self.refusal.clear();
            }
            Ok(answer) => self.refusal = answer.error_msg,
            // Asked again; an answer is lost where the server does not know its client yet.
            Err(error) => tracing::debug!(service = %self.service, %error, "no session"),
        }
    }
}
