use nalgebra::{Isometry3, Translation3};
use physical_ai_domain::{Geometry, Joint, JointKind, Shape};

use super::meshes::Meshes;
use super::{Sections, Tuning, half, inertia, line, pose, quoted};
use crate::contact::{Grip, Grips};
use crate::servo::{Servo, friction};
use crate::{Error, RobotSetup};

/// How quickly what fingers press on pushes back, seconds: with MuJoCo's own 0.02 a drive of 100 N presses them some
/// millimetres into a box of 0.1 kg.
const FINGER_CONTACT_S: f64 = 0.005;

/// Inertia of the rotor of a drive as its joint feels it, kg m² or kg.
const ROTOR_INERTIA: f64 = 0.005;

/// Writes one robot.
pub(super) struct Writer<'a> {
    setup: &'a RobotSetup,
    tuning: &'a Tuning,
    meshes: &'a mut Meshes,
    grips: Grips,
}

impl<'a> Writer<'a> {
    pub(super) fn new(setup: &'a RobotSetup, tuning: &'a Tuning, meshes: &'a mut Meshes) -> Self {
        let grips = Grips::of(setup);
        Self {
            setup,
            tuning,
            meshes,
            grips,
        }
    }

    pub(super) fn write(
        &mut self,
        at: &Isometry3<f64>,
        sections: &mut Sections,
    ) -> Result<(), Error> {
        self.body(self.setup.model.root, None, at, &mut sections.bodies)?;
        for (one, other) in &self.tuning.apart {
            let [one, other] = [one, other].map(|l| self.name(&self.setup.model.links[*l].name));
            line(
                &mut sections.contacts,
                &format!("<exclude body1={one} body2={other}/>"),
            );
        }
        self.couplings(&mut sections.couplings);
        self.actuators(&mut sections.actuators);
        self.sensors(&mut sections.sensors);
        Ok(())
    }

    fn name(&self, part: &str) -> String {
        quoted(&format!("{}/{part}", self.setup.model.name))
    }

    fn body(
        &mut self,
        link: usize,
        joint: Option<usize>,
        origin: &Isometry3<f64>,
        out: &mut String,
    ) -> Result<(), Error> {
        let setup = self.setup;
        let part = &setup.model.links[link];
        line(
            out,
            &format!("<body name={} {}>", self.name(&part.name), pose(origin)),
        );
        let moves = match joint {
            None if setup.is_mobile() => {
                line(out, "<freejoint/>");
                true
            }
            None => false,
            Some(joint) => self.joint(joint, out),
        };
        line(out, &inertia::element(part, moves));
        for shape in &part.shapes {
            let geom = self.geom(link, shape)?;
            line(out, &geom);
        }
        if [&setup.imu, &setup.lidar]
            .iter()
            .any(|s| s.as_ref() == Some(&part.name))
        {
            line(out, &format!("<site name={}/>", self.name(&part.name)));
        }
        let children = setup.model.joints.iter().enumerate();
        for (i, child) in children.filter(|(_, j)| j.parent == link) {
            self.body(child.child, Some(i), &child.origin, out)?;
        }
        line(out, "</body>");
        Ok(())
    }

    /// Writes a joint if it moves, and says whether it does.
    fn joint(&self, index: usize, out: &mut String) -> bool {
        let joint = &self.setup.model.joints[index];
        let kind = match joint.kind {
            JointKind::Revolute | JointKind::Continuous => "hinge",
            JointKind::Prismatic => "slide",
            JointKind::Fixed => return false,
            JointKind::Floating => return self.floating(joint, out),
        };
        let limits = &joint.limits;
        // What leads limits what follows, and a brake is the limit of what is locked.
        let range = if joint.mimic.is_none() && limits.lower.is_finite() && !joint.is_locked() {
            format!("range=\"{} {}\"", limits.lower, limits.upper)
        } else {
            String::new()
        };
        let a = joint.axis.as_ref();
        line(
            out,
            &format!(
                "<joint name={} type=\"{kind}\" axis=\"{} {} {}\" damping=\"{}\" \
                 frictionloss=\"{}\" armature=\"{ROTOR_INERTIA}\" {range}/>",
                self.name(&joint.name),
                a.x,
                a.y,
                a.z,
                joint.damping,
                friction(joint)
            ),
        );
        true
    }

    /// A floating joint: free, unless it is what stands between the base and the world of a robot that is held.
    fn floating(&self, joint: &Joint, out: &mut String) -> bool {
        let root = &self.setup.model.links[self.setup.model.root];
        let is_base =
            joint.parent == self.setup.model.root && root.mass_kg <= 0.0 && root.shapes.is_empty();
        if is_base {
            return false;
        }
        // MuJoCo's own free joint is for bodies that hang on the world.
        for (axis, direction) in [("x", "1 0 0"), ("y", "0 1 0"), ("z", "0 0 1")] {
            let name = self.name(&format!("{}/{axis}", joint.name));
            line(
                out,
                &format!("<joint name={name} type=\"slide\" axis=\"{direction}\"/>"),
            );
        }
        let name = self.name(&joint.name);
        line(out, &format!("<joint name={name} type=\"ball\"/>"));
        true
    }

