//! Composes one MJCF document from a world and its robots' models.

use std::fmt::Write as _;

use nalgebra::{Isometry3, Translation3};
use physical_ai_domain::{Geometry, JointKind, Link, RobotModel, World};

use crate::drive::{Servo, gains};

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

/// The document. `models` are in the order of `world.robots`.
pub(crate) fn compose(world: &World, models: &[RobotModel], timestep_s: f64) -> String {
    let mut xml = String::new();
    let mut body = String::new();
    for fixture in &world.fixtures {
        line(
            &mut body,
            format!(
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
            &mut body,
            format!(
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
    let (mut actuators, mut sensors) = (String::new(), String::new());
    for (placement, model) in world.robots.iter().zip(models) {
        let writer = Writer { model };
        writer.body(model.root, None, &placement.pose.isometry(), &mut body);
        writer.actuators(&mut actuators);
        writer.sensors(&mut sensors);
    }
    // Without the pass against slip what is held creeps out of the fingers of an arm that is shaken a little.
    line(
        &mut xml,
        format!(
            "<mujoco><compiler angle=\"radian\" autolimits=\"true\"/>\
         <option timestep=\"{timestep_s}\" integrator=\"implicitfast\" cone=\"elliptic\" \
         impratio=\"10\" noslip_iterations=\"5\" iterations=\"50\" ls_iterations=\"20\"/>\
         <worldbody><geom name=\"floor\" type=\"plane\" size=\"50 50 0.1\" contype=\"1\" conaffinity=\"0\"/>\
         {body}</worldbody><actuator>{actuators}</actuator><sensor>{sensors}</sensor></mujoco>"
        ),
    );
    xml
}

fn line(out: &mut String, text: String) {
    out.push_str(&text);
    out.push('\n');
}

struct Writer<'a> {
    model: &'a RobotModel,
}

impl Writer<'_> {
    fn body(&self, link: usize, joint: Option<usize>, origin: &Isometry3<f64>, out: &mut String) {
        let robot = &self.model.name;
        let part = &self.model.links[link];
        // Drives of real arms compensate gravity; what drives needs its weight on its wheels.
        let floats = self.model.layout.drive.is_some();
        let gravcomp = if floats { 0 } else { 1 };
        line(
            out,
            format!(
                "<body name=\"{robot}/{}\" {} gravcomp=\"{gravcomp}\">",
                part.name,
                pose(origin)
            ),
        );
        match joint.map(|i| &self.model.joints[i]) {
            None if floats => line(out, "<freejoint/>".to_owned()),
            None => {}
            Some(joint) => {
                let a = joint.axis.as_ref();
                let kind = match joint.kind {
                    JointKind::Revolute | JointKind::Continuous => "hinge",
                    JointKind::Prismatic => "slide",
                    JointKind::Fixed | JointKind::Floating => "",
                };
                if !kind.is_empty() {
                    let range = if joint.limits.lower.is_finite() {
                        format!("range=\"{} {}\"", joint.limits.lower, joint.limits.upper)
                    } else {
                        String::new()
                    };
                    line(
                        out,
                        format!(
                            "<joint name=\"{robot}/{}\" type=\"{kind}\" axis=\"{} {} {}\" \
                         damping=\"{}\" armature=\"0.005\" {range}/>",
                            joint.name, a.x, a.y, a.z, joint.damping
                        ),
                    );
                }
            }
        }
        self.inertial(part, out);
        self.geoms(part, out);
        if matches!(part.name.as_str(), "imu_link" | "lidar_link") {
            line(out, format!("<site name=\"{robot}/{}\"/>", part.name));
        }
        for (i, child) in self
            .model
            .joints
            .iter()
            .enumerate()
            .filter(|(_, j)| j.parent == link)
        {
            self.body(child.child, Some(i), &child.origin, out);
        }
        line(out, "</body>".to_owned());
    }

    fn inertial(&self, link: &Link, out: &mut String) {
        if link.mass_kg <= 0.0 {
            return;
        }
        // MuJoCo wants the tensor in the inertial frame's axes, as URDF gives it.
        let i = &link.inertia;
        line(
            out,
            format!(
                "<inertial {} mass=\"{}\" diaginertia=\"{} {} {}\"/>",
                pose(&link.inertial_origin),
                link.mass_kg,
                i[(0, 0)],
                i[(1, 1)],
                i[(2, 2)]
            ),
        );
    }

    fn geoms(&self, link: &Link, out: &mut String) {
        for shape in &link.shapes {
            let mut origin = shape.origin;
            let (kind, size) = match &shape.geometry {
                Geometry::Box(size) => ("box", half(size)),
                Geometry::Cylinder(radius, length) => {
                    ("cylinder", format!("{radius} {}", length / 2.0))
                }
                Geometry::Sphere(radius) => ("sphere", format!("{radius}")),
                Geometry::Capsule(radius, length) => {
                    ("capsule", format!("{radius} {}", length / 2.0))
                }
                Geometry::Mesh(mesh) => {
                    let [low, high] = mesh.bounds.unwrap_or_default();
                    let centre = [0, 1, 2].map(|i| (low[i] + high[i]) / 2.0);
                    origin *= Translation3::from(centre);
                    ("box", half(&[0, 1, 2].map(|i| high[i] - low[i])))
                }
            };
            // URDF knows no friction: casters slide, wheels and finger tips are rubber. The priority makes
            // it count: without it MuJoCo takes the larger friction of the two that touch.
            let friction = match link.name.as_str() {
                n if n.contains("caster") => "0.01 0.001 0.0001",
                n if n.contains("wheel") => "1.5 0.005 0.0001",
                n if n.contains("finger") => "1.5 0.02 0.002",
                _ => "0.8 0.005 0.0001",
            };
            // Robots touch the world and boxes, but not themselves: their own links would only
            // cost time, since trajectories are checked against self-collision before they run.
            line(
                out,
                format!(
                    "<geom type=\"{kind}\" size=\"{size}\" {} friction=\"{friction}\" condim=\"4\" \
                 priority=\"1\" contype=\"0\" conaffinity=\"1\" group=\"1\" mass=\"0\"/>",
                    pose(&origin)
                ),
            );
        }
    }

    fn actuators(&self, out: &mut String) {
        for joint in self.model.movable() {
            let name = format!("{}/{}", self.model.name, joint.name);
            let servo = Servo::of(self.model, joint);
            let gains = gains(servo, &joint.limits);
            let effort = joint.limits.effort;
            let written = if servo == Servo::Wheel {
                writeln!(
                    out,
                    "<velocity name=\"{name}\" joint=\"{name}\" kv=\"{}\" forcerange=\"-{effort} {effort}\"/>",
                    gains.damping
                )
            } else {
                writeln!(
                    out,
                    "<position name=\"{name}\" joint=\"{name}\" kp=\"{}\" kv=\"{}\" forcerange=\"-{effort} {effort}\"/>",
                    gains.stiffness, gains.damping
                )
            };
            debug_assert!(written.is_ok(), "writing to a string cannot fail");
        }
    }

    fn sensors(&self, out: &mut String) {
        let robot = &self.model.name;
        if self.model.link_index("imu_link").is_some() {
            line(
                out,
                format!(
                    "<gyro name=\"{robot}/gyro\" site=\"{robot}/imu_link\"/>\
                 <accelerometer name=\"{robot}/accelerometer\" site=\"{robot}/imu_link\"/>"
                ),
            );
        }
    }
}
