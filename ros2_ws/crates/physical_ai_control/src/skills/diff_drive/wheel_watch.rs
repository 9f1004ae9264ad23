use super::DriveBody;
use crate::Speed;
use crate::skills::Tick;

/// Slower wheels may be kept by friction for a moment, radians per second.
const SLOWEST_RPS: f64 = 0.3;
/// A wheel turns if it does this share of what it was told.
const LEAST_SHARE: f64 = 0.25;
/// Seconds after which a wheel that was told to turn, and does not, is given up.
const PATIENCE_S: f64 = 1.5;

/// Notices wheels that do not turn although they are told to.
#[derive(Debug, Clone)]
pub(super) struct WheelWatch {
    /// What the left and the right side were told in the tick before, radians per second.
    told: [f64; 2],
    /// Seconds for which each wheel was told to turn and did not, since it last did.
    still_s: Vec<f64>,
}

impl WheelWatch {
    /// For the wheels of a drive.
    pub(super) fn new(body: &DriveBody) -> Self {
        Self {
            told: [0.0; 2],
            still_s: vec![0.0; body.drive.joints().count()],
        }
    }

    /// Takes this tick's command; the wheels' answer to the one before is measured by now.
    ///
    /// # Errors
    /// Names the wheel, both speeds and the likely cause.
    /// # Real-time
    /// Allocates only for the text of an error.
    pub(super) fn observe(
        &mut self,
        body: &DriveBody,
        tick: &Tick<'_>,
        speed: Speed,
    ) -> Result<(), String> {
        let mut stuck = None;
        for (wheel, still_s) in body.wheels(tick.state).zip(&mut self.still_s) {
            let told = self.told[usize::from(!wheel.is_left)];
            if told.abs() < SLOWEST_RPS {
                continue;
            }
            if wheel.speed_rps * told.signum() >= LEAST_SHARE * told.abs() {
                *still_s = 0.0;
                continue;
            }
            *still_s += tick.dt_s;
            if *still_s > PATIENCE_S {
                stuck.get_or_insert((wheel, told));
            }
        }
        self.told = body.drive.wheels(speed.forward_mps, speed.yaw_rate_rps);
        let Some((wheel, told)) = stuck else {
            return Ok(());
        };
        let likely = if self.still_s.iter().all(|s| *s > PATIENCE_S / 2.0) {
            "all wheels stand: the robot is held or not powered"
        } else {
            "the wheel is jammed or not powered"
        };
        Err(format!(
            "{} does not turn: commanded {told:.2} rad/s, measured {:.2} rad/s for {PATIENCE_S} s: {likely}",
            body.name(wheel.joint),
            wheel.speed_rps,
        ))
    }
}
