use std::path::Path;
use std::time::Duration;

use physical_ai_control::{CommandGuard, GuardVerdict};
use physical_ai_domain::{ActuatorCommand, CommandMode, RobotModel, RobotName, Time, World};
use physical_ai_ros::msg::physical_ai_msgs::msg::{ActuatorCommand as CommandMsg, SafetyStatus};
use physical_ai_ros::msg::physical_ai_msgs::srv::EmergencyStop;
use physical_ai_ros::msg::std_msgs::msg::{Bool, Header};
use physical_ai_ros::{
    Application, ClockKind, CommandOrigin, Context, Diagnostic, Error, Level, Publisher, Qos, WorkerLink,
    command_from_msg, command_to_msg, time_to_msg,
};

use crate::parameters::ActuatorParameters;

/// Least time between two warnings about one robot, seconds.
const WARN_EVERY_S: f64 = 5.0;

struct Robot {
    name: RobotName,
    guard: CommandGuard,
    joint_names: Vec<String>,
    hardware: Publisher<CommandMsg>,
    safety: Publisher<SafetyStatus>,
    sequence: u64,
    rejected: u64,
    holds: u64,
    warned_s: f64,
    reason: String,
    published: Option<(u8, String)>,
}

/// Guards of all robots and their topics.
pub struct Actuators {
    robots: Vec<Robot>,
    emergency: Publisher<Bool>,
    emergency_stop: bool,
    link: WorkerLink,
}

impl Application for Actuators {
    type Parameters = ActuatorParameters;
    const DESCRIPTION: &'static str =
        "Lets only fresh commands within limits reach the hardware, and stops what falls silent.";

    fn configure(context: &mut Context<Self>, p: &ActuatorParameters) -> Result<Self, Error> {
        let yaml = std::fs::read_to_string(&p.world_file)
            .map_err(|e| Error::application(format!("world_file {}: {e}", p.world_file)))?;
        let world = World::from_yaml(&p.world_file, &yaml).map_err(Error::application)?;
        if let Some(unknown) = p.robots.iter().find(|r| world.robot(r).is_none()) {
            return Err(Error::application(format!(
                "robots: {unknown:?} is not in {}",
                p.world_file
            )));
        }
        let mut robots = Vec::new();
        for placement in &world.robots {
            if !p.robots.is_empty() && !p.robots.iter().any(|r| r == placement.name.as_str()) {
                continue;
            }
            let path = Path::new(&p.model_folder).join(format!("{}.urdf", placement.model));
            let urdf = std::fs::read_to_string(&path)
                .map_err(|e| Error::application(format!("{}: {e}", path.display())))?;
            let model =
                RobotModel::from_urdf(placement.name.clone(), &urdf).map_err(Error::application)?;
            let index = robots.len();
            let robot = Robot::try_new(context, &model, p.command_timeout_s)?;
            context.subscribe(
                &format!("{}/command", robot.name),
                Qos::command(),
                move |app: &mut Self, context, message| {
                    app.command(context, index, message);
                },
            )?;
            robots.push(robot);
        }
        context.subscribe(
            "emergency_stop",
            Qos::state_latched(),
            |app: &mut Self, context, message: Bool| {
                // Anyone may stop; only the service may reset.
                if message.data && !app.emergency_stop {
                    app.set_emergency_stop(context, true, "topic emergency_stop");
                }
            },
        )?;
        context.service::<EmergencyStop::Service>(
            "set_emergency_stop",
            |app, context, request| {
                let who = format!("{}: {}", request.source, request.reason);
                app.set_emergency_stop(context, request.engage, &who);
                EmergencyStop::Response {
                    engaged: app.emergency_stop,
                    ..Default::default()
                }
            },
        )?;
        context.timer(Duration::from_millis(5), ClockKind::Steady, Self::watch);
        Ok(Self {
            robots,
            emergency: context.publisher("emergency_stop", Qos::state_latched())?,
            emergency_stop: false,
            link: WorkerLink::try_new(context, "actuator", |app: &mut Self| &mut app.link)?,
        })
    }

