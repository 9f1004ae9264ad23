/// Most values of one window: two seconds at 1 kHz.
const CAPACITY: usize = 2048;

/// Measured values of one window, for percentiles: the newest 2048.
#[derive(Debug, Clone)]
pub struct Distribution {
    values: Vec<f64>,
    /// Where the next value goes once all places are taken.
    oldest: usize,
}

impl Default for Distribution {
    fn default() -> Self {
        Self {
            values: Vec::with_capacity(CAPACITY),
            oldest: 0,
        }
    }
}

/// Percentiles of one window, in the unit of the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Number of values.
    pub count: usize,
    /// Median.
    pub p50: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Largest.
    pub max: f64,
    /// Root of the mean square.
    pub rms: f64,
}

impl Distribution {
    /// Adds a value, in place of the oldest where the window is full; values that are not finite are dropped.
    ///
    /// # Real-time
    /// Does not allocate.
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        if self.values.len() < CAPACITY {
            self.values.push(value);
        } else {
            self.values[self.oldest] = value;
            self.oldest = (self.oldest + 1) % CAPACITY;
        }
    }

    /// Percentiles of what was added since the last call; `None` if nothing was.
    pub fn take(&mut self) -> Option<Summary> {
        if self.values.is_empty() {
            return None;
        }
        self.values.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| {
            let rank = (share * self.values.len() as f64).ceil() as usize;
            self.values[rank.clamp(1, self.values.len()) - 1]
        };
        let squares: f64 = self.values.iter().map(|v| v * v).sum();
        let summary = Summary {
            count: self.values.len(),
            p50: at(0.5),
            p99: at(0.99),
            max: at(1.0),
            rms: (squares / self.values.len() as f64).sqrt(),
        };
        self.values.clear();
        self.oldest = 0;
        Some(summary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_rank() {
        let mut distribution = Distribution::default();
        (1..=100).rev().for_each(|v| distribution.add(f64::from(v)));
        distribution.add(f64::NAN);
        let summary = distribution.take().unwrap();
        assert_eq!(
            (summary.count, summary.p50, summary.p99, summary.max),
            (100, 50.0, 99.0, 100.0)
        );
        assert!(distribution.take().is_none());
    }

    #[test]
    fn few_values_are_their_own_percentiles() {
        let check = |values: &[f64], expected: [f64; 4]| {
            let mut distribution = Distribution::default();
            values.iter().for_each(|v| distribution.add(*v));
            let s = distribution.take().unwrap();
            assert_eq!([s.p50, s.p99, s.max, s.rms], expected, "{values:?}");
        };
        check(&[-3.0], [-3.0, -3.0, -3.0, 3.0]);
        check(&[7.0, 1.0], [1.0, 7.0, 7.0, 5.0]);
        check(&[0.0, 0.0, 3.0, 0.0], [0.0, 3.0, 3.0, 1.5]);
    }

    #[test]
    fn window_starts_anew_with_each_take() {
        let mut distribution = Distribution::default();
        distribution.add(100.0);
        distribution.take().unwrap();
        distribution.add(1.0);
        let summary = distribution.take().unwrap();
        assert_eq!((summary.count, summary.max), (1, 1.0));
    }

    #[test]
    fn full_window_keeps_the_newest_values() {
        let mut distribution = Distribution::default();
        let added = CAPACITY + 100;
        (0..added).for_each(|v| distribution.add(v as f64));
        let summary = distribution.take().unwrap();
        assert_eq!((summary.count, summary.max), (CAPACITY, added as f64 - 1.0));
        assert_eq!(summary.p50, (100 + CAPACITY / 2 - 1) as f64);
        distribution.add(1.0);
        assert_eq!(distribution.take().unwrap().count, 1);
    }

    #[test]
    fn values_that_are_not_finite_leave_nothing() {
        let mut distribution = Distribution::default();
        [f64::NAN, f64::INFINITY, f64::NEG_INFINITY]
            .into_iter()
            .for_each(|v| distribution.add(v));
        assert!(distribution.take().is_none());
    }
}
