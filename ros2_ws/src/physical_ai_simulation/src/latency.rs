use std::collections::VecDeque;

use physical_ai_control::{Distribution, Summary};
use physical_ai_domain::Time;

/// Samples remembered; older ones were never answered.
const REMEMBERED: usize = 256;

/// Time from publishing a sensor sample until the command that answers it arrives. Both ends are in
/// this process, so one steady clock measures it.
#[derive(Debug, Default)]
pub struct LatencyMeter {
    published: VecDeque<(Time, f64)>,
    latency_us: Distribution,
}

impl LatencyMeter {
    /// A sample with this stamp goes out now.
    pub fn published(&mut self, stamp: Time, steady_s: f64) {
        if self.published.len() == REMEMBERED {
            self.published.pop_front();
        }
        self.published.push_back((stamp, steady_s));
    }

    /// A command that answers the sample with this stamp has arrived.
    pub fn answered(&mut self, sensor_stamp: Time, steady_s: f64) {
        while let Some((stamp, since_s)) = self.published.front().copied() {
            if stamp > sensor_stamp {
                return;
            }
            self.published.pop_front();
            if stamp == sensor_stamp {
                self.latency_us.add((steady_s - since_s) * 1e6);
            }
        }
    }

    /// Percentiles since the last call, microseconds.
    pub fn take(&mut self) -> Option<Summary> {
        self.latency_us.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_is_from_the_sample_that_the_command_answers() {
        let mut meter = LatencyMeter::default();
        let at = Time::from_seconds;
        meter.published(at(1.0), 10.0);
        meter.published(at(1.005), 10.005);
        meter.answered(at(1.005), 10.006);
        meter.answered(at(1.0), 10.007);
        let summary = meter.take().unwrap();
        assert_eq!(summary.count, 1);
        assert!((summary.max - 1000.0).abs() < 1.0);
    }
}
