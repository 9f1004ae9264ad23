//! Percentiles of a run from the one-second windows that the nodes measure.

use physical_ai_ros::msg::physical_ai_msgs::msg::ControlMetrics;

/// Windows of one quantity, microseconds.
#[derive(Debug, Clone, Default)]
pub struct Windows {
    p50: Vec<f64>,
    p99: Vec<(f64, u64)>,
    max: f64,
}

impl Windows {
    /// Adds a window over `ticks` values; one that holds no measurement is left out.
    pub fn add(&mut self, p50: f64, p99: f64, max: f64, ticks: u64) {
        if p50.is_finite() && ticks > 0 {
            self.p50.push(p50);
            self.p99.push((p99, ticks));
            self.max = self.max.max(max);
        }
    }

    /// Median of the windows' medians.
    pub fn p50(&self) -> Option<f64> {
        median(&self.p50)
    }

    /// Mean of the windows' 99th percentiles, weighted by their values: what is to be expected of the
    /// worst hundredth of any second.
    pub fn p99(&self) -> Option<f64> {
        let ticks: u64 = self.p99.iter().map(|(_, n)| n).sum();
        let sum: f64 = self.p99.iter().map(|(p, n)| p * *n as f64).sum();
        (ticks > 0).then(|| sum / ticks as f64)
    }

    /// Largest value of all.
    pub fn max(&self) -> Option<f64> {
        (!self.p50.is_empty()).then_some(self.max)
    }
}

/// Latency and jitter of one run, all robots together.
#[derive(Debug, Clone, Default)]
pub struct LoopWindows {
    pub latency: Windows,
    pub jitter: Windows,
    /// Ticks that took longer than the period.
    pub overruns: u64,
}

impl LoopWindows {
    /// Takes what a node measured: the simulation tells latencies, the agent jitter.
    pub fn take(&mut self, m: &ControlMetrics) {
        self.latency.add(
            m.latency_p50_us,
            m.latency_p99_us,
            m.latency_max_us,
            m.ticks,
        );
        self.jitter
            .add(m.jitter_p50_us, m.jitter_p99_us, m.jitter_max_us, m.ticks);
        self.overruns += m.overruns;
    }
}

/// Middle value; the mean of the middle two of an even number.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    sorted.get(sorted.len() / 2 - 1).map(|l| (l + upper) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_weighted_by_their_values() {
        let mut windows = Windows::default();
        assert_eq!(
            (windows.p50(), windows.p99(), windows.max()),
            (None, None, None)
        );
        windows.add(100.0, 200.0, 300.0, 100);
        windows.add(300.0, 1000.0, 5000.0, 300);
        windows.add(f64::NAN, f64::NAN, f64::NAN, 200);
        windows.add(200.0, 200.0, 200.0, 0);
        assert_eq!(windows.p50(), Some(200.0));
        assert_eq!(windows.p99(), Some(800.0));
        assert_eq!(windows.max(), Some(5000.0));
    }

    #[test]
    fn median_of_an_even_number_is_between_the_middle_two() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }
}