    fn deactivate(&mut self, context: &mut Context<Self>) -> Result<(), Error> {
        let now = context.now();
        for robot in &mut self.robots {
            robot.hold(now, "the actuator worker is inactive");
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
        let emergency = if self.emergency_stop {
            Diagnostic::new(
                "emergency stop",
                Level::Error,
                "engaged; reset it with set_emergency_stop",
            )
        } else {
            Diagnostic::new("emergency stop", Level::Ok, "not engaged")
        };
        let robots = self.robots.iter().map(|r| {
            let name = format!("{} commands", r.name);
            let (level, text) = if r.guard.is_holding() {
                (Level::Warn, format!("held: {}", r.reason))
            } else {
                (Level::Ok, "commanded".to_owned())
            };
            Diagnostic::new(&name, level, text)
                .with("rejected", r.rejected)
                .with("holds", r.holds)
        });
        std::iter::once(emergency).chain(robots).collect()
    }
}

impl Actuators {
    /// The hot path: judge and forward in the same turn.
    fn command(&mut self, context: &mut Context<Self>, index: usize, message: CommandMsg) {
        if !context.is_active() {
            return;
        }
        let (source, sequence) = (message.source, message.sequence);
        let robot = &mut self.robots[index];
        let mut command = match command_from_msg(message) {
            Ok(command) if command.robot == robot.name => command,
            Ok(command) => return robot.reject(&format!("it is for robot {}", command.robot)),
            Err(error) => return robot.reject(&error.to_string()),
        };
        let (now, steady_s) = (context.now(), context.steady_s());
        match robot
            .guard
            .check(&mut command, source, sequence, now, steady_s)
        {
            GuardVerdict::Reject(reason) => robot.reject(&reason),
            GuardVerdict::Hold(reason) => {
                robot.send(&command);
                robot.state(now, 2, &reason);
            }
            GuardVerdict::Clamped => {
                robot.send(&command);
                robot.state(now, 1, "clamped to the joints' limits");
            }
            GuardVerdict::Accept => {
                robot.send(&command);
                robot.state(now, 0, "");
            }
        }
    }

    fn watch(&mut self, context: &mut Context<Self>) {
        let (now, steady_s) = (context.now(), context.steady_s());
        for robot in &mut self.robots {
            if robot.guard.poll(steady_s) {
                robot.hold(now, "no fresh command");
                // A loaded machine stops often; a line a moment is enough for people.
                if steady_s - robot.warned_s > WARN_EVERY_S {
                    robot.warned_s = steady_s;
                    tracing::warn!(robot = %robot.name, holds = robot.holds, "no fresh command: controlled stop");
                }
                context.request_diagnostics_update();
            }
        }
    }

    fn set_emergency_stop(&mut self, context: &mut Context<Self>, engage: bool, who: &str) {
        // Told again even if nothing changes here: after a restart others may believe something else.
        self.emergency.publish(&Bool { data: engage });
        if self.emergency_stop == engage {
            return;
        }
        self.emergency_stop = engage;
        let now = context.now();
        for robot in &mut self.robots {
            robot.guard.set_emergency_stop(engage);
            if engage {
                robot.hold(now, "the emergency stop is engaged");
            }
        }
        context.request_diagnostics_update();
        if engage {
            tracing::error!(who, "emergency stop engaged");
        } else {
            tracing::warn!(who, "emergency stop reset");
        }
    }
}

impl Robot {
    fn try_new(
        context: &mut Context<Actuators>,
        model: &RobotModel,
        timeout_s: f64,
    ) -> Result<Self, Error> {
        let topic = |name: &str| format!("{}/{name}", model.name);
        Ok(Self {
            name: model.name.clone(),
            guard: CommandGuard::new(model, timeout_s),
            joint_names: model.joint_names(),
            hardware: context.publisher(&topic("hardware_command"), Qos::command())?,
            safety: context.publisher(&topic("actuator_safety"), Qos::state_latched())?,
            sequence: 0,
            rejected: 0,
            holds: 0,
            warned_s: f64::NEG_INFINITY,
            reason: "no command yet".to_owned(),
            published: None,
        })
    }

    fn send(&mut self, command: &ActuatorCommand) {
        self.sequence += 1;
        let origin = CommandOrigin {
            sequence: self.sequence,
            ..CommandOrigin::default()
        };
        let message = command_to_msg(command, &self.joint_names, origin);
        self.hardware.publish(&message);
    }

    fn reject(&mut self, reason: &str) {
        self.rejected += 1;
        tracing::debug!(robot = %self.name, "command rejected: {reason}");
    }

    fn hold(&mut self, now: Time, reason: &str) {
        self.holds += 1;
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
        self.state(now, 2, reason);
    }

    /// Publishes what the guard does when that changes.
    fn state(&mut self, now: Time, state: u8, detail: &str) {
        if self
            .published
            .as_ref()
            .is_some_and(|(s, d)| *s == state && d == detail)
        {
            return;
        }
        self.reason = detail.to_owned();
        self.published = Some((state, detail.to_owned()));
        let cause = match state {
            0 => "",
            1 => "position_limit",
            _ if detail.contains("emergency") => "emergency_stop",
            _ => "stale_command",
        };
        self.safety.publish(&SafetyStatus {
            header: Header {
                stamp: time_to_msg(now),
                ..Default::default()
            },
            robot: self.name.to_string(),
            state: if cause == "emergency_stop" { 3 } else { state },
            cause: cause.to_owned(),
            detail: detail.to_owned(),
            interventions: self.holds,
        });
    }
}
