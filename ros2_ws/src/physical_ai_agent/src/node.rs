use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use physical_ai_control::agent::Agent;
use physical_ai_control::skills::SeenObject;
use physical_ai_control::{DriveLimits, Obstacles, SafetyLimits, SafetyState, SafetyVerdict};
use physical_ai_domain::{RobotModel, RobotName, World};
use physical_ai_ros::msg::physical_ai_msgs::msg::{
    ActuatorCommand as CommandMsg, ControlMetrics, ObjectPoses, RobotState as RobotStateMsg,
    SafetyStatus,
};
use physical_ai_ros::msg::sensor_msgs::msg::LaserScan;
use physical_ai_ros::msg::std_msgs::msg::{Bool, Header};
use physical_ai_ros::{
    Application, ClockKind, CommandOrigin, Context, Diagnostic, Error, Level, Publisher, Qos, WorkerLink,
    command_to_msg, pose_from_msg, robot_state_from_msg, time_from_msg, time_to_msg,
};

use crate::parameters::AgentParameters;

struct Topics {
    command: Publisher<CommandMsg>,
    safety: Publisher<SafetyStatus>,
    metrics: Publisher<ControlMetrics>,
    sequence: u64,
    judged: Option<(SafetyState, Option<&'static str>)>,
}

/// An agent and its topics.
pub struct AgentNode {
    pub(crate) agent: Agent,
    pub(crate) link: WorkerLink,
    topics: BTreeMap<RobotName, Topics>,
    emergency_stop: bool,
    emergency: Publisher<Bool>,
    bad_states: u64,
}

impl Topics {
    fn try_new(context: &mut Context<AgentNode>, robot: &RobotName) -> Result<Self, Error> {
        let topic = |suffix: &str| format!("{robot}/{suffix}");
        Ok(Self {
            command: context.publisher(&topic("command"), Qos::command())?,
            safety: context.publisher(&topic("safety"), Qos::state_latched())?,
            metrics: context.publisher(&topic("control_metrics"), Qos::standard())?,
            sequence: 0,
            judged: None,
        })
    }
}

/// Listens to a robot's state, which drives its control loop, and to its lidar.
fn observe(context: &mut Context<AgentNode>, robot: &RobotName) -> Result<(), Error> {
    context.subscribe(
        &format!("{robot}/state"),
        Qos::command(),
        |app: &mut AgentNode, context, message| app.tick(context, message),
    )?;
    let name = robot.clone();
    context.subscribe(
        &format!("{robot}/scan"),
        Qos::sensor(),
        move |app: &mut AgentNode, _, m: LaserScan| {
            let obstacles = Obstacles {
                angle_min: f64::from(m.angle_min),
                angle_increment: f64::from(m.angle_increment),
                ranges: m.ranges.iter().map(|r| f64::from(*r)).collect(),
            };
            app.agent
                .see_obstacles(&name, time_from_msg(&m.header.stamp), obstacles);
        },
    )?;
    Ok(())
}

fn load(p: &AgentParameters) -> Result<(World, Vec<RobotModel>), Error> {
    let yaml = std::fs::read_to_string(&p.world_file)
        .map_err(|e| Error::application(format!("world_file {}: {e}", p.world_file)))?;
    let world = World::from_yaml(&p.world_file, &yaml).map_err(Error::application)?;
    if let Some(unknown) = p.robots.iter().find(|r| world.robot(r).is_none()) {
        return Err(Error::application(format!(
            "robots: {unknown:?} is not in {}",
            p.world_file
        )));
    }
    let mut models = Vec::new();
    for placement in &world.robots {
        if p.robots.is_empty() || p.robots.iter().any(|r| r == placement.name.as_str()) {
            let path = Path::new(&p.model_folder).join(format!("{}.urdf", placement.model));
            let urdf = std::fs::read_to_string(&path)
                .map_err(|e| Error::application(format!("{}: {e}", path.display())))?;
            models.push(
                RobotModel::from_urdf(placement.name.clone(), &urdf).map_err(Error::application)?,
            );
        }
    }
    Ok((world, models))
}

fn limits(p: &AgentParameters) -> Result<(DriveLimits, SafetyLimits), Error> {
    let corner = |name: &str, values: &[f64]| match values {
        [x, y] => Ok([*x, *y]),
        _ => Err(Error::application(format!(
            "{name} has {} values: x and y are needed",
            values.len()
        ))),
    };
    let drive = DriveLimits {
        max_speed_mps: p.max_speed_mps,
        max_yaw_rate_rps: p.max_yaw_rate_rps,
        acceleration_mps2: p.acceleration_mps2,
        stop_distance_m: p.stop_distance_m,
        ..DriveLimits::default()
    };
    let safety = SafetyLimits {
        max_state_age_s: p.max_state_age_s,
        geofence_min_m: corner("geofence_min_m", &p.geofence_min_m)?,
        geofence_max_m: corner("geofence_max_m", &p.geofence_max_m)?,
        min_separation_m: p.min_separation_m,
        ..SafetyLimits::default()
    };
    Ok((drive, safety))
}

impl Application for AgentNode {
    type Parameters = AgentParameters;
    const DESCRIPTION: &'static str = "Controls several robots at once and executes their tasks.";

