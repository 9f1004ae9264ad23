/// Mean square and largest of a stream of errors, in constant memory.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct ErrorStatistics {
    count: u64,
    squares: f64,
    max: f64,
}

impl ErrorStatistics {
    /// Takes an error, at least 0; values that are not finite are dropped.
    ///
    /// # Real-time
    /// Does not allocate.
    pub(crate) fn add(&mut self, error: f64) {
        if error.is_finite() {
            self.count += 1;
            self.squares += error * error;
            self.max = self.max.max(error);
        }
    }

    /// Root of the mean square, in the unit of the errors; `None` without any.
    pub(crate) fn rms(&self) -> Option<f64> {
        (self.count > 0).then(|| (self.squares / self.count as f64).sqrt())
    }

    /// Largest error; 0 without any.
    pub(crate) const fn max(&self) -> f64 {
        self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_mean_square_and_largest_are_those_of_the_finite_errors() {
        let mut errors = ErrorStatistics::default();
        assert_eq!((errors.rms(), errors.max()), (None, 0.0));
        [3.0, f64::NAN, 4.0, f64::INFINITY]
            .into_iter()
            .for_each(|e| errors.add(e));
        assert_eq!((errors.rms(), errors.max()), (Some(12.5f64.sqrt()), 4.0));
    }
}
