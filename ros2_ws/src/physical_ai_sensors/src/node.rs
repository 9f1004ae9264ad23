use std::path::Path;
use std::time::Duration;

use physical_ai_domain::{RobotModel, RobotName, RobotPlacement, RobotState, World};
use physical_ai_ros::msg::geometry_msgs::msg::{
    PoseWithCovariance, Transform, TransformStamped, TwistWithCovariance, Vector3,
};
use physical_ai_ros::msg::nav_msgs::msg::Odometry;
use physical_ai_ros::msg::physical_ai_msgs::msg::RobotState as RobotStateMsg;
use physical_ai_ros::msg::sensor_msgs::msg::{Imu, JointState};
use physical_ai_ros::msg::std_msgs::msg::Header;
use physical_ai_ros::msg::tf2_msgs::msg::TFMessage;
use physical_ai_ros::{
    Application, ClockKind, Context, Diagnostic, Error, Handle, Level, Publisher, Qos, WorkerLink,
    robot_state_to_msg, time_from_msg, time_to_msg,
};

use crate::estimator::Estimator;
use crate::parameters::SensorParameters;
use crate::pose_store::PoseStore;

struct Robot {
    estimator: Estimator,
    /// Only of robots that move their base.
    poses: Option<PoseStore>,
    joint_names: Vec<String>,
    state: Publisher<RobotStateMsg>,
    odom: Publisher<Odometry>,
    sequence: u64,
    newest: Option<RobotState>,
    heard_steady_s: f64,
    imu_fault: Option<String>,
}

/// Estimators of all robots and their topics.
pub struct Sensors {
    robots: Vec<Robot>,
    tf: Publisher<TFMessage>,
    link: WorkerLink,
    silence_s: f64,
    odometry: Handle,
    odometry_rate_hz: f64,
    steady_s: f64,
}

/// Opens what a predecessor of this process left of a rover.
fn inherit(
    context: &Context<Sensors>,
    p: &SensorParameters,
    estimator: &mut Estimator,
) -> Result<PoseStore, Error> {
    let robot = &estimator.model().name;
    let path = p.pose_path(context.namespace(), context.node_name(), robot);
    let (store, snapshot) = PoseStore::open(&path)
        .map_err(|e| Error::application(format!("pose_folder: {}: {e}", path.display())))?;
    if let Some(snapshot) = snapshot {
        estimator.inherit(snapshot);
    }
    Ok(store)
}

/// Listens to a robot's drivers.
fn listen(context: &mut Context<Sensors>, robot: &RobotName, index: usize) -> Result<(), Error> {
    context.subscribe(
        &format!("{robot}/joint_states"),
        Qos::sensor(),
        move |app: &mut Sensors, context, message| app.joint_states(context, index, &message),
    )?;
    context.subscribe(
        &format!("{robot}/imu"),
        Qos::sensor(),
        move |app: &mut Sensors, _, message: Imu| {
            let robot = &mut app.robots[index];
            robot.imu_fault = robot.estimator.imu(message.angular_velocity.z).err();
        },
    )?;
    Ok(())
}

impl Application for Sensors {
    type Parameters = SensorParameters;
    const DESCRIPTION: &'static str = "Turns sensor data into one state estimate per robot.";

    fn configure(context: &mut Context<Self>, p: &SensorParameters) -> Result<Self, Error> {
        let yaml = std::fs::read_to_string(&p.world_file)
            .map_err(|e| Error::application(format!("world_file {}: {e}", p.world_file)))?;
        let world = World::from_yaml(&p.world_file, &yaml).map_err(Error::application)?;
        let mut robots = Vec::new();
        for placement in &world.robots {
            if !p.robots.is_empty() && !p.robots.iter().any(|r| r == placement.name.as_str()) {
                continue;
            }
            let index = robots.len();
            robots.push(Robot::try_new(context, p, placement)?);
            listen(context, &placement.name, index)?;
        }
        if let Some(unknown) = p.robots.iter().find(|r| world.robot(r).is_none()) {
            return Err(Error::application(format!(
                "robots: {unknown:?} is not in {}",
                p.world_file
            )));
        }
        Ok(Self {
            robots,
            tf: context.publisher("/tf", Qos::standard())?,
            link: WorkerLink::try_new(context, "sensor", |app: &mut Self| &mut app.link)?,
            silence_s: p.silence_s,
            odometry: Self::time_odometry(context, p.odometry_rate_hz),
            odometry_rate_hz: p.odometry_rate_hz,
            steady_s: 0.0,
        })
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
        self.robots
            .iter()
            .map(|r| r.diagnostic(self.steady_s, self.silence_s))
            .collect()
    }
}

impl Robot {
    fn try_new(
        context: &mut Context<Sensors>,
        p: &SensorParameters,
        placement: &RobotPlacement,
    ) -> Result<Self, Error> {
        let path = Path::new(&p.model_folder).join(format!("{}.urdf", placement.model));
        let urdf = std::fs::read_to_string(&path)
            .map_err(|e| Error::application(format!("{}: {e}", path.display())))?;
        let model =
            RobotModel::from_urdf(placement.name.clone(), &urdf).map_err(Error::application)?;
        let topic = |name: &str| format!("{}/{name}", placement.name);
        let joint_names = model.joint_names();
        let mut estimator = Estimator::new(model, placement.pose);
        let poses = if estimator.drives() {
            Some(inherit(context, p, &mut estimator)?)
        } else {
            None
        };
        Ok(Self {
            joint_names,
            estimator,
            poses,
            state: context.publisher(&topic("state"), Qos::command())?,
            odom: context.publisher(&topic("odom"), Qos::standard())?,
            sequence: 0,
            newest: None,
            heard_steady_s: 0.0,
            imu_fault: None,
        })
    }

