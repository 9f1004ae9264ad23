//! Composes one MJCF document from a world and its robots.

mod inertia;
mod meshes;
mod robot;

use nalgebra::Isometry3;
use physical_ai_domain::World;

use crate::servo::Gains;
use crate::{Error, RobotSetup};
use meshes::Meshes;
use robot::Writer;

/// What the composition of a robot takes from physics that ran before.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tuning {
    /// Of the drive of each movable joint.
    pub(crate) gains: Vec<Gains>,
    /// Pairs of links, by index, that do not touch.
    pub(crate) apart: Vec<(usize, usize)>,
}

/// Memory for contacts and constraints: overlapping hulls of a hand in a random posture need more than MuJoCo takes of
/// itself. The system gives what is used of it.
const MEMORY: &str = "256M";

/// Pose attributes of a body or geom.
fn pose(isometry: &Isometry3<f64>) -> String {
    let (t, q) = (&isometry.translation.vector, &isometry.rotation);
    format!(
        "pos=\"{} {} {}\" quat=\"{} {} {} {}\"",
        t.x, t.y, t.z, q.w, q.i, q.j, q.k
    )
}

fn half(size: &[f64; 3]) -> String {
    format!("{} {} {}", size[0] / 2.0, size[1] / 2.0, size[2] / 2.0)
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

/// A name as an attribute's value.
fn quoted(name: &str) -> String {
    let escaped = name.replace('&', "&amp;").replace('<', "&lt;");
    format!("\"{}\"", escaped.replace('"', "&quot;"))
}

/// Parts of the document that robots add to.
#[derive(Default)]
struct Sections {
    bodies: String,
    contacts: String,
    couplings: String,
    actuators: String,
    sensors: String,
}

/// The document. `robots` and `tunings` are in the order of `world.robots`.
///
/// # Errors
/// [`Error::MeshNotLoaded`] or [`Error::UnusableMesh`].
pub(crate) fn compose(
    world: &World,
    robots: &[RobotSetup],
    tunings: &[Tuning],
    timestep_s: f64,
) -> Result<String, Error> {
    let mut sections = Sections::default();
    things(world, &mut sections.bodies);
    let mut meshes = Meshes::default();
    for ((placement, setup), tuning) in world.robots.iter().zip(robots).zip(tunings) {
        let mut writer = Writer::new(setup, tuning, &mut meshes);
        writer.write(&placement.pose.isometry(), &mut sections)?;
    }
    let Sections {
        bodies,
        contacts,
        couplings,
        actuators,
        sensors,
    } = sections;
    let assets = meshes.into_assets();
    let gravity = world.gravity_mps2.map(|v| v.to_string()).join(" ");
    // Without the pass against slip what is held creeps out of the fingers of an arm that is shaken a little.
    Ok(format!(
        "<mujoco><compiler angle=\"radian\" autolimits=\"true\"/>\
         <size memory=\"{MEMORY}\"/>\
         <option timestep=\"{timestep_s}\" gravity=\"{gravity}\" integrator=\"implicitfast\" cone=\"elliptic\" \
         impratio=\"10\" noslip_iterations=\"5\" iterations=\"50\" ls_iterations=\"20\"/>\
         <asset>{assets}</asset>\
         <worldbody><geom name=\"floor\" type=\"plane\" size=\"50 50 0.1\" contype=\"1\" conaffinity=\"0\"/>\
         {bodies}</worldbody><contact>{contacts}</contact><equality>{couplings}</equality>\
         <actuator>{actuators}</actuator><sensor>{sensors}</sensor></mujoco>\n"
    ))
}

/// What is there beside the robots.
fn things(world: &World, out: &mut String) {
    for fixture in &world.fixtures {
        line(
            out,
            &format!(
                "<geom name=\"fixture/{}\" type=\"box\" size=\"{}\" {} contype=\"1\" conaffinity=\"0\"/>",
                fixture.name,
                half(&fixture.size_m),
                pose(&fixture.pose.isometry())
            ),
        );
    }
    for item in &world.boxes {
        let [r, g, b] = item.color;
        line(
            out,
            &format!(
                "<body name=\"object/{}\" {}><freejoint/><geom type=\"box\" size=\"{}\" mass=\"{}\" \
             friction=\"1.2 0.01 0.001\" condim=\"4\" contype=\"1\" conaffinity=\"1\" \
             rgba=\"{r} {g} {b} 1\"/></body>",
                item.name,
                pose(&item.pose.isometry()),
                half(&item.size_m),
                item.mass_kg
            ),
        );
    }
}
