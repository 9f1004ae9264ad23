use std::path::Path;

use physical_ai_description::LoadedRobot;
use physical_ai_domain::{Link, Shape};
use physical_ai_sim::{PictureShape, render_png};

/// Colour of what has none.
const GREY: [f64; 4] = [0.65, 0.67, 0.7, 1.0];

/// Writes a picture of a robot in its home posture.
pub fn write(robot: &LoadedRobot, path: &Path) -> anyhow::Result<()> {
    let home = robot.layout.postures.get("home").cloned();
    let poses = robot.link_poses(&home.unwrap_or_default());
    let mut shapes = Vec::new();
    for (link, pose) in robot.model.links.iter().zip(poses) {
        for (shape, rgba) in seen(link) {
            shapes.push(PictureShape {
                pose: pose * shape.origin,
                geometry: shape.geometry.clone(),
                rgba,
            });
        }
    }
    if shapes.is_empty() {
        anyhow::bail!("the robot has no shapes to be seen: give its links <visual> or <collision>");
    }
    Ok(render_png(&shapes, path)?)
}

/// What a link looks like; where nothing is said about that, what it touches with.
fn seen(link: &Link) -> Vec<(&Shape, [f64; 4])> {
    if link.visuals.is_empty() {
        link.shapes.iter().map(|shape| (shape, GREY)).collect()
    } else {
        let visuals = link.visuals.iter();
        visuals
            .map(|v| (&v.shape, v.rgba.unwrap_or(GREY)))
            .collect()
    }
}
