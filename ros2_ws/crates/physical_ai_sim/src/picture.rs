use std::fmt::Write as _;
use std::path::Path;

use mujoco_rs::prelude::*;
use mujoco_rs::renderer::{MjRenderer, png};
use nalgebra::Isometry3;
use physical_ai_domain::{Geometry, MeshSource, TriangleMesh};

use crate::Error;

/// Width and height, pixels.
const SIZE: [u32; 2] = [1000, 800];

/// Something to be seen.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureShape {
    /// Pose in the world, metres.
    pub pose: Isometry3<f64>,
    /// Form; a mesh has to hold its triangles.
    pub geometry: Geometry,
    /// Red, green, blue and opacity from 0 to 1.
    pub rgba: [f64; 4],
}

/// Renders shapes as a PNG file, seen from the front and above, without a window.
///
/// # Errors
/// [`Error::Mujoco`] if MuJoCo refuses a shape, [`Error::NoRenderer`] where this machine cannot render,
/// [`Error::PictureFile`] if the file cannot be written.
/// # Real-time
/// Takes seconds; never call from the control tick.
pub fn render_png(shapes: &[PictureShape], path: &Path) -> Result<(), Error> {
    let mujoco = |e: &dyn std::fmt::Display| Error::Mujoco(e.to_string());
    let model = MjModel::from_xml_string(&document(shapes)?).map_err(|e| mujoco(&e))?;
    let mut data = MjData::try_new(&model).map_err(|e| mujoco(&e))?;
    data.forward();
    let no_renderer = |e: &dyn std::fmt::Display| Error::NoRenderer(e.to_string());
    let mut renderer = MjRenderer::builder()
        .width(SIZE[0])
        .height(SIZE[1])
        .camera(MjvCamera::new_free(&model))
        .png_compression(png::Compression::Balanced)
        .build(&model)
        .map_err(|e| no_renderer(&e))?;
    renderer.sync_data(&mut data).map_err(|e| no_renderer(&e))?;
    renderer.render().map_err(|e| no_renderer(&e))?;
    renderer.save_rgb(path).map_err(|e| Error::PictureFile {
        path: path.to_owned(),
        problem: e.to_string(),
    })
}

fn document(shapes: &[PictureShape]) -> Result<String, Error> {
    let [width, height] = SIZE;
    let (mut assets, mut geoms) = (String::new(), String::new());
    for (i, shape) in shapes.iter().enumerate() {
        let form = match &shape.geometry {
            Geometry::Box([x, y, z]) => {
                format!("type=\"box\" size=\"{} {} {}\"", x / 2.0, y / 2.0, z / 2.0)
            }
            Geometry::Cylinder(radius, length) => {
                format!("type=\"cylinder\" size=\"{radius} {}\"", length / 2.0)
            }
            Geometry::Capsule(radius, length) => {
                format!("type=\"capsule\" size=\"{radius} {}\"", length / 2.0)
            }
            Geometry::Sphere(radius) => format!("type=\"sphere\" size=\"{radius}\""),
            Geometry::Mesh(mesh) => {
                let MeshSource::Triangles(triangles) = &mesh.source else {
                    return Err(Error::Mujoco(format!("shape {i}: the mesh is not loaded")));
                };
                asset(i, triangles, mesh.scale, &mut assets);
                format!("type=\"mesh\" mesh=\"{i}\"")
            }
        };
        let (t, q) = (&shape.pose.translation.vector, &shape.pose.rotation);
        let [r, g, b, a] = shape.rgba;
        let _ = writeln!(
            geoms,
            "<geom {form} pos=\"{} {} {}\" quat=\"{} {} {} {}\" rgba=\"{r} {g} {b} {a}\" contype=\"0\" \
             conaffinity=\"0\"/>",
            t.x, t.y, t.z, q.w, q.i, q.j, q.k
        );
    }
    Ok(format!(
        "<mujoco><visual><global offwidth=\"{width}\" offheight=\"{height}\" azimuth=\"150\" elevation=\"-20\"/>\
         <headlight ambient=\"0.45 0.45 0.45\" diffuse=\"0.5 0.5 0.5\" specular=\"0.1 0.1 0.1\"/></visual>\
         <asset><texture type=\"skybox\" builtin=\"flat\" rgb1=\"1 1 1\" rgb2=\"1 1 1\" width=\"16\" height=\"16\"/>\
         {assets}</asset><worldbody>{geoms}</worldbody></mujoco>"
    ))
}

/// A mesh as MuJoCo has it; what is only seen needs no volume.
fn asset(name: usize, triangles: &TriangleMesh, scale: [f64; 3], out: &mut String) {
    let [x, y, z] = scale;
    let _ = write!(
        out,
        "<mesh name=\"{name}\" inertia=\"shell\" scale=\"{x} {y} {z}\" vertex=\""
    );
    for [x, y, z] in &triangles.vertices {
        let _ = write!(out, "{x} {y} {z} ");
    }
    out.push_str("\" face=\"");
    for [a, b, c] in &triangles.faces {
        let _ = write!(out, "{a} {b} {c} ");
    }
    out.push_str("\"/>\n");
}

#[cfg(test)]
mod tests {
    use nalgebra::Vector3;
    use std::sync::Arc;

    use physical_ai_domain::Mesh;

    use super::*;

    fn shapes() -> Vec<PictureShape> {
        let corner = TriangleMesh {
            vertices: vec![[0.0; 3], [0.2, 0.0, 0.0], [0.0, 0.2, 0.0], [0.0, 0.0, 0.2]],
            faces: vec![[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]],
        };
        let mesh = Geometry::Mesh(Mesh {
            source: MeshSource::Triangles(Arc::new(corner)),
            scale: [1.0; 3],
            bounds: None,
        });
        let forms = [
            Geometry::Box([0.1, 0.2, 0.3]),
            Geometry::Cylinder(0.1, 0.3),
            Geometry::Capsule(0.1, 0.3),
            Geometry::Sphere(0.1),
            mesh,
        ];
        let all = forms
            .into_iter()
            .enumerate()
            .map(|(i, geometry)| PictureShape {
                pose: Isometry3::new(Vector3::y() * (i as f64) * 0.4, Vector3::zeros()),
                geometry,
                rgba: [0.1, 0.2, 0.9, 1.0],
            });
        all.collect()
    }

    #[test]
    fn every_form_is_one_for_mujoco() {
        let model = MjModel::from_xml_string(&document(&shapes()).unwrap()).unwrap();
        assert_eq!(model.ffi().ngeom, 5);
    }

    #[test]
    fn pictures_are_written_or_it_is_said_why_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        match render_png(&shapes(), &path) {
            Ok(()) => {
                let bytes = std::fs::read(&path).unwrap();
                assert!(bytes.starts_with(b"\x89PNG") && bytes.len() > 2000);
            }
            Err(error) => {
                let error = error.to_string();
                assert!(error.contains("EGL"), "{error}");
            }
        }
    }

    #[test]
    fn a_mesh_that_is_not_loaded_is_refused() {
        let mut shapes = shapes();
        if let Geometry::Mesh(mesh) = &mut shapes[4].geometry {
            mesh.source = MeshSource::File {
                uri: "a.stl".into(),
                path: "a.stl".into(),
            };
        }
        assert!(
            document(&shapes)
                .unwrap_err()
                .to_string()
                .contains("shape 4")
        );
    }
}
