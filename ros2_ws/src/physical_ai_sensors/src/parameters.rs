use std::path::{Path, PathBuf};

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
        /// Silence of joint_states after which diagnostics report an error, s.
        silence_s: f64 = 0.5, range(0.05, 60.0);
    }
}

impl SensorParameters {
    /// Where the pose of a robot is kept.
    pub fn pose_path(&self, namespace: &str, node_name: &str, robot: &RobotName) -> PathBuf {
        let path = runtime_path("pose", namespace, node_name, &format!("{robot}.json"));
        match path.file_name() {
            Some(name) if !self.pose_folder.is_empty() => Path::new(&self.pose_folder).join(name),
            _ => path,
        }
    }
}
