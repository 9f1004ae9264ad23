use std::path::Path;
use std::time::Duration;

use physical_ai_control::StopFollower;
use physical_ai_description::read_world;
use physical_ai_domain::RobotModel;
use physical_ai_ros::msg::physical_ai_msgs::msg::ObjectPoses;
use physical_ai_ros::msg::physical_ai_msgs::srv::StepSimulation;
use physical_ai_ros::msg::rosgraph_msgs::msg::Clock;
use physical_ai_ros::msg::std_srvs::srv::{SetBool, Trigger};
use physical_ai_ros::{
    Application, ClockKind, Context, Diagnostic, Error, Handle, Level, Publisher, Qos, WorkerLink,
    time_to_msg,
};
use physical_ai_sim::SimulatedWorld;

use crate::drives::{PowerStage, follow_stops};
use crate::parameters::SimulationParameters;
use crate::publishing::{RobotPublishers, object_poses};
use crate::setup::set_up;

const MOST_STEPS: u32 = 1_000_000;

/// A simulated world and its publishers.
pub struct Simulation {
    pub(crate) world: SimulatedWorld,
    pub(crate) robots: Vec<RobotPublishers>,
    pub(crate) stages: Vec<PowerStage>,
    pub(crate) stops: StopFollower,
    clock: Publisher<Clock>,
    objects: Publisher<ObjectPoses>,
    pub(crate) link: WorkerLink,
    steps_per_batch: u32,
    batches_per_perception: u64,
    batches: u64,
    batch_s: f64,
    pace: Handle,
    paused: bool,
    failure: Option<String>,
    pub(crate) refused: u64,
}

fn load(p: &SimulationParameters) -> Result<SimulatedWorld, Error> {
    let (world_file, models) = (Path::new(&p.world_file), Path::new(&p.model_folder));
    let world = read_world(world_file).map_err(Error::application)?;
    let step_s = 1.0 / p.physics_rate_hz;
    let robots = world.robots.iter();
    let robots = robots
        .map(|placement| set_up(placement, models))
        .collect::<Result<_, _>>()?;
    let simulated = SimulatedWorld::try_new(&world, robots, p.noise(), p.seed as u64, step_s)
        .map_err(Error::application)?;
    for warning in simulated.warnings() {
        tracing::warn!("{warning}");
    }
    Ok(simulated)
}

impl Application for Simulation {
    type Parameters = SimulationParameters;
    const DESCRIPTION: &'static str =
        "Steps a MuJoCo world and shows its robots as their drivers would.";

    fn configure(context: &mut Context<Self>, p: &SimulationParameters) -> Result<Self, Error> {
        let world = load(p)?;
        let models: Vec<RobotModel> = world.models().cloned().collect();
        let steps_per_batch = (p.physics_rate_hz / p.sensor_rate_hz).round().max(1.0) as u32;
        let batch_s = f64::from(steps_per_batch) / p.physics_rate_hz;
        let batches_per_perception = p.batches_per_perception(batch_s);
        let scan_time_s = batches_per_perception as f64 * batch_s;
        let robots = models
            .iter()
            .map(|model| RobotPublishers::try_new(context, &world, model, &p.noise(), scan_time_s))
            .collect::<Result<Vec<_>, _>>()?;
        let stages = models
            .iter()
            .enumerate()
            .map(|(i, model)| PowerStage::try_new(context, model, i))
            .collect::<Result<Vec<_>, _>>()?;
        follow_stops(context)?;
        context.timer(
            Duration::from_millis(10),
            ClockKind::Steady,
            Self::watch_stages,
        );
        serve(context)?;
        crate::faults::serve(context)?;
        context.timer(
            Duration::from_secs(1),
            ClockKind::Steady,
            |app: &mut Self, context| {
                let (now, source) = (app.world.time(), context.node_name().to_owned());
                for robot in &mut app.robots {
                    robot.publish_metrics(now, &source);
                }
            },
        );
        Ok(Self {
            world,
            robots,
            stages,
            stops: StopFollower::default(),
            clock: context.publisher("/clock", Qos::clock())?,
            objects: context.publisher("objects", Qos::sensor())?,
            link: WorkerLink::try_new(context, "simulation", |app: &mut Self| &mut app.link)?,
            steps_per_batch,
            batches_per_perception,
            batches: 0,
            pace: Self::pace(context, batch_s, p.real_time_factor),
            batch_s,
            paused: p.paused,
            failure: None,
            refused: 0,
        })
    }