    fn configure(context: &mut Context<Self>, p: &AgentParameters) -> Result<Self, Error> {
        let (world, models) = load(p)?;
        let (drive, safety) = limits(p)?;
        let mut agent = Agent::try_new(world, models, drive, safety).map_err(Error::application)?;
        for robot in agent.robots_mut() {
            robot.set_period_s(1.0 / p.rate_hz);
        }
        let names: Vec<RobotName> = agent.robots().cloned().collect();
        let mut topics = BTreeMap::new();
        for name in names {
            observe(context, &name)?;
            topics.insert(name.clone(), Topics::try_new(context, &name)?);
        }
        context.subscribe(
            "objects",
            Qos::sensor(),
            |app: &mut Self, context, message| {
                app.see_objects(context, &message);
            },
        )?;
        context.subscribe(
            "emergency_stop",
            Qos::state_latched(),
            |app: &mut Self, context, m: Bool| app.set_emergency_stop(context, m.data),
        )?;
        context.timer(Duration::from_millis(50), ClockKind::Steady, Self::watch);
        context.timer(
            Duration::from_secs(1),
            ClockKind::Steady,
            Self::publish_metrics,
        );
        let link = WorkerLink::try_new(context, "agent", |app: &mut Self| &mut app.link)?;
        link.accept_tasks::<Self>(context)?;
        Ok(Self {
            agent,
            link,
            topics,
            emergency_stop: false,
            emergency: context.publisher("emergency_stop", Qos::state_latched())?,
            bad_states: 0,
        })
    }

    fn activate(&mut self, context: &mut Context<Self>) -> Result<(), Error> {
        self.refresh_offer(context);
        Ok(())
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let tasks = Diagnostic::new(
            "robots",
            Level::Ok,
            format!("load {:.2}", self.agent.load()),
        )
        .with("robots", self.topics.len())
        .with("bad_states", self.bad_states);
        let emergency = if self.emergency_stop {
            Diagnostic::new("emergency stop", Level::Error, "engaged")
        } else {
            Diagnostic::new("emergency stop", Level::Ok, "not engaged")
        };
        vec![tasks, emergency]
    }
}

impl AgentNode {
    /// The hot path: state in, command out, in the same turn.
    fn tick(&mut self, context: &mut Context<Self>, message: RobotStateMsg) {
        if !context.is_active() {
            return;
        }
        let state = match robot_state_from_msg(message) {
            Ok(state) => state,
            Err(error) => {
                self.bad_states += 1;
                tracing::warn!("state ignored: {error}");
                return;
            }
        };
        let (now, steady_s) = (context.now().max(state.stamp), context.steady_s());
        let name = state.robot.clone();
        let incarnation = self.link.incarnation();
        let Some(control) = self.agent.tick(state, now, steady_s) else {
            return;
        };
        let Some(topics) = self.topics.get_mut(&name) else {
            return;
        };
        topics.sequence += 1;
        // Joint names are left out: both sides hold the same model, and this is the hot path.
        let origin = CommandOrigin {
            source: incarnation,
            session: 0,
            sequence: topics.sequence,
        };
        let command = command_to_msg(control.command, &[], origin);
        topics.command.publish(&command);
        let (verdict, report) = (control.verdict, control.report);
        self.publish_safety(context, &name, verdict);
        if let Some(report) = report {
            if report.state.is_terminal() {
                tracing::info!(task = %report.task, state = ?report.state, "{}", report.error_msg);
            }
            let terminal = report.state.is_terminal();
            self.link.report(now, report);
            if terminal {
                self.refresh_offer(context);
            }
        }
    }

