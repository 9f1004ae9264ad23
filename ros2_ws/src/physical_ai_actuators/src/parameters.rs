physical_ai_ros::parameters! {
    /// Parameters of the actuator worker.
    pub struct ActuatorParameters {
        /// World file (YAML): which robots there are.
        world_file: String = "params/worlds/demo.yaml".to_owned(), read_only;
        /// Folder of the robot models (URDF).
        model_folder: String = "urdf".to_owned(), read_only;
        /// Robots to drive; empty: all of the world file.
        robots: Vec<String> = Vec::new(), read_only;
        /// Silence of a robot's commands after which it is stopped, s of steady time.
        command_timeout_s: f64 = 0.03, range(0.01, 1.0);
    }
}