    fn parameters_changed(
        &mut self,
        context: &mut Context<Self>,
        parameters: &SimulationParameters,
    ) -> Result<(), String> {
        self.world.set_noise(parameters.noise());
        self.batches_per_perception = parameters.batches_per_perception(self.batch_s);
        let scan_time_s = self.batches_per_perception as f64 * self.batch_s;
        for robot in &mut self.robots {
            robot.tune(&parameters.noise(), scan_time_s);
        }
        self.pace.cancel();
        self.pace = Self::pace(context, self.batch_s, parameters.real_time_factor);
        Ok(())
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let physics = match &self.failure {
            Some(failure) => Diagnostic::new("physics", Level::Error, failure.clone()),
            None if self.paused => Diagnostic::new("physics", Level::Ok, "paused"),
            None => Diagnostic::new("physics", Level::Ok, "running"),
        };
        let physics = physics
            .with("time_s", self.world.time().seconds())
            .with("robots", self.robots.len())
            .with("refused_commands", self.refused);
        let drives = self.stages.iter().map(PowerStage::diagnostic);
        std::iter::once(physics).chain(drives).collect()
    }
}

fn serve(context: &mut Context<Simulation>) -> Result<(), Error> {
    context.service::<SetBool::Service>("simulation/pause", |app, _, request| {
        app.paused = request.data;
        let message = if request.data { "paused" } else { "running" }.to_owned();
        SetBool::Response {
            success: true,
            message,
        }
    })?;
    context.service::<Trigger::Service>("simulation/reset", |app, _, _| {
        app.world.reset();
        app.failure = None;
        tracing::info!("the world is back at its start");
        Trigger::Response {
            success: true,
            message: "reset".to_owned(),
        }
    })?;
    context.service::<StepSimulation::Service>("simulation/step", |app, context, request| {
        let mut response = StepSimulation::Response::default();
        if !app.paused {
            response.error_code = 1;
            response.error_msg = "not paused: call simulation/pause first".to_owned();
        } else if request.steps == 0 || request.steps > MOST_STEPS {
            response.error_code = 2;
            response.error_msg = format!("steps is {}: must be 1 to {MOST_STEPS}", request.steps);
        } else {
            app.run_steps(context, request.steps);
        }
        response.time = time_to_msg(app.world.time());
        response
    })?;
    Ok(())
}

impl Simulation {
    /// A timer that runs one batch each time it is due. A stall of more than a batch slows simulated
    /// time down instead of letting it jump.
    fn pace(context: &mut Context<Self>, batch_s: f64, real_time_factor: f64) -> Handle {
        let period_s = if real_time_factor > 0.0 {
            batch_s / real_time_factor
        } else {
            0.0
        };
        context.timer(
            Duration::from_secs_f64(period_s),
            ClockKind::Steady,
            |app, context| {
                if !app.paused && app.failure.is_none() && context.is_active() {
                    app.run_steps(context, app.steps_per_batch);
                }
            },
        )
    }

    fn run_steps(&mut self, context: &mut Context<Self>, steps: u32) {
        for step in 1..=steps {
            if let Err(error) = self.world.step() {
                tracing::error!("{error}");
                self.failure = Some(error.to_string());
                context.request_diagnostics_update();
                return;
            }
            if step % self.steps_per_batch == 0 || step == steps {
                self.publish(context);
            }
        }
    }

    fn publish(&mut self, context: &mut Context<Self>) {
        self.clock.publish(&Clock {
            clock: time_to_msg(self.world.time()),
        });
        for robot in &mut self.robots {
            robot.publish_fast(&mut self.world, context.steady_s());
        }
        if self.batches.is_multiple_of(self.batches_per_perception) {
            for robot in &self.robots {
                robot.publish_scan(&mut self.world);
                robot.publish_truth(&self.world);
            }
            self.objects.publish(&object_poses(&mut self.world));
        }
        self.batches += 1;
    }
}
