use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// How wrong the sensors are. Standard deviations per sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SensorNoise {
    /// Joint positions of arms, radians or metres.
    pub joint_position: f64,
    /// Joint velocities, radians or metres per second.
    pub joint_velocity: f64,
    /// Ticks per revolution of a wheel encoder.
    pub encoder_ticks: f64,
    /// Angular rate, radians per second.
    pub gyro_rps: f64,
    /// Constant error of the angular rate, radians per second.
    pub gyro_bias_rps: f64,
    /// Acceleration, metres per second squared.
    pub accelerometer_mps2: f64,
    /// Range of the lidar, metres.
    pub lidar_m: f64,
    /// Object positions, metres.
    pub object_m: f64,
}

impl Default for SensorNoise {
    fn default() -> Self {
        Self {
            joint_position: 5e-5,
            joint_velocity: 2e-3,
            encoder_ticks: 4096.0,
            gyro_rps: 2e-3,
            gyro_bias_rps: 1e-3,
            accelerometer_mps2: 2e-2,
            lidar_m: 5e-3,
            object_m: 5e-4,
        }
    }
}

/// Normally distributed numbers from a seed.
pub(crate) struct Gaussian {
    generator: ChaCha8Rng,
    spare: Option<f64>,
}

impl Gaussian {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            generator: ChaCha8Rng::seed_from_u64(seed),
            spare: None,
        }
    }

    fn uniform(&mut self) -> f64 {
        // 53 random bits, shifted into (0, 1]: the logarithm below needs to avoid 0.
        ((self.generator.next_u64() >> 11) as f64 + 1.0) / (1u64 << 53) as f64
    }

    /// One sample with the given standard deviation (Box and Muller 1958).
    pub(crate) fn sample(&mut self, deviation: f64) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare * deviation;
        }
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * self.uniform()).sin_cos();
        self.spare = Some(radius * sin);
        radius * cos * deviation
    }
}
