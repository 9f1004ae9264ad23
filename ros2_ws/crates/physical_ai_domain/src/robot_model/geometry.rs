use std::path::PathBuf;
use std::sync::Arc;

use nalgebra::Isometry3;

/// A surface of triangles.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TriangleMesh {
    /// Corners, metres.
    pub vertices: Vec<[f64; 3]>,
    /// Three indices of corners each, counter-clockwise seen from outside.
    pub faces: Vec<[u32; 3]>,
}

/// Where the triangles of a mesh are.
#[derive(Debug, Clone, PartialEq)]
pub enum MeshSource {
    /// In a file, which the description crate reads.
    File {
        /// As the description says it (`package://…`, `file://…`, relative).
        uri: String,
        /// Where that is on this machine.
        path: PathBuf,
    },
    /// Here: descriptions in which meshes are not files of their own.
    Triangles(Arc<TriangleMesh>),
}

/// A mesh as a shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Mesh {
    /// Where its triangles are.
    pub source: MeshSource,
    /// Factors along x, y and z by which the source's corners are multiplied; a negative one mirrors, none is 0.
    pub scale: [f64; 3],
    /// Lowest and highest corner of the box along the axes that holds the scaled mesh, metres. Collision
    /// shapes have it; what is only seen may not have been read.
    pub bounds: Option<[[f64; 3]; 2]>,
}

/// Form of a body.
#[derive(Debug, Clone, PartialEq)]
pub enum Geometry {
    /// Full extents, metres.
    Box([f64; 3]),
    /// Radius and length along z, metres.
    Cylinder(f64, f64),
    /// Radius, metres.
    Sphere(f64),
    /// Radius, and length along z of the part between the half spheres, metres.
    Capsule(f64, f64),
    /// Triangles; as a collision shape, their convex hull.
    Mesh(Mesh),
}

impl Geometry {
    /// Lowest and highest corner of the box along the shape's axes that holds it, metres; `None` for a
    /// mesh that was not read.
    pub fn bounds(&self) -> Option<[[f64; 3]; 2]> {
        let around = |half: [f64; 3]| Some([half.map(|h| -h), half]);
        match self {
            Self::Box(size) => around(size.map(|s| s / 2.0)),
            Self::Cylinder(radius, length) => around([*radius, *radius, length / 2.0]),
            Self::Sphere(radius) => around([*radius; 3]),
            Self::Capsule(radius, length) => around([*radius, *radius, length / 2.0 + radius]),
            Self::Mesh(mesh) => mesh.bounds,
        }
    }
}

/// A body that touches others.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// Pose in the link's frame, metres.
    pub origin: Isometry3<f64>,
    /// Form.
    pub geometry: Geometry,
}

/// What a link looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct Visual {
    /// Pose and form.
    pub shape: Shape,
    /// Red, green, blue and opacity from 0 to 1, if the description gives them.
    pub rgba: Option<[f64; 4]>,
}
