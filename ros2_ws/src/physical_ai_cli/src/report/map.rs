//! Maps of the world with the ways that the robots took, seen from above.

use physical_ai_domain::{Fixture, MovableBox, PlaceKind, Placement, World};

use super::run::{Part, Run, Track};
use super::svg::{Svg, ticks};

const LEFT: f64 = 48.0;
const TOP: f64 = 10.0;
const RIGHT: f64 = 10.0;
const BOTTOM: f64 = 40.0;

/// Number of robot colours in the style sheet.
const COLOURS: usize = 6;

/// Around what is shown, metres.
const MARGIN_M: f64 = 0.15;

/// Part of the world, metres.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bounds {
    min: [f64; 2],
    max: [f64; 2],
}

impl Bounds {
    const NOTHING: Self = Self {
        min: [f64::MAX; 2],
        max: [f64::MIN; 2],
    };

    fn include(&mut self, point: [f64; 2]) {
        for (i, value) in point.into_iter().enumerate() {
            self.min[i] = self.min[i].min(value);
            self.max[i] = self.max[i].max(value);
        }
    }

    fn with_margin(mut self, metres: f64) -> Option<Self> {
        for i in 0..2 {
            self.min[i] -= metres;
            self.max[i] += metres;
        }
        (self.max[0] > self.min[0] && self.max[1] > self.min[1]).then_some(self)
    }
}

/// From metres to pixels; y points up in the world and down on the page.
struct View {
    bounds: Bounds,
    pixels_per_m: f64,
    size: [f64; 2],
}

impl View {
    fn fit(bounds: Bounds, width: f64, most_height: f64) -> Self {
        let extent = [bounds.max[0] - bounds.min[0], bounds.max[1] - bounds.min[1]];
        let pixels_per_m =
            ((width - LEFT - RIGHT) / extent[0]).min((most_height - TOP - BOTTOM) / extent[1]);
        Self {
            bounds,
            pixels_per_m,
            size: [
                extent[0] * pixels_per_m + LEFT + RIGHT,
                extent[1] * pixels_per_m + TOP + BOTTOM,
            ],
        }
    }

    fn at(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [
            LEFT + (x - self.bounds.min[0]) * self.pixels_per_m,
            TOP + (self.bounds.max[1] - y) * self.pixels_per_m,
        ]
    }

    fn frame(&self) -> ([f64; 2], [f64; 2]) {
        let size = [self.size[0] - LEFT - RIGHT, self.size[1] - TOP - BOTTOM];
        ([LEFT, TOP], size)
    }
}

/// Class of a robot's colour, the same on every drawing.
pub fn colour_of(run: &Run, robot: &str) -> String {
    let index = run.paths.keys().position(|r| r == robot).unwrap_or(0);
    format!("c{}", index % COLOURS)
}

/// The whole world; `None` if nothing of it is known.
pub fn overview(run: &Run) -> Option<Svg> {
    let mut bounds = Bounds::NOTHING;
    if let Some(world) = &run.world {
        for fixture in &world.fixtures {
            for corner in corners(&fixture.pose, [fixture.size_m[0], fixture.size_m[1]]) {
                bounds.include(corner);
            }
        }
        for place in &world.places {
            bounds.include([place.pose.x, place.pose.y]);
        }
    }
    for track in run.paths.values() {
        for point in &track.points {
            bounds.include(*point);
        }
    }
    let view = View::fit(bounds.with_margin(MARGIN_M)?, 650.0, 900.0);
    Some(draw(run, &view, "overview", false))
}

/// The surroundings of each arm that moved, with its name.
pub fn details(run: &Run) -> Vec<(String, Svg)> {
    let Some(world) = &run.world else {
        return Vec::new();
    };
    let arms = run
        .paths
        .iter()
        .filter(|(_, track)| track.part == Part::Tip && track.points.len() > 1);
    arms.filter_map(|(name, track)| {
        let mut bounds = Bounds::NOTHING;
        for point in &track.points {
            bounds.include(*point);
        }
        if let Some(robot) = world.robot(name) {
            bounds.include([robot.pose.x, robot.pose.y]);
        }
        let reach = bounds.with_margin(0.4)?;
        let is_near = |p: [f64; 2]| (0..2).all(|i| p[i] > reach.min[i] && p[i] < reach.max[i]);
        for place in world.places.iter().filter(|p| p.kind == PlaceKind::Surface) {
            let at = [place.pose.x, place.pose.y];
            if is_near(at) {
                bounds.include(at);
            }
        }
        let view = View::fit(bounds.with_margin(MARGIN_M)?, 430.0, 480.0);
        Some((
            name.clone(),
            draw(run, &view, &format!("detail-{name}"), true),
        ))
    })
    .collect()
}

