use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use physical_ai_control::agent::Agent;
use physical_ai_control::{LidarMount, SafetyCause, SafetyVerdict, StopFollower};
use physical_ai_description::{LoadedWorld, load_world};
use physical_ai_domain::RobotName;
use physical_ai_ros::msg::physical_ai_msgs::msg::{
    CommandStatus, ControlMetrics, ObjectPoses, RobotState as RobotStateMsg, SafetyStatus,
};
use physical_ai_ros::msg::physical_ai_msgs::srv::OpenSession;
use physical_ai_ros::msg::sensor_msgs::msg::LaserScan;
use physical_ai_ros::msg::std_msgs::msg::Header;
use physical_ai_ros::{
    Application, ClockKind, Context, Diagnostic, Error, Level, Qos, WorkerLink,
    robot_state_from_msg, time_from_msg, time_to_msg,
};

use crate::follow_trajectory::{self, Trajectories};
use crate::parameters::AgentParameters;
use crate::robot_link::RobotLink;
use crate::seen::{BadSamples, objects_from_msg, obstacles_from_msg};
use crate::stop;

/// An agent and its topics.
pub struct AgentNode {
    pub(crate) agent: Agent,
    pub(crate) link: WorkerLink,
    pub(crate) robots: BTreeMap<RobotName, RobotLink>,
    pub(crate) stops: StopFollower,
    pub(crate) trajectories: Trajectories,
    /// How the lidars of robots are mounted, as far as their scans have come.
    lidars: BTreeMap<RobotName, LidarMount>,
    bad_samples: BadSamples,
}

/// Listens to a robot's state, which drives its control loop, and to the lidar of one that drives.
fn observe(context: &mut Context<AgentNode>, robot: &RobotName, drives: bool) -> Result<(), Error> {
    let name = robot.clone();
    context.subscribe(
        &format!("{robot}/state"),
        Qos::command(),
        move |app: &mut AgentNode, context, message| app.tick(context, &name, message),
    )?;
    if drives {
        let name = robot.clone();
        context.subscribe(
            &format!("{robot}/scan"),
            Qos::sensor(),
            move |app: &mut AgentNode, context, message: LaserScan| {
                app.see_obstacles(context, &name, &message);
            },
        )?;
    }
    Ok(())
}

fn load(p: &AgentParameters) -> Result<LoadedWorld, Error> {
    load_world(
        Path::new(&p.world_file),
        Path::new(&p.model_folder),
        &p.robots,
    )
    .map_err(Error::application)
}

impl Application for AgentNode {
    type Parameters = AgentParameters;
    const DESCRIPTION: &'static str = "Controls several robots at once and executes their tasks.";

    fn configure(context: &mut Context<Self>, p: &AgentParameters) -> Result<Self, Error> {
        let LoadedWorld {
            world,
            robots: models,
        } = load(p)?;
        let (drive, safety) = p.limits().map_err(Error::application)?;
        let mut agent = Agent::try_new(world, models, drive, safety).map_err(Error::application)?;
        for robot in agent.robots_mut() {
            robot.set_period_s(1.0 / p.rate_hz);
        }
        let names: Vec<(RobotName, bool, bool)> = agent
            .robots_mut()
            .map(|r| (r.model().name.clone(), r.drives(), r.follows_trajectories()))
            .collect();
        let mut robots = BTreeMap::new();
        for (name, drives, follows) in names {
            if follows {
                follow_trajectory::serve(context, &name)?;
            }
            let link = RobotLink::try_new(context, &name)?;
            agent.set_held(&name, link.held(context.steady_s()), context.steady_s());
            observe(context, &name, drives)?;
            robots.insert(name, link);
        }
        context.subscribe(
            "objects",
            Qos::sensor(),
            |app: &mut Self, context, message| {
                app.see_objects(context, &message);
            },
        )?;
        stop::follow(context)?;
        context.timer(Duration::from_millis(50), ClockKind::Steady, Self::watch);
        context.timer(
            Duration::from_secs(1),
            ClockKind::Steady,
            Self::publish_metrics,
        );
        let link = WorkerLink::try_new(context, "agent", |app: &mut Self| &mut app.link)?;
        link.accept_tasks::<Self>(context)?;
        crate::check_tasks::serve(context)?;
        Ok(Self {
            agent,
            link,
            robots,
            stops: StopFollower::default(),
            trajectories: Trajectories::new(),
            lidars: BTreeMap::new(),
            bad_samples: BadSamples::default(),
        })
    }

