use physical_ai_sim::SensorNoise;

physical_ai_ros::parameters! {
    /// Parameters of the simulation worker.
    pub struct SimulationParameters {
        /// World file (YAML): robots, boxes, fixtures and places.
        world_file: String = "params/worlds/demo.yaml".to_owned(), read_only;
        /// Folder of the robot models (URDF).
        model_folder: String = "urdf".to_owned(), read_only;
        /// Simulated seconds per second; 0: as fast as it goes.
        real_time_factor: f64 = 1.0, range(0.0, 100.0);
        /// Physics steps per simulated second, Hz.
        physics_rate_hz: f64 = 1000.0, range(200.0, 5000.0), read_only;
        /// Rate of joint states, IMU and clock in simulated time, Hz; divides physics_rate_hz.
        sensor_rate_hz: f64 = 200.0, range(10.0, 1000.0), read_only;
        /// Rate of lidar turns and object poses in simulated time, Hz.
        perception_rate_hz: f64 = 10.0, range(1.0, 50.0), read_only;
        /// Seed of all sensor noise.
        seed: i64 = 1, range(0, 9007199254740992i64), read_only;
        /// Start paused.
        paused: bool = false, read_only;
        /// Standard deviation of an arm's joint positions, rad or m.
        noise_joint_position: f64 = 5e-5, range(0.0, 0.1), read_only;
        /// Standard deviation of joint velocities, rad/s or m/s.
        noise_joint_velocity: f64 = 2e-3, range(0.0, 1.0), read_only;
        /// Ticks of a wheel encoder per turn.
        encoder_ticks: f64 = 4096.0, range(16.0, 1e7), read_only;
        /// Standard deviation of the gyro, rad/s.
        noise_gyro_rps: f64 = 2e-3, range(0.0, 1.0), read_only;
        /// Bias of the gyro, rad/s.
        bias_gyro_rps: f64 = 1e-3, range(-0.5, 0.5), read_only;
        /// Standard deviation of the accelerometer, m/s^2.
        noise_accelerometer_mps2: f64 = 2e-2, range(0.0, 10.0), read_only;
        /// Standard deviation of the lidar, m.
        noise_lidar_m: f64 = 5e-3, range(0.0, 1.0), read_only;
        /// Standard deviation of object positions, m.
        noise_object_m: f64 = 5e-4, range(0.0, 0.1), read_only;
    }
}

impl SimulationParameters {
    /// How wrong the sensors are.
    pub fn noise(&self) -> SensorNoise {
        SensorNoise {
            joint_position: self.noise_joint_position,
            joint_velocity: self.noise_joint_velocity,
            encoder_ticks: self.encoder_ticks,
            gyro_rps: self.noise_gyro_rps,
            gyro_bias_rps: self.bias_gyro_rps,
            accelerometer_mps2: self.noise_accelerometer_mps2,
            lidar_m: self.noise_lidar_m,
            object_m: self.noise_object_m,
        }
    }
}
