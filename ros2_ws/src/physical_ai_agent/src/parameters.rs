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
        rate_hz: f64 = 200.0, range(10.0, 1000.0), read_only;
        /// Largest speed of a rover, m/s.
        max_speed_mps: f64 = 0.4, range(0.05, 3.0), read_only;
        /// Largest yaw rate of a rover, rad/s.
        max_yaw_rate_rps: f64 = 1.5, range(0.1, 6.0), read_only;
        /// Acceleration of a rover, m/s^2.
        acceleration_mps2: f64 = 0.8, range(0.1, 5.0), read_only;
        /// Distance from a rover's centre at which it stops before an obstacle, m.
        stop_distance_m: f64 = 0.4, range(0.1, 3.0), read_only;
        /// Oldest state on which a robot may move, s of ROS time.
        max_state_age_s: f64 = 0.1, range(0.01, 1.0), read_only;
        /// Corner of the area that rovers must not leave, m: lowest x and y.
        geofence_min_m: Vec<f64> = vec![-1000.0, -1000.0], read_only;
        /// Corner of the area that rovers must not leave, m: highest x and y.
        geofence_max_m: Vec<f64> = vec![1000.0, 1000.0], read_only;
        /// Least distance between the centres of two rovers of this agent, m.
        min_separation_m: f64 = 0.6, range(0.0, 10.0), read_only;
    }
}