    fn activate(&mut self, context: &mut Context<Self>) -> Result<(), Error> {
        self.refresh_offer(context);
        Ok(())
    }

    fn deactivate(&mut self, _context: &mut Context<Self>) -> Result<(), Error> {
        self.abandon_trajectories("the agent was deactivated");
        Ok(())
    }

    /// Takes over new limits at once, or none of them.
    fn parameters_changed(
        &mut self,
        _context: &mut Context<Self>,
        parameters: &AgentParameters,
    ) -> Result<(), String> {
        let (drive, safety) = parameters.limits()?;
        self.agent
            .set_limits(drive, safety)
            .map_err(|e| e.to_string())?;
        for robot in self.agent.robots_mut() {
            robot.set_period_s(1.0 / parameters.rate_hz);
        }
        tracing::info!(?drive, ?safety, "limits changed");
        Ok(())
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let tasks = Diagnostic::new(
            "robots",
            Level::Ok,
            format!("load {:.2}", self.agent.load()),
        )
        .with("robots", self.robots.len())
        .with("bad_samples", self.bad_samples.total());
        let stopped = self
            .robots
            .keys()
            .find_map(|robot| self.stops.reason(robot.as_str()));
        let emergency = match stopped {
            Some(reason) => Diagnostic::new("emergency stop", Level::Error, reason),
            None => Diagnostic::new("emergency stop", Level::Ok, "not engaged"),
        };
        let faults = self.robots.iter().filter_map(|(name, link)| {
            let fault = link.fault()?;
            Some(Diagnostic::new(
                &format!("{name} commands"),
                Level::Error,
                fault,
            ))
        });
        [tasks, emergency].into_iter().chain(faults).collect()
    }
}

