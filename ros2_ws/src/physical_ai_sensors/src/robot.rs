use physical_ai_control::{
    Error as SampleError, EstimatorOptions, ImuMount, ImuSample, JointSample, StateEstimator,
};
use physical_ai_domain::{Placement, RobotModel, RobotState, Time};
use physical_ai_ros::msg::geometry_msgs::msg::{
    PoseWithCovariance, TransformStamped, TwistWithCovariance,
};
use physical_ai_ros::msg::nav_msgs::msg::Odometry;
use physical_ai_ros::msg::physical_ai_msgs::msg::RobotState as RobotStateMsg;
use physical_ai_ros::msg::sensor_msgs::msg::{Imu, JointState};
use physical_ai_ros::msg::std_msgs::msg::{Header, String as Text};
use physical_ai_ros::{
    Context, Diagnostic, Error, Level, Publisher, Qos, robot_state_to_msg, time_from_msg,
    time_to_msg,
};

use crate::frames::Frames;
use crate::node::Sensors;
use crate::parameters::SensorParameters;
use crate::pose_store::PoseStore;

/// Least time between two log lines about refused samples of one robot, seconds.
const WARN_EVERY_S: f64 = 5.0;
/// Time after a refused sample for which diagnostics show it, seconds.
const REMEMBERED_S: f64 = 10.0;

/// What samples a robot's drivers sent that were refused.
#[derive(Debug, Default)]
struct Refusals {
    newest: Option<(f64, String)>,
    warned_steady_s: Option<f64>,
}

/// One robot's estimator and topics.
pub struct Robot {
    estimator: StateEstimator,
    /// How the IMU is mounted that spoke last.
    imu_mount: Option<ImuMount>,
    /// Only of robots that move their base.
    poses: Option<PoseStore>,
    odom: Option<Publisher<Odometry>>,
    frames: Frames,
    urdf: String,
    description: Publisher<Text>,
    joint_names: Vec<String>,
    joint_topic: String,
    state: Publisher<RobotStateMsg>,
    sequence: u64,
    newest: Option<RobotState>,
    /// Stamp of the newest transforms; the same ones twice are an error in TF.
    transformed: Time,
    heard_steady_s: Option<f64>,
    refusals: Refusals,
    /// Nodes that publish its joints.
    drivers: Vec<String>,
}

impl Robot {
    /// Takes up what a predecessor of this process left of its pose.
    ///
    /// # Errors
    /// If the pose cannot be kept.
    pub fn try_new(
        context: &mut Context<Sensors>,
        p: &SensorParameters,
        start: Placement,
        model: RobotModel,
    ) -> Result<Self, Error> {
        let (name, urdf) = (model.name.clone(), model.source.urdf.to_string());
        let topic = |topic: &str| format!("{name}/{topic}");
        let joint_names = model.joint_names();
        let options = EstimatorOptions {
            samples: p.sample_limits(),
            simulated_time: context.uses_sim_time(),
        };
        let mut estimator = StateEstimator::new(model, start, options);
        let drives = estimator.drives();
        let (mut poses, mut odom) = (None, None);
        if drives {
            poses = Some(inherit(context, p, &mut estimator)?);
            odom = Some(context.publisher(&topic("odom"), Qos::standard())?);
        }
        Ok(Self {
            frames: Frames::new(estimator.model(), drives),
            joint_names,
            estimator,
            imu_mount: None,
            poses,
            odom,
            urdf,
            description: context.publisher(&topic("robot_description"), Qos::state_latched())?,
            joint_topic: topic("joint_states"),
            state: context.publisher(&topic("state"), Qos::command())?,
            sequence: 0,
            newest: None,
            transformed: Time::ZERO,
            heard_steady_s: None,
            refusals: Refusals::default(),
            drivers: Vec::new(),
        })
    }

    /// True for robots that move their base.
    pub fn drives(&self) -> bool {
        self.estimator.drives()
    }

    /// Publishes the URDF as it is in the file: its links have no prefix there.
    pub fn describe(&self) {
        self.description.publish(&Text {
            data: self.urdf.clone(),
        });
    }

    /// Transforms that never change.
    pub fn fixed_transforms(&self, stamp: Time) -> Vec<TransformStamped> {
        let (model, start) = (self.estimator.model(), self.estimator.start());
        self.frames.fixed(model, start, stamp)
    }

    /// Takes a message of the joint encoders; the state that it leads to is published in the same turn.
    pub fn joints(&mut self, context: &Context<Sensors>, message: &JointState) {
        let steady_s = context.steady_s();
        let sample = JointSample {
            stamp: time_from_msg(&message.header.stamp),
            names: &message.name,
            position: &message.position,
            velocity: &message.velocity,
        };
        self.sequence += 1;
        self.heard_steady_s = Some(steady_s);
        let state = match self.estimator.joints(&sample, context.now()) {
            Ok(state) => state,
            Err(error) => {
                let refused = self.estimator.refused();
                self.refuse(&error, refused, steady_s);
                self.estimator.faulty_state()
            }
        };
        if let Some(news) = self.estimator.take_news() {
            let robot = &self.estimator.model().name;
            if news.is_warning {
                tracing::warn!(%robot, "{}", news.text);
            } else {
                tracing::info!(%robot, "{}", news.text);
            }
        }
        if let Some(state) = state {
            self.tell(context, state);
        }
    }

