mod collada;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use physical_ai_domain::{Mesh, MeshSource, TriangleMesh};

use crate::Error;

/// Larger files are refused: no shape of a robot needs more, and reading them would stop a node for seconds.
const MOST_BYTES: u64 = 200 << 20;
/// A binary STL begins with so many bytes of text and the number of triangles.
const STL_TEXT: usize = 80;
const STL_HEADER: usize = 84;
const STL_TRIANGLE: usize = 50;

/// Reads the triangles of a mesh, scaled.
///
/// # Errors
/// [`Error::BadMesh`] for a file that is missing, empty, too large, no mesh, or has corners that are not finite.
pub fn load_mesh(mesh: &Mesh) -> Result<TriangleMesh, Error> {
    let mut triangles = match &mesh.source {
        MeshSource::File { path, .. } => read_mesh_file(path)?,
        MeshSource::Triangles(triangles) => TriangleMesh::clone(triangles),
    };
    for vertex in &mut triangles.vertices {
        for (value, scale) in vertex.iter_mut().zip(mesh.scale) {
            *value *= scale;
        }
    }
    if mesh.scale.iter().product::<f64>() < 0.0 {
        // Mirrored: what was seen from outside is seen from inside, until its corners are turned round.
        for face in &mut triangles.faces {
            face.swap(1, 2);
        }
    }
    Ok(triangles)
}

/// Reads an STL (text or binary), OBJ or COLLADA file: all meshes in it as one, in metres.
///
/// # Errors
/// [`Error::BadMesh`] for a file that is missing, empty, too large, no mesh, or has corners that are not finite.
pub fn read_mesh_file(path: &Path) -> Result<TriangleMesh, Error> {
    let fail = |problem: String| Error::BadMesh {
        path: path.to_owned(),
        problem,
    };
    let mut bytes = read_bytes(path).map_err(fail)?;
    let kind = path.extension().map(|e| e.to_ascii_lowercase());
    let triangles = match kind.as_deref().and_then(|k| k.to_str()) {
        Some("stl") => read_stl(&mut bytes),
        Some("obj") => read_obj(&bytes, path),
        Some("dae") => collada::read(&bytes)
            .map_err(|problem| format!("{problem}: export it anew, or use .stl or .obj")),
        _ => Err("is of a kind that is not known: use .stl, .obj or .dae".to_owned()),
    };
    let triangles = triangles.map_err(fail)?;
    check(&triangles).map_err(fail)?;
    Ok(without_unused_corners(triangles))
}

/// Lowest and highest corner of the box along the axes that holds these.
pub(crate) fn bounds(triangles: &TriangleMesh) -> [[f64; 3]; 2] {
    let mut bounds = [[f64::INFINITY; 3], [f64::NEG_INFINITY; 3]];
    for vertex in &triangles.vertices {
        for (axis, value) in vertex.iter().enumerate() {
            bounds[0][axis] = bounds[0][axis].min(*value);
            bounds[1][axis] = bounds[1][axis].max(*value);
        }
    }
    bounds
}

/// Refuses a file that is missing, empty or too large without reading it.
pub(crate) fn check_file(path: &Path) -> Result<(), Error> {
    open(path).map(|_| ()).map_err(|problem| Error::BadMesh {
        path: path.to_owned(),
        problem,
    })
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    // The file may grow while it is read.
    open(path)?
        .take(MOST_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|e| format!("cannot be read: {e}"))?;
    Ok(bytes)
}

fn open(path: &Path) -> Result<File, String> {
    let missing = |e: std::io::Error| {
        format!("cannot be read: {e}: put the file there, or correct the filename")
    };
    let file = File::open(path).map_err(missing)?;
    let metadata = file.metadata().map_err(missing)?;
    if !metadata.is_file() {
        return Err("is no file: correct the filename".to_owned());
    }
    match metadata.len() {
        0 => Err("is empty: put the mesh there".to_owned()),
        length if length > MOST_BYTES => Err(format!(
            "has {} MB: at most {} are read, simplify it",
            length >> 20,
            MOST_BYTES >> 20
        )),
        _ => Ok(file),
    }
}

