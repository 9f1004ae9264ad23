use std::path::{Path, PathBuf};

use physical_ai_control::SampleLimits;
use physical_ai_domain::RobotName;
use physical_ai_ros::runtime_path;

physical_ai_ros::parameters! {
    /// Parameters of the sensor worker.
    pub struct SensorParameters {
        /// World file (YAML): where each robot starts.
        world_file: String = "params/worlds/demo.yaml".to_owned(), read_only;
        /// Folder of the robot models (URDF).
        model_folder: String = "urdf".to_owned(), read_only;
        /// Robots to estimate; empty: all of the world file.
        robots: Vec<String> = Vec::new(), read_only;
        /// Folder in which the poses of rovers survive this process; empty: $XDG_RUNTIME_DIR/physical_ai or /dev/shm/physical_ai-UID. It should be in memory.
        pose_folder: String = String::new(), read_only;
        /// Rate of odometry and transforms in ROS time, Hz.
        odometry_rate_hz: f64 = 50.0, range(1.0, 200.0);
        /// How far ahead of the clock the stamp of a sample may be, s.
        max_stamp_ahead_s: f64 = 0.1, range(0.0, 10.0), read_only;
        /// How old a sample may be when it arrives, s.
        max_stamp_age_s: f64 = 0.5, range(0.01, 60.0), read_only;
        /// Fastest joint that is believed, as a multiple of its velocity limit.
        speed_factor: f64 = 2.0, range(1.0, 100.0), read_only;
        /// Error of a rotating joint's position between two samples (ticks of its encoder, noise), rad.
        position_tolerance_rad: f64 = 0.02, range(0.0, 1.0), read_only;
        /// Error of a sliding joint's position between two samples, m.
        position_tolerance_m: f64 = 0.002, range(0.0, 1.0), read_only;
        /// Silence of joint_states after which diagnostics report an error, s.
        silence_s: f64 = 0.5, range(0.05, 60.0);
    }
}

impl SensorParameters {
    /// What samples are believed.
    pub fn sample_limits(&self) -> SampleLimits {
        SampleLimits {
            max_ahead_s: self.max_stamp_ahead_s,
            max_age_s: self.max_stamp_age_s,
            speed_factor: self.speed_factor,
            tolerance_rad: self.position_tolerance_rad,
            tolerance_m: self.position_tolerance_m,
        }
    }

    /// Where the pose of a robot is kept.
    pub fn pose_path(&self, namespace: &str, node_name: &str, robot: &RobotName) -> PathBuf {
        let path = runtime_path("pose", namespace, node_name, &format!("{robot}.json"));
        match path.file_name() {
            Some(name) if !self.pose_folder.is_empty() => Path::new(&self.pose_folder).join(name),
            _ => path,
        }
    }
}
