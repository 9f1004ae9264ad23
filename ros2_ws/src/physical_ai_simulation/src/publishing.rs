//! Samples of the world as messages.

use physical_ai_domain::{Coordinate, RobotModel, RobotName, Time};
use physical_ai_ros::msg::geometry_msgs::msg::{
    PoseWithCovariance, Twist, TwistWithCovariance, Vector3,
};
use physical_ai_ros::msg::nav_msgs::msg::Odometry;
use physical_ai_ros::msg::physical_ai_msgs::msg::{ControlMetrics, ObjectPoses};
use physical_ai_ros::msg::sensor_msgs::msg::{Imu, JointState, LaserScan};
use physical_ai_ros::msg::std_msgs::msg::Header;
use physical_ai_ros::{Context, Error, Publisher, Qos, pose_to_msg, time_to_msg};
use physical_ai_sim::{SensorNoise, SimulatedWorld};

use crate::latency::LatencyMeter;
use crate::node::Simulation;

/// The frame that all robots share.
const MAP: &str = "map";
/// Nearest range that the lidar measures, metres.
const LIDAR_MIN_M: f32 = 0.05;
/// Least variance of a sensor: REP-145 takes all zeros for "not known".
const LEAST_VARIANCE: f64 = 1e-12;

/// Publishers of one robot's drivers; only of the sensors that it has.
pub struct RobotPublishers {
    pub name: RobotName,
    /// Every joint that moves, those that follow others too; and how each position follows from the measured ones.
    joint_names: Vec<String>,
    coordinates: Vec<Coordinate>,
    joint_states: Publisher<JointState>,
    /// Each with the frame in which it measures.
    imu: Option<(Publisher<Imu>, String)>,
    scan: Option<(Publisher<LaserScan>, String)>,
    truth: Publisher<Odometry>,
    base_frame: String,
    noise: SensorNoise,
    scan_time_s: f64,
    metrics: Publisher<ControlMetrics>,
    pub latency: LatencyMeter,
}

fn header(stamp: Time, frame_id: String) -> Header {
    Header {
        stamp: time_to_msg(stamp),
        frame_id,
    }
}

fn values(coordinates: &[Coordinate], of: impl Fn(&Coordinate) -> f64) -> Vec<f64> {
    coordinates.iter().map(of).collect()
}

/// Covariance of three axes with the same standard deviation, row by row.
/// A range as a lidar shows it: by REP 117, minus infinity is that of something too near to be measured.
fn shown(range_m: f32) -> f32 {
    if range_m < LIDAR_MIN_M {
        f32::NEG_INFINITY
    } else {
        range_m
    }
}

fn diagonal(deviation: f64) -> Vec<f64> {
    let variance = deviation.powi(2).max(LEAST_VARIANCE);
    (0..9)
        .map(|i| if i % 4 == 0 { variance } else { 0.0 })
        .collect()
}

impl RobotPublishers {
    /// Publishers of a robot with sensors as bad as `noise` says, whose lidar takes `scan_time_s` from turn to turn.
    pub fn try_new(
        context: &mut Context<Simulation>,
        world: &SimulatedWorld,
        model: &RobotModel,
        noise: &SensorNoise,
        scan_time_s: f64,
    ) -> Result<Self, Error> {
        let topic = |name: &str| format!("{}/{name}", model.name);
        let (mut imu, mut scan) = (None, None);
        if let Some(link) = world.imu_link(&model.name) {
            imu = Some((
                context.publisher(&topic("imu"), Qos::sensor())?,
                topic(link),
            ));
        }
        if let Some(link) = world.lidar_link(&model.name) {
            scan = Some((
                context.publisher(&topic("scan"), Qos::sensor())?,
                topic(link),
            ));
        }
        let joints = model.joints.iter().zip(model.coordinates());
        let moving: Vec<(String, Coordinate)> = joints
            .filter_map(|(joint, coordinate)| Some((joint.name.clone(), (*coordinate)?)))
            .collect();
        Ok(Self {
            name: model.name.clone(),
            joint_names: moving.iter().map(|(name, _)| name.clone()).collect(),
            coordinates: moving.iter().map(|(_, coordinate)| *coordinate).collect(),
            joint_states: context.publisher(&topic("joint_states"), Qos::sensor())?,
            imu,
            scan,
            truth: context.publisher(&topic("ground_truth"), Qos::sensor())?,
            base_frame: topic(&model.links[model.root].name),
            noise: *noise,
            scan_time_s,
            metrics: context.publisher(&topic("control_metrics"), Qos::standard())?,
            latency: LatencyMeter::default(),
        })
    }

