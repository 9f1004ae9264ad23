use std::collections::BTreeMap;

use physical_ai_domain::{Geometry, Mesh, MeshSource, Shape, Visual};

use super::element::Element;
use super::{Notes, pose};
use crate::{DescriptionOptions, Error, mesh, packages};

/// Colours of materials, by name.
pub(super) type Materials = BTreeMap<String, [f64; 4]>;

/// Forms that a `<geometry>` may have.
const FORMS: [&str; 5] = ["box", "cylinder", "sphere", "capsule", "mesh"];

/// Where relative files of a description count from, and where packages are.
pub(super) struct Files<'a> {
    pub(super) base: Option<&'a std::path::Path>,
    pub(super) options: &'a DescriptionOptions,
    /// Boxes of the meshes that were read: many links share one.
    pub(super) bounds: BTreeMap<std::path::PathBuf, [[f64; 3]; 2]>,
}

/// A `<collision>`.
pub(super) fn collision(
    element: &Element,
    files: &mut Files,
    notes: &mut Notes,
) -> Result<Shape, Error> {
    element.expect(&["name"], &["origin", "geometry"], &mut notes.extensions)?;
    let (form, mut geometry) = geometry(element, files, notes)?;
    if let Geometry::Mesh(mesh) = &mut geometry {
        let fail = |error: Error| form.attribute_error("filename", error.to_string());
        mesh.bounds = Some(files.bounds_of(mesh).map_err(fail)?);
    }
    Ok(Shape {
        origin: pose::origin(element, notes)?,
        geometry,
    })
}

/// A `<visual>`.
pub(super) fn visual(
    element: &Element,
    materials: &Materials,
    files: &mut Files,
    notes: &mut Notes,
) -> Result<Visual, Error> {
    let elements = ["origin", "geometry", "material"];
    element.expect(&["name"], &elements, &mut notes.extensions)?;
    let (form, geometry) = geometry(element, files, notes)?;
    if let Geometry::Mesh(Mesh {
        source: MeshSource::File { path, .. },
        ..
    }) = &geometry
        && let Err(problem) = mesh::check_file(path)
    {
        return Err(form.attribute_error("filename", problem.to_string()));
    }
    let rgba = match element.child("material")? {
        Some(material) => {
            let (name, own) = self::material(&material, notes)?;
            own.or_else(|| materials.get(name).copied())
        }
        None => None,
    };
    Ok(Visual {
        shape: Shape {
            origin: pose::origin(element, notes)?,
            geometry,
        },
        rgba,
    })
}

/// Name and colour of a `<material>`.
pub(super) fn material<'a>(
    element: &Element<'a, '_>,
    notes: &mut Notes,
) -> Result<(&'a str, Option<[f64; 4]>), Error> {
    element.expect(&["name"], &["color"], &mut notes.extensions)?;
    let name = element.text("name").unwrap_or_default();
    let Some(color) = element.child("color")? else {
        return Ok((name, None));
    };
    color.expect(&["rgba"], &[], &mut notes.extensions)?;
    Ok((name, color.numbers("rgba")?))
}

impl Files<'_> {
    fn bounds_of(&mut self, mesh: &Mesh) -> Result<[[f64; 3]; 2], Error> {
        let MeshSource::File { path, .. } = &mesh.source else {
            return Ok(mesh::bounds(&mesh::load_mesh(mesh)?));
        };
        let bounds = match self.bounds.get(path) {
            Some(bounds) => *bounds,
            None => {
                let bounds = mesh::bounds(&mesh::read_mesh_file(path)?);
                self.bounds.insert(path.clone(), bounds);
                bounds
            }
        };
        let [low, high] = bounds.map(|corner| [0, 1, 2].map(|i| corner[i] * mesh.scale[i]));
        // Where a factor is negative, low and high change places.
        Ok([
            [0, 1, 2].map(|i| low[i].min(high[i])),
            [0, 1, 2].map(|i| low[i].max(high[i])),
        ])
    }
}

/// The form of a shape, and the element that says it.
fn geometry<'a, 'i>(
    parent: &Element<'a, 'i>,
    files: &Files,
    notes: &mut Notes,
) -> Result<(Element<'a, 'i>, Geometry), Error> {
    let element = parent.required_child("geometry")?;
    element.expect(&[], &FORMS, &mut notes.extensions)?;
    let mut forms = FORMS.into_iter().flat_map(|tag| element.children(tag));
    let form = forms
        .next()
        .ok_or_else(|| element.error(format!("is empty: give one of {}", FORMS.join(", "))))?;
    if let Some(second) = forms.next() {
        return Err(second.error("is a second form: a shape has one, split it"));
    }
    let known: &[&str] = match form.tag() {
        "box" => &["size"],
        "sphere" => &["radius"],
        "mesh" => &["filename", "scale"],
        _ => &["radius", "length"],
    };
    form.expect(known, &[], &mut notes.extensions)?;
    let geometry = match form.tag() {
        "box" => {
            let size = form
                .numbers("size")?
                .ok_or_else(|| form.attribute_error("size", "is missing: give one"))?;
            form.above_zero("size", &size)?;
            Geometry::Box(size)
        }
        "sphere" => Geometry::Sphere(form.required_size("radius")?),
        "cylinder" => {
            Geometry::Cylinder(form.required_size("radius")?, form.required_size("length")?)
        }
        "capsule" => {
            Geometry::Capsule(form.required_size("radius")?, form.required_size("length")?)
        }
        _ => Geometry::Mesh(mesh(&form, files, notes)?),
    };
    Ok((form, geometry))
}

fn mesh(form: &Element, files: &Files, notes: &mut Notes) -> Result<Mesh, Error> {
    let uri = form.required_text("filename")?;
    let found = packages::resolve(uri, files.base, &files.options.packages)
        .map_err(|problem| form.attribute_error("filename", problem))?;
    if let Some(assumed) = found.assumed {
        notes.warn(form.place(), "filename", uri, &assumed);
    }
    let scale = form.numbers("scale")?.unwrap_or([1.0; 3]);
    if scale.contains(&0.0) {
        let problem = format!("is {scale:?}: a factor of 0 leaves no body, give others");
        return Err(form.attribute_error("scale", problem));
    }
    if scale.iter().product::<f64>() < 0.0 {
        let value = format!("is {scale:?}");
        notes.warn(form.place(), "scale", &value, "the mesh is mirrored");
    }
    Ok(Mesh {
        source: MeshSource::File {
            uri: uri.to_owned(),
            path: found.path,
        },
        scale,
        bounds: None,
    })
}