    fn geom(&mut self, link: usize, shape: &Shape) -> Result<String, Error> {
        let setup = self.setup;
        let grip = self.grips.of_shape(link, shape);
        let tread = shape.geometry.bounds().filter(|_| grip == Grip::Wheel);
        if let Some(bounds) = tread {
            return Ok(tyre(shape, bounds));
        }
        let form = match &shape.geometry {
            Geometry::Box(size) => format!("type=\"box\" size=\"{}\"", half(size)),
            Geometry::Cylinder(radius, length) => {
                format!("type=\"cylinder\" size=\"{radius} {}\"", length / 2.0)
            }
            Geometry::Sphere(radius) => format!("type=\"sphere\" size=\"{radius}\""),
            Geometry::Capsule(radius, length) => {
                format!("type=\"capsule\" size=\"{radius} {}\"", length / 2.0)
            }
            Geometry::Mesh(mesh) => {
                let name = &setup.model.links[link].name;
                let mesh = self.meshes.name(setup, name, mesh)?;
                format!("type=\"mesh\" mesh={}", quoted(&mesh))
            }
        };
        Ok(element(&form, &shape.origin, grip))
    }

    /// Couples what follows to what leads, so that loads go through; the positions themselves are made exact after
    /// each step.
    fn couplings(&self, out: &mut String) {
        let model = &self.setup.model;
        let leaders: Vec<&Joint> = model.movable().collect();
        for (joint, coordinate) in model.joints.iter().zip(model.coordinates()) {
            let (Some(coordinate), Some(_)) = (coordinate, joint.mimic) else {
                continue;
            };
            line(
                out,
                &format!(
                    "<joint joint1={} joint2={} polycoef=\"{} {} 0 0 0\" solref=\"0.002 1\" \
                     solimp=\"0.9999 0.9999 0.001 0.5 2\"/>",
                    self.name(&joint.name),
                    self.name(&leaders[coordinate.index].name),
                    coordinate.offset,
                    coordinate.multiplier
                ),
            );
        }
    }

    fn actuators(&self, out: &mut String) {
        let movable = self.setup.model.movable().zip(&self.tuning.gains);
        for (joint, gains) in movable {
            let Some(index) = self.setup.model.joint_index(&joint.name) else {
                continue;
            };
            let servo = Servo::of(self.setup, index);
            let effort = joint.limits.effort;
            let range = if servo != Servo::Brake && effort.is_finite() {
                format!("forcerange=\"-{effort} {effort}\"")
            } else {
                String::new()
            };
            let name = self.name(&joint.name);
            let kind = match servo {
                Servo::Free => continue,
                Servo::Velocity => format!("<velocity kv=\"{}\"", gains.damping),
                Servo::Position | Servo::Brake => {
                    format!(
                        "<position kp=\"{}\" kv=\"{}\"",
                        gains.stiffness, gains.damping
                    )
                }
            };
            line(out, &format!("{kind} name={name} joint={name} {range}/>"));
        }
    }

    fn sensors(&self, out: &mut String) {
        let Some(link) = &self.setup.imu else {
            return;
        };
        let [gyro, accelerometer, site] = ["gyro", "accelerometer", link].map(|n| self.name(n));
        line(
            out,
            &format!(
                "<gyro name={gyro} site={site}/><accelerometer name={accelerometer} site={site}/>"
            ),
        );
    }
}

/// A wheel as the ellipsoid in its bounds: a tyre is round across its tread and carries on the middle of it. A cylinder
/// stands on both of its rims, which scrub against each other when the robot turns on the spot, with a moment that
/// grows with the width and is more than many drives have.
fn tyre(shape: &Shape, [low, high]: [[f64; 3]; 2]) -> String {
    let [x, y, z] = [0, 1, 2].map(|i| (high[i] - low[i]) / 2.0);
    let centre = [0, 1, 2].map(|i| (high[i] + low[i]) / 2.0);
    let form = format!("type=\"ellipsoid\" size=\"{x} {y} {z}\"");
    element(
        &form,
        &(shape.origin * Translation3::from(centre)),
        Grip::Wheel,
    )
}

fn element(form: &str, at: &Isometry3<f64>, grip: Grip) -> String {
    // Descriptions know no friction. The priority makes it count: without it MuJoCo takes the larger friction of the
    // two that touch.
    let friction = match grip {
        Grip::Castor => "0.01 0.001 0.0001",
        Grip::Wheel => "1.5 0.005 0.0001",
        Grip::Finger => "1.5 0.02 0.002",
        Grip::Body => "0.8 0.005 0.0001",
    };
    let contact = match grip {
        Grip::Finger => format!("solref=\"{FINGER_CONTACT_S} 1\""),
        _ => String::new(),
    };
    format!(
        "<geom {form} {} {contact} friction=\"{friction}\" condim=\"4\" priority=\"1\" contype=\"1\" conaffinity=\"1\" \
         group=\"1\" mass=\"0\"/>",
        pose(at)
    )
}
