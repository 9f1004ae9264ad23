//! Triangles of a COLLADA file (1.4 and 1.5).
//!
//! Unit and the transforms of the scene's nodes count. `<up_axis>` does not: the frame of a mesh is the link's,
//! as it is in RViz, MoveIt and Gazebo.

use std::collections::BTreeMap;

use nalgebra::{Matrix4, Point3, Rotation3, Unit, Vector3};
use physical_ai_domain::TriangleMesh;
use roxmltree::{Document, Node};

/// Scenes nest no deeper; a node that contains itself would never end.
const DEEPEST: usize = 64;

/// Reads all meshes of the scene; of the library where there is no scene.
pub(super) fn read(bytes: &[u8]) -> Result<TriangleMesh, String> {
    let text = std::str::from_utf8(bytes).map_err(|e| format!("is no COLLADA: {e}"))?;
    let document = Document::parse(text.trim_start_matches('\u{feff}'))
        .map_err(|e| format!("is no COLLADA: {e}"))?;
    let root = document.root_element();
    if root.tag_name().name() != "COLLADA" {
        let name = root.tag_name().name();
        return Err(format!("is no COLLADA: its root element is <{name}>"));
    }
    let mut reader = Reader {
        ids: BTreeMap::new(),
        out: TriangleMesh::default(),
    };
    for node in root.descendants() {
        if let Some(id) = node.attribute("id") {
            reader.ids.insert(id, node);
        }
    }
    let unit = descend(root, &["asset", "unit"])
        .and_then(|unit| unit.attribute("meter"))
        .map_or(Ok(1.0), number)?;
    if !(unit.is_finite() && unit > 0.0) {
        return Err(format!("has a unit of {unit} m: must be above 0"));
    }
    let scale = Matrix4::new_scaling(unit);
    let scene = descend(root, &["scene", "instance_visual_scene"])
        .and_then(|instance| reader.referenced(instance, "url"));
    match scene {
        Some(scene) => reader.nodes(scene, &scale, 0)?,
        None => {
            for geometry in root
                .descendants()
                .filter(|n| n.has_tag_name_local("geometry"))
            {
                reader.geometry(geometry, &scale)?;
            }
        }
    }
    Ok(reader.out)
}

/// Tags whatever their namespace.
trait LocalName {
    fn has_tag_name_local(&self, name: &str) -> bool;
}

impl LocalName for Node<'_, '_> {
    fn has_tag_name_local(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|n| n.has_tag_name_local(name))
}

fn descend<'a, 'i>(node: Node<'a, 'i>, path: &[&str]) -> Option<Node<'a, 'i>> {
    path.iter().try_fold(node, |node, name| child(node, name))
}

fn number(text: &str) -> Result<f64, String> {
    text.trim()
        .parse()
        .map_err(|_| format!("{text:?} is no number"))
}

fn numbers(node: Node) -> Result<Vec<f64>, String> {
    node.text()
        .unwrap_or_default()
        .split_ascii_whitespace()
        .map(number)
        .collect()
}

fn indices(node: Node) -> Result<Vec<usize>, String> {
    node.text()
        .unwrap_or_default()
        .split_ascii_whitespace()
        .map(|t| t.parse().map_err(|_| format!("{t:?} is no index")))
        .collect()
}

struct Reader<'a, 'i> {
    ids: BTreeMap<&'a str, Node<'a, 'i>>,
    out: TriangleMesh,
}

impl<'a, 'i> Reader<'a, 'i> {
    fn referenced(&self, node: Node<'a, 'i>, attribute: &str) -> Option<Node<'a, 'i>> {
        let id = node.attribute(attribute)?.strip_prefix('#')?;
        self.ids.get(id).copied()
    }

    fn nodes(
        &mut self,
        parent: Node<'a, 'i>,
        pose: &Matrix4<f64>,
        depth: usize,
    ) -> Result<(), String> {
        if depth > DEEPEST {
            return Err("has a node that contains itself".to_owned());
        }
        let mut pose = *pose;
        for node in parent.children().filter(Node::is_element) {
            match node.tag_name().name() {
                "node" => self.nodes(node, &pose, depth + 1)?,
                "instance_node" => {
                    if let Some(node) = self.referenced(node, "url") {
                        self.nodes(node, &pose, depth + 1)?;
                    }
                }
                "instance_geometry" => {
                    if let Some(geometry) = self.referenced(node, "url") {
                        self.geometry(geometry, &pose)?;
                    }
                }
                // Joints of a skeleton at rest: the skin is where its geometry is.
                "instance_controller" => {
                    let skin = self.referenced(node, "url").and_then(|c| child(c, "skin"));
                    if let Some(geometry) = skin.and_then(|s| self.referenced(s, "source")) {
                        self.geometry(geometry, &pose)?;
                    }
                }
                _ => pose *= transform(node)?,
            }
        }
        Ok(())
    }