    /// Lets a successor go on where this process is.
    fn keep_pose(&mut self) {
        let robot = &self.estimator.model().name;
        if let (Some(poses), Some(snapshot)) = (&mut self.poses, self.estimator.snapshot())
            && let Err(error) = poses.keep(&snapshot)
        {
            // Odometry does not depend on it: what is lost is the pose after the next crash.
            tracing::warn!(%robot, "its pose cannot be kept for a restart: {error}");
            self.poses = None;
        }
    }

    /// Says once what became of the pose that a predecessor left.
    fn tell_inheritance(&mut self) {
        let robot = self.estimator.model().name.clone();
        match self.estimator.take_inheritance() {
            Some(Ok(pose)) => {
                let (x, y) = (pose.x, pose.y);
                tracing::info!(%robot, "goes on from where it was: x {x:.3} m, y {y:.3} m");
            }
            Some(Err(reason)) => {
                tracing::info!(%robot, "starts at its place in the world file: {reason}");
            }
            None => {}
        }
    }

    fn diagnostic(&self, steady_s: f64, silence_s: f64) -> Diagnostic {
        let name = format!("{} state", self.estimator.model().name);
        match &self.newest {
            None => Diagnostic::new(&name, Level::Stale, "no joint_states yet"),
            Some(_) if steady_s - self.heard_steady_s > silence_s => {
                Diagnostic::new(&name, Level::Stale, "joint_states fell silent")
            }
            Some(RobotState {
                fault: Some(fault), ..
            }) => Diagnostic::new(&name, Level::Error, fault.clone()),
            Some(_) => {
                Diagnostic::new(&name, Level::Ok, "estimated").with("samples", self.sequence)
            }
        }
    }
}

impl Sensors {
    fn time_odometry(context: &mut Context<Self>, rate_hz: f64) -> Handle {
        let period = Duration::from_secs_f64(1.0 / rate_hz);
        context.timer(period, ClockKind::Ros, Self::publish_odometry)
    }

    /// The hot path: estimate and publish in the same turn.
    fn joint_states(&mut self, context: &mut Context<Self>, index: usize, message: &JointState) {
        let robot = &mut self.robots[index];
        let stamp = time_from_msg(&message.header.stamp);
        let mut state =
            robot
                .estimator
                .joints(stamp, &message.name, &message.position, &message.velocity);
        if state.fault.is_none() {
            state.fault.clone_from(&robot.imu_fault);
        }
        robot.sequence += 1;
        robot.heard_steady_s = context.steady_s();
        self.steady_s = robot.heard_steady_s;
        if context.is_active() {
            let frame = if robot.estimator.drives() {
                "odom"
            } else {
                "world"
            };
            let message = robot_state_to_msg(&state, &robot.joint_names, frame, robot.sequence);
            robot.state.publish(&message);
        }
        robot.newest = Some(state);
    }

    fn publish_odometry(&mut self, context: &mut Context<Self>) {
        self.steady_s = context.steady_s();
        if !context.is_active() {
            return;
        }
        let mut transforms = Vec::new();
        for robot in self.robots.iter_mut().filter(|r| r.estimator.drives()) {
            robot.keep_pose();
            robot.tell_inheritance();
            let Some(state) = &robot.newest else { continue };
            let name = &state.robot;
            let message = odometry(state);
            let p = &message.pose.pose.position;
            transforms.push(TransformStamped {
                header: message.header.clone(),
                child_frame_id: format!("{name}/base_link"),
                transform: Transform {
                    translation: Vector3 {
                        x: p.x,
                        y: p.y,
                        z: p.z,
                    },
                    rotation: message.pose.pose.orientation.clone(),
                },
            });
            robot.odom.publish(&message);
        }
        if !transforms.is_empty() {
            self.tf.publish(&TFMessage { transforms });
        }
    }
}

/// REP-105 odometry: pose in the robot's odom frame, velocity in its base frame.
fn odometry(state: &RobotState) -> Odometry {
    let message = robot_state_to_msg(state, &[], "odom", 0);
    let mut pose = PoseWithCovariance {
        pose: message.pose,
        ..Default::default()
    };
    // x, y, yaw of the 3 × 3 covariance lie at 0, 1 and 5 of the 6 × 6.
    for (i, row) in [0usize, 1, 5].into_iter().enumerate() {
        for (j, column) in [0usize, 1, 5].into_iter().enumerate() {
            if let Some(value) = pose.covariance.get_mut(row * 6 + column) {
                *value = state.base.covariance[i * 3 + j];
            }
        }
    }
    Odometry {
        header: Header {
            stamp: time_to_msg(state.stamp),
            frame_id: format!("{}/odom", state.robot),
        },
        child_frame_id: format!("{}/base_link", state.robot),
        pose,
        twist: TwistWithCovariance {
            twist: message.twist,
            ..Default::default()
        },
    }
}
