//! A robot in MuJoCo's own language, as the URDF that means the same.

mod equality;
mod geometry;

use std::fmt::Write as _;
use std::path::Path;

use mujoco_rs::mujoco_c::{mjtBias, mjtGain, mjtTrn};
use mujoco_rs::prelude::*;
use mujoco_rs::wrappers::mj_model::{MjtJoint, MjtObjBase};
use nalgebra::{Isometry3, Quaternion, Translation3, UnitQuaternion, Vector3};
use physical_ai_domain::World;

use crate::Error;

/// Bounds of what slides without any, metres: URDF has none without bounds.
const FAR_M: f64 = 1e6;

/// A robot as a URDF, and what could not be said in one.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvertedRobot {
    /// The URDF. Its meshes are in the folder that was named.
    pub urdf: String,
    /// What is of no account in it.
    pub warnings: Vec<String>,
}

/// Reads an MJCF file as MuJoCo compiles it and writes the same robot as a URDF 1.2, with the meshes as OBJ files in
/// `mesh_folder`.
///
/// Positions mean what they mean in MuJoCo: a joint with a reference (`ref`) keeps its range. Masses are MuJoCo's, of
/// geoms that touch nothing, too. MJCF knows no speed limits, so the joints are not moved until somebody gives them.
///
/// # Errors
/// [`Error::Mujoco`] with the file and what is wrong: MuJoCo refuses it, or it has what no tree of joints has (ball
/// joints, loops closed by equalities, height fields).
pub fn mjcf_to_urdf(path: &Path, mesh_folder: &Path) -> Result<ConvertedRobot, Error> {
    let fail = |problem: String| Error::Mujoco(format!("{}: {problem}", path.display()));
    let model = MjModel::from_xml(path).map_err(|e| fail(e.to_string()))?;
    let mut writer = Writer {
        model: &model,
        mesh_folder,
        warnings: Vec::new(),
        followers: equality::followers(&model).map_err(fail)?,
        urdf: String::new(),
    };
    writer.robot().map_err(fail)?;
    Ok(ConvertedRobot {
        urdf: writer.urdf,
        warnings: writer.warnings,
    })
}

struct Writer<'a> {
    model: &'a MjModel,
    mesh_folder: &'a Path,
    warnings: Vec<String>,
    followers: Vec<Option<equality::Follower>>,
    urdf: String,
}

