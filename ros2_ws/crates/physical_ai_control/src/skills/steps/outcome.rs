use std::collections::VecDeque;

use nalgebra::Isometry3;

use super::{Look, Step, StepBody};
use crate::skills::{Outcome, Situation};

/// What steps will have brought about when they are done.
pub(super) fn of_steps(
    body: &StepBody,
    steps: &VecDeque<Step>,
    situation: &Situation<'_>,
) -> Outcome {
    let mut outcome = Outcome::unchanged(situation);
    let arm = body.arm.as_deref();
    let gripper = arm.and_then(|a| a.gripper());
    let mut taken = None;
    for step in steps {
        for positions in [&mut outcome.set_points, &mut outcome.measured] {
            if let Some(target) = step.target(gripper, positions) {
                *positions = target;
            }
        }
        match step {
            Step::Look(Look::Lifted { object, .. } | Look::Held(Some(object))) => {
                taken = Some(object)
            }
            Step::Look(Look::Placed {
                object, centre_m, ..
            }) => {
                taken = None;
                let [x, y, z] = *centre_m;
                outcome
                    .moved
                    .push((object.clone(), Isometry3::translation(x, y, z)));
            }
            _ => {}
        }
    }
    if let (Some(object), Some(arm), Some(gripper)) = (taken, arm, gripper) {
        let seen = situation.perception.objects.get(object);
        let width_m = seen.map_or(0.0, |o| o.size_m[0].min(o.size_m[1]).min(o.size_m[2]));
        gripper.open_to(width_m, &mut outcome.measured);
        gripper.open_to(0.0, &mut outcome.set_points);
        let grasp = arm.grasp_in_world(&outcome.root, &outcome.measured);
        outcome
            .moved
            .push((object.clone(), grasp.translation.into()));
    }
    outcome
}