fn draw(run: &Run, view: &View, id: &str, is_detail: bool) -> Svg {
    let mut svg = Svg::new(view.size[0], view.size[1]);
    let (at, size) = view.frame();
    svg.rect("floor", at, size, "");
    axes(&mut svg, view);
    svg.clipped(id, at, size, |svg| {
        if let Some(world) = &run.world {
            fixtures(svg, view, world);
            places(svg, view, world, is_detail);
        }
        for (name, track) in &run.paths {
            let line = if track.part == Part::Tip && !is_detail {
                "path thin"
            } else {
                "path"
            };
            let points: Vec<[f64; 2]> = track.points.iter().map(|p| view.at(*p)).collect();
            svg.polyline(&format!("{line} {}", colour_of(run, name)), &points);
        }
        objects(svg, run, view, is_detail);
        for (name, track) in &run.paths {
            ends(svg, run, view, name, track);
        }
    });
    svg
}

fn axes(svg: &mut Svg, view: &View) {
    let (at, size) = view.frame();
    let (floor, right) = (at[1] + size[1], at[0] + size[0]);
    let parts = (size[0] / 65.0).max(3.0);
    let (xs, x_digits) = ticks(view.bounds.min[0], view.bounds.max[0], parts);
    for x in xs {
        let px = view.at([x, 0.0])[0];
        svg.line("grid", [px, at[1]], [px, floor]);
        svg.text(
            "tick",
            [px, floor + 15.0],
            "middle",
            format!("{x:.x_digits$}"),
        );
    }
    let parts = (size[1] / 65.0).max(3.0);
    let (ys, y_digits) = ticks(view.bounds.min[1], view.bounds.max[1], parts);
    for y in ys {
        let py = view.at([0.0, y])[1];
        svg.line("grid", [at[0], py], [right, py]);
        svg.text(
            "tick",
            [at[0] - 6.0, py + 3.5],
            "end",
            format!("{y:.y_digits$}"),
        );
    }
    let middle = [at[0] + size[0] / 2.0, at[1] + size[1] / 2.0];
    svg.text("label", [middle[0], floor + 32.0], "middle", "x [m]");
    svg.text_upwards("label", [12.0, middle[1]], "y [m]");
}

fn fixtures(svg: &mut Svg, view: &View, world: &World) {
    for fixture in &world.fixtures {
        let shape = footprint(view, &fixture.pose, [fixture.size_m[0], fixture.size_m[1]]);
        let class = if is_surface(fixture) {
            "fixture surface"
        } else {
            "fixture"
        };
        svg.polygon(class, "", &shape, &fixture.name);
        if is_surface(fixture) {
            let half = [fixture.size_m[0] / 2.0, fixture.size_m[1] / 2.0];
            let corner = view.at([fixture.pose.x - half[0], fixture.pose.y + half[1]]);
            svg.text(
                "name faint",
                [corner[0] + 5.0, corner[1] + 14.0],
                "start",
                &fixture.name,
            );
        }
    }
}

/// Large enough both ways to stand things on.
fn is_surface(fixture: &Fixture) -> bool {
    fixture.size_m[0] > 0.3 && fixture.size_m[1] > 0.3
}

