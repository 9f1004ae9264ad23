use std::f64::consts::PI;
use std::fmt::Write as _;
use std::path::Path;

use mujoco_rs::prelude::*;
use mujoco_rs::wrappers::mj_model::MjtGeomBase;

use super::{isometry, origin_element};

/// Geoms of these groups are drawn, as MuJoCo does unless told otherwise.
const DRAWN_GROUPS: std::ops::RangeInclusive<i32> = 0..=2;
/// Meridians of an ellipsoid.
const MERIDIANS: usize = 24;
/// Circles of latitude between its poles.
const CIRCLES: usize = 11;

/// The `<collision>` and `<visual>` elements of a body; its meshes are written into the folder.
pub(super) fn shapes(model: &MjModel, body: usize, folder: &Path) -> Result<String, String> {
    let first = usize::try_from(model.body_geomadr()[body]).unwrap_or(0);
    let count = usize::try_from(model.body_geomnum()[body]).unwrap_or(0);
    let mut text = String::new();
    for geom in first..first + count {
        let form = form(model, geom, folder)?;
        let origin = isometry(model.geom_pos()[geom], model.geom_quat()[geom]);
        let shape = format!("{}<geometry>{form}</geometry>", origin_element(&origin));
        if model.geom_contype()[geom] != 0 || model.geom_conaffinity()[geom] != 0 {
            text.push_str(&format!("<collision>{shape}</collision>\n"));
        }
        let [r, g, b, a] = model.geom_rgba()[geom];
        if DRAWN_GROUPS.contains(&model.geom_group()[geom]) && a > 0.0 {
            text.push_str(&format!(
                "<visual>{shape}<material name=\"geom_{geom}\"><color rgba=\"{r} {g} {b} {a}\"/></material></visual>\n"
            ));
        }
    }
    Ok(text)
}

fn form(model: &MjModel, geom: usize, folder: &Path) -> Result<String, String> {
    let [x, y, z] = model.geom_size()[geom];
    Ok(match model.geom_type()[geom] {
        MjtGeomBase::mjGEOM_SPHERE => format!("<sphere radius=\"{x}\"/>"),
        MjtGeomBase::mjGEOM_CAPSULE => {
            format!("<capsule radius=\"{x}\" length=\"{}\"/>", 2.0 * y)
        }
        MjtGeomBase::mjGEOM_CYLINDER => {
            format!("<cylinder radius=\"{x}\" length=\"{}\"/>", 2.0 * y)
        }
        MjtGeomBase::mjGEOM_BOX => {
            format!("<box size=\"{} {} {}\"/>", 2.0 * x, 2.0 * y, 2.0 * z)
        }
        MjtGeomBase::mjGEOM_ELLIPSOID => {
            let file = format!("ellipsoid_{geom}.obj");
            in_folder(folder, &file, &ellipsoid([x, y, z]))?
        }
        MjtGeomBase::mjGEOM_MESH => {
            let mesh = usize::try_from(model.geom_dataid()[geom]).unwrap_or(0);
            in_folder(folder, &format!("mesh_{mesh}.obj"), &obj(model, mesh))?
        }
        kind => {
            return Err(format!(
                "geom {geom}: is of the kind {kind:?}, which no link of a robot has: use boxes or meshes"
            ));
        }
    })
}

fn in_folder(folder: &Path, file: &str, text: &str) -> Result<String, String> {
    let path = folder.join(file);
    // Other processes may be reading the same robot: they see the whole file or none.
    let unfinished = folder.join(format!("{file}.{}", std::process::id()));
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&unfinished, text))
        .and_then(|()| std::fs::rename(&unfinished, &path))
        .map_err(|e| format!("mesh {} cannot be written: {e}", path.display()))?;
    let path = std::path::absolute(&path).map_err(|e| e.to_string())?;
    Ok(format!("<mesh filename=\"file://{}\"/>", path.display()))
}

/// A mesh as MuJoCo has it: in the frame of its own inertia, which the geom's pose makes up for.
fn obj(model: &MjModel, mesh: usize) -> String {
    let range = |first: &[i32], count: &[i32]| {
        let first = usize::try_from(first[mesh]).unwrap_or(0);
        first..first + usize::try_from(count[mesh]).unwrap_or(0)
    };
    let vertices = &model.mesh_vert()[range(model.mesh_vertadr(), model.mesh_vertnum())];
    let faces = &model.mesh_face()[range(model.mesh_faceadr(), model.mesh_facenum())];
    let faces = faces.iter().map(|f| f.map(|i| i + 1));
    written(vertices.iter().map(|v| v.map(f64::from)), faces)
}

fn ellipsoid([x, y, z]: [f64; 3]) -> String {
    let mut vertices = vec![[0.0, 0.0, z], [0.0, 0.0, -z]];
    for circle in 1..=CIRCLES {
        let polar = PI * circle as f64 / (CIRCLES + 1) as f64;
        for meridian in 0..MERIDIANS {
            let angle = 2.0 * PI * meridian as f64 / MERIDIANS as f64;
            vertices.push([
                x * polar.sin() * angle.cos(),
                y * polar.sin() * angle.sin(),
                z * polar.cos(),
            ]);
        }
    }
    let at = |circle: usize, meridian: usize| 3 + circle * MERIDIANS + meridian % MERIDIANS;
    let mut faces = Vec::new();
    for m in 0..MERIDIANS {
        faces.push([1, at(0, m), at(0, m + 1)]);
        for c in 0..CIRCLES - 1 {
            faces.push([at(c, m), at(c + 1, m), at(c + 1, m + 1)]);
            faces.push([at(c, m), at(c + 1, m + 1), at(c, m + 1)]);
        }
        faces.push([2, at(CIRCLES - 1, m + 1), at(CIRCLES - 1, m)]);
    }
    written(vertices.into_iter(), faces.into_iter())
}

fn written<I: std::fmt::Display>(
    vertices: impl Iterator<Item = [f64; 3]>,
    faces: impl Iterator<Item = [I; 3]>,
) -> String {
    let mut text = String::new();
    for [x, y, z] in vertices {
        let written = writeln!(text, "v {x} {y} {z}");
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    }
    for [a, b, c] in faces {
        let written = writeln!(text, "f {a} {b} {c}");
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    }
    text
}
