//! Arms that everybody knows, from their makers' tables.

use std::f64::consts::{FRAC_PI_2, PI};
use std::fmt::Write;

use physical_ai_control::Chain;
use physical_ai_description::read_urdf;
use physical_ai_domain::RobotName;

/// An arm to ask about.
pub struct Arm {
    pub name: &'static str,
    /// Its description, for peers.
    pub urdf: String,
    pub chain: Chain,
}

/// First and last link of each description.
pub const BASE: &str = "base";
pub const TIP: &str = "tool0";

/// A joint that turns about the z of its frame: where that is in the frame of the joint before (metres, and the turn
/// about x in radians), and its limits.
struct Row {
    xyz: [f64; 3],
    roll: f64,
    limits: [f64; 2],
}

const fn row(xyz: [f64; 3], roll: f64, limits: [f64; 2]) -> Row {
    Row { xyz, roll, limits }
}

/// # Errors
/// When a table makes no robot.
pub fn all() -> anyhow::Result<[Arm; 2]> {
    Ok([
        arm("ur5", &ur5(), [0.0, 0.0, 0.0823])?,
        arm("panda", &panda(), [0.0, 0.0, 0.107])?,
    ])
}

/// # Source
/// Universal Robots, "DH parameters for calculations of kinematics and dynamics"; limits of the user manual.
fn ur5() -> [Row; 6] {
    let (all_around, elbow) = ([-2.0 * PI, 2.0 * PI], [-PI, PI]);
    [
        row([0.0; 3], 0.0, all_around),
        row([0.0, 0.0, 0.089_159], FRAC_PI_2, all_around),
        row([-0.425, 0.0, 0.0], 0.0, elbow),
        row([-0.392_25, 0.0, 0.0], 0.0, all_around),
        row([0.0, 0.0, 0.109_15], FRAC_PI_2, all_around),
        row([0.0, 0.0, 0.094_65], -FRAC_PI_2, all_around),
    ]
}

/// # Source
/// Franka Robotics, "Control parameters specifications" (Denavit–Hartenberg parameters after Craig, joint limits).
fn panda() -> [Row; 7] {
    let wide = [-2.8973, 2.8973];
    [
        row([0.0, 0.0, 0.333], 0.0, wide),
        row([0.0; 3], -FRAC_PI_2, [-1.7628, 1.7628]),
        row([0.0, -0.316, 0.0], FRAC_PI_2, wide),
        row([0.0825, 0.0, 0.0], FRAC_PI_2, [-3.0718, -0.0698]),
        row([-0.0825, 0.384, 0.0], -FRAC_PI_2, wide),
        row([0.0; 3], FRAC_PI_2, [-0.0175, 3.7525]),
        row([0.088, 0.0, 0.0], FRAC_PI_2, wide),
    ]
}

fn arm(name: &'static str, rows: &[Row], flange: [f64; 3]) -> anyhow::Result<Arm> {
    let urdf = urdf(name, rows, flange)?;
    let model = read_urdf(RobotName::try_new(name)?, &urdf)?;
    let chain = Chain::between(&model, BASE, TIP)?;
    Ok(Arm { name, urdf, chain })
}

fn urdf(name: &str, rows: &[Row], flange: [f64; 3]) -> Result<String, std::fmt::Error> {
    let mut text = format!("<robot name=\"{name}\"><link name=\"{BASE}\"/>");
    let mut parent = BASE.to_owned();
    for (i, Row { xyz, roll, limits }) in rows.iter().enumerate() {
        let ([x, y, z], [lower, upper]) = (xyz, limits);
        let child = format!("link_{i}");
        write!(
            text,
            r#"<link name="{child}"><inertial><mass value="1"/>
            <inertia ixx="0.01" ixy="0" ixz="0" iyy="0.01" iyz="0" izz="0.01"/></inertial></link>
            <joint name="joint_{i}" type="revolute"><parent link="{parent}"/><child link="{child}"/>
            <origin xyz="{x} {y} {z}" rpy="{roll} 0 0"/><axis xyz="0 0 1"/>
            <limit lower="{lower}" upper="{upper}" velocity="3" effort="100"/></joint>"#
        )?;
        parent = child;
    }
    let [x, y, z] = flange;
    write!(
        text,
        r#"<link name="{TIP}"/><joint name="flange" type="fixed"><parent link="{parent}"/><child link="{TIP}"/>
        <origin xyz="{x} {y} {z}"/></joint></robot>"#
    )?;
    Ok(text)
}

/// Numbers that are the same for the same seed.
///
/// # Source
/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014 (SplitMix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Evenly spread.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        low + (high - low) * ((z >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Poses that the makers' own controllers show: the tip's position in metres.
    #[test]
    fn arms_are_where_their_makers_say() {
        let [ur5, panda] = all().unwrap();
        let check = |arm: &Arm, positions: &[f64], expected: [f64; 3]| {
            let at = arm.chain.forward(positions).translation.vector;
            let off = (0..3).map(|i| (at[i] - expected[i]).abs());
            assert!(off.fold(0.0, f64::max) < 1e-4, "{}: {at}", arm.name);
        };
        check(&ur5, &[0.0; 6], [-0.81725, -0.19145, -0.00549]);
        let ready = [
            0.0,
            -PI / 4.0,
            0.0,
            -3.0 * PI / 4.0,
            0.0,
            FRAC_PI_2,
            PI / 4.0,
        ];
        check(&panda, &ready, [0.30689, 0.0, 0.59028]);
    }
}
