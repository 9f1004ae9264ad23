use std::path::PathBuf;

use super::*;

fn file(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// One triangle at x = 1, and the same with a count that does not fit.
fn binary_stl(header: &[u8], said: u32) -> Vec<u8> {
    let mut bytes = header.to_vec();
    bytes.resize(80, b' ');
    bytes.extend(said.to_le_bytes());
    for value in [
        1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0f32,
    ] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0, 0]);
    bytes
}

const TEXT_STL: &str = "solid a\nfacet normal 1 0 0\nouter loop\nvertex 1 0 0\nvertex 1 1 0\n\
                        vertex 1 0 1\nendloop\nendfacet\nendsolid a\n";
const OBJ: &str = "v 1 0 0\nv 1 1 0\nv 1 0 1\nv 1 1 1\nf 1 2 4 3\n";

fn corners(triangles: &TriangleMesh) -> Vec<[[f64; 3]; 3]> {
    let at = |i: u32| triangles.vertices[i as usize];
    triangles.faces.iter().map(|f| f.map(at)).collect()
}

const TRIANGLE: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 0.0, 1.0]];

#[test]
fn stl_is_read_as_text_and_binary_whatever_its_header_says() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, bytes: &[u8]| {
        let triangles = read_mesh_file(&file(&folder, name, bytes)).unwrap();
        assert_eq!(corners(&triangles), [TRIANGLE], "{name}");
    };
    check("text.stl", TEXT_STL.as_bytes());
    check("binary.STL", &binary_stl(b"made by hand", 1));
    check("solid.stl", &binary_stl(b"solid of a program", 1));
}

/// A number of triangles that is the end of a line, read as text.
#[test]
fn binary_stl_is_told_by_its_length_whatever_its_number_of_triangles_looks_like() {
    let folder = tempfile::tempdir().unwrap();
    for count in [10, 13] {
        let mut bytes = binary_stl(b"solid of a program", count);
        let triangle = bytes[84..].to_vec();
        bytes.extend(triangle.repeat(count as usize - 1));
        let triangles = read_mesh_file(&file(&folder, "a.stl", &bytes)).unwrap();
        assert_eq!(triangles.faces.len(), count as usize);
    }
}

#[test]
fn obj_faces_become_triangles() {
    let folder = tempfile::tempdir().unwrap();
    let triangles = read_mesh_file(&file(&folder, "a.obj", OBJ.as_bytes())).unwrap();
    assert_eq!(triangles.faces.len(), 2);
    assert_eq!(bounds(&triangles), [[1.0, 0.0, 0.0], [1.0, 1.0, 1.0]]);
}

#[test]
fn corners_that_no_face_names_are_no_body() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("v 9 9 9\n{}", OBJ.replace("f 1 2 4 3", "f 2 3 5 4"));
    let triangles = read_mesh_file(&file(&folder, "a.obj", text.as_bytes())).unwrap();
    assert_eq!(bounds(&triangles), [[1.0, 0.0, 0.0], [1.0, 1.0, 1.0]]);
    let spare = COLLADA.replace("0 1 0</float_array>", "0 1 0 9 9 9</float_array>");
    let triangles = read_mesh_file(&file(&folder, "a.dae", spare.as_bytes())).unwrap();
    assert!(
        bounds(&triangles)[1].iter().all(|v| *v <= 1.0),
        "{triangles:?}"
    );
}

/// A triangle that two nodes show, in millimetres, y up.
const COLLADA: &str = r##"<?xml version="1.0"?>
<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1">
  <asset><unit name="millimeter" meter="0.001"/><up_axis>Y_UP</up_axis></asset>
  <library_geometries><geometry id="g"><mesh>
    <source id="p"><float_array id="pa" count="9">0 0 0 1 0 0 0 1 0</float_array></source>
    <source id="n"><float_array id="na" count="3">0 0 1</float_array></source>
    <vertices id="v"><input semantic="POSITION" source="#p"/></vertices>
    <polylist count="1"><input semantic="VERTEX" source="#v" offset="0"/>
      <input semantic="NORMAL" source="#n" offset="1"/><vcount>3</vcount><p>0 0 1 0 2 0</p></polylist>
  </mesh></geometry></library_geometries>
  <library_visual_scenes><visual_scene id="s">
    <node><translate>1000 0 0</translate><rotate>0 0 1 90</rotate><instance_geometry url="#g"/></node>
    <node><matrix>-1 0 0 0 0 1 0 0 0 0 1 5 0 0 0 1</matrix>
      <node><scale>2 2 2</scale><instance_geometry url="#g"/></node></node>
  </visual_scene></library_visual_scenes>
  <scene><instance_visual_scene url="#s"/></scene>
