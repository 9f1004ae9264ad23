use physical_ai_control::{DriveLimits, SafetyLimits};

physical_ai_ros::parameters! {
    /// Parameters of the agent worker.
    pub struct AgentParameters {
        /// World file (YAML): robots, places.
        world_file: String = "params/worlds/demo.yaml".to_owned(), read_only;
        /// Folder of the robot models (URDF).
        model_folder: String = "urdf".to_owned(), read_only;
        /// Robots to control; empty: all of the world file.
        robots: Vec<String> = Vec::new(), read_only;
        /// Rate at which states arrive, Hz; the loop ticks with each of them. Used for jitter only.
        rate_hz: f64 = 200.0, range(10.0, 1000.0);
        /// Largest speed of a rover, m/s; its wheels must be able to turn that fast.
        max_speed_mps: f64 = 0.4, range(0.05, 3.0);
        /// Largest yaw rate of a rover, rad/s; its wheels must be able to turn that fast.
        max_yaw_rate_rps: f64 = 1.5, range(0.1, 6.0);
        /// Acceleration of a rover, m/s^2; its wheels must be able to speed up that fast.
        acceleration_mps2: f64 = 0.8, range(0.1, 5.0);
        /// Distance from a rover's centre at which it stops before an obstacle, m.
        stop_distance_m: f64 = 0.4, range(0.1, 3.0);
        /// Oldest state on which a robot may move, s of ROS time.
        max_state_age_s: f64 = 0.1, range(0.01, 1.0);
        /// Corner of the area that rovers must not leave, m: lowest x and y.
        geofence_min_m: Vec<f64> = vec![-1000.0, -1000.0];
        /// Corner of the area that rovers must not leave, m: highest x and y.
        geofence_max_m: Vec<f64> = vec![1000.0, 1000.0];
        /// Least distance between the centres of two rovers of this agent, m.
        min_separation_m: f64 = 0.6, range(0.0, 10.0);
    }
}

impl AgentParameters {
    /// How fast rovers may go, and what the safety filter lets pass.
    ///
    /// # Errors
    /// Names the list that has not an x and a y.
    pub fn limits(&self) -> Result<(DriveLimits, SafetyLimits), String> {
        let corner = |name: &str, values: &[f64]| match values {
            [x, y] => Ok([*x, *y]),
            _ => Err(format!(
                "{name} has {} values: x and y are needed",
                values.len()
            )),
        };
        let drive = DriveLimits {
            max_speed_mps: self.max_speed_mps,
            max_yaw_rate_rps: self.max_yaw_rate_rps,
            acceleration_mps2: self.acceleration_mps2,
            stop_distance_m: self.stop_distance_m,
            ..DriveLimits::default()
        };
        let safety = SafetyLimits {
            max_state_age_s: self.max_state_age_s,
            geofence_min_m: corner("geofence_min_m", &self.geofence_min_m)?,
            geofence_max_m: corner("geofence_max_m", &self.geofence_max_m)?,
            min_separation_m: self.min_separation_m,
            ..SafetyLimits::default()
        };
        Ok((drive, safety))
    }
}
