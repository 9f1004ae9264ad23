use mujoco_rs::prelude::*;
use mujoco_rs::wrappers::mj_model::{MjtEq, MjtObjBase};

/// A joint that follows another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Follower {
    pub(super) leader: usize,
    pub(super) multiplier: f64,
    pub(super) offset: f64,
}

/// Which joint follows which, from the equalities that are active; fails with one that is more than that.
pub(super) fn followers(model: &MjModel) -> Result<Vec<Option<Follower>>, String> {
    let mut followers = vec![None; model.jnt_range().len()];
    for equality in 0..model.eq_active0().len() {
        if !model.eq_active0()[equality] {
            continue;
        }
        let name = model.id_to_name(MjtObjBase::mjOBJ_EQUALITY, equality);
        let name = name.map_or_else(|| format!("number {equality}"), str::to_owned);
        let place = |problem: &str| format!("equality {name}: {problem}");
        if model.eq_type()[equality] != MjtEq::mjEQ_JOINT {
            return Err(place(
                "closes a loop, and a robot is a tree of joints: make it inactive or take it away",
            ));
        }
        let index = |id: i32| usize::try_from(id).ok();
        let follower = index(model.eq_obj1id()[equality]);
        let leader = index(model.eq_obj2id()[equality]);
        let (Some(follower), Some(leader)) = (follower, leader) else {
            return Err(place(
                "holds one joint where it is: give it that range instead",
            ));
        };
        let data = model.eq_data()[equality];
        if data[2..5].iter().any(|c| *c != 0.0) {
            return Err(place(
                "is no straight line: a joint follows as multiplier and offset",
            ));
        }
        // MuJoCo counts both positions from their references.
        let reference = |joint: usize| {
            let at = index(model.jnt_qposadr()[joint]).unwrap_or(0);
            model.qpos0()[at]
        };
        followers[follower] = Some(Follower {
            leader,
            multiplier: data[1],
            offset: reference(follower) + data[0] - data[1] * reference(leader),
        });
    }
    Ok(followers)
}