    /// Takes an IMU sample.
    pub fn imu(&mut self, context: &Context<Sensors>, message: &Imu) {
        let turn = &message.angular_velocity;
        let stamp = time_from_msg(&message.header.stamp);
        let turn = [turn.x, turn.y, turn.z];
        let yaw_rate_rps = self.yaw_rate_rps(&message.header.frame_id, turn);
        let taken = yaw_rate_rps.and_then(|yaw_rate_rps| {
            let sample = ImuSample {
                stamp,
                yaw_rate_rps,
            };
            self.estimator.imu(sample, context.now())
        });
        if let Err(error) = taken {
            let refused = self.estimator.imu_refused();
            self.refuse(&error, refused, context.steady_s());
        }
    }

    /// Yaw rate of the base, radians per second, of an angular velocity in an IMU's frame.
    fn yaw_rate_rps(&mut self, frame: &str, turn: [f64; 3]) -> Result<f64, SampleError> {
        let known = self.imu_mount.take().filter(|m| m.frame() == frame);
        let mount = known.map_or_else(|| ImuMount::of(self.estimator.model(), frame), Ok)?;
        let yaw_rate_rps = mount.yaw_rate_rps(turn);
        self.imu_mount = Some(mount);
        Ok(yaw_rate_rps)
    }

    /// Puts the robot back to its place in the world file.
    pub fn reset(&mut self) {
        self.estimator.reset();
        self.newest = None;
        self.transformed = Time::ZERO;
    }

    /// Looks who publishes the robot's joints.
    pub fn watch_drivers(&mut self, context: &Context<Sensors>) {
        let drivers = context.publishers_of(&self.joint_topic);
        if drivers.len() > 1 && drivers != self.drivers {
            let (topic, nodes) = (&self.joint_topic, drivers.join(", "));
            tracing::warn!("{topic} is published by {} nodes: {nodes}", drivers.len());
        }
        self.drivers = drivers;
    }

    /// Publishes odometry, and gives the transforms that moved; lets a successor go on where this process is.
    pub fn publish_odometry(&mut self) -> Vec<TransformStamped> {
        self.keep_pose();
        let Some(state) = &self.newest else {
            return Vec::new();
        };
        if state.stamp == self.transformed {
            return Vec::new();
        }
        self.transformed = state.stamp;
        if let Some(odom) = &self.odom {
            odom.publish(&odometry(state, &self.frames));
        }
        self.frames.moving(self.estimator.model(), state)
    }

    /// How the robot's samples are.
    pub fn diagnostic(&self, steady_s: f64, silence_s: f64) -> Diagnostic {
        let name = format!("{} state", self.estimator.model().name);
        let (level, text) = self.health(steady_s, silence_s);
        Diagnostic::new(&name, level, text)
            .with("samples", self.sequence)
            .with("refused", self.estimator.refused())
            .with("refused_imu", self.estimator.imu_refused())
            .with("drivers", self.drivers.join(", "))
    }

    fn health(&self, steady_s: f64, silence_s: f64) -> (Level, String) {
        let Some(heard_s) = self.heard_steady_s else {
            return (Level::Stale, "no joint_states yet".to_owned());
        };
        if steady_s - heard_s > silence_s {
            return (Level::Stale, "joint_states fell silent".to_owned());
        }
        if let Some(fault) = self.estimator.fault() {
            return (Level::Error, self.named(fault));
        }
        if self.drivers.len() > 1 {
            return (Level::Warn, self.named("estimated"));
        }
        match &self.refusals.newest {
            Some((at_s, reason)) if steady_s - at_s < REMEMBERED_S => {
                (Level::Warn, format!("refused a sample: {reason}"))
            }
            _ => (Level::Ok, "estimated".to_owned()),
        }
    }

    /// A reason, with the drivers if there are several.
    fn named(&self, reason: &str) -> String {
        if self.drivers.len() < 2 {
            return reason.to_owned();
        }
        let (count, nodes) = (self.drivers.len(), self.drivers.join(", "));
        format!(
            "{reason} ({} has {count} publishers: {nodes})",
            self.joint_topic
        )
    }

    fn refuse(&mut self, error: &SampleError, refused: u64, steady_s: f64) {
        let reason = error.to_string();
        let warned_s = self.refusals.warned_steady_s;
        if warned_s.is_none_or(|s| steady_s - s > WARN_EVERY_S) {
            self.refusals.warned_steady_s = Some(steady_s);
            let robot = &self.estimator.model().name;
            tracing::warn!(%robot, refused, "sample refused: {reason}");
        }
        self.refusals.newest = Some((steady_s, reason));
    }

    fn tell(&mut self, context: &Context<Sensors>, mut state: RobotState) {
        if let Some(fault) = state.fault.take() {
            state.fault = Some(self.named(&fault));
        }
        if context.is_active() {
            let frame = &self.frames.pose;
            let mut message = robot_state_to_msg(&state, &self.joint_names, frame, self.sequence);
            message.refused = self.estimator.refused();
            self.state.publish(&message);
        }
        self.newest = Some(state).filter(|s| !s.position.is_empty());
    }

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
}

/// Opens what a predecessor of this process left of a rover.
fn inherit(
    context: &Context<Sensors>,
    p: &SensorParameters,
    estimator: &mut StateEstimator,
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

/// REP-105 odometry: pose in the robot's odom frame, velocity in its base frame.
fn odometry(state: &RobotState, frames: &Frames) -> Odometry {
    let message = robot_state_to_msg(state, &[], &frames.pose, 0);
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
            frame_id: frames.pose.clone(),
        },
        child_frame_id: frames.base.clone(),
        pose,
        twist: TwistWithCovariance {
            twist: message.twist,
            ..Default::default()
        },
    }
}
