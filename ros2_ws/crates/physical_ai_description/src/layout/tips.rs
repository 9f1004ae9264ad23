use crate::Certainty;

use super::naming;
use super::structure::Structure;

/// The link that is a chain's tip, among those that do not move against its last one.
pub(super) struct Tip {
    pub(super) link: usize,
    pub(super) certainty: Certainty,
    pub(super) why: String,
}

/// The tip of a chain that ends in this body: what is named like one; else the outermost link that is nothing that
/// was fitted on; else the link of the last joint.
pub(super) fn tip(s: &Structure<'_>, end: usize) -> Tip {
    let body = &s.bodies[end];
    let last = body.links[0];
    let out = |link: usize| (s.position(link) - s.position(last)).norm();
    let named = body
        .links
        .iter()
        .filter_map(|l| naming::tip_rank(s.link_name(*l)).map(|rank| (rank, *l)));
    let best = named.min_by(|(a, x), (b, y)| a.cmp(b).then(out(*y).total_cmp(&out(*x))));
    if let Some((rank, link)) = best {
        let certainty = if rank < naming::UNMISTAKABLE_TIPS {
            Certainty::Certain
        } else {
            Certainty::Likely
        };
        let why = format!("the name {:?} is one of a tip", s.link_name(link));
        return Tip {
            link,
            certainty,
            why,
        };
    }
    let outermost = body
        .links
        .iter()
        .copied()
        .filter(|l| !naming::is_fitting(s.link_name(*l)) && out(*l) > 0.0)
        .max_by(|a, b| out(*a).total_cmp(&out(*b)));
    match outermost {
        Some(link) => Tip {
            link,
            certainty: Certainty::Guess,
            why: "no link there is named like a tip: this is the outermost".into(),
        },
        None => Tip {
            link: last,
            certainty: Certainty::Likely,
            why: "nothing is fixed to the link of the last joint".into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::fixtures::{chain, frame, model};

    fn check(frames: &[(&str, &str)], expected: &str, certainty: Certainty) {
        let mut urdf = chain("base", "a", 3, 0.2);
        for (link, xyz) in frames {
            urdf += &frame("a_3", link, xyz);
        }
        let model = model(&urdf);
        let s = Structure::new(&model);
        let found = tip(&s, s.bodies.len() - 1);
        assert_eq!(s.link_name(found.link), expected, "{}", found.why);
        assert_eq!(found.certainty, certainty);
    }

    #[test]
    fn tip_is_what_is_named_like_one_then_the_outermost_then_the_last_link() {
        let frames = [
            ("camera_tool0", "0.3 0 0"),
            ("ee_link", "0.1 0 0"),
            ("tool0", "0.1 0 0"),
        ];
        check(&frames, "tool0", Certainty::Certain);
        check(
            &[("near", "0.1 0 0"), ("far", "0.2 0 0")],
            "far",
            Certainty::Guess,
        );
        check(&[("left_foot", "0.1 0 0")], "left_foot", Certainty::Likely);
        check(&[("imu_link", "0.1 0 0")], "a_3", Certainty::Likely);
        // Of two with names as good, the outer one.
        check(
            &[("arm_tool_link", "0.1 0 0"), ("ft_tool_link", "0.2 0 0")],
            "ft_tool_link",
            Certainty::Likely,
        );
    }
}
