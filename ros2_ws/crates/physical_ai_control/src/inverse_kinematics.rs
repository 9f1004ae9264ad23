use nalgebra::{DVector, Isometry3, Matrix6, Vector3, Vector6};

use crate::{Chain, Error};

const POSITION_TOLERANCE_M: f64 = 5e-4;
const ROTATION_TOLERANCE_RAD: f64 = 5e-3;
const ITERATIONS: usize = 120;
/// Damping of the least squares where the Jacobian loses rank; dimension of the error squared.
const DAMPING: f64 = 1e-4;
/// Largest joint step of one iteration, radians: the linearisation holds no further.
const MAX_STEP: f64 = 0.3;

/// Joint positions that bring the tool to `target` (base frame).
///
/// Damped least squares from `start`, then from fixed seeds, so that the answer is deterministic and
/// close to where the arm is when that is possible.
///
/// # Errors
/// [`Error::Unreachable`] with the distance of the best try.
/// # Real-time
/// Allocates and takes up to some milliseconds: not for the control tick.
/// # Source
/// Wampler 1986; Buss, "Introduction to inverse kinematics", 2004.
pub fn inverse_kinematics(
    chain: &Chain,
    target: &Isometry3<f64>,
    start: &[f64],
) -> Result<Vec<f64>, Error> {
    let mut best = f64::INFINITY;
    for seed in seeds(chain, target, start) {
        let (positions, missed_m) = descend(chain, target, seed);
        if let Some(positions) = positions {
            return Ok(positions);
        }
        best = best.min(missed_m);
    }
    let t = &target.translation.vector;
    Err(Error::Unreachable {
        robot: chain.robot().to_owned(),
        x_m: t.x,
        y_m: t.y,
        z_m: t.z,
        missed_m: best,
    })
}

/// Where to start: where the arm is, then bent postures turned towards the target.
fn seeds(chain: &Chain, target: &Isometry3<f64>, start: &[f64]) -> Vec<Vec<f64>> {
    let towards = target.translation.y.atan2(target.translation.x);
    let postures: [&[f64]; 5] = [
        &[0.0, 0.5, 1.3, 1.3, 0.0, 0.0],
        &[0.0, 0.1, 1.8, 1.2, 0.0, 0.0],
        &[0.0, 1.0, 0.8, 1.3, 0.0, 0.0],
        &[0.0, 0.3, 0.6, 0.3, 0.0, 0.0],
        &[0.0, -0.5, 2.0, 1.6, 0.0, 0.0],
    ];
    let mut seeds = vec![start.to_vec()];
    for posture in postures {
        for turn in [0.0, 1.5, -1.5] {
            let mut seed = vec![0.0; chain.degrees_of_freedom()];
            for (to, from) in seed.iter_mut().zip(posture) {
                *to = *from;
            }
            if let Some(base) = seed.first_mut() {
                *base = towards;
            }
            if let Some(wrist) = seed.last_mut() {
                *wrist = turn;
            }
            seeds.push(seed);
        }
    }
    seeds
}

fn clamp(chain: &Chain, positions: &mut [f64]) {
    for (position, limits) in positions.iter_mut().zip(chain.limits()) {
        *position = position.clamp(limits.lower, limits.upper);
    }
}

/// Linear error over rotation error, base frame.
fn error(from: &Isometry3<f64>, to: &Isometry3<f64>) -> Vector6<f64> {
    let linear = to.translation.vector - from.translation.vector;
    let angular: Vector3<f64> = (to.rotation * from.rotation.inverse()).scaled_axis();
    Vector6::new(
        linear.x, linear.y, linear.z, angular.x, angular.y, angular.z,
    )
}