</COLLADA>"##;

#[test]
fn collada_counts_units_nodes_and_every_instance_but_not_the_up_axis() {
    let folder = tempfile::tempdir().unwrap();
    let triangles = read_mesh_file(&file(&folder, "a.dae", COLLADA.as_bytes())).unwrap();
    let expected = [
        [[1.0, 0.0, 0.0], [1.0, 0.001, 0.0], [0.999, 0.0, 0.0]],
        // Mirrored: its corners go the other way round, so that outside stays outside.
        [[0.0, 0.0, 0.005], [0.0, 0.002, 0.005], [-0.002, 0.0, 0.005]],
    ];
    let found = corners(&triangles);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found
        .iter()
        .flatten()
        .flatten()
        .zip(expected.iter().flatten().flatten())
    {
        assert!((found - expected).abs() < 1e-12, "{triangles:?}");
    }
}

#[test]
fn scale_multiplies_and_mirrors() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "a.stl", TEXT_STL.as_bytes());
    let mesh = |scale| Mesh {
        source: MeshSource::File {
            uri: "a.stl".into(),
            path: path.clone(),
        },
        scale,
        bounds: None,
    };
    let doubled = load_mesh(&mesh([2.0, 1.0, 1.0])).unwrap();
    assert_eq!(bounds(&doubled), [[2.0, 0.0, 0.0], [2.0, 1.0, 1.0]]);
    let mirrored = load_mesh(&mesh([-1.0, 1.0, 1.0])).unwrap();
    let [a, b, c] = TRIANGLE.map(|[x, y, z]| [-x, y, z]);
    assert_eq!(corners(&mirrored), [[a, c, b]]);
}

#[test]
fn files_that_are_no_meshes_are_refused_with_path_and_reason() {
    let folder = tempfile::tempdir().unwrap();
    let check = |path: &Path, expected: &str| {
        let error = read_mesh_file(path).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains(&path.display().to_string()), "{error}");
    };
    check(&folder.path().join("none.stl"), "cannot be read");
    check(folder.path(), "is no file");
    check(&file(&folder, "empty.stl", b""), "is empty");
    check(&file(&folder, "a.stl", b"not a mesh at all"), "is no STL");
    check(&file(&folder, "b.stl", &binary_stl(b"x", 7)), "is no STL");
    check(
        &file(&folder, "c.stl", b"solid a\nendsolid a\n"),
        "no triangle",
    );
    check(&file(&folder, "d.obj", b"hello world"), "d.obj");
    check(
        &file(&folder, "e.dae", b"<html/>"),
        "root element is <html>",
    );
    check(&file(&folder, "f.dae", b"\xff\xfe\x00"), "is no COLLADA");
    check(&file(&folder, "g.png", b"x"), "use .stl, .obj or .dae");
    let nan = TEXT_STL.replace("vertex 1 1 0", "vertex 1 nan 0");
    let error = read_mesh_file(&file(&folder, "h.stl", nan.as_bytes())).unwrap_err();
    assert!(error.to_string().contains("h.stl"), "{error}");
    let mut infinite = binary_stl(b"x", 1);
    infinite[96..100].copy_from_slice(&f32::INFINITY.to_le_bytes());
    check(&file(&folder, "i.stl", &infinite), "corners must be finite");
}

#[test]
fn file_of_500_mb_is_refused_without_reading_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.stl");
    let large = std::fs::File::create(&path).unwrap();
    // A hole: it takes no room on the disk.
    large.set_len(500 << 20).unwrap();
    let error = read_mesh_file(&path).unwrap_err().to_string();
    assert!(error.contains("has 500 MB: at most 200"), "{error}");
    assert!(check_file(&path).is_err());
}