    /// Sensors as bad as `noise` says from the next sample on, and a lidar that takes `scan_time_s` from turn to turn.
    pub fn tune(&mut self, noise: &SensorNoise, scan_time_s: f64) {
        (self.noise, self.scan_time_s) = (*noise, scan_time_s);
    }

    /// IMU and joint encoders; the joints last, because they make the loop tick.
    pub fn publish_fast(&mut self, world: &mut SimulatedWorld, steady_s: f64) {
        if let (Some((imu, frame)), Some(sample)) = (&self.imu, world.imu_sample(&self.name)) {
            let vector = |[x, y, z]: [f64; 3]| Vector3 { x, y, z };
            let mut message = Imu {
                header: header(sample.stamp, frame.clone()),
                angular_velocity: vector(sample.angular_velocity),
                linear_acceleration: vector(sample.linear_acceleration),
                angular_velocity_covariance: diagonal(self.noise.gyro_rps),
                linear_acceleration_covariance: diagonal(self.noise.accelerometer_mps2),
                ..Default::default()
            };
            // REP-145: an IMU without orientation says so with -1.
            if let Some(first) = message.orientation_covariance.first_mut() {
                *first = -1.0;
            }
            imu.publish(&message);
        }
        if let Some(sample) = world.joint_sample(&self.name) {
            self.latency.published(sample.stamp, steady_s);
            self.joint_states.publish(&JointState {
                header: header(sample.stamp, String::new()),
                name: self.joint_names.clone(),
                position: values(&self.coordinates, |c| c.position(&sample.position)),
                velocity: values(&self.coordinates, |c| c.velocity(&sample.velocity)),
                effort: Vec::new(),
            });
        }
    }

    /// A turn of the lidar, all beams of which are measured in the same moment.
    pub fn publish_scan(&self, world: &mut SimulatedWorld) {
        let (Some((scan, frame)), Some(sample)) = (&self.scan, world.laser_sample(&self.name))
        else {
            return;
        };
        scan.publish(&LaserScan {
            header: header(sample.stamp, frame.clone()),
            angle_min: sample.angle_min as f32,
            angle_max: (sample.angle_min
                + sample.angle_increment * (sample.ranges.len() as f64 - 1.0))
                as f32,
            angle_increment: sample.angle_increment as f32,
            time_increment: 0.0,
            scan_time: self.scan_time_s as f32,
            range_min: LIDAR_MIN_M,
            range_max: sample.range_max as f32,
            ranges: sample.ranges.iter().map(|r| shown(*r as f32)).collect(),
            ..Default::default()
        });
    }

    /// Where the robot's base really is: for tests and reports, not for control.
    pub fn publish_truth(&self, world: &SimulatedWorld) {
        let (Some(pose), Some(twist)) = (
            world.true_base_pose(&self.name),
            world.true_base_twist(&self.name),
        ) else {
            return;
        };
        let vector = |[x, y, z]: [f64; 3]| Vector3 { x, y, z };
        self.truth.publish(&Odometry {
            header: header(world.time(), MAP.to_owned()),
            child_frame_id: self.base_frame.clone(),
            pose: PoseWithCovariance {
                pose: pose_to_msg(&pose),
                ..Default::default()
            },
            twist: TwistWithCovariance {
                twist: Twist {
                    linear: vector(twist.linear_mps),
                    angular: vector(twist.angular_rps),
                },
                ..Default::default()
            },
        });
    }

    pub fn publish_metrics(&mut self, stamp: Time, source: &str) {
        let Some(latency) = self.latency.take() else {
            return;
        };
        self.metrics.publish(&ControlMetrics {
            header: header(stamp, String::new()),
            robot: self.name.to_string(),
            source: source.to_owned(),
            rate_hz: latency.count as f64,
            latency_p50_us: latency.p50,
            latency_p99_us: latency.p99,
            latency_max_us: latency.max,
            jitter_p50_us: f64::NAN,
            jitter_p99_us: f64::NAN,
            jitter_max_us: f64::NAN,
            tracking_error_rms: f64::NAN,
            tracking_error_max: f64::NAN,
            ticks: latency.count as u64,
            overruns: 0,
        });
    }
}

/// Poses of all objects.
pub fn object_poses(world: &mut SimulatedWorld) -> ObjectPoses {
    let objects = world.objects();
    ObjectPoses {
        header: header(world.time(), MAP.to_owned()),
        names: objects.iter().map(|o| o.name.clone()).collect(),
        poses: objects.iter().map(|o| pose_to_msg(&o.pose)).collect(),
        sizes: objects
            .iter()
            .map(|o| Vector3 {
                x: o.size_m[0],
                y: o.size_m[1],
                z: o.size_m[2],
            })
            .collect(),
    }
}