impl AgentNode {
    /// The hot path: state in, command out, in the same turn.
    fn tick(&mut self, context: &mut Context<Self>, name: &RobotName, message: RobotStateMsg) {
        if !context.is_active() {
            return;
        }
        let Some(robot) = self.agent.robot_mut(name) else {
            return;
        };
        let state = match robot_state_from_msg(message, name, robot.joint_names()) {
            Ok(state) => state,
            Err(error) => return self.bad_samples.count(context, &error.to_string()),
        };
        let (now, steady_s) = (context.now().max(state.stamp), context.steady_s());
        let incarnation = self.link.incarnation();
        let Some(control) = self.agent.tick(state, now, steady_s) else {
            return;
        };
        let link = self.robots.get_mut(name);
        let is_news = link.is_some_and(|l| l.send(control.command, incarnation));
        let (verdict, report) = (control.verdict, control.report);
        if is_news {
            self.link_changed(context, name);
        }
        self.publish_safety(context, name, verdict);
        if self.end_trajectory(name) {
            self.refresh_offer(context);
        }
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

    /// Commands of a robot cannot be published any more, or can again.
    fn link_changed(&mut self, context: &mut Context<Self>, name: &RobotName) {
        let steady_s = context.steady_s();
        if let Some(link) = self.robots.get(name) {
            if let Some(fault) = link.fault() {
                tracing::error!(robot = %name, "{fault}");
            }
            self.agent.set_held(name, link.held(steady_s), steady_s);
        }
        context.request_diagnostics_update();
    }

    fn publish_safety(
        &mut self,
        context: &mut Context<Self>,
        name: &RobotName,
        verdict: SafetyVerdict,
    ) {
        let judged = (verdict.state, verdict.cause);
        let Some(link) = self.robots.get_mut(name) else {
            return;
        };
        if link.judged == Some(judged) {
            return;
        }
        link.judged = Some(judged);
        let Some(robot) = self.agent.robot_mut(name) else {
            return;
        };
        link.safety.publish(&SafetyStatus {
            header: Header {
                stamp: time_to_msg(context.now()),
                ..Default::default()
            },
            robot: name.to_string(),
            state: verdict.state as u8,
            cause: judged.1.map_or("", SafetyCause::as_str).to_owned(),
            detail: verdict.detail(robot.joint_names()),
            interventions: robot.interventions(),
        });
    }

    /// Takes what the receiver of a robot's commands says.
    pub fn receiver_speaks(
        &mut self,
        context: &mut Context<Self>,
        robot: &RobotName,
        status: CommandStatus,
    ) {
        let (source, steady_s) = (self.link.incarnation(), context.steady_s());
        if let Some(link) = self.robots.get_mut(robot) {
            link.hear(status, source, steady_s);
            self.agent.set_held(robot, link.held(steady_s), steady_s);
        }
    }

    /// Takes the receiver's answer to the request for a session.
    pub fn receiver_answers(
        &mut self,
        context: &mut Context<Self>,
        robot: &RobotName,
        answer: Result<OpenSession::Response, Error>,
    ) {
        let steady_s = context.steady_s();
        if let Some(link) = self.robots.get_mut(robot) {
            link.answer(context, robot, answer);
            self.agent.set_held(robot, link.held(steady_s), steady_s);
        }
    }

    fn see_objects(&mut self, context: &mut Context<Self>, message: &ObjectPoses) {
        let now = context.now();
        if now.is_zero() {
            // No /clock of the simulation yet: no stamp can be judged.
            return;
        }
        let objects = match objects_from_msg(message, now) {
            Ok(objects) => objects,
            Err(problem) => return self.bad_samples.count(context, &problem),
        };
        let stamp = time_from_msg(&message.header.stamp);
        if self.agent.see_objects(stamp, &objects) {
            self.refresh_offer(context);
        }
    }

    fn see_obstacles(&mut self, context: &Context<Self>, name: &RobotName, message: &LaserScan) {
        let (stamp, now) = (time_from_msg(&message.header.stamp), context.now());
        if now.is_zero() {
            return;
        }
        let seen = self.lidar_mount(name, &message.header.frame_id);
        match seen.and_then(|mount| obstacles_from_msg(message, mount, now)) {
            Ok(obstacles) => self.agent.see_obstacles(name, stamp, obstacles),
            Err(problem) => {
                self.agent.refuse_obstacles(name, &problem);
                self.bad_samples
                    .count(context, &format!("{name}: {problem}"));
            }
        }
    }

    /// How the lidar of a robot is mounted whose scans are of this frame.
    fn lidar_mount(&mut self, name: &RobotName, frame: &str) -> Result<&LidarMount, String> {
        let known = self.lidars.remove(name).filter(|m| m.frame() == frame);
        let mount = match (known, self.agent.robot_mut(name)) {
            (Some(mount), _) => mount,
            (None, Some(robot)) => {
                LidarMount::of(robot.model(), frame).map_err(|e| e.to_string())?
            }
            (None, None) => return Err("is no robot of this agent".to_owned()),
        };
        Ok(self.lidars.entry(name.clone()).or_insert(mount))
    }

    /// Asks for sessions, fails tasks of robots that fell silent, and keeps readiness of capabilities true.
    fn watch(&mut self, context: &mut Context<Self>) {
        let (now, steady_s) = (context.now(), context.steady_s());
        let source = self.link.incarnation();
        for (name, link) in &mut self.robots {
            link.ask(context, name, source);
            self.agent.set_held(name, link.held(steady_s), steady_s);
        }
        for report in self.agent.watch(now, steady_s) {
            tracing::warn!(task = %report.task, "{}", report.error_msg);
            self.link.report(now, report);
        }
        self.tell_trajectories();
        self.refresh_offer(context);
    }

    fn publish_metrics(&mut self, context: &mut Context<Self>) {
        let header = Header {
            stamp: time_to_msg(context.now()),
            ..Default::default()
        };
        for (name, link) in &self.robots {
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
            link.metrics.publish(&ControlMetrics {
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
