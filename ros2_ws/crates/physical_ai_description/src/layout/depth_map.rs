use super::surface::Triangle;

/// Width of a cell, metres.
const CELL_M: f64 = 0.001;
/// Most cells along a side: what is larger is seen in part.
const MOST_CELLS: usize = 400;

/// Whether a depth is seen in a cell (x and y in metres) rather than the one that was seen before.
type Sees<'a> = &'a dyn Fn([f64; 2], f64, Option<f64>) -> bool;

/// How deep surfaces lie, as a camera without perspective sees them: in cells of a plane, along the axis that stands on it.
pub(super) struct DepthMap {
    low: [f64; 2],
    cells: [usize; 2],
    /// Depth in metres, and the link that is seen there.
    seen: Vec<Option<(f64, usize)>>,
}

impl DepthMap {
    /// A map of the plane from `low` to `high`, metres, on which nothing is seen yet.
    pub(super) fn new([low, high]: [[f64; 2]; 2]) -> Self {
        let cells = [0, 1].map(|i| {
            let count = ((high[i] - low[i]).max(0.0) / CELL_M).ceil() as usize;
            count.clamp(1, MOST_CELLS)
        });
        Self {
            low,
            cells,
            seen: vec![None; cells[0] * cells[1]],
        }
    }

    /// Draws triangles of a link: `axes` are those of the plane, and that of the depth.
    pub(super) fn draw(
        &mut self,
        link: usize,
        triangles: &[Triangle],
        axes: [usize; 3],
        sees: Sees<'_>,
    ) {
        for triangle in triangles {
            let corners = triangle.map(|corner| axes.map(|axis| corner[axis]));
            self.draw_one(link, &corners, sees);
        }
    }

    fn draw_one(&mut self, link: usize, corners: &[[f64; 3]; 3], sees: Sees<'_>) {
        let [a, b, c] = corners;
        let area = cross(a, b, c);
        if area.abs() < 1e-15 {
            // Seen edge on.
            return;
        }
        let range = |i: usize| {
            let at = |end: f64| ((end - self.low[i]) / CELL_M - 0.5).clamp(-1.0, 1e6);
            let least = a[i].min(b[i]).min(c[i]);
            let most = a[i].max(b[i]).max(c[i]);
            let first = at(least).ceil().max(0.0) as usize;
            let past = (at(most).floor() + 1.0).max(0.0) as usize;
            first..past.min(self.cells[i])
        };
        for row in range(1) {
            for column in range(0) {
                let at = self.middle([column, row]);
                let point = [at[0], at[1], 0.0];
                let shares = [
                    cross(b, c, &point),
                    cross(c, a, &point),
                    cross(a, b, &point),
                ]
                .map(|s| s / area);
                if shares.iter().any(|s| *s < -1e-9) {
                    continue;
                }
                let depth = shares.iter().zip(corners).map(|(s, p)| s * p[2]).sum();
                let cell = &mut self.seen[row * self.cells[0] + column];
                if sees(at, depth, cell.map(|(before, _)| before)) {
                    *cell = Some((depth, link));
                }
            }
        }
    }

    fn middle(&self, cell: [usize; 2]) -> [f64; 2] {
        [0, 1].map(|i| self.low[i] + (cell[i] as f64 + 0.5) * CELL_M)
    }

    /// Depth at a point of the plane, and the link that is seen there.
    pub(super) fn at(&self, point: [f64; 2]) -> Option<(f64, usize)> {
        let [x, y] = [0, 1].map(|i| ((point[i] - self.low[i]) / CELL_M).floor());
        let inside = x >= 0.0 && y >= 0.0 && x < self.cells[0] as f64 && y < self.cells[1] as f64;
        inside.then(|| self.seen[y as usize * self.cells[0] + x as usize])?
    }

    /// Cells in which something is seen: middle, depth and link.
    pub(super) fn cells(&self) -> impl Iterator<Item = ([f64; 2], f64, usize)> + '_ {
        let cell = |i: usize| [i % self.cells[0], i / self.cells[0]];
        let all = self.seen.iter().enumerate();
        all.filter_map(move |(i, seen)| {
            seen.map(|(depth, link)| (self.middle(cell(i)), depth, link))
        })
    }
}

/// Twice the area of a triangle in the plane, positive where it is counter-clockwise.
fn cross(a: &[f64; 3], b: &[f64; 3], c: &[f64; 3]) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::Point3;

    #[test]
    fn nearest_surface_is_seen_with_its_link_and_depth_in_between() {
        let mut map = DepthMap::new([[0.0, 0.0], [0.01, 0.01]]);
        let corner = |x: f64, y: f64, z: f64| Point3::new(x, y, z);
        // Slopes from depth 0 at x = 0 to 0.02 at x = 0.02.
        let slope = [
            corner(0.0, -0.02, 0.0),
            corner(0.0, 0.03, 0.0),
            corner(0.1, 0.0, 0.1),
        ];
        let flat = slope.map(|p| corner(p.x, p.y, 0.005));
        let nearest =
            |_: [f64; 2], depth: f64, before: Option<f64>| before.is_none_or(|b| depth < b);
        map.draw(1, &[slope], [0, 1, 2], &nearest);
        map.draw(2, &[flat], [0, 1, 2], &nearest);
        let (depth, link) = map.at([0.0021, 0.004]).unwrap();
        assert!((depth - 0.0025).abs() < 1e-9 && link == 1, "{depth} {link}");
        let (depth, link) = map.at([0.0081, 0.004]).unwrap();
        assert!((depth - 0.005).abs() < 1e-9 && link == 2, "{depth} {link}");
        assert_eq!(map.at([-0.001, 0.0]), None);
        assert_eq!(map.cells().count(), 100);
    }
}