fn descend(
    chain: &Chain,
    target: &Isometry3<f64>,
    mut positions: Vec<f64>,
) -> (Option<Vec<f64>>, f64) {
    positions.resize(chain.degrees_of_freedom(), 0.0);
    clamp(chain, &mut positions);
    let mut missed_m = f64::INFINITY;
    for _ in 0..ITERATIONS {
        let error = error(&chain.forward(&positions), target);
        let (linear, angular) = (
            error.fixed_rows::<3>(0).norm(),
            error.fixed_rows::<3>(3).norm(),
        );
        missed_m = missed_m.min(linear);
        if linear < POSITION_TOLERANCE_M && angular < ROTATION_TOLERANCE_RAD {
            return (Some(positions), linear);
        }
        let jacobian = chain.jacobian(&positions);
        let normal = &jacobian * jacobian.transpose() + Matrix6::identity() * DAMPING;
        let Some(inverse) = normal.try_inverse() else {
            break;
        };
        let mut step: DVector<f64> = jacobian.transpose() * (inverse * error);
        let largest = step.amax();
        if largest > MAX_STEP {
            step *= MAX_STEP / largest;
        }
        for (position, delta) in positions.iter_mut().zip(step.iter()) {
            *position += delta;
        }
        clamp(chain, &mut positions);
    }
    (None, missed_m)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::arm;

    fn chain() -> Chain {
        Chain::between(&arm(), "base_link", "tool0").unwrap()
    }

    /// Metres and radians between two poses.
    fn between(a: &Isometry3<f64>, b: &Isometry3<f64>) -> (f64, f64) {
        let off = error(a, b);
        (off.fixed_rows::<3>(0).norm(), off.fixed_rows::<3>(3).norm())
    }

    #[test]
    fn pose_that_the_arm_has_is_solved_by_staying() {
        let rest = [0.1, 0.2, 1.5, 1.4, 0.1, 0.2];
        let chain = chain();
        let solved = inverse_kinematics(&chain, &chain.forward(&rest), &rest).unwrap();
        assert_eq!(solved, rest);
    }

    #[test]
    fn same_question_has_the_same_answer() {
        let chain = chain();
        let target = chain.forward(&[0.8, 0.4, 1.2, 1.0, 0.3, -0.5]);
        let solve = || inverse_kinematics(&chain, &target, &[0.0; 6]).unwrap();
        assert_eq!(solve(), solve());
    }

    #[test]
    fn target_beyond_the_reach_says_where_and_by_how_much() {
        let chain = chain();
        let mut target = chain.forward(&[0.0, 1.57, 0.0, 0.0, 0.0, 0.0]);
        target.translation.x = 2.0;
        let Err(Error::Unreachable {
            robot,
            x_m,
            missed_m,
            ..
        }) = inverse_kinematics(&chain, &target, &[0.0; 6])
        else {
            panic!("2 m are out of reach of an arm of 0.875 m");
        };
        assert_eq!((robot.as_str(), x_m), ("arm_1", 2.0));
        assert!((missed_m - 1.125).abs() < 0.05, "{missed_m}");
    }

    #[test]
    fn target_that_is_no_number_is_unreachable() {
        let chain = chain();
        let mut target = chain.forward(&[0.0; 6]);
        target.translation.y = f64::NAN;
        assert!(inverse_kinematics(&chain, &target, &[0.0; 6]).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn solution_brings_the_tool_there_within_the_limits(
            base in -2.5..2.5f64,
            shoulder in -0.3..1.0f64,
            elbow in 0.5..1.9f64,
            wrist in 0.2..1.8f64,
            roll in -0.5..0.5f64,
            turn in -1.5..1.5f64,
        ) {
            // Postures in front of the arm: where it works, elbow up and away from singularities.
            let chain = chain();
            let target = chain.forward(&[base, shoulder, elbow, wrist, roll, turn]);
            let at = target.translation;
            prop_assume!(at.x.hypot(at.y) > 0.2 && at.z > -0.1);
            let start = [0.0, 0.0, 1.6, 1.54, 0.0, 0.0];
            let solved = inverse_kinematics(&chain, &target, &start);
            prop_assert!(solved.is_ok(), "{:?}", solved);
            let solved = solved.unwrap();
            let (metres, radians) = between(&chain.forward(&solved), &target);
            prop_assert!(metres < POSITION_TOLERANCE_M && radians < ROTATION_TOLERANCE_RAD);
            for (position, limits) in solved.iter().zip(chain.limits()) {
                prop_assert!((limits.lower..=limits.upper).contains(position));
            }
        }

    }

    proptest! {
        // What is out of reach is tried from every seed, which takes its time.
        #![proptest_config(ProptestConfig { cases: 50, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_answer_is_right(positions in prop::collection::vec(-2.0..2.0f64, 6..=6)) {
            let chain = chain();
            let target = chain.forward(&positions);
            match inverse_kinematics(&chain, &target, &[0.0; 6]) {
                Ok(solved) => {
                    let (metres, radians) = between(&chain.forward(&solved), &target);
                    prop_assert!(metres < POSITION_TOLERANCE_M && radians < ROTATION_TOLERANCE_RAD);
                }
                Err(error) => {
                    let is_unreachable = matches!(error, Error::Unreachable { .. });
                    prop_assert!(is_unreachable, "{error}");
                }
            }
        }
    }
}
