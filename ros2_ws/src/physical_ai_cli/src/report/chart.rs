//! Line charts of something over time.

use super::svg::{Svg, ticks};

const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 38.0;

/// One line of a chart.
pub struct Series {
    /// Class that gives it its colour.
    pub class: &'static str,
    /// Time and value.
    pub points: Vec<[f64; 2]>,
}

/// How values are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// From zero.
    Linear,
    /// Decades; values that are not above zero are left out.
    Logarithmic,
}

/// Draws series over `span_s` of time; `unit` labels the values.
pub fn chart(label: &str, unit: &str, scale: Scale, span_s: [f64; 2], series: &[Series]) -> String {
    let usable = |v: f64| v.is_finite() && (scale == Scale::Linear || v > 0.0);
    let values: Vec<f64> = series
        .iter()
        .flat_map(|s| s.points.iter().map(|p| p[1]))
        .filter(|v| usable(*v))
        .collect();
    if values.is_empty() {
        return "<p class=\"empty\">not measured in this run</p>".to_owned();
    }
    let axis = Axis::around(&values, scale);
    let span_s = [span_s[0], span_s[1].max(span_s[0] + 1.0)];
    let to_x = |t: f64| LEFT + (t - span_s[0]) / (span_s[1] - span_s[0]) * (WIDTH - LEFT - RIGHT);
    let mut svg = Svg::new(WIDTH, HEIGHT);
    for (value, text) in &axis.ticks {
        let y = axis.y(*value);
        svg.line("grid", [LEFT, y], [WIDTH - RIGHT, y]);
        svg.text("tick", [LEFT - 6.0, y + 3.5], "end", text);
    }
    let (times, digits) = ticks(span_s[0], span_s[1], 6.0);
    for time in times {
        let x = to_x(time);
        svg.line("grid", [x, TOP], [x, HEIGHT - BOTTOM]);
        let text = format!("{time:.digits$}");
        svg.text("tick", [x, HEIGHT - BOTTOM + 14.0], "middle", text);
    }
    let floor = HEIGHT - BOTTOM;
    svg.line("axis", [LEFT, floor], [WIDTH - RIGHT, floor]);
    svg.text(
        "label",
        [(LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 6.0],
        "middle",
        "time [s]",
    );
    svg.text_upwards("label", [12.0, (TOP + floor) / 2.0], unit);
    for one in series {
        let points: Vec<[f64; 2]> = one
            .points
            .iter()
            .filter(|p| usable(p[1]))
            .map(|p| [to_x(p[0]), axis.y(p[1])])
            .collect();
        let class = format!("series {}", one.class);
        match points.as_slice() {
            [only] => svg.circle(&format!("dot {}", one.class), *only, 2.5, ""),
            _ => svg.polyline(&class, &points),
        }
    }
    svg.inline(label)
}

/// The legend of a chart's series, in the order of the lines.
pub fn legend(entries: &[(&str, &str)]) -> String {
    let items: Vec<String> = entries
        .iter()
        .map(|(name, class)| format!("<span><i class=\"swatch {class}\"></i>{name}</span>"))
        .collect();
    format!("<p class=\"legend\">{}</p>", items.join(""))
}

struct Axis {
    from: f64,
    to: f64,
    scale: Scale,
    ticks: Vec<(f64, String)>,
}

impl Axis {
    fn around(values: &[f64], scale: Scale) -> Self {
        let highest = values.iter().copied().fold(f64::MIN, f64::max);
        let lowest = values.iter().copied().fold(f64::MAX, f64::min);
        match scale {
            Scale::Linear => {
                let to = if highest > 0.0 { highest * 1.08 } else { 1.0 };
                let (marks, digits) = ticks(0.0, to, 4.0);
                let ticks = marks
                    .into_iter()
                    .map(|v| (v, format!("{v:.digits$}")))
                    .collect();
                Self {
                    from: 0.0,
                    to,
                    scale,
                    ticks,
                }
            }
            Scale::Logarithmic => {
                let from = lowest.log10().floor();
                let to = highest.log10().ceil().max(from + 1.0);
                let decades = (to - from) as i32;
                let steps: &[f64] = if decades <= 2 {
                    &[1.0, 2.0, 5.0]
                } else {
                    &[1.0]
                };
                let ticks = (0..=decades)
                    .flat_map(|d| {
                        steps
                            .iter()
                            .map(move |s| s * 10f64.powf(from + f64::from(d)))
                    })
                    .filter(|v| v.log10() <= to + 1e-9)
                    .map(|v| (v, short(v)))
                    .collect();
                Self {
                    from,
                    to,
                    scale,
                    ticks,
                }
            }
        }
    }

    fn y(&self, value: f64) -> f64 {
        let value = match self.scale {
            Scale::Linear => value,
            Scale::Logarithmic => value.log10(),
        };
        let share = (value - self.from) / (self.to - self.from);
        HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)
    }
}

fn short(value: f64) -> String {
    if value >= 1e6 {
        format!("{:.0}M", value / 1e6)
    } else if value >= 1e4 {
        format!("{:.0}k", value / 1e3)
    } else if value >= 1.0 {
        format!("{value:.0}")
    } else {
        format!("{value}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_without_meaning_leave_the_chart_empty() {
        let series = |values: &[f64]| {
            let points = values.iter().map(|v| [0.0, *v]).collect();
            vec![Series {
                class: "c0",
                points,
            }]
        };
        let draw = |values: &[f64], scale| chart("l", "u", scale, [0.0, 1.0], &series(values));
        assert!(draw(&[], Scale::Linear).contains("not measured"));
        assert!(draw(&[f64::NAN], Scale::Linear).contains("not measured"));
        assert!(draw(&[0.0], Scale::Logarithmic).contains("not measured"));
        let drawn = draw(&[0.0, 0.0], Scale::Linear);
        assert!(
            drawn.contains("<polyline") && !drawn.contains("NaN"),
            "{drawn}"
        );
    }
}