impl Writer<'_> {
    fn line(&mut self, text: &str) {
        self.urdf.push_str(text);
        self.urdf.push('\n');
    }

    fn robot(&mut self) -> Result<(), String> {
        let tops: Vec<usize> = (1..self.model.body_mass().len())
            .filter(|b| self.model.body_parentid()[*b] == 0)
            .collect();
        self.say_what_is_left_out();
        self.line("<robot name=\"robot\" version=\"1.2\">");
        let first = tops.first().copied().ok_or("has no body")?;
        let stands = self.joints_of(first).all(|j| self.is_free(j));
        if tops.len() == 1 && stands {
            self.body(first)?;
        } else {
            // What moves against the world has a link to do so from.
            self.line("<link name=\"world\"/>");
            for top in tops {
                self.hang(top)?;
            }
        }
        self.line("</robot>");
        Ok(())
    }

    fn say_what_is_left_out(&mut self) {
        let gravity = self.model.opt().gravity;
        let usual = World::GRAVITY_OF_THE_EARTH;
        if gravity != usual {
            self.warnings.push(format!(
                "option: gravity: is {gravity:?}: a world has one for all, {usual:?} unless its file says gravity_mps2"
            ));
        }
        for body in 1..self.model.body_gravcomp().len() {
            let share = self.model.body_gravcomp()[body];
            if share != 0.0 {
                let name = self.body_name(body);
                self.warnings.push(format!(
                    "body {name}: gravcomp: is {share}: it weighs what it weighs, drives carry it"
                ));
            }
        }
        let tendons = self.model.tendon_range().len();
        if tendons > 0 {
            self.warnings.push(format!(
                "tendon: {tendons} of them: not read: drives move joints"
            ));
        }
    }

    fn joints_of(&self, body: usize) -> impl Iterator<Item = usize> + use<> {
        let first = usize::try_from(self.model.body_jntadr()[body]).unwrap_or(0);
        let count = usize::try_from(self.model.body_jntnum()[body]).unwrap_or(0);
        first..first + count
    }

    fn is_free(&self, joint: usize) -> bool {
        self.model.jnt_type()[joint] == MjtJoint::mjJNT_FREE
    }

    fn body_name(&self, body: usize) -> String {
        let name = self.model.id_to_name(MjtObjBase::mjOBJ_BODY, body);
        name.map_or_else(|| format!("body_{body}"), escaped)
    }

    fn joint_name(&self, joint: usize) -> String {
        let name = self.model.id_to_name(MjtObjBase::mjOBJ_JOINT, joint);
        name.map_or_else(|| format!("joint_{joint}"), escaped)
    }

    /// A body, and everything that hangs on it.
    fn body(&mut self, body: usize) -> Result<(), String> {
        let name = self.body_name(body);
        self.line(&format!("<link name=\"{name}\">"));
        let mass = self.model.body_mass()[body];
        if mass > 0.0 {
            let origin = isometry(self.model.body_ipos()[body], self.model.body_iquat()[body]);
            let [x, y, z] = self.model.body_inertia()[body];
            self.line(&format!(
                "<inertial>{}<mass value=\"{mass}\"/><inertia ixx=\"{x}\" ixy=\"0\" ixz=\"0\" iyy=\"{y}\" iyz=\"0\" \
                 izz=\"{z}\"/></inertial>",
                origin_element(&origin)
            ));
        }
        let shapes = geometry::shapes(self.model, body, self.mesh_folder)?;
        self.urdf.push_str(&shapes);
        self.line("</link>");
        let children: Vec<usize> = (body + 1..self.model.body_mass().len())
            .filter(|b| usize::try_from(self.model.body_parentid()[*b]) == Ok(body))
            .collect();
        children.into_iter().try_for_each(|child| self.hang(child))
    }

    /// The joints that a body hangs on its parent by, one after the other, and then the body. MuJoCo turns a body
    /// about an anchor in its own frame and by what a position is beyond its reference; URDF has neither, so a
    /// joint's frame lies in its anchor, turned back by the reference.
    fn hang(&mut self, body: usize) -> Result<(), String> {
        let model = self.model;
        let mut parent = match usize::try_from(model.body_parentid()[body]) {
            Ok(0) | Err(_) => "world".to_owned(),
            Ok(parent) => self.body_name(parent),
        };
        let name = self.body_name(body);
        let mut at = isometry(model.body_pos()[body], model.body_quat()[body]);
        let joints: Vec<usize> = self.joints_of(body).collect();
        for (i, joint) in joints.iter().copied().enumerate() {
            let anchor = Translation3::from(Vector3::from(model.jnt_pos()[joint]));
            let is_last = i + 1 == joints.len();
            let child = if is_last && anchor.vector.norm() == 0.0 {
                name.clone()
            } else {
                let between = format!("{}_link", self.joint_name(joint));
                self.line(&format!("<link name=\"{between}\"/>"));
                between
            };
            let origin = at * anchor * self.back_by_reference(joint);
            self.joint(joint, &parent, &child, &origin)?;
            at = Isometry3::from_parts(anchor.inverse(), UnitQuaternion::identity());
            parent = child;
        }
        if parent != name {
            let origin = origin_element(&at);
            self.line(&format!(
                "<joint name=\"{name}_fixed\" type=\"fixed\"><parent link=\"{parent}\"/><child link=\"{name}\"/>\
                 {origin}</joint>"
            ));
        }
        self.body(body)
    }

    fn back_by_reference(&self, joint: usize) -> Isometry3<f64> {
        let axis = Vector3::from(self.model.jnt_axis()[joint]);
        let reference = self.reference(joint);
        match self.model.jnt_type()[joint] {
            MjtJoint::mjJNT_HINGE => Isometry3::from_parts(
                Translation3::identity(),
                UnitQuaternion::from_scaled_axis(-axis * reference),
            ),
            MjtJoint::mjJNT_SLIDE => Isometry3::from_parts(
                Translation3::from(-axis * reference),
                UnitQuaternion::identity(),
            ),
            _ => Isometry3::identity(),
        }
    }

    fn reference(&self, joint: usize) -> f64 {
        let at = usize::try_from(self.model.jnt_qposadr()[joint]).unwrap_or(0);
        self.model.qpos0()[at]
    }

    fn joint(
        &mut self,
        joint: usize,
        parent: &str,
        child: &str,
        origin: &Isometry3<f64>,
    ) -> Result<(), String> {
        let model = self.model;
        let name = self.joint_name(joint);
        let limited = model.jnt_limited()[joint];
        let kind = match model.jnt_type()[joint] {
            MjtJoint::mjJNT_HINGE if limited => "revolute",
            MjtJoint::mjJNT_HINGE => "continuous",
            MjtJoint::mjJNT_SLIDE => "prismatic",
            MjtJoint::mjJNT_FREE => "floating",
            _ => {
                return Err(format!(
                    "joint {name}: is a ball joint, which no drive moves: use hinges"
                ));
            }
        };
        let mut text = format!(
            "<joint name=\"{name}\" type=\"{kind}\"><parent link=\"{parent}\"/><child link=\"{child}\"/>{}",
            origin_element(origin)
        );
        if kind != "floating" {
            let [x, y, z] = model.jnt_axis()[joint];
            let dof = usize::try_from(model.jnt_dofadr()[joint]).unwrap_or(0);
            let written = write!(
                text,
                "<axis xyz=\"{x} {y} {z}\"/><limit {} effort=\"{}\" velocity=\"0\"/>\
                 <dynamics damping=\"{}\" friction=\"{}\"/>",
                self.bounds(joint, limited),
                self.effort(joint),
                model.dof_damping()[dof],
                model.dof_frictionloss()[dof]
            );
            debug_assert!(written.is_ok(), "writing to a string cannot fail");
            if let Some(follower) = self.followers[joint] {
                text.push_str(&format!(
                    "<mimic joint=\"{}\" multiplier=\"{}\" offset=\"{}\"/>",
                    self.joint_name(follower.leader),
                    follower.multiplier,
                    follower.offset
                ));
            }
        }
        text.push_str("</joint>");
        self.line(&text);
        Ok(())
    }

    fn bounds(&mut self, joint: usize, limited: bool) -> String {
        let [lower, upper] = self.model.jnt_range()[joint];
        match (self.model.jnt_type()[joint], limited) {
            (_, true) => format!("lower=\"{lower}\" upper=\"{upper}\""),
            (MjtJoint::mjJNT_SLIDE, false) => {
                let name = self.joint_name(joint);
                self.warnings.push(format!(
                    "joint {name}: range: is not limited: {FAR_M} m either way"
                ));
                format!("lower=\"-{FAR_M}\" upper=\"{FAR_M}\"")
            }
            _ => String::new(),
        }
    }

    /// The most that a joint's drives can do, 0 where nothing says.
    fn effort(&self, joint: usize) -> f64 {
        let model = self.model;
        let most = |[low, high]: [f64; 2]| low.abs().min(high.abs());
        let mut drives = 0.0;
        let mut known = true;
        for actuator in 0..model.actuator_forcelimited().len() {
            let of_joint = model.actuator_trntype()[actuator] == mjtTrn::mjTRN_JOINT
                && usize::try_from(model.actuator_trnid()[actuator][0]) == Ok(joint);
            if !of_joint {
                continue;
            }
            let gear = model.actuator_gear()[actuator][0].abs();
            let is_motor = model.actuator_gaintype()[actuator] == mjtGain::mjGAIN_FIXED
                && model.actuator_biastype()[actuator] == mjtBias::mjBIAS_NONE;
            if model.actuator_forcelimited()[actuator] {
                drives += gear * most(model.actuator_forcerange()[actuator]);
            } else if is_motor && model.actuator_ctrllimited()[actuator] {
                let gain = model.actuator_gainprm()[actuator][0].abs();
                drives += gear * gain * most(model.actuator_ctrlrange()[actuator]);
            } else {
                known = false;
            }
        }
        let drives = if known { drives } else { 0.0 };
        match (model.jnt_actfrclimited()[joint], drives > 0.0) {
            (true, true) => drives.min(most(model.jnt_actfrcrange()[joint])),
            (true, false) => most(model.jnt_actfrcrange()[joint]),
            (false, _) => drives,
        }
    }
}

fn isometry(position: [f64; 3], quaternion: [f64; 4]) -> Isometry3<f64> {
    let [w, x, y, z] = quaternion;
    Isometry3::from_parts(
        Translation3::from(Vector3::from(position)),
        UnitQuaternion::from_quaternion(Quaternion::new(w, x, y, z)),
    )
}

fn origin_element(pose: &Isometry3<f64>) -> String {
    let (t, q) = (&pose.translation.vector, &pose.rotation);
    format!(
        "<origin xyz=\"{} {} {}\" quat_xyzw=\"{} {} {} {}\"/>",
        t.x, t.y, t.z, q.i, q.j, q.k, q.w
    )
}

/// Names may hold what XML does not.
fn escaped(name: &str) -> String {
    name.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
