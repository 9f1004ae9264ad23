use std::path::Path;
use std::time::Duration;

use physical_ai_description::{LoadedWorld, load_world};
use physical_ai_domain::RobotName;
use physical_ai_ros::msg::sensor_msgs::msg::{Imu, JointState};
use physical_ai_ros::msg::std_srvs::srv::Trigger;
use physical_ai_ros::msg::tf2_msgs::msg::TFMessage;
use physical_ai_ros::{
    Application, ClockKind, Context, Diagnostic, Error, Handle, Level, Publisher, Qos, WorkerLink,
};

use crate::parameters::SensorParameters;
use crate::robot::Robot;

/// Estimators of all robots and their topics.
pub struct Sensors {
    robots: Vec<Robot>,
    tf: Publisher<TFMessage>,
    tf_static: Publisher<TFMessage>,
    link: WorkerLink,
    silence_s: f64,
    odometry: Handle,
    odometry_rate_hz: f64,
    steady_s: f64,
    awaits_clock: bool,
}

/// Listens to a robot's drivers.
fn listen(
    context: &mut Context<Sensors>,
    name: &RobotName,
    index: usize,
    drives: bool,
) -> Result<(), Error> {
    context.subscribe(
        &format!("{name}/joint_states"),
        Qos::sensor(),
        move |app: &mut Sensors, context, message: JointState| {
            if app.knows_the_time(context) {
                app.robots[index].joints(context, &message);
            }
        },
    )?;
    if drives {
        context.subscribe(
            &format!("{name}/imu"),
            Qos::sensor(),
            move |app: &mut Sensors, context, message: Imu| {
                if app.knows_the_time(context) {
                    app.robots[index].imu(context, &message);
                }
            },
        )?;
    }
    Ok(())
}

fn serve(context: &mut Context<Sensors>) -> Result<(), Error> {
    context.service::<Trigger::Service>("~/reset_estimate", |app, _, _| {
        for robot in &mut app.robots {
            robot.reset();
        }
        tracing::warn!(
            "every robot is believed to be at its place in the world file: reset_estimate"
        );
        Trigger::Response {
            success: true,
            message: "every robot is believed to be at its place in the world file".to_owned(),
        }
    })?;
    Ok(())
}

impl Application for Sensors {
    type Parameters = SensorParameters;
    const DESCRIPTION: &'static str = "Turns sensor data into one state estimate per robot.";

    fn configure(context: &mut Context<Self>, p: &SensorParameters) -> Result<Self, Error> {
        let (world_file, models) = (Path::new(&p.world_file), Path::new(&p.model_folder));
        let LoadedWorld {
            world,
            robots: models,
        } = load_world(world_file, models, &p.robots).map_err(Error::application)?;
        let mut robots = Vec::new();
        for model in models {
            let name = model.name.clone();
            let placement = world.robot(name.as_str()).ok_or_else(|| {
                Error::application(format!("robot {name} is not in {}", p.world_file))
            })?;
            let index = robots.len();
            let robot = Robot::try_new(context, p, placement.pose, model)?;
            listen(context, &name, index, robot.drives())?;
            robots.push(robot);
        }
        serve(context)?;
        context.timer(
            Duration::from_secs(1),
            ClockKind::Steady,
            |app: &mut Self, context| {
                for robot in &mut app.robots {
                    robot.watch_drivers(context);
                }
            },
        );
        Ok(Self {
            robots,
            tf: context.publisher("/tf", Qos::standard())?,
            tf_static: context.publisher("/tf_static", Qos::state_latched())?,
            link: WorkerLink::try_new(context, "sensor", |app: &mut Self| &mut app.link)?,
            silence_s: p.silence_s,
            odometry: Self::time_odometry(context, p.odometry_rate_hz),
            odometry_rate_hz: p.odometry_rate_hz,
            steady_s: 0.0,
            awaits_clock: false,
        })
    }

    fn activate(&mut self, context: &mut Context<Self>) -> Result<(), Error> {
        let stamp = context.now();
        for robot in &self.robots {
            robot.describe();
        }
        let fixed = self.robots.iter().flat_map(|r| r.fixed_transforms(stamp));
        // One message for all: a latched topic of depth 1 keeps no more.
        self.tf_static.publish(&TFMessage {
            transforms: fixed.collect(),
        });
        Ok(())
    }

    fn parameters_changed(
        &mut self,
        context: &mut Context<Self>,
        parameters: &SensorParameters,
    ) -> Result<(), String> {
        self.silence_s = parameters.silence_s;
        if self.odometry_rate_hz != parameters.odometry_rate_hz {
            self.odometry.cancel();
            self.odometry_rate_hz = parameters.odometry_rate_hz;
            self.odometry = Self::time_odometry(context, self.odometry_rate_hz);
        }
        Ok(())
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let clock = self.awaits_clock.then(|| {
            let text = "use_sim_time is set, and no /clock has come yet: samples are not used";
            Diagnostic::new("clock", Level::Stale, text)
        });
        let robots = self.robots.iter();
        let robots = robots.map(|r| r.diagnostic(self.steady_s, self.silence_s));
        clock.into_iter().chain(robots).collect()
    }
}

impl Sensors {
    fn time_odometry(context: &mut Context<Self>, rate_hz: f64) -> Handle {
        let period = Duration::from_secs_f64(1.0 / rate_hz);
        context.timer(period, ClockKind::Ros, Self::publish_odometry)
    }

    /// False before the first `/clock` of a simulation: no stamp can be judged yet.
    fn knows_the_time(&mut self, context: &Context<Self>) -> bool {
        self.steady_s = context.steady_s();
        self.awaits_clock = context.uses_sim_time() && context.now().is_zero();
        !self.awaits_clock
    }

    fn publish_odometry(&mut self, context: &mut Context<Self>) {
        self.steady_s = context.steady_s();
        if !context.is_active() {
            return;
        }
        let moved = self.robots.iter_mut().flat_map(Robot::publish_odometry);
        let transforms: Vec<_> = moved.collect();
        if !transforms.is_empty() {
            self.tf.publish(&TFMessage { transforms });
        }
    }
}