    fn publish_safety(
        &mut self,
        context: &mut Context<Self>,
        name: &RobotName,
        verdict: SafetyVerdict,
    ) {
        let judged = (verdict.state, verdict.cause.map(|c| c.as_str()));
        let Some(topics) = self.topics.get_mut(name) else {
            return;
        };
        if topics.judged == Some(judged) {
            return;
        }
        topics.judged = Some(judged);
        let Some(robot) = self.agent.robot_mut(name) else {
            return;
        };
        topics.safety.publish(&SafetyStatus {
            header: Header {
                stamp: time_to_msg(context.now()),
                ..Default::default()
            },
            robot: name.to_string(),
            state: verdict.state as u8,
            cause: judged.1.unwrap_or_default().to_owned(),
            detail: verdict.detail(robot.joint_names()),
            interventions: robot.interventions(),
        });
    }

    fn set_emergency_stop(&mut self, context: &mut Context<Self>, engaged: bool) {
        if self.emergency_stop == engaged {
            return;
        }
        self.emergency_stop = engaged;
        self.agent.set_emergency_stop(engaged);
        // Said again, so that an actuator worker that starts later hears of a stop that its
        // predecessor latched.
        self.emergency.publish(&Bool { data: engaged });
        self.refresh_offer(context);
        context.request_diagnostics_update();
    }

    fn see_objects(&mut self, context: &mut Context<Self>, message: &ObjectPoses) {
        let objects = message
            .names
            .iter()
            .zip(&message.poses)
            .zip(&message.sizes)
            .map(|((name, pose), size)| {
                let seen = SeenObject {
                    pose: pose_from_msg(pose),
                    size_m: [size.x, size.y, size.z],
                };
                (name.clone(), seen)
            })
            .filter(|(_, seen)| seen.pose.translation.vector.iter().all(|v| v.is_finite()))
            .collect();
        let stamp = time_from_msg(&message.header.stamp);
        if self.agent.see_objects(stamp, &objects) {
            self.refresh_offer(context);
        }
    }

    /// Fails tasks of robots that fell silent, and keeps readiness of capabilities true.
    fn watch(&mut self, context: &mut Context<Self>) {
        let (now, steady_s) = (context.now(), context.steady_s());
        for report in self.agent.watch(now, steady_s) {
            tracing::warn!(task = %report.task, "{}", report.error_msg);
            self.link.report(now, report);
        }
        self.refresh_offer(context);
    }

    fn publish_metrics(&mut self, context: &mut Context<Self>) {
        let header = Header {
            stamp: time_to_msg(context.now()),
            ..Default::default()
        };
        for (name, topics) in &self.topics {
            let Some(robot) = self.agent.robot_mut(name) else {
                continue;
            };
            let metrics = robot.take_metrics();
            let jitter = |f: fn(&physical_ai_control::Summary) -> f64| {
                metrics.jitter_us.as_ref().map_or(f64::NAN, f)
            };
            let tracking = |f: fn(&physical_ai_control::Summary) -> f64| {
                metrics.tracking.as_ref().map_or(f64::NAN, f)
            };
            topics.metrics.publish(&ControlMetrics {
                header: header.clone(),
                robot: name.to_string(),
                source: context.node_name().to_owned(),
                rate_hz: metrics.ticks as f64,
                latency_p50_us: f64::NAN,
                latency_p99_us: f64::NAN,
                latency_max_us: f64::NAN,
                jitter_p50_us: jitter(|s| s.p50),
                jitter_p99_us: jitter(|s| s.p99),
                jitter_max_us: jitter(|s| s.max),
                tracking_error_rms: tracking(|s| s.rms),
                tracking_error_max: tracking(|s| s.max),
                ticks: metrics.ticks,
                overruns: metrics.overruns,
            });
        }
    }
}