fn read_stl(bytes: &mut [u8]) -> Result<TriangleMesh, String> {
    // Text begins with "solid", and so do the headers of many binary files; those have the length that their
    // number of triangles says.
    if is_binary_stl(bytes) {
        bytes[..STL_TEXT].fill(0);
    } else if !bytes.trim_ascii_start().starts_with(b"solid") {
        return Err(
            "is no STL: neither text that begins with \"solid\" nor as long as its triangles say: export it anew"
                .to_owned(),
        );
    }
    let scene = mesh_loader::stl::from_slice(bytes)
        .map_err(|e| format!("is no STL: {e}: export it anew, or use .obj or .dae"))?;
    Ok(joined(&scene.meshes))
}

fn is_binary_stl(bytes: &[u8]) -> bool {
    let count = bytes.get(STL_TEXT..STL_HEADER);
    let count = count
        .and_then(|b| b.try_into().ok())
        .map(u32::from_le_bytes);
    let triangles = count.and_then(|c| usize::try_from(c).ok());
    let length = triangles.and_then(|t| t.checked_mul(STL_TRIANGLE)?.checked_add(STL_HEADER));
    // Some programs end a file with a new line.
    length.is_some_and(|l| (l..=l.saturating_add(2)).contains(&bytes.len()))
}

fn read_obj(bytes: &[u8], path: &Path) -> Result<TriangleMesh, String> {
    // Colours are of no account here, so files with materials are not looked for.
    let no_materials = |_: &Path| -> std::io::Result<Vec<u8>> { Ok(Vec::new()) };
    let scene = mesh_loader::obj::from_slice(bytes, Some(path), no_materials)
        .map_err(|e| format!("is no OBJ: {e}: export it anew, or use .stl or .dae"))?;
    Ok(joined(&scene.meshes))
}

fn joined(meshes: &[mesh_loader::Mesh]) -> TriangleMesh {
    let mut all = TriangleMesh::default();
    for mesh in meshes {
        let before = u32::try_from(all.vertices.len()).unwrap_or(u32::MAX);
        let vertices = mesh.vertices.iter().map(|v| v.map(f64::from));
        all.vertices.extend(vertices);
        let faces = mesh.faces.iter();
        all.faces
            .extend(faces.map(|f| f.map(|i| i.saturating_add(before))));
    }
    all
}

/// Files made of parts of others have the corners of the whole; those that no face names are no body.
fn without_unused_corners(triangles: TriangleMesh) -> TriangleMesh {
    let mut place = vec![None; triangles.vertices.len()];
    let mut kept = TriangleMesh::default();
    for face in &triangles.faces {
        kept.faces.push(face.map(|corner| {
            // Checked: every index is that of a corner, and there are no more than fit.
            let corner = corner as usize;
            *place[corner].get_or_insert_with(|| {
                kept.vertices.push(triangles.vertices[corner]);
                (kept.vertices.len() - 1) as u32
            })
        }));
    }
    kept
}

fn check(triangles: &TriangleMesh) -> Result<(), String> {
    if triangles.faces.is_empty() {
        return Err("holds no triangle: export it with faces".to_owned());
    }
    let bad = (triangles.vertices.iter())
        .position(|vertex| vertex.iter().any(|value| !value.is_finite()));
    if let Some(index) = bad {
        let vertex = triangles.vertices[index];
        return Err(format!(
            "corner {index} is at {vertex:?}: corners must be finite, export it anew"
        ));
    }
    let corners = triangles.vertices.len();
    let beyond = |index: &&u32| usize::try_from(**index).is_ok_and(|i| i >= corners);
    match triangles.faces.iter().flatten().find(beyond) {
        Some(index) => Err(format!("names corner {index} of {corners}: export it anew")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
