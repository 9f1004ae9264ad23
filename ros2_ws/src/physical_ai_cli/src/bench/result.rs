//! One measured quantity over several runs.

use std::borrow::Cow;

use serde::Serialize;

use super::windows::median;

/// Median, smallest and largest value of several runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measurement {
    pub name: Cow<'static, str>,
    pub value: f64,
    pub unit: &'static str,
    pub min: f64,
    pub max: f64,
    pub runs: usize,
    /// The value is to stay below it.
    #[serde(skip)]
    pub target: Option<f64>,
}

impl Measurement {
    /// From one value per run; `None` if there is none.
    pub fn of(
        name: impl Into<Cow<'static, str>>,
        unit: &'static str,
        target: Option<f64>,
        values: &[f64],
    ) -> Option<Self> {
        Some(Self {
            name: name.into(),
            value: median(values)?,
            unit,
            min: values.iter().copied().reduce(f64::min)?,
            max: values.iter().copied().reduce(f64::max)?,
            runs: values.len(),
            target,
        })
    }

    /// Whether the target is met, where there is one.
    pub fn is_met(&self) -> Option<bool> {
        self.target.map(|target| self.value < target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_the_fields_that_others_read() {
        let measurement = Measurement::of("a.b_us", "us", Some(3.0), &[3.0, 1.0, 2.0]).unwrap();
        assert_eq!(
            serde_json::to_string(&measurement).unwrap(),
            r#"{"name":"a.b_us","value":2.0,"unit":"us","min":1.0,"max":3.0,"runs":3}"#
        );
        assert_eq!(measurement.is_met(), Some(true));
        assert_eq!(Measurement::of("a", "us", None, &[]), None);
    }
}
