use std::f64::consts::PI;
use std::fmt::Write;

use physical_ai_description::read_urdf;
use physical_ai_domain::RobotName;

use crate::Chain;

/// Numbers that are the same for the same seed.
///
/// # Source
/// Knuth, MMIX: a linear congruential generator, of which only the upper bits are used.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        low + (high - low) * ((self.0 >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// Anywhere within the limits; joints without limits within one turn.
    pub(super) fn posture(&mut self, chain: &Chain) -> Vec<f64> {
        let limits: Vec<(f64, f64)> = chain.limits().map(|l| (l.lower, l.upper)).collect();
        let within = limits.into_iter().map(|(lower, upper)| {
            if lower.is_finite() {
                self.between(lower, upper)
            } else {
                self.between(-PI, PI)
            }
        });
        within.collect()
    }
}

/// A chain of joints that turn and slide, with origins, axes and limits at random.
pub(super) fn random_chain(random: &mut Random, joints: usize) -> Chain {
    let urdf = urdf(random, joints, None);
    let model = read_urdf(RobotName::try_new("random").unwrap(), &urdf).unwrap();
    Chain::between(&model, "l0", "tool0").unwrap()
}

/// Its description; all joints of one type if that is given.
pub(super) fn urdf(random: &mut Random, joints: usize, only: Option<&str>) -> String {
    let mut urdf = String::from(r#"<robot name="random"><link name="l0"/>"#);
    for i in 1..=joints {
        let drawn = match random.between(0.0, 10.0) {
            x if x < 1.0 => "prismatic",
            x if x < 3.0 => "continuous",
            _ => "revolute",
        };
        let kind = only.unwrap_or(drawn);
        let mut three = |most: [f64; 3]| most.map(|m| random.between(-m, m));
        let ([x, y, z], [r, p, w]) = (three([0.15, 0.15, 0.4]), three([3.1, 1.5, 3.1]));
        let axis = three([1.0; 3]);
        let (lower, upper) = match kind {
            "prismatic" => (random.between(-0.3, 0.0), random.between(0.1, 0.4)),
            _ => (random.between(-3.0, -0.8), random.between(0.8, 3.0)),
        };
        write!(
            urdf,
            r#"<link name="l{i}"><inertial><mass value="1"/>
            <inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
            <joint name="j{i}" type="{kind}"><parent link="l{}"/><child link="l{i}"/>
            <origin xyz="{x} {y} {z}" rpy="{r} {p} {w}"/><axis xyz="{} {} {}"/>
            <limit lower="{lower}" upper="{upper}" velocity="1" effort="1"/></joint>"#,
            i - 1,
            axis[0],
            axis[1],
            axis[2],
        )
        .unwrap();
    }
    write!(
        urdf,
        r#"<link name="tool0"/><joint name="tool" type="fixed"><parent link="l{joints}"/><child link="tool0"/>
        <origin xyz="0 0 0.1"/></joint></robot>"#
    )
    .unwrap();
    urdf
}
