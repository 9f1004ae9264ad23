//! Samples of the world as messages.

use physical_ai_domain::{RobotModel, RobotName, Time};
use physical_ai_ros::msg::geometry_msgs::msg::Vector3;
use physical_ai_ros::msg::physical_ai_msgs::msg::{ControlMetrics, ObjectPoses};
use physical_ai_ros::msg::sensor_msgs::msg::{Imu, JointState, LaserScan};
use physical_ai_ros::msg::std_msgs::msg::Header;
use physical_ai_ros::{Context, Error, Publisher, Qos, pose_to_msg, time_to_msg};
use physical_ai_sim::SimulatedWorld;

use crate::latency::LatencyMeter;
use crate::node::Simulation;

/// Publishers of one robot's drivers.
pub struct RobotPublishers {
    pub name: RobotName,
    joint_names: Vec<String>,
    joint_states: Publisher<JointState>,
    imu: Publisher<Imu>,
    scan: Publisher<LaserScan>,
    metrics: Publisher<ControlMetrics>,
    pub latency: LatencyMeter,
}

fn header(stamp: Time, frame_id: String) -> Header {
    Header {
        stamp: time_to_msg(stamp),
        frame_id,
    }
}

impl RobotPublishers {
    pub fn try_new(context: &mut Context<Simulation>, model: &RobotModel) -> Result<Self, Error> {
        let topic = |name: &str| format!("{}/{name}", model.name);
        Ok(Self {
            name: model.name.clone(),
            joint_names: model.joint_names(),
            joint_states: context.publisher(&topic("joint_states"), Qos::sensor())?,
            imu: context.publisher(&topic("imu"), Qos::sensor())?,
            scan: context.publisher(&topic("scan"), Qos::sensor())?,
            metrics: context.publisher(&topic("control_metrics"), Qos::standard())?,
            latency: LatencyMeter::default(),
        })
    }

    /// IMU and joint encoders; the joints last, because they make the loop tick.
    pub fn publish_fast(&mut self, world: &mut SimulatedWorld, steady_s: f64) {
        if let Some(sample) = world.imu_sample(&self.name) {
            let vector = |[x, y, z]: [f64; 3]| Vector3 { x, y, z };
            let mut message = Imu {
                header: header(sample.stamp, format!("{}/imu_link", self.name)),
                angular_velocity: vector(sample.angular_velocity),
                linear_acceleration: vector(sample.linear_acceleration),
                ..Default::default()
            };
            // REP-145: an IMU without orientation says so with -1.
            if let Some(first) = message.orientation_covariance.first_mut() {
                *first = -1.0;
            }
            self.imu.publish(&message);
        }
        if let Some(sample) = world.joint_sample(&self.name) {
            self.latency.published(sample.stamp, steady_s);
            self.joint_states.publish(&JointState {
                header: header(sample.stamp, String::new()),
                name: self.joint_names.clone(),
                position: sample.position,
                velocity: sample.velocity,
                effort: Vec::new(),
            });
        }
    }

    pub fn publish_scan(&self, world: &mut SimulatedWorld) {
        let Some(sample) = world.laser_sample(&self.name) else {
            return;
        };
        self.scan.publish(&LaserScan {
            header: header(sample.stamp, format!("{}/lidar_link", self.name)),
            angle_min: sample.angle_min as f32,
            angle_max: (sample.angle_min
                + sample.angle_increment * (sample.ranges.len() as f64 - 1.0))
                as f32,
            angle_increment: sample.angle_increment as f32,
            range_min: 0.05,
            range_max: sample.range_max as f32,
            ranges: sample.ranges.iter().map(|r| *r as f32).collect(),
            ..Default::default()
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
        header: header(world.time(), "world".to_owned()),
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