    fn geometry(&mut self, geometry: Node<'a, 'i>, pose: &Matrix4<f64>) -> Result<(), String> {
        let Some(mesh) = child(geometry, "mesh") else {
            return Ok(());
        };
        let mirrored = pose.fixed_view::<3, 3>(0, 0).determinant() < 0.0;
        for primitive in mesh.children().filter(Node::is_element) {
            let name = primitive.tag_name().name();
            if !matches!(
                name,
                "triangles" | "polylist" | "polygons" | "tristrips" | "trifans"
            ) {
                continue;
            }
            let Some((positions, offset, stride)) = self.positions(primitive)? else {
                continue;
            };
            let before = self.out.vertices.len();
            let vertices = positions.chunks_exact(3).map(|p| {
                let at = pose.transform_point(&Point3::new(p[0], p[1], p[2]));
                [at.x, at.y, at.z]
            });
            self.out.vertices.extend(vertices);
            let mut add = |a: usize, b: usize, c: usize| -> Result<(), String> {
                let [b, c] = if mirrored { [c, b] } else { [b, c] };
                let mut face = [0; 3];
                for (to, from) in face.iter_mut().zip([a, b, c]) {
                    *to = u32::try_from(from + before).map_err(|_| "has too many corners")?;
                }
                self.out.faces.push(face);
                Ok(())
            };
            for polygon in polygons(primitive, name, offset, stride)? {
                fan_or_strip(name, &polygon, &mut add)?;
            }
        }
        Ok(())
    }

    /// Coordinates of a primitive's corners, the place of their index among the indices of a corner, and how
    /// many indices a corner has.
    fn positions(
        &self,
        primitive: Node<'a, 'i>,
    ) -> Result<Option<(Vec<f64>, usize, usize)>, String> {
        let mut stride = 0;
        let mut vertex = None;
        for input in primitive
            .children()
            .filter(|n| n.has_tag_name_local("input"))
        {
            let offset: usize = match input.attribute("offset") {
                Some(text) => text
                    .parse()
                    .map_err(|_| format!("offset {text:?} is no index"))?,
                None => 0,
            };
            stride = stride.max(offset.saturating_add(1));
            if input.attribute("semantic") == Some("VERTEX") {
                vertex = self
                    .referenced(input, "source")
                    .map(|vertices| (vertices, offset));
            }
        }
        let Some((vertices, offset)) = vertex else {
            return Ok(None);
        };
        let position = vertices
            .children()
            .find(|n| n.attribute("semantic") == Some("POSITION"))
            .and_then(|input| self.referenced(input, "source"));
        let Some(array) = position.and_then(|source| child(source, "float_array")) else {
            return Err("has a mesh without positions".to_owned());
        };
        Ok(Some((numbers(array)?, offset, stride)))
    }
}

/// The corners of each polygon of a primitive.
fn polygons(
    primitive: Node,
    name: &str,
    offset: usize,
    stride: usize,
) -> Result<Vec<Vec<usize>>, String> {
    let corners = |p: Node| -> Result<Vec<usize>, String> {
        let all = indices(p)?;
        Ok(all.into_iter().skip(offset).step_by(stride).collect())
    };
    let lists: Vec<Vec<usize>> = primitive
        .children()
        .filter(|n| n.has_tag_name_local("p"))
        .map(corners)
        .collect::<Result<_, _>>()?;
    match name {
        "triangles" => Ok(lists
            .iter()
            .flat_map(|l| l.chunks_exact(3).map(<[usize]>::to_vec))
            .collect()),
        "polylist" => {
            let counts = child(primitive, "vcount").map_or(Ok(Vec::new()), indices)?;
            let mut all = lists.into_iter().flatten();
            Ok(counts
                .into_iter()
                .map(|count| all.by_ref().take(count).collect())
                .collect())
        }
        _ => Ok(lists),
    }
}

fn fan_or_strip(
    name: &str,
    polygon: &[usize],
    add: &mut impl FnMut(usize, usize, usize) -> Result<(), String>,
) -> Result<(), String> {
    if name == "tristrips" {
        for (i, t) in polygon.windows(3).enumerate() {
            if i % 2 == 0 {
                add(t[0], t[1], t[2])?;
            } else {
                add(t[1], t[0], t[2])?;
            }
        }
        return Ok(());
    }
    if let Some((first, rest)) = polygon.split_first() {
        for pair in rest.windows(2) {
            add(*first, pair[0], pair[1])?;
        }
    }
    Ok(())
}

/// The transform of a node's child element; the identity for what is none.
fn transform(node: Node) -> Result<Matrix4<f64>, String> {
    let name = node.tag_name().name();
    let count = match name {
        "matrix" => 16,
        "rotate" => 4,
        "translate" | "scale" => 3,
        "skew" | "lookat" => return Err(format!("has <{name}>, which is not supported")),
        _ => return Ok(Matrix4::identity()),
    };
    let values = numbers(node)?;
    if values.len() != count {
        return Err(format!(
            "<{name}> has {} values: {count} are needed",
            values.len()
        ));
    }
    let vector = |v: &[f64]| Vector3::new(v[0], v[1], v[2]);
    Ok(match name {
        "matrix" => Matrix4::from_row_slice(&values),
        "rotate" => match Unit::try_new(vector(&values), 1e-12) {
            Some(axis) => {
                Rotation3::from_axis_angle(&axis, values[3].to_radians()).to_homogeneous()
            }
            None => Matrix4::identity(),
        },
        "translate" => Matrix4::new_translation(&vector(&values)),
        _ => Matrix4::new_nonuniform_scaling(&vector(&values)),
    })
}