fn places(svg: &mut Svg, view: &View, world: &World, is_detail: bool) {
    for place in &world.places {
        let at = view.at([place.pose.x, place.pose.y]);
        match place.kind {
            PlaceKind::Floor => {
                let radius = (0.12 * view.pixels_per_m).clamp(5.0, 16.0);
                svg.circle("place", at, radius, place.name.as_str());
                let (sin, cos) = place.pose.yaw.sin_cos();
                svg.line("place", at, [at[0] + radius * cos, at[1] - radius * sin]);
                svg.text("name", [at[0], at[1] - radius - 5.0], "middle", &place.name);
            }
            PlaceKind::Surface => {
                let half_m = if is_detail { 0.06 } else { 0.08 };
                let half = half_m * view.pixels_per_m;
                let corner = [at[0] - half, at[1] - half];
                svg.rect("place", corner, [2.0 * half; 2], place.name.as_str());
                svg.text("name", [at[0], at[1] + half + 13.0], "middle", &place.name);
            }
        }
    }
}

fn objects(svg: &mut Svg, run: &Run, view: &View, is_detail: bool) {
    for (name, object) in &run.objects {
        let known = run
            .world
            .as_ref()
            .and_then(|w| w.boxes.iter().find(|b| b.name.as_str() == name.as_str()));
        let shape = |[x, y, yaw]: [f64; 3]| {
            let pose = Placement { x, y, z: 0.0, yaw };
            footprint(view, &pose, object.size_m)
        };
        let moved_m = (object.last[0] - object.first[0]).hypot(object.last[1] - object.first[1]);
        let colour = known.map_or_else(String::new, fill_of);
        if moved_m > 0.02 {
            svg.polygon(
                "box-start",
                "",
                &shape(object.first),
                &format!("{name} at the start"),
            );
        }
        svg.polygon("box", &colour, &shape(object.last), name);
        if is_detail {
            let at = view.at([object.last[0], object.last[1]]);
            let above = object.size_m[1] / 2.0 * view.pixels_per_m + 6.0;
            svg.text("name", [at[0], at[1] - above], "middle", name);
        }
    }
}

fn fill_of(item: &MovableBox) -> String {
    let [r, g, b] = item
        .color
        .map(|c| (c.clamp(0.0, 1.0) * 255.0).round() as u8);
    format!("fill:rgb({r},{g},{b})")
}

fn ends(svg: &mut Svg, run: &Run, view: &View, name: &str, track: &Track) {
    let colour = colour_of(run, name);
    let (Some(first), Some(last)) = (track.points.first(), track.points.last()) else {
        return;
    };
    svg.circle(
        &format!("start {colour}"),
        view.at(*first),
        4.5,
        &format!("{name}: start"),
    );
    svg.circle(
        &format!("end {colour}"),
        view.at(*last),
        5.5,
        &format!("{name}: end"),
    );
    if let Some(robot) = run.world.as_ref().and_then(|w| w.robot(name))
        && track.part == Part::Tip
    {
        let base = view.at([robot.pose.x, robot.pose.y]);
        let corner = [base[0] - 6.0, base[1] - 6.0];
        svg.rect(
            &format!("end {colour}"),
            corner,
            [12.0; 2],
            &format!("{name}: base"),
        );
        svg.text("name", [base[0], base[1] + 21.0], "middle", name);
    } else {
        let at = view.at(*last);
        svg.text("name", [at[0], at[1] + 19.0], "middle", name);
    }
}

fn footprint(view: &View, pose: &Placement, size_m: [f64; 2]) -> Vec<[f64; 2]> {
    corners(pose, size_m)
        .into_iter()
        .map(|c| view.at(c))
        .collect()
}

fn corners(pose: &Placement, size_m: [f64; 2]) -> [[f64; 2]; 4] {
    let (sin, cos) = pose.yaw.sin_cos();
    [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]].map(|[sx, sy]: [f64; 2]| {
        let (x, y) = (sx * size_m[0] / 2.0, sy * size_m[1] / 2.0);
        [pose.x + cos * x - sin * y, pose.y + sin * x + cos * y]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn view_keeps_proportions_and_turns_y_up() {
        let bounds = Bounds {
            min: [-1.0, -2.0],
            max: [5.0, 2.0],
        };
        let view = View::fit(bounds, 658.0, 10_000.0);
        assert!((view.pixels_per_m - 100.0).abs() < 1e-9);
        assert_eq!(view.at([-1.0, 2.0]), [LEFT, TOP]);
        assert_eq!(view.at([0.0, 1.0]), [LEFT + 100.0, TOP + 100.0]);
        assert_eq!(Bounds::NOTHING.with_margin(1.0), None);
    }
}
