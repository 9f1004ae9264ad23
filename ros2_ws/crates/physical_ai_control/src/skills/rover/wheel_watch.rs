use super::RoverBody;
use crate::Speed;
use crate::skills::Tick;

/// Slower wheels may be kept by friction for a moment, radians per second.
const SLOWEST_RPS: f64 = 0.3;
/// A wheel turns if it does this share of what it was told.
const LEAST_SHARE: f64 = 0.25;
/// Seconds after which a wheel that was told to turn, and does not, is given up.
const PATIENCE_S: f64 = 1.5;

/// Notices wheels that do not turn although they are told to.
#[derive(Debug, Clone, Default)]
pub(super) struct WheelWatch {
    /// What the wheels were told in the tick before, radians per second.
    told: [f64; 2],
    /// Seconds for which each was told to turn and did not, since it last did.
    still_s: [f64; 2],
}

impl WheelWatch {
    /// Takes this tick's command; the wheels' answer to the one before is measured by now.
    ///
    /// # Errors
    /// Names the wheel, both speeds and the likely cause.
    pub(super) fn observe(
        &mut self,
        body: &RoverBody,
        tick: &Tick<'_>,
        speed: Speed,
    ) -> Result<(), String> {
        let wheels = body.wheels(tick.state);
        let mut stuck = None;
        for (i, (_, measured)) in wheels.iter().enumerate() {
            let told = self.told[i];
            if told.abs() < SLOWEST_RPS {
                continue;
            }
            if measured * told.signum() >= LEAST_SHARE * told.abs() {
                self.still_s[i] = 0.0;
                continue;
            }
            self.still_s[i] += tick.dt_s;
            if self.still_s[i] > PATIENCE_S {
                stuck.get_or_insert(i);
            }
        }
        let told = std::mem::replace(
            &mut self.told,
            body.drive.wheels(speed.forward_mps, speed.yaw_rate_rps),
        );
        let Some(i) = stuck else { return Ok(()) };
        let both = self.still_s.iter().all(|s| *s > PATIENCE_S / 2.0);
        let likely = if both {
            "both wheels stand: the rover is held or not powered"
        } else {
            "the wheel is jammed or not powered"
        };
        let (name, measured) = wheels[i];
        Err(format!(
            "{name} does not turn: commanded {:.2} rad/s, measured {measured:.2} rad/s for {PATIENCE_S} s: {}",
            told[i], likely
        ))
    }
}
