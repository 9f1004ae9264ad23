use std::path::Path;
use std::sync::Arc;

use physical_ai_description::{LoadedRobot, load_mesh};
use physical_ai_domain::{Geometry, Link, Mesh, MeshSource, Shape};
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
                geometry: loaded(&shape.geometry)?,
                rgba,
            });
        }
    }
    if shapes.is_empty() {
        anyhow::bail!("the robot has no shapes to be seen: give its links <visual> or <collision>");
    }
    Ok(render_png(&shapes, path)?)
}

/// A form with its triangles here.
fn loaded(geometry: &Geometry) -> anyhow::Result<Geometry> {
    let Geometry::Mesh(mesh) = geometry else {
        return Ok(geometry.clone());
    };
    Ok(Geometry::Mesh(Mesh {
        source: MeshSource::Triangles(Arc::new(load_mesh(mesh)?)),
        scale: [1.0; 3],
        bounds: mesh.bounds,
    }))
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
