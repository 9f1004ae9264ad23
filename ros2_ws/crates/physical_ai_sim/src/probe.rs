//! What a composed world says about its robots before they are tuned: inertias, and links that overlap.

use std::collections::BTreeMap;

use mujoco_rs::prelude::*;
use physical_ai_domain::{Joint, RobotModel};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::mjcf::Tuning;
use crate::servo::{Gains, Servo, friction};
use crate::simulated_robot::{SimulatedRobot, servos};
use crate::{Error, RobotSetup, contact};

/// Postures in which inertias and overlaps are looked for.
const POSTURES: usize = 48;
/// Share of postures from which on an overlap is one of shapes, not of postures.
const NEARLY_ALWAYS: f64 = 0.95;
/// Joints without limits are turned so far, radians.
const FULL_TURN: f64 = std::f64::consts::PI;

/// Gains with which a world is composed that is only probed.
const UNTUNED: Gains = Gains {
    stiffness: 1.0,
    damping: 1.0,
    effort: 1.0,
};

pub(crate) fn untuned(setup: &RobotSetup) -> Tuning {
    Tuning {
        gains: vec![UNTUNED; setup.model.movable().len()],
        apart: contact::apart_by_structure(setup),
    }
}

/// Tunes a robot of a world that is composed of `untuned` ones, and says what was found unusual.
pub(crate) fn tune(
    data: &mut MjData<Box<MjModel>>,
    setup: &RobotSetup,
) -> Result<(Tuning, Vec<String>), Error> {
    let Tuning { mut apart, gains } = untuned(setup);
    let mut robot = SimulatedRobot::try_new(setup.clone(), gains, data.model())?;
    let links: BTreeMap<usize, usize> = (robot.bodies.iter().enumerate())
        .map(|(link, body)| (*body, link))
        .collect();
    let mut inertias = vec![0.0f64; robot.position_index.len()];
    let mut overlaps: BTreeMap<(usize, usize), Overlap> = BTreeMap::new();
    let dofs = data.qvel().len();
    let mut mass = vec![0.0; dofs * dofs];
    for (i, posture) in postures(setup).into_iter().enumerate() {
        robot.place(&posture, data.qpos_mut());
        data.fwd_position();
        let is_still = i < FIRST_STILL;
        for (one, other) in overlapping(data, &links) {
            let overlap = overlaps.entry((one, other)).or_default();
            overlap.count += 1;
            overlap.is_still |= is_still;
        }
        data.full_m(&mut mass)
            .map_err(|e| Error::Mujoco(e.to_string()))?;
        for (most, now) in inertias.iter_mut().zip(reduced(&robot, &mass, dofs)) {
            *most = most.max(now);
        }
    }
    robot.place_at_start(data.qpos_mut());
    let mut warnings = stuck(&setup.model);
    for (pair, overlap) in overlaps {
        if let Some(warning) = overlap.warning(&setup.model, pair) {
            warnings.push(warning);
            apart.push(pair);
        }
    }
    let joints = setup.model.movable().zip(servos(setup)).zip(inertias);
    let gains = joints.map(|((joint, servo), inertia)| servo.gains(joint, inertia));
    let gains = gains.collect();
    Ok((Tuning { gains, apart }, warnings))
}

/// The first postures are those in which robots stand still: start and home.
const FIRST_STILL: usize = 2;

#[derive(Default)]
struct Overlap {
    count: usize,
    is_still: bool,
}

impl Overlap {
    /// What is said of a pair that overlaps too often to be let collide.
    fn warning(&self, model: &RobotModel, (one, other): (usize, usize)) -> Option<String> {
        let always = self.count as f64 >= NEARLY_ALWAYS * (POSTURES + FIRST_STILL) as f64;
        let when = match (always, self.is_still) {
            (true, _) => "in nearly every posture",
            (false, true) => "in its start or home posture",
            (false, false) => return None,
        };
        let [one, other] = [one, other].map(|l| &model.links[l].name);
        Some(format!(
            "robot {}: links {one} and {other} overlap {when}: they do not collide in the simulation",
            model.name
        ))
    }
}

/// What is said of joints whose drives could hardly overcome their friction.
fn stuck(model: &RobotModel) -> Vec<String> {
    let joints = model.movable().filter(|j| friction(j) < j.friction);
    let warning = |joint: &Joint| {
        format!(
            "robot {}: joint {}: dynamics: friction {} is more than its effort limit {} can well overcome: {} is assumed",
            model.name,
            joint.name,
            joint.friction,
            joint.limits.effort,
            friction(joint)
        )
    };
    joints.map(warning).collect()
}

/// Start, home, and [`POSTURES`] others spread over the range of the joints: the same for the same robot.
fn postures(setup: &RobotSetup) -> Vec<Vec<f64>> {
    let model = &setup.model;
    let begin = setup.start.clone();
    let mut generator = ChaCha8Rng::seed_from_u64(0);
    let mut share = || (generator.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let servos = servos(setup);
    let mut all = vec![begin.clone(), model.home_positions()];
    all.extend((0..POSTURES).map(|_| {
        let joints = model.movable().zip(&servos).zip(&begin);
        let position = |((joint, servo), begin): ((&Joint, &Servo), &f64)| {
            if *servo == Servo::Brake {
                return *begin;
            }
            let lower = joint.limits.lower.max(-FULL_TURN);
            let upper = joint.limits.upper.min(FULL_TURN).max(lower);
            lower + (upper - lower) * share()
        };
        joints.map(position).collect()
    }));
    all
}

/// Pairs of this robot's links that touch, lower index first, each once.
pub(crate) fn overlapping(
    data: &MjData<Box<MjModel>>,
    links: &BTreeMap<usize, usize>,
) -> Vec<(usize, usize)> {
    let of_geoms = data.model().geom_bodyid();
    let link = |geom: i32| {
        let body = *of_geoms.get(usize::try_from(geom).ok()?)?;
        links.get(&usize::try_from(body).ok()?).copied()
    };
    let contacts = data.contact().iter();
    let mut pairs: Vec<(usize, usize)> = contacts
        .filter_map(|contact| {
            let (one, other) = (link(contact.geom[0])?, link(contact.geom[1])?);
            Some((one.min(other), one.max(other)))
        })
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// Inertia that the drive of each movable joint feels where all others stand still: its own, and that of what follows.
fn reduced(robot: &SimulatedRobot, mass: &[f64], dofs: usize) -> Vec<f64> {
    (0..robot.position_index.len())
        .map(|i| {
            let mut moved = vec![(robot.velocity_index[i], 1.0)];
            let followers = robot.followers.iter().filter(|f| f.coordinate.index == i);
            moved.extend(followers.map(|f| (f.velocity_index, f.coordinate.multiplier)));
            let pairs = moved.iter().flat_map(|a| moved.iter().map(move |b| (a, b)));
            pairs.map(|(a, b)| a.1 * b.1 * mass[a.0 * dofs + b.0]).sum()
        })
        .collect()
}
