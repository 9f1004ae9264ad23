//! Pieces of SVG: escaping, axes, shapes.

use std::fmt::{Display, Write as _};

/// Text safe in HTML and SVG, in elements and quoted attributes.
pub fn escape(text: impl Display) -> String {
    let mut safe = String::new();
    for c in text.to_string().chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // XML knows no other control characters.
            c if c.is_control() && c != '\n' && c != '\t' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// A drawing under construction; coordinates are pixels from the upper left corner.
pub struct Svg {
    body: String,
    width: f64,
    height: f64,
}

impl Svg {
    pub const fn new(width: f64, height: f64) -> Self {
        Self {
            body: String::new(),
            width,
            height,
        }
    }

    pub fn line(&mut self, class: &str, from: [f64; 2], to: [f64; 2]) {
        let ([x1, y1], [x2, y2]) = (from, to);
        let _ = writeln!(
            self.body,
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        );
    }

    /// A rectangle; `title` shows when the pointer rests on it.
    pub fn rect(&mut self, class: &str, at: [f64; 2], size: [f64; 2], title: &str) {
        let ([x, y], [w, h]) = (at, [size[0].max(0.0), size[1].max(0.0)]);
        let _ = write!(
            self.body,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" rx=\"2\""
        );
        self.close("rect", title);
    }

    pub fn circle(&mut self, class: &str, at: [f64; 2], radius: f64, title: &str) {
        let _ = write!(
            self.body,
            "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius:.1}\"",
            at[0], at[1]
        );
        self.close("circle", title);
    }

    /// A closed shape; `style` may set what the class does not.
    pub fn polygon(&mut self, class: &str, style: &str, points: &[[f64; 2]], title: &str) {
        let _ = write!(
            self.body,
            "<polygon class=\"{class}\" style=\"{style}\" points=\"{}\"",
            joined(points)
        );
        self.close("polygon", title);
    }

    pub fn polyline(&mut self, class: &str, points: &[[f64; 2]]) {
        let _ = writeln!(
            self.body,
            "<polyline class=\"{class}\" points=\"{}\"/>",
            joined(points)
        );
    }

    /// Text; `anchor` is start, middle or end.
    pub fn text(&mut self, class: &str, at: [f64; 2], anchor: &str, text: impl Display) {
        let _ = writeln!(
            self.body,
            "<text class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
            at[0],
            at[1],
            escape(text)
        );
    }

    /// Text that runs upwards, centred on `at`.
    pub fn text_upwards(&mut self, class: &str, at: [f64; 2], text: &str) {
        let ([x, y], text) = (at, escape(text));
        let _ = writeln!(
            self.body,
            "<text class=\"{class}\" text-anchor=\"middle\" \
             transform=\"translate({x:.1},{y:.1}) rotate(-90)\">{text}</text>"
        );
    }

    /// Puts what `draw` draws into a clipped frame.
    pub fn clipped(
        &mut self,
        id: &str,
        at: [f64; 2],
        size: [f64; 2],
        draw: impl FnOnce(&mut Self),
    ) {
        let ([x, y], [w, h]) = (at, size);
        let _ = writeln!(
            self.body,
            "<clipPath id=\"{id}\"><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" \
             height=\"{h:.1}\"/></clipPath><g clip-path=\"url(#{id})\">"
        );
        draw(self);
        self.body.push_str("</g>\n");
    }

    fn close(&mut self, element: &str, title: &str) {
        if title.is_empty() {
            self.body.push_str("/>\n");
        } else {
            let _ = writeln!(self.body, "><title>{}</title></{element}>", escape(title));
        }
    }

    /// The drawing as an element of a page; `label` describes it to those who do not see it.
    pub fn inline(self, label: &str) -> String {
        self.element(label, "")
    }

    /// The drawing as a file of its own, in the page's style.
    pub fn standalone(self, label: &str, css: &str) -> String {
        let css = format!("<style>{css}</style>\n");
        self.element(label, &css)
    }

    fn element(self, label: &str, before: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0} {1:.0}\" \
             style=\"max-width:{0:.0}px\" role=\"img\" aria-label=\"{2}\">\n{before}{3}</svg>\n",
            self.width,
            self.height,
            escape(label),
            self.body
        )
    }
}

fn joined(points: &[[f64; 2]]) -> String {
    let mut text = String::with_capacity(points.len() * 12);
    for [x, y] in points {
        let _ = write!(text, "{x:.1},{y:.1} ");
    }
    text.truncate(text.trim_end().len());
    text
}

/// Round numbers that cut `from..=to` into about `parts`, and the digits after the point they need.
pub fn ticks(from: f64, to: f64, parts: f64) -> (Vec<f64>, usize) {
    let span = to - from;
    if !span.is_finite() || span <= 0.0 {
        return (vec![from], 1);
    }
    let raw = span / parts;
    let magnitude = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|m| m * magnitude)
        .into_iter()
        .find(|s| *s >= raw * 0.999)
        .unwrap_or(raw);
    let first = (from / step - 1e-9).ceil() as i64;
    let last = (to / step + 1e-9).floor() as i64;
    let digits = (-step.log10().floor()).max(0.0) as usize;
    ((first..=last).map(|i| i as f64 * step).collect(), digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_element() {
        assert_eq!(
            escape("<script>\"a\" & 'b'\u{1}"),
            "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;\u{fffd}"
        );
    }

    #[test]
    fn ticks_are_round_and_inside() {
        let check = |from: f64, to: f64, expected: &[f64], digits: usize| {
            let (found, found_digits) = ticks(from, to, 5.0);
            assert_eq!(found.len(), expected.len(), "{found:?}");
            for (a, b) in found.iter().zip(expected) {
                assert!((a - b).abs() < 1e-9, "{found:?}");
            }
            assert_eq!(found_digits, digits);
        };
        check(0.0, 10.0, &[0.0, 2.0, 4.0, 6.0, 8.0, 10.0], 0);
        check(-0.3, 0.31, &[-0.2, 0.0, 0.2], 1);
        check(3.0, 3.0, &[3.0], 1);
    }
}
